//! What a token says, for the operator.

use std::sync::Arc;

use doorward_core::id::{AccountId, TokenId, UserId};
use doorward_core::identity::{AuthMethod, TokenFacts};
use doorward_core::jwt::TokenError;
use doorward_core::remember_me::RememberMe;
use doorward_core::secret::SecretText;
use doorward_core::time::Timestamp;
use doorward_store::StoreError;

use crate::Engine;

/// What a token says. Never the token.
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

impl Engine {
    /// What a token says and whether it is good.
    ///
    /// # Errors
    /// The inner one is [`TokenError`] when it was never one of ours, its time is over, or its subject signs
    /// differently now.
    pub async fn inspect_token(
        &self,
        token: &SecretText,
    ) -> Result<Result<TokenInfo, TokenError>, StoreError> {
        let now = self.now();
        let verified = match RememberMe::parse(token.expose()) {
            Ok(token) => {
                let found = self.0.identify(&token, now).await?;
                let found = found.map(|(identity, _)| Arc::new(identity));
                found.ok_or(TokenError::IdentitySignature)
            }
            Err(_) => self.0.verify_token(token, now).await?,
        };
        let identity = match verified {
            Ok(identity) => identity,
            Err(refused) => return Ok(Err(refused)),
        };
        let Some(TokenFacts {
            id,
            issued,
            expires,
            ..
        }) = identity.token
        else {
            return Ok(Err(TokenError::Malformed));
        };
        let refused = if self.0.live.is_denied(id) {
            Some("it was revoked")
        } else {
            match self.0.join(&identity, None, now).await? {
                None => Some("what it rests on has changed"),
                Some(live) if live.lock.is_some() => Some("the account is locked"),
                Some(_) => None,
            }
        };
        Ok(Ok(TokenInfo {
            id,
            account: identity.home,
            user: identity.home_user,
            method: identity.method,
            issued,
            expires,
            refused,
        }))
    }
}
