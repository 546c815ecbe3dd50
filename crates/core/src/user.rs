//! Users: the logins of an account.

use std::fmt;
use std::str::FromStr;

use crate::document::Document;
use crate::id::{AccountId, UserId};
use crate::permission::RoleName;
use crate::secret::SecretText;
use crate::time::Timestamp;

/// What a user may do in its account (crossbar.md section 12.1, decision 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Level {
    /// Administers the account and what is below.
    Admin,
    /// Uses it.
    User,
}

impl Level {
    /// The value of `priv_level`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::User => "user",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Neither `admin` nor `user`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a level is admin or user")]
pub struct NotALevel;

impl FromStr for Level {
    type Err = NotALevel;

    fn from_str(text: &str) -> Result<Self, NotALevel> {
        match text {
            "admin" => Ok(Self::Admin),
            "user" => Ok(Self::User),
            _ => Err(NotALevel),
        }
    }
}

/// A user as it is stored; see [`crate::account::Account`] for what is typed and what is not.
#[derive(Debug, Clone)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// Its account.
    pub account: AccountId,
    /// Normalised username; `None` for a user who cannot sign in.
    pub username: Option<String>,
    /// What it may do.
    pub level: Level,
    /// The roles it has on guarded APIs.
    pub roles: Vec<RoleName>,
    /// Switched off users cannot sign in, and what they held is dead.
    pub enabled: bool,
    /// Moves when everything the user holds must die.
    pub generation: u64,
    /// 32 hexadecimal digits that sign the identity of the user's tokens.
    pub signature_secret: SecretText,
    /// Names, mail, custom keys.
    pub document: Document,
    /// Counts changes of the user.
    pub revision: u64,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub modified: Timestamp,
}
