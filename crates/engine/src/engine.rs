//! The handle everybody holds.

use std::net::IpAddr;
use std::sync::Arc;

use arc_swap::ArcSwap;
use aws_lc_rs::hmac;
use doorward_core::account::Account;
use doorward_core::id::{AccountId, KeyId, UserId};
use doorward_core::jwt::VerifyingKey;
use doorward_core::secret::SecretBytes;
use doorward_core::source::{Clock, Random};
use doorward_core::time::Timestamp;
use doorward_core::user::User;
use doorward_store::{Actor, KeyPurpose, KeyState, RingKey, Store, StoreError};
use tokio_util::task::TaskTracker;

use crate::admin::new_p256_key;
use crate::api::{Guarded, Guarding, Recorder};
use crate::cache::Bounded;
use crate::check::Proof;
use crate::guard::{Flights, Lanes};
use crate::hash::HashPool;
use crate::health::Health;
use crate::keys::Keys;
use crate::live::LiveState;
use crate::metrics::{Histogram, Metrics, Reading, ReadingKind};
use crate::settings::Settings;
use crate::sign_in::{LastExpiry, Verdict};
use crate::upkeep::Heard;
use crate::usage::Uses;

/// The engine could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// There is nothing in the store yet.
    #[error("the store holds no account yet; run `doorward init` first")]
    Empty,
    /// There is something in the store already.
    #[error("the store already holds an account")]
    NotEmpty,
    /// A key of the ring is missing or unusable.
    #[error("the key ring is unusable: {0}")]
    Keys(&'static str),
    /// A name or password is refused.
    #[error(transparent)]
    Refused(#[from] crate::AdminError),
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What an account's place in the tree says about it (crossbar.md section 12.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountFacts {
    /// The nearest reseller above, else the root; the root's own id for the root.
    pub reseller: AccountId,
    /// Whether it is the root of the tree.
    pub is_master: bool,
}

/// The engine: cheap to clone.
#[derive(Clone)]
pub struct Engine(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    pub(crate) keys: ArcSwap<Keys>,
    pub(crate) live: LiveState,
    pub(crate) proofs: Bounded<[u8; 32], Arc<Proof>>,
    pub(crate) guarding: ArcSwap<Guarding>,
    pub(crate) recorder: Recorder,
    pub(crate) last_expiry: LastExpiry,
    pub(crate) uses: Uses,
    pub(crate) process_key: hmac::Key,
    pub(crate) lanes: Lanes,
    pub(crate) flights: Flights<Verdict>,
    pub(crate) hash: HashPool,
    pub(crate) health: Health,
    pub(crate) heard: Heard,
    pub(crate) metrics: Arc<Metrics>,
    /// Work that must not end with the client who asked for it.
    pub(crate) tasks: TaskTracker,
}

impl Engine {
    /// Loads what decisions need. No background work yet: the command line needs none.
    ///
    /// # Errors
    /// [`StartError::Empty`] before `init`.
    pub async fn open(
        store: Store,
        settings: Settings,
        clock: Clock,
        random: Random,
    ) -> Result<Self, StartError> {
        // The place in the order of changes is taken before anything is read, so nothing is missed.
        let heard = Heard::new(store.last_change().await?);
        let mut keys = Keys::load(&store).await?;
        if keys.assertion().is_none() || keys.remember_me().is_empty() {
            Box::pin(add_later_keys(&store, &clock, &random)).await?;
            keys = Keys::load(&store).await?;
        }
        let metrics = Arc::new(Metrics::default());
        let live = LiveState::new(
            store.clone(),
            settings.cached_accounts,
            settings.cached_users,
        );
        live.deny(store.denied_tokens(clock.now()).await?);
        Ok(Self(Arc::new(Inner {
            keys: ArcSwap::from_pointee(keys),
            live,
            proofs: Bounded::new(settings.cached_credentials),
            last_expiry: LastExpiry::default(),
            uses: Uses::default(),
            process_key: hmac::Key::new(hmac::HMAC_SHA256, &random.bytes::<32>()),
            guarding: ArcSwap::from_pointee(Guarding::new(Guarded::default(), None)),
            recorder: Recorder::new(settings.record.clone()),
            lanes: Lanes::new(settings.limits.clone()),
            flights: Flights::new(),
            hash: HashPool::start(&settings.hash, Arc::clone(&metrics)),
            health: Health::new(&settings),
            heard,
            metrics,
            tasks: TaskTracker::new(),
            store,
            settings,
            clock,
            random,
        })))
    }

    /// Waits for writes under way and ends the hash threads. The store stays open.
    pub async fn shutdown(&self) {
        self.0.tasks.close();
        self.0.tasks.wait().await;
        self.0.write_record().await;
        self.0.write_uses().await;
        self.0.hash.end();
    }

    /// An account from memory or store.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn account(&self, id: AccountId) -> Result<Option<Arc<Account>>, StoreError> {
        self.0.live.account(id).await
    }

    /// A user from memory or store.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn user(
        &self,
        account: AccountId,
        id: UserId,
    ) -> Result<Option<Arc<User>>, StoreError> {
        self.0.live.user(account, id).await
    }

    /// The public keys that verify tokens, the signing one first.
    #[must_use]
    pub fn token_keys(&self) -> Vec<VerifyingKey> {
        self.0.keys.load().all_verifying().to_vec()
    }

    /// One public key.
    #[must_use]
    pub fn token_key(&self, id: KeyId) -> Option<VerifyingKey> {
        self.0.keys.load().verifying(id).cloned()
    }

    /// 16 bytes that name the installation: for the constant `node` of envelopes.
    #[must_use]
    pub fn installation(&self) -> [u8; 16] {
        self.0.keys.load().system.installation
    }

    /// The root of the account tree.
    #[must_use]
    pub fn root(&self) -> AccountId {
        self.0.keys.load().system.root
    }

    /// Why no decision can be made now; empty when all is well. For `/readyz`.
    #[must_use]
    pub fn unready(&self) -> Vec<&'static str> {
        self.0.health.problems()
    }

    /// The counters that histograms do not cover, and the gauges.
    #[must_use]
    pub fn readings(&self) -> Vec<Reading> {
        let (accounts, users) = self.0.live.sizes();
        let gauge = |name, help, labels, value: usize| Reading {
            name,
            help,
            kind: ReadingKind::Gauge,
            labels,
            value: u32::try_from(value).map_or(f64::MAX, f64::from),
        };
        let mut readings = self.0.metrics.counters();
        for counts in self.0.guarding.load().all_counts() {
            readings.extend(counts.readings());
        }
        readings.push(Reading {
            name: "attempts_dropped",
            help: "Decisions that should have been recorded and were not.",
            kind: ReadingKind::Counter,
            labels: Vec::new(),
            value: f64::from(u32::try_from(self.0.recorder.dropped()).unwrap_or(u32::MAX)),
        });
        for (cache, entries) in [
            ("credentials", self.0.proofs.len()),
            ("accounts", accounts),
            ("users", users),
        ] {
            readings.push(gauge(
                "cache_entries",
                "Entries in memory.",
                vec![("cache", cache.into())],
                entries,
            ));
        }
        readings.push(gauge(
            "hash_queue",
            "Slow hashes waiting.",
            Vec::new(),
            self.0.hash.waiting(),
        ));
        let up = usize::from(self.0.health.is_up());
        readings.push(gauge(
            "store_up",
            "Whether the store answered lately.",
            Vec::new(),
            up,
        ));
        readings
    }

    /// How long decisions, slow hashes and the store take.
    #[must_use]
    pub fn histograms(&self) -> Vec<Histogram> {
        self.0.metrics.histograms(self.0.store.times())
    }

    /// The counts of slow hashes.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// The store below, for listings and backups.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// Fresh randomness, for request ids.
    #[must_use]
    pub fn random(&self) -> &Random {
        &self.0.random
    }

    /// The time, as the engine has it.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// The settings it runs with.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }
}

/// Gives a store of an older version the keys it has not. Of two nodes that see none, one adds them.
async fn add_later_keys(store: &Store, clock: &Clock, random: &Random) -> Result<(), StartError> {
    let assertion = new_p256_key().ok_or(StartError::Keys("no P-256 key was made"))?;
    let remember_me = SecretBytes::new(random.bytes::<32>().to_vec());
    let mut write = store.write(Actor::server()).await?;
    // Locks the installation against another node that does the same.
    write.system().await?;
    let ring = store.keys().await?;
    for (purpose, material) in [
        (KeyPurpose::Assertion, assertion),
        (KeyPurpose::RememberMe, remember_me),
    ] {
        let is_there = |key: &RingKey| key.purpose == purpose && key.state == KeyState::Active;
        if ring.iter().any(is_there) {
            continue;
        }
        let key = RingKey {
            id: KeyId::new(random.bytes()),
            purpose,
            state: KeyState::Active,
            material,
            created: clock.now(),
        };
        write.insert_key(&key).await?;
    }
    write.commit().await?;
    Ok(())
}

/// What a caller's address is, for lanes and logs.
pub(crate) fn prefix(client: IpAddr) -> doorward_core::address::Prefix {
    doorward_core::address::Prefix::of(client)
}
