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

fn is_name(text: &str) -> bool {
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
