//! What somebody with roles may do to others.
//!
//! Attack: whoever may change users or make tokens gives themselves, or takes over, somebody who may do more. Answer: nobody
//! gives away what they lack, and nobody touches a user who may do more.

use doorward_core::account::Account;
use doorward_core::permission::{Grants, Role, RoleName, covers};
use doorward_core::user::{Level, User};

use super::AdminError;
use crate::role::{find, named};

/// Whether somebody who holds these roles may give an account's roles of these names to others.
///
/// # Errors
/// [`AdminError::UnknownRole`]; [`AdminError::BeyondCaller`].
pub fn may_give(account: &Account, held: &[Role], names: &[RoleName]) -> Result<(), AdminError> {
    for name in names {
        let role = find(account, name).ok_or_else(|| AdminError::UnknownRole(name.clone()))?;
        if !covers(held, role) {
            return Err(AdminError::BeyondCaller);
        }
    }
    Ok(())
}

/// Whether somebody who holds these roles may change, or become, a user of the account.
///
/// # Errors
/// [`AdminError::BeyondCaller`].
pub fn may_touch(account: &Account, held: &[Role], user: &User) -> Result<(), AdminError> {
    // What an administrator may do stands in no role.
    let may_all = held.iter().any(|role| role.grants == Grants::Everything);
    let is_below = user.level != Level::Admin
        && named(account, &user.roles)
            .iter()
            .all(|role| covers(held, role));
    if may_all || is_below {
        Ok(())
    } else {
        Err(AdminError::BeyondCaller)
    }
}
