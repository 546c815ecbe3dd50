//! What an operator can set about the engine, already checked.

use std::time::Duration;

use doorward_core::credential::DigestKind;
use doorward_core::lane::Measure;
use doorward_core::right::UserLevel;
use doorward_core::verifier::Cost;
use doorward_store::NameRule;

/// Everything the engine can be told.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How much callers of level `user` may do.
    pub user_level: UserLevel,
    /// Whether account names must differ (in their normalised form).
    pub names: NameRule,
    /// Which digest Basic compares where the account does not say.
    pub basic_digest: DigestKind,
    /// Whether Basic is accepted at all.
    pub allow_basic: bool,
    /// What generated realms end in.
    pub realm_suffix: String,
    /// Life of a token.
    pub token_lifetime: Duration,
    /// Longest time refreshed tokens may go back to their sign-in.
    pub max_total_life: Duration,
    /// Slow hashes.
    pub hash: HashSettings,
    /// Guessing.
    pub limits: LimitSettings,
    /// Verified credentials remembered.
    pub cached_credentials: usize,
    /// Accounts remembered.
    pub cached_accounts: usize,
    /// Users remembered.
    pub cached_users: usize,
    /// How long decisions go on from memory when the store does not answer.
    pub stale_grace: Duration,
    /// What happens to known callers while the store does not answer.
    pub outage: Outage,
    /// What is recorded of decisions about guarded APIs.
    pub record: RecordSettings,
}

/// What is recorded of decisions about guarded APIs.
#[derive(Debug, Clone)]
pub struct RecordSettings {
    /// One of so many of those let in; none with 0.
    pub sample: u32,
    /// Refusals recorded in a second; more are counted as dropped.
    pub refusals_per_second: u32,
    /// Rows kept; nothing is recorded with 0.
    pub keep: u32,
    /// How long they are kept.
    pub keep_for: Duration,
}

impl Default for RecordSettings {
    fn default() -> Self {
        Self {
            sample: 100,
            refusals_per_second: 50,
            keep: 100_000,
            keep_for: Duration::from_hours(30 * 24),
        }
    }
}

/// What happens to callers known from memory while the store does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outage {
    /// They pass, for `stale_grace` after the last answer.
    Stale,
    /// Nobody passes.
    Closed,
}

/// Slow hashes: their cost and their threads.
#[derive(Debug, Clone)]
pub struct HashSettings {
    /// Cost of new verifiers.
    pub cost: Cost,
    /// Dedicated threads.
    pub threads: usize,
    /// Jobs that may wait; more are refused.
    pub queue: usize,
    /// How long a job may wait.
    pub deadline: Duration,
}

/// How much guessing is borne (decision 28).
#[derive(Debug, Clone)]
pub struct LimitSettings {
    /// Whether guesses are counted at all.
    pub enabled: bool,
    /// Different wrong secrets from one address prefix.
    pub per_address: Measure,
    /// Different wrong secrets from one prefix on one account.
    pub per_account_address: Measure,
    /// Different wrong passwords from one prefix for one user.
    pub per_user_address: Measure,
}

impl Default for Settings {
    fn default() -> Self {
        let window = Duration::from_mins(1);
        Self {
            user_level: UserLevel::Own,
            names: NameRule::Unique,
            basic_digest: DigestKind::Md5,
            allow_basic: true,
            realm_suffix: "doorward.local".to_owned(),
            token_lifetime: Duration::from_hours(1),
            max_total_life: Duration::from_hours(12),
            hash: HashSettings {
                cost: Cost::DEFAULT,
                threads: std::thread::available_parallelism()
                    .map_or(1, |n| n.get().saturating_sub(1))
                    .max(1),
                queue: 64,
                deadline: Duration::from_secs(5),
            },
            limits: LimitSettings {
                enabled: true,
                per_address: Measure {
                    failures: 120,
                    window,
                },
                per_account_address: Measure {
                    failures: 60,
                    window,
                },
                per_user_address: Measure {
                    failures: 10,
                    window: Duration::from_mins(5),
                },
            },
            cached_credentials: 1_000_000,
            cached_accounts: 200_000,
            cached_users: 200_000,
            stale_grace: Duration::from_mins(1),
            outage: Outage::Stale,
            record: RecordSettings::default(),
        }
    }
}
