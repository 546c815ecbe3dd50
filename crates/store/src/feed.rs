//! News of other processes' writes.

use doorward_core::time::Timestamp;

use crate::{ChangeRow, StoreError};

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

/// A reader of change rows. SQLite: looks at `data_version` every 50 ms on a connection of its own.
/// PostgreSQL: waits for a notification, at most a second.
pub struct Feed {}

impl Feed {
    /// Waits for the next news: at most about a second, then a heartbeat.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`] when the database does not answer; the next call tries again and, once it
    /// answers, reports a [`News::Gap`] first.
    pub async fn next(&mut self) -> Result<News, StoreError> {
        todo!()
    }
}
