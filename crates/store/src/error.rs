//! What can go wrong with rows.

use std::path::PathBuf;

/// A unique thing exists already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Conflict {
    /// An account of this (normalised) name.
    AccountName,
    /// An account of this realm.
    Realm,
    /// A user of this name in the account.
    Username,
    /// The number belongs to another account.
    Phone,
    /// An application token of this label in the account.
    Label,
    /// Another write changed the row in between, or an id was drawn twice.
    Row,
}

/// A question or write failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A unique thing exists already.
    #[error("already taken: {0:?}")]
    Conflict(Conflict),
    /// The row a write depends on is not there (any more).
    #[error("no such row")]
    Missing,
    /// The account still has accounts below it.
    #[error("the account has descendants")]
    HasChildren,
    /// The tree would become deeper than allowed, or a cycle.
    #[error("the account tree does not allow it")]
    Tree,
    /// The database does not answer, or not in time.
    #[error("the store is unreachable: {0}")]
    Unreachable(String),
    /// A row that no write of ours can have made.
    #[error("inconsistent row in {table}: {problem}")]
    Inconsistent {
        /// Table.
        table: &'static str,
        /// What is wrong, without values.
        problem: String,
    },
    /// The disk is full or read-only.
    #[error("the store cannot be written: {0}")]
    ReadOnly(String),
}

/// A store could not be opened. Each text is one clear sentence for the operator.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The URL names neither kind of database.
    #[error("the store's url must begin with sqlite: or postgres://")]
    Url,
    /// There is no database where the URL points, and it was not to be created.
    #[error("there is no store at {0}")]
    Absent(PathBuf),
    /// The file is not a database, or damaged.
    #[error("the store at {path} is damaged: {problem}")]
    Corrupt {
        /// Which file.
        path: PathBuf,
        /// What SQLite says.
        problem: String,
    },
    /// The master key is not the one the store was made with.
    #[error("this master key does not belong to this store")]
    WrongMasterKey,
    /// The store was written by a newer version.
    #[error("the store was written by a newer version of doorward")]
    Newer,
    /// Anything the database itself says.
    #[error(transparent)]
    Store(#[from] StoreError),
}
