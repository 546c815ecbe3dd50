//! Ways through the audit log that an index leads along.
//!
//! Who asks for rare rows of a long log must not wait for all the others to be read. One way serves what has one value;
//! what may stand in several columns, or begin several names, is read along several ways, which are merged.

use doorward_core::id::{AccountId, UserId};
use doorward_core::time::Timestamp;

use super::AuditFilter;
use crate::Direction;
use crate::query::{Query, sql, sql_for};

/// One way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Way {
    /// The log from one end to the other.
    All,
    /// What lies between two times.
    Time,
    /// What happened in an account.
    Account(AccountId),
    /// What was done to a user.
    Target(UserId),
    /// What a user did.
    Actor(UserId),
    /// What a user did as another.
    Impersonator(UserId),
    /// What has exactly this name.
    Action(String),
}

/// Where a page begins and how far it goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch {
    /// The row seen last.
    pub(super) after: Option<i64>,
    /// The newest row that is looked at.
    pub(super) newest: i64,
    pub(super) direction: Direction,
    pub(super) limit: u32,
}

macro_rules! columns {
    () => {
        "SELECT id, happened, action, account_id, target, actor_account, actor_user, \
         actor_credential, actor_impersonator, request_id, address FROM audit WHERE "
    };
}

/// A page: `$1` the position, `$2` the limit, `$3` the newest row, `$4` and `$5` the time, `$6` to `$8` the rest of the
/// filter, `$9` what the way has in common. The signs keep SQLite on the way: it would go by the times, and sort.
macro_rules! page {
    ($along:literal, $direction:expr) => {
        match $direction {
            Direction::Ascending => page!(@ $along, "id > $1", "id"),
            Direction::Descending => page!(@ $along, "id < $1", "id DESC"),
        }
    };
    (@ $along:literal, $after:literal, $order:literal) => {
        sql(concat!(
            columns!(),
            $along,
            $after,
            " AND id <= $3 AND +happened >= $4 AND +happened < $5 \
             AND ($6 IS NULL OR account_id = $6) \
             AND ($7 IS NULL OR target = $7 OR actor_user = $7 OR actor_impersonator = $7) \
             AND ($8 IS NULL OR substr(action, 1, length($8)) = $8) ORDER BY ",
            $order,
            " LIMIT $2"
        ))
    };
}

/// A page of what lies between two times, `$1` to `$5` as above; which rows they are is told by the index alone. SQLite
/// would walk the log in its order, however far away the times are: the sign keeps it from that. PostgreSQL counts.
macro_rules! timed {
    ($after:literal, $order:literal, $end:literal) => {
        sql_for(
            timed!(@ concat!("+id", $after), "+id", concat!("+id", $order), $end),
            timed!(@ concat!("id", $after), "id", concat!("id", $order), $end),
        )
    };
    (@ $after:expr, $id:literal, $order:expr, $end:literal) => {
        concat!(
            columns!(),
            "id IN (SELECT id FROM audit WHERE happened >= $4 AND happened < $5 AND ",
            $after,
            " AND ",
            $id,
            " <= $3 ORDER BY ",
            $order,
            " LIMIT $2) ORDER BY ",
            $end
        )
    };
}

impl Way {
    /// The ways to what passes a filter; `None` when only the names of actions tell.
    pub(super) fn through(filter: &AuditFilter) -> Option<Vec<Self>> {
        if let Some(user) = filter.user {
            return Some(vec![
                Self::Target(user),
                Self::Actor(user),
                Self::Impersonator(user),
            ]);
        }
        if let Some(account) = filter.account {
            return Some(vec![Self::Account(account)]);
        }
        if filter.action.is_some() {
            return None;
        }
        if filter.since.is_some() || filter.until.is_some() {
            return Some(vec![Self::Time]);
        }
        Some(vec![Self::All])
    }

    /// The statement of a page.
    pub(super) fn query(&self, filter: &AuditFilter, stretch: Stretch) -> Query {
        let direction = stretch.direction;
        let query = match self {
            Self::All => page!("", direction),
            Self::Time => match direction {
                Direction::Ascending => timed!(" > $1", "", "id"),
                Direction::Descending => timed!(" < $1", " DESC", "id DESC"),
            },
            Self::Account(_) => page!("account_id = $9 AND ", direction),
            Self::Target(_) => page!("target = $9 AND ", direction),
            Self::Actor(_) => page!("actor_user = $9 AND ", direction),
            Self::Impersonator(_) => page!("actor_impersonator = $9 AND ", direction),
            Self::Action(_) => page!("action = $9 AND ", direction),
        };
        let end = match direction {
            Direction::Ascending => i64::MIN,
            Direction::Descending => i64::MAX,
        };
        let query = query
            .int(stretch.after.unwrap_or(end))
            .int(i64::from(stretch.limit))
            .int(stretch.newest)
            .int(filter.since.map_or(i64::MIN, Timestamp::micros))
            .time(filter.until.unwrap_or(Timestamp::MAX));
        if *self == Self::Time {
            return query;
        }
        let query = query
            .text_if(filter.account.map(|id| id.to_string()))
            .text_if(filter.user.map(|id| id.to_string()))
            .text_if(filter.action.clone());
        match self {
            Self::All | Self::Time => query,
            Self::Account(id) => query.id(id),
            Self::Target(id) | Self::Actor(id) | Self::Impersonator(id) => query.id(id),
            Self::Action(name) => query.text(name),
        }
    }
}

/// The names of actions that the log holds and that begin like this: one look into the index for each name there is.
pub(super) fn actions(beginning: &str) -> Query {
    sql("WITH RECURSIVE names (action) AS ( \
           SELECT (SELECT min(action) FROM audit WHERE action >= $1) \
           UNION ALL \
           SELECT (SELECT min(action) FROM audit WHERE action > names.action) FROM names \
           WHERE substr(names.action, 1, length($1)) = $1) \
         SELECT action FROM names WHERE substr(action, 1, length($1)) = $1")
    .text(beginning)
}

/// The newest row.
pub(super) fn newest() -> Query {
    sql("SELECT coalesce(max(id), 0) FROM audit")
}
