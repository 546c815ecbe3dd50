//! Application tokens on the request itself.
//!
//! They hold 256 random bits: they are looked up by their digest, not hashed slowly, and a right one is never refused for
//! others' wrong ones (attacks.md S46, S52).

use std::net::IpAddr;
use std::sync::Arc;

use arc_swap::Guard;
use doorward_core::app_token::AppToken;
use doorward_core::identity::{AuthMethod, CredentialKind, Factor, Identity, Rest, Subject};
use doorward_core::time::Timestamp;

use super::SignInError;
use crate::check::Unproven;
use crate::engine::Inner;
use crate::present::{APP_TOKEN_GENERATION, Live};

/// An application token as it was presented.
pub(crate) struct ShownAppToken<'a> {
    /// The value.
    pub(crate) value: &'a str,
    /// The user-id, where it came by Basic: it must be the token's label.
    pub(crate) name: Option<&'a str>,
}

impl Inner {
    /// Verifies an application token. What it is good for ends with its row.
    pub(crate) async fn verify_app_token(
        self: &Arc<Self>,
        shown: &ShownAppToken<'_>,
        key: [u8; 32],
        client: IpAddr,
        now: Timestamp,
    ) -> Result<Guard<Arc<Live>>, Unproven> {
        // The checksum spares the store whatever was only mistyped.
        let token = AppToken::parse(shown.value).ok_or(Unproven::Invalid)?;
        let (began, digest) = (self.live.epoch(), token.digest());
        let Some((account, id)) = self.store.app_token_by_digest(&digest).await? else {
            return Err(match self.wrong_key(&digest, client, now) {
                SignInError::Throttled(wait) => Unproven::Throttled(wait),
                _ => Unproven::Invalid,
            });
        };
        let row = self.live.app_token(account, id).await?;
        let row = row.ok_or(Unproven::Invalid)?;
        if shown.name.is_some_and(|name| name != row.label.to_string()) {
            return Err(Unproven::Invalid);
        }
        let identity = Identity {
            account,
            user: None,
            home: account,
            home_user: None,
            method: AuthMethod::AppToken,
            credential: CredentialKind::AppToken,
            factors: vec![Factor::Swk],
            impersonator: None,
            switch_to: None,
            token: None,
            rests_on: vec![Rest {
                subject: Subject::Credential(account, id),
                generation: APP_TOKEN_GENERATION,
            }],
        };
        let live = self.remember(key, Arc::new(identity), None, began, now);
        live.await?.ok_or(Unproven::Invalid)
    }
}
