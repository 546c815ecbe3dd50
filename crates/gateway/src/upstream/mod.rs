//! The services behind us: where they are, which of several addresses is asked, and what is remembered of
//! one that failed.

mod address;
mod connect;
mod health;
mod stream;
mod target;
mod tls;

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::owner::Owner;

pub use self::address::{NotAnUpstream, UpstreamUrl};
pub use self::health::Health;
pub(crate) use self::stream::Cut;
pub(crate) use self::target::{InUse, Target};
pub use self::tls::{Pem, Tls, TlsError};

/// What an operator can set about an upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamSettings {
    /// Its name.
    pub name: Arc<str>,
    /// Where it is; several are asked in turn, the least busy first.
    pub urls: Vec<UpstreamUrl>,
    /// How long a connection may take to open.
    pub connect_timeout: Duration,
    /// How long the head of the answer may take, counted from the last byte of the request that was taken.
    pub response_timeout: Duration,
    /// How long the answer may pause in its body.
    pub idle_timeout: Duration,
    /// Connections kept open for the next request, per address.
    pub max_idle: usize,
    /// Requests under way at once, per address.
    pub max_in_flight: usize,
    /// Further addresses asked after one that could not be reached.
    pub retries: usize,
    /// What those addresses are spoken with that are `https`.
    pub tls: Tls,
    /// How it is asked whether it is well; it is not where this is `None`.
    pub health: Option<Health>,
}

impl UpstreamSettings {
    /// 5 s to connect, 60 s for a head, 60 s without a byte, 64 idle connections and 1024 requests an
    /// address, one further try; TLS with
    /// the usual authorities, no probes.
    #[must_use]
    pub fn new(name: &str, urls: Vec<UpstreamUrl>) -> Self {
        Self {
            name: name.into(),
            urls,
            connect_timeout: Duration::from_secs(5),
            response_timeout: Duration::from_mins(1),
            idle_timeout: Duration::from_mins(1),
            max_idle: 64,
            max_in_flight: 1024,
            retries: 1,
            tls: Tls::default(),
            health: None,
        }
    }
}

/// One service behind us.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) settings: UpstreamSettings,
    targets: Vec<Arc<Target>>,
}

impl Upstream {
    fn new(settings: UpstreamSettings, owner: &Owner) -> Arc<Self> {
        let target = |url: &UpstreamUrl| Arc::new(Target::new(url.clone(), &settings, owner));
        let upstream = Arc::new(Self {
            targets: settings.urls.iter().map(target).collect(),
            settings,
        });
        if let Some(health) = &upstream.settings.health {
            owner.spawn(health::watch(Arc::downgrade(&upstream), health.clone()));
        }
        upstream
    }

    /// The least busy address that is neither unwell nor resting after a failure, of equals each in turn; if
    /// none is, one that is not unwell before one that is, and the one that rests least long. Those tried
    /// already are left out.
    pub(crate) fn choose(&self, tried: &[Arc<Target>], now: Instant) -> Result<InUse, Nobody> {
        let fresh = |target: &&Arc<Target>| !tried.iter().any(|t| Arc::ptr_eq(t, target));
        let (before, after) = self.targets.split_at(turn(self.targets.len()));
        let targets = || after.iter().chain(before).filter(fresh);
        let good = |target: &&Arc<Target>| !target.is_out() && target.rests_until(now).is_none();
        let bad = |target: &&Arc<Target>| (target.is_out(), target.rests_until(now));
        let one = targets()
            .filter(good)
            .min_by_key(|target| target.pending())
            .or_else(|| targets().min_by_key(bad));
        one.ok_or(Nobody::IsThere)?
            .take(self.settings.max_in_flight)
            .ok_or(Nobody::HasRoom)
    }
}

/// Why no address can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nobody {
    /// There is none, or none further.
    IsThere,
    /// The least busy one has as many requests under way as it may have.
    HasRoom,
}

/// Where to begin among so many. Each thread counts for itself: one number for all of them would be a line of
/// memory that every core writes for every request.
fn turn(count: usize) -> usize {
    thread_local! {
        static TURN: Cell<usize> = const { Cell::new(0) };
    }
    let turn = TURN.get();
    TURN.set(turn.wrapping_add(1));
    turn.checked_rem(count).unwrap_or_default()
}

/// All upstreams, by name.
#[derive(Debug, Default)]
pub(crate) struct Upstreams(HashMap<Arc<str>, Arc<Upstream>>);

impl Upstreams {
    /// These, with the open connections of those among `before` that are set alike. Others open when they are
    /// needed, and end with their owner.
    pub(crate) fn renewed(before: &Self, settings: Vec<UpstreamSettings>, owner: &Owner) -> Self {
        let keep = |settings: &UpstreamSettings| {
            let old = before.0.get(&settings.name)?;
            (old.settings == *settings).then(|| Arc::clone(old))
        };
        let upstreams = settings.into_iter().map(|settings| {
            let name = Arc::clone(&settings.name);
            let make = || Upstream::new(settings.clone(), owner);
            (name, keep(&settings).unwrap_or_else(make))
        });
        Self(upstreams.collect())
    }

    /// The upstream of a name.
    pub(crate) fn find(&self, name: &str) -> Option<&Arc<Upstream>> {
        self.0.get(name)
    }
}
