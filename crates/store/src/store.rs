//! The handle everybody holds, and the questions it answers.

use std::path::{Path, PathBuf};
use std::time::Duration;

use doorward_core::account::Account;
use doorward_core::id::{AccountId, TokenId, UserId};
use doorward_core::secret::SecretText;
use doorward_core::source::{Clock, Random};
use doorward_core::time::Timestamp;
use doorward_core::user::User;
use doorward_core::verifier::VERIFIER_LEN;

use crate::{
    Actor, ApiKeyOwner, AuditRow, Feed, HashGeneration, MasterKey, OpenError, Page, Pin, RingKey,
    StoreError, System, VerifierKind, VerifierMatch, Write,
};

/// How to reach a store.
#[derive(Debug, Clone)]
pub struct Options {
    /// `sqlite:PATH` or `postgres://…`; may hold a password.
    pub url: SecretText,
    /// Where relative SQLite paths begin.
    pub data: PathBuf,
    /// A direct PostgreSQL address for the feed, beside a pooled `url`.
    pub feed_url: Option<SecretText>,
    /// Most connections for reading.
    pub max_connections: u32,
    /// How long one statement may take.
    pub statement_timeout: Duration,
    /// Whether an absent SQLite file is created.
    pub create: bool,
}

/// A store: cheap to clone, shared by everybody.
#[derive(Clone)]
pub struct Store {}

#[expect(unused_variables, reason = "signatures first")]
impl Store {
    /// Opens the store, applies migrations that are missing, and checks that the master key belongs to it (the first key
    /// that opens an empty store becomes its key).
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open(
        options: &Options,
        master: &MasterKey,
        clock: Clock,
        random: Random,
    ) -> Result<Self, OpenError> {
        todo!()
    }

    /// Closes every connection, waiting for what is in flight.
    pub async fn close(&self) {
        todo!()
    }

    /// The SQLite file, if it is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        todo!()
    }

    /// Begins a write on behalf of the actor.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`], [`StoreError::ReadOnly`].
    pub async fn write(&self, actor: Actor) -> Result<Write, StoreError> {
        todo!()
    }

    /// A reader of change rows after the one with this id.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`].
    pub async fn feed(&self, after: i64) -> Result<Feed, StoreError> {
        todo!()
    }

    /// Id of the newest change row; 0 if there is none.
    ///
    /// # Errors
    /// As every question: [`StoreError`].
    pub async fn last_change(&self) -> Result<i64, StoreError> {
        todo!()
    }

    /// The row about the installation; `None` before it was founded.
    pub async fn system(&self) -> Result<Option<System>, StoreError> {
        todo!()
    }

    /// An account.
    pub async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        todo!()
    }

    /// Accounts whose normalised name is this, oldest first, at most `limit`.
    pub async fn accounts_named(
        &self,
        name_key: &str,
        limit: u32,
    ) -> Result<Vec<AccountId>, StoreError> {
        todo!()
    }

    /// The account of a realm (normalised).
    pub async fn account_of_realm(&self, realm: &str) -> Result<Option<AccountId>, StoreError> {
        todo!()
    }

    /// The account a phone number (E.164) is assigned to.
    pub async fn account_of_phone(&self, number: &str) -> Result<Option<AccountId>, StoreError> {
        todo!()
    }

    /// Accounts ordered by id; `under` gives the children of one account, ordered by name key then id.
    pub async fn accounts(
        &self,
        under: Option<AccountId>,
        page: Page<'_>,
    ) -> Result<Vec<Account>, StoreError> {
        todo!()
    }

    /// A user of an account.
    pub async fn user(&self, account: AccountId, id: UserId) -> Result<Option<User>, StoreError> {
        todo!()
    }

    /// The user of an account with this normalised username.
    pub async fn user_named(
        &self,
        account: AccountId,
        username: &str,
    ) -> Result<Option<User>, StoreError> {
        todo!()
    }

    /// Users of an account, ordered by username then id.
    pub async fn users(&self, account: AccountId, page: Page<'_>) -> Result<Vec<User>, StoreError> {
        todo!()
    }

    /// Whom a verifier belongs to.
    pub async fn verifier(
        &self,
        account: AccountId,
        kind: VerifierKind,
        verifier: &[u8; VERIFIER_LEN],
    ) -> Result<Option<VerifierMatch>, StoreError> {
        todo!()
    }

    /// Whom an API key belongs to, by its keyed digest.
    pub async fn api_key_owner(
        &self,
        lookup: &[u8; 32],
    ) -> Result<Option<ApiKeyOwner>, StoreError> {
        todo!()
    }

    /// An account's API key, opened.
    pub async fn api_key(&self, account: AccountId) -> Result<Option<SecretText>, StoreError> {
        todo!()
    }

    /// The key ring, oldest first, dead keys left out.
    pub async fn keys(&self) -> Result<Vec<RingKey>, StoreError> {
        todo!()
    }

    /// Live hash generations, newest first: one or two.
    pub async fn hash_generations(&self) -> Result<Vec<HashGeneration>, StoreError> {
        todo!()
    }

    /// Whether any verifier still uses this hash generation.
    pub async fn hash_generation_in_use(&self, id: i64) -> Result<bool, StoreError> {
        todo!()
    }

    /// Denied tokens that have not expired by `now`.
    pub async fn denied_tokens(
        &self,
        now: Timestamp,
    ) -> Result<Vec<(TokenId, Timestamp)>, StoreError> {
        todo!()
    }

    /// The pins of configured account names.
    pub async fn pins(&self) -> Result<Vec<Pin>, StoreError> {
        todo!()
    }

    /// Audit rows after `after`, oldest first.
    pub async fn audit(&self, after: i64, limit: u32) -> Result<Vec<AuditRow>, StoreError> {
        todo!()
    }

    /// Forgets what has no use any more: expired denials, change rows older than a day. At most `limit` rows each.
    pub async fn prune(&self, now: Timestamp, limit: u32) -> Result<(), StoreError> {
        todo!()
    }

    /// Writes a consistent copy of an embedded store to a new file, while it is being written to.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`] when the file exists already or cannot be written, or the store is not embedded.
    pub async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        todo!()
    }
}
