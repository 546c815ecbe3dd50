//! `[log]`: what is logged, and how it looks.

use crate::config::key::{DefaultValue, Key, Kind};
use crate::config::value::{FromValue, Mismatch, Value, Values};

pub(in crate::config) const KEYS: &[Key] = &[
    Key {
        name: "log.level",
        kind: Kind::Choice(&["off", "error", "warn", "info", "debug", "trace"]),
        default: DefaultValue::Text("info"),
        doc: "How much is logged, on standard output. `RUST_LOG` wins if set.",
    },
    Key {
        name: "log.format",
        kind: Kind::Choice(&["auto", "text", "json"]),
        default: DefaultValue::Text("auto"),
        doc: "`auto`: text on a terminal, JSON otherwise.",
    },
];

/// What is logged, and how it looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Log {
    /// `off`, `error`, `warn`, `info`, `debug` or `trace`.
    pub level: &'static str,
    /// How a record looks.
    pub format: LogFormat,
}

/// How a record looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Text on a terminal, JSON otherwise.
    Auto,
    /// One line of text.
    Text,
    /// One JSON object a line.
    Json,
}

impl FromValue for LogFormat {
    fn from_value(value: &Value) -> Option<Self> {
        match <&str>::from_value(value)? {
            "auto" => Some(Self::Auto),
            "text" => Some(Self::Text),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

impl Log {
    pub(in crate::config) fn build(values: &Values) -> Result<Self, Mismatch> {
        Ok(Self {
            level: values.read("log.level")?,
            format: values.read("log.format")?,
        })
    }
}
