//! `[upstream.NAME]`: the services behind guarded APIs.

use std::time::Duration;

use crate::config::key::{DefaultValue, Form, Key, Kind, Table};
use crate::config::shape;

const PATIENCE: Kind = Kind::Duration {
    min: Duration::from_millis(1),
};

pub(in crate::config) const TABLE: Table = Table {
    name: "upstream",
    form: Form::Named,
    keys: &[
        Key {
            name: "upstream.urls",
            kind: Kind::Words(&shape::UPSTREAM_URL),
            default: DefaultValue::Required,
            doc: "Where it is. Of several the least busy one is asked; one that could not be reached rests.",
        },
        Key {
            name: "upstream.connect_timeout",
            kind: PATIENCE,
            default: DefaultValue::Text("5s"),
            doc: "How long a connection may take to open.",
        },
        Key {
            name: "upstream.response_timeout",
            kind: PATIENCE,
            default: DefaultValue::Text("60s"),
            doc: "How long the head of the answer may take after the last byte of the request.",
        },
        Key {
            name: "upstream.idle_timeout",
            kind: PATIENCE,
            default: DefaultValue::Text("60s"),
            doc: "How long an answer may pause; then it is broken off.",
        },
        Key {
            name: "upstream.max_idle",
            kind: Kind::Count {
                min: 0,
                max: 10_000,
            },
            default: DefaultValue::Text("64"),
            doc: "Connections kept open for the next request, per address.",
        },
        Key {
            name: "upstream.max_in_flight",
            kind: Kind::Count {
                min: 1,
                max: 1_000_000,
            },
            default: DefaultValue::Text("1024"),
            doc: "Requests under way at once, per address; a further one is answered 503 with `Retry-After`.",
        },
        Key {
            name: "upstream.retries",
            kind: Kind::Count { min: 0, max: 10 },
            default: DefaultValue::Text("1"),
            doc: "Further addresses asked after one that could not be reached; a request that may have had an \
                  effect is never sent twice.",
        },
        Key {
            name: "upstream.ca_file",
            kind: Kind::Word(&shape::FILE),
            default: DefaultValue::Unset,
            doc: "Certificates in PEM form: who may have signed that of an `https` address. Not set, the usual public \
                  authorities. It is always verified.",
        },
        Key {
            name: "upstream.client_cert",
            kind: Kind::Word(&shape::FILE),
            default: DefaultValue::Unset,
            doc: "Our own certificate in PEM form, which is shown to `https` addresses that ask for one.",
        },
        Key {
            name: "upstream.client_key",
            kind: Kind::Word(&shape::FILE),
            default: DefaultValue::Unset,
            doc: "The key of `client_cert` in PEM form.",
        },
        Key {
            name: "upstream.server_name",
            kind: Kind::Domain,
            default: DefaultValue::Unset,
            doc: "The name that the certificate of an `https` address must have; not set, the host in `urls`.",
        },
        Key {
            name: "upstream.health_path",
            kind: Kind::Word(&shape::PROBE_PATH),
            default: DefaultValue::Unset,
            doc: "What each address is asked for to see whether it is well. After two answers that are not 200 to 299 it \
                  is left out, until there is one that is. If all are, they are asked all the same.",
        },
        Key {
            name: "upstream.health_interval",
            kind: Kind::Duration {
                min: Duration::from_millis(100),
            },
            default: DefaultValue::Text("5s"),
            doc: "How often, and how long the answer to that may take.",
        },
    ],
    tables: &[],
    doc: "A service behind guarded APIs.",
};
