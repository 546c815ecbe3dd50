//! `[funnelback]`: the Funnelback dialect.

use std::time::Duration;

use crate::config::key::{DefaultValue, Key, Kind};
use crate::config::value::{FromValue, Mismatch, Value, Values};

/// What no remember-me token outlives.
pub(in crate::config) const TWO_WEEKS: Duration = Duration::from_hours(14 * 24);

pub(in crate::config) const KEYS: &[Key] = &[
    Key {
        name: "funnelback.enabled",
        kind: Kind::Flag,
        default: DefaultValue::Text("true"),
        doc: "Answer the Funnelback dialect where `funnelback.account` is set.",
    },
    Key {
        name: "funnelback.hosts",
        kind: Kind::Hosts,
        default: DefaultValue::Text(""),
        doc: "Host names at which it answers. Empty: all.",
    },
    Key {
        name: "funnelback.account",
        kind: Kind::Text,
        default: DefaultValue::Unset,
        doc: "The account (id, realm or name) whose users sign in at `/admin-api/account/v1/login`. Unset: the \
              dialect is off.",
    },
    Key {
        name: "funnelback.token_lifetime",
        kind: Kind::Duration {
            min: Duration::from_mins(1),
        },
        default: DefaultValue::Text("14d"),
        doc: "Life of the tokens that signing in gives, at most two weeks.",
    },
    Key {
        name: "funnelback.cookie_same_site",
        kind: Kind::Choice(&["lax", "strict"]),
        default: DefaultValue::Text("lax"),
        doc: "Whether links from other sites carry the cookie: `lax`, they do; `strict`, they do not.",
    },
    Key {
        name: "funnelback.admin_basic",
        kind: Kind::Flag,
        default: DefaultValue::Text("false"),
        doc: "Accept Basic at the dialect's own resources too, for clients of later releases of the vendor.",
    },
];

/// The Funnelback dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Funnelback {
    /// Host names at which it answers, in lower case; empty: all.
    pub hosts: Vec<String>,
    /// Id, realm or name of the account whose users sign in; `None` where the dialect is off.
    pub account: Option<String>,
    /// Life of its tokens.
    pub token_lifetime: Duration,
    /// `SameSite` of its cookie.
    pub cookie_same_site: CookieSameSite,
    /// Whether Basic is accepted at its own resources.
    pub admin_basic: bool,
}

/// `SameSite` of a cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CookieSameSite {
    /// Links from other sites carry it.
    Lax,
    /// Nothing from other sites does.
    Strict,
}

impl FromValue for CookieSameSite {
    fn from_value(value: &Value) -> Option<Self> {
        match <&str>::from_value(value)? {
            "lax" => Some(Self::Lax),
            "strict" => Some(Self::Strict),
            _ => None,
        }
    }
}

impl Funnelback {
    pub(in crate::config) fn build(values: &Values) -> Result<Self, Mismatch> {
        let enabled: bool = values.read("funnelback.enabled")?;
        let account: Option<String> = values.read("funnelback.account")?;
        Ok(Self {
            hosts: values.read("funnelback.hosts")?,
            account: account.filter(|_| enabled),
            token_lifetime: values.read("funnelback.token_lifetime")?,
            cookie_same_site: values.read("funnelback.cookie_same_site")?,
            admin_basic: values.read("funnelback.admin_basic")?,
        })
    }
}
