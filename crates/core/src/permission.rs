//! Permissions and roles of guarded APIs (decision 8): dotted names, gathered in roles that belong to an account.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Longest name of a permission or a role, in bytes.
const MAX_NAME: usize = 64;

/// The permissions every installation knows; more come from the configuration's `rights`.
pub const BUILT_IN: [&str; 6] = [
    "admin.read",
    "admin.tokens",
    "admin.users",
    "push.read",
    "push.write",
    "search.read",
];

/// The name is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a name is 1 to 64 characters of A-Z, a-z, 0-9, \".\", \"_\" and \"-\"")]
pub struct NotAName;

/// Whether a text can be such a name.
pub(crate) fn is_name(text: &str) -> bool {
    (1..=MAX_NAME).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = NotAName;

            fn from_str(text: &str) -> Result<Self, NotAName> {
                is_name(text).then(|| Self(text.into())).ok_or(NotAName)
            }
        }
    )+};
}

names! {
    /// A permission, such as `push.read`.
    Permission
    /// A role, such as `push-only`.
    RoleName
}

/// What a role allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grants {
    /// Everything (`super-user`).
    Everything,
    /// These permissions, on these resources; no list of resources means on all.
    Some {
        /// The permissions.
        permissions: BTreeSet<Permission>,
        /// Values of a rule's `resource`; `None` for all.
        resources: Option<BTreeSet<String>>,
    },
}

/// A named set of permissions, kept per account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its name.
    pub name: RoleName,
    /// What it allows.
    pub grants: Grants,
}

impl Role {
    /// Whether it grants a permission on a resource, or on the API as a whole.
    #[must_use]
    pub fn grants(&self, permission: &Permission, resource: Option<&str>) -> bool {
        match &self.grants {
            Grants::Everything => true,
            Grants::Some {
                permissions,
                resources,
            } => {
                permissions.contains(permission)
                    && match (resources, resource) {
                        (None, _) => true,
                        (Some(listed), Some(resource)) => listed.contains(resource),
                        // A role for some resources says nothing about the whole.
                        (Some(_), None) => false,
                    }
            }
        }
    }
}

/// Whether somebody with the roles in `held` could do everything that `wanted` allows: nobody gives away what they lack.
#[must_use]
pub fn covers(held: &[Role], wanted: &Role) -> bool {
    match &wanted.grants {
        Grants::Everything => held.iter().any(|role| role.grants == Grants::Everything),
        Grants::Some {
            permissions,
            resources,
        } => permissions.iter().all(|permission| {
            let may = |resource| held.iter().any(|role| role.grants(permission, resource));
            match resources {
                None => may(None),
                Some(listed) => listed.iter().all(|resource| may(Some(resource))),
            }
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PERMISSIONS: [&str; 3] = ["push.read", "push.write", "orders.read"];
    const RESOURCES: [&str; 3] = ["news", "shop", "News"];

    fn permission(text: &str) -> Permission {
        text.parse().unwrap()
    }

    fn role(permissions: &[&str], resources: Option<&[&str]>) -> Role {
        Role {
            name: "r".parse().unwrap(),
            grants: Grants::Some {
                permissions: permissions.iter().map(|text| permission(text)).collect(),
                resources: resources.map(|all| all.iter().map(|&text| text.to_owned()).collect()),
            },
        }
    }

    #[test]
    fn a_role_grants_what_it_names_and_nothing_else() {
        let everywhere = role(&["push.read"], None);
        assert!(everywhere.grants(&permission("push.read"), None));
        assert!(everywhere.grants(&permission("push.read"), Some("news")));
        for other in ["push.write", "push", "push.read.x", "Push.read"] {
            assert!(!everywhere.grants(&permission(other), None), "{other}");
        }
        let nothing = role(&[], None);
        assert!(!nothing.grants(&permission("push.read"), None));
    }

    #[test]
    fn a_role_for_some_resources_says_nothing_about_others_or_the_whole() {
        let news = role(&["push.read"], Some(&["news"]));
        let grants = |resource| news.grants(&permission("push.read"), resource);
        assert!(grants(Some("news")));
        for other in [None, Some(""), Some("News"), Some("news/"), Some("shop")] {
            assert!(!grants(other), "{other:?}");
        }
        let none = role(&["push.read"], Some(&[]));
        assert!(!none.grants(&permission("push.read"), Some("news")));
        assert!(!none.grants(&permission("push.read"), None));
    }

    #[test]
    fn names_are_bounded_and_of_few_characters() {
        let longest = "a".repeat(MAX_NAME);
        for name in ["push.read", "A-z_0.9", &longest] {
            assert_eq!(name.parse::<RoleName>().unwrap().to_string(), name);
        }
        for name in ["", "a b", "a,b", "a*", "\u{e9}", &format!("{longest}a")] {
            assert_eq!(name.parse::<Permission>(), Err(NotAName), "{name:?}");
        }
    }

    #[test]
    fn nobody_covers_what_they_lack() {
        let everything = Role {
            name: "all".parse().unwrap(),
            grants: Grants::Everything,
        };
        let news = role(&["push.read", "push.write"], Some(&["news"]));
        let reads = role(&["push.read"], None);
        for wanted in [&everything, &news, &reads, &role(&[], None)] {
            assert!(covers(std::slice::from_ref(&everything), wanted));
        }
        assert!(covers(
            std::slice::from_ref(&news),
            &role(&["push.read"], Some(&["news"]))
        ));
        assert!(!covers(std::slice::from_ref(&news), &reads));
        assert!(!covers(
            std::slice::from_ref(&news),
            &role(&["push.read"], Some(&["shop"]))
        ));
        assert!(!covers(std::slice::from_ref(&reads), &news));
        assert!(covers(
            &[reads, role(&["push.write"], Some(&["news"]))],
            &news
        ));
        assert!(!covers(&[news], &everything));
        assert!(!covers(&[], &role(&["push.read"], None)));
        assert!(covers(&[], &role(&[], None)));
    }

    proptest! {
        #[test]
        fn a_role_that_names_more_never_grants_less(
            permissions in proptest::sample::subsequence(PERMISSIONS.to_vec(), 0..=3),
            more in proptest::sample::subsequence(PERMISSIONS.to_vec(), 0..=3),
            resources in proptest::sample::subsequence(RESOURCES.to_vec(), 0..=3),
            further in proptest::sample::subsequence(RESOURCES.to_vec(), 0..=3),
            asked in proptest::sample::select(PERMISSIONS.to_vec()),
            on in proptest::option::of(proptest::sample::select(RESOURCES.to_vec())),
        ) {
            let small = role(&permissions, Some(&resources));
            let (more, further) = ([permissions, more].concat(), [resources, further].concat());
            let asked = permission(asked);
            if small.grants(&asked, on) {
                let everything = Role { name: small.name.clone(), grants: Grants::Everything };
                for larger in [role(&more, Some(&further)), role(&more, None), everything] {
                    prop_assert!(larger.grants(&asked, on), "{larger:?}");
                }
            }
        }
    }
}
