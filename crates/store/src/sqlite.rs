//! SQLite: one file, one writer, any number of readers, write-ahead log, every commit synced.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::pool::PoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteRow, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, Sqlite, SqliteConnection, SqlitePool};

use crate::driver::driver;
use crate::failure::store_error;
use crate::query::{Columns, sql};
use crate::{OpenError, StoreError};

driver!(
    Sqlite,
    SqliteConnection,
    SqliteRow,
    sqlite,
    ["INTEGER"],
    ["TEXT"],
    ["BLOB"]
);

/// Files up to this size are checked whole when they are opened; reading 16 MiB takes some ten milliseconds.
const CHECKED_WHOLE: u64 = 16 * 1024 * 1024;

/// Feeds that may be open at once.
const MAX_FEEDS: u32 = 8;

/// An open file.
#[derive(Clone)]
pub(crate) struct File {
    pub(crate) path: PathBuf,
    /// Exactly one connection writes.
    pub(crate) writer: SqlitePool,
    pub(crate) readers: SqlitePool,
    /// Connections that wait for others' commits, each held by one feed.
    pub(crate) watchers: SqlitePool,
}

/// What a connection is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// Changes rows.
    Write,
    /// Refuses to change anything.
    Read,
    /// Copies the database into another file.
    Copy,
}

/// Opens the file, or makes it with mode 0600 if it is absent and may be made.
pub(crate) async fn open(
    path: PathBuf,
    create: bool,
    readers: u32,
    timeout: Duration,
) -> Result<File, OpenError> {
    prepare(&path, create)?;
    let mut first = connect(&path, Use::Write, timeout)
        .await
        .map_err(|error| at_open(&path, &error))?;
    check(&path, &mut first)
        .await
        .map_err(|error| at_open(&path, &error))?;
    first
        .close()
        .await
        .map_err(|error| at_open(&path, &error))?;
    let pool = |purpose, size| pool(&path, purpose, size, timeout);
    Ok(File {
        writer: pool(Use::Write, 1),
        readers: pool(Use::Read, readers.max(1)),
        watchers: pool(Use::Read, MAX_FEEDS),
        path,
    })
}

fn prepare(path: &Path, create: bool) -> Result<(), OpenError> {
    match std::fs::metadata(path) {
        // SQLite takes an empty file for an empty database; so do we, if one may be made.
        Ok(found) if found.is_file() && (create || found.len() > 0) => {
            // SQLite would only say that it cannot open it.
            return match OpenOptions::new().write(true).open(path) {
                Ok(_) => Ok(()),
                Err(error) => Err(not_writable(&error)),
            };
        }
        Ok(found) if found.is_file() => return Err(OpenError::Absent(path.to_owned())),
        Ok(_) => {
            return Err(OpenError::Corrupt {
                path: path.to_owned(),
                problem: "it is not a file".to_owned(),
            });
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(StoreError::Unreachable(error.to_string()).into()),
    }
    if !create {
        return Err(OpenError::Absent(path.to_owned()));
    }
    match OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
    {
        Ok(_) => Ok(()),
        // Another process made it in between.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(OpenError::Absent(path.to_owned()))
        }
        Err(error) => Err(not_writable(&error)),
    }
}

fn not_writable(error: &io::Error) -> OpenError {
    StoreError::ReadOnly(format!("the database file: {}", error.kind())).into()
}

/// The settings of every connection. They are read back, because SQLite ignores what it does not know.
fn options(path: &Path, purpose: Use, timeout: Duration) -> SqliteConnectOptions {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(timeout)
        .pragma("secure_delete", "ON")
        .disable_statement_logging();
    if purpose == Use::Read {
        options.pragma("query_only", "ON")
    } else {
        options
    }
}

/// Opens one connection apart from the pools.
pub(crate) async fn connect(
    path: &Path,
    purpose: Use,
    timeout: Duration,
) -> Result<SqliteConnection, sqlx::Error> {
    let mut connection = options(path, purpose, timeout).connect().await?;
    assert_settings(&mut connection).await?;
    Ok(connection)
}

fn pool(path: &Path, purpose: Use, size: u32, timeout: Duration) -> SqlitePool {
    PoolOptions::<Sqlite>::new()
        .max_connections(size)
        .acquire_timeout(timeout)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .after_connect(|connection, _| Box::pin(assert_settings(connection)))
        .connect_lazy_with(options(path, purpose, timeout))
}

