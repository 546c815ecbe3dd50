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
            DefaultValue::Unset => None,
        }
    }
}

/// The environment variable of a dotted name: `store.url` is `DOORWARD_STORE__URL`.
pub(super) fn variable(name: &str) -> String {
    format!("DOORWARD_{}", name.replace('.', "__").to_ascii_uppercase())
}
