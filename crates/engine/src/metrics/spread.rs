//! Durations, counted into buckets.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A fixed set of buckets from a microsecond to ten seconds.
#[derive(Default)]
pub(super) struct Spread {
    pub(super) counts: [AtomicU64; BOUNDS_MICROS.len() + 1],
    pub(super) micros: AtomicU64,
}

pub(super) const BOUNDS_MICROS: [u64; 14] = [
    1, 2, 5, 10, 50, 100, 500, 1_000, 5_000, 25_000, 100_000, 500_000, 2_000_000, 10_000_000,
];

impl Spread {
    pub(super) fn add(&self, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let at = BOUNDS_MICROS.partition_point(|bound| *bound < micros);
        if let Some(count) = self.counts.get(at) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.micros.fetch_add(micros, Ordering::Relaxed);
    }
}
