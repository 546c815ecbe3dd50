//! Proving a digest of `username:password`: for sign-ins and for Basic alike.
//!
//! Whoever guesses pays before the hash (attacks.md S48), pays the same for accounts, users and
//! passwords that do not exist (S42), and learns the same (S54). Equal credentials under way are
//! hashed once (S36).

use std::net::IpAddr;
use std::sync::Arc;

use arc_swap::Guard;
use doorward_core::account::Account;
use doorward_core::credential::DigestKind;
use doorward_core::digest::hmac_framed;
use doorward_core::id::{AccountId, CredentialId};
use doorward_core::identity::{AuthMethod, CredentialKind, Factor, Identity, Rest, Subject};
use doorward_core::lane::Admission;
use doorward_core::secret::SecretText;
use doorward_core::time::Timestamp;
use doorward_core::user::User;
use doorward_core::verifier::SALT_LEN;
use doorward_store::{Actor, NewVerifier, StoreError, VerifierKind, VerifierMatch};

use super::find::Sought;
use super::{Session, SignIn, SignInError};
use crate::Engine;
use crate::check::Unproven;
use crate::engine::{Inner, prefix};
use crate::guard::{Aim, Guess, Scope, Seat, arrival, retry_after};
use crate::metrics::{Login, Outcome};
use crate::present::{Live, ProvenBy};
use crate::tokens::Draft;

/// What a hash said: a user of an account, or why not.
pub(crate) type Verdict = Result<Arc<Proven>, Unproven>;

/// A digest that belonged to a user at this snapshot.
#[derive(Debug)]
pub(crate) struct Proven {
    pub(super) account: Arc<Account>,
    pub(super) user: Arc<User>,
    pub(super) hash_generation: i64,
}

/// A digest to be proven.
#[derive(Clone)]
struct Attempt {
    candidates: Vec<Arc<Account>>,
    scopes: Vec<Scope>,
    kind: DigestKind,
    digest: SecretText,
    client: IpAddr,
    key: [u8; 32],
}

impl Engine {
    /// Signs in with a digest of `username:password` (crossbar.md section 3).
    ///
    /// # Errors
    /// See [`SignInError`].
    pub async fn sign_in(&self, request: SignIn) -> Result<Session, SignInError> {
        let result = Box::pin(self.0.sign_in(request)).await;
        self.0.metrics.signed_in(Login::Digest, outcome(&result));
        result
    }
}

impl Inner {
    async fn sign_in(self: &Arc<Self>, request: SignIn) -> Result<Session, SignInError> {
        if self.health.is_lost() {
            return Err(SignInError::Unavailable);
        }
        let Sought { candidates, scopes } = self.find(&request.account).await?;
        // What holds of two accounts of one name does not hold of one of them named alone.
        let tried: Vec<u8> = candidates
            .iter()
            .flat_map(|account| *account.id.as_bytes())
            .collect();
        let source = prefix(request.client);
        let key = self.proof_key(&[
            b"sign-in",
            source.as_bytes(),
            &scopes.concat(),
            &tried,
            &[request.kind as u8],
            request.digest.expose().as_bytes(),
        ]);
        let now = self.clock.now();
        let live = if let Some(live) = self.known(&key, now).await? {
            live
        } else {
            let attempt = Attempt {
                candidates,
                scopes,
                kind: request.kind,
                digest: request.digest,
                client: request.client,
                key,
            };
            self.prove_and_remember(attempt, AuthMethod::UserAuth)
                .await?
        };
        if let Some(lock) = live.lock {
            return Err(SignInError::Locked(lock));
        }
        self.issue(Draft {
            account: Arc::clone(&live.account),
            user: live.user.clone(),
            method: AuthMethod::UserAuth,
            credential: CredentialKind::Password,
            factors: vec![Factor::Pwd],
            authenticated_at: now,
            switch_to: request.switch_to,
            impersonator: None,
            inherited: live.identity.rests_on.clone(),
            latest_end: Timestamp::MAX,
        })
        .await
    }

    /// Verifies Crossbar's Basic: an account's id and a digest.
    pub(crate) async fn verify_basic(
        self: &Arc<Self>,
        account: AccountId,
        digest: &SecretText,
        key: [u8; 32],
        client: IpAddr,
    ) -> Result<Guard<Arc<Live>>, Unproven> {
        let kind = match digest.expose().len() {
            32 => DigestKind::Md5,
            40 => DigestKind::Sha1,
            _ => return Err(Unproven::Invalid),
        };
        let attempt = Attempt {
            candidates: self.live.account(account).await?.into_iter().collect(),
            scopes: vec![self.account_scope(account)],
            kind,
            digest: digest.clone(),
            client,
            key,
        };
        self.prove_and_remember(attempt, AuthMethod::Basic).await
    }

