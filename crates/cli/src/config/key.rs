//! What a key is: its name, what it takes, its default, its explanation.

use std::time::Duration;

/// One key of the configuration.
///
/// Parsing, `config show`, the suggestions for mistyped keys, the environment's names and the
/// reference page are all made from these.
#[derive(Debug)]
pub struct Key {
    /// The dotted name, section included.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// What it is without being set.
    pub default: DefaultValue,
    /// One or two sentences for the reference page.
    pub doc: &'static str,
}

/// What a key is without being set.
#[derive(Debug, Clone, Copy)]
pub enum DefaultValue {
    /// This, as one would write it in the environment.
    Text(&'static str),
    /// What the function says, for the reason given.
    Computed(fn() -> String, &'static str),
    /// Nothing.
    Unset,
    /// Nothing, which is a mistake: whoever writes the table writes this key.
    Required,
}

/// What a text must look like, and its canonical form.
#[derive(Debug)]
pub struct Shape {
    /// What it is, for the reference page; of a list, in the plural.
    pub takes: &'static str,
    /// The canonical form, or what is wrong and what would be right.
    pub(super) canonical: fn(&str) -> Result<String, String>,
}

/// What a key takes.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// `true` or `false`.
    Flag,
    /// A whole number within bounds.
    Count {
        /// The smallest.
        min: u64,
        /// The largest.
        max: u64,
    },
    /// A duration of at least `min`.
    Duration {
        /// The shortest.
        min: Duration,
    },
    /// A duration; 0 and less mean one hour.
    Lifetime,
    /// A size within bounds, in bytes.
    Size {
        /// The smallest.
        min: u64,
        /// The largest.
        max: u64,
    },
    /// 1 to 255 characters without control characters.
    Text,
    /// A domain name or a part of one.
    Domain,
    /// A list of host names without ports; compared without regard to case.
    Hosts,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// One text of this shape.
    Word(&'static Shape),
    /// A list of different texts of this shape.
    Words(&'static Shape),
    /// What an API accepts: a list of methods, or of lists of them.
    Accept,
    /// One or several places to listen at.
    Addresses,
    /// A list of networks.
    Networks,
    /// A store, SQLite or PostgreSQL; may hold a password.
    StoreUrl,
    /// A PostgreSQL URL; may hold a password.
    PostgresUrl,
}

impl Kind {
    /// Whether a value may hold a secret: it is never repeated in a message, and can be given in a
    /// file named by an environment variable ending in `_FILE`.
    #[must_use]
    pub fn may_hold_secret(self) -> bool {
        matches!(self, Self::StoreUrl | Self::PostgresUrl)
    }
}

impl Key {
    /// The section, without the key's own name; empty at the top level.
    #[must_use]
    pub fn section(&self) -> &'static str {
        self.name
            .rsplit_once('.')
            .map_or("", |(section, _)| section)
    }

    /// The name inside its section.
    #[must_use]
    pub fn short_name(&self) -> &'static str {
        self.name
            .rsplit_once('.')
            .map_or(self.name, |(_, name)| name)
    }

    /// The environment variable that sets this key.
    #[must_use]
    pub fn variable(&self) -> String {
        variable(self.name)
    }

    /// The default as written in the environment, if there is one.
    pub(super) fn default_text(&self) -> Option<String> {
        match self.default {
            DefaultValue::Text(text) => Some(text.to_owned()),
            DefaultValue::Computed(value, _) => Some(value()),
            DefaultValue::Unset | DefaultValue::Required => None,
        }
    }
}

/// A list of tables, or tables with names of the operator's choice.
///
/// Their keys are declared like all others, under the table's name; a dot inside a key's name below the
/// table is a section of it, such as `[api.headers]`.
#[derive(Debug)]
pub struct Table {
    /// The dotted name, such as `api.rule`.
    pub name: &'static str,
    /// How it is written.
    pub form: Form,
    /// Its keys; those of sections last.
    pub keys: &'static [Key],
    /// Tables inside it.
    pub tables: &'static [&'static Table],
    /// What it is, for the reference page.
    pub doc: &'static str,
}

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `[[api]]`: as often as wanted, in an order that may count.
    List,
    /// `[upstream.NAME]`.
    Named,
}

impl Table {
    /// The name inside the table it belongs to.
    #[must_use]
    pub fn short_name(&self) -> &'static str {
        self.name
            .rsplit_once('.')
            .map_or(self.name, |(_, name)| name)
    }

    /// A key's name inside this table, section included.
    #[must_use]
    pub fn inner_name(&self, key: &Key) -> &'static str {
        key.name
            .strip_prefix(self.name)
            .and_then(|rest| rest.strip_prefix('.'))
            .unwrap_or(key.name)
    }

    /// As one writes it.
    #[must_use]
    pub fn title(&self) -> String {
        match self.form {
            Form::List => format!("[[{}]]", self.name),
            Form::Named => format!("[{}.NAME]", self.name),
        }
    }

    /// The key of a name inside this table.
    pub(super) fn find(&self, inner: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| self.inner_name(key) == inner)
    }

    /// Whether a name inside this table is a section of it.
    pub(super) fn has_section(&self, inner: &str) -> bool {
        self.keys.iter().any(|key| {
            self.inner_name(key)
                .split_once('.')
                .is_some_and(|(s, _)| s == inner)
        })
    }
}

/// The environment variable of a dotted name: `store.url` is `DOORWARD_STORE__URL`.
pub(super) fn variable(name: &str) -> String {
    format!("DOORWARD_{}", name.replace('.', "__").to_ascii_uppercase())
}
