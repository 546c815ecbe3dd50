//! `[listen]`: where to listen.

use doorward_gateway::address::ListenAddr;

use crate::config::key::{DefaultValue, Key, Kind};
use crate::config::value::{Mismatch, Values};

pub(in crate::config) const KEYS: &[Key] = &[
    Key {
        name: "listen.public",
        kind: Kind::Addresses,
        default: DefaultValue::Text("127.0.0.1:8000"),
        doc: "Where clients reach the API. Also `--listen`.",
    },
    Key {
        name: "listen.check",
        kind: Kind::Addresses,
        default: DefaultValue::Text(""),
        doc: "Where proxies ask whether a request may pass. Off unless set; needs `[check]`.",
    },
    Key {
        name: "listen.ops",
        kind: Kind::Addresses,
        default: DefaultValue::Text(""),
        doc: "Where `/livez`, `/readyz` and `/metrics` answer. Off unless set; keep it private.",
    },
    Key {
        name: "listen.allow_plaintext",
        kind: Kind::Flag,
        default: DefaultValue::Text("false"),
        doc: "Accept credentials over plain HTTP from other machines. Anyone on the way can read them: \
              only for networks where that is acceptable.",
    },
];

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    /// The public API.
    pub public: Vec<ListenAddr>,
    /// The forward-auth door; empty: off.
    pub check: Vec<ListenAddr>,
    /// Probes and metrics; empty: off.
    pub ops: Vec<ListenAddr>,
    /// Whether credentials may come over plain HTTP from other machines.
    pub allow_plaintext: bool,
}

impl Listen {
    pub(in crate::config) fn build(values: &Values) -> Result<Self, Mismatch> {
        Ok(Self {
            public: values.read("listen.public")?,
            check: values.read("listen.check")?,
            ops: values.read("listen.ops")?,
            allow_plaintext: values.read("listen.allow_plaintext")?,
        })
    }
}
