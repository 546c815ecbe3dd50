//! What a caller presents, before anybody asked whether it is right.

pub mod authorization;
pub mod basic;
pub mod place;

use crate::id::AccountId;
use crate::secret::SecretText;

pub use authorization::Authorization;
pub use basic::Basic;

/// Longest credential that is looked at, in bytes: longer ones are no credential.
pub const MAX_CREDENTIAL: usize = 8192;

/// Which fast hash of `username:password` a client sends (crossbar.md sections 2 and 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DigestKind {
    /// MD5, the default.
    Md5,
    /// SHA-1.
    Sha1,
}

/// Where a login token stood: a browser sends cookies by itself, whoever asks it to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenPlace {
    /// In a header that only a program sets.
    Header,
    /// In the cookie.
    Cookie,
}

/// What a request presents to prove who it is.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Presented {
    /// Nothing at all.
    Nothing,
    /// A token of ours, as it stood on the wire.
    Token {
        /// The token.
        token: SecretText,
        /// The account it must belong to, if the request says (`X-Auth-Account-ID`).
        account: Option<String>,
    },
    /// Crossbar's Basic: an account and a digest of `username:password`.
    AccountDigest {
        /// Whose users are asked.
        account: AccountId,
        /// Lower-case hexadecimal digest, unchecked.
        digest: SecretText,
    },
    /// Basic with a username and a password in clear.
    Password {
        /// The username as sent, perhaps `account~user` (decision 3).
        username: String,
        /// The password.
        password: SecretText,
    },
    /// An application token.
    AppToken {
        /// The token.
        token: SecretText,
        /// The user-id it was sent with in Basic.
        name: Option<String>,
    },
    /// An account's API key.
    ApiKey {
        /// The key.
        key: SecretText,
    },
    /// A Funnelback login token.
    RememberMe {
        /// The token.
        token: SecretText,
        /// Where it stood.
        place: TokenPlace,
    },
    /// A cookie of ours that can never authenticate.
    MalformedCookie,
    /// Something that can never authenticate: an unknown scheme, a broken encoding.
    Malformed,
}

impl Presented {
    /// Whether the request tries to authenticate at all.
    #[must_use]
    pub const fn is_present(&self) -> bool {
        !matches!(self, Self::Nothing)
    }

    /// Whether the remember-me cookie is what counts, whatever is in it.
    #[must_use]
    pub const fn is_cookie(&self) -> bool {
        matches!(
            self,
            Self::MalformedCookie
                | Self::RememberMe {
                    place: TokenPlace::Cookie,
                    ..
                }
        )
    }
}
