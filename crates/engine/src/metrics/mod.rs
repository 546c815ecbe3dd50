//! Counts, kept so that counting on the warm path writes no cache line another core writes: a cell
//! per thread, added up when read (decision 27).

mod reading;

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use doorward_core::spread::Spread;
pub use reading::{Histogram, Label, Reading, ReadingKind};

use crate::Door;

/// Cells per sharded counter; threads beyond share.
pub(crate) const SHARDS: usize = 16;

/// How something ended, for counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Outcome {
    /// Let in.
    Allow,
    /// Not known who.
    Challenge,
    /// Known, and no.
    Deny,
    /// Too many.
    Throttle,
    /// Not now.
    Unavailable,
    /// Makes no sense.
    Refuse,
}

impl Outcome {
    pub(crate) const ALL: [Self; 6] = [
        Self::Allow,
        Self::Challenge,
        Self::Deny,
        Self::Throttle,
        Self::Unavailable,
        Self::Refuse,
    ];

    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Challenge => "challenge",
            Self::Deny => "deny",
            Self::Throttle => "throttle",
            Self::Unavailable => "unavailable",
            Self::Refuse => "refuse",
        }
    }
}

/// What was presented, for counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Via {
    Nothing,
    Token,
    Basic,
}

impl Via {
    const ALL: [Self; 3] = [Self::Nothing, Self::Token, Self::Basic];

    const fn label(self) -> &'static str {
        match self {
            Self::Nothing => "none",
            Self::Token => "token",
            Self::Basic => "basic",
        }
    }
}

/// A way of signing in, for counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Login {
    /// Crossbar's digest.
    Digest,
    /// Crossbar's API key.
    ApiKey,
    /// Funnelback's form.
    Form,
}

impl Login {
    const ALL: [Self; 3] = [Self::Digest, Self::ApiKey, Self::Form];

    const fn labels(self) -> [(&'static str, &'static str); 2] {
        let (dialect, method) = match self {
            Self::Digest => ("crossbar", "password"),
            Self::ApiKey => ("crossbar", "api_key"),
            Self::Form => ("funnelback", "password"),
        };
        [("dialect", dialect), ("method", method)]
    }
}

/// Counts by kind and by how it ended.
type Counts = [[AtomicU64; Outcome::ALL.len()]; 3];

/// Which cache was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lookup {
    Hit,
    Revalidated,
    Miss,
}

impl Lookup {
    const ALL: [Self; 3] = [Self::Hit, Self::Revalidated, Self::Miss];

    const fn label(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Revalidated => "revalidated",
            Self::Miss => "miss",
        }
    }
}

#[repr(align(128))]
#[derive(Default)]
struct Shard {
    decisions: Counts,
    lookups: [AtomicU64; 3],
    seconds: Spread,
    /// Seconds of decisions about guarded APIs, by door.
    door_seconds: [Spread; Door::ALL.len()],
}

/// The engine's counters.
pub struct Metrics {
    shards: Vec<Shard>,
    logins: Counts,
    hashes: Spread,
    shed: AtomicU64,
    forged: AtomicU64,
    change_lag_micros: AtomicU64,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Shard::default()).collect(),
            logins: Default::default(),
            hashes: Spread::default(),
            shed: AtomicU64::new(0),
            forged: AtomicU64::new(0),
            change_lag_micros: AtomicU64::new(0),
        }
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Metrics")
    }
}

thread_local! {
    static SHARD: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// This thread's cell: given out in turn, kept for the thread's life.
pub(crate) fn shard() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    SHARD.with(|mine| {
        if mine.get() == usize::MAX {
            mine.set(NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS);
        }
        mine.get()
    })
}

fn bump(counters: &Counts, kind: usize, outcome: Outcome) {
    if let Some(counter) = counters.get(kind).and_then(|row| row.get(outcome as usize)) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

impl Metrics {
    pub(crate) fn decided(&self, via: Via, outcome: Outcome, took: Duration) {
        if let Some(shard) = self.shards.get(shard()) {
            bump(&shard.decisions, via as usize, outcome);
            shard.seconds.add(took);
        }
    }

    /// A decision about a guarded API was taken; what became of it is counted by its API.
    pub(crate) fn decided_at(&self, door: Door, took: Duration) {
        let spread = self
            .shards
            .get(shard())
            .and_then(|shard| shard.door_seconds.get(door as usize));
        if let Some(spread) = spread {
            spread.add(took);
        }
    }

    pub(crate) fn looked_up(&self, lookup: Lookup) {
        if let Some(counter) = self
            .shards
            .get(shard())
            .and_then(|shard| shard.lookups.get(lookup as usize))
        {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn signed_in(&self, login: Login, outcome: Outcome) {
        bump(&self.logins, login as usize, outcome);
    }

    pub(crate) fn hashed(&self, took: Duration) {
        self.hashes.add(took);
    }

    /// A client wrote so many headers under our names (attacks.md S10).
    pub fn forged(&self, headers: usize) {
        if headers > 0 {
            let headers = u64::try_from(headers).unwrap_or(u64::MAX);
            self.forged.fetch_add(headers, Ordering::Relaxed);
        }
    }

    pub(crate) fn hash_shed(&self) {
        self.shed.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn change_lag(&self, lag: Duration) {
        let micros = u64::try_from(lag.as_micros()).unwrap_or(u64::MAX);
        self.change_lag_micros.store(micros, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorward_store::Times;

    #[test]
    fn buckets_are_cumulative() {
        let metrics = Metrics::default();
        for micros in [1, 3, 3, 99_999_999] {
            metrics.hashed(Duration::from_micros(micros));
        }
        let histogram = metrics.histograms(&Times::default()).remove(1);
        let at = |bound: f64| {
            histogram
                .buckets
                .iter()
                .find(|(b, _)| *b >= bound)
                .unwrap()
                .1
        };
        assert_eq!((at(1e-6), at(2e-6), at(5e-6), at(10.0)), (1, 1, 3, 3));
        assert_eq!(histogram.buckets.last().unwrap().1, 4);
        assert_eq!(metrics.hashes(), 4);
    }

    #[test]
    fn counts_of_all_threads_are_added_up() {
        let metrics = Metrics::default();
        std::thread::scope(|scope| {
            for _ in 0..20 {
                scope.spawn(|| metrics.decided(Via::Token, Outcome::Allow, Duration::ZERO));
            }
        });
        let reading = metrics
            .counters()
            .into_iter()
            .find(|reading| reading.name == "decisions")
            .unwrap();
        assert!((reading.value - 20.0).abs() < 0.1);
    }
}
