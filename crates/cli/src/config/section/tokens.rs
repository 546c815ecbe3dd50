//! `[tokens]`: how long tokens live.

use std::time::Duration;

use crate::config::key::{DefaultValue, Key, Kind};
use crate::config::value::{Mismatch, Values};

pub(in crate::config) const KEYS: &[Key] = &[
    Key {
        name: "tokens.lifetime",
        kind: Kind::Lifetime,
        default: DefaultValue::Text("1h"),
        doc: "How long a token lives. Zero or less means one hour.",
    },
    Key {
        name: "tokens.max_total_life",
        kind: Kind::Duration {
            min: Duration::from_secs(1),
        },
        default: DefaultValue::Text("12h"),
        doc: "How long after the sign-in a token can still be refreshed.",
    },
];

/// How long tokens live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    /// From issue to expiry.
    pub lifetime: Duration,
    /// From the sign-in to the expiry of the last refreshed one.
    pub max_total_life: Duration,
}

impl Tokens {
    pub(in crate::config) fn build(values: &Values) -> Result<Self, Mismatch> {
        Ok(Self {
            lifetime: values.read("tokens.lifetime")?,
            max_total_life: values.read("tokens.max_total_life")?,
        })
    }
}
