//! The tree as clients see and shape it: what stands above an account, and who is a reseller.

use std::sync::Arc;

use doorward_core::account::Account;
use doorward_core::id::AccountId;
use doorward_core::right::{Caller, Right, Target, holds};
use doorward_store::{Action, Actor, StoreError};

use super::AdminError;
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
        if id == self.root() {
            return Err(AdminError::Root);
        }
        let names = self.settings().names;
        self.commit(actor, move |write| {
            Box::pin(async move {
                // Two promotions, one below the other, must see each other.
                write.lock_tree().await?;
                let mut account = write.account(id).await?.ok_or(AdminError::UnknownAccount)?;
                if write.has_reseller_below(id).await? {
                    return Err(AdminError::ResellersBelow);
                }
                account.reseller = reseller;
                account.revision = write
                    .update_account(Action::ChangeAccount, &account, names)
                    .await?;
                Ok(account)
            })
        })
        .await
    }
}
