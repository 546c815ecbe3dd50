//! Guess lanes: how many *different* wrong secrets may be tried in a while (decision 28).
//!
//! A lane counts failures before the hash is computed (attacks.md S48): a guess takes a place first
//! and gives it back only when it was right. A repeat of the same wrong secret is recognised by a
//! keyed digest, costs no hash and counts once, so a misconfigured client that repeats one old
//! password never shuts anybody out.

use std::collections::VecDeque;
use std::time::Duration;

use crate::time::Timestamp;

/// Keyed digests of wrong secrets a lane remembers.
pub const REMEMBERED: usize = 8;

/// The measures of a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    /// Different wrong secrets allowed within the window.
    pub failures: u32,
    /// How long a failure counts.
    pub window: Duration,
}

/// What a lane says to a guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Go on and check it; a place is taken.
    Check,
    /// The same secret was wrong a moment ago and nothing changed since: it is wrong.
    KnownWrong,
    /// Too many; try again after this long.
    Full(Duration),
}

/// One lane's memory.
#[derive(Debug, Clone, Default)]
pub struct Lane {
    failures: VecDeque<Timestamp>,
    wrong: VecDeque<(Timestamp, [u8; 32])>,
}

impl Lane {
    /// Asks to check the secret with this keyed digest; takes a place when it may. The key must move with
    /// the account: after a change the same secret may be right.
    pub fn admit(&mut self, secret: &[u8; 32], measure: Measure, now: Timestamp) -> Admission {
        self.forget(measure, now);
        if self.wrong.iter().any(|(_, known)| known == secret) {
            return Admission::KnownWrong;
        }
        match self.failures.front() {
            Some(first) if self.failures.len() >= measure.failures as usize => Admission::Full(
                first
                    .plus(measure.window)
                    .since(now)
                    .max(Duration::from_secs(1)),
            ),
            _ => {
                self.failures.push_back(now);
                Admission::Check
            }
        }
    }

    /// The secret was right (or could not be checked): the place is given back.
    pub fn give_back(&mut self, taken: Timestamp) {
        if let Some(at) = self.failures.iter().position(|time| *time == taken) {
            self.failures.remove(at);
        }
    }

    /// The secret was wrong: the place stays taken, and the secret is remembered.
    pub fn remember_wrong(&mut self, secret: [u8; 32], now: Timestamp) {
        if self.wrong.len() >= REMEMBERED {
            self.wrong.pop_front();
        }
        self.wrong.push_back((now, secret));
    }

    /// Whether nothing is remembered any more.
    pub fn is_idle(&mut self, measure: Measure, now: Timestamp) -> bool {
        self.forget(measure, now);
        self.failures.is_empty() && self.wrong.is_empty()
    }

    fn forget(&mut self, measure: Measure, now: Timestamp) {
        let old = |time: &Timestamp| now.since(*time) >= measure.window;
        while self.failures.front().is_some_and(old) {
            self.failures.pop_front();
        }
        while self.wrong.front().is_some_and(|(time, _)| old(time)) {
            self.wrong.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEASURE: Measure = Measure {
        failures: 3,
        window: Duration::from_mins(1),
    };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix(seconds)
    }

    fn fail(lane: &mut Lane, secret: u8, now: Timestamp) -> Admission {
        let admission = lane.admit(&[secret; 32], MEASURE, now);
        if admission == Admission::Check {
            lane.remember_wrong([secret; 32], now);
        }
        admission
    }

    #[test]
    fn different_wrong_secrets_fill_the_lane_and_time_empties_it() {
        let mut lane = Lane::default();
        for secret in 0..3 {
            assert_eq!(fail(&mut lane, secret, at(secret.into())), Admission::Check);
        }
        assert_eq!(
            fail(&mut lane, 9, at(10)),
            Admission::Full(Duration::from_secs(50))
        );
        assert_eq!(fail(&mut lane, 9, at(60)), Admission::Check);
    }

    #[test]
    fn a_repeated_wrong_secret_counts_once() {
        let mut lane = Lane::default();
        assert_eq!(fail(&mut lane, 1, at(0)), Admission::Check);
        for second in 0..50 {
            assert_eq!(fail(&mut lane, 1, at(second)), Admission::KnownWrong);
        }
        assert_eq!(fail(&mut lane, 2, at(50)), Admission::Check);
    }

    #[test]
    fn a_right_secret_gives_its_place_back() {
        let mut lane = Lane::default();
        for second in 0..100 {
            assert_eq!(lane.admit(&[1; 32], MEASURE, at(second)), Admission::Check);
            lane.give_back(at(second));
        }
        assert!(lane.is_idle(MEASURE, at(100)));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut lane = Lane::default();
        for secret in 0..=255 {
            lane.remember_wrong([secret; 32], at(0));
        }
        assert_eq!(lane.wrong.len(), REMEMBERED);
    }
}
