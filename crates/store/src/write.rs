//! The one write path: a transaction with an actor.

use doorward_core::account::Account;
use doorward_core::id::{AccountId, CredentialId, KeyId, TokenId, UserId};
use doorward_core::secret::SecretText;
use doorward_core::time::Timestamp;
use doorward_core::user::User;

use crate::{
    Action, ChangeRow, HashGeneration, KeyState, NewVerifier, Pin, RingKey, StoreError, System,
};

/// Whether an account's normalised name must be the only one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameRule {
    /// A second one is a conflict.
    Unique,
    /// Several may share it.
    Shared,
}

/// A transaction on behalf of an actor. Dropping it undoes everything.
///
/// Rows read through it are locked until the end, so that read, change, write is one step for everybody else.
/// Updates add one to the row's revision and set its `modified`; the `revision` and `modified` of the value handed in are
/// ignored.
pub struct Write {}

#[expect(unused_variables, reason = "signatures first")]
impl Write {
    /// Takes the lock under which the tree changes its shape.
    pub async fn lock_tree(&mut self) -> Result<(), StoreError> {
        todo!()
    }

    /// Founds the installation: its one row.
    pub async fn found(&mut self, system: &System) -> Result<(), StoreError> {
        todo!()
    }

    /// The installation's row, locked.
    pub async fn system(&mut self) -> Result<Option<System>, StoreError> {
        todo!()
    }

    /// Changes the system's generation and secret.
    pub async fn update_system(
        &mut self,
        action: Action,
        system: &System,
    ) -> Result<(), StoreError> {
        todo!()
    }

    /// An account, locked.
    pub async fn account(&mut self, id: AccountId) -> Result<Option<Account>, StoreError> {
        todo!()
    }

    /// Adds an account. Its parent must exist and stand above the depth limit.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] for name, realm or id; [`StoreError::Missing`] without parent; [`StoreError::Tree`].
    pub async fn insert_account(
        &mut self,
        account: &Account,
        names: NameRule,
    ) -> Result<(), StoreError> {
        todo!()
    }

    /// Writes an account back (everything but its parent), the global directories along with it. Returns the new revision.
    pub async fn update_account(
        &mut self,
        action: Action,
        account: &Account,
        names: NameRule,
    ) -> Result<u64, StoreError> {
        todo!()
    }

    /// Hangs an account under another parent; takes the tree lock itself.
    ///
    /// # Errors
    /// [`StoreError::Tree`] when `to` is the account itself or below it, or the tree would get too deep.
    pub async fn move_account(&mut self, id: AccountId, to: AccountId) -> Result<(), StoreError> {
        todo!()
    }

    /// Deletes an account with its users, credentials, names and numbers.
    ///
    /// # Errors
    /// [`StoreError::HasChildren`], [`StoreError::Missing`].
    pub async fn delete_account(&mut self, id: AccountId) -> Result<(), StoreError> {
        todo!()
    }

    /// A user, locked.
    pub async fn user(
        &mut self,
        account: AccountId,
        id: UserId,
    ) -> Result<Option<User>, StoreError> {
        todo!()
    }

    /// Adds a user.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] for username or id; [`StoreError::Missing`] without account.
    pub async fn insert_user(&mut self, user: &User) -> Result<(), StoreError> {
        todo!()
    }

    /// Writes a user back. Returns the new revision.
    pub async fn update_user(&mut self, action: Action, user: &User) -> Result<u64, StoreError> {
        todo!()
    }

    /// Deletes a user with its credentials.
    pub async fn delete_user(&mut self, account: AccountId, id: UserId) -> Result<(), StoreError> {
        todo!()
    }

    /// Every verifier of a user: what it has now, as (id, kind, hash generation, verifier).
    pub async fn verifiers(
        &mut self,
        account: AccountId,
        user: UserId,
    ) -> Result<Vec<NewVerifier>, StoreError> {
        todo!()
    }

    /// Replaces all of a user's verifiers by these (none: the user cannot sign in by password).
    pub async fn replace_verifiers(
        &mut self,
        account: AccountId,
        user: UserId,
        verifiers: &[NewVerifier],
    ) -> Result<(), StoreError> {
        todo!()
    }

    /// Replaces the account's API key: sealed to be shown, `lookup` (a keyed digest) to be found.
    pub async fn set_api_key(
        &mut self,
        account: AccountId,
        id: CredentialId,
        key: &SecretText,
        lookup: &[u8; 32],
    ) -> Result<(), StoreError> {
        todo!()
    }

    /// Assigns a phone number (E.164) to an account.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when another account has it.
    pub async fn assign_phone(
        &mut self,
        account: AccountId,
        number: &str,
    ) -> Result<(), StoreError> {
        todo!()
    }

    /// Takes a phone number from an account.
    pub async fn release_phone(
        &mut self,
        account: AccountId,
        number: &str,
    ) -> Result<(), StoreError> {
        todo!()
    }

    /// Denies a token until its own end.
    pub async fn deny_token(
        &mut self,
        account: AccountId,
        id: TokenId,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        todo!()
    }

    /// Adds a key to the ring, sealed.
    pub async fn insert_key(&mut self, key: &RingKey) -> Result<(), StoreError> {
        todo!()
    }

    /// Moves a key on in its life; a dead key's material is erased.
    pub async fn set_key_state(&mut self, id: KeyId, state: KeyState) -> Result<(), StoreError> {
        todo!()
    }

    /// Adds a hash generation; its id is ignored, the new one is returned. The caller keeps at most two alive.
    pub async fn insert_hash_generation(
        &mut self,
        generation: HashGeneration,
    ) -> Result<i64, StoreError> {
        todo!()
    }

    /// Ends a hash generation with all verifiers that use it.
    pub async fn retire_hash_generation(&mut self, id: i64) -> Result<(), StoreError> {
        todo!()
    }

    /// Sets what a configured account name means.
    pub async fn set_pin(&mut self, pin: &Pin) -> Result<(), StoreError> {
        todo!()
    }

    /// Makes it all true at once. The rows returned are the changes, as other nodes will see them.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written (or, if the connection broke during the commit, it is unknown whether).
    pub async fn commit(self) -> Result<Vec<ChangeRow>, StoreError> {
        todo!()
    }
}
