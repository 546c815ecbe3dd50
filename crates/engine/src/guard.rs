//! Guarding against guessing (decision 28): lanes, and one flight for equal credentials.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use doorward_core::address::Prefix;
use doorward_core::lane::{Admission, Lane, Measure};
use doorward_core::time::Timestamp;
use tokio::sync::watch;

use crate::settings::LimitSettings;

/// Lanes remembered at once.
const MAX_LANES: usize = 100_000;

/// What is being guessed at: the account if it is known, else a keyed digest of what was named.
pub(crate) type Scope = [u8; 32];

/// Every lane.
pub(crate) struct Lanes {
    settings: LimitSettings,
    by_prefix: Table<Prefix>,
    by_account: Table<(Scope, Prefix)>,
    by_user: Table<(Scope, Prefix)>,
}

/// What a guess is at, besides the address it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aim {
    /// An account: a digest does not say whose it is.
    Account,
    /// One user, by name and password.
    User,
}

/// A guess that was let through and must be answered for.
#[derive(Debug, Clone)]
pub(crate) struct Guess {
    aim: Aim,
    scopes: Vec<Scope>,
    prefix: Prefix,
    secret: [u8; 32],
    taken: Timestamp,
}

impl Lanes {
    /// Empty lanes.
    pub(crate) fn new(settings: LimitSettings) -> Self {
        Self {
            settings,
            by_prefix: Table::default(),
            by_account: Table::default(),
            by_user: Table::default(),
        }
    }

    /// Asks to try a secret (by keyed digest) on everything in `scopes`. Takes a place in every lane
    /// when it may, else in none.
    pub(crate) fn admit(
        &self,
        aim: Aim,
        scopes: &[Scope],
        prefix: Prefix,
        secret: [u8; 32],
        now: Timestamp,
    ) -> Result<Guess, Admission> {
        let mut guess = Guess {
            aim,
            scopes: Vec::with_capacity(scopes.len()),
            prefix,
            secret,
            taken: now,
        };
        if !self.settings.enabled {
            return Ok(guess);
        }
        let (narrow, wide) = (self.measure(aim), self.settings.per_address);
        for &scope in scopes {
            if guess.scopes.contains(&scope) {
                continue;
            }
            let admission = self
                .at(aim)
                .with((scope, prefix), |lane| lane.admit(&secret, narrow, now));
            if admission != Admission::Check {
                self.leave(&guess);
                return Err(admission);
            }
            guess.scopes.push(scope);
        }
        match self
            .by_prefix
            .with(prefix, |lane| lane.admit(&secret, wide, now))
        {
            Admission::Check => Ok(guess),
            refused => {
                self.leave(&guess);
                Err(refused)
            }
        }
    }

    /// The guess was right, or could not be checked.
    pub(crate) fn give_back(&self, guess: &Guess) {
        if self.settings.enabled {
            self.leave(guess);
            self.by_prefix
                .with(guess.prefix, |lane| lane.give_back(guess.taken));
        }
    }

    /// Gives back the places in the lanes of what was guessed at.
    fn leave(&self, guess: &Guess) {
        for scope in &guess.scopes {
            self.at(guess.aim)
                .with((*scope, guess.prefix), |lane| lane.give_back(guess.taken));
        }
    }

    /// The guess was wrong.
    pub(crate) fn remember_wrong(&self, guess: &Guess, now: Timestamp) {
        for scope in &guess.scopes {
            self.at(guess.aim).with((*scope, guess.prefix), |lane| {
                lane.remember_wrong(guess.secret, now);
            });
        }
    }

    /// Forgets lanes nobody is in.
    pub(crate) fn sweep(&self, now: Timestamp) {
        self.by_prefix.sweep(self.settings.per_address, now);
        for aim in [Aim::Account, Aim::User] {
            self.at(aim).sweep(self.measure(aim), now);
        }
    }

    const fn at(&self, aim: Aim) -> &Table<(Scope, Prefix)> {
        match aim {
            Aim::Account => &self.by_account,
            Aim::User => &self.by_user,
        }
    }

    const fn measure(&self, aim: Aim) -> Measure {
        match aim {
            Aim::Account => self.settings.per_account_address,
            Aim::User => self.settings.per_user_address,
        }
    }
}

/// One kind of lane.
struct Table<K>(Mutex<HashMap<K, Lane>>);

impl<K> Default for Table<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Hash + Eq + Copy> Table<K> {
    fn lock(&self) -> MutexGuard<'_, HashMap<K, Lane>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Acts on a lane. When there are too many, an arbitrary sixteenth is forgotten at once: a guesser with
    /// that many addresses is not held up by lanes anyway, and nobody waits for a long search.
    fn with<R>(&self, key: K, act: impl FnOnce(&mut Lane) -> R) -> R {
        let mut lanes = self.lock();
        if lanes.len() >= MAX_LANES && !lanes.contains_key(&key) {
            let surplus: Vec<K> = lanes.keys().take(MAX_LANES / 16).copied().collect();
            for key in surplus {
                lanes.remove(&key);
            }
        }
        act(lanes.entry(key).or_default())
    }

    fn sweep(&self, measure: Measure, now: Timestamp) {
        self.lock().retain(|_, lane| !lane.is_idle(measure, now));
    }
}

/// Equal questions under way are answered together. The key depends only on what the client sent
/// (attacks.md S36).
pub(crate) struct Flights<T>(Mutex<HashMap<[u8; 32], watch::Receiver<Option<T>>>>);

/// What a caller of [`Flights::board`] is.
pub(crate) enum Seat<T> {
    /// The first: it must do the work and land.
    Pilot(watch::Sender<Option<T>>),
    /// Somebody else does the work.
    Passenger(watch::Receiver<Option<T>>),
}

