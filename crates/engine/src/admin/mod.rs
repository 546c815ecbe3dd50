//! Administration: what the command line and the management resources change.
//!
//! Every change names its [`Actor`], is committed in a task that a hung-up client cannot cancel, and is
//! in force in this process before the answer leaves.

use doorward_core::account::Account;
use doorward_core::credential::DigestKind;
use doorward_core::document::Document;
use doorward_core::id::{AccountId, KeyId, TokenId, UserId};
use doorward_core::name::NameError;
use doorward_core::secret::SecretText;
use doorward_core::time::Timestamp;
use doorward_core::user::{Level, User};
use doorward_store::{Actor, StoreError};

use crate::Engine;

/// A change was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdminError {
    /// No such account.
    #[error("no such account")]
    UnknownAccount,
    /// No such user.
    #[error("no such user")]
    UnknownUser,
    /// No such key.
    #[error("no such key")]
    UnknownKey,
    /// Several accounts have this name.
    #[error("several accounts have this name; use the id")]
    Ambiguous,
    /// A name is refused.
    #[error("{field} {error}")]
    Name {
        /// Which field.
        field: &'static str,
        /// Why.
        error: NameError,
    },
    /// The root cannot be deleted or moved.
    #[error("the root account cannot be deleted or moved")]
    Root,
    /// A password must not be empty, nor longer than 1024 bytes, nor hold control characters.
    #[error("a password has 1 to 1024 bytes and no control characters")]
    Password,
    /// A new username needs its password, because the digests hold both.
    #[error("a new username needs a new password")]
    PasswordNeeded,
    /// Too many slow hashes waiting.
    #[error("too many sign-ins at once; try again")]
    Busy,
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A new account.
#[derive(Debug, Clone, Default)]
pub struct NewAccount {
    /// As shown.
    pub name: String,
    /// Realm; generated when absent.
    pub realm: Option<String>,
    /// Above; the root when absent.
    pub parent: Option<AccountId>,
    /// Custom keys.
    pub document: Document,
}

/// What changes about an account; `None` leaves a thing as it is.
#[derive(Debug, Clone, Default)]
pub struct AccountChange {
    /// New name.
    pub name: Option<String>,
    /// New realm.
    pub realm: Option<String>,
    /// On or off.
    pub enabled: Option<bool>,
    /// Billing boundary or not.
    pub reseller: Option<bool>,
    /// When the trial ends; `Some(None)` ends the trial itself.
    pub trial_ends: Option<Option<Timestamp>>,
    /// Which digest Basic compares; `Some(None)` goes back to the system's.
    pub basic_digest: Option<Option<DigestKind>>,
    /// Replaces the custom keys.
    pub document: Option<Document>,
}

/// A new user.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// Its account.
    pub account: AccountId,
    /// Username; without one it cannot sign in.
    pub username: Option<String>,
    /// Password; goes with the username.
    pub password: Option<SecretText>,
    /// What it may do.
    pub level: Level,
    /// On or off.
    pub enabled: bool,
    /// Names, mail, custom keys.
    pub document: Document,
}

/// What changes about a user; `None` leaves a thing as it is.
#[derive(Debug, Clone, Default)]
pub struct UserChange {
    /// New username; needs a password, for the digests hold both.
    pub username: Option<String>,
    /// New password.
    pub password: Option<SecretText>,
    /// New level.
    pub level: Option<Level>,
    /// On or off.
    pub enabled: Option<bool>,
    /// Replaces names, mail, custom keys.
    pub document: Option<Document>,
}

#[expect(unused_variables, reason = "signatures first")]
impl Engine {
    /// Finds an account by id, realm or name.
    pub async fn find_account(&self, text: &str) -> Result<Account, AdminError> {
        todo!()
    }

    /// Finds a user of an account by id or username.
    pub async fn find_user(&self, account: AccountId, text: &str) -> Result<User, AdminError> {
        todo!()
    }

    /// Creates an account with its API key.
    pub async fn create_account(
        &self,
        actor: Actor,
        new: NewAccount,
    ) -> Result<Account, AdminError> {
        todo!()
    }

    /// Changes an account.
    pub async fn change_account(
        &self,
        actor: Actor,
        id: AccountId,
        change: AccountChange,
    ) -> Result<Account, AdminError> {
        todo!()
    }

    /// Moves an account under another.
    pub async fn move_account(
        &self,
        actor: Actor,
        id: AccountId,
        to: AccountId,
    ) -> Result<(), AdminError> {
        todo!()
    }

    /// Deletes an account that has none below it.
    pub async fn delete_account(&self, actor: Actor, id: AccountId) -> Result<(), AdminError> {
        todo!()
    }

    /// Ends every token and session of an account (its account-wide generation).
    pub async fn end_sessions(&self, actor: Actor, id: AccountId) -> Result<(), AdminError> {
        todo!()
    }

    /// Replaces an account's API key and ends the tokens that came from the old one.
    pub async fn rotate_api_key(
        &self,
        actor: Actor,
        id: AccountId,
    ) -> Result<SecretText, AdminError> {
        todo!()
    }

    /// An account's API key.
    pub async fn api_key(&self, id: AccountId) -> Result<SecretText, AdminError> {
        todo!()
    }

    /// Assigns a phone number to an account.
    pub async fn assign_phone(
        &self,
        actor: Actor,
        id: AccountId,
        number: &str,
    ) -> Result<String, AdminError> {
        todo!()
    }

    /// Creates a user.
    pub async fn create_user(&self, actor: Actor, new: NewUser) -> Result<User, AdminError> {
        todo!()
    }

    /// Changes a user. A password or username change that alters a digest, and switching off or on, end what
    /// the user holds; the same password again ends nothing (decision 16).
    pub async fn change_user(
        &self,
        actor: Actor,
        account: AccountId,
        id: UserId,
        change: UserChange,
    ) -> Result<User, AdminError> {
        todo!()
    }

    /// Deletes a user with its credentials.
    pub async fn delete_user(
        &self,
        actor: Actor,
        account: AccountId,
        id: UserId,
    ) -> Result<(), AdminError> {
        todo!()
    }

    /// Ends every token of the system (crossbar.md section 7.1).
    pub async fn reset_system_secret(&self, actor: Actor) -> Result<(), AdminError> {
        todo!()
    }

    /// Ends the user-less tokens of an account (crossbar.md section 7.4).
    pub async fn reset_account_secret(
        &self,
        actor: Actor,
        id: AccountId,
    ) -> Result<(), AdminError> {
        todo!()
    }

    /// Ends everything a user holds (crossbar.md section 7.5).
    pub async fn reset_user_secret(
        &self,
        actor: Actor,
        account: AccountId,
        id: UserId,
    ) -> Result<(), AdminError> {
        todo!()
    }

    /// Replaces the key that signs tokens, at once and without overlap; every token dies (crossbar.md section 7.8).
    pub async fn reset_token_key(&self, actor: Actor, id: KeyId) -> Result<(), AdminError> {
        todo!()
    }

    /// Denies a token until its own end, by id.
    pub async fn deny_token(
        &self,
        actor: Actor,
        account: AccountId,
        id: TokenId,
        until: Timestamp,
    ) -> Result<(), AdminError> {
        todo!()
    }
}
