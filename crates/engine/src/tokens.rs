//! What a token says, and how it dies before its time.

use doorward_core::id::{AccountId, TokenId, UserId};
use doorward_core::identity::AuthMethod;
use doorward_core::time::Timestamp;

/// What `doorward token inspect` shows. Never the token.
#[derive(Debug, Clone)]
pub struct TokenInfo {
    /// Its id.
    pub id: TokenId,
    /// Its account.
    pub account: AccountId,
    /// Its user.
    pub user: Option<UserId>,
    /// How it was obtained.
    pub method: AuthMethod,
    /// When it was issued.
    pub issued: Timestamp,
    /// When its time is over.
    pub expires: Timestamp,
    /// Why it would be refused now; `None` when it is good.
    pub refused: Option<&'static str>,
}
