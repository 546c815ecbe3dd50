//! What the drivers say, in our words.

use crate::query::inconsistent;
use crate::{Conflict, StoreError};

/// A statement failed. Constraints are told apart because the caller knows what they mean there.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A unique constraint.
    Unique,
    /// A foreign key.
    ForeignKey,
    /// Anything else.
    Other(StoreError),
}

impl Failure {
    /// What it means when the unique constraint that can fail here is this one.
    pub(crate) fn unique_means(self, conflict: Conflict) -> StoreError {
        match self {
            Self::Unique => StoreError::Conflict(conflict),
            other => other.into(),
        }
    }

    /// What it means when a foreign key fails here.
    pub(crate) fn foreign_key_means(self, meaning: StoreError) -> StoreError {
        match self {
            Self::ForeignKey => meaning,
            other => other.into(),
        }
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unique => Self::Conflict(Conflict::Row),
            Failure::ForeignKey => Self::Missing,
            Failure::Other(error) => error,
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Other(error)
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        if let sqlx::Error::Database(database) = &error {
            if database.is_unique_violation() {
                return Self::Unique;
            }
            if database.is_foreign_key_violation() {
                return Self::ForeignKey;
            }
        }
        Self::Other(store_error(&error))
    }
}

/// Sorts an error of the driver. Texts that may hold values never get into ours, codes do.
pub(crate) fn store_error(error: &sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::Database(database) => match database.code() {
            Some(code) if code.len() == 5 => of_postgres(&code, database.message()),
            Some(code) => of_sqlite(&code),
            None => inconsistent("(statement)", "the database refuses it"),
        },
        sqlx::Error::PoolTimedOut => {
            StoreError::Unreachable("no connection became free in time".to_owned())
        }
        sqlx::Error::PoolClosed => StoreError::Unreachable("the store is closed".to_owned()),
        sqlx::Error::Io(problem) => StoreError::Unreachable(problem.kind().to_string()),
        sqlx::Error::Tls(_) => StoreError::Unreachable("TLS could not be agreed on".to_owned()),
        sqlx::Error::WorkerCrashed => {
            StoreError::Unreachable("the connection's thread is gone".to_owned())
        }
        sqlx::Error::Protocol(_) | sqlx::Error::BeginFailed => {
            StoreError::Unreachable("the connection is out of step".to_owned())
        }
        sqlx::Error::Configuration(problem) => StoreError::Unreachable(problem.to_string()),
        _ => inconsistent("(statement)", "the driver cannot read the answer"),
    }
}

/// Result codes of SQLite (sqlite.org/rescode.html); the low byte is the primary one.
fn of_sqlite(code: &str) -> StoreError {
    let extended: u32 = code.parse().unwrap_or_default();
    match extended & 0xff {
        5 | 6 | 9 => {
            StoreError::Unreachable("the database is locked by another process".to_owned())
        }
        3 | 8 => StoreError::ReadOnly("the database file or its folder is read-only".to_owned()),
        13 => StoreError::ReadOnly("the disk is full".to_owned()),
        // Writing failed below SQLite: SQLITE_IOERR_WRITE, _FSYNC, _DIR_FSYNC, _TRUNCATE.
        10 if matches!(extended >> 8, 3..=6) => {
            StoreError::ReadOnly("the disk refuses to be written".to_owned())
        }
        // SQLITE_IOERR_SHMSIZE: no room for the index of the log.
        10 if extended >> 8 == 19 => StoreError::ReadOnly("the disk is full".to_owned()),
        10 => StoreError::Unreachable("the disk cannot be read".to_owned()),
        14 => StoreError::Unreachable("the database file cannot be opened".to_owned()),
        11 | 26 => inconsistent("(file)", "the file is damaged"),
        _ => StoreError::Inconsistent {
            table: "(statement)",
            problem: format!("SQLite refuses it with code {extended}"),
        },
    }
}

/// SQLSTATE of PostgreSQL (its manual, appendix A).
///
/// Deadlocks and serialization failures are [`Conflict::Row`]: somebody else changed the same things at the same time, and
/// the caller may begin anew.
fn of_postgres(code: &str, message: &str) -> StoreError {
    let class = code.get(..2).unwrap_or_default();
    match code {
        "40001" | "40P01" => StoreError::Conflict(Conflict::Row),
        "57014" => StoreError::Unreachable("a statement took too long".to_owned()),
        "53100" => StoreError::ReadOnly("the disk is full".to_owned()),
        "25006" => StoreError::ReadOnly("the server accepts no writes".to_owned()),
        // 25P03: we were idle in a transaction; 55000: connections are not accepted; 55P03: a lock was not to be had.
        "25P03" | "55000" | "55P03" => StoreError::Unreachable(message.to_owned()),
        // Connection, authorization, no such database, resources, operator intervention, system.
        _ if matches!(class, "08" | "28" | "3D" | "53" | "57" | "58") => {
            StoreError::Unreachable(message.to_owned())
        }
        _ => StoreError::Inconsistent {
            table: "(statement)",
            problem: format!("PostgreSQL refuses it with SQLSTATE {code}"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_sqlite_are_sorted() {
        for code in ["5", "6", "261", "517", "14", "266"] {
            assert!(
                matches!(of_sqlite(code), StoreError::Unreachable(_)),
                "{code}"
            );
        }
        // Read-only (with its extended forms), full, and failing writes and syncs.
        for code in ["8", "1032", "1544", "13", "778", "1034", "4874"] {
            assert!(matches!(of_sqlite(code), StoreError::ReadOnly(_)), "{code}");
        }
        for code in ["11", "26", "1", "19", "unheard-of"] {
            assert!(
                matches!(of_sqlite(code), StoreError::Inconsistent { .. }),
                "{code}"
            );
        }
    }

    #[test]
    fn codes_of_postgres_are_sorted() {
        for code in [
            "08006", "28P01", "3D000", "53300", "57014", "57P01", "57P03", "55P03",
        ] {
            assert!(
                matches!(of_postgres(code, "x"), StoreError::Unreachable(_)),
                "{code}"
            );
        }
        for code in ["53100", "25006"] {
            assert!(
                matches!(of_postgres(code, "x"), StoreError::ReadOnly(_)),
                "{code}"
            );
        }
        for code in ["40001", "40P01"] {
            let conflict = of_postgres(code, "x");
            assert!(
                matches!(conflict, StoreError::Conflict(Conflict::Row)),
                "{code}"
            );
        }
        for code in ["42601", "23502", "XX000"] {
            assert!(
                matches!(of_postgres(code, "x"), StoreError::Inconsistent { .. }),
                "{code}"
            );
        }
    }

    #[test]
    fn messages_with_values_stay_inside() {
        let error = of_postgres("22021", "invalid byte sequence: hunter2");
        assert!(!error.to_string().contains("hunter2"));
    }
}
