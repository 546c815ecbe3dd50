//! SQLite tells a connection by `data_version` that another one has committed.

use std::time::Duration;

use doorward_core::source::Clock;
use sqlx::pool::PoolConnection;
use sqlx::{Sqlite, SqlitePool};

use super::{HEARTBEAT, Sign, connected};
use crate::Store;
use crate::backend::timed;
use crate::failure::Failure;
use crate::query::{Query, Row, inconsistent, sql};
use crate::sqlite::{self, File};

/// How often it is asked: a commit is seen within 200 ms with room to spare.
const EVERY: Duration = Duration::from_millis(50);

pub(super) struct Watch {
    connections: SqlitePool,
    timeout: Duration,
    clock: Clock,
    connection: Option<PoolConnection<Sqlite>>,
    version: i64,
}

impl Watch {
    pub(super) fn new(store: &Store, file: &File) -> Self {
        Self {
            connections: file.watchers.clone(),
            timeout: store.backend().timeout,
            clock: store.clock().clone(),
            connection: None,
            version: 0,
        }
    }

    pub(super) async fn connect(&mut self) -> Result<(), Failure> {
        if let Some(mut broken) = self.connection.take() {
            broken.close_on_drop();
        }
        self.connection = Some(timed(self.timeout, self.connections.acquire()).await?);
        self.version = self.data_version().await?;
        Ok(())
    }

    pub(super) async fn fetch(&mut self, query: Query) -> Result<Vec<Row>, Failure> {
        let connection = connected(&mut self.connection)?;
        timed(self.timeout, sqlite::fetch(connection, query)).await
    }

    /// SQLite has no clock of its own: the process's is the database's.
    pub(super) async fn wait(&mut self) -> Result<Sign, Failure> {
        let mut waited = Duration::ZERO;
        while waited < HEARTBEAT {
            let version = self.data_version().await?;
            if version != self.version {
                self.version = version;
                return Ok(Sign::Commit);
            }
            tokio::time::sleep(EVERY).await;
            waited += EVERY;
        }
        Ok(Sign::Quiet(self.clock.now()))
    }

    async fn data_version(&mut self) -> Result<i64, Failure> {
        let rows = self.fetch(sql("PRAGMA data_version")).await?;
        let row = rows
            .into_iter()
            .next()
            .ok_or_else(|| inconsistent("(pragma)", "no answer"))?;
        Ok(row.read("(pragma)").int()?)
    }
}
