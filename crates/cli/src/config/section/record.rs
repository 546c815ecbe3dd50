//! `[record]`: what is kept of decisions about guarded APIs.

use crate::config::key::{DefaultValue, Key, Kind};
use crate::config::value::{Mismatch, Values};

pub(in crate::config) const KEYS: &[Key] = &[Key {
    name: "record.keep",
    kind: Kind::Count {
        min: 0,
        max: 10_000_000,
    },
    default: DefaultValue::Text("100000"),
    doc: "Rows of the sampled record of decisions that are kept, without secrets; 0 records nothing.",
}];

/// What is kept of decisions about guarded APIs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Rows kept.
    pub keep: u32,
}

impl Record {
    pub(in crate::config) fn build(values: &Values) -> Result<Self, Mismatch> {
        Ok(Self {
            keep: values.read("record.keep")?,
        })
    }
}
