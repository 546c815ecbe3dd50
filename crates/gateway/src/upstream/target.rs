//! One address of an upstream: its connections, how busy it is, and whether it rests after a failure.

use std::fmt;
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::uri::Authority;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioTimer;
use tokio::time::Instant;

use super::connect::Connector;
use super::health::Unwell;
use super::{UpstreamSettings, UpstreamUrl};
use crate::owner::Owner;
use crate::serve::Body;

/// How long an address rests after its first failure; each further one doubles it.
const REST: Duration = Duration::from_millis(500);
/// The longest rest.
const MAX_REST: Duration = Duration::from_secs(30);
/// Probes without success until an address is left out.
const OUT_AFTER: u64 = 2;
/// How long an idle connection is kept; shorter than what common servers keep theirs, so that we close first.
const KEPT: Duration = Duration::from_secs(50);

/// One address of an upstream.
pub(crate) struct Target {
    url: UpstreamUrl,
    authority: Authority,
    client: Client<Connector, Body>,
    pending: AtomicUsize,
    failures: AtomicU64,
    rests_until: Mutex<Option<Instant>>,
    /// Probes without success since the last one with.
    missed: AtomicU64,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({})", self.url)
    }
}

impl Target {
    pub(super) fn new(url: UpstreamUrl, settings: &UpstreamSettings, owner: &Owner) -> Self {
        let connector = Connector {
            url: url.clone(),
            tls: settings.tls.clone(),
            timeout: settings.connect_timeout,
        };
        let client = Client::builder(owner.clone())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(KEPT)
            .pool_max_idle_per_host(settings.max_idle)
            .set_host(false)
            .build(connector);
        Self {
            authority: url.authority(),
            url,
            client,
            pending: AtomicUsize::new(0),
            failures: AtomicU64::new(0),
            rests_until: Mutex::new(None),
            missed: AtomicU64::new(0),
        }
    }

    /// Counts a request towards it for as long as the value lives, unless there are so many already.
    pub(super) fn take(self: &Arc<Self>, max: usize) -> Option<InUse> {
        let before = self.pending.fetch_add(1, Ordering::Relaxed);
        let in_use = InUse(Arc::clone(self));
        (before < max).then_some(in_use)
    }

    pub(super) fn pending(&self) -> usize {
        self.pending.load(Ordering::Relaxed)
    }

    /// Until when it rests; `None` when it does not.
    pub(super) fn rests_until(&self, now: Instant) -> Option<Instant> {
        if self.failures.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let until = *self
            .rests_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        until.filter(|until| *until > now)
    }

    /// Whether probes found it unwell.
    pub(super) fn is_out(&self) -> bool {
        self.missed.load(Ordering::Relaxed) >= OUT_AFTER
    }

    /// A probe succeeded.
    pub(super) fn is_well(&self) {
        if self.missed.swap(0, Ordering::Relaxed) >= OUT_AFTER {
            tracing::info!(upstream.url = %self.url, "an upstream is well again");
        }
    }

    /// A probe did not.
    pub(super) fn is_unwell(&self, why: &Unwell) {
        let before = self.missed.fetch_add(1, Ordering::Relaxed);
        if before.saturating_add(1) == OUT_AFTER {
            tracing::warn!(upstream.url = %self.url, %why, "an upstream is unwell and is left out");
        }
    }

    /// It could not be reached.
    pub(crate) fn failed(&self, now: Instant) {
        let before = self.failures.fetch_add(1, Ordering::Relaxed).min(10);
        let rest = REST.saturating_mul(1_u32 << before).min(MAX_REST);
        *self
            .rests_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(now + rest);
        if before == 0 {
            tracing::warn!(upstream.url = %self.url, "an upstream could not be reached");
        }
    }

    /// It answered.
    pub(crate) fn answered(&self) {
        if self.failures.load(Ordering::Relaxed) != 0 {
            self.failures.store(0, Ordering::Relaxed);
            tracing::info!(upstream.url = %self.url, "an upstream is reached again");
        }
    }

    pub(crate) const fn client(&self) -> &Client<Connector, Body> {
        &self.client
    }

    /// What a request of our own names as its host.
    pub(super) fn host(&self) -> &str {
        match &self.url {
            UpstreamUrl::Http(authority) | UpstreamUrl::Https(authority) => authority.as_str(),
            UpstreamUrl::Unix(_) => "localhost",
        }
    }

    pub(crate) const fn authority(&self) -> &Authority {
        &self.authority
    }
}

/// A target with a request under way.
#[derive(Debug)]
pub(crate) struct InUse(Arc<Target>);

impl InUse {
    /// The target itself.
    pub(crate) fn target(&self) -> Arc<Target> {
        Arc::clone(&self.0)
    }
}

impl Deref for InUse {
    type Target = Target;

    fn deref(&self) -> &Target {
        &self.0
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        self.0.pending.fetch_sub(1, Ordering::Relaxed);
    }
}
