//! For tests only: databases that come and go, and statements no method of ours makes.
//!
//! Nothing here is part of what the crate promises; it stands behind the feature `testing`.

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, Row as _};

/// Runs statements on a PostgreSQL server.
///
/// # Errors
/// What the server says, as text.
#[cfg(feature = "postgres")]
pub async fn on_postgres(url: &str, statements: &str) -> Result<(), String> {
    let mut connection = sqlx::PgConnection::connect(url)
        .await
        .map_err(|error| error.to_string())?;
    // One by one: CREATE DATABASE refuses to be part of a batch.
    for statement in statements.split(';').filter(|text| !text.trim().is_empty()) {
        connection
            .execute(AssertSqlSafe(statement))
            .await
            .map_err(|error| error.to_string())?;
    }
    connection.close().await.map_err(|error| error.to_string())
}

/// Asks a PostgreSQL server for one number.
///
/// # Errors
/// What the server says, as text.
#[cfg(feature = "postgres")]
pub async fn number_from_postgres(url: &str, question: &str) -> Result<i64, String> {
    let mut connection = sqlx::PgConnection::connect(url)
        .await
        .map_err(|error| error.to_string())?;
    let row = connection
        .fetch_one(AssertSqlSafe(question))
        .await
        .map_err(|error| error.to_string())?;
    row.try_get(0).map_err(|error| error.to_string())
}

/// Runs statements on a SQLite file, as another process would.
///
/// # Errors
/// What SQLite says, as text.
pub async fn on_sqlite(path: &std::path::Path, statements: &str) -> Result<(), String> {
    let mut connection = SqliteConnectOptions::new()
        .filename(path)
        .connect()
        .await
        .map_err(|error| error.to_string())?;
    connection
        .execute(AssertSqlSafe(statements))
        .await
        .map_err(|error| error.to_string())?;
    connection.close().await.map_err(|error| error.to_string())
}

/// Asks a SQLite file for one number.
///
/// # Errors
/// What SQLite says, as text.
pub async fn number_from_sqlite(path: &std::path::Path, question: &str) -> Result<i64, String> {
    let mut connection = SqliteConnectOptions::new()
        .filename(path)
        .connect()
        .await
        .map_err(|error| error.to_string())?;
    let row = connection
        .fetch_one(AssertSqlSafe(question))
        .await
        .map_err(|error| error.to_string())?;
    row.try_get(0).map_err(|error| error.to_string())
}
