//! Administration: what the command line and the management resources change.
//!
//! Every change names its [`Actor`], is committed in a task that a hung-up client cannot cancel, and
//! is in force in this process before the answer leaves.

mod account;
mod api_key;
mod app_token;
mod delegate;
mod phone;
mod role;
mod secrets;
mod tree;
mod user;
mod user_edit;
mod verifiers;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use doorward_core::name::NameError;
use doorward_core::permission::{Permission, RoleName};
use doorward_store::{Actor, StoreError, Write};

use crate::Engine;

pub use account::{AccountChange, AccountDraft, NewAccount};
pub use app_token::NewAppToken;
pub use delegate::{Mandate, may_give, may_touch};
pub use user::{NewUser, UserChange};
pub use user_edit::{NewSecrets, UserDraft};

pub(crate) use secrets::{new_p256_key, new_rsa_key};
pub(crate) use verifiers::{check_password, digests};

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
    /// No such role.
    #[error("there is no role \"{0}\"")]
    UnknownRole(RoleName),
    /// Every account has this role as it is.
    #[error("\"{0}\" is a role of every account and cannot be changed")]
    ShippedRole(RoleName),
    /// Somebody has the role.
    #[error("users have this role; take it from them first")]
    RoleInUse,
    /// No such permission, neither built in nor among the configuration's `rights`.
    #[error("there is no permission \"{0}\"; `rights` in the configuration adds others")]
    UnknownPermission(Permission),
    /// More roles than are kept.
    #[error("an account has at most 100 roles of 64 KiB together, a user at most 32")]
    TooManyRoles,
    /// No such application token.
    #[error("no such application token")]
    UnknownAppToken,
    /// The account has one of this label.
    #[error("there is an application token of this name already")]
    AppTokenExists,
    /// More application tokens than are kept.
    #[error("an account has at most 1000 application tokens")]
    TooManyAppTokens,
    /// A right would be given away by somebody who lacks it.
    #[error("nobody can give away what they may not do themselves")]
    BeyondCaller,
    /// No such key.
    #[error("no such key")]
    UnknownKey,
    /// Several accounts have this name.
    #[error("several accounts have this name or realm; use the id")]
    Ambiguous,
    /// A name is refused.
    #[error("the {field} {error}")]
    Name {
        /// Which field.
        field: &'static str,
        /// Why.
        error: NameError,
    },
    /// The root cannot be deleted, moved or made anything but a reseller.
    #[error("the root account is always a reseller, and cannot be deleted or moved")]
    Root,
    /// A reseller stands below.
    #[error("there are resellers below the account")]
    ResellersBelow,
    /// The password is refused.
    #[error("a password has 1 to 1024 bytes and no control characters")]
    Password,
    /// A new username needs its password, because the digests hold both.
    #[error("a new username needs a password along with it")]
    PasswordNeeded,
    /// A password needs a username, because the digests hold both.
    #[error("a password needs a username along with it")]
    UsernameNeeded,
    /// The last live hash generation cannot be ended.
    #[error("there is no older hash generation to end")]
    NothingToRetire,
    /// The document holds U+0000.
    #[error("the document holds a NUL character")]
    Nul,
    /// The document is larger than this many bytes.
    #[error("a document has at most {0} bytes")]
    TooLarge(u64),
    /// The document holds more values than this.
    #[error("a document has at most {0} values")]
    TooMany(usize),
    /// Too many slow hashes waiting.
    #[error("too many sign-ins at once; try again")]
    Busy,
    /// The task that wrote was lost.
    #[error("the write was interrupted")]
    Interrupted,
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A change that depends on what is stored was not made.
#[derive(Debug, thiserror::Error)]
pub enum EditError<E> {
    /// The plan refused.
    #[error("the change is refused")]
    Refused(E),
    /// The change failed.
    #[error(transparent)]
    Failed(#[from] AdminError),
}

/// The work of one write.
pub(crate) type Work<'w, T> = Pin<Box<dyn Future<Output = Result<T, AdminError>> + Send + 'w>>;

impl Engine {
    /// Runs one write: commit, then in force here, then answered (decision 24). A client that hangs up meanwhile changes
    /// nothing about it.
    pub(crate) async fn commit<T: Send + 'static>(
        &self,
        actor: Actor,
        work: impl for<'w> FnOnce(&'w mut Write) -> Work<'w, T> + Send + 'static,
    ) -> Result<T, AdminError> {
        let inner = Arc::clone(&self.0);
        let task = self.0.tasks.spawn(async move {
            let mut write = inner.store.write(actor).await?;
            let value = work(&mut write).await?;
            let changes = write.commit().await?;
            inner.absorb_own(&changes).await;
            Ok(value)
        });
        task.await.unwrap_or(Err(AdminError::Interrupted))
    }

    /// 32 random hexadecimal digits, as signature secrets are written.
    pub(crate) fn new_secret(&self) -> doorward_core::secret::SecretText {
        doorward_core::hex::encode(&self.0.random.bytes::<16>()).into()
    }
}
