//! Whether the store still answers (decision 31).

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use crate::settings::{Outage, Settings};
use crate::source::monotonic;

/// How far the database's clock may be from ours before nothing is decided any more (decision 30).
const MAX_CLOCK_SKEW: Duration = Duration::from_secs(5);
/// Where a warning begins.
const WARN_CLOCK_SKEW: Duration = Duration::from_secs(1);
/// How long the store may be silent before `outage = "closed"` closes.
const CLOSED_GRACE: Duration = Duration::from_secs(3);

/// The last sign of life, and the clocks' distance.
pub(crate) struct Health {
    grace: Duration,
    /// Milliseconds of [`monotonic`]; `u64::MAX` while nobody watches.
    last: AtomicU64,
    skew_millis: AtomicI64,
    ring_is_old: AtomicBool,
}

impl Health {
    /// Before anybody watches the store, every look at it is its own heartbeat.
    pub(crate) fn new(settings: &Settings) -> Self {
        let grace = match settings.outage {
            Outage::Stale => settings.stale_grace.max(CLOSED_GRACE),
            Outage::Closed => CLOSED_GRACE,
        };
        Self {
            grace,
            last: AtomicU64::new(u64::MAX),
            skew_millis: AtomicI64::new(0),
            ring_is_old: AtomicBool::new(false),
        }
    }

    /// The store answered just now.
    pub(crate) fn beat(&self) {
        self.last.store(now_millis(), Ordering::Relaxed);
    }

    /// The database's clock is this far from ours.
    pub(crate) fn skew(&self, millis: i64) {
        let before = self.skew_millis.swap(millis, Ordering::Relaxed);
        if over(millis, WARN_CLOCK_SKEW) && !over(before, WARN_CLOCK_SKEW) {
            tracing::warn!(
                skew_ms = millis,
                "the database's clock differs from this machine's"
            );
        }
    }

    /// Whether the key ring in memory is the one in the store, as far as is known.
    pub(crate) fn ring_is_read(&self, is_read: bool) {
        self.ring_is_old.store(!is_read, Ordering::Relaxed);
    }

    /// What [`Health::ring_is_read`] was told last.
    pub(crate) fn has_read_ring(&self) -> bool {
        !self.ring_is_old.load(Ordering::Relaxed)
    }

    /// Whether nothing can be decided from memory: the store has been silent for too long, or the key
    /// ring is known to be old.
    pub(crate) fn is_lost(&self) -> bool {
        !self.has_read_ring() || self.is_silent()
    }

    fn is_silent(&self) -> bool {
        let last = self.last.load(Ordering::Relaxed);
        last != u64::MAX && now_millis().saturating_sub(last) > millis(self.grace)
    }

    /// Whether the store answered within the last three seconds.
    pub(crate) fn is_up(&self) -> bool {
        let last = self.last.load(Ordering::Relaxed);
        last == u64::MAX || now_millis().saturating_sub(last) <= millis(CLOSED_GRACE)
    }

    /// Why nothing can be decided; empty when all is well.
    pub(crate) fn problems(&self) -> Vec<&'static str> {
        let mut problems = Vec::new();
        if self.is_silent() {
            problems.push("store_unreachable");
        }
        if !self.has_read_ring() {
            problems.push("key_ring_unread");
        }
        if over(self.skew_millis.load(Ordering::Relaxed), MAX_CLOCK_SKEW) {
            problems.push("clock_skew");
        }
        problems
    }
}

fn over(skew_millis: i64, limit: Duration) -> bool {
    skew_millis.unsigned_abs() > millis(limit)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn now_millis() -> u64 {
    millis(monotonic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_seconds_between_the_clocks_are_bearable_in_both_directions() {
        let health = Health::new(&Settings::default());
        for (skew, problems) in [
            (5000, &[][..]),
            (5001, &["clock_skew"]),
            (-5000, &[]),
            (-5001, &["clock_skew"]),
            (0, &[]),
        ] {
            health.skew(skew);
            assert_eq!(health.problems(), problems, "{skew} ms");
        }
    }

    #[test]
    fn before_anybody_watches_the_store_nothing_is_lost() {
        let health = Health::new(&Settings::default());
        assert!(health.is_up() && !health.is_lost());
        health.beat();
        assert!(health.is_up() && !health.is_lost());
    }
}
