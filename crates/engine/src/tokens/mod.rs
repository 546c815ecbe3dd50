//! Tokens: issued, verified, inspected.

mod inspect;
mod issue;
mod verify;

use doorward_core::id::{AccountId, UserId};
use doorward_core::identity::{Identity, Impersonator, Rest, TokenFacts};
use doorward_core::jwt::{Claims, SwitchTo};
use doorward_core::time::Timestamp;

pub use inspect::TokenInfo;
pub(crate) use issue::Draft;

/// The account and user an `as` member names, if it names both and both are ids.
fn switch_target(switch: &SwitchTo) -> Option<(AccountId, UserId)> {
    Some((
        switch.account_id.as_deref()?.parse().ok()?,
        switch.owner_id.as_deref()?.parse().ok()?,
    ))
}

/// Whom a token is about.
fn identity(
    claims: &Claims,
    account: AccountId,
    user: Option<UserId>,
    rests_on: Vec<Rest>,
) -> Identity {
    Identity {
        account,
        user,
        home: claims.account_id,
        home_user: claims.owner_id,
        method: claims.method,
        credential: claims.cred,
        factors: claims.amr.clone(),
        impersonator: claims
            .original_account_id
            .zip(claims.original_owner_id)
            .map(|(account, user)| Impersonator { account, user }),
        token: Some(TokenFacts {
            id: claims.jti,
            issued: Timestamp::from_unix(claims.iat),
            expires: Timestamp::from_unix(claims.exp),
            authenticated_at: Timestamp::from_unix(claims.auth_time),
        }),
        switch_to: claims.switch_to.clone(),
        rests_on,
    }
}
