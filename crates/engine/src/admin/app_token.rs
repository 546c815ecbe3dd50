//! Application tokens: made, listed, cloned for rotation, revoked (funnelback.md section 7.3).

use doorward_core::app_token::{AppToken, Label};
use doorward_core::id::{AccountId, CredentialId};
use doorward_core::permission::RoleName;
use doorward_core::time::Timestamp;
use doorward_store::{Actor, AppTokenRow, Conflict, StoreError, Write};

use super::role::checked_roles;
use super::{AdminError, Mandate};
use crate::Engine;

/// Most application tokens of an account.
const MAX_APP_TOKENS: u32 = 1000;

/// An application token to be made.
#[derive(Debug, Clone)]
pub struct NewAppToken {
    /// The account it acts for.
    pub account: AccountId,
    /// What it is called.
    pub label: Label,
    /// Its roles; without any it proves who it is and may do nothing.
    pub roles: Vec<RoleName>,
    /// When its time is over; `None` for never.
    pub expires: Option<Timestamp>,
    /// Who makes it, as a name.
    pub created_by: String,
}

impl Engine {
    /// Makes an application token. The value is nowhere but in the answer.
    ///
    /// # Errors
    /// [`AdminError::AppTokenExists`], [`AdminError::UnknownRole`], [`AdminError::BeyondCaller`],
    /// [`AdminError::TooManyAppTokens`].
    pub async fn create_app_token(
        &self,
        mandate: impl Into<Mandate>,
        new: NewAppToken,
    ) -> Result<(AppTokenRow, AppToken), AdminError> {
        let mandate = mandate.into();
        let value = AppToken::new(self.random().bytes());
        let digest = value.digest();
        let row = AppTokenRow {
            id: CredentialId::new(self.random().bytes()),
            account: new.account,
            label: new.label,
            roles: new.roles,
            expires: new.expires,
            created: self.now(),
            created_by: new.created_by,
            last_used: None,
            last_used_address: None,
        };
        let row = self
            .commit(mandate.actor.clone(), move |write| {
                Box::pin(async move { insert(write, &mandate, row, &digest).await })
            })
            .await?;
        Ok((row, value))
    }

    /// An account's application tokens in order of their labels.
    ///
    /// # Errors
    /// What the store says.
    pub async fn app_tokens(&self, account: AccountId) -> Result<Vec<AppTokenRow>, AdminError> {
        Ok(self.store().app_tokens(account, MAX_APP_TOKENS).await?)
    }

    /// One application token.
    ///
    /// # Errors
    /// [`AdminError::UnknownAppToken`].
    pub async fn app_token(
        &self,
        account: AccountId,
        label: &Label,
    ) -> Result<AppTokenRow, AdminError> {
        let all = self.app_tokens(account).await?;
        let found = all.into_iter().find(|token| token.label == *label);
        found.ok_or(AdminError::UnknownAppToken)
    }

    /// Revokes an application token; as it was last. The next request with it is refused.
    ///
    /// # Errors
    /// [`AdminError::UnknownAppToken`].
    pub async fn revoke_app_token(
        &self,
        actor: Actor,
        account: AccountId,
        label: Label,
    ) -> Result<AppTokenRow, AdminError> {
        self.commit(actor, move |write| {
            Box::pin(async move {
                let row = write.app_token_labelled(account, &label).await?;
                let row = row.ok_or(AdminError::UnknownAppToken)?;
                write.delete_app_token(account, row.id).await?;
                Ok(row)
            })
        })
        .await
    }
}

async fn insert(
    write: &mut Write,
    mandate: &Mandate,
    mut row: AppTokenRow,
    digest: &[u8; 32],
) -> Result<AppTokenRow, AdminError> {
    let owner = write.account(row.account).await?;
    let owner = owner.ok_or(AdminError::UnknownAccount)?;
    mandate.may_give(&owner, &row.roles)?;
    row.roles = checked_roles(&owner, row.roles)?;
    if write
        .app_token_labelled(row.account, &row.label)
        .await?
        .is_some()
    {
        return Err(AdminError::AppTokenExists);
    }
    if write.count_app_tokens(row.account).await? >= u64::from(MAX_APP_TOKENS) {
        return Err(AdminError::TooManyAppTokens);
    }
    match write.insert_app_token(&row, digest).await {
        Ok(()) => Ok(row),
        Err(StoreError::Conflict(Conflict::Label)) => Err(AdminError::AppTokenExists),
        Err(error) => Err(error.into()),
    }
}
