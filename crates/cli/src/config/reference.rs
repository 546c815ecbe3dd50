//! The reference page, made from the table of keys.

use std::fmt::Write;

use super::key::{DefaultValue, Key, Kind, Table};
use super::{duration, size, table};

const INTRODUCTION: &str = "\
# Configuration

<!-- Made from the table of keys in crates/cli/src/config. To renew it:
     DOORWARD_TEST_WRITE=1 cargo test --package doorward --test config reference -->

`doorward serve --config FILE` reads one TOML file; without `--config` it is the one named by `DOORWARD_CONFIG`, else
`doorward.toml` in the data folder if there is one. An empty file is a valid one.
`doorward config check FILE` prints every problem of a file, `doorward config show` the configuration in force
and where each value came from.

Flags win over the environment, the environment over the file, the file over the defaults. In the environment a key is
`DOORWARD_` and its name in upper case with `__` for each dot: `listen.public` is `DOORWARD_LISTEN__PUBLIC`. A list is
separated by commas there, or written as a TOML array. A key that may hold a secret can stand in a file: the variable
with `_FILE` at its end names it. Unknown keys and unknown variables that start with `DOORWARD_` are errors,
except the ones that Kubernetes and Docker make for a service of that name (`DOORWARD_SERVICE_HOST`, `DOORWARD_PORT_8000_TCP`).

A *duration* is a whole number with `ms`, `s`, `m`, `h` or `d`: `\"250ms\"`, `\"14d\"`. A *size* is a whole number with
`B`, `KB`, `MB`, `GB` (powers of 1000) or `KiB`, `MiB`, `GiB` (powers of 1024): `\"8MB\"`, `\"64KiB\"`. An *address* to listen at
is `\"127.0.0.1:8000\"`, `\"[::1]:8000\"`, `\"unix:/run/doorward.sock\"`, or `\"systemd:NAME\"` for the socket that systemd opened
under that `FileDescriptorName`.

Variables that are no keys:

| Variable | Meaning |
| --- | --- |
| `DOORWARD_DATA` | The data folder, as `--data`. Default `./doorward-data`. |
| `DOORWARD_CONFIG` | The configuration file, as `--config`. |
| `DOORWARD_MASTER_KEY` | The master key, in the place of `master.key` in the data folder. |
| `DOORWARD_MASTER_KEY_FILE` | A file that holds the master key. |
";

const EXAMPLE: &str = r#"
## An example

An API that an application in front of it knows by a header, another that nginx asks about, and a rule for one
kind of request:

```toml
rights = ["orders.read", "orders.write"]

[listen]
public = "127.0.0.1:8000"
check = "127.0.0.1:8001"

[check]
peers = ["127.0.0.1"]

[upstream.orders]
urls = ["http://127.0.0.1:9100", "http://127.0.0.1:9101"]

[[api]]
name = "orders"
paths = ["/orders/"]
upstream = "orders"
account = "acme.example.com"
accept = ["basic", "token"]
permission = "orders.read"

[[api.rule]]
methods = ["PUT", "POST", "PATCH", "DELETE"]
path = "/orders/{shop}/**"
permission = "orders.write"
resource = "{shop}"

[[api]]
name = "reports"
hosts = ["reports.example.com"]
paths = ["/"]
account = "acme.example.com"
members = "subtree"
accept = [["token"], ["anonymous"]]
```

SIGHUP reads the file again. It is judged whole and exchanged at once, or not at all; requests under way end by
what they began with. `log.level`, `origins`, `rights`, `[trust]`, `[check]`, `listen.allow_plaintext`, the files of `[tls]`
(read anew each time, but on or off needs a restart), the APIs, their
rules, upstreams and identities, and `[crossbar]` `enabled`, `hosts`, `account`, `v1`, `language` and `max_body` can change
so; everything else needs a restart, and a file that changes it is refused with the names of those keys.
"#;

/// The page `docs/configuration.md`.
#[must_use]
pub fn reference() -> String {
    let mut page = INTRODUCTION.to_owned();
    let mut section = None;
    for key in table::keys() {
        if section != Some(key.section()) {
            section = Some(key.section());
            let title = match key.section() {
                "" => "Top level".to_owned(),
                name => format!("`[{name}]`"),
            };
            add(
                &mut page,
                format_args!(
                    "\n## {title}\n\n| Key | Takes | Default | |\n| --- | --- | --- | --- |\n"
                ),
            );
        }
        let (name, takes, default) = (key.short_name(), takes(key.kind), default(key));
        add(
            &mut page,
            format_args!("| `{name}` | {takes} | {default} | {} |\n", key.doc),
        );
    }
    for table in table::tables() {
        describe(&mut page, table);
    }
    page.push_str(EXAMPLE);
    page
}

/// A table that is written more than once, and those inside it.
fn describe(page: &mut String, table: &Table) {
    add(
        page,
        format_args!(
            "\n## `{}`\n\n{}\n\n| Key | Takes | Default | |\n| --- | --- | --- | --- |\n",
            table.title(),
            table.doc
        ),
    );
    for key in table.keys {
        let (name, takes, default) = (table.inner_name(key), takes(key.kind), default(key));
        add(
            page,
            format_args!("| `{name}` | {takes} | {default} | {} |\n", key.doc),
        );
    }
    for inner in table.tables {
        describe(page, inner);
    }
}

fn takes(kind: Kind) -> String {
    match kind {
        Kind::Flag => "`true` or `false`".to_owned(),
        Kind::Count { min, max } => format!("number, {min} to {max}"),
        Kind::Duration { min } if min.is_zero() => "duration".to_owned(),
        Kind::Duration { min } => format!("duration, at least {}", duration::show(min)),
        Kind::Lifetime => "duration".to_owned(),
        Kind::Size { min, max } => format!("size, {} to {}", size::show(min), size::show(max)),
        Kind::Text => "text".to_owned(),
        Kind::Domain => "domain name".to_owned(),
        Kind::Hosts => "list of host names".to_owned(),
        Kind::Choice(words) => words
            .iter()
            .map(|word| format!("`\"{word}\"`"))
            .collect::<Vec<_>>()
            .join(", "),
        Kind::Word(shape) | Kind::Words(shape) => {
            let list = matches!(kind, Kind::Words(_));
            format!("{}{}", if list { "list of " } else { "" }, shape.takes)
        }
        Kind::Accept => {
            "list of methods, or of lists of them: `basic`, `token`, `app_token`, `ip`, \
                         `anonymous`"
                .to_owned()
        }
        Kind::Addresses => "address, or a list of them".to_owned(),
        Kind::Networks => "list of networks (`\"10.0.0.0/8\"`) and addresses".to_owned(),
        Kind::StoreUrl => "store URL; may hold a password".to_owned(),
        Kind::PostgresUrl => "PostgreSQL URL; may hold a password".to_owned(),
    }
}

fn default(key: &Key) -> String {
    let quoted = !matches!(key.kind, Kind::Flag | Kind::Count { .. });
    match key.default {
        DefaultValue::Required => "needed".to_owned(),
        DefaultValue::Unset => "not set".to_owned(),
        DefaultValue::Computed(_, why) => why.to_owned(),
        DefaultValue::Text("") => "`[]`".to_owned(),
        DefaultValue::Text(text) if quoted => format!("`\"{text}\"`"),
        DefaultValue::Text(text) => format!("`{text}`"),
    }
}

fn add(page: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _infallible = page.write_fmt(text);
}