    /// Proves whose a digest is. From then on it is remembered: it costs no hash and asks no lane, so
    /// nobody else's failures can refuse it (decision 28).
    async fn prove_and_remember(
        self: &Arc<Self>,
        attempt: Attempt,
        method: AuthMethod,
    ) -> Result<Guard<Arc<Live>>, Unproven> {
        let began = self.live.epoch();
        let (key, kind) = (attempt.key, attempt.kind);
        let inner = Arc::clone(self);
        let work = async move {
            let verdict = inner.verdict(&attempt).await;
            // Before it lands: whoever asks the same from then on finds it, and hashes nothing.
            if let Ok(proven) = &verdict {
                inner
                    .remember_proven(proven, method, kind, key, began)
                    .await?;
            }
            verdict
        };
        let proven = self.fly(key, Box::pin(work)).await?;
        let live = self
            .remember_proven(&proven, method, kind, key, began)
            .await?;
        live.ok_or(Unproven::Invalid)
    }

    async fn remember_proven(
        &self,
        proven: &Proven,
        method: AuthMethod,
        kind: DigestKind,
        key: [u8; 32],
        began: u64,
    ) -> Result<Option<Guard<Arc<Live>>>, StoreError> {
        let identity = Arc::new(identity(&proven.account, &proven.user, method));
        let by = ProvenBy::Password {
            digest: Some(kind),
            hash_generation: proven.hash_generation,
        };
        let now = self.clock.now();
        self.remember(key, identity, Some(by), began, now).await
    }

    /// Does the work of proving, together with whoever asks the same at the same time, in a task of its own: a client
    /// that hangs up takes nobody's answer away.
    pub(super) async fn fly(
        self: &Arc<Self>,
        key: [u8; 32],
        work: impl Future<Output = Verdict> + Send + 'static,
    ) -> Verdict {
        let answer = match self.flights.board(key) {
            Seat::Passenger(answer) => answer,
            Seat::Pilot(sender) => {
                let answer = sender.subscribe();
                let inner = Arc::clone(self);
                self.tasks.spawn(async move {
                    let verdict = work.await;
                    inner.flights.land(&key, &sender, verdict);
                });
                answer
            }
        };
        arrival(answer).await.unwrap_or(Err(Unproven::Unavailable))
    }

    async fn verdict(self: &Arc<Self>, attempt: &Attempt) -> Verdict {
        let now = self.clock.now();
        let stamp = attempt
            .candidates
            .iter()
            .map(|account| self.live.stamp(account.id))
            .max()
            .unwrap_or(0);
        let secret = self.wrong_key_of(&attempt.key, stamp);
        let guess = self
            .lanes
            .admit(
                Aim::Account,
                &attempt.scopes,
                prefix(attempt.client),
                secret,
                now,
            )
            .map_err(refused)?;
        let verdict = self.try_candidates(attempt).await;
        self.answer_for(&guess, &verdict);
        verdict
    }

    /// What a secret that was wrong is remembered by: it moves with the account, for after a change it may be right.
    pub(super) fn wrong_key_of(&self, key: &[u8; 32], stamp: u64) -> [u8; 32] {
        hmac_framed(&self.process_key, &[b"wrong", key, &stamp.to_le_bytes()])
    }

    /// Tells the lanes how a guess ended.
    pub(super) fn answer_for(&self, guess: &Guess, verdict: &Verdict) {
        match verdict {
            Err(Unproven::Invalid) => self.lanes.remember_wrong(guess, self.clock.now()),
            _ => self.lanes.give_back(guess),
        }
    }

    /// Tries every candidate; where there is none, a stand-in that costs the same.
    async fn try_candidates(self: &Arc<Self>, attempt: &Attempt) -> Verdict {
        if attempt.candidates.is_empty() {
            let salt = self.proof_key(&[b"salt", &attempt.scopes.concat()]);
            let stand_in = std::array::from_fn(|i| salt.get(i).copied().unwrap_or_default());
            self.find_user(AccountId::new(stand_in), stand_in, attempt)
                .await?;
            return Err(Unproven::Invalid);
        }
        for account in &attempt.candidates {
            let found = self.find_user(account.id, account.salt, attempt).await?;
            if let Some((user, hash_generation)) = found {
                return Ok(Arc::new(Proven {
                    account: Arc::clone(account),
                    user,
                    hash_generation,
                }));
            }
        }
        Err(Unproven::Invalid)
    }

