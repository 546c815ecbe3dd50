//! Issuing a token, from the very snapshot that was read with the credential (decision 24).

use std::sync::Arc;
use std::time::Duration;

use doorward_core::account::Account;
use doorward_core::id::{AccountId, TokenId, UserId};
use doorward_core::identity::{AuthMethod, CredentialKind, Factor, Impersonator, Rest, Subject};
use doorward_core::jwt::{Claims, GenerationClaims, ISSUER, SwitchTo, identity_signature};
use doorward_core::time::Timestamp;
use doorward_core::user::User;

use super::{identity, switch_target};
use crate::engine::Inner;
use crate::keys::Keys;
use crate::sign_in::{Session, SignInError};

/// A token about to be issued.
pub(crate) struct Draft {
    pub(crate) account: Arc<Account>,
    pub(crate) user: Option<Arc<User>>,
    pub(crate) method: AuthMethod,
    pub(crate) credential: CredentialKind,
    pub(crate) factors: Vec<Factor>,
    pub(crate) authenticated_at: Timestamp,
    pub(crate) switch_to: Option<SwitchTo>,
    pub(crate) impersonator: Option<Impersonator>,
    /// Generations kept from the identity it goes back to (impersonator, refreshed token).
    pub(crate) inherited: Vec<Rest>,
    /// No later than this.
    pub(crate) latest_end: Timestamp,
}

impl Inner {
    /// Issues a token.
    pub(crate) async fn issue(&self, draft: Draft) -> Result<Session, SignInError> {
        let now = self.clock.now();
        let keys = self.keys.load_full();
        let (account, user) = (draft.account.id, draft.user.as_ref().map(|user| user.id));
        let rests_on = self.rests_of(&draft, &keys).await?;
        let (secret, subject) = match &draft.user {
            Some(user) => (&user.signature_secret, user.id.to_string()),
            None => (&draft.account.signature_secret, account.to_string()),
        };
        let lifetime = self.settings.token_lifetime.max(Duration::from_secs(1));
        let expires = now.plus(lifetime).min(draft.latest_end);
        let claims = Claims {
            iss: ISSUER.to_owned(),
            account_id: account,
            owner_id: user,
            method: draft.method,
            exp: expires.unix(),
            iat: now.unix(),
            auth_time: draft.authenticated_at.unix(),
            amr: draft.factors,
            cred: draft.credential,
            jti: TokenId::new(self.random.bytes()),
            generations: GenerationClaims::new(rests_on.iter().copied()),
            identity_sig: identity_signature(secret, &keys.system.signature_secret, &subject),
            switch_to: draft.switch_to,
            original_account_id: draft.impersonator.map(|by| by.account),
            original_owner_id: draft.impersonator.map(|by| by.user),
        };
        let token = keys.signing.sign(&claims).map_err(|error| {
            tracing::error!(%error, "a token could not be signed");
            SignInError::Unavailable
        })?;
        let identity = Arc::new(identity(&claims, account, user, rests_on));
        Ok(Session {
            token,
            identity,
            account: draft.account,
            user: draft.user,
        })
    }

    /// Every principal the token will rest on. What the identity it goes back to was proven with comes first: a refresh
    /// must not lift a token over a change that happened since.
    async fn rests_of(&self, draft: &Draft, keys: &Keys) -> Result<Vec<Rest>, SignInError> {
        let account = draft.account.id;
        let mut rests_on = draft.inherited.clone();
        let mut add = |rest: Rest| {
            if rests_on.iter().all(|known| known.subject != rest.subject) {
                rests_on.push(rest);
            }
        };
        add(Rest {
            subject: Subject::System,
            generation: keys.system.generation,
        });
        add(Rest {
            subject: Subject::Account(account),
            generation: draft.account.generation,
        });
        add(match &draft.user {
            Some(user) => Rest {
                subject: Subject::User(account, user.id),
                generation: user.generation,
            },
            None => Rest {
                subject: Subject::AccountKey(account),
                generation: draft.account.key_generation,
            },
        });
        self.rests_of_switch(draft.switch_to.as_ref())
            .await?
            .into_iter()
            .for_each(&mut add);
        if let Some(by) = draft.impersonator {
            self.rests_as_they_are(by.account, by.user)
                .await?
                .into_iter()
                .for_each(&mut add);
        }
        Ok(rests_on)
    }

    /// What an `as` member rests on, as far as it exists: a target that does not is refused on use.
    async fn rests_of_switch(&self, switch: Option<&SwitchTo>) -> Result<Vec<Rest>, SignInError> {
        match switch.and_then(switch_target) {
            Some((account, user)) => self.rests_as_they_are(account, user).await,
            None => Ok(Vec::new()),
        }
    }

    async fn rests_as_they_are(
        &self,
        account: AccountId,
        user: UserId,
    ) -> Result<Vec<Rest>, SignInError> {
        let mut rests = Vec::new();
        for subject in [Subject::Account(account), Subject::User(account, user)] {
            if let Some(generation) = self.generation(subject).await? {
                rests.push(Rest {
                    subject,
                    generation,
                });
            }
        }
        Ok(rests)
    }
}
