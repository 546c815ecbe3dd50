//! The handle everybody holds.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use doorward_core::secret::SecretText;
use doorward_core::source::{Clock, Random};
use doorward_core::time::Timestamp;

use crate::backend::{Backend, Database, Times, Transaction};
use crate::change::ChangeRow;
use crate::query::{Query, Row, inconsistent};
use crate::seal::Sealer;
use crate::{Actor, Feed, MasterKey, OpenError, StoreError, Write, belonging, migrate, sqlite};

/// How to reach a store.
#[derive(Debug, Clone)]
pub struct Options {
    /// `sqlite:PATH` or `postgres://…`; may hold a password.
    pub url: SecretText,
    /// Where relative SQLite paths begin.
    pub data: PathBuf,
    /// A direct PostgreSQL address for the feed, beside a pooled `url`.
    pub feed_url: Option<SecretText>,
    /// Most connections for reading.
    pub max_connections: u32,
    /// How long one statement may take.
    pub statement_timeout: Duration,
    /// Whether an absent SQLite file is created.
    pub create: bool,
}

/// A store: cheap to clone, shared by everybody.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    backend: Backend,
    sealer: Sealer,
    clock: Clock,
    /// Where the feed connects to.
    #[cfg(feature = "postgres")]
    feed_url: SecretText,
}

impl Store {
    /// Opens the store, applies migrations that are missing, and checks that the master key belongs to it (the first key
    /// that opens an empty store becomes its key).
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open(
        options: &Options,
        master: &MasterKey,
        clock: Clock,
        random: Random,
    ) -> Result<Self, OpenError> {
        let backend = Backend {
            database: database(options).await?,
            timeout: options.statement_timeout,
            times: Arc::default(),
        };
        let sealer = Sealer::new(master, random)
            .ok_or_else(|| inconsistent("(master key)", "no key can be derived from it"))?;
        let store = Self(Arc::new(Inner {
            backend,
            sealer,
            clock,
            #[cfg(feature = "postgres")]
            feed_url: options
                .feed_url
                .clone()
                .unwrap_or_else(|| options.url.clone()),
        }));
        migrate::run(store.backend()).await?;
        belonging::check(&store).await?;
        Ok(store)
    }

    /// Closes every connection, waiting for what is in flight.
    pub async fn close(&self) {
        self.0.backend.close().await;
    }

    /// How long the database takes.
    #[must_use]
    pub fn times(&self) -> &Times {
        &self.0.backend.times
    }

    /// The SQLite file, if it is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match &self.0.backend.database {
            Database::Sqlite(file) => Some(&file.path),
            #[cfg(feature = "postgres")]
            Database::Postgres(_) => None,
        }
    }

    /// Begins a write on behalf of the actor.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`], [`StoreError::ReadOnly`].
    pub async fn write(&self, actor: Actor) -> Result<Write, StoreError> {
        Ok(Write::new(self.clone(), self.begin().await?, actor))
    }

    /// A reader of change rows after the one with this id.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`].
    pub async fn feed(&self, after: i64) -> Result<Feed, StoreError> {
        Feed::open(self, after).await
    }

    /// Id of the newest change row; 0 if there is none.
    ///
    /// # Errors
    /// As every question: [`StoreError`].
    pub async fn last_change(&self) -> Result<i64, StoreError> {
        let row = self.fetch_one(ChangeRow::bounds()).await?;
        let mut columns = row
            .ok_or_else(|| inconsistent("changes", "no answer"))?
            .read("changes");
        columns.int()?;
        columns.int()
    }

    pub(crate) fn backend(&self) -> &Backend {
        &self.0.backend
    }

    pub(crate) fn sealer(&self) -> &Sealer {
        &self.0.sealer
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    #[cfg(feature = "postgres")]
    pub(crate) fn feed_url(&self) -> &SecretText {
        &self.0.feed_url
    }

    pub(crate) async fn begin(&self) -> Result<Transaction, StoreError> {
        Ok(self.0.backend.begin().await?)
    }

    pub(crate) async fn fetch(&self, query: Query) -> Result<Vec<Row>, StoreError> {
        Ok(self.0.backend.fetch(query).await?)
    }

    pub(crate) async fn fetch_one(&self, query: Query) -> Result<Option<Row>, StoreError> {
        Ok(self.fetch(query).await?.into_iter().next())
    }
}

async fn database(options: &Options) -> Result<Database, OpenError> {
    let url = options.url.expose();
    if let Some(path) = url.strip_prefix("sqlite:") {
        let path = path.strip_prefix("//").unwrap_or(path);
        // A database in memory would lose what was acknowledged.
        if path.is_empty() || path.starts_with(':') {
            return Err(OpenError::Url);
        }
        let file = sqlite::open(
            options.data.join(path),
            options.create,
            options.max_connections,
            options.statement_timeout,
        );
        return Ok(Database::Sqlite(file.await?));
    }
    #[cfg(feature = "postgres")]
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        let address = crate::postgres::options(&options.url)?;
        crate::postgres::probe(&address, options.statement_timeout).await?;
        return Ok(Database::Postgres(crate::postgres::pool(
            address,
            options.max_connections,
            options.statement_timeout,
        )));
    }
    Err(OpenError::Url)
}
