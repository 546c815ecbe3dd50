//! The index: one SQLite file with its full-text search (FTS5), a write-ahead log, every commit synced. What a call
//! acknowledged is found again after a crash.

mod change;
mod document;
mod find;

use std::path::Path;
use std::time::Duration;

use sqlx::pool::PoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Executor as _, Row as _, Sqlite, SqliteConnection, SqlitePool};
use thiserror::Error;

pub(crate) use change::Committed;
pub(crate) use document::{Metadata, NewDocument};
pub(crate) use find::{Found, Hit, MARK_END, MARK_START, Order, Page, Request, Suggestion};

/// The file's name in the data folder.
const FILE: &str = "search.sqlite3";

/// What the schema says of itself.
const VERSION: i64 = 1;

/// Searches at once; further ones wait.
const READERS: u32 = 4;

/// How long a call waits for its connection, and a write for another process.
const PATIENCE: Duration = Duration::from_secs(5);

/// Documents a collection may hold, pushed ones included.
pub(crate) const MAX_DOCUMENTS: i64 = 20_000;

/// Why the index did not do it.
#[derive(Debug, Error)]
pub(crate) enum IndexError {
    #[error("the collection is full; it holds {MAX_DOCUMENTS} documents")]
    Full,
    #[error("the index is busy")]
    Busy,
    #[error("the index failed")]
    Failed(#[source] sqlx::Error),
    #[error("the index has another version than this program knows")]
    Version,
    #[error("the index did not take the settings that make a commit last")]
    Settings,
    #[error("a document in the index is damaged")]
    Damaged,
}

impl From<sqlx::Error> for IndexError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::PoolTimedOut => Self::Busy,
            other => Self::Failed(other),
        }
    }
}

/// An open index.
#[derive(Debug, Clone)]
pub(crate) struct Index {
    /// Exactly one connection writes.
    writer: SqlitePool,
    readers: SqlitePool,
}

impl Index {
    /// Opens the file in that folder, or makes it.
    pub(crate) async fn open(folder: &Path) -> Result<Self, IndexError> {
        let options = SqliteConnectOptions::new()
            .filename(folder.join(FILE))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(PATIENCE)
            .disable_statement_logging();
        let index = Self {
            writer: pool(options.clone(), 1),
            readers: pool(options.pragma("query_only", "ON"), READERS),
        };
        let mut transaction = index.writer.begin_with("BEGIN IMMEDIATE").await?;
        let version: i64 = sqlx::query_scalar("PRAGMA user_version")
            .fetch_one(&mut *transaction)
            .await?;
        match version {
            0 => transaction
                .execute(include_str!("index/schema.sql"))
                .await
                .map(drop)?,
            VERSION => {}
            _ => return Err(IndexError::Version),
        }
        transaction.commit().await?;
        Ok(index)
    }

    /// Ends all connections; what was acknowledged is on the disk already.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

fn pool(options: SqliteConnectOptions, size: u32) -> SqlitePool {
    PoolOptions::<Sqlite>::new()
        .max_connections(size)
        .acquire_timeout(PATIENCE)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .after_connect(|connection, _| Box::pin(assert_settings(connection)))
        .connect_lazy_with(options)
}

/// SQLite ignores settings it does not know, and without these a commit might not outlive a power cut.
async fn assert_settings(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let row = sqlx::query(
        "SELECT j.journal_mode, s.synchronous FROM pragma_journal_mode j, pragma_synchronous s",
    )
    .fetch_one(connection)
    .await?;
    let (mode, synchronous): (String, i64) = (row.try_get(0)?, row.try_get(1)?);
    if (mode.as_str(), synchronous) == ("wal", 2) {
        Ok(())
    } else {
        Err(sqlx::Error::Configuration(Box::new(IndexError::Settings)))
    }
}

#[cfg(test)]
mod tests;
