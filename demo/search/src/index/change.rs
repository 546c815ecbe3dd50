//! Pushing documents and committing them.

use sqlx::{Row as _, Sqlite, SqliteConnection, Transaction};

use super::document::{StoredDocument, metadata_from_json};
use super::{Index, IndexError, MAX_DOCUMENTS, NewDocument};

/// What became of a pushed change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pushed {
    /// Whether the document was there before.
    pub(crate) existed: bool,
    /// Whether the change is in force already, because enough had gathered.
    pub(crate) committed: bool,
}

/// How many changes a commit brought into force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Committed(pub(crate) i64);

/// A collection at a time: what every change needs to know.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope<'a> {
    collection: &'a str,
    now_ms: i64,
}

impl Index {
    /// Puts a document, or replaces it. Once `commit_after` changes wait, they are committed.
    pub(crate) async fn put(
        &self,
        collection: &str,
        document: &NewDocument,
        now_ms: i64,
        commit_after: i64,
    ) -> Result<Pushed, IndexError> {
        let scope = Scope { collection, now_ms };
        let mut transaction = self.begin().await?;
        let existed = scope
            .exists(&mut transaction, document.key.as_str())
            .await?;
        if !existed && scope.count(&mut transaction).await? >= MAX_DOCUMENTS {
            return Err(IndexError::Full);
        }
        scope.insert(&mut transaction, document).await?;
        let committed = scope.commit_if_due(&mut transaction, commit_after).await?;
        transaction.commit().await?;
        Ok(Pushed { existed, committed })
    }

    /// Takes a document away with the next commit, whether it is there or not.
    pub(crate) async fn delete(
        &self,
        collection: &str,
        key: &str,
        now_ms: i64,
        commit_after: i64,
    ) -> Result<Pushed, IndexError> {
        let scope = Scope { collection, now_ms };
        let mut transaction = self.begin().await?;
        let existed = scope.exists(&mut transaction, key).await?;
        scope.forget_pushed(&mut transaction, key).await?;
        // Only a document that is searched needs a row that takes it away; absent keys must not fill the table.
        sqlx::query(
            "INSERT INTO document (collection, key, live, pushed_ms) \
             SELECT collection, key, 0, ?3 FROM document WHERE collection = ?1 AND live = 1 AND key = ?2",
        )
        .bind(collection)
        .bind(key)
        .bind(now_ms)
        .execute(&mut *transaction)
        .await?;
        let committed = scope.commit_if_due(&mut transaction, commit_after).await?;
        transaction.commit().await?;
        Ok(Pushed { existed, committed })
    }

    /// The document as it was pushed last, committed or not.
    pub(crate) async fn document(
        &self,
        collection: &str,
        key: &str,
    ) -> Result<Option<StoredDocument>, IndexError> {
        let row = sqlx::query(
            "SELECT content, content_type, metadata FROM document \
             WHERE collection = ?1 AND key = ?2 ORDER BY live LIMIT 1",
        )
        .bind(collection)
        .bind(key)
        .fetch_optional(&self.readers)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let Some(content) = row.try_get::<Option<Vec<u8>>, _>(0)? else {
            return Ok(None);
        };
        let metadata = metadata_from_json(row.try_get(2)?).ok_or(IndexError::Damaged)?;
        Ok(Some(StoredDocument {
            content,
            content_type: row.try_get(1)?,
            metadata,
        }))
    }

    /// Brings all waiting changes of a collection into force.
    pub(crate) async fn commit(
        &self,
        collection: &str,
        now_ms: i64,
    ) -> Result<Committed, IndexError> {
        let scope = Scope { collection, now_ms };
        let mut transaction = self.begin().await?;
        let committed = scope.commit(&mut transaction).await?;
        transaction.commit().await?;
        Ok(committed)
    }

    /// The collections that have a change waiting since then or longer.
    pub(crate) async fn waiting_since(&self, then_ms: i64) -> Result<Vec<String>, IndexError> {
        let names = sqlx::query_scalar(
            "SELECT DISTINCT collection FROM document WHERE live = 0 AND pushed_ms <= ?1",
        )
        .bind(then_ms)
        .fetch_all(&self.readers)
        .await?;
        Ok(names)
    }

    async fn begin(&self) -> Result<Transaction<'static, Sqlite>, IndexError> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }
}

