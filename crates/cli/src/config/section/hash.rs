//! `[hash]`: what a password check may cost.

use std::thread::available_parallelism;
use std::time::Duration;

use crate::config::key::{DefaultValue, Key, Kind};
use crate::config::value::{Mismatch, Values};

const KIB: u64 = 1024;

pub(in crate::config) const KEYS: &[Key] = &[
    Key {
        name: "hash.threads",
        kind: Kind::Count { min: 1, max: 1024 },
        default: DefaultValue::Computed(threads, "the number of cores less one, at least 1"),
        doc: "Threads that check passwords.",
    },
    Key {
        name: "hash.queue",
        kind: Kind::Count {
            min: 1,
            max: 100_000,
        },
        default: DefaultValue::Text("64"),
        doc: "Password checks that may wait; more are answered 429.",
    },
    Key {
        name: "hash.deadline",
        kind: Kind::Duration {
            min: Duration::from_millis(100),
        },
        default: DefaultValue::Text("5s"),
        doc: "How long a password check may wait before it is answered 429.",
    },
    Key {
        name: "hash.memory",
        kind: Kind::Size {
            min: 1024 * KIB,
            max: 1024 * 1024 * KIB,
        },
        default: DefaultValue::Text("19MiB"),
        doc: "Argon2id's memory, rounded down to whole KiB. A change applies to passwords as they are set or used.",
    },
    Key {
        name: "hash.time",
        kind: Kind::Count { min: 1, max: 64 },
        default: DefaultValue::Text("2"),
        doc: "Argon2id's number of passes.",
    },
];

/// What a password check may cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hash {
    /// Threads that hash.
    pub threads: usize,
    /// Checks that may wait.
    pub queue: usize,
    /// How long one may wait.
    pub deadline: Duration,
    /// Argon2id's memory in KiB.
    pub memory_kib: u32,
    /// Argon2id's passes.
    pub time: u32,
}

impl Hash {
    pub(in crate::config) fn build(values: &Values) -> Result<Self, Mismatch> {
        let memory = values.read::<u64>("hash.memory")? / KIB;
        Ok(Self {
            threads: values.read("hash.threads")?,
            queue: values.read("hash.queue")?,
            deadline: values.read("hash.deadline")?,
            memory_kib: u32::try_from(memory).map_err(|_| Mismatch("hash.memory"))?,
            time: values.read("hash.time")?,
        })
    }
}

fn threads() -> String {
    let cores = available_parallelism().map_or(1, usize::from);
    cores.saturating_sub(1).clamp(1, 1024).to_string()
}
