//! All keys of all sections.

use std::time::Duration;

use super::key::{DefaultValue, Key, Kind, Table};
use super::section::{
    api, cache, check, crossbar, funnelback, hash, identity, limits, listen, log, record, store,
    tls, tokens, trust, upstream,
};
use super::shape;

/// The keys outside any section.
const TOP: &[Key] = &[
    Key {
        name: "shutdown_grace",
        kind: Kind::Duration {
            min: Duration::ZERO,
        },
        default: DefaultValue::Text("30s"),
        doc: "How long requests in flight may take to finish when Doorward stops.",
    },
    Key {
        name: "origins",
        kind: Kind::Words(&shape::ORIGIN),
        default: DefaultValue::Text(""),
        doc: "Our public addresses, scheme, host and port. The first is the issuer of signed assertions; pages of all may \
              send requests that Funnelback's cookie proves.",
    },
    Key {
        name: "rights",
        kind: Kind::Words(&shape::RIGHT),
        default: DefaultValue::Text(""),
        doc: "Rights that roles may grant and APIs demand, besides the built-in ones.",
    },
];

const SECTIONS: [&[Key]; 14] = [
    TOP,
    listen::KEYS,
    tls::KEYS,
    store::KEYS,
    trust::KEYS,
    check::KEYS,
    crossbar::KEYS,
    funnelback::KEYS,
    tokens::KEYS,
    hash::KEYS,
    cache::KEYS,
    limits::KEYS,
    record::KEYS,
    log::KEYS,
];

/// Tables that are written more than once, in the order of the reference page.
const TABLES: [&Table; 3] = [&upstream::TABLE, &api::TABLE, &identity::TABLE];

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

/// Every table that is written more than once, in the order of the reference page; their keys are not among
/// [`keys`].
pub fn tables() -> impl Iterator<Item = &'static Table> + Clone {
    TABLES.into_iter()
}

/// The table of a name at the top level.
pub(super) fn table(name: &str) -> Option<&'static Table> {
    tables().find(|table| table.name == name)
}
