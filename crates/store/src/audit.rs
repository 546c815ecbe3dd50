//! The audit log: who did what to what, one line per step of a write.

use doorward_core::id::{AccountId, UserId};
use doorward_core::time::Timestamp;

use crate::query::{Query, Row, sql};
use crate::write::Entry;
use crate::{Actor, AuditRow, Direction, Store, StoreError};

/// Which audit rows are asked for: those that satisfy everything that is set.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// What happened in this account.
    pub account: Option<AccountId>,
    /// What this user did, also as an impersonator, or what was done to it.
    pub user: Option<UserId>,
    /// Beginning of the dotted name of the action.
    pub action: Option<String>,
    /// Not before this.
    pub since: Option<Timestamp>,
    /// Before this.
    pub until: Option<Timestamp>,
}

/// A page of the log: `$1` the position, `$2` the limit, `$3` and `$4` the time, `$5` to `$7` the rest of the filter.
macro_rules! page {
    ($after:literal, $order:literal) => {
        sql(concat!(
            "SELECT id, happened, action, account_id, target, actor_account, actor_user, \
             actor_credential, actor_impersonator, request_id, address FROM audit WHERE ",
            $after,
            " AND happened >= $3 AND happened < $4 \
             AND ($5 IS NULL OR account_id = $5) \
             AND ($6 IS NULL OR target = $6 OR actor_user = $6 OR actor_impersonator = $6) \
             AND ($7 IS NULL OR substr(action, 1, length($7)) = $7) ORDER BY ",
            $order,
            " LIMIT $2"
        ))
    };
}

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
        let everything = AuditFilter::default();
        self.audit_listed(&everything, Some(after), Direction::Ascending, limit)
            .await
    }

    /// Audit rows that pass a filter, in the order of the log or from its end; `after` is the id of the last one seen.
    ///
    /// # Errors
    /// As every question: [`StoreError`].
    pub async fn audit_listed(
        &self,
        filter: &AuditFilter,
        after: Option<i64>,
        direction: Direction,
        limit: u32,
    ) -> Result<Vec<AuditRow>, StoreError> {
        let query = match direction {
            Direction::Ascending => page!("id > $1", "id").int(after.unwrap_or(i64::MIN)),
            Direction::Descending => page!("id < $1", "id DESC").int(after.unwrap_or(i64::MAX)),
        };
        let query = query
            .int(i64::from(limit))
            .int(filter.since.map_or(i64::MIN, Timestamp::micros))
            .time(filter.until.unwrap_or(Timestamp::MAX))
            .text_if(filter.account.map(|id| id.to_string()))
            .text_if(filter.user.map(|id| id.to_string()))
            .text_if(filter.action.clone());
        self.fetch(query).await?.into_iter().map(read).collect()
    }
}
