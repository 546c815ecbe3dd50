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
    ],
    tables: &[],
    doc: "A service behind guarded APIs.",
};
