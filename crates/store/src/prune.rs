//! Forgetting what has no use any more.

use std::time::Duration;

use doorward_core::time::Timestamp;

use crate::query::sql;
use crate::{Store, StoreError};

/// How long change rows are kept. Whoever was away longer reads everything anew.
const KEPT: Duration = Duration::from_hours(24);

impl Store {
    /// Forgets what has no use any more: expired denials, change rows older than a day. At most `limit` rows each.
    ///
    /// The newest change row always stays, and those that go are the oldest ones without exception, so that a
    /// [`Feed`](crate::Feed) can tell by the oldest row left that it has missed some.
    ///
    /// # Errors
    /// As every write: [`StoreError`].
    pub async fn prune(&self, now: Timestamp, limit: u32) -> Result<(), StoreError> {
        let mut open = self.begin().await?;
        open.execute(
            sql("DELETE FROM denied_tokens WHERE id IN \
                 (SELECT id FROM denied_tokens WHERE expires <= $1 ORDER BY expires LIMIT $2)")
            .time(now)
            .int(i64::from(limit)),
        )
        .await?;
        let kept = i64::try_from(KEPT.as_micros()).unwrap_or(i64::MAX);
        open.execute(
            sql("DELETE FROM changes WHERE id IN \
                 (SELECT id FROM changes WHERE id < coalesce( \
                    (SELECT min(id) FROM changes WHERE happened >= $1), \
                    (SELECT max(id) FROM changes)) \
                  ORDER BY id LIMIT $2)")
            .int(now.micros().saturating_sub(kept))
            .int(i64::from(limit)),
        )
        .await?;
        Ok(open.commit().await?)
    }
}
