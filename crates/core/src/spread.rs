//! Durations, counted into buckets: what histograms are made of.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of the buckets in microseconds; one more bucket holds what is longer.
pub const BOUNDS_MICROS: [u64; 14] = [
    1, 2, 5, 10, 50, 100, 500, 1_000, 5_000, 25_000, 100_000, 500_000, 2_000_000, 10_000_000,
];

/// A fixed set of buckets from a microsecond to ten seconds. Adding takes no lock.
#[derive(Debug, Default)]
pub struct Spread {
    counts: [AtomicU64; BOUNDS_MICROS.len() + 1],
    micros: AtomicU64,
}

impl Spread {
    /// Counts a duration.
    pub fn add(&self, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let at = BOUNDS_MICROS.partition_point(|bound| *bound < micros);
        if let Some(count) = self.counts.get(at) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.micros.fetch_add(micros, Ordering::Relaxed);
    }

    /// How many there are in each bucket, shortest first.
    pub fn counts(&self) -> impl Iterator<Item = u64> {
        self.counts
            .iter()
            .map(|count| count.load(Ordering::Relaxed))
    }

    /// The sum of all.
    #[must_use]
    pub fn total(&self) -> Duration {
        Duration::from_micros(self.micros.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_counted_up_to_and_with_the_bound() {
        let spread = Spread::default();
        for micros in [0, 1, 2, 3, 99_999_999] {
            spread.add(Duration::from_micros(micros));
        }
        let counts: Vec<u64> = spread.counts().collect();
        assert_eq!(counts, [2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(spread.total(), Duration::from_micros(100_000_005));
    }
}
