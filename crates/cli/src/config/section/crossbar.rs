//! `[crossbar]`: the Crossbar dialect.

use crate::config::key::{DefaultValue, Key, Kind};
use crate::config::shape;
use crate::config::value::{FromValue, Mismatch, Value, Values};

pub(in crate::config) const KEYS: &[Key] = &[
    Key {
        name: "crossbar.enabled",
        kind: Kind::Flag,
        default: DefaultValue::Text("true"),
        doc: "Answer the Crossbar dialect at `/v2`.",
    },
    Key {
        name: "crossbar.hosts",
        kind: Kind::Hosts,
        default: DefaultValue::Text(""),
        doc: "Host names at which it answers. Empty: all.",
    },
    Key {
        name: "crossbar.account",
        kind: Kind::Text,
        default: DefaultValue::Unset,
        doc: "The account (id, realm or name) of clients that name none.",
    },
    Key {
        name: "crossbar.user_level",
        kind: Kind::Choice(&["own", "kazoo"]),
        default: DefaultValue::Text("own"),
        doc: "What a caller of level `user` may do: `own`, read its account and those below, and act on \
              itself; `kazoo`, also use `as`, and the system owner's power in the system owner's account. With either, \
              granting roles stays with administrators and API keys, an account's reset and impersonation with \
              administrators, a user's reset with them and that user. With `kazoo` users also write each other, their \
              level included: whoever wants to be an administrator there becomes one.",
    },
    Key {
        name: "crossbar.v1",
        kind: Kind::Flag,
        default: DefaultValue::Text("true"),
        doc: "Answer at `/v1` as well.",
    },
    Key {
        name: "crossbar.unique_names",
        kind: Kind::Flag,
        default: DefaultValue::Text("true"),
        doc: "Refuse a second account of the same name.",
    },
    Key {
        name: "crossbar.allow_basic",
        kind: Kind::Flag,
        default: DefaultValue::Text("true"),
        doc: "Accept HTTP Basic with the account's id and the digest of the credentials.",
    },
    Key {
        name: "crossbar.basic_auth_type",
        kind: Kind::Choice(&["md5", "sha"]),
        default: DefaultValue::Text("md5"),
        doc: "Which digest Basic carries.",
    },
    Key {
        name: "crossbar.realm_suffix",
        kind: Kind::Domain,
        default: DefaultValue::Text("doorward.local"),
        doc: "Appended to the realm made up for an account that is created without one.",
    },
    Key {
        name: "crossbar.language",
        kind: Kind::Text,
        default: DefaultValue::Text("en-US"),
        doc: "The language of accounts and users that name none.",
    },
    Key {
        name: "crossbar.max_body",
        kind: Kind::Size {
            min: 1024,
            max: 1 << 30,
        },
        default: DefaultValue::Text("8MB"),
        doc: "The largest request body; more is answered 413.",
    },
    Key {
        name: "crossbar.foreign",
        kind: Kind::Words(&shape::NOUN),
        default: DefaultValue::Text(""),
        doc: "Nouns below an account, such as `\"devices\"`, whose requests are checked as our own and passed on to \
              the `[[api]]` of this dialect whose paths under `/v2/` cover them.",
    },
];

/// The Crossbar dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own in the configuration"
)]
pub struct Crossbar {
    /// Whether it is answered at all.
    pub enabled: bool,
    /// Host names at which it answers, in lower case; empty: all.
    pub hosts: Vec<String>,
    /// Id, realm or name of the account of clients that name none.
    pub account: Option<String>,
    /// What a caller of level `user` may do.
    pub user_level: UserLevel,
    /// Whether `/v1` answers as well.
    pub v1: bool,
    /// Whether two accounts may not have the same name.
    pub unique_names: bool,
    /// Whether Basic is accepted.
    pub allow_basic: bool,
    /// Which digest Basic carries.
    pub basic_auth_type: BasicAuthType,
    /// Appended to made-up realms.
    pub realm_suffix: String,
    /// The language of those who name none.
    pub language: String,
    /// The largest body, in bytes.
    pub max_body: u64,
    /// Nouns that somebody else serves.
    pub foreign: Vec<String>,
}

/// What a caller of level `user` may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserLevel {
    /// Read its account and those below, act on itself.
    Own,
    /// Also use `as` and, in the system owner's account, the system owner's power.
    Kazoo,
}

/// Which digest Basic carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BasicAuthType {
    /// MD5.
    Md5,
    /// SHA-1.
    Sha,
}

impl FromValue for UserLevel {
    fn from_value(value: &Value) -> Option<Self> {
        match <&str>::from_value(value)? {
            "own" => Some(Self::Own),
            "kazoo" => Some(Self::Kazoo),
            _ => None,
        }
    }
}

impl FromValue for BasicAuthType {
    fn from_value(value: &Value) -> Option<Self> {
        match <&str>::from_value(value)? {
            "md5" => Some(Self::Md5),
            "sha" => Some(Self::Sha),
            _ => None,
        }
    }
}

impl Crossbar {
    pub(in crate::config) fn build(values: &Values) -> Result<Self, Mismatch> {
        Ok(Self {
            enabled: values.read("crossbar.enabled")?,
            hosts: values.read("crossbar.hosts")?,
            account: values.read("crossbar.account")?,
            user_level: values.read("crossbar.user_level")?,
            v1: values.read("crossbar.v1")?,
            unique_names: values.read("crossbar.unique_names")?,
            allow_basic: values.read("crossbar.allow_basic")?,
            basic_auth_type: values.read("crossbar.basic_auth_type")?,
            realm_suffix: values.read("crossbar.realm_suffix")?,
            language: values.read("crossbar.language")?,
            max_body: values.read("crossbar.max_body")?,
            foreign: values.read("crossbar.foreign")?,
        })
    }
}
