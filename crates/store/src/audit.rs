//! The audit log: who did what to what, one line per step of a write.

use doorward_core::time::Timestamp;

use crate::query::{Query, Row, sql};
use crate::write::Entry;
use crate::{Actor, AuditRow, Store, StoreError};

pub(crate) fn insert(now: Timestamp, entry: &Entry, actor: &Actor) -> Query {
    sql(
        "INSERT INTO audit (happened, action, account_id, target, actor_account, actor_user, \
         actor_credential, actor_impersonator, request_id, address) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .time(now)
    .text(entry.action.as_str())
    .text_if(entry.account.map(|id| id.to_string()))
    .text(&entry.target)
    .text_if(actor.account.map(|id| id.to_string()))
    .text_if(actor.user.map(|id| id.to_string()))
    .text_if(actor.credential.map(|id| id.to_string()))
    .text_if(actor.impersonator.map(|id| id.to_string()))
    .text_if(actor.request_id.clone())
    .text_if(actor.address.map(|address| address.to_string()))
}

fn read(row: Row) -> Result<AuditRow, StoreError> {
    let mut columns = row.read("audit");
    Ok(AuditRow {
        id: columns.int()?,
        at: columns.time()?,
        action: columns.text()?,
        account: columns.parsed_if()?,
        target: columns.text_if()?,
        actor: Actor {
            account: columns.parsed_if()?,
            user: columns.parsed_if()?,
            credential: columns.parsed_if()?,
            impersonator: columns.parsed_if()?,
            request_id: columns.text_if()?,
            address: columns.address_if()?,
        },
    })
}

impl Store {
    /// Audit rows after `after`, oldest first.
    ///
    /// # Errors
    /// As every question: [`StoreError`].
    pub async fn audit(&self, after: i64, limit: u32) -> Result<Vec<AuditRow>, StoreError> {
        self.fetch(
            sql(
                "SELECT id, happened, action, account_id, target, actor_account, actor_user, \
                 actor_credential, actor_impersonator, request_id, address \
                 FROM audit WHERE id > $1 ORDER BY id LIMIT $2",
            )
            .int(after)
            .int(i64::from(limit)),
        )
        .await?
        .into_iter()
        .map(read)
        .collect()
    }
}
