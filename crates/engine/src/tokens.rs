//! Tokens: issued, verified, inspected.

use std::sync::Arc;
use std::time::Duration;

use doorward_core::account::Account;
use doorward_core::id::{AccountId, TokenId, UserId};
use doorward_core::identity::{
    AuthMethod, CredentialKind, Factor, Identity, Impersonator, Rest, Subject, TokenFacts,
};
use doorward_core::jwt::{
    Claims, GenerationClaims, SwitchTo, TokenError, identity_signature, verify,
};
use doorward_core::secret::{SecretText, equal};
use doorward_core::time::Timestamp;
use doorward_core::user::User;
use doorward_store::StoreError;

use crate::Engine;
use crate::engine::Inner;
use crate::keys::Keys;
use crate::sign_in::{Session, SignInError};

/// The value of `iss`.
const ISSUER: &str = "kazoo";

/// What a token says, for the command line. Never the token.
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

/// A token about to be issued, from the very snapshot that was read with the credential.
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

    /// From a token to the identity it claims, its signatures checked (crossbar.md section 5.2). What
    /// it rests on is compared with the present by the caller.
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
        let home = claims.account_id;
        let (secret, subject_id, principal) = match claims.owner_id {
            Some(owner) => (
                self.live
                    .user(home, owner)
                    .await?
                    .map(|user| user.signature_secret.clone()),
                owner.to_string(),
                Subject::User(home, owner),
            ),
            None => (
                self.live
                    .account(home)
                    .await?
                    .map(|account| account.signature_secret.clone()),
                home.to_string(),
                Subject::AccountKey(home),
            ),
        };
        let Some(secret) = secret else {
            return Ok(Err(TokenError::IdentitySignature));
        };
        let expected = identity_signature(&secret, &keys.system.signature_secret, &subject_id);
        if !equal(expected.as_bytes(), claims.identity_sig.as_bytes()) {
            return Ok(Err(TokenError::IdentitySignature));
        }
        let mut subjects = vec![Subject::System, Subject::Account(home), principal];
        let mut acting = (home, claims.owner_id);
        if let Some(switch) = &claims.switch_to
            && switch.account_id.is_some()
            && switch.owner_id.is_some()
        {
            let Some((account, user)) = switch_target(switch) else {
                return Ok(Err(TokenError::IdentitySignature));
            };
            subjects.extend([Subject::Account(account), Subject::User(account, user)]);
            acting = (account, Some(user));
        }
        if let (Some(account), Some(user)) = (claims.original_account_id, claims.original_owner_id)
        {
            subjects.extend([Subject::Account(account), Subject::User(account, user)]);
        }
        let rests = subjects.into_iter().map(|subject| {
            claims.generations.of(subject).map(|generation| Rest {
                subject,
                generation,
            })
        });
        let Some(rests_on) = rests.collect::<Option<Vec<Rest>>>() else {
            return Ok(Err(TokenError::IdentitySignature));
        };
        Ok(Ok(Arc::new(identity(
            &claims, acting.0, acting.1, rests_on,
        ))))
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

    /// What a token says and whether it is good, for the command line.
    ///
    /// # Errors
    /// The inner one is [`TokenError`] when it was never one of ours, or its time is over.
    pub async fn inspect_token(
        &self,
        token: &SecretText,
    ) -> Result<Result<TokenInfo, TokenError>, StoreError> {
        let now = self.now();
        let keys = self.0.keys.load_full();
        let claims = match verify(token, |kid| keys.verifying(kid), now) {
            Ok(claims) => claims,
            Err(refused) => return Ok(Err(refused)),
        };
        let refused = match self.0.verify_token(token, now).await? {
            Err(_) => Some("what it rests on has changed"),
            Ok(identity) if self.0.live.is_denied(claims.jti) => {
                drop(identity);
                Some("revoked")
            }
            Ok(identity) => match self.0.join(&identity, None, now).await? {
                None => Some("what it rests on has changed"),
                Some(live) if live.lock.is_some() => Some("the account is locked"),
                Some(_) => None,
            },
        };
        Ok(Ok(TokenInfo {
            id: claims.jti,
            account: claims.account_id,
            user: claims.owner_id,
            method: claims.method,
            issued: Timestamp::from_unix(claims.iat),
            expires: Timestamp::from_unix(claims.exp),
            refused,
        }))
    }
}

fn switch_target(switch: &SwitchTo) -> Option<(AccountId, UserId)> {
    Some((
        switch.account_id.as_deref()?.parse().ok()?,
        switch.owner_id.as_deref()?.parse().ok()?,
    ))
}

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
            expires: Timestamp::from_unix(claims.exp),
            authenticated_at: Timestamp::from_unix(claims.auth_time),
        }),
        switch_to: claims.switch_to.clone(),
        rests_on,
    }
}
