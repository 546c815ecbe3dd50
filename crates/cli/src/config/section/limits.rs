//! `[limits]`: how often one may guess, and how many may connect.

use std::time::Duration;

use crate::config::key::{DefaultValue, Key, Kind};
use crate::config::value::{Mismatch, Values};

const FAILURES: Kind = Kind::Count {
    min: 1,
    max: 1_000_000,
};

pub(in crate::config) const KEYS: &[Key] = &[
    Key {
        name: "limits.enabled",
        kind: Kind::Flag,
        default: DefaultValue::Text("true"),
        doc: "Slow down guessing. Without it every password can be tried as fast as hashes are computed.",
    },
    Key {
        name: "limits.failures_per_address",
        kind: FAILURES,
        default: DefaultValue::Text("120"),
        doc: "Different wrong secrets from one address (IPv4 /32, IPv6 /64) within the window.",
    },
    Key {
        name: "limits.failures_per_account_address",
        kind: FAILURES,
        default: DefaultValue::Text("60"),
        doc: "The same for one account from one address.",
    },
    Key {
        name: "limits.failures_per_user_address",
        kind: FAILURES,
        default: DefaultValue::Text("10"),
        doc: "Different wrong passwords for one user from one address within five minutes, whatever the window is.",
    },
    Key {
        name: "limits.window",
        kind: Kind::Duration {
            min: Duration::from_secs(1),
        },
        default: DefaultValue::Text("60s"),
        doc: "The window in which failures are counted.",
    },
    Key {
        name: "limits.connections",
        kind: Kind::Count {
            min: 1,
            max: 1_000_000,
        },
        default: DefaultValue::Text("10000"),
        doc: "Connections at once; further ones wait.",
    },
];

/// How often one may guess, and how many may connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Whether guessing is slowed down.
    pub enabled: bool,
    /// Different wrong secrets per address and window.
    pub failures_per_address: u32,
    /// Different wrong secrets per account, address and window.
    pub failures_per_account_address: u32,
    /// Different wrong passwords per user and address within five minutes.
    pub failures_per_user_address: u32,
    /// The window.
    pub window: Duration,
    /// Connections at once.
    pub connections: usize,
}

impl Limits {
    pub(in crate::config) fn build(values: &Values) -> Result<Self, Mismatch> {
        Ok(Self {
            enabled: values.read("limits.enabled")?,
            failures_per_address: values.read("limits.failures_per_address")?,
            failures_per_account_address: values.read("limits.failures_per_account_address")?,
            failures_per_user_address: values.read("limits.failures_per_user_address")?,
            window: values.read("limits.window")?,
            connections: values.read("limits.connections")?,
        })
    }
}
