//! `[record]`: what is kept of decisions about guarded APIs.

use std::time::Duration;

use crate::config::key::{DefaultValue, Key, Kind};
use crate::config::value::{Mismatch, Values};

pub(in crate::config) const KEYS: &[Key] = &[
    Key {
        name: "record.sample",
        kind: Kind::Count {
            min: 0,
            max: 1_000_000,
        },
        default: DefaultValue::Text("100"),
        doc: "One of so many requests that were let in is recorded; 1 records all of them, 0 none but the first of \
              each API.",
    },
    Key {
        name: "record.refusals_per_second",
        kind: Kind::Count {
            min: 0,
            max: 1_000_000,
        },
        default: DefaultValue::Text("50"),
        doc: "Refusals recorded in a second; more are counted as dropped.",
    },
    Key {
        name: "record.keep",
        kind: Kind::Count {
            min: 0,
            max: 10_000_000,
        },
        default: DefaultValue::Text("100000"),
        doc: "Rows of the sampled record of decisions that are kept, without secrets; 0 records nothing.",
    },
    Key {
        name: "record.keep_for",
        kind: Kind::Duration {
            min: Duration::from_mins(1),
        },
        default: DefaultValue::Text("30d"),
        doc: "How long they are kept.",
    },
];

/// What is kept of decisions about guarded APIs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// One of so many of those let in; none with 0.
    pub sample: u32,
    /// Refusals recorded in a second.
    pub refusals_per_second: u32,
    /// Rows kept.
    pub keep: u32,
    /// How long they are kept.
    pub keep_for: Duration,
}

impl Record {
    pub(in crate::config) fn build(values: &Values) -> Result<Self, Mismatch> {
        Ok(Self {
            sample: values.read("record.sample")?,
            refusals_per_second: values.read("record.refusals_per_second")?,
            keep: values.read("record.keep")?,
            keep_for: values.read("record.keep_for")?,
        })
    }
}
