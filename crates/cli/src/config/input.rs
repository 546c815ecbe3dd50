//! A value as it was written, before its key says what it means.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value as written in the file or in the environment.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Input {
    /// Text of the environment or a flag, which has no types: a number or a list may stand in it.
    Bare(String),
    /// A string of the file.
    Text(String),
    /// A whole number of the file. `None`: more than 64 bits.
    Integer(Option<i64>),
    /// A truth value of the file.
    Flag(bool),
    /// A list.
    List(Vec<Input>),
    /// Something no key takes, by its name in TOML.
    Other(&'static str),
}

impl Input {
    /// What this is, for a message. Never the value itself.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Bare(_) | Self::Text(_) => "text",
            Self::Integer(_) => "a number",
            Self::Flag(_) => "true or false",
            Self::List(_) => "a list",
            Self::Other(name) => name,
        }
    }

    /// The entries of a list: of TOML, or of the environment, where `[…]` is a TOML array and
    /// anything else is separated by commas. A single text is a list of one.
    pub(super) fn entries(&self) -> Result<Vec<Self>, &'static str> {
        match self {
            Self::List(entries) => Ok(entries.clone()),
            Self::Bare(text) if text.trim_start().starts_with('[') => {
                let document = format!("list = {text}");
                let table = DeTable::parse(&document).map_err(|_| "not a TOML array")?;
                match table.get_ref().get("list").map(from_toml) {
                    Some(Self::List(entries)) if table.get_ref().len() == 1 => Ok(entries),
                    _ => Err("not a TOML array"),
                }
            }
            Self::Bare(text) => {
                let entries = text
                    .split(',')
                    .map(str::trim)
                    .filter(|entry| !entry.is_empty());
                Ok(entries.map(|entry| Self::Text(entry.to_owned())).collect())
            }
            other => Ok(vec![other.clone()]),
        }
    }
}

/// A value of the file.
pub(super) fn from_toml(value: &Spanned<DeValue<'_>>) -> Input {
    match value.get_ref() {
        DeValue::String(text) => Input::Text(text.to_string()),
        DeValue::Integer(number) => {
            Input::Integer(i64::from_str_radix(number.as_str(), number.radix()).ok())
        }
        DeValue::Boolean(flag) => Input::Flag(*flag),
        DeValue::Array(entries) => Input::List(entries.iter().map(from_toml).collect()),
        DeValue::Float(_) => Input::Other("a fraction"),
        DeValue::Datetime(_) => Input::Other("a date"),
        DeValue::Table(_) => Input::Other("a table"),
    }
}
