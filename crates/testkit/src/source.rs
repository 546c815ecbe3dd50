//! Time and randomness that tests decide.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use doorward_core::digest::hmac_sha256;
use doorward_core::source::{Clock, Random};
use doorward_core::time::Timestamp;

/// A clock that stands still until it is moved.
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    /// Stands at this time.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(now.micros())))
    }

    /// Moves forward.
    pub fn advance(&self, by: Duration) {
        let now = Timestamp::from_micros(self.0.load(Ordering::SeqCst)).plus(by);
        self.0.store(now.micros(), Ordering::SeqCst);
    }

    /// Moves back, as a clock does that is set right.
    pub fn rewind(&self, by: Duration) {
        let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        self.0.fetch_sub(by, Ordering::SeqCst);
    }

    /// What the code under test holds.
    #[must_use]
    pub fn clock(&self) -> Clock {
        let now = Arc::clone(&self.0);
        Clock::new(move || Timestamp::from_micros(now.load(Ordering::SeqCst)))
    }
}

/// Random bytes that depend on the seed and the number of the call only.
#[must_use]
pub fn seeded_random(seed: u64) -> Random {
    let counter = Mutex::new(0_u64);
    Random::new(move |bytes| {
        for chunk in bytes.chunks_mut(32) {
            let mut count = counter
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            *count += 1;
            let block = hmac_sha256(&seed.to_le_bytes(), &count.to_le_bytes());
            for (to, from) in chunk.iter_mut().zip(block) {
                *to = from;
            }
        }
    })
}
