//! Resets that end tokens (decision 16): of the system, an account, a user, a key, one token.

use std::sync::Arc;

use doorward_core::id::{AccountId, KeyId, TokenId, UserId};
use doorward_core::jwt::AssertionKey;
use doorward_core::secret::{SecretBytes, SecretText};
use doorward_core::time::Timestamp;
use doorward_store::{Action, Actor, KeyPurpose, KeyState, RingKey, Write};

use super::{AdminError, Mandate};
use crate::engine::Inner;
use crate::{Engine, Permit};

impl Engine {
    /// Ends every token of the system (crossbar.md section 7.1); passwords and API keys stay.
    ///
    /// # Errors
    /// What the store says.
    pub async fn reset_system_secret(&self, actor: Actor) -> Result<(), AdminError> {
        let secret = self.new_secret();
        self.commit(actor, move |write| {
            Box::pin(move_system(write, Action::ResetSecret, secret))
        })
        .await
    }

    /// Ends every token of the system because the store was put back to an older state: what was issued or revoked since
    /// is unknown to it (decision 20).
    ///
    /// # Errors
    /// What the store says.
    pub async fn mark_restored(&self, actor: Actor) -> Result<(), AdminError> {
        let secret = self.new_secret();
        self.commit(actor, move |write| {
            Box::pin(move_system(write, Action::RestoreStore, secret))
        })
        .await
    }

    /// Ends the user-less tokens of an account (crossbar.md section 7.4).
    ///
    /// # Errors
    /// [`AdminError::UnknownAccount`].
    pub async fn reset_account_secret(
        &self,
        actor: Actor,
        id: AccountId,
    ) -> Result<(), AdminError> {
        let secret = self.new_secret();
        self.update_account(actor, Action::ResetSecret, id, move |account| {
            account.key_generation += 1;
            account.signature_secret = secret;
            Ok(())
        })
        .await
        .map(drop)
    }

    /// Ends everything a user holds (crossbar.md section 7.5); the password stays.
    ///
    /// # Errors
    /// [`AdminError::UnknownUser`]; [`AdminError::BeyondCaller`].
    pub async fn reset_user_secret(
        &self,
        mandate: impl Into<Mandate>,
        account: AccountId,
        id: UserId,
    ) -> Result<(), AdminError> {
        let (mandate, secret) = (mandate.into(), self.new_secret());
        self.commit(mandate.actor.clone(), move |write| {
            Box::pin(async move {
                let mut user = write
                    .user(account, id)
                    .await?
                    .ok_or(AdminError::UnknownUser)?;
                mandate.may_touch(write, &user).await?;
                user.generation += 1;
                user.signature_secret = secret;
                write.update_user(Action::ResetSecret, &user).await?;
                Ok(())
            })
        })
        .await
    }

    /// Replaces the key that signs tokens, at once and without overlap: every token dies (crossbar.md section 7.8).
    ///
    /// # Errors
    /// [`AdminError::UnknownKey`] when `id` verifies no tokens.
    pub async fn reset_token_key(&self, actor: Actor, id: KeyId) -> Result<(), AdminError> {
        if self.token_key(id).is_none() {
            return Err(AdminError::UnknownKey);
        }
        let new = self.0.new_token_key().await?;
        let secret = self.new_secret();
        let old: Vec<KeyId> = self
            .token_keys()
            .iter()
            .map(doorward_core::jwt::VerifyingKey::id)
            .collect();
        self.commit(actor, move |write| {
            Box::pin(async move {
                for key in old {
                    write.set_key_state(key, KeyState::Dead).await?;
                }
                write.insert_key(&new).await?;
                // Tokens that were verified already are known by their proofs, not by the key.
                move_system(write, Action::ResetSecret, secret).await
            })
        })
        .await
    }

    /// Begins to sign assertions with a new key. What the old one signed is good until its minute is over, and its public
    /// half stays published (decision 18).
    ///
    /// # Errors
    /// What the store says.
    pub async fn rotate_assertion_key(&self, actor: Actor) -> Result<KeyId, AdminError> {
        let old = self.0.keys.load().assertion().map(AssertionKey::id);
        let new = RingKey {
            id: KeyId::new(self.random().bytes()),
            purpose: KeyPurpose::Assertion,
            state: KeyState::Active,
            material: new_p256_key().ok_or(AdminError::Interrupted)?,
            created: self.now(),
        };
        self.commit(actor, move |write| {
            Box::pin(async move {
                if let Some(old) = old {
                    write.set_key_state(old, KeyState::Retiring).await?;
                }
                write.insert_key(&new).await?;
                Ok(new.id)
            })
        })
        .await
    }

