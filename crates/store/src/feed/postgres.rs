//! PostgreSQL notifies a listener at the commit.

use std::time::Duration;

use doorward_core::time::Timestamp;
use sqlx::postgres::{PgConnectOptions, PgListener};

use super::{HEARTBEAT, Sign, connected};
use crate::backend::{CHANNEL, timed};
use crate::failure::{Failure, store_error};
use crate::query::{Query, Row, inconsistent, sql};
use crate::{Store, StoreError, postgres};

pub(super) struct Watch {
    options: PgConnectOptions,
    timeout: Duration,
    listener: Option<PgListener>,
    /// The server's timeline. Another one means that a standby took over, perhaps without the last commits.
    timeline: Option<String>,
    /// Whether the server tells its timeline; some that speak PostgreSQL's protocol have none.
    has_timeline: bool,
}

impl Watch {
    pub(super) fn new(store: &Store) -> Result<Self, StoreError> {
        let options = postgres::options(store.feed_url())
            .map_err(|_| StoreError::Unreachable("the feed's url cannot be read".to_owned()))?;
        Ok(Self {
            options,
            timeout: store.backend().timeout,
            listener: None,
            timeline: None,
            has_timeline: true,
        })
    }

    pub(super) async fn connect(&mut self) -> Result<(), Failure> {
        self.listen().await?;
        let told = match self.clock().await {
            Err(Failure::Other(StoreError::Inconsistent { .. })) if self.has_timeline => {
                self.has_timeline = false;
                self.listen().await?;
                self.clock().await
            }
            told => told,
        };
        self.timeline = told?.1;
        Ok(())
    }

    async fn listen(&mut self) -> Result<(), Failure> {
        self.listener = None;
        let pool = postgres::pool(self.options.clone(), 1, self.timeout);
        let listen = async {
            let mut listener = PgListener::connect_with(&pool).await?;
            // A lost connection must come back through `connect`, never by itself.
            listener.eager_reconnect(false);
            listener.listen(CHANNEL).await?;
            Ok(listener)
        };
        self.listener = Some(timed(self.timeout, listen).await?);
        Ok(())
    }

    pub(super) async fn fetch(&mut self, query: Query) -> Result<Vec<Row>, Failure> {
        let listener = connected(&mut self.listener)?;
        let ask = async {
            let connection = sqlx::Acquire::acquire(listener).await?;
            postgres::fetch(connection, query).await
        };
        let result = timed(self.timeout, ask).await;
        if result.is_err() {
            self.listener = None;
        }
        result
    }

    pub(super) async fn wait(&mut self) -> Result<Sign, Failure> {
        let listener = connected(&mut self.listener)?;
        match tokio::time::timeout(HEARTBEAT, listener.try_recv()).await {
            Ok(Ok(Some(_))) => {
                // One look covers every notification that has arrived by now.
                while listener.next_buffered().is_some() {}
                return Ok(Sign::Commit);
            }
            Ok(Ok(None)) => return Ok(Sign::Lost),
            Ok(Err(error)) => {
                tracing::debug!(error = %store_error(&error), "the feed lost its connection");
                return Ok(Sign::Lost);
            }
            Err(_) => {}
        }
        let (now, timeline) = self.clock().await?;
        if timeline != self.timeline {
            return Ok(Sign::Lost);
        }
        Ok(Sign::Quiet(now))
    }

    /// The server's time and timeline.
    async fn clock(&mut self) -> Result<(Timestamp, Option<String>), Failure> {
        let query = if self.has_timeline {
            sql(
                "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT), \
                 substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)",
            )
        } else {
            sql("SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT), NULL")
        };
        let mut columns = self
            .fetch(query)
            .await?
            .into_iter()
            .next()
            .ok_or_else(|| inconsistent("(server)", "no answer"))?
            .read("(server)");
        Ok((columns.time()?, columns.text_if()?))
    }
}
