//! The record of decisions about guarded APIs: written in batches, bounded by number and age.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use doorward_core::id::{AccountId, UserId};
use doorward_core::time::Timestamp;

use crate::query::{Row, sql};
use crate::{Direction, Store, StoreError};

/// Rows deleted in one statement.
const PRUNED_AT_ONCE: i64 = 5000;

/// A decision to be written down. Never a secret, never a query.
#[derive(Debug, Clone)]
pub struct NewDecision {
    /// When.
    pub at: Timestamp,
    /// At which door.
    pub door: &'static str,
    /// About which API; `None` where none claimed the request.
    pub api: Option<Arc<str>>,
    /// The HTTP method.
    pub method: String,
    /// The canonical path; empty where there was none.
    pub path: String,
    /// How it ended.
    pub outcome: &'static str,
    /// Why.
    pub reason: &'static str,
    /// What the caller showed.
    pub presented: &'static str,
    /// Whose account, if it was proven.
    pub account: Option<AccountId>,
    /// Which user, if it was proven.
    pub user: Option<UserId>,
    /// The client's address.
    pub address: IpAddr,
}

/// A decision as it was written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedDecision {
    /// Position in the record.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// At which door.
    pub door: String,
    /// About which API.
    pub api: Option<String>,
    /// The HTTP method.
    pub method: String,
    /// The canonical path.
    pub path: String,
    /// How it ended.
    pub outcome: String,
    /// Why.
    pub reason: String,
    /// What the caller showed.
    pub presented: String,
    /// Whose account.
    pub account: Option<AccountId>,
    /// Which user.
    pub user: Option<UserId>,
    /// The client's address.
    pub address: IpAddr,
}

/// Which decisions are asked for: those that satisfy everything that is set.
#[derive(Debug, Clone, Default)]
pub struct DecisionFilter {
    /// Where this account was proven.
    pub account: Option<AccountId>,
    /// About this API.
    pub api: Option<String>,
    /// That ended so.
    pub outcome: Option<String>,
    /// Not before this.
    pub since: Option<Timestamp>,
}

macro_rules! page {
    ($after:literal, $order:literal) => {
        sql(concat!(
            "SELECT id, happened, door, api, method, path, outcome, reason, presented, account_id, \
             user_id, address FROM decisions WHERE ",
            $after,
            " AND happened >= $3 AND ($4 IS NULL OR api = $4) AND ($5 IS NULL OR outcome = $5) \
             AND ($6 IS NULL OR account_id = $6) ORDER BY ",
            $order,
            " LIMIT $2"
        ))
    };
}

fn read(row: Row) -> Result<RecordedDecision, StoreError> {
    let mut columns = row.read("decisions");
    Ok(RecordedDecision {
        id: columns.int()?,
        at: columns.time()?,
        door: columns.text()?,
        api: columns.text_if()?,
        method: columns.text()?,
        path: columns.text()?,
        outcome: columns.text()?,
        reason: columns.text()?,
        presented: columns.text()?,
        account: columns.parsed_if()?,
        user: columns.parsed_if()?,
        address: columns.parsed()?,
    })
}

impl Store {
    /// Writes decisions down, all or none. Nobody's change: neither the audit log nor other nodes hear of it.
    ///
    /// # Errors
    /// As every write: [`StoreError`].
    pub async fn record_decisions(&self, decisions: &[NewDecision]) -> Result<(), StoreError> {
        let mut open = self.begin().await?;
        for decision in decisions {
            let query = sql(
                "INSERT INTO decisions (happened, door, api, method, path, outcome, reason, presented, \
                 account_id, user_id, address) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            )
            .time(decision.at)
            .text(decision.door)
            .text_if(decision.api.as_deref().map(str::to_owned))
            .text(&decision.method)
            .text(&decision.path)
            .text(decision.outcome)
            .text(decision.reason)
            .text(decision.presented)
            .text_if(decision.account.map(|id| id.to_string()))
            .text_if(decision.user.map(|id| id.to_string()))
            .id(decision.address);
            open.execute(query).await?;
        }
        Ok(open.commit().await?)
    }

    /// Recorded decisions that pass a filter; `after` is the id of the last one seen.
    ///
    /// # Errors
    /// As every question: [`StoreError`].
    pub async fn decisions(
        &self,
        filter: &DecisionFilter,
        after: Option<i64>,
        direction: Direction,
        limit: u32,
    ) -> Result<Vec<RecordedDecision>, StoreError> {
        let query = match direction {
            Direction::Ascending => page!("id > $1", "id").int(after.unwrap_or(i64::MIN)),
            Direction::Descending => page!("id < $1", "id DESC").int(after.unwrap_or(i64::MAX)),
        };
        let query = query
            .int(i64::from(limit))
            .int(filter.since.map_or(i64::MIN, Timestamp::micros))
            .text_if(filter.api.clone())
            .text_if(filter.outcome.clone())
            .text_if(filter.account.map(|id| id.to_string()));
        self.fetch(query).await?.into_iter().map(read).collect()
    }

    /// Forgets the oldest decisions beyond `keep` and those older than `keep_for`.
    ///
    /// # Errors
    /// As every write: [`StoreError`].
    pub async fn prune_decisions(
        &self,
        now: Timestamp,
        keep: u32,
        keep_for: Duration,
    ) -> Result<(), StoreError> {
        let age = i64::try_from(keep_for.as_micros()).unwrap_or(i64::MAX);
        let oldest = now.micros().saturating_sub(age);
        loop {
            let mut open = self.begin().await?;
            let old = sql("DELETE FROM decisions WHERE id IN \
                 (SELECT id FROM decisions WHERE happened < $1 ORDER BY happened LIMIT $2)");
            let mut gone = open.execute(old.int(oldest).int(PRUNED_AT_ONCE)).await?;
            let surplus = sql("DELETE FROM decisions WHERE id IN \
                 (SELECT id FROM decisions WHERE id <= \
                    (SELECT id FROM decisions ORDER BY id DESC LIMIT 1 OFFSET $1) \
                  ORDER BY id LIMIT $2)");
            let surplus = surplus.int(i64::from(keep)).int(PRUNED_AT_ONCE);
            gone += open.execute(surplus).await?;
            open.commit().await?;
            if gone == 0 {
                return Ok(());
            }
        }
    }
}
