//! A checked value, and its way into the settings.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

use doorward_core::api::AcceptMethod;
use doorward_gateway::address::ListenAddr;
use ipnet::IpNet;
use thiserror::Error;

use super::store_url::StoreUrl;
use super::{accept, duration, size};
use crate::config::{Origin, Place};

/// A value that its key accepts.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Unset,
    Flag(bool),
    Count(u64),
    Duration(Duration),
    Size(u64),
    Text(String),
    Texts(Vec<String>),
    Choice(&'static str),
    Accept(Vec<Vec<AcceptMethod>>),
    Addresses(Vec<ListenAddr>),
    Networks(Vec<IpNet>),
    Store(StoreUrl),
}

impl Value {
    /// The value in TOML with secrets masked. `None`: not set.
    pub(super) fn show(&self) -> Option<String> {
        Some(match self {
            Self::Unset => return None,
            Self::Flag(flag) => flag.to_string(),
            Self::Count(count) => count.to_string(),
            Self::Duration(value) => quote(&duration::show(*value)),
            Self::Size(value) => quote(&size::show(*value)),
            Self::Text(text) => quote(text),
            Self::Choice(word) => quote(word),
            Self::Store(url) => quote(&url.to_string()),
            Self::Texts(texts) => list(texts),
            Self::Accept(any_of) => accept::show(any_of),
            Self::Addresses(addresses) => list(addresses),
            Self::Networks(networks) => list(networks),
        })
    }
}

/// A text as TOML writes it.
pub(super) fn quote(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn list<T: ToString>(items: &[T]) -> String {
    let items: Vec<String> = items.iter().map(|item| quote(&item.to_string())).collect();
    format!("[{}]", items.join(", "))
}

impl Value {
    /// Whether it is a list of nothing.
    pub(super) fn is_empty_list(&self) -> bool {
        match self {
            Self::Texts(texts) => texts.is_empty(),
            Self::Networks(networks) => networks.is_empty(),
            _ => false,
        }
    }
}

/// The value of every key, and where it came from.
#[derive(Debug)]
pub(super) struct Values(pub(super) BTreeMap<&'static str, (Value, Origin)>);

/// A section reads a key as something it is not, or one that the table does not have. A mistake in
/// this program, not in a configuration; the test that loads the defaults finds it.
#[derive(Debug, Error)]
#[error("the key {0} is not read the way it is declared")]
pub(super) struct Mismatch(pub(super) &'static str);

impl Values {
    /// The value of a key as the type that the settings want.
    pub(super) fn read<T: FromValue>(&self, key: &'static str) -> Result<T, Mismatch> {
        self.0
            .get(key)
            .and_then(|(value, _)| T::from_value(value))
            .ok_or(Mismatch(key))
    }

    /// The texts of a key as what they stand for; their shape has been checked.
    pub(super) fn parse_all<T: FromStr>(&self, key: &'static str) -> Result<Vec<T>, Mismatch> {
        let texts: Vec<String> = self.read(key)?;
        let parsed = texts.iter().map(|text| text.parse());
        parsed.collect::<Result<_, _>>().map_err(|_| Mismatch(key))
    }

    /// The same for a key of one text, if it is set.
    pub(super) fn parse<T: FromStr>(&self, key: &'static str) -> Result<Option<T>, Mismatch> {
        let text: Option<String> = self.read(key)?;
        let parsed = text.map(|text| text.parse());
        parsed.transpose().map_err(|_| Mismatch(key))
    }

    /// Where a key was set, if it was.
    pub(super) fn place(&self, key: &str) -> Option<&Place> {
        match self.0.get(key) {
            Some((_, Origin::Set(place))) => Some(place),
            _ => None,
        }
    }
}

/// What a value can become.
pub(super) trait FromValue: Sized {
    /// `None` if the value is of another kind.
    fn from_value(value: &Value) -> Option<Self>;
}

impl FromValue for bool {
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Flag(flag) = value {
            Some(*flag)
        } else {
            None
        }
    }
}

impl FromValue for Duration {
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Duration(duration) = value {
            Some(*duration)
        } else {
            None
        }
    }
}

/// A count, or a size in bytes.
impl FromValue for u64 {
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Count(number) | Value::Size(number) = value {
            Some(*number)
        } else {
            None
        }
    }
}

impl FromValue for u32 {
    fn from_value(value: &Value) -> Option<Self> {
        u64::from_value(value)?.try_into().ok()
    }
}

impl FromValue for usize {
    fn from_value(value: &Value) -> Option<Self> {
        u64::from_value(value)?.try_into().ok()
    }
}

impl FromValue for String {
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Text(text) = value {
            Some(text.clone())
        } else {
            None
        }
    }
}

/// The word of a choice.
impl FromValue for &'static str {
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Choice(word) = value {
            Some(word)
        } else {
            None
        }
    }
}

impl FromValue for Vec<String> {
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Texts(texts) = value {
            Some(texts.clone())
        } else {
            None
        }
    }
}

impl FromValue for Vec<Vec<AcceptMethod>> {
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Accept(any_of) = value {
            Some(any_of.clone())
        } else {
            None
        }
    }
}

impl FromValue for Vec<ListenAddr> {
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Addresses(addresses) = value {
            Some(addresses.clone())
        } else {
            None
        }
    }
}

impl FromValue for Vec<IpNet> {
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Networks(networks) = value {
            Some(networks.clone())
        } else {
            None
        }
    }
}

impl FromValue for StoreUrl {
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Store(url) = value {
            Some(url.clone())
        } else {
            None
        }
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: &Value) -> Option<Self> {
        if *value == Value::Unset {
            Some(None)
        } else {
            T::from_value(value).map(Some)
        }
    }
}
