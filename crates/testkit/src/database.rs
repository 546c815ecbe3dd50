//! A fresh store per test, on either database.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::path::Path;
use std::time::Duration;

use doorward_core::secret::SecretText;
use doorward_core::source::Clock;
use doorward_core::time::Timestamp;
use doorward_store::{MasterKey, OpenError, Options, Store, testing};
use tempfile::TempDir;

use crate::{ManualClock, seeded_random};

/// The PostgreSQL server tests may create databases on.
const SERVER: &str = "DOORWARD_TEST_POSTGRES";

/// When the clock of every test database stands at first: 2023-11-14T22:13:20Z.
const START: Timestamp = Timestamp::from_unix(1_700_000_000);

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file in a folder of its own.
    Sqlite,
    /// A database of its own on the server tests may use.
    Postgres,
}

/// A fresh database and a store on it; both are gone when it is dropped.
pub struct TestDatabase {
    /// The store, opened.
    pub store: Store,
    /// Which database it is on.
    pub kind: Kind,
    /// How it was opened.
    pub options: Options,
    /// The key it belongs to.
    pub master: MasterKey,
    /// The clock it looks at.
    pub clock: ManualClock,
    folder: TempDir,
    /// Its name on the server.
    name: Option<String>,
}

impl TestDatabase {
    /// A store on a fresh database of this kind.
    ///
    /// # Panics
    /// When there is none to be had.
    pub async fn new(kind: Kind) -> Self {
        match kind {
            Kind::Sqlite => Self::sqlite().await,
            Kind::Postgres => Self::postgres().await,
        }
    }

    /// A store in a file.
    ///
    /// # Panics
    /// When there is no room for a temporary folder.
    pub async fn sqlite() -> Self {
        Self::open(Kind::Sqlite, "sqlite:doorward.db".to_owned(), None).await
    }

    /// A store on PostgreSQL.
    ///
    /// # Panics
    /// When `DOORWARD_TEST_POSTGRES` does not lead to a server on which databases may be created.
    pub async fn postgres() -> Self {
        let server = server();
        let name = format!(
            "doorward_test_{:016x}",
            RandomState::new().build_hasher().finish()
        );
        if let Err(error) = testing::on_postgres(&server, &format!("CREATE DATABASE {name}")).await
        {
            fail(&format!("no database can be created on {SERVER}: {error}"));
        }
        let url = with_database(&server, &name);
        Self::open(Kind::Postgres, url, Some(name)).await
    }

    async fn open(kind: Kind, url: String, name: Option<String>) -> Self {
        let folder = match TempDir::with_prefix("doorward-test-") {
            Ok(folder) => folder,
            Err(error) => fail(&format!("no temporary folder: {error}")),
        };
        let options = Options {
            url: SecretText::new(url),
            data: folder.path().to_owned(),
            feed_url: None,
            max_connections: 8,
            // Machines that run tests are busy; what a timeout does is tested with a shorter one.
            statement_timeout: Duration::from_secs(20),
            create: true,
        };
        let master = MasterKey::generate(&seeded_random(1));
        let clock = ManualClock::new(START);
        let store = match Store::open(&options, &master, clock.clock(), seeded_random(2)).await {
            Ok(store) => store,
            Err(error) => fail(&format!("the test's store cannot be opened: {error}")),
        };
        Self {
            store,
            kind,
            options,
            master,
            clock,
            folder,
            name,
        }
    }

