//! Either database behind one face: the only place that tells them apart while rows are read and written.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use doorward_core::spread::Spread;
use tokio::time::Instant;

use crate::StoreError;
use crate::failure::Failure;
#[cfg(feature = "postgres")]
use crate::postgres;
use crate::query::{Query, Row, sql};
use crate::sqlite;

/// How much longer than the database itself we wait for a statement: its own timeout speaks clearer.
const GRACE: Duration = Duration::from_millis(250);

/// Key of the advisory lock under which the tree changes its shape: "door" in ASCII, and a number.
const TREE_LOCK: i64 = 0x646f_6f72_0000_0001;
/// Key of the advisory lock under which change and audit rows get their ids and commit.
const ORDER_LOCK: i64 = 0x646f_6f72_0000_0002;
/// Where commits announce the id of their last change row.
pub(crate) const CHANNEL: &str = "doorward_change";

/// Where rows are.
#[derive(Clone)]
pub(crate) enum Database {
    /// A file.
    Sqlite(sqlite::File),
    /// A server.
    #[cfg(feature = "postgres")]
    Postgres(sqlx::PgPool),
}

/// A database and how long a statement may take.
#[derive(Clone)]
pub(crate) struct Backend {
    pub(crate) database: Database,
    pub(crate) timeout: Duration,
    pub(crate) times: Arc<Times>,
}

/// How long the database takes, waiting for a connection included.
#[derive(Debug, Default)]
pub struct Times {
    /// One question outside any write.
    pub read: Spread,
    /// One write, from its beginning to its commit.
    pub write: Spread,
}

/// An open transaction; dropped, it rolls back.
pub(crate) struct Transaction {
    inner: Inner,
    timeout: Duration,
    begun: Instant,
    times: Arc<Times>,
}

enum Inner {
    Sqlite(sqlx::Transaction<'static, sqlx::Sqlite>),
    #[cfg(feature = "postgres")]
    Postgres(sqlx::Transaction<'static, sqlx::Postgres>),
}

impl Backend {
    /// Reads rows outside any transaction. Waiting for a connection counts as part of the statement.
    pub(crate) async fn fetch(&self, query: Query) -> Result<Vec<Row>, Failure> {
        query.check()?;
        let begun = Instant::now();
        let result = self.ask(query).await;
        self.times.read.add(begun.elapsed());
        result
    }

    async fn ask(&self, query: Query) -> Result<Vec<Row>, Failure> {
        let end = end_of(self.timeout);
        // A connection whose statement failed or was given up may be out of step: it is closed, not given back.
        match &self.database {
            Database::Sqlite(file) => {
                let mut connection = until(end, file.readers.acquire()).await?;
                let result = until(end, sqlite::fetch(&mut connection, query)).await;
                if result.is_err() {
                    connection.close_on_drop();
                }
                result
            }
            #[cfg(feature = "postgres")]
            Database::Postgres(pool) => {
                let mut connection = until(end, pool.acquire()).await?;
                let result = until(end, postgres::fetch(&mut connection, query)).await;
                if result.is_err() {
                    connection.close_on_drop();
                }
                result
            }
        }
    }

    /// Begins a transaction that may write.
    pub(crate) async fn begin(&self) -> Result<Transaction, Failure> {
        let begun = Instant::now();
        let inner = match &self.database {
            Database::Sqlite(file) => {
                Inner::Sqlite(timed(self.timeout, sqlite::begin(file)).await?)
            }
            #[cfg(feature = "postgres")]
            Database::Postgres(pool) => Inner::Postgres(timed(self.timeout, pool.begin()).await?),
        };
        Ok(Transaction {
            inner,
            timeout: self.timeout,
            begun,
            times: Arc::clone(&self.times),
        })
    }

    /// Closes every connection.
    pub(crate) async fn close(&self) {
        match &self.database {
            Database::Sqlite(file) => {
                tokio::join!(file.readers.close(), file.watchers.close());
                // The writer goes last: it folds the log into the file.
                file.writer.close().await;
            }
            #[cfg(feature = "postgres")]
            Database::Postgres(pool) => pool.close().await,
        }
    }
}

impl Transaction {
    /// Reads rows.
    pub(crate) async fn fetch(&mut self, query: Query) -> Result<Vec<Row>, Failure> {
        query.check()?;
        match &mut self.inner {
            Inner::Sqlite(open) => timed(self.timeout, sqlite::fetch(open, query)).await,
            #[cfg(feature = "postgres")]
            Inner::Postgres(open) => timed(self.timeout, postgres::fetch(open, query)).await,
        }
    }

    /// Writes, and counts the rows touched.
    pub(crate) async fn execute(&mut self, query: Query) -> Result<u64, Failure> {
        query.check()?;
        match &mut self.inner {
            Inner::Sqlite(open) => timed(self.timeout, sqlite::execute(open, query)).await,
            #[cfg(feature = "postgres")]
            Inner::Postgres(open) => timed(self.timeout, postgres::execute(open, query)).await,
        }
    }

    /// Keeps everybody else from changing the shape of the tree until the end.
    pub(crate) async fn lock_tree(&mut self) -> Result<(), Failure> {
        self.on_server(sql("SELECT pg_advisory_xact_lock($1)").int(TREE_LOCK))
            .await
    }

    /// Keeps everybody else from using this name until the end. Names may be shared, so that no unique index guards
    /// the rule that they are not.
    pub(crate) async fn lock_name(&mut self, name: &str) -> Result<(), Failure> {
        self.on_server(sql("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))").text(name))
            .await
    }

    /// From here to the commit there is one transaction at a time: ids drawn now become visible in order.
    pub(crate) async fn lock_order(&mut self) -> Result<(), Failure> {
        self.on_server(sql("SELECT pg_advisory_xact_lock($1)").int(ORDER_LOCK))
            .await
    }

    /// Tells listeners, at the commit, that there are change rows up to this id.
    pub(crate) async fn notify(&mut self, last: i64) -> Result<(), Failure> {
        self.on_server(sql("SELECT pg_notify($1, $2)").text(CHANNEL).id(last))
            .await
    }

    /// Runs a statement that SQLite does not need: its one writer holds every lock, and readers poll.
    async fn on_server(&mut self, query: Query) -> Result<(), Failure> {
        query.check()?;
        match &self.inner {
            Inner::Sqlite(_) => Ok(()),
            #[cfg(feature = "postgres")]
            Inner::Postgres(_) => self.execute(query).await.map(drop),
        }
    }

    /// Makes it all true.
    pub(crate) async fn commit(self) -> Result<(), Failure> {
        let result = match self.inner {
            Inner::Sqlite(open) => timed(self.timeout, open.commit()).await,
            #[cfg(feature = "postgres")]
            Inner::Postgres(open) => timed(self.timeout, open.commit()).await,
        };
        self.times.write.add(self.begun.elapsed());
        result
    }
}

fn end_of(timeout: Duration) -> Instant {
    Instant::now() + timeout + GRACE
}

/// Waits for a statement, not for ever.
pub(crate) async fn timed<T>(
    timeout: Duration,
    statement: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, Failure> {
    until(end_of(timeout), statement).await
}

async fn until<T>(
    end: Instant,
    statement: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, Failure> {
    match tokio::time::timeout_at(end, statement).await {
        Ok(result) => Ok(result?),
        Err(_) => Err(StoreError::Unreachable("a statement took too long".to_owned()).into()),
    }
}
