//! Which collections there are. They are declared when the service starts; no call makes one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Longest name of a collection, in bytes.
const MAX_NAME: usize = 64;

/// The name of a collection: up to 64 of `A-Z a-z 0-9 _ -`, the first not a sign.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CollectionName(String);

impl CollectionName {
    /// Reads a name; `None` if it has other characters, or too many.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_sign = |byte: &u8| matches!(byte, b'_' | b'-');
        let first = text.as_bytes().first()?;
        let fits = text.len() <= MAX_NAME
            && first.is_ascii_alphanumeric()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || is_sign(&byte));
        fits.then(|| Self(text.to_owned()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether documents may be pushed into a collection (the vendor's `push.run`). It can be searched either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Push {
    /// Calls are served; the first one that needs it starts the collection.
    Allowed,
    /// Calls are refused with 409.
    Refused,
}

/// A collection, as it is declared.
#[derive(Debug, Clone)]
pub struct Collection {
    /// Its name.
    pub name: CollectionName,
    /// Whether it takes documents.
    pub push: Push,
    /// The spelling of its metadata classes. Names of header fields have no case of their own, so a class that
    /// comes in a header gets the spelling declared here, or lower case.
    pub classes: Vec<String>,
}

/// What a collection is doing. The vendor publishes only the first; clients print what they get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Stopped,
    Running,
}

impl State {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Stopped => "STOPPED",
            Self::Running => "RUNNING",
        }
    }
}

/// A declared collection and its state, which lasts as long as the process.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) declared: Collection,
    runs: AtomicBool,
}

impl Entry {
    pub(crate) fn name(&self) -> &str {
        self.declared.name.as_str()
    }

    pub(crate) fn state(&self) -> State {
        if self.runs.load(Ordering::Relaxed) {
            State::Running
        } else {
            State::Stopped
        }
    }

    pub(crate) fn set_state(&self, state: State) {
        self.runs.store(state == State::Running, Ordering::Relaxed);
    }

    /// The declared spelling of a metadata class.
    pub(crate) fn class(&self, name: &str) -> String {
        let declared = self.declared.classes.iter();
        let mut same = declared.filter(|class| class.eq_ignore_ascii_case(name));
        same.next().map_or_else(|| name.to_owned(), Clone::clone)
    }
}

/// All collections.
#[derive(Debug, Clone)]
pub(crate) struct Catalog(Arc<[Arc<Entry>]>);

impl Catalog {
    pub(crate) fn new(declared: Vec<Collection>) -> Self {
        Self(
            declared
                .into_iter()
                .map(|declared| {
                    Arc::new(Entry {
                        declared,
                        runs: AtomicBool::new(false),
                    })
                })
                .collect(),
        )
    }

    pub(crate) fn find(&self, name: &str) -> Option<Arc<Entry>> {
        self.0.iter().find(|entry| entry.name() == name).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_plain() {
        for good in ["example-push", "a", "A_1", &"x".repeat(64)] {
            assert_eq!(CollectionName::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "-a",
            "_a",
            "a b",
            "a/b",
            "..",
            "ä",
            "a'",
            &"x".repeat(65),
        ] {
            assert_eq!(CollectionName::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn classes_from_headers_get_the_declared_spelling() {
        let catalog = Catalog::new(vec![Collection {
            name: CollectionName::parse("c").unwrap(),
            push: Push::Allowed,
            classes: vec!["geoPosition".to_owned()],
        }]);
        let entry = catalog.find("c").unwrap();
        assert_eq!(entry.class("geoposition"), "geoPosition");
        assert_eq!(entry.class("author"), "author");
    }
}