impl<T: Clone> Flights<T> {
    /// None under way.
    pub(crate) fn new() -> Self {
        Self(Mutex::default())
    }

    /// Joins the flight of this key, or begins it.
    pub(crate) fn board(&self, key: [u8; 32]) -> Seat<T> {
        let mut flights = self.lock();
        match flights.get(&key) {
            // A pilot that was lost (its task panicked) leaves a flight nobody lands: begin anew.
            Some(answer) if answer.has_changed().is_ok() => Seat::Passenger(answer.clone()),
            _ => {
                let (sender, receiver) = watch::channel(None);
                flights.insert(key, receiver);
                Seat::Pilot(sender)
            }
        }
    }

    /// The work is done: everybody aboard hears it, later ones begin anew.
    pub(crate) fn land(&self, key: &[u8; 32], sender: &watch::Sender<Option<T>>, answer: T) {
        self.lock().remove(key);
        sender.send_replace(Some(answer));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], watch::Receiver<Option<T>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits for the answer; `None` when the pilot was lost.
pub(crate) async fn arrival<T: Clone>(mut answer: watch::Receiver<Option<T>>) -> Option<T> {
    answer
        .wait_for(Option::is_some)
        .await
        .ok()
        .and_then(|value| value.clone())
}

/// A throttled caller waits at least a second.
pub(crate) fn retry_after(wait: Duration) -> Duration {
    wait.max(Duration::from_secs(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_mins(1);

    fn lanes(per_address: u32, per_account_address: u32) -> Lanes {
        Lanes::new(LimitSettings {
            enabled: true,
            per_address: Measure {
                failures: per_address,
                window: WINDOW,
            },
            per_account_address: Measure {
                failures: per_account_address,
                window: WINDOW,
            },
            per_user_address: Measure {
                failures: 2,
                window: WINDOW,
            },
        })
    }

    fn wrong(lanes: &Lanes, scope: u8, secret: u8, address: [u8; 4]) -> Option<Admission> {
        let now = Timestamp::from_unix(0);
        match lanes.admit(
            Aim::Account,
            &[[scope; 32]],
            Prefix::of(address.into()),
            [secret; 32],
            now,
        ) {
            Ok(guess) => {
                lanes.remember_wrong(&guess, now);
                None
            }
            Err(refused) => Some(refused),
        }
    }

    #[test]
    fn an_account_is_guarded_against_one_prefix_and_open_to_others() {
        let lanes = lanes(100, 3);
        for secret in 0..3 {
            assert_eq!(wrong(&lanes, 1, secret, [1, 2, 3, 4]), None);
        }
        assert!(matches!(
            wrong(&lanes, 1, 9, [1, 2, 3, 4]),
            Some(Admission::Full(_))
        ));
        assert_eq!(wrong(&lanes, 1, 9, [1, 2, 3, 5]), None);
        assert_eq!(wrong(&lanes, 2, 9, [1, 2, 3, 4]), None);
    }

    #[test]
    fn an_address_is_counted_over_all_accounts() {
        let lanes = lanes(5, 100);
        for scope in 0..5 {
            assert_eq!(wrong(&lanes, scope, scope, [1, 2, 3, 4]), None);
        }
        assert!(matches!(
            wrong(&lanes, 9, 9, [1, 2, 3, 4]),
            Some(Admission::Full(_))
        ));
    }

    #[test]
    fn a_guess_at_several_things_counts_for_each_or_for_none() {
        let lanes = lanes(100, 2);
        let (now, prefix) = (Timestamp::from_unix(0), Prefix::of([1, 2, 3, 4].into()));
        for secret in 0..2 {
            assert_eq!(wrong(&lanes, 1, secret, [1, 2, 3, 4]), None);
        }
        for secret in 2..9 {
            let refused = lanes.admit(Aim::Account, &[[2; 32], [1; 32]], prefix, [secret; 32], now);
            assert!(matches!(refused, Err(Admission::Full(_))));
        }
        assert_eq!(wrong(&lanes, 2, 9, [1, 2, 3, 4]), None);
        assert_eq!(wrong(&lanes, 2, 10, [1, 2, 3, 4]), None);
        assert!(matches!(
            wrong(&lanes, 2, 11, [1, 2, 3, 4]),
            Some(Admission::Full(_))
        ));
    }

    #[test]
    fn guesses_at_users_and_at_accounts_are_counted_apart() {
        let lanes = lanes(100, 3);
        let (now, prefix) = (Timestamp::from_unix(0), Prefix::of([1, 2, 3, 4].into()));
        for secret in 0..2 {
            let guess = lanes.admit(Aim::User, &[[1; 32]], prefix, [secret; 32], now);
            lanes.remember_wrong(&guess.unwrap(), now);
        }
        let third = lanes.admit(Aim::User, &[[1; 32]], prefix, [9; 32], now);
        assert!(matches!(third, Err(Admission::Full(_))));
        assert!(
            lanes
                .admit(Aim::User, &[[2; 32]], prefix, [9; 32], now)
                .is_ok()
        );
        assert_eq!(wrong(&lanes, 1, 9, [1, 2, 3, 4]), None);
    }

    #[tokio::test]
    async fn equal_questions_share_one_answer() {
        let flights = Flights::new();
        let Seat::Pilot(sender) = flights.board([1; 32]) else {
            panic!("the first is the pilot")
        };
        let Seat::Passenger(answer) = flights.board([1; 32]) else {
            panic!("the second is not")
        };
        flights.land(&[1; 32], &sender, 7);
        assert_eq!(arrival(answer).await, Some(7));
        assert!(matches!(flights.board([1; 32]), Seat::Pilot(_)));
    }
}
