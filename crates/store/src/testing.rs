//! For tests only: databases that come and go, and statements no method of ours makes.
//!
//! Nothing here is part of what the crate promises; it stands behind the feature `testing`.

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, Row as _};

use crate::query::{Query, Value};

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

/// A statement of a list, with a value in each place, for EXPLAIN.
#[derive(Debug)]
pub struct ListStatement {
    /// What it brings.
    pub name: &'static str,
    /// As SQLite is asked.
    pub sqlite: String,
    /// As PostgreSQL is asked.
    pub postgres: String,
}

/// The statements by which lists are read.
#[must_use]
pub fn list_statements() -> Vec<ListStatement> {
    let all = [
        crate::listing::statements(),
        crate::account::statements(),
        crate::user::statements(),
        crate::directory::statements(),
        crate::audit::statements(),
    ];
    let filled = |(name, query): (_, Query)| ListStatement {
        name,
        sqlite: filled(query.sqlite, &query.values),
        postgres: filled(query.postgres, &query.values),
    };
    all.into_iter().flatten().map(filled).collect()
}

/// Puts the values into a statement. There are at most nine, and none has a dollar sign.
fn filled(statement: &str, values: &[Value]) -> String {
    let place = |text: String, (number, value): (usize, &Value)| {
        let value = match value {
            Value::Int(Some(int)) => int.to_string(),
            Value::Text(Some(text)) => format!("'{text}'"),
            _ => "NULL".to_owned(),
        };
        text.replace(&format!("${number}"), &value)
    };
    (1..).zip(values).fold(statement.to_owned(), place)
}

/// How SQLite would answer a question.
///
/// # Errors
/// What SQLite says, as text.
pub async fn sqlite_plan(path: &std::path::Path, question: &str) -> Result<String, String> {
    let mut connection = SqliteConnectOptions::new()
        .filename(path)
        .connect()
        .await
        .map_err(|error| error.to_string())?;
    let rows = connection
        .fetch_all(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {question}")))
        .await
        .map_err(|error| error.to_string())?;
    let lines: Result<Vec<String>, _> = rows.iter().map(|row| row.try_get("detail")).collect();
    Ok(lines.map_err(|error| error.to_string())?.join("\n"))
}

/// How PostgreSQL would answer a question about large tables.
///
/// # Errors
/// What the server says, as text.
#[cfg(feature = "postgres")]
pub async fn postgres_plan(url: &str, question: &str) -> Result<String, String> {
    let mut connection = sqlx::PgConnection::connect(url)
        .await
        .map_err(|error| error.to_string())?;
    // The tables of a test are so small that reading all of them is the fastest.
    for way in ["seqscan", "bitmapscan", "sort", "incremental_sort"] {
        connection
            .execute(AssertSqlSafe(format!("SET enable_{way} = off")))
            .await
            .map_err(|error| error.to_string())?;
    }
    let rows = connection
        .fetch_all(AssertSqlSafe(format!("EXPLAIN {question}")))
        .await
        .map_err(|error| error.to_string())?;
    let lines: Result<Vec<String>, _> = rows.iter().map(|row| row.try_get(0)).collect();
    Ok(lines.map_err(|error| error.to_string())?.join("\n"))
}
