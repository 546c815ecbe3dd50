//! A consistent copy of an embedded store.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use sqlx::Connection as _;

use crate::backend::Database;
use crate::failure::store_error;
use crate::query::sql;
use crate::sqlite::{self, Use};
use crate::{Store, StoreError};

impl Store {
    /// Writes a consistent copy of an embedded store to a new file (mode 0600), while it is being written to. When it
    /// returns, the copy is on the disk.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`] when the file exists already or cannot be written, or the store is not embedded.
    pub async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        let file = match &self.backend().database {
            Database::Sqlite(file) => file,
            #[cfg(feature = "postgres")]
            Database::Postgres(_) => {
                return Err(StoreError::Unreachable(
                    "only an embedded store is backed up this way; use pg_dump for PostgreSQL"
                        .to_owned(),
                ));
            }
        };
        let text = to.to_str().ok_or_else(|| {
            StoreError::Unreachable("the copy's path is not valid UTF-8".to_owned())
        })?;
        // SQLite accepts an empty file as a target; made by us it has the right mode from the start.
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(to)
            .map_err(|error| not_written(&error))?;
        let copied = match self.copy(file, text).await {
            Ok(()) => synced(to).map_err(|error| not_written(&error)),
            Err(error) => Err(store_error(&error)),
        };
        if copied.is_err() {
            // What is left of a failed copy must not be taken for one; the first error is the one to tell.
            std::fs::remove_file(to).ok();
        }
        copied
    }

    async fn copy(&self, file: &sqlite::File, to: &str) -> Result<(), sqlx::Error> {
        let timeout = self.backend().timeout;
        let mut connection = sqlite::connect(&file.path, Use::Copy, timeout).await?;
        sqlite::execute(&mut connection, sql("VACUUM INTO $1").text(to)).await?;
        connection.close().await
    }
}

fn not_written(error: &std::io::Error) -> StoreError {
    StoreError::Unreachable(format!("the copy cannot be written: {}", error.kind()))
}

/// Waits until file and folder are on the disk.
fn synced(to: &Path) -> std::io::Result<()> {
    File::open(to)?.sync_all()?;
    let folder = match to.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    File::open(folder)?.sync_all()
}
