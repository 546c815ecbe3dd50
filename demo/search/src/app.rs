//! What every handler needs.

use std::time::Duration;

use crate::collection::{Catalog, Collection, CollectionName, Push};
use crate::index::Index;

/// How the service behaves.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The collections there are.
    pub collections: Vec<Collection>,
    /// So many waiting changes of a collection commit themselves.
    pub commit_after_changes: i64,
    /// A change waits no longer than this, and a few seconds more.
    pub commit_after: Duration,
    /// Largest document, in bytes; with its metadata a request may have as much again.
    pub max_document: usize,
}

impl Default for Settings {
    /// The collections `example-push` and `example-archive` (which takes no documents), a commit after 1,000
    /// changes or five minutes, 2 MiB per document.
    fn default() -> Self {
        let declare = |name, push| {
            CollectionName::parse(name).map(|name| Collection {
                name,
                push,
                classes: vec!["geoPosition".to_owned()],
            })
        };
        Self {
            collections: [
                ("example-push", Push::Allowed),
                ("example-archive", Push::Refused),
            ]
            .into_iter()
            .filter_map(|(name, push)| declare(name, push))
            .collect(),
            commit_after_changes: 1_000,
            commit_after: Duration::from_mins(5),
            max_document: 2 * 1024 * 1024,
        }
    }
}

/// The state of the router.
#[derive(Debug, Clone)]
pub(crate) struct App {
    pub(crate) catalog: Catalog,
    pub(crate) index: Index,
    pub(crate) commit_after_changes: i64,
    pub(crate) max_document: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_collections_are_declared() {
        let declared = Settings::default().collections;
        let names: Vec<&str> = declared.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["example-push", "example-archive"]);
    }
}
