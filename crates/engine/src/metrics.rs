//! Counts, kept so that counting on the warm path writes no cache line another core writes: a cell
//! per thread, added up when read (decision 27).

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

/// Cells per sharded counter; threads beyond share.
const SHARDS: usize = 16;

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
    const ALL: [Self; 6] = [
        Self::Allow,
        Self::Challenge,
        Self::Deny,
        Self::Throttle,
        Self::Unavailable,
        Self::Refuse,
    ];

    const fn label(self) -> &'static str {
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
    Password,
    ApiKey,
}

impl Via {
    const ALL: [Self; 5] = [
        Self::Nothing,
        Self::Token,
        Self::Basic,
        Self::Password,
        Self::ApiKey,
    ];

    const fn label(self) -> &'static str {
        match self {
            Self::Nothing => "none",
            Self::Token => "token",
            Self::Basic => "basic",
            Self::Password => "password",
            Self::ApiKey => "api_key",
        }
    }
}

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

/// What kind of metric a [`Reading`] is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadingKind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
}

/// A metric as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Name without `doorward_` and without the `_total` of counters.
    pub name: &'static str,
    /// What it counts, in a sentence.
    pub help: &'static str,
    /// Counter or gauge.
    pub kind: ReadingKind,
    /// Labels, all of closed sets.
    pub labels: Vec<(&'static str, &'static str)>,
    /// Value.
    pub value: f64,
}

/// Durations as they spread.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// Name without `doorward_`, ending in the unit.
    pub name: &'static str,
    /// What is measured.
    pub help: &'static str,
    /// Labels.
    pub labels: Vec<(&'static str, &'static str)>,
    /// Upper bounds in seconds, and how many were at most that long; the last bound is infinite.
    pub buckets: Vec<(f64, u64)>,
    /// Sum in seconds.
    pub sum: f64,
}

#[repr(align(128))]
#[derive(Default)]
struct Shard {
    decisions: [[AtomicU64; 6]; 5],
    lookups: [AtomicU64; 3],
    seconds: Spread,
}

/// A fixed set of buckets from a microsecond to ten seconds.
#[derive(Default)]
struct Spread {
    counts: [AtomicU64; BOUNDS_MICROS.len() + 1],
    micros: AtomicU64,
}

const BOUNDS_MICROS: [u64; 14] = [
    1, 2, 5, 10, 50, 100, 500, 1_000, 5_000, 25_000, 100_000, 500_000, 2_000_000, 10_000_000,
];

impl Spread {
    fn add(&self, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let at = BOUNDS_MICROS.partition_point(|bound| *bound < micros);
        if let Some(count) = self.counts.get(at) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.micros.fetch_add(micros, Ordering::Relaxed);
    }
}

/// The engine's counters.
pub struct Metrics {
    shards: Vec<Shard>,
    logins: [[AtomicU64; 6]; 5],
    hashes: Spread,
    shed: AtomicU64,
    change_lag_micros: AtomicU64,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Shard::default()).collect(),
            logins: Default::default(),
            hashes: Spread::default(),
            shed: AtomicU64::new(0),
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
fn shard() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    SHARD.with(|mine| {
        if mine.get() == usize::MAX {
            mine.set(NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS);
        }
        mine.get()
    })
}

