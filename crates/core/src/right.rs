//! What a management resource asks of its caller (decisions 1, 2 and 34).

use crate::id::UserId;
use crate::tree::Position;
use crate::user::Level;

/// How much a caller of level `user` may do: `[crossbar] user_level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UserLevel {
    /// Reads its account and below, writes its own user only.
    #[default]
    Own,
    /// The original's laxness: the level restricts next to nothing.
    Kazoo,
}

/// What a management resource demands, beyond a proven identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// Nothing more.
    Authenticated,
    /// The account in the path is the caller's or below it.
    Reach,
    /// Additionally an administrating user; not an account's API key.
    AdminUser,
    /// An administrating user, or the very user named in the path.
    AdminOrSelf,
    /// An administrator or an account's API key; with [`UserLevel::Kazoo`] whoever reaches the account.
    Administer,
    /// [`Right::Administer`], or the very user named in the path.
    AdministerOrSelf,
    /// An administrating user or an account's API key, whatever [`UserLevel`] says: roles decide what somebody may do at
    /// guarded APIs, and who hands them out could take them all.
    GrantRoles,
    /// The system owner's account, and in it an administrator or its API key.
    Superduper,
    /// An administrating user of the system owner's account, acting on another account.
    Impersonate,
    /// Only the system owner's account may even ask; then the resource says no to everybody.
    Nobody,
}

/// What is known of the caller.
#[derive(Debug, Clone, Copy)]
pub struct Caller {
    /// The user and its level; `None` for an account's API key.
    pub user: Option<(UserId, Level)>,
    /// Whether its account is the system owner's.
    pub superduper: bool,
}

impl Caller {
    /// Whether this caller may change what affects others than itself (decision 2), where the tree lets it.
    #[must_use]
    pub const fn administers(&self, user_level: UserLevel) -> bool {
        self.user.is_none() || self.is_admin_user() || matches!(user_level, UserLevel::Kazoo)
    }

    /// Whether this caller is the user in the path, in its own account.
    fn is_named_by(&self, target: &Target) -> bool {
        self.user.is_some_and(|(id, _)| {
            target.user == Some(id) && target.position == Some(Position::Same)
        })
    }

    const fn is_admin_user(&self) -> bool {
        matches!(self.user, Some((_, Level::Admin)))
    }

    /// Whether the system owner's power is with this caller (decision 2).
    const fn has_superduper_power(&self, user_level: UserLevel) -> bool {
        self.superduper
            && (self.user.is_none()
                || self.is_admin_user()
                || matches!(user_level, UserLevel::Kazoo))
    }
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Where the account in the path stands, seen from the caller's; `None` if the path has none.
    pub position: Option<Position>,
    /// The user named in the path.
    pub user: Option<UserId>,
}

/// Whether the tree lets the caller at the account in the path (crossbar.md section 5.7, rules 1, 3
/// and 6). A path without account passes: the right alone decides.
#[must_use]
pub fn may_reach(caller: &Caller, position: Option<Position>, user_level: UserLevel) -> bool {
    caller.has_superduper_power(user_level) || position != Some(Position::Elsewhere)
}

