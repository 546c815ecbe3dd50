//! News of other processes' writes (decision 25).

#[cfg(feature = "postgres")]
mod postgres;
mod sqlite;

use std::time::Duration;

use doorward_core::time::Timestamp;

use crate::backend::Database;
use crate::failure::Failure;
use crate::query::{Query, Row, inconsistent};
use crate::{ChangeRow, Store, StoreError};

/// What a look at the feed brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// Rows beyond the last one seen, in order.
    Rows(Vec<ChangeRow>),
    /// Nothing new, and the database answered: its own time.
    Heartbeat(Timestamp),
    /// Something may have been missed: live state must be read again.
    Gap,
}

/// How long a feed may be silent.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// A reader of change rows. SQLite: looks at `data_version` every 50 ms on a connection of its own.
/// PostgreSQL: waits for a notification, at most a second.
pub struct Feed {
    source: Source,
    /// Id of the last row handed out.
    last: i64,
    /// The database was out of reach: whatever it says next, something may have been missed.
    broken: bool,
    /// There may be rows already.
    look: bool,
}

/// One connection that waits for the next commit of somebody else.
enum Source {
    Sqlite(sqlite::Watch),
    #[cfg(feature = "postgres")]
    Postgres(Box<postgres::Watch>),
}

/// What waiting brought.
enum Sign {
    /// Somebody committed.
    Commit,
    /// A second passed; the database's time.
    Quiet(Timestamp),
    /// The connection was lost, or now leads to another history.
    #[cfg_attr(
        not(feature = "postgres"),
        expect(dead_code, reason = "a file is not lost, it fails")
    )]
    Lost,
}

impl Feed {
    pub(crate) async fn open(store: &Store, after: i64) -> Result<Self, StoreError> {
        let mut source = match &store.backend().database {
            Database::Sqlite(file) => Source::Sqlite(sqlite::Watch::new(store, file)),
            #[cfg(feature = "postgres")]
            Database::Postgres(_) => Source::Postgres(Box::new(postgres::Watch::new(store)?)),
        };
        source.connect().await?;
        Ok(Self {
            source,
            last: after,
            broken: false,
            look: true,
        })
    }

    /// Waits for the next news: at most about a second, then a heartbeat.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`] when the database does not answer; the next call tries again and, once it
    /// answers, reports a [`News::Gap`] first.
    pub async fn next(&mut self) -> Result<News, StoreError> {
        let mut news = self.attempt().await;
        // A connection that was cut says so once; whether the database is gone is seen by connecting again.
        if news.is_err() && !std::mem::replace(&mut self.broken, true) {
            news = self.attempt().await;
        }
        Ok(news?)
    }

    async fn attempt(&mut self) -> Result<News, Failure> {
        loop {
            if self.broken {
                self.source.connect().await?;
                return self.gap().await;
            }
            if self.look {
                if let Some(news) = self.look().await? {
                    return Ok(news);
                }
                self.look = false;
            }
            match self.source.wait().await? {
                Sign::Commit => self.look = true,
                Sign::Quiet(now) => {
                    // A commit whose sign was lost on the way is found here.
                    return Ok(self.look().await?.unwrap_or(News::Heartbeat(now)));
                }
                Sign::Lost => self.broken = true,
            }
        }
    }

    /// Reads the rows there are beyond the last one.
    async fn look(&mut self) -> Result<Option<News>, Failure> {
        let rows = self.source.fetch(ChangeRow::after(self.last)).await?;
        let (oldest, newest) = self.bounds().await?;
        // Rows after ours were pruned before we saw them, or the database is younger than what we remember of it.
        if oldest > self.last.saturating_add(1) || newest < self.last {
            return self.gap().await.map(Some);
        }
        let rows: Result<Vec<_>, _> = rows.into_iter().map(ChangeRow::read).collect();
        let Ok(rows) = rows else {
            // Written by a newer version: what it means is unknown, so that everything is suspect.
            return self.gap().await.map(Some);
        };
        let Some(last) = rows.last() else {
            return Ok(None);
        };
        self.last = last.id;
        Ok(Some(News::Rows(rows)))
    }

    /// Skips to the newest row. It is read before the gap is told: who then reads live state sees everything up to it.
    async fn gap(&mut self) -> Result<News, Failure> {
        let (_, newest) = self.bounds().await?;
        self.last = newest;
        self.broken = false;
        self.look = true;
        Ok(News::Gap)
    }

    async fn bounds(&mut self) -> Result<(i64, i64), Failure> {
        let rows = self.source.fetch(ChangeRow::bounds()).await?;
        let mut columns = rows
            .into_iter()
            .next()
            .ok_or_else(|| inconsistent("changes", "no answer"))?
            .read("changes");
        Ok((columns.int()?, columns.int()?))
    }
}

impl Source {
    async fn connect(&mut self) -> Result<(), Failure> {
        match self {
            Self::Sqlite(watch) => watch.connect().await,
            #[cfg(feature = "postgres")]
            Self::Postgres(watch) => watch.connect().await,
        }
    }

    async fn fetch(&mut self, query: Query) -> Result<Vec<Row>, Failure> {
        match self {
            Self::Sqlite(watch) => watch.fetch(query).await,
            #[cfg(feature = "postgres")]
            Self::Postgres(watch) => watch.fetch(query).await,
        }
    }

    async fn wait(&mut self) -> Result<Sign, Failure> {
        match self {
            Self::Sqlite(watch) => watch.wait().await,
            #[cfg(feature = "postgres")]
            Self::Postgres(watch) => watch.wait().await,
        }
    }
}

/// The connection a watch has; it has none after an error.
fn connected<T>(connection: &mut Option<T>) -> Result<&mut T, StoreError> {
    connection
        .as_mut()
        .ok_or_else(|| StoreError::Unreachable("the feed is not connected".to_owned()))
}
