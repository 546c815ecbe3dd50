//! Signing in: from credentials to a token.

mod again;
mod api_key;
mod app_token;
mod digest;
mod find;
mod plain;
mod remember_me;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use doorward_core::account::{Account, Lock};
use doorward_core::credential::DigestKind;
use doorward_core::id::AccountId;
use doorward_core::identity::Identity;
use doorward_core::jwt::SwitchTo;
use doorward_core::secret::SecretText;
use doorward_core::user::User;
use doorward_store::StoreError;

use crate::check::Unproven;

pub(crate) use app_token::ShownAppToken;
pub(crate) use digest::Verdict;
pub(crate) use plain::Plain;
pub(crate) use remember_me::LastExpiry;
pub use remember_me::Remembered;

/// How a sign-in names its account (crossbar.md section 3.2): tried in this order, falling through
/// to the next when one resolves to nothing.
#[derive(Debug, Clone, Default)]
pub struct AccountHint {
    /// A phone number, in any notation.
    pub phone: Option<String>,
    /// A realm.
    pub realm: Option<String>,
    /// A name.
    pub name: Option<String>,
    /// The account of the configuration, when nothing else was given.
    pub default: Option<AccountId>,
}

/// A sign-in by digest.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// Which account.
    pub account: AccountHint,
    /// Which digest.
    pub kind: DigestKind,
    /// The digest, as sent.
    pub digest: SecretText,
    /// The `as` member.
    pub switch_to: Option<SwitchTo>,
    /// From where.
    pub client: IpAddr,
}

/// A new token and whose it is.
#[derive(Debug, Clone)]
pub struct Session {
    /// The token.
    pub token: SecretText,
    /// Its identity (the token's own account and user, `as` not applied).
    pub identity: Arc<Identity>,
    /// Its account.
    pub account: Arc<Account>,
    /// Its user.
    pub user: Option<Arc<User>>,
}

/// Why there is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignInError {
    /// Unknown account, unknown user, wrong secret, disabled user: nobody can tell which.
    #[error("invalid credentials")]
    Invalid,
    /// The API key belongs to nobody.
    #[error("unknown api key")]
    UnknownKey,
    /// Right, but the account is locked.
    #[error("account locked")]
    Locked(Lock),
    /// Too many guesses or too many hashes waiting.
    #[error("too many requests")]
    Throttled(Duration),
    /// The store does not answer.
    #[error("store unreachable")]
    Unavailable,
    /// There is no such user to impersonate.
    #[error("unknown user")]
    UnknownUser,
    /// A refresh beyond `max_total_life`.
    #[error("sign in again")]
    TooOld,
}

impl From<StoreError> for SignInError {
    fn from(error: StoreError) -> Self {
        tracing::warn!(%error, "a sign-in could not be decided");
        Self::Unavailable
    }
}

impl From<Unproven> for SignInError {
    fn from(unproven: Unproven) -> Self {
        match unproven {
            Unproven::Invalid => Self::Invalid,
            Unproven::Throttled(wait) => Self::Throttled(wait),
            Unproven::Unavailable => Self::Unavailable,
        }
    }
}