fn bump(counters: &[[AtomicU64; 6]; 5], via: Via, outcome: Outcome) {
    if let Some(counter) = counters
        .get(via as usize)
        .and_then(|row| row.get(outcome as usize))
    {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

impl Metrics {
    pub(crate) fn decided(&self, via: Via, outcome: Outcome, took: Duration) {
        if let Some(shard) = self.shards.get(shard()) {
            bump(&shard.decisions, via, outcome);
            shard.seconds.add(took);
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

    pub(crate) fn signed_in(&self, via: Via, outcome: Outcome) {
        bump(&self.logins, via, outcome);
    }

    pub(crate) fn hashed(&self, took: Duration) {
        self.hashes.add(took);
    }

    pub(crate) fn hash_shed(&self) {
        self.shed.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn change_lag(&self, lag: Duration) {
        let micros = u64::try_from(lag.as_micros()).unwrap_or(u64::MAX);
        self.change_lag_micros.store(micros, Ordering::Relaxed);
    }

    /// Slow hashes computed since the start.
    #[must_use]
    pub fn hashes(&self) -> u64 {
        sum(self.hashes.counts.iter())
    }

    pub(crate) fn counters(&self) -> Vec<Reading> {
        let mut readings = Vec::new();
        for via in Via::ALL {
            for outcome in Outcome::ALL {
                let count = |rows: &[[AtomicU64; 6]; 5]| {
                    rows.get(via as usize)
                        .and_then(|row| row.get(outcome as usize))
                        .map_or(0, |counter| counter.load(Ordering::Relaxed))
                };
                let labels = |first: &[(&'static str, &'static str)]| {
                    let mut labels = first.to_vec();
                    labels.extend([("method", via.label()), ("outcome", outcome.label())]);
                    labels
                };
                let decisions: u64 = self
                    .shards
                    .iter()
                    .map(|shard| count(&shard.decisions))
                    .sum();
                if decisions > 0 {
                    readings.push(counter(
                        "decisions",
                        "Decisions taken.",
                        labels(&[("door", "management"), ("api", "crossbar")]),
                        decisions,
                    ));
                }
                let logins = count(&self.logins);
                if logins > 0 {
                    readings.push(counter(
                        "logins",
                        "Sign-ins.",
                        labels(&[("dialect", "crossbar")]),
                        logins,
                    ));
                }
            }
        }
        for lookup in Lookup::ALL {
            let count = sum(self
                .shards
                .iter()
                .filter_map(|shard| shard.lookups.get(lookup as usize)));
            let labels = vec![("cache", "credentials"), ("result", lookup.label())];
            readings.push(counter(
                "cache_lookups",
                "Questions to the cache of verified credentials.",
                labels,
                count,
            ));
        }
        let shed = self.shed.load(Ordering::Relaxed);
        readings.push(counter(
            "hash_shed",
            "Slow hashes refused because too many waited.",
            Vec::new(),
            shed,
        ));
        let lag = Duration::from_micros(self.change_lag_micros.load(Ordering::Relaxed));
        readings.push(Reading {
            name: "change_lag_seconds",
            help: "How long ago the last change of another process was made when it was heard of.",
            kind: ReadingKind::Gauge,
            labels: Vec::new(),
            value: lag.as_secs_f64(),
        });
        readings
    }

    /// How long decisions and slow hashes take.
    #[must_use]
    pub fn histograms(&self) -> Vec<Histogram> {
        let decisions: Vec<&Spread> = self.shards.iter().map(|shard| &shard.seconds).collect();
        vec![
            histogram(
                "decision_seconds",
                "Time to decide.",
                vec![("door", "management")],
                &decisions,
            ),
            histogram(
                "hash_seconds",
                "Time of one slow hash.",
                Vec::new(),
                &[&self.hashes],
            ),
        ]
    }
}

fn sum<'a>(counters: impl Iterator<Item = &'a AtomicU64>) -> u64 {
    counters
        .map(|counter| counter.load(Ordering::Relaxed))
        .sum()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "metrics are read by people and graphs"
)]
fn counter(
    name: &'static str,
    help: &'static str,
    labels: Vec<(&'static str, &'static str)>,
    value: u64,
) -> Reading {
    Reading {
        name,
        help,
        kind: ReadingKind::Counter,
        labels,
        value: value as f64,
    }
}

fn histogram(
    name: &'static str,
    help: &'static str,
    labels: Vec<(&'static str, &'static str)>,
    spreads: &[&Spread],
) -> Histogram {
    let bounds = BOUNDS_MICROS
        .iter()
        .map(|micros| Duration::from_micros(*micros).as_secs_f64());
    let mut total = 0;
    let buckets = bounds
        .chain([f64::INFINITY])
        .enumerate()
        .map(|(at, bound)| {
            total += sum(spreads.iter().filter_map(|spread| spread.counts.get(at)));
            (bound, total)
        })
        .collect();
    let micros = sum(spreads.iter().map(|spread| &spread.micros));
    Histogram {
        name,
        help,
        labels,
        buckets,
        sum: Duration::from_micros(micros).as_secs_f64(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_cumulative() {
        let metrics = Metrics::default();
        for micros in [1, 3, 3, 99_999_999] {
            metrics.hashed(Duration::from_micros(micros));
        }
        let histogram = metrics.histograms().pop().unwrap();
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
