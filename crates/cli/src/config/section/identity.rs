//! `[[identity]]`: whom an address stands for.

use crate::config::key::{DefaultValue, Form, Key, Kind, Table};

pub(in crate::config) const TABLE: Table = Table {
    name: "identity",
    form: Form::List,
    keys: &[
        Key {
            name: "identity.account",
            kind: Kind::Text,
            default: DefaultValue::Required,
            doc: "The account: id, realm or name.",
        },
        Key {
            name: "identity.user",
            kind: Kind::Text,
            default: DefaultValue::Unset,
            doc: "The user of the account: id or username; without one it has no roles.",
        },
        Key {
            name: "identity.ip",
            kind: Kind::Networks,
            default: DefaultValue::Required,
            doc: "The client addresses that stand for it, trusted proxies taken into account.",
        },
    ],
    tables: &[],
    doc: "Whom a client's address stands for, at APIs that accept `ip`.",
};
