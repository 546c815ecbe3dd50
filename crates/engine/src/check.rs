//! From what was presented to who it is: a look into memory, or a verification.
//!
//! What is remembered is the *proof* (this secret belonged to that identity, resting on these
//! generations), never a decision (attacks.md S33). A proof that was compared with the present at the
//! present epoch is good as it is; any other is compared again, from memory, without a slow hash.

use std::net::IpAddr;
use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use doorward_core::account::{Account, Lock};
use doorward_core::credential::{DigestKind, Presented};
use doorward_core::digest::hmac_framed;
use doorward_core::id::{AccountId, KeyId};
use doorward_core::identity::{AuthMethod, CredentialKind, Identity, Subject, TokenFacts};
use doorward_core::permission::{Role, RoleName};
use doorward_core::right::UserLevel;
use doorward_core::time::Timestamp;
use doorward_core::tree::{Position, position};
use doorward_core::user::{Level, User};
use doorward_store::{AppTokenRow, StoreError};

use crate::engine::{Inner, prefix};
use crate::metrics::{Lookup, Via};
use crate::sign_in::{Plain, ShownAppToken};
use crate::usage::LastNoted;
use crate::{Decision, role};

/// Of an application token: it never changes but by being deleted.
pub(crate) const APP_TOKEN_GENERATION: u64 = 0;

/// An identity joined with the live state it was last compared with.
#[derive(Debug)]
pub(crate) struct Live {
    /// Who.
    pub(crate) identity: Arc<Identity>,
    /// The account it acts for.
    pub(crate) account: Arc<Account>,
    /// The user it acts as.
    pub(crate) user: Option<Arc<User>>,
    /// The application token it was proven by.
    pub(crate) app_token: Option<Arc<AppTokenRow>>,
    /// What it may do on guarded APIs.
    pub(crate) roles: Vec<Role>,
    /// The names of these roles.
    pub(crate) role_names: Vec<RoleName>,
    /// When its use was last noted.
    pub(crate) last_noted: LastNoted,
    /// Why the account is locked, if it is.
    pub(crate) lock: Option<Lock>,
    /// Until when all this holds if nothing changes: the token's end, or that of a trial.
    fresh_until: Timestamp,
    /// The epoch it was compared at.
    epoch: u64,
}

/// What of the key ring a proof rests on: it ends with it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ProvenBy {
    /// A password.
    Password {
        /// The digest presented, which the account's setting must still allow with Basic; `None` for the password itself.
        digest: Option<DigestKind>,
        /// The hash generation of its verifier.
        hash_generation: i64,
    },
    /// A remember-me token, by the key that signed it.
    RememberMe(KeyId),
}

impl ProvenBy {
    /// Whether it was a digest, and not this one.
    fn is_other_than(self, allowed: DigestKind) -> bool {
        matches!(self, Self::Password { digest: Some(digest), .. } if digest != allowed)
    }
}

/// A proven secret, remembered by its keyed digest.
pub(crate) struct Proof {
    identity: Arc<Identity>,
    /// Of passwords and remember-me tokens only.
    by: Option<ProvenBy>,
    live: ArcSwap<Live>,
}

impl Proof {
    /// Whether nothing can make it good again.
    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        self.identity.expires() <= now
    }
}

/// Why nobody is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unproven {
    /// It proves nothing.
    Invalid,
    /// Too many guesses, or too many hashes waiting.
    Throttled(std::time::Duration),
    /// The store does not answer.
    Unavailable,
}

impl<P> From<Unproven> for Decision<P> {
    fn from(unproven: Unproven) -> Self {
        match unproven {
            Unproven::Invalid => Self::Challenge,
            Unproven::Throttled(wait) => Self::Throttle(wait),
            Unproven::Unavailable => Self::Unavailable,
        }
    }
}

/// Where something is presented, which settles what is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ground {
    /// A management resource: tokens and Crossbar's Basic.
    Management,
    /// A guarded API of this account: everything there is.
    Api(AccountId),
    /// A path that nobody claims: nothing that costs a slow hash (decision 11).
    Unclaimed,
}

impl From<StoreError> for Unproven {
    fn from(error: StoreError) -> Self {
        tracing::warn!(%error, "a credential could not be checked");
        Self::Unavailable
    }
}

