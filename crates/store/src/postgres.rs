//! PostgreSQL: a pool of connections to the primary.

use std::str::FromStr as _;
use std::time::Duration;

use doorward_core::secret::SecretText;
use sqlx::pool::{PoolConnection, PoolOptions};
use sqlx::postgres::{PgConnectOptions, PgRow};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Executor as _, PgConnection, PgPool, Postgres};

use crate::driver::driver;
use crate::failure::{Failure, store_error};
use crate::query::sql;
use crate::{OpenError, StoreError};

driver!(
    Postgres,
    PgConnection,
    PgRow,
    postgres,
    ["INT8"],
    ["TEXT"],
    ["BYTEA"]
);

/// How long a transaction of ours may sit idle before the server ends it: far longer than any of ours lives.
const IDLE_IN_TRANSACTION: Duration = Duration::from_secs(30);

/// Reads an address.
pub(crate) fn options(url: &SecretText) -> Result<PgConnectOptions, OpenError> {
    Ok(PgConnectOptions::from_str(url.expose())
        .map_err(|_| OpenError::Url)?
        .application_name("doorward")
        .disable_statement_logging())
}

/// A pool whose connections are set up and known to lead to a primary.
pub(crate) fn pool(options: PgConnectOptions, size: u32, timeout: Duration) -> PgPool {
    PoolOptions::<Postgres>::new()
        .max_connections(size.max(1))
        .acquire_timeout(timeout)
        .after_connect(move |connection, _| Box::pin(set_up(connection, timeout)))
        .connect_lazy_with(options)
}

/// Connects once, so that a wrong address or password is told in the server's words rather than as a pool's timeout.
pub(crate) async fn probe(options: &PgConnectOptions, timeout: Duration) -> Result<(), StoreError> {
    let attempt = async {
        let mut connection = options.connect().await?;
        set_up(&mut connection, timeout).await?;
        sqlx::Connection::close(connection).await
    };
    match tokio::time::timeout(timeout, attempt).await {
        Ok(result) => result.map_err(|error| store_error(&error)),
        Err(_) => Err(StoreError::Unreachable(
            "the server does not answer in time".to_owned(),
        )),
    }
}

/// A connection for migrations, which wait for each other and may take long. It must be closed, not given back.
pub(crate) async fn patient(pool: &PgPool) -> Result<PoolConnection<Postgres>, Failure> {
    let mut connection = pool.acquire().await?;
    connection.execute("SET statement_timeout = 0").await?;
    Ok(connection)
}

/// Settings of every connection. A server in recovery is refused: state is read from the primary only.
async fn set_up(connection: &mut PgConnection, timeout: Duration) -> Result<(), sqlx::Error> {
    connection
        .execute(AssertSqlSafe(format!(
            "SET statement_timeout = {}; SET idle_in_transaction_session_timeout = {}; \
             SET default_transaction_isolation = 'read committed'; SET client_min_messages = 'warning'",
            timeout.as_millis(),
            IDLE_IN_TRANSACTION.as_millis(),
        )))
        .await?;
    let rows = fetch(
        connection,
        sql("SELECT CASE WHEN pg_is_in_recovery() THEN 'standby' ELSE 'primary' END"),
    )
    .await?;
    let role = rows
        .into_iter()
        .next()
        .and_then(|row| row.read("(server)").text().ok());
    if role.as_deref() == Some("primary") {
        Ok(())
    } else {
        Err(sqlx::Error::Configuration(
            "the server is a standby, not the primary".into(),
        ))
    }
}
