//! `[[api]]` and `[[api.rule]]`: what is guarded.

use std::time::Duration;

use crate::config::key::{DefaultValue, Form, Key, Kind, Table};
use crate::config::shape;

/// A header name with a default.
macro_rules! header {
    ($key:literal, $default:literal, $doc:literal) => {
        Key {
            name: concat!("api.headers.", $key),
            kind: Kind::Word(&shape::HEADER),
            default: DefaultValue::Text($default),
            doc: $doc,
        }
    };
}

pub(in crate::config) const TABLE: Table = Table {
    name: "api",
    form: Form::List,
    keys: &[
        Key {
            name: "api.name",
            kind: Kind::Word(&shape::SLUG),
            default: DefaultValue::Required,
            doc: "Its name: in metrics, logs, pins, and `aud` of assertions.",
        },
        Key {
            name: "api.hosts",
            kind: Kind::Words(&shape::HOST_PATTERN),
            default: DefaultValue::Text(""),
            doc: "Hosts it answers on; none for all. An exact host wins over `*.`, that over none.",
        },
        Key {
            name: "api.paths",
            kind: Kind::Words(&shape::PATH_PREFIX),
            default: DefaultValue::Required,
            doc: "Paths it claims, with regard to case. `\"/s/\"` is what lies below; `\"/s\"` also `/s` itself. \
                  The longest wins.",
        },
        Key {
            name: "api.methods",
            kind: Kind::Words(&shape::METHOD),
            default: DefaultValue::Text(""),
            doc: "Methods it knows, HEAD apart from GET; none for all. Others are 405.",
        },
        Key {
            name: "api.upstream",
            kind: Kind::Word(&shape::SLUG),
            default: DefaultValue::Unset,
            doc: "The upstream that requests are passed on to; not set for an API that is only asked about at the \
                  check door.",
        },
        Key {
            name: "api.account",
            kind: Kind::Text,
            default: DefaultValue::Required,
            doc: "Whose it is: an account's id, realm or name.",
        },
        Key {
            name: "api.members",
            kind: Kind::Choice(&["account", "subtree"]),
            default: DefaultValue::Text("account"),
            doc: "Who passes: identities of exactly that account, or also of accounts below it. Those above never do.",
        },
        Key {
            name: "api.dialect",
            kind: Kind::Choice(&["doorward", "funnelback", "crossbar"]),
            default: DefaultValue::Text("doorward"),
            doc: "Where credentials stand, which challenges are given, what errors look like.",
        },
        Key {
            name: "api.accept",
            kind: Kind::Accept,
            default: DefaultValue::Required,
            doc: "What proves who asks: any of these; a list inside the list is all of its methods.",
        },
        Key {
            name: "api.permission",
            kind: Kind::Word(&shape::PERMISSION),
            default: DefaultValue::Unset,
            doc: "A right that the caller's roles must grant where no rule matches.",
        },
        Key {
            name: "api.assertion",
            kind: Kind::Flag,
            default: DefaultValue::Text("false"),
            doc: "Tell the upstream who asks in a signed token as well; its keys are at `/.well-known/jwks.json`.",
        },
        Key {
            name: "api.max_stream_age",
            kind: Kind::Duration {
                min: Duration::from_secs(1),
            },
            default: DefaultValue::Text("1h"),
            doc: "How long a stream or WebSocket may go on after its check.",
        },
        Key {
            name: "api.outage",
            kind: Kind::Choice(&["stale", "closed"]),
            default: DefaultValue::Text("stale"),
            doc: "Whether known callers pass while the store is silent, for `store.stale_grace`.",
        },
        Key {
            name: "api.path_allow",
            kind: Kind::Words(&shape::ODDITY),
            default: DefaultValue::Text(""),
            doc: "What its paths may hold although two servers may read it differently.",
        },
        header!("account", "X-Doorward-Account", "The account's id."),
        header!("user", "X-Doorward-User", "The user's id."),
        header!("username", "X-Doorward-Username", "The username."),
        header!(
            "method",
            "X-Doorward-Method",
            "What proved it: `basic`, `token`, …"
        ),
        header!("roles", "X-Doorward-Roles", "The roles, comma-separated."),
        header!(
            "actor",
            "X-Doorward-Actor",
            "The user behind an impersonated one."
        ),
        header!("assertion", "X-Doorward-Assertion", "The signed token."),
    ],
    tables: &[&RULE],
    doc: "A guarded API. What no API and no dialect claims is 401 for strangers, 404 for holders of a token.",
};

pub(in crate::config) const RULE: Table = Table {
    name: "api.rule",
    form: Form::List,
    keys: &[
        Key {
            name: "api.rule.methods",
            kind: Kind::Words(&shape::METHOD),
            default: DefaultValue::Text(""),
            doc: "Methods it is about; none for all. `\"GET\"` is not `\"HEAD\"`: name both.",
        },
        Key {
            name: "api.rule.path",
            kind: Kind::Word(&shape::PATH_PATTERN),
            default: DefaultValue::Required,
            doc: "Paths it is about.",
        },
        Key {
            name: "api.rule.permission",
            kind: Kind::Word(&shape::PERMISSION),
            default: DefaultValue::Required,
            doc: "The right it demands.",
        },
        Key {
            name: "api.rule.resource",
            kind: Kind::Word(&shape::CAPTURE),
            default: DefaultValue::Unset,
            doc: "The part of the path that the right must cover.",
        },
    ],
    tables: &[],
    doc: "A finer rule of the API above it; the first that matches decides.",
};
