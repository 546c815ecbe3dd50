//! `[store]`: where the data is, and what happens when it cannot be reached.

use std::path::Path;
use std::time::Duration;

use crate::config::key::{DefaultValue, Key, Kind};
use crate::config::store_url::StoreUrl;
use crate::config::value::{FromValue, Mismatch, Value, Values};

pub(in crate::config) const KEYS: &[Key] = &[
    Key {
        name: "store.url",
        kind: Kind::StoreUrl,
        default: DefaultValue::Text("sqlite:doorward.db"),
        doc: "The store: `sqlite:PATH`, relative to the data folder, or `postgres://USER:PASSWORD@HOST/DATABASE`.",
    },
    Key {
        name: "store.feed_url",
        kind: Kind::PostgresUrl,
        default: DefaultValue::Unset,
        doc: "A direct PostgreSQL URL for the change feed, when `store.url` goes through a connection pooler.",
    },
    Key {
        name: "store.statement_timeout",
        kind: Kind::Duration {
            min: Duration::from_millis(10),
        },
        default: DefaultValue::Text("2s"),
        doc: "How long one statement may take.",
    },
    Key {
        name: "store.max_connections",
        kind: Kind::Count { min: 1, max: 1000 },
        default: DefaultValue::Text("10"),
        doc: "Connections to the store at once.",
    },
    Key {
        name: "store.outage",
        kind: Kind::Choice(&["stale", "closed"]),
        default: DefaultValue::Text("stale"),
        doc: "When the store cannot be reached: `stale` goes on answering for known credentials \
              during `store.stale_grace`, `closed` refuses at once.",
    },
    Key {
        name: "store.stale_grace",
        kind: Kind::Duration {
            min: Duration::ZERO,
        },
        default: DefaultValue::Text("60s"),
        doc: "How long after the last sign of life of the store known credentials are still accepted.",
    },
];

/// Where the data is.
#[derive(Debug, Clone, PartialEq)]
pub struct Store {
    /// The store; a SQLite path is joined to the data folder.
    pub url: StoreUrl,
    /// The direct URL for the change feed; `None`: the same as `url`.
    pub feed_url: Option<StoreUrl>,
    /// How long one statement may take.
    pub statement_timeout: Duration,
    /// Connections at once.
    pub max_connections: u32,
    /// What to do while the store cannot be reached.
    pub outage: Outage,
    /// How long `Outage::Stale` holds.
    pub stale_grace: Duration,
}

/// What to do while the store cannot be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outage {
    /// Go on with what is known, for the grace.
    Stale,
    /// Refuse at once.
    Closed,
}

impl FromValue for Outage {
    fn from_value(value: &Value) -> Option<Self> {
        match <&str>::from_value(value)? {
            "stale" => Some(Self::Stale),
            "closed" => Some(Self::Closed),
            _ => None,
        }
    }
}

impl Store {
    pub(in crate::config) fn build(values: &Values, data: &Path) -> Result<Self, Mismatch> {
        Ok(Self {
            url: values.read::<StoreUrl>("store.url")?.in_folder(data),
            feed_url: values.read("store.feed_url")?,
            statement_timeout: values.read("store.statement_timeout")?,
            max_connections: values.read("store.max_connections")?,
            outage: values.read("store.outage")?,
            stale_grace: values.read("store.stale_grace")?,
        })
    }
}