impl Scope<'_> {
    async fn exists(self, on: &mut SqliteConnection, key: &str) -> Result<bool, IndexError> {
        let has_content: Option<bool> = sqlx::query_scalar(
            "SELECT content IS NOT NULL FROM document WHERE collection = ?1 AND key = ?2 ORDER BY live LIMIT 1",
        )
        .bind(self.collection)
        .bind(key)
        .fetch_optional(on)
        .await?;
        Ok(has_content == Some(true))
    }

    async fn count(self, on: &mut SqliteConnection) -> Result<i64, IndexError> {
        let count = sqlx::query_scalar("SELECT count(*) FROM document WHERE collection = ?1")
            .bind(self.collection)
            .fetch_one(on)
            .await?;
        Ok(count)
    }

    async fn forget_pushed(self, on: &mut SqliteConnection, key: &str) -> Result<(), IndexError> {
        sqlx::query("DELETE FROM document WHERE collection = ?1 AND live = 0 AND key = ?2")
            .bind(self.collection)
            .bind(key)
            .execute(on)
            .await?;
        Ok(())
    }

    async fn insert(
        self,
        on: &mut SqliteConnection,
        document: &NewDocument,
    ) -> Result<(), IndexError> {
        self.forget_pushed(on, document.key.as_str()).await?;
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO document (collection, key, live, pushed_ms, content, content_type, file_type, size, \
             date_ms, title, folded_title, description, body, extra, metadata) \
             VALUES (?1, ?2, 0, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) RETURNING id",
        )
        .bind(self.collection)
        .bind(document.key.as_str())
        .bind(self.now_ms)
        .bind(&document.content)
        .bind(document.content_type.as_deref().unwrap_or_default())
        .bind(document.file_type)
        .bind(i64::try_from(document.content.len()).unwrap_or(i64::MAX))
        .bind(document.date_ms)
        .bind(&document.title)
        .bind(document.title.to_lowercase())
        .bind(&document.description)
        .bind(&document.body)
        .bind(document.extra())
        .bind(document.metadata_json())
        .fetch_one(&mut *on)
        .await?;
        for (class, values) in &document.metadata {
            for value in values {
                sqlx::query("INSERT INTO metadata (document, class, value) VALUES (?1, ?2, ?3)")
                    .bind(id)
                    .bind(class.to_lowercase())
                    .bind(value.to_lowercase())
                    .execute(&mut *on)
                    .await?;
            }
        }
        Ok(())
    }

    async fn commit_if_due(
        self,
        on: &mut SqliteConnection,
        commit_after: i64,
    ) -> Result<bool, IndexError> {
        let waiting: i64 =
            sqlx::query_scalar("SELECT count(*) FROM document WHERE collection = ?1 AND live = 0")
                .bind(self.collection)
                .fetch_one(&mut *on)
                .await?;
        let is_due = waiting >= commit_after;
        if is_due {
            self.commit(on).await?;
        }
        Ok(is_due)
    }

    /// The order matters: the index of words is told what it forgets before the rows it reads that from are gone.
    async fn commit(self, on: &mut SqliteConnection) -> Result<Committed, IndexError> {
        const STEPS: &[&str] = &[
            "INSERT INTO words (words, rowid, title, body, extra) \
             SELECT 'delete', id, title, body, extra FROM document AS old WHERE collection = ?1 AND live = 1 \
             AND EXISTS (SELECT 1 FROM document AS new WHERE new.collection = ?1 AND new.live = 0 AND new.key = old.key)",
            "DELETE FROM document WHERE collection = ?1 AND live = 1 \
             AND key IN (SELECT key FROM document WHERE collection = ?1 AND live = 0)",
            "DELETE FROM document WHERE collection = ?1 AND live = 0 AND content IS NULL",
            "INSERT INTO words (rowid, title, body, extra) \
             SELECT id, title, body, extra FROM document WHERE collection = ?1 AND live = 0",
            "UPDATE document SET live = 1 WHERE collection = ?1 AND live = 0",
        ];
        let waiting: i64 =
            sqlx::query_scalar("SELECT count(*) FROM document WHERE collection = ?1 AND live = 0")
                .bind(self.collection)
                .fetch_one(&mut *on)
                .await?;
        for step in STEPS {
            sqlx::query(*step)
                .bind(self.collection)
                .execute(&mut *on)
                .await?;
        }
        sqlx::query(
            "INSERT INTO committed (collection, at_ms) VALUES (?1, ?2) \
             ON CONFLICT (collection) DO UPDATE SET at_ms = excluded.at_ms",
        )
        .bind(self.collection)
        .bind(self.now_ms)
        .execute(on)
        .await?;
        Ok(Committed(waiting))
    }
}
