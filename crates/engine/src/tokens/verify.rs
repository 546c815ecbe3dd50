//! From a token to the identity it claims, its signatures checked (crossbar.md section 5.2). What it
//! rests on is compared with the present by the caller.

use std::sync::Arc;

use doorward_core::identity::{Identity, Rest, Subject};
use doorward_core::jwt::{Claims, TokenError, identity_signature, verify};
use doorward_core::secret::{SecretText, equal};
use doorward_core::time::Timestamp;
use doorward_store::StoreError;

use super::{identity, switch_target};
use crate::Engine;
use crate::engine::Inner;

impl Inner {
    /// Verifies key signature, time and identity signature.
    pub(crate) async fn verify_token(
        &self,
        token: &SecretText,
        now: Timestamp,
    ) -> Result<Result<Arc<Identity>, TokenError>, StoreError> {
        let keys = self.keys.load_full();
        let claims = match verify(token, |kid| keys.verifying(kid), now) {
            Ok(claims) => claims,
            Err(refused) => return Ok(Err(refused)),
        };
        let signed = self
            .expected_signature(&claims, &keys.system.signature_secret)
            .await?;
        if !signed
            .is_some_and(|expected| equal(expected.as_bytes(), claims.identity_sig.as_bytes()))
        {
            return Ok(Err(TokenError::IdentitySignature));
        }
        Ok(acting(&claims)
            .map(Arc::new)
            .ok_or(TokenError::IdentitySignature))
    }

    /// What the subject's secret signs; `None` when the subject is gone.
    async fn expected_signature(
        &self,
        claims: &Claims,
        system: &SecretText,
    ) -> Result<Option<String>, StoreError> {
        let home = claims.account_id;
        Ok(match claims.owner_id {
            Some(owner) => {
                self.live.user(home, owner).await?.map(|user| {
                    identity_signature(&user.signature_secret, system, &owner.to_string())
                })
            }
            None => self.live.account(home).await?.map(|account| {
                identity_signature(&account.signature_secret, system, &home.to_string())
            }),
        })
    }
}

impl Engine {
    /// Why a token is refused, as the dialect words it (crossbar.md section 7.9): for one that
    /// [`Engine::decide_for_token`] refused.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn refusal_of_token(&self, token: &SecretText) -> Result<TokenError, StoreError> {
        let verified = self.0.verify_token(token, self.now()).await?;
        Ok(verified.err().unwrap_or(TokenError::IdentitySignature))
    }
}

/// Whom the token acts as, `as` applied, and everything that rests on; `None` when it lacks the
/// generation of any of it.
fn acting(claims: &Claims) -> Option<Identity> {
    let home = claims.account_id;
    let mut subjects = vec![
        Subject::System,
        Subject::Account(home),
        claims.owner_id.map_or(Subject::AccountKey(home), |owner| {
            Subject::User(home, owner)
        }),
    ];
    let (mut account, mut user) = (home, claims.owner_id);
    if let Some(switch) = claims
        .switch_to
        .as_ref()
        .filter(|switch| switch.is_complete())
    {
        let target = switch_target(switch)?;
        subjects.extend([
            Subject::Account(target.0),
            Subject::User(target.0, target.1),
        ]);
        (account, user) = (target.0, Some(target.1));
    }
    if let (Some(account), Some(user)) = (claims.original_account_id, claims.original_owner_id) {
        subjects.extend([Subject::Account(account), Subject::User(account, user)]);
    }
    let rests_on = subjects
        .into_iter()
        .map(|subject| {
            Some(Rest {
                subject,
                generation: claims.generations.of(subject)?,
            })
        })
        .collect::<Option<Vec<Rest>>>()?;
    Some(identity(claims, account, user, rests_on))
}