/// A commit that is acknowledged must be on the disk: no connection works with other settings than ours.
async fn assert_settings(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let rows = fetch(
        connection,
        sql("SELECT j.journal_mode, s.synchronous, f.foreign_keys \
             FROM pragma_journal_mode j, pragma_synchronous s, pragma_foreign_keys f"),
    )
    .await?;
    let settings = rows
        .into_iter()
        .next()
        .map(|row| row.read("(pragma)"))
        .and_then(read_settings);
    if settings == Some(("wal".to_owned(), 2, 1)) {
        Ok(())
    } else {
        Err(sqlx::Error::Configuration(
            "SQLite did not take the settings WAL, synchronous = FULL, foreign_keys = ON".into(),
        ))
    }
}

fn read_settings(mut columns: Columns) -> Option<(String, i64, i64)> {
    Some((
        columns.text().ok()?,
        columns.int().ok()?,
        columns.int().ok()?,
    ))
}

async fn check(path: &Path, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let small = std::fs::metadata(path).is_ok_and(|found| found.len() <= CHECKED_WHOLE);
    let query = if small {
        sql("PRAGMA quick_check(1)")
    } else {
        sql("SELECT CASE WHEN count(*) >= 0 THEN 'ok' END FROM sqlite_schema")
    };
    let rows = fetch(connection, query).await?;
    let says = rows
        .into_iter()
        .next()
        .and_then(|row| row.read("(file)").text().ok());
    match says.as_deref() {
        Some("ok") => Ok(()),
        other => Err(sqlx::Error::Decode(
            other.unwrap_or("it does not answer").into(),
        )),
    }
}

fn at_open(path: &Path, error: &sqlx::Error) -> OpenError {
    let damaged = |problem: String| OpenError::Corrupt {
        path: path.to_owned(),
        problem,
    };
    match (error, store_error(error)) {
        (sqlx::Error::Decode(problem), _) => damaged(problem.to_string()),
        (sqlx::Error::Database(says), StoreError::Inconsistent { .. }) => {
            damaged(says.message().to_owned())
        }
        (_, other) => other.into(),
    }
}

/// Begins a write: the lock is taken at once, so that what is read cannot change before it is written.
pub(crate) async fn begin(file: &File) -> Result<sqlx::Transaction<'static, Sqlite>, sqlx::Error> {
    file.writer.begin_with("BEGIN IMMEDIATE").await
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(5);

    async fn number(connection: &mut SqliteConnection, pragma: &'static str) -> i64 {
        let mut rows = fetch(connection, sql(pragma)).await.unwrap();
        rows.remove(0).read("(pragma)").int().unwrap()
    }

    #[tokio::test]
    async fn every_connection_syncs_and_readers_cannot_write() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let file = open(path.clone(), true, 4, TIMEOUT).await.unwrap();
        let mut readers = Vec::new();
        for _ in 0..4 {
            readers.push(file.readers.acquire().await.unwrap());
        }
        for reader in &mut readers {
            assert_eq!(number(reader, "PRAGMA synchronous").await, 2);
            assert_eq!(number(reader, "PRAGMA foreign_keys").await, 1);
            assert_eq!(number(reader, "PRAGMA query_only").await, 1);
            let refused = execute(reader, sql("CREATE TABLE t (a INTEGER)")).await;
            assert!(matches!(
                store_error(&refused.unwrap_err()),
                StoreError::ReadOnly(_)
            ));
        }
        let mut writer = file.writer.acquire().await.unwrap();
        assert_eq!(number(&mut writer, "PRAGMA synchronous").await, 2);
        assert_eq!(number(&mut writer, "PRAGMA query_only").await, 0);
        assert_eq!(number(&mut writer, "PRAGMA secure_delete").await, 1);
        assert_eq!(file.writer.size(), 1);
        assert!(file.writer.try_acquire().is_none(), "there is one writer");
    }

    #[tokio::test]
    async fn a_connection_that_would_not_sync_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        prepare(&path, true).unwrap();
        for options in [
            options(&path, Use::Write, TIMEOUT).synchronous(SqliteSynchronous::Normal),
            options(&path, Use::Write, TIMEOUT).foreign_keys(false),
            options(&path, Use::Write, TIMEOUT).journal_mode(SqliteJournalMode::Delete),
        ] {
            let mut connection = options.connect().await.unwrap();
            assert!(assert_settings(&mut connection).await.is_err());
            connection.close().await.unwrap();
        }
    }
}
