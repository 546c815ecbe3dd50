//! The tree as clients see and shape it: what stands above an account, and who is a reseller.

use std::sync::Arc;

use doorward_core::account::Account;
use doorward_core::id::AccountId;
use doorward_core::right::{Caller, Right, Target, holds};
use doorward_store::{Actor, StoreError, Write};

use super::{AccountChange, AdminError};
use crate::{Engine, Permit};

impl Engine {
    /// The accounts above, nearest first, without the account itself.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ancestors(&self, account: &Account) -> Result<Vec<Arc<Account>>, StoreError> {
        self.0.live.ancestors(account).await
    }

    /// Whether the system owner's power is with the holder of a permit.
    #[must_use]
    pub fn is_superduper(&self, permit: &Permit) -> bool {
        let caller = Caller {
            user: permit.user().map(|user| (user.id, user.level)),
            superduper: permit.account().superduper,
        };
        let target = Target {
            position: None,
            user: None,
        };
        holds(
            &caller,
            Right::Superduper,
            &target,
            self.settings().user_level,
        )
    }

    /// Makes an account a reseller, or takes that from it. The root always is one.
    ///
    /// # Errors
    /// [`AdminError::ResellersBelow`], because accounts would change hands; [`AdminError::Root`];
    /// [`AdminError::UnknownAccount`].
    pub async fn set_reseller(
        &self,
        actor: Actor,
        id: AccountId,
        reseller: bool,
    ) -> Result<Account, AdminError> {
        let change = AccountChange {
            reseller: Some(reseller),
            ..AccountChange::default()
        };
        self.change_account(actor, id, change).await
    }
}

/// Refuses to change who is a reseller where accounts would change hands, and at the root.
pub(super) async fn may_be_reseller(
    write: &mut Write,
    id: AccountId,
    root: AccountId,
) -> Result<(), AdminError> {
    if id == root {
        return Err(AdminError::Root);
    }
    // Two promotions, one below the other, must see each other.
    write.lock_tree().await?;
    if write.has_reseller_below(id).await? {
        return Err(AdminError::ResellersBelow);
    }
    Ok(())
}
