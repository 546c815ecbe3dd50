//! Reading the counters out, for whoever renders them.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use doorward_core::spread::{BOUNDS_MICROS, Spread};
use doorward_store::Times;

use super::{Counts, Login, Lookup, Metrics, Outcome, Via};
use crate::Door;
use crate::api::ApiCounts;

/// A label's name and value, both of closed sets: the names of APIs are the configuration's.
pub type Label = (&'static str, Cow<'static, str>);

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
    pub labels: Vec<Label>,
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
    pub labels: Vec<Label>,
    /// Upper bounds in seconds, and how many were at most that long; the last bound is infinite.
    pub buckets: Vec<(f64, u64)>,
    /// Sum in seconds.
    pub sum: f64,
}

impl Metrics {
    /// Slow hashes computed since the start.
    #[must_use]
    pub fn hashes(&self) -> u64 {
        self.hashes.counts().sum()
    }

    pub(crate) fn counters(&self) -> Vec<Reading> {
        let mut readings = self.outcomes();
        for lookup in Lookup::ALL {
            let shards = self.shards.iter();
            let count = sum(shards.filter_map(|shard| shard.lookups.get(lookup as usize)));
            let labels = labels([("cache", "credentials"), ("result", lookup.label())]);
            let help = "Questions to the cache of verified credentials.";
            readings.push(counter("cache_lookups", help, labels, count));
        }
        let shed = self.shed.load(Ordering::Relaxed);
        let help = "Slow hashes refused because too many waited.";
        readings.push(counter("hash_shed", help, Vec::new(), shed));
        readings.push(counter(
            "forged_headers",
            "Headers that clients wrote under our names, taken out.",
            Vec::new(),
            self.forged.load(Ordering::Relaxed),
        ));
        let lag = Duration::from_micros(self.change_lag_micros.load(Ordering::Relaxed));
        readings.push(Reading {
            name: "change_lag_seconds",
            help: "From another process's last write to its being in force here.",
            kind: ReadingKind::Gauge,
            labels: Vec::new(),
            value: lag.as_secs_f64(),
        });
        readings
    }

    /// Decisions and sign-ins, by what was presented and how it ended.
    fn outcomes(&self) -> Vec<Reading> {
        let mut readings = Vec::new();
        for via in Via::ALL {
            for outcome in Outcome::ALL {
                let shards = self.shards.iter();
                let decisions = shards.map(|shard| at(&shard.decisions, via as usize, outcome));
                let decisions: u64 = decisions.sum();
                let ends = [("method", via.label()), ("outcome", outcome.label())];
                if decisions > 0 {
                    let of = [("door", "management"), ("api", "crossbar")];
                    let labels = labels(of.into_iter().chain(ends));
                    readings.push(counter("decisions", "Decisions taken.", labels, decisions));
                }
            }
        }
        for login in Login::ALL {
            for outcome in Outcome::ALL {
                let logins = at(&self.logins, login as usize, outcome);
                if logins > 0 {
                    let ends = [("outcome", outcome.label())];
                    let labels = labels(login.labels().into_iter().chain(ends));
                    readings.push(counter("logins", "Sign-ins.", labels, logins));
                }
            }
        }
        readings
    }

    /// How long decisions, slow hashes and the store take.
    pub(crate) fn histograms(&self, store: &Times) -> Vec<Histogram> {
        let decisions: Vec<&Spread> = self.shards.iter().map(|shard| &shard.seconds).collect();
        let mut histograms = vec![
            histogram(
                "decision_seconds",
                "Time to decide.",
                labels([("door", "management")]),
                &decisions,
            ),
            histogram(
                "hash_seconds",
                "Time of one slow hash.",
                Vec::new(),
                &[&self.hashes],
            ),
            store_seconds("read", &store.read),
            store_seconds("write", &store.write),
        ];
        for door in Door::ALL {
            let shards = self.shards.iter();
            let spreads: Vec<&Spread> = shards
                .filter_map(|shard| shard.door_seconds.get(door as usize))
                .collect();
            if spreads
                .iter()
                .flat_map(|spread| spread.counts())
                .sum::<u64>()
                > 0
            {
                let labels = labels([("door", door.as_str())]);
                let name = "decision_seconds";
                histograms.push(histogram(name, "Time to decide.", labels, &spreads));
            }
        }
        histograms
    }
}

impl ApiCounts {
    /// The counts as they are rendered.
    pub(crate) fn readings(&self) -> impl Iterator<Item = Reading> {
        self.counts().into_iter().map(|one| {
            let mut labels = labels([("door", one.door)]);
            labels.push(("api", self.name().to_owned().into()));
            labels.push(("method", one.method.into()));
            labels.push(("outcome", one.outcome.into()));
            counter("decisions", "Decisions taken.", labels, one.times)
        })
    }
}

/// Labels whose values are written in the code.
fn labels(pairs: impl IntoIterator<Item = (&'static str, &'static str)>) -> Vec<Label> {
    let pairs = pairs.into_iter();
    pairs.map(|(name, value)| (name, value.into())).collect()
}

fn store_seconds(op: &'static str, spread: &Spread) -> Histogram {
    let help =
        "Time of one question to the store, or of one write from its beginning to its commit.";
    histogram("store_seconds", help, labels([("op", op)]), &[spread])
}

fn at(rows: &Counts, kind: usize, outcome: Outcome) -> u64 {
    rows.get(kind)
        .and_then(|row| row.get(outcome as usize))
        .map_or(0, |counter| counter.load(Ordering::Relaxed))
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
fn counter(name: &'static str, help: &'static str, labels: Vec<Label>, value: u64) -> Reading {
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
    labels: Vec<Label>,
    spreads: &[&Spread],
) -> Histogram {
    let bounds = BOUNDS_MICROS
        .iter()
        .map(|micros| Duration::from_micros(*micros).as_secs_f64());
    let mut counts = [0; BOUNDS_MICROS.len() + 1];
    for spread in spreads {
        for (sum, count) in counts.iter_mut().zip(spread.counts()) {
            *sum += count;
        }
    }
    let mut total = 0;
    let cumulative = counts.into_iter().map(|count| {
        total += count;
        total
    });
    Histogram {
        name,
        help,
        labels,
        buckets: bounds.chain([f64::INFINITY]).zip(cumulative).collect(),
        sum: spreads
            .iter()
            .map(|spread| spread.total().as_secs_f64())
            .sum(),
    }
}