    /// Another handle on the same database, as another process would have it.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn second(&self) -> Result<Store, OpenError> {
        self.open_with(&self.options, &self.master).await
    }

    /// Opens the database with other options or another key.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open_with(
        &self,
        options: &Options,
        master: &MasterKey,
    ) -> Result<Store, OpenError> {
        let clock: Clock = self.clock.clock();
        let seed = RandomState::new().build_hasher().finish();
        Store::open(options, master, clock, seeded_random(seed)).await
    }

    /// The folder of the data, where a SQLite file is; it goes with the database.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs statements as somebody else would, past the store.
    ///
    /// # Panics
    /// When they fail.
    pub async fn run(&self, statements: &str) {
        let result = match self.store.file() {
            Some(file) => testing::on_sqlite(file, statements).await,
            None => testing::on_postgres(self.options.url.expose(), statements).await,
        };
        if let Err(error) = result {
            fail(&format!("{statements}: {error}"));
        }
    }

    /// Makes a database on PostgreSQL unreachable: every connection is cut, and nobody gets a new one.
    ///
    /// # Panics
    /// On SQLite, or when the server refuses.
    pub async fn cut_off(&self) {
        self.on_server(
            "ALTER DATABASE {name} ALLOW_CONNECTIONS false; \
             SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",
        )
        .await;
    }

    /// Ends [`Self::cut_off`].
    ///
    /// # Panics
    /// On SQLite, or when the server refuses.
    pub async fn let_in(&self) {
        self.on_server("ALTER DATABASE {name} ALLOW_CONNECTIONS true")
            .await;
    }

    async fn on_server(&self, statements: &str) {
        let Some(name) = &self.name else {
            fail("only a server can be cut off");
        };
        let statements = statements.replace("{name}", name);
        if let Err(error) = testing::on_postgres(&server(), &statements).await {
            fail(&format!("{statements}: {error}"));
        }
    }

    /// How the database would answer a question about large tables.
    ///
    /// # Panics
    /// When it does not say.
    pub async fn plan(&self, question: &str) -> String {
        let plan = match self.store.file() {
            Some(file) => testing::sqlite_plan(file, question).await,
            None => testing::postgres_plan(self.options.url.expose(), question).await,
        };
        plan.unwrap_or_else(|error| fail(&format!("{question}: {error}")))
    }

    /// Asks for one number, past the store.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn number(&self, question: &str) -> i64 {
        let result = match self.store.file() {
            Some(file) => testing::number_from_sqlite(file, question).await,
            None => testing::number_from_postgres(self.options.url.expose(), question).await,
        };
        result.unwrap_or_else(|error| fail(&format!("{question}: {error}")))
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let Some(name) = self.name.take() else {
            return;
        };
        // Dropping cannot wait inside the test's runtime; what fails here leaves an empty shell on a server for tests.
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            if let Ok(runtime) = runtime {
                let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                runtime
                    .block_on(testing::on_postgres(&server(), &drop))
                    .ok();
            }
        });
        thread.join().ok();
    }
}

fn server() -> String {
    std::env::var(SERVER).unwrap_or_else(|_| {
        fail(&format!(
            "{SERVER} is not set: run the tests with `cargo xtask test`, or start a server with `cargo xtask postgres`"
        ))
    })
}

/// The server's URL with another database in it.
fn with_database(server: &str, name: &str) -> String {
    let (address, parameters) = match server.split_once('?') {
        Some((address, parameters)) => (address, format!("?{parameters}")),
        None => (server, String::new()),
    };
    let from = address.find("://").map_or(0, |at| at + 3);
    let end = address
        .get(from..)
        .and_then(|rest| rest.find('/'))
        .map_or(address.len(), |at| from + at);
    let host = address.get(..end).unwrap_or(address);
    format!("{host}/{name}{parameters}")
}

#[expect(clippy::panic, reason = "a test without its database must fail")]
fn fail(problem: &str) -> ! {
    panic!("{problem}")
}

/// Writes one test twice: on SQLite and on PostgreSQL.
///
/// ```text
/// both_databases!(a_user_is_found, async |database| { … });
/// ```
#[macro_export]
macro_rules! both_databases {
    ($(#[$attribute:meta])* $name:ident, async |$database:ident| $body:block) => {
        $(#[$attribute])*
        mod $name {
            use super::*;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                body($crate::TestDatabase::new($crate::Kind::Sqlite).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                body($crate::TestDatabase::new($crate::Kind::Postgres).await).await;
            }

            async fn body($database: $crate::TestDatabase) $body
        }
    };
}

#[cfg(test)]
mod tests {
    use super::with_database;

    #[test]
    fn the_database_is_named_in_the_url() {
        for (server, expected) in [
            ("postgres://u@h:1/postgres", "postgres://u@h:1/x"),
            ("postgres://u@h:1", "postgres://u@h:1/x"),
            ("postgres://h/p?host=/tmp/s", "postgres://h/x?host=/tmp/s"),
        ] {
            assert_eq!(with_database(server, "x"), expected);
        }
    }
}
