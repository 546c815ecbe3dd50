//! Counts of one API's decisions: a cell per thread and door, made when it is first needed, so that thousands
//! of APIs cost little and counting writes no cache line another core writes (decision 27).

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use doorward_core::api::AcceptMethod;
use doorward_core::credential::Presented;

use super::Door;
use crate::metrics::{Outcome, SHARDS, shard};

/// What a caller showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// One of the methods there are; anonymous for nothing at all.
    Method(AcceptMethod),
    /// Nothing that can prove anything.
    Malformed,
}

const METHODS: usize = 7;

impl Shown {
    const ALL: [Self; METHODS] = [
        Self::Method(AcceptMethod::Anonymous),
        Self::Method(AcceptMethod::Basic),
        Self::Method(AcceptMethod::Token),
        Self::Method(AcceptMethod::AppToken),
        Self::Method(AcceptMethod::Ip),
        Self::Method(AcceptMethod::Mtls),
        Self::Malformed,
    ];

    pub(crate) const fn of(presented: &Presented) -> Self {
        match presented {
            Presented::Nothing => Self::Method(AcceptMethod::Anonymous),
            Presented::Token { .. } | Presented::RememberMe { .. } => {
                Self::Method(AcceptMethod::Token)
            }
            Presented::AccountDigest { .. } | Presented::Password { .. } => {
                Self::Method(AcceptMethod::Basic)
            }
            Presented::AppToken { .. } | Presented::ApiKey { .. } => {
                Self::Method(AcceptMethod::AppToken)
            }
            _ => Self::Malformed,
        }
    }

    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Method(method) => method.as_str(),
            Self::Malformed => "malformed",
        }
    }

    const fn index(self) -> usize {
        match self {
            Self::Method(AcceptMethod::Anonymous) => 0,
            Self::Method(AcceptMethod::Basic) => 1,
            Self::Method(AcceptMethod::Token) => 2,
            Self::Method(AcceptMethod::AppToken) => 3,
            Self::Method(AcceptMethod::Ip) => 4,
            Self::Method(AcceptMethod::Mtls) => 5,
            Self::Method(AcceptMethod::Mfa) | Self::Malformed => 6,
        }
    }
}

/// The counts of one thread at one door.
#[repr(align(128))]
#[derive(Default)]
struct Grid([[AtomicU64; Outcome::ALL.len()]; METHODS]);

/// One count and its labels besides the API.
pub(crate) struct Count {
    pub(crate) door: &'static str,
    pub(crate) method: &'static str,
    pub(crate) outcome: &'static str,
    pub(crate) times: u64,
}

/// The counts of one API.
pub(crate) struct ApiCounts {
    name: Option<Arc<str>>,
    /// By thread, then by door.
    grids: Vec<OnceLock<Box<Grid>>>,
    /// Which endings were recorded, one bit each.
    seen: AtomicU64,
}

impl ApiCounts {
    pub(crate) fn new(name: Option<Arc<str>>) -> Self {
        Self {
            name,
            grids: (0..SHARDS * Door::ALL.len())
                .map(|_| OnceLock::new())
                .collect(),
            seen: AtomicU64::new(0),
        }
    }

    /// The API's name; `-` for what nobody claims, which is no API's name.
    pub(crate) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or("-")
    }

    pub(crate) fn decided(&self, door: Door, shown: Shown, outcome: Outcome) {
        let place = shard() * Door::ALL.len() + door as usize;
        let cell = self.grids.get(place).and_then(|grid| {
            let rows = &grid.get_or_init(Box::default).0;
            rows.get(shown.index())?.get(outcome as usize)
        });
        if let Some(cell) = cell {
            cell.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether this ending (a number below 64) of a request to the API was never recorded; from now on it was.
    pub(crate) fn is_first(&self, ending: u32) -> bool {
        let Some(bit) = 1_u64.checked_shl(ending) else {
            return false;
        };
        self.seen.load(Ordering::Relaxed) & bit == 0
            && self.seen.fetch_or(bit, Ordering::Relaxed) & bit == 0
    }

    /// Every count above zero.
    pub(crate) fn counts(&self) -> Vec<Count> {
        let mut counts = Vec::new();
        for door in Door::ALL {
            for shown in Shown::ALL {
                for outcome in Outcome::ALL {
                    let count = self.sum(door, shown, outcome);
                    if count > 0 {
                        counts.push(Count {
                            door: door.as_str(),
                            method: shown.label(),
                            outcome: outcome.label(),
                            times: count,
                        });
                    }
                }
            }
        }
        counts
    }

    fn sum(&self, door: Door, shown: Shown, outcome: Outcome) -> u64 {
        let of_door = self
            .grids
            .iter()
            .skip(door as usize)
            .step_by(Door::ALL.len());
        of_door
            .filter_map(OnceLock::get)
            .filter_map(|grid| grid.0.get(shown.index())?.get(outcome as usize))
            .map(|cell| cell.load(Ordering::Relaxed))
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_all_threads_are_added_up_by_door_method_and_outcome() {
        let counts = ApiCounts::new(None);
        std::thread::scope(|scope| {
            for n in 0..20 {
                let counts = &counts;
                scope.spawn(move || {
                    let door = if n < 5 { Door::Proxy } else { Door::Grpc };
                    let shown = Shown::Method(AcceptMethod::Token);
                    counts.decided(door, shown, Outcome::Deny);
                });
            }
        });
        let found: Vec<_> = counts
            .counts()
            .into_iter()
            .map(|one| (one.door, one.method, one.outcome, one.times))
            .collect();
        assert_eq!(
            found,
            [("proxy", "token", "deny", 5), ("grpc", "token", "deny", 15)]
        );
    }

    #[test]
    fn an_ending_is_first_once() {
        let counts = ApiCounts::new(None);
        assert!(counts.is_first(3) && !counts.is_first(3) && counts.is_first(63));
        assert!(!counts.is_first(64), "there is no such ending");
    }
}
