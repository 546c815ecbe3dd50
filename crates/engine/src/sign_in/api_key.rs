//! Signing in with an account's API key (crossbar.md section 4).
//!
//! Keys hold 256 random bits: they are looked up by a keyed digest, not hashed slowly, and a right key
//! is never refused for others' wrong ones (attacks.md S46, S52).

use std::net::IpAddr;
use std::sync::Arc;

use arc_swap::Guard;
use doorward_core::identity::{AuthMethod, CredentialKind, Factor, Identity, Rest, Subject};
use doorward_core::lane::Admission;
use doorward_core::secret::SecretText;
use doorward_core::time::Timestamp;

use super::digest::outcome;
use super::{Session, SignInError};
use crate::Engine;
use crate::check::Unproven;
use crate::engine::{Inner, prefix};
use crate::guard::{Aim, retry_after};
use crate::metrics::Login;
use crate::present::Live;
use crate::tokens::Draft;

impl Engine {
    /// Signs in with an account's API key.
    ///
    /// # Errors
    /// See [`SignInError`].
    pub async fn sign_in_with_api_key(
        &self,
        key: &SecretText,
        client: IpAddr,
    ) -> Result<Session, SignInError> {
        let result = Box::pin(self.0.sign_in_with_api_key(key, client)).await;
        self.0.metrics.signed_in(Login::ApiKey, outcome(&result));
        result
    }
}

impl Inner {
    async fn sign_in_with_api_key(
        self: &Arc<Self>,
        key: &SecretText,
        client: IpAddr,
    ) -> Result<Session, SignInError> {
        if self.health.is_lost() {
            return Err(SignInError::Unavailable);
        }
        let now = self.clock.now();
        let lookup = self.keys.load().api_key_lookup(key);
        let Some(owner) = self.store.api_key_owner(&lookup).await? else {
            return Err(self.wrong_key(&lookup, client, now));
        };
        // Read after the key and the key looked for once more: rotation moves the account's key generation in the
        // transaction that replaces the key (decision 24).
        let account = self.store.account(owner.account).await?;
        let (Some(account), Some(_)) = (
            account,
            self.store
                .api_key_owner(&lookup)
                .await?
                .filter(|o| *o == owner),
        ) else {
            return Err(SignInError::UnknownKey);
        };
        let account = Arc::new(account);
        let above = self.live.ancestors(&account).await?;
        if let Some(lock) = std::iter::once(&account)
            .chain(&above)
            .find_map(|account| account.lock(now))
        {
            return Err(SignInError::Locked(lock));
        }
        self.issue(Draft {
            account,
            user: None,
            method: AuthMethod::ApiAuth,
            credential: CredentialKind::ApiKey,
            factors: vec![Factor::Swk],
            authenticated_at: now,
            switch_to: None,
            impersonator: None,
            inherited: Vec::new(),
            latest_end: Timestamp::MAX,
        })
        .await
    }

    /// Verifies an account's API key on the request itself, where an application token may stand. What it is good for ends with its rotation, which moves the account's key
    /// generation.
    pub(crate) async fn verify_api_key(
        self: &Arc<Self>,
        api_key: &SecretText,
        key: [u8; 32],
        client: IpAddr,
        now: Timestamp,
    ) -> Result<Guard<Arc<Live>>, Unproven> {
        let began = self.live.epoch();
        let lookup = self.keys.load().api_key_lookup(api_key);
        let Some(owner) = self.store.api_key_owner(&lookup).await? else {
            return Err(match self.wrong_key(&lookup, client, now) {
                SignInError::Throttled(wait) => Unproven::Throttled(wait),
                _ => Unproven::Invalid,
            });
        };
        // Read after the key and the key looked for once more (decision 24).
        let account = self.store.account(owner.account).await?;
        let again = self.store.api_key_owner(&lookup).await?;
        let account = account.filter(|_| again == Some(owner));
        let account = account.ok_or(Unproven::Invalid)?;
        let identity = Identity {
            account: account.id,
            user: None,
            home: account.id,
            home_user: None,
            method: AuthMethod::AppToken,
            credential: CredentialKind::ApiKey,
            factors: vec![Factor::Swk],
            impersonator: None,
            switch_to: None,
            token: None,
            rests_on: vec![Rest {
                subject: Subject::AccountKey(account.id),
                generation: account.key_generation,
            }],
        };
        let live = self.remember(key, Arc::new(identity), None, began, now);
        live.await?.ok_or(Unproven::Invalid)
    }

    /// Counts a wrong key against its source.
    pub(super) fn wrong_key(
        &self,
        lookup: &[u8; 32],
        client: IpAddr,
        now: Timestamp,
    ) -> SignInError {
        let scope = self.proof_key(&[b"api-keys"]);
        let secret = self.proof_key(&[b"wrong-key", lookup]);
        match self
            .lanes
            .admit(Aim::Account, &[scope], prefix(client), secret, now)
        {
            Ok(guess) => {
                self.lanes.remember_wrong(&guess, now);
                SignInError::UnknownKey
            }
            Err(Admission::Full(wait)) => SignInError::Throttled(retry_after(wait)),
            Err(Admission::KnownWrong | Admission::Check) => SignInError::UnknownKey,
        }
    }
}
