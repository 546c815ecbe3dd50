//! Who somebody turned out to be, and on what that rests.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::{AccountId, CredentialId, TokenId, UserId};
use crate::jwt::SwitchTo;
use crate::time::Timestamp;

/// How an identity was proven: the `method` of crossbar.md, on which token restrictions match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum AuthMethod {
    /// Signed in with credentials.
    #[serde(rename = "cb_user_auth")]
    UserAuth,
    /// Signed in with an account's API key.
    #[serde(rename = "cb_api_auth")]
    ApiAuth,
    /// A refreshed token.
    #[serde(rename = "cb_auth")]
    Refresh,
    /// Basic credentials on the request itself.
    #[serde(rename = "cb_basic_auth")]
    Basic,
    /// A remember-me token of the Funnelback dialect.
    #[serde(rename = "remember_me")]
    RememberMe,
    /// An application token or an API key on the request itself.
    #[serde(rename = "app_token")]
    AppToken,
    /// The client's address, by `[[identity]]`.
    #[serde(rename = "ip")]
    Address,
    /// The client's certificate, by `[[identity]]`.
    #[serde(rename = "mtls")]
    Certificate,
}

impl AuthMethod {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UserAuth => "cb_user_auth",
            Self::ApiAuth => "cb_api_auth",
            Self::Refresh => "cb_auth",
            Self::Basic => "cb_basic_auth",
            Self::RememberMe => "remember_me",
            Self::AppToken => "app_token",
            Self::Address => "ip",
            Self::Certificate => "mtls",
        }
    }
}

impl fmt::Display for AuthMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The kind of credential an identity goes back to, kept through refresh and impersonation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CredentialKind {
    /// A user's password, by one of its digests.
    Password,
    /// An account's API key.
    ApiKey,
    /// An application token.
    AppToken,
    /// None: the configuration says who has this address or certificate.
    Mapping,
}

/// A way of proving something, in the words of RFC 8176.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Factor {
    /// A password.
    Pwd,
    /// A key the caller holds.
    Swk,
}

/// Something with a generation. Generations only move forward, and everything that carries an older
/// (or any other) number than the present one is dead (decision 16).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The whole installation.
    System,
    /// Everything of one account.
    Account(AccountId),
    /// What rests on one account's API key.
    AccountKey(AccountId),
    /// One user of one account.
    User(AccountId, UserId),
    /// One application token of one account.
    Credential(AccountId, CredentialId),
}

/// A principal and the generation it had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rest {
    /// Who.
    pub subject: Subject,
    /// When, in generations.
    pub generation: u64,
}

/// The user behind an impersonated identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Impersonator {
    /// Their account.
    pub account: AccountId,
    /// Themselves.
    pub user: UserId,
}

/// What a token of ours said about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenFacts {
    /// Its id.
    pub id: TokenId,
    /// When it was issued.
    pub issued: Timestamp,
    /// When its time is over.
    pub expires: Timestamp,
    /// The sign-in it goes back to.
    pub authenticated_at: Timestamp,
}

/// A proven identity. It is a fact about the past: whether it still holds is asked anew on every
/// request, by comparing what it rests on with the present.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The account it acts for: the token's own, or the target of `as`.
    pub account: AccountId,
    /// The user it acts as; `None` for an account's API key.
    pub user: Option<UserId>,
    /// The account the credential itself belongs to (differs from `account` under `as`).
    pub home: AccountId,
    /// The user the credential itself belongs to.
    pub home_user: Option<UserId>,
    /// How it was proven.
    pub method: AuthMethod,
    /// From which kind of credential.
    pub credential: CredentialKind,
    /// What was proven.
    pub factors: Vec<Factor>,
    /// Who impersonates, if anybody does.
    pub impersonator: Option<Impersonator>,
    /// The `as` member of the token, as it was supplied at sign-in.
    pub switch_to: Option<SwitchTo>,
    /// The token, if one was presented.
    pub token: Option<TokenFacts>,
    /// Every principal it rests on.
    pub rests_on: Vec<Rest>,
}

impl Identity {
    /// Whether it acts as somebody else by way of `as`.
    #[must_use]
    pub fn is_switched(&self) -> bool {
        self.switch_to.as_ref().is_some_and(SwitchTo::is_complete)
    }

    /// The application token it was proven by, if it was.
    #[must_use]
    pub fn app_token(&self) -> Option<CredentialId> {
        self.rests_on.iter().find_map(|rest| match rest.subject {
            Subject::Credential(_, id) => Some(id),
            _ => None,
        })
    }

    /// When the proof itself runs out; account trials end earlier and are looked at live.
    #[must_use]
    pub fn expires(&self) -> Timestamp {
        self.token.map_or(Timestamp::MAX, |token| token.expires)
    }
}
