//! The real clock and the real randomness: the one place that asks the system.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use doorward_core::source::{Clock, Random};
use doorward_core::time::Timestamp;

/// The system's clock.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "this is the clock the others are told to use"
)]
pub fn system_clock() -> Clock {
    Clock::new(|| {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    })
}

/// The system's randomness, by way of aws-lc.
///
/// # Panics
/// When the system has no randomness to give: nothing safe can be done without it.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "the one source; without it nothing is safe"
)]
pub fn system_random() -> Random {
    Random::new(|bytes| aws_lc_rs::rand::fill(bytes).expect("the system gives randomness"))
}

/// Time since some fixed point that no change of the wall clock moves: for measuring and for health.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one monotonic source")]
pub fn monotonic() -> Duration {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}
