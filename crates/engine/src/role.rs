//! Which roles an account has, and what they add up to for one user.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use doorward_core::account::Account;
use doorward_core::permission::{BUILT_IN, Grants, Permission, Role, RoleName};

/// The role that may do everything.
pub const SUPER_USER: &str = "super-user";

/// The roles every account has without keeping them: `super-user`, `push-only` and `search-only`
/// (funnelback.md section 7.1).
#[must_use]
pub fn shipped_roles() -> &'static [Role] {
    static SHIPPED: LazyLock<Vec<Role>> = LazyLock::new(|| {
        let some = |prefix: &str| Grants::Some {
            permissions: BUILT_IN
                .iter()
                .filter(|name| name.starts_with(prefix))
                .filter_map(|name| name.parse::<Permission>().ok())
                .collect::<BTreeSet<_>>(),
            resources: None,
        };
        [
            (SUPER_USER, Grants::Everything),
            ("push-only", some("push.")),
            ("search-only", some("search.")),
        ]
        .into_iter()
        .filter_map(|(name, grants)| {
            let name = name.parse().ok()?;
            Some(Role { name, grants })
        })
        .collect()
    });
    &SHIPPED
}

/// The name of [`SUPER_USER`].
#[expect(clippy::expect_used, reason = "the constant is a name")]
pub(crate) fn super_user() -> RoleName {
    SUPER_USER.parse().expect("a name")
}

/// The role of this name in an account: shipped, or its own.
pub(crate) fn find<'a>(account: &'a Account, name: &RoleName) -> Option<&'a Role> {
    shipped_roles()
        .iter()
        .chain(&account.roles)
        .find(|role| role.name == *name)
}

/// The role that may do everything.
pub(crate) fn everything() -> Vec<Role> {
    vec![Role {
        name: super_user(),
        grants: Grants::Everything,
    }]
}

/// What roles of these names are; a name whose role is gone grants nothing.
pub(crate) fn named(account: &Account, names: &[RoleName]) -> Vec<Role> {
    names
        .iter()
        .filter_map(|name| find(account, name))
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_roles_grant_what_their_names_say() {
        let grants = |role: &str, permission: &str| {
            shipped_roles()
                .iter()
                .find(|shipped| shipped.name.as_str() == role)
                .is_some_and(|shipped| shipped.grants(&permission.parse().unwrap(), None))
        };
        assert_eq!(shipped_roles().len(), 3);
        assert!(grants("super-user", "orders.read"));
        assert!(grants("push-only", "push.read") && grants("push-only", "push.write"));
        assert!(!grants("push-only", "search.read") && !grants("push-only", "admin.read"));
        assert!(grants("search-only", "search.read") && !grants("search-only", "push.read"));
    }
}
