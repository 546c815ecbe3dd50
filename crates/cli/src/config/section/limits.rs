//! `[limits]`: how often one may guess, and how many may connect.

use std::time::Duration;

use crate::config::key::{DefaultValue, Key, Kind};
use crate::config::value::{Mismatch, Values};

const FAILURES: Kind = Kind::Count {
    min: 1,
    max: 1_000_000,
};

const TIMEOUT: Kind = Kind::Duration {
    min: Duration::from_millis(100),
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
    Key {
        name: "limits.connections_per_address",
        kind: Kind::Count {
            min: 1,
            max: 1_000_000,
        },
        default: DefaultValue::Text("256"),
        doc: "Connections at once of one address (IPv4 /32, IPv6 /64); further ones are closed. `trust.proxies` and \
              `check.peers` are not counted so.",
    },
    Key {
        name: "limits.handshake_timeout",
        kind: TIMEOUT,
        default: DefaultValue::Text("10s"),
        doc: "How long a TLS handshake may take.",
    },
    Key {
        name: "limits.header_timeout",
        kind: TIMEOUT,
        default: DefaultValue::Text("10s"),
        doc: "How long a request's head may take.",
    },
    Key {
        name: "limits.body_timeout",
        kind: TIMEOUT,
        default: DefaultValue::Text("30s"),
        doc: "How long a request's body may stand still before its answer begins; over time it must bring 1 KiB in \
              each such period as well. Otherwise 408.",
    },
    Key {
        name: "limits.idle_timeout",
        kind: TIMEOUT,
        default: DefaultValue::Text("75s"),
        doc: "How long a connection may wait for its next request, or for its client to read on. Longer than the \
              proxy in front keeps its connections.",
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
    /// Connections at once of one address.
    pub connections_per_address: usize,
    /// How long a TLS handshake may take.
    pub handshake_timeout: Duration,
    /// How long a head may take.
    pub header_timeout: Duration,
    /// How long a body may stand still.
    pub body_timeout: Duration,
    /// How long a connection may be idle.
    pub idle_timeout: Duration,
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
            connections_per_address: values.read("limits.connections_per_address")?,
            handshake_timeout: values.read("limits.handshake_timeout")?,
            header_timeout: values.read("limits.header_timeout")?,
            body_timeout: values.read("limits.body_timeout")?,
            idle_timeout: values.read("limits.idle_timeout")?,
        })
    }
}
