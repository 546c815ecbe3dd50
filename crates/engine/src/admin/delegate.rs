//! What somebody with roles may do to others.
//!
//! Attack: whoever may change users or make tokens gives themselves, or takes over, somebody who may do more. Answer: nobody
//! gives away what they lack, and nobody touches a user who may do more.
//!
//! Attack: a user rises, or a role grows, between that question and the change it was asked for. Answer: a [`Mandate`] is
//! judged in the write itself, by what is stored and locked then.

use doorward_core::account::Account;
use doorward_core::permission::{Grants, Role, RoleName, covers};
use doorward_core::user::{Level, User};
use doorward_store::{Actor, Write};

use super::AdminError;
use crate::role::{find, named};

/// On whose word others are changed, and how far it reaches.
#[derive(Debug, Clone)]
pub struct Mandate {
    /// Who it is written down to.
    pub(super) actor: Actor,
    /// What the word rests on; `None` where something else than roles settled that it may.
    held: Option<Vec<RoleName>>,
}

impl From<Actor> for Mandate {
    fn from(actor: Actor) -> Self {
        Self { actor, held: None }
    }
}

impl Mandate {
    /// Of somebody who may do to others of the actor's account what these roles of it cover.
    #[must_use]
    pub fn within(actor: Actor, held: &[RoleName]) -> Self {
        Self {
            actor,
            held: Some(held.to_vec()),
        }
    }

    /// [`may_touch`], of a user that is locked.
    pub(super) async fn may_touch(&self, write: &mut Write, user: &User) -> Result<(), AdminError> {
        if self.held.is_none() {
            return Ok(());
        }
        let owner = write.account(user.account).await?;
        let owner = owner.ok_or(AdminError::UnknownAccount)?;
        may_touch(&owner, &self.roles(&owner), user)
    }

    /// [`may_give`], of an account that is locked.
    pub(super) fn may_give(&self, owner: &Account, names: &[RoleName]) -> Result<(), AdminError> {
        match &self.held {
            Some(_) => may_give(owner, &self.roles(owner), names),
            None => Ok(()),
        }
    }

    /// What the word rests on: in another account a role of the same name is another role.
    fn roles(&self, owner: &Account) -> Vec<Role> {
        match &self.held {
            Some(held) if self.actor.account == Some(owner.id) => named(owner, held),
            _ => Vec::new(),
        }
    }
}

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
