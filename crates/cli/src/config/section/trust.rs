//! `[trust]`: whose word about the client's address counts.

use ipnet::IpNet;

use crate::config::key::{DefaultValue, Key, Kind};
use crate::config::value::{Mismatch, Values};

pub(in crate::config) const KEYS: &[Key] = &[
    Key {
        name: "trust.proxies",
        kind: Kind::Networks,
        default: DefaultValue::Text(""),
        doc: "Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed. Nobody by default: \
              anyone could write these headers.",
    },
    Key {
        name: "trust.allow_any_proxy",
        kind: Kind::Flag,
        default: DefaultValue::Text("false"),
        doc: "Take a network of all addresses in `proxies`. Then every client chooses its own address.",
    },
];

/// Whose word about the client's address counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    /// Networks of the proxies.
    pub proxies: Vec<IpNet>,
}

impl Trust {
    pub(in crate::config) fn build(values: &Values) -> Result<Self, Mismatch> {
        Ok(Self {
            proxies: values.read("trust.proxies")?,
        })
    }
}
