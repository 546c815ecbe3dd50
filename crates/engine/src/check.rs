//! From what was presented to who it is: a look into memory, or a verification.
//!
//! What is remembered is the *proof* (this secret belonged to that identity, resting on these
//! generations), never a decision (attacks.md S33). A proof that was compared with the present at the
//! present epoch is good as it is; any other is compared again, from memory, without a slow hash.

use std::net::IpAddr;
use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use doorward_core::credential::Presented;
use doorward_core::digest::hmac_framed;
use doorward_core::id::AccountId;
use doorward_core::identity::Identity;
use doorward_core::time::Timestamp;
use doorward_store::StoreError;

use crate::Decision;
use crate::engine::{Inner, prefix};
use crate::metrics::{Lookup, Via};
use crate::present::{Live, ProvenBy};
use crate::sign_in::{Plain, ShownAppToken};

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
        let Some(live) = self.join(&identity, by, now).await? else {
            return Ok(None);
        };
        let live = Arc::new(live.known_since(began));
        let proof = Proof {
            identity,
            by,
            live: ArcSwap::new(Arc::clone(&live)),
        };
        self.proofs.insert(key, Arc::new(proof));
        Ok(Some(Guard::from_inner(live)))
    }

    /// The keyed digest a secret is remembered by; the key is drawn anew by each process.
    pub(crate) fn proof_key(&self, parts: &[&[u8]]) -> [u8; 32] {
        hmac_framed(&self.process_key, parts)
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
