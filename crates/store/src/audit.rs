//! The audit log: who did what to what, one line per step of a write.

mod way;

use doorward_core::id::{AccountId, UserId};
use doorward_core::time::Timestamp;

use self::way::{Stretch, Way};
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
        let mut stretch = Stretch {
            after,
            newest: i64::MAX,
            direction,
            limit,
        };
        let ways = self.ways(filter).await?;
        if let [way] = ways.as_slice() {
            return self.along(way, filter, stretch).await;
        }
        // Ways are read one after the other: what is written meanwhile comes with a later page, and passes nothing by.
        let newest = self.fetch_one(way::newest()).await?;
        stretch.newest = newest.ok_or(StoreError::Missing)?.read("audit").int()?;
        let mut rows = Vec::new();
        for way in &ways {
            rows.extend(self.along(way, filter, stretch).await?);
        }
        rows.sort_unstable_by_key(|row| row.id);
        rows.dedup_by_key(|row| row.id);
        if direction == Direction::Descending {
            rows.reverse();
        }
        rows.truncate(limit as usize);
        Ok(rows)
    }

    async fn ways(&self, filter: &AuditFilter) -> Result<Vec<Way>, StoreError> {
        if let Some(ways) = Way::through(filter) {
            return Ok(ways);
        }
        let beginning = filter.action.as_deref().unwrap_or_default();
        self.fetch(way::actions(beginning))
            .await?
            .into_iter()
            .map(|row| row.read("audit").text().map(Way::Action))
            .collect()
    }

    async fn along(
        &self,
        way: &Way,
        filter: &AuditFilter,
        stretch: Stretch,
    ) -> Result<Vec<AuditRow>, StoreError> {
        let rows = self.fetch(way.query(filter, stretch)).await?;
        rows.into_iter().map(read).collect()
    }
}

/// Every statement of the log's pages, with a name.
#[cfg(feature = "testing")]
pub(crate) fn statements() -> Vec<(&'static str, Query)> {
    let (account, user) = (AccountId::new([1; 16]), UserId::new([2; 16]));
    let name = || "user.create".to_owned();
    let ways = [
        ("audit", Way::All),
        ("audit of times", Way::Time),
        ("audit of an account", Way::Account(account)),
        ("audit of a target", Way::Target(user)),
        ("audit of an actor", Way::Actor(user)),
        ("audit of an impersonator", Way::Impersonator(user)),
        ("audit of an action", Way::Action(name())),
    ];
    let mut all = vec![
        ("names of actions", way::actions("user")),
        ("newest of the log", way::newest()),
    ];
    for direction in [Direction::Ascending, Direction::Descending] {
        for after in [None, Some(7)] {
            let stretch = Stretch {
                after,
                newest: i64::MAX,
                direction,
                limit: 50,
            };
            let filter = AuditFilter {
                since: Some(Timestamp::from_unix(1)),
                until: Some(Timestamp::from_unix(2)),
                ..AuditFilter::default()
            };
            for (name, way) in &ways {
                let filter = if *way == Way::All {
                    AuditFilter::default()
                } else {
                    filter.clone()
                };
                all.push((*name, way.query(&filter, stretch)));
            }
        }
    }
    all
}
