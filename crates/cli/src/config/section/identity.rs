//! `[[identity]]`: whom an address or a certificate stands for.

use crate::config::key::{DefaultValue, Form, Key, Kind, Table};
use crate::config::shape;

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
            default: DefaultValue::Text(""),
            doc: "The client addresses that stand for it, trusted proxies taken into account.",
        },
        Key {
            name: "identity.cert_san",
            kind: Kind::Word(&shape::SAN),
            default: DefaultValue::Unset,
            doc: "In the place of `ip`: a name in the client's certificate that stands for it, the whole name.",
        },
    ],
    tables: &[],
    doc: "Whom a client's address stands for, at APIs that accept `ip`, or its certificate, at those that accept \
          `mtls`: one of both in each.",
};