/// Whether the caller holds the right on the target.
#[must_use]
pub fn holds(caller: &Caller, right: Right, target: &Target, user_level: UserLevel) -> bool {
    if !may_reach(caller, target.position, user_level) {
        return false;
    }
    match right {
        Right::Authenticated => true,
        Right::Reach => target.position.is_some(),
        Right::AdminUser => caller.is_admin_user(),
        Right::AdminOrSelf => caller.is_admin_user() || caller.is_named_by(target),
        Right::Administer => caller.administers(user_level),
        Right::AdministerOrSelf => caller.administers(user_level) || caller.is_named_by(target),
        Right::GrantRoles => {
            target.position.is_some() && (caller.user.is_none() || caller.is_admin_user())
        }
        Right::Superduper => caller.has_superduper_power(user_level),
        Right::Impersonate => {
            caller.superduper && caller.is_admin_user() && target.position != Some(Position::Same)
        }
        Right::Nobody => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: UserId = UserId::new([1; 16]);
    const OTHER: UserId = UserId::new([2; 16]);

    fn caller(level: Option<Level>, superduper: bool) -> Caller {
        Caller {
            user: level.map(|level| (ME, level)),
            superduper,
        }
    }

    fn target(position: Position, user: UserId) -> Target {
        Target {
            position: Some(position),
            user: Some(user),
        }
    }

    #[test]
    fn nobody_but_the_system_owner_leaves_its_tree() {
        for level in [None, Some(Level::User), Some(Level::Admin)] {
            let elsewhere = target(Position::Elsewhere, OTHER);
            assert!(!holds(
                &caller(level, false),
                Right::Reach,
                &elsewhere,
                UserLevel::Own
            ));
        }
        let elsewhere = target(Position::Elsewhere, OTHER);
        assert!(holds(
            &caller(Some(Level::Admin), true),
            Right::Reach,
            &elsewhere,
            UserLevel::Own
        ));
        assert!(!holds(
            &caller(Some(Level::User), true),
            Right::Reach,
            &elsewhere,
            UserLevel::Own
        ));
        assert!(holds(
            &caller(Some(Level::User), true),
            Right::Reach,
            &elsewhere,
            UserLevel::Kazoo
        ));
    }

    #[test]
    fn a_user_acts_on_itself_only() {
        let me = caller(Some(Level::User), false);
        assert!(holds(
            &me,
            Right::AdminOrSelf,
            &target(Position::Same, ME),
            UserLevel::Own
        ));
        assert!(!holds(
            &me,
            Right::AdminOrSelf,
            &target(Position::Same, OTHER),
            UserLevel::Own
        ));
        assert!(!holds(
            &me,
            Right::AdminOrSelf,
            &target(Position::Below, ME),
            UserLevel::Own
        ));
        assert!(!holds(
            &me,
            Right::AdminUser,
            &target(Position::Same, ME),
            UserLevel::Own
        ));
    }

    #[test]
    fn administering_is_for_admins_and_keys_and_oneself_is_for_each() {
        let cases = [
            (Some(Level::Admin), true, true),
            (None, true, true),
            (Some(Level::User), false, false),
        ];
        for (level, administers, on_others) in cases {
            let caller = caller(level, false);
            let other = target(Position::Same, OTHER);
            let holds = |right, target: &Target| holds(&caller, right, target, UserLevel::Own);
            assert_eq!(holds(Right::Administer, &other), administers);
            assert_eq!(holds(Right::AdministerOrSelf, &other), on_others);
            assert!(!holds(Right::Administer, &target(Position::Elsewhere, ME)));
        }
        let me = caller(Some(Level::User), false);
        let (own, kazoo) = (UserLevel::Own, UserLevel::Kazoo);
        let myself = target(Position::Same, ME);
        assert!(holds(&me, Right::AdministerOrSelf, &myself, own));
        assert!(!holds(&me, Right::Administer, &myself, own));
        let namesake = target(Position::Below, ME);
        assert!(!holds(&me, Right::AdministerOrSelf, &namesake, own));
        assert!(holds(&me, Right::Administer, &namesake, kazoo));
    }

    #[test]
    fn roles_are_granted_by_admins_and_keys_however_lax_the_levels_are() {
        let below = |position| target(position, OTHER);
        for level in [UserLevel::Own, UserLevel::Kazoo] {
            let may =
                |caller: &Caller, target: &Target| holds(caller, Right::GrantRoles, target, level);
            for position in [Position::Same, Position::Below] {
                for who in [Some(Level::Admin), None] {
                    assert!(may(&caller(who, false), &below(position)));
                }
                for superduper in [false, true] {
                    let user = caller(Some(Level::User), superduper);
                    assert!(!may(&user, &below(position)));
                    assert!(!may(&user, &target(position, ME)), "not even its own");
                }
            }
            let elsewhere = below(Position::Elsewhere);
            for who in [Some(Level::Admin), None] {
                assert!(!may(&caller(who, false), &elsewhere));
                assert!(may(&caller(who, true), &elsewhere));
            }
            assert!(!may(&caller(Some(Level::User), true), &elsewhere));
            let nowhere = Target {
                position: None,
                user: None,
            };
            assert!(!may(&caller(Some(Level::Admin), true), &nowhere));
        }
    }

    #[test]
    fn an_api_key_is_no_admin_user() {
        let key = caller(None, true);
        assert!(!holds(
            &key,
            Right::AdminUser,
            &target(Position::Same, OTHER),
            UserLevel::Own
        ));
        assert!(!holds(
            &key,
            Right::Impersonate,
            &target(Position::Below, OTHER),
            UserLevel::Own
        ));
        assert!(holds(
            &key,
            Right::Superduper,
            &target(Position::Below, OTHER),
            UserLevel::Own
        ));
    }

    #[test]
    fn impersonation_is_for_the_owners_admins_and_other_accounts() {
        let admin = caller(Some(Level::Admin), true);
        assert!(holds(
            &admin,
            Right::Impersonate,
            &target(Position::Below, OTHER),
            UserLevel::Own
        ));
        assert!(!holds(
            &admin,
            Right::Impersonate,
            &target(Position::Same, OTHER),
            UserLevel::Own
        ));
        let plain = caller(Some(Level::Admin), false);
        assert!(!holds(
            &plain,
            Right::Impersonate,
            &target(Position::Below, OTHER),
            UserLevel::Own
        ));
    }
}