    /// Begins to sign remember-me tokens with a new key. What the one before signed stays good until its own end; what the
    /// one before that signed does not, so that rotating twice ends every older token.
    ///
    /// # Errors
    /// What the store says.
    pub async fn rotate_remember_me_key(&self, actor: Actor) -> Result<KeyId, AdminError> {
        let new = RingKey {
            id: KeyId::new(self.random().bytes()),
            purpose: KeyPurpose::RememberMe,
            state: KeyState::Active,
            material: SecretBytes::new(self.random().bytes::<32>().to_vec()),
            created: self.now(),
        };
        self.commit(actor, move |write| {
            Box::pin(async move {
                // As stored: another node may have rotated without this one having heard of it.
                let ring = write.keys().await?.into_iter();
                for key in ring.filter(|key| key.purpose == KeyPurpose::RememberMe) {
                    let state = match key.state {
                        KeyState::Active => KeyState::Retiring,
                        _ => KeyState::Dead,
                    };
                    write.set_key_state(key.id, state).await?;
                }
                write.insert_key(&new).await?;
                Ok(new.id)
            })
        })
        .await
    }

    /// Denies a token until its own end, by id.
    ///
    /// # Errors
    /// What the store says.
    pub async fn deny_token(
        &self,
        actor: Actor,
        account: AccountId,
        id: TokenId,
        until: Timestamp,
    ) -> Result<(), AdminError> {
        self.commit(actor, move |write: &mut Write| {
            Box::pin(async move { Ok(write.deny_token(account, id, until).await?) })
        })
        .await
    }

    /// Denies the token the caller presented; nothing to do for a caller with Basic (crossbar.md section 5.8).
    ///
    /// # Errors
    /// What the store says.
    pub async fn sign_out(&self, permit: &Permit, actor: Actor) -> Result<(), AdminError> {
        match permit.identity().token {
            Some(token) => {
                self.deny_token(actor, permit.identity().home, token.id, token.expires)
                    .await
            }
            None => Ok(()),
        }
    }
}

/// Moves the system's generation, and its secret along with it.
async fn move_system(
    write: &mut Write,
    action: Action,
    secret: SecretText,
) -> Result<(), AdminError> {
    let mut system = write.system().await?.ok_or(AdminError::UnknownAccount)?;
    system.generation += 1;
    system.signature_secret = secret;
    Ok(write.update_system(action, &system).await?)
}

impl Inner {
    /// A fresh RSA key. Making one takes a tenth of a second or more, so it is made where waiting is allowed.
    pub(crate) async fn new_token_key(self: &Arc<Self>) -> Result<RingKey, AdminError> {
        let material = tokio::task::spawn_blocking(new_rsa_key)
            .await
            .map_err(|_| AdminError::Interrupted)?;
        Ok(RingKey {
            id: KeyId::new(self.random.bytes()),
            purpose: KeyPurpose::CrossbarToken,
            state: KeyState::Active,
            material: material.ok_or(AdminError::Interrupted)?,
            created: self.clock.now(),
        })
    }
}

/// A fresh RSA-2048 key as PKCS#8; the randomness is aws-lc's own.
pub(crate) fn new_rsa_key() -> Option<SecretBytes> {
    use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
    use aws_lc_rs::rsa::{KeyPair, KeySize};
    let pair = KeyPair::generate(KeySize::Rsa2048).ok()?;
    let der: Pkcs8V1Der<'_> = pair.as_der().ok()?;
    Some(SecretBytes::new(der.as_ref().to_vec()))
}

/// A fresh P-256 key as PKCS#8; the randomness is aws-lc's own.
pub(crate) fn new_p256_key() -> Option<SecretBytes> {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).ok()?;
    let der = pair.to_pkcs8v1().ok()?;
    Some(SecretBytes::new(der.as_ref().to_vec()))
}
