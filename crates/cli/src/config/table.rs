//! All keys of all sections.

use std::time::Duration;

use super::key::{DefaultValue, Key, Kind};
use super::section::{cache, crossbar, hash, limits, listen, log, store, tokens, trust};

/// The keys outside any section.
const TOP: &[Key] = &[Key {
    name: "shutdown_grace",
    kind: Kind::Duration {
        min: Duration::ZERO,
    },
    default: DefaultValue::Text("30s"),
    doc: "How long requests in flight may take to finish when Doorward stops.",
}];

const SECTIONS: [&[Key]; 10] = [
    TOP,
    listen::KEYS,
    store::KEYS,
    trust::KEYS,
    crossbar::KEYS,
    tokens::KEYS,
    hash::KEYS,
    cache::KEYS,
    limits::KEYS,
    log::KEYS,
];

/// Every key, in the order of the reference page.
pub fn keys() -> impl Iterator<Item = &'static Key> + Clone {
    SECTIONS.into_iter().flatten()
}

/// The names of the sections.
pub(super) fn sections() -> impl Iterator<Item = &'static str> {
    SECTIONS
        .into_iter()
        .filter_map(|keys| keys.first())
        .map(Key::section)
        .filter(|s| !s.is_empty())
}

/// The key of a dotted name.
pub(super) fn find(name: &str) -> Option<&'static Key> {
    keys().find(|key| key.name == name)
}
