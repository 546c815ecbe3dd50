//! `[cache]`: how much is kept in memory.

use crate::config::key::{DefaultValue, Key, Kind};
use crate::config::value::{Mismatch, Values};

const ENTRIES: Kind = Kind::Count {
    min: 100,
    max: 1_000_000_000,
};

pub(in crate::config) const KEYS: &[Key] = &[
    Key {
        name: "cache.credentials",
        kind: ENTRIES,
        default: DefaultValue::Text("1000000"),
        doc: "Verified credentials kept in memory.",
    },
    Key {
        name: "cache.accounts",
        kind: ENTRIES,
        default: DefaultValue::Text("200000"),
        doc: "Accounts kept in memory.",
    },
    Key {
        name: "cache.users",
        kind: ENTRIES,
        default: DefaultValue::Text("200000"),
        doc: "Users kept in memory.",
    },
];

/// How many entries are kept in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cache {
    /// Verified credentials.
    pub credentials: usize,
    /// Accounts.
    pub accounts: usize,
    /// Users.
    pub users: usize,
}

impl Cache {
    pub(in crate::config) fn build(values: &Values) -> Result<Self, Mismatch> {
        Ok(Self {
            credentials: values.read("cache.credentials")?,
            accounts: values.read("cache.accounts")?,
            users: values.read("cache.users")?,
        })
    }
}