    /// One slow hash per live hash generation, newest first, and a look for each.
    async fn find_user(
        self: &Arc<Self>,
        account: AccountId,
        salt: [u8; SALT_LEN],
        attempt: &Attempt,
    ) -> Result<Option<(Arc<User>, i64)>, Unproven> {
        let keys = self.keys.load_full();
        let kind = verifier_kind(attempt.kind);
        for generation in &keys.hashes {
            let recipe = keys.recipe(generation, salt).ok_or(Unproven::Unavailable)?;
            let hashed = self.hash.compute(attempt.digest.clone(), recipe).await;
            let verifier = hashed.map_err(|busy| Unproven::Throttled(busy.retry_after))?;
            let Some(found) = self.store.verifier(account, kind, &verifier).await? else {
                continue;
            };
            // The user is read after the verifier, and the verifier looked for once more: what changes the one replaces
            // the other in the same transaction, so the generation belongs to this very password (decision 24).
            let user = self.live.fresh_user(account, found.user).await?;
            if self.store.verifier(account, kind, &verifier).await? != Some(found) {
                return Ok(None);
            }
            if keys.hashes.first() != Some(generation) {
                self.upgrade(account, salt, attempt, found);
            }
            let user = user.filter(|user| user.enabled);
            return Ok(user.map(|user| (user, generation.id)));
        }
        Ok(None)
    }

    /// Replaces a verifier of an older hash generation by one of the newest (decision 13). Nothing else changes: tokens
    /// live on.
    fn upgrade(
        self: &Arc<Self>,
        account: AccountId,
        salt: [u8; SALT_LEN],
        attempt: &Attempt,
        old: VerifierMatch,
    ) {
        let engine = Engine(Arc::clone(self));
        let (digest, kind) = (attempt.digest.clone(), verifier_kind(attempt.kind));
        self.tasks.spawn(async move {
            let keys = engine.0.keys.load_full();
            let Some(newest) = keys.hashes.first().copied() else {
                return;
            };
            let Some(recipe) = keys.recipe(&newest, salt) else {
                return;
            };
            let Ok(verifier) = engine.0.hash.compute(digest, recipe).await else {
                return;
            };
            let new = NewVerifier {
                id: CredentialId::new(engine.0.random.bytes()),
                kind,
                hash_generation: newest.id,
                verifier,
            };
            if let Err(error) = engine.replace_one(account, old, new).await {
                tracing::warn!(%error, "a verifier was not upgraded");
            }
        });
    }
}

impl Engine {
    /// Attack: the password changes while its old digest is hashed anew, and the upgrade brings the old one back. Answer:
    /// only the very verifier that was found is replaced; where it is gone, nothing is.
    pub(super) async fn replace_one(
        &self,
        account: AccountId,
        old: VerifierMatch,
        new: NewVerifier,
    ) -> Result<(), crate::AdminError> {
        self.commit(Actor::server(), move |write| {
            Box::pin(async move {
                let mut verifiers = write.verifiers(account, old.user).await?;
                let Some(replaced) = verifiers
                    .iter_mut()
                    .find(|verifier| verifier.id == old.credential)
                else {
                    return Ok(());
                };
                *replaced = new;
                write
                    .replace_verifiers(account, old.user, &verifiers)
                    .await?;
                Ok(())
            })
        })
        .await
    }
}

/// Why the lanes let a guess not through.
pub(super) fn refused(admission: Admission) -> Unproven {
    match admission {
        Admission::Full(wait) => Unproven::Throttled(retry_after(wait)),
        Admission::KnownWrong | Admission::Check => Unproven::Invalid,
    }
}

const fn verifier_kind(kind: DigestKind) -> VerifierKind {
    match kind {
        DigestKind::Md5 => VerifierKind::Md5,
        DigestKind::Sha1 => VerifierKind::Sha1,
    }
}

pub(super) fn identity(account: &Account, user: &User, method: AuthMethod) -> Identity {
    Identity {
        account: account.id,
        user: Some(user.id),
        home: account.id,
        home_user: Some(user.id),
        method,
        credential: CredentialKind::Password,
        factors: vec![Factor::Pwd],
        impersonator: None,
        switch_to: None,
        token: None,
        // Not the system's generation, and not the account's: those end tokens and sessions, never passwords
        // (decision 16). A deleted account is gone by itself.
        rests_on: vec![Rest {
            subject: Subject::User(account.id, user.id),
            generation: user.generation,
        }],
    }
}

/// How a sign-in is counted.
pub(super) const fn outcome<T>(result: &Result<T, SignInError>) -> Outcome {
    match result {
        Ok(_) => Outcome::Allow,
        Err(SignInError::Locked(_)) => Outcome::Deny,
        Err(SignInError::Throttled(_)) => Outcome::Throttle,
        Err(SignInError::Unavailable) => Outcome::Unavailable,
        Err(_) => Outcome::Challenge,
    }
}
