//! API keys of accounts.

use doorward_core::hex;
use doorward_core::id::{AccountId, CredentialId};
use doorward_core::secret::SecretText;
use doorward_store::{Action, Actor};

use super::AdminError;
use crate::Engine;

impl Engine {
    /// A fresh API key: 64 hexadecimal digits of 32 random bytes, as the dialect fixes their form
    /// (crossbar.md section 4).
    pub(crate) fn new_api_key(&self) -> SecretText {
        hex::encode(&self.0.random.bytes::<32>()).into()
    }

    /// Replaces an account's API key and ends the tokens that came from the old one.
    ///
    /// # Errors
    /// [`AdminError::UnknownAccount`].
    pub async fn rotate_api_key(
        &self,
        actor: Actor,
        id: AccountId,
    ) -> Result<SecretText, AdminError> {
        let key = self.new_api_key();
        let row = CredentialId::new(self.0.random.bytes());
        let lookup = self.0.keys.load().api_key_lookup(&key);
        let (secret, names) = (self.new_secret(), self.settings().names);
        self.commit(actor, move |write| {
            Box::pin(async move {
                let mut account = write.account(id).await?.ok_or(AdminError::UnknownAccount)?;
                account.key_generation += 1;
                account.signature_secret = secret;
                write
                    .update_account(Action::RotateApiKey, &account, names)
                    .await?;
                write.set_api_key(id, row, &key, &lookup).await?;
                Ok(key)
            })
        })
        .await
    }

    /// An account's API key.
    ///
    /// # Errors
    /// [`AdminError::UnknownAccount`].
    pub async fn api_key(&self, id: AccountId) -> Result<SecretText, AdminError> {
        self.store()
            .api_key(id)
            .await?
            .ok_or(AdminError::UnknownAccount)
    }
}
