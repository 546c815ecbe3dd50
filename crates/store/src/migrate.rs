//! Migrations: forward only, numbered and named alike for both databases.

use std::borrow::Cow;

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migrate, MigrateError, Migration, MigrationType, Migrator};

use crate::backend::{Backend, Database};
use crate::failure::{Failure, store_error};
use crate::query::inconsistent;
use crate::{OpenError, sqlite};

/// One step: its name and its two texts.
struct Step {
    name: &'static str,
    sqlite: &'static str,
    #[cfg_attr(
        not(any(feature = "postgres", test)),
        expect(dead_code, reason = "only the other back end reads it")
    )]
    postgres: &'static str,
}

/// Lists a step by its file name; its number is its place.
macro_rules! step {
    ($name:literal) => {
        Step {
            name: $name,
            sqlite: include_str!(concat!("../migrations/sqlite/", $name, ".sql")),
            postgres: include_str!(concat!("../migrations/postgres/", $name, ".sql")),
        }
    };
}

const STEPS: &[Step] = &[
    step!("0001_start"),
    step!("0002_lists"),
    step!("0003_indexes"),
    step!("0004_tree_sizes"),
    step!("0005_roles"),
    step!("0006_app_tokens"),
    step!("0007_user_pins"),
];

/// Applies what is missing. Several processes may do so at once: each takes the database's own lock first.
pub(crate) async fn run(backend: &Backend) -> Result<(), OpenError> {
    match &backend.database {
        Database::Sqlite(file) => {
            let mut open = sqlite::begin(file)
                .await
                .map_err(Failure::from)
                .map_err(failed)?;
            apply(migrator(|step| step.sqlite), &mut *open).await?;
            open.commit().await.map_err(Failure::from).map_err(failed)
        }
        #[cfg(feature = "postgres")]
        Database::Postgres(pool) => {
            let mut connection = crate::postgres::patient(pool).await.map_err(failed)?;
            let result = apply(migrator(|step| step.postgres), &mut *connection).await;
            connection
                .close()
                .await
                .map_err(Failure::from)
                .map_err(failed)?;
            result
        }
    }
}

fn failed(failure: Failure) -> OpenError {
    OpenError::Store(failure.into())
}

fn migrator(text: impl Fn(&Step) -> &'static str) -> Migrator {
    Migrator::with_migrations(
        (1..)
            .zip(STEPS)
            .map(|(number, step)| {
                Migration::new(
                    number,
                    Cow::Borrowed(step.name),
                    MigrationType::Simple,
                    text(step).into_sql_str(),
                    false,
                )
            })
            .collect(),
    )
}

async fn apply<C: Migrate>(migrator: Migrator, connection: &mut C) -> Result<(), OpenError> {
    // `Migrator::run` is the same behind a bound that makes futures lose `Send`.
    match migrator.run_direct(None, connection, false).await {
        Ok(()) => Ok(()),
        Err(MigrateError::VersionMissing(_)) => Err(OpenError::Newer),
        Err(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) => {
            Err(store_error(&error).into())
        }
        Err(other) => Err(inconsistent("_sqlx_migrations", &other.to_string()).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is made, and its columns: the beginning of each line.
    fn outline(text: &str) -> Vec<String> {
        text.lines()
            .map(|line| {
                let words = if line.starts_with("CREATE") { 4 } else { 1 };
                line.split_whitespace()
                    .take(words)
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            .filter(|line| *line != ")" && *line != ");")
            .collect()
    }

    #[test]
    fn both_databases_get_the_same_tables_columns_and_indexes() {
        for step in STEPS {
            assert_eq!(
                outline(step.sqlite),
                outline(step.postgres),
                "{}",
                step.name
            );
            let texts = step.postgres.matches(" TEXT").count();
            let bytewise = step.postgres.matches(" TEXT COLLATE \"C\"").count();
            assert_eq!(texts, bytewise, "{}", step.name);
            let tables = step.sqlite.matches("CREATE TABLE").count();
            assert_eq!(tables, step.sqlite.matches(") STRICT;").count());
        }
    }

    #[test]
    fn every_file_is_listed_and_numbered_by_its_place() {
        for database in ["sqlite", "postgres"] {
            let folder = format!("{}/migrations/{database}", env!("CARGO_MANIFEST_DIR"));
            let mut files: Vec<_> = std::fs::read_dir(folder)
                .unwrap()
                .map(|file| file.unwrap().file_name().into_string().unwrap())
                .collect();
            files.sort();
            let listed: Vec<_> = STEPS
                .iter()
                .map(|step| format!("{}.sql", step.name))
                .collect();
            assert_eq!(files, listed);
            for (number, step) in (1..).zip(STEPS) {
                assert!(step.name.starts_with(&format!("{number:04}_")));
                assert_ne!(step.sqlite, step.postgres);
            }
        }
    }
}