impl Inner {
    /// Who presents this, compared with the present.
    pub(crate) async fn authenticate(
        self: &Arc<Self>,
        presented: &Presented,
        ground: Ground,
        client: IpAddr,
        now: Timestamp,
    ) -> Result<Guard<Arc<Live>>, Unproven> {
        let key = self.key_of(presented, ground, client);
        let key = key.ok_or(Unproven::Invalid)?;
        let live = match self.warm(&key, now) {
            Some(live) => live,
            // Boxed, so that the warm path carries none of it.
            None => Box::pin(self.verify(presented, key, ground, client, now)).await?,
        };
        match presented {
            Presented::Token {
                account: Some(account),
                ..
            } if *account != live.identity.home.to_string() => Err(Unproven::Invalid),
            _ => Ok(live),
        }
    }

    /// What a credential is remembered by; `None` for what can never prove anybody.
    ///
    /// Attack: a guesser whom the lanes refuse goes on guessing, for a password that is remembered is not refused. Answer:
    /// passwords and their digests are remembered where they were proven, where the lane is their holder's own.
    fn key_of(&self, presented: &Presented, ground: Ground, client: IpAddr) -> Option<[u8; 32]> {
        let may_be_basic = match ground {
            Ground::Management => self.settings.allow_basic,
            Ground::Api(_) => true,
            Ground::Unclaimed => false,
        };
        match (presented, ground) {
            (Presented::Token { token, .. }, _) => {
                Some(self.proof_key(&[b"token", token.expose().as_bytes()]))
            }
            (Presented::AccountDigest { account, digest }, _) if may_be_basic => {
                let source = prefix(client);
                let parts: [&[u8]; 4] = [
                    b"basic",
                    source.as_bytes(),
                    account.as_bytes(),
                    digest.expose().as_bytes(),
                ];
                Some(self.proof_key(&parts))
            }
            (Presented::Password { username, password }, Ground::Api(account)) => {
                let source = prefix(client);
                let parts: [&[u8]; 5] = [
                    b"plain",
                    source.as_bytes(),
                    account.as_bytes(),
                    username.as_bytes(),
                    password.expose().as_bytes(),
                ];
                Some(self.proof_key(&parts))
            }
            (Presented::RememberMe { token, .. }, Ground::Api(_) | Ground::Unclaimed) => {
                // Whose users sign in, or whether any do, changes with the configuration.
                let settings = self.guarding.load().funnelback?;
                let account = settings.account.as_bytes();
                Some(self.proof_key(&[b"remember-me", account, token.expose().as_bytes()]))
            }
            (Presented::AppToken { token, name }, Ground::Api(_) | Ground::Unclaimed) => {
                // No name is not the empty name, which no token has.
                let kind: &[u8] = match name {
                    Some(_) => b"app-token pair",
                    None => b"app-token",
                };
                let name = name.as_deref().unwrap_or_default().as_bytes();
                Some(self.proof_key(&[kind, name, token.expose().as_bytes()]))
            }
            (Presented::ApiKey { key }, Ground::Api(_) | Ground::Unclaimed) => {
                Some(self.proof_key(&[b"api-key", key.expose().as_bytes()]))
            }
            _ => None,
        }
    }

    /// Compares what is remembered again, or verifies what is not.
    async fn verify(
        self: &Arc<Self>,
        presented: &Presented,
        key: [u8; 32],
        ground: Ground,
        client: IpAddr,
        now: Timestamp,
    ) -> Result<Guard<Arc<Live>>, Unproven> {
        if let Some(live) = self.known(&key, now).await? {
            return Ok(live);
        }
        match presented {
            Presented::Token { token, .. } => {
                let began = self.live.epoch();
                let identity = self.verify_token(token, now).await?;
                let identity = identity.map_err(|_| Unproven::Invalid)?;
                let live = self.remember(key, identity, None, began, now).await?;
                live.ok_or(Unproven::Invalid)
            }
            Presented::AccountDigest { account, digest } => {
                self.verify_basic(*account, digest, key, client).await
            }
            Presented::Password { username, password } => {
                let Ground::Api(account) = ground else {
                    return Err(Unproven::Invalid);
                };
                let plain = Plain::new(account, username, password, client, key);
                self.verify_plain(plain, now).await
            }
            Presented::RememberMe { token, .. } => {
                self.verify_remember_me(token.expose(), key, now).await
            }
            Presented::AppToken { token, name } => {
                let shown = ShownAppToken {
                    value: token.expose(),
                    name: name.as_deref(),
                };
                self.verify_app_token(&shown, key, client, now).await
            }
            Presented::ApiKey { key: api_key } => {
                self.verify_api_key(api_key, key, client, now).await
            }
            _ => Err(Unproven::Invalid),
        }
    }

