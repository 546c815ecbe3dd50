//! The handle everybody holds.

use std::sync::Arc;

use doorward_core::id::KeyId;
use doorward_core::jwt::VerifyingKey;
use doorward_core::secret::SecretText;
use doorward_core::source::{Clock, Random};
use doorward_core::time::Timestamp;
use doorward_store::{Store, StoreError};
use tokio_util::sync::CancellationToken;

use doorward_core::account::Account;
use doorward_core::id::{AccountId, UserId};
use doorward_core::user::User;

use crate::{
    AccountFacts, Decision, Founded, Founding, Metrics, Permit, Request, Settings, SignInError,
    TokenInfo, Trace,
};

/// The engine could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// There is nothing in the store yet.
    #[error("the store holds no account yet; run `doorward init` first")]
    Empty,
    /// There is something in the store already.
    #[error("the store already holds an account")]
    NotEmpty,
    /// A key of the ring is missing or unusable.
    #[error("the key ring is unusable: {0}")]
    Keys(&'static str),
    /// A name or password is refused.
    #[error(transparent)]
    Refused(#[from] crate::AdminError),
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The engine: cheap to clone.
#[derive(Clone)]
pub struct Engine(pub(crate) Arc<()>);

#[expect(unused_variables, reason = "signatures first")]
impl Engine {
    /// Loads what decisions need. No background work yet: the command line needs none.
    ///
    /// # Errors
    /// [`StartError::Empty`] before `init`.
    pub async fn open(
        store: Store,
        settings: Settings,
        clock: Clock,
        random: Random,
    ) -> Result<Self, StartError> {
        todo!()
    }

    /// Founds an installation in an empty store: keys, root account, first admin; all or nothing.
    ///
    /// # Errors
    /// [`StartError::NotEmpty`] when there is an account already.
    pub async fn found(
        store: Store,
        settings: Settings,
        clock: Clock,
        random: Random,
        founding: Founding,
    ) -> Result<(Self, Founded), StartError> {
        todo!()
    }

    /// Follows other processes' writes and keeps house, until the token is cancelled.
    pub async fn run(&self, stop: CancellationToken) {
        todo!()
    }

    /// Waits for writes under way and ends the hash threads. The store stays open.
    pub async fn shutdown(&self) {
        todo!()
    }

    /// Who is asking, and may they?
    pub async fn decide(&self, request: &Request<'_>, trace: &mut Trace) -> Decision {
        todo!()
    }

    /// What a token's holder would be permitted, for `tokeninfo` (crossbar.md section 7.9): the reason word on failure.
    ///
    /// # Errors
    /// The reason word of the dialect, or that the store is unreachable.
    pub async fn token_permit(
        &self,
        token: &SecretText,
        client: std::net::IpAddr,
    ) -> Result<Permit, Result<doorward_core::jwt::TokenError, SignInError>> {
        todo!()
    }

    /// What a token says and whether it is good, for the command line.
    ///
    /// # Errors
    /// [`doorward_core::jwt::TokenError`] when it was never one of ours.
    pub async fn inspect_token(
        &self,
        token: &SecretText,
    ) -> Result<TokenInfo, doorward_core::jwt::TokenError> {
        todo!()
    }

    /// An account from memory or store.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn account(&self, id: AccountId) -> Result<Option<Arc<Account>>, StoreError> {
        todo!()
    }

    /// A user from memory or store.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn user(
        &self,
        account: AccountId,
        id: UserId,
    ) -> Result<Option<Arc<User>>, StoreError> {
        todo!()
    }

    /// What an account's place in the tree says about it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn facts(&self, account: &Account) -> Result<AccountFacts, StoreError> {
        todo!()
    }

    /// The public keys that verify tokens, active one first.
    #[must_use]
    pub fn token_keys(&self) -> Vec<VerifyingKey> {
        todo!()
    }

    /// One public key.
    #[must_use]
    pub fn token_key(&self, id: KeyId) -> Option<VerifyingKey> {
        todo!()
    }

    /// 16 bytes that name the installation: for the constant `node` of envelopes.
    #[must_use]
    pub fn installation(&self) -> [u8; 16] {
        todo!()
    }

    /// Why no decision can be made now; empty when all is well. For `/readyz`.
    #[must_use]
    pub fn unready(&self) -> Vec<&'static str> {
        todo!()
    }

    /// The counters.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        todo!()
    }

    /// The store below, for listings and backups.
    #[must_use]
    pub fn store(&self) -> &Store {
        todo!()
    }

    /// The time, as the engine has it.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        todo!()
    }

    /// Fresh randomness, for request ids.
    #[must_use]
    pub fn random(&self) -> &Random {
        todo!()
    }

    /// The settings it runs with.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        todo!()
    }
}