    /// A remembered proof, compared with the present.
    pub(crate) async fn known(
        &self,
        key: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<Guard<Arc<Live>>>, StoreError> {
        if let Some(live) = self.warm(key, now) {
            return Ok(Some(live));
        }
        let Some(proof) = self.proofs.get(key) else {
            self.metrics.looked_up(Lookup::Miss);
            return Ok(None);
        };
        if let Some(live) = self.join(&proof.identity, proof.by, now).await? {
            self.metrics.looked_up(Lookup::Revalidated);
            let live = Arc::new(live);
            proof.live.store(Arc::clone(&live));
            return Ok(Some(Guard::from_inner(live)));
        }
        self.metrics.looked_up(Lookup::Miss);
        self.proofs.remove(key);
        Ok(None)
    }

    /// The warm path: no store, no hash, no lock, nothing written that cores share.
    fn warm(&self, key: &[u8; 32], now: Timestamp) -> Option<Guard<Arc<Live>>> {
        let live = self.proofs.with(key, |proof| proof.live.load())?;
        if !live.holds_at(self.live.epoch(), now) {
            return None;
        }
        self.metrics.looked_up(Lookup::Hit);
        Some(live)
    }

    /// Compares a fresh identity with the present and, if it holds, remembers the proof. `began` is
    /// the epoch before anything was read for it.
    pub(crate) async fn remember(
        &self,
        key: [u8; 32],
        identity: Arc<Identity>,
        by: Option<ProvenBy>,
        began: u64,
        now: Timestamp,
    ) -> Result<Option<Guard<Arc<Live>>>, StoreError> {
        let Some(mut live) = self.join(&identity, by, now).await? else {
            return Ok(None);
        };
        live.epoch = live.epoch.min(began);
        let live = Arc::new(live);
        let proof = Proof {
            identity,
            by,
            live: ArcSwap::new(Arc::clone(&live)),
        };
        self.proofs.insert(key, Arc::new(proof));
        Ok(Some(Guard::from_inner(live)))
    }

    /// Compares everything an identity rests on with the present; `None` when it no longer holds.
    pub(crate) async fn join(
        &self,
        identity: &Arc<Identity>,
        by: Option<ProvenBy>,
        now: Timestamp,
    ) -> Result<Option<Live>, StoreError> {
        let epoch = self.live.epoch();
        if !self.proof_stands(identity, by, now).await? {
            return Ok(None);
        }
        let Some(account) = self.live.account(identity.account).await? else {
            return Ok(None);
        };
        if identity.method == AuthMethod::Basic {
            let allowed = account.basic_digest.unwrap_or(self.settings.basic_digest);
            if by.is_none_or(|by| by.is_other_than(allowed)) {
                return Ok(None);
            }
        }
        let user = match identity.user {
            Some(user) => match self.live.user(identity.account, user).await? {
                Some(user) if user.enabled => Some(user),
                _ => return Ok(None),
            },
            None => None,
        };
        let above = self.live.ancestors(&account).await?;
        if !self.may_act_as(identity, &above).await?
            || !self.may_still_impersonate(identity).await?
        {
            return Ok(None);
        }
        let (lock, trials) = standing(&account, &above, now);
        let token = match identity.app_token() {
            Some(id) => self.live.app_token(identity.account, id).await?,
            None => None,
        };
        let ends = token.as_ref().and_then(|token| token.expires);
        if ends.is_some_and(|end| end <= now) {
            return Ok(None);
        }
        let fresh_until = [trials, ends]
            .into_iter()
            .flatten()
            .fold(identity.expires(), Timestamp::min);
        let roles = match (&token, &user) {
            (Some(token), _) => role::named(&account, &token.roles),
            (None, Some(user)) => role::named(&account, &user.roles),
            (None, None) => without_user(identity.credential),
        };
        Ok(Some(Live {
            identity: Arc::clone(identity),
            role_names: roles.iter().map(|role| role.name.clone()).collect(),
            roles,
            account,
            user,
            app_token: token,
            last_noted: LastNoted::default(),
            lock,
            fresh_until,
            epoch,
        }))
    }

    /// Whether the proof itself is neither over nor taken back, and everything it rests on is as it was.
    async fn proof_stands(
        &self,
        identity: &Identity,
        by: Option<ProvenBy>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let is_denied = |token: TokenFacts| self.live.is_denied(token.id);
        let is_dead = |by| !self.keys.load().bears(by);
        if identity.expires() <= now || identity.token.is_some_and(is_denied) {
            return Ok(false);
        }
        if by.is_some_and(is_dead) {
            return Ok(false);
        }
        for rest in &identity.rests_on {
            if self.generation(rest.subject).await? != Some(rest.generation) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether the holder of a token with `as` may act as its target: a descendant of its own account,
    /// never the account itself, and for administrators and API keys only (decision 2).
    async fn may_act_as(
        &self,
        identity: &Identity,
        above: &[Arc<Account>],
    ) -> Result<bool, StoreError> {
        if !identity.is_switched() {
            return Ok(true);
        }
        let ancestors = above.iter().map(|account| account.id);
        if position(identity.home, identity.account, ancestors) != Position::Below {
            return Ok(false);
        }
        let Some(home_user) = identity.home_user else {
            return Ok(true);
        };
        let user = self.live.user(identity.home, home_user).await?;
        Ok(user.is_some_and(|user| {
            user.enabled
                && (user.level == Level::Admin || self.settings.user_level == UserLevel::Kazoo)
        }))
    }

    /// Whether the impersonator, if there is one, is still who may do that: levels and flags are read
    /// live, generations are compared with the rest.
    async fn may_still_impersonate(&self, identity: &Identity) -> Result<bool, StoreError> {
        let Some(by) = identity.impersonator else {
            return Ok(true);
        };
        let account = self.live.account(by.account).await?;
        let user = self.live.user(by.account, by.user).await?;
        Ok(account.is_some_and(|account| account.superduper)
            && user.is_some_and(|user| user.enabled && user.level == Level::Admin))
    }

    /// The generation a principal has now; `None` when it is gone.
    pub(crate) async fn generation(&self, subject: Subject) -> Result<Option<u64>, StoreError> {
        Ok(match subject {
            Subject::System => Some(self.keys.load().system.generation),
            Subject::Account(account) => self
                .live
                .account(account)
                .await?
                .map(|account| account.generation),
            Subject::AccountKey(account) => self
                .live
                .account(account)
                .await?
                .map(|account| account.key_generation),
            Subject::User(account, user) => self
                .live
                .user(account, user)
                .await?
                .map(|user| user.generation),
            Subject::Credential(account, id) => {
                let token = self.live.app_token(account, id).await?;
                token.map(|_| APP_TOKEN_GENERATION)
            }
        })
    }

    /// The keyed digest a secret is remembered by; the key is drawn anew by each process.
    pub(crate) fn proof_key(&self, parts: &[&[u8]]) -> [u8; 32] {
        hmac_framed(&self.process_key, parts)
    }
}

impl Live {
    /// Whether it still is what it was compared with.
    pub(crate) fn holds_at(&self, epoch: u64, now: Timestamp) -> bool {
        self.epoch == epoch && now < self.fresh_until
    }
}

/// Why an account is locked, if it or one above it is, and when the first trial among them ends.
fn standing(
    account: &Arc<Account>,
    above: &[Arc<Account>],
    now: Timestamp,
) -> (Option<Lock>, Option<Timestamp>) {
    let line = || std::iter::once(account).chain(above);
    let trials = line().filter_map(|account| account.trial_ends);
    (
        line().find_map(|account| account.lock(now)),
        trials.filter(|end| *end > now).min(),
    )
}

/// The roles of an identity without user. An account's own key stands for the account and has every right in it
/// (decision 2); an address or a certificate has none.
fn without_user(credential: CredentialKind) -> Vec<Role> {
    match credential {
        CredentialKind::ApiKey => role::everything(),
        _ => Vec::new(),
    }
}

/// How a credential is counted.
pub(crate) const fn via(presented: &Presented) -> Via {
    match presented {
        Presented::Token { .. } => Via::Token,
        Presented::AccountDigest { .. } => Via::Basic,
        _ => Via::Nothing,
    }
}
