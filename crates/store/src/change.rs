//! Changes other nodes must hear of (decision 25): what to read again, never the values.

use doorward_core::id::{AccountId, CredentialId, TokenId, UserId};
use doorward_core::time::Timestamp;

use crate::StoreError;
use crate::query::{Columns, Query, Row, sql};

/// Something security depends on has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Change {
    /// An account's row: state, place in the tree, generations, secret, API key.
    Account(AccountId),
    /// A user's row or verifiers.
    User(AccountId, UserId),
    /// An application token was made or ended.
    Credential(AccountId, CredentialId),
    /// A token was denied until its own end.
    DenyToken(TokenId, Timestamp),
    /// The key ring or the hash generations.
    Keys,
    /// The system's generation or secret.
    System,
}

/// A change and its place in the order of commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangeRow {
    /// Grows in the order in which changes become visible.
    pub id: i64,
    /// What changed.
    pub change: Change,
    /// When.
    pub at: Timestamp,
}

/// Most rows one look at the feed brings; the next look brings the rest.
const BATCH: i64 = 1000;

impl Change {
    /// Writes it down; the row's id comes back.
    pub(crate) fn insert(&self, now: Timestamp) -> Query {
        let (kind, account, subject, until) = match self {
            Self::Account(account) => ("account", Some(account.to_string()), None, None),
            Self::User(account, user) => (
                "user",
                Some(account.to_string()),
                Some(user.to_string()),
                None,
            ),
            Self::Credential(account, id) => (
                "credential",
                Some(account.to_string()),
                Some(id.to_string()),
                None,
            ),
            Self::DenyToken(token, until) => {
                ("deny_token", None, Some(token.to_string()), Some(*until))
            }
            Self::Keys => ("keys", None, None, None),
            Self::System => ("system", None, None, None),
        };
        sql(
            "INSERT INTO changes (kind, account_id, subject, until, happened) \
             VALUES ($1, $2, $3, $4, $5) RETURNING id",
        )
        .text(kind)
        .text_if(account)
        .text_if(subject)
        .time_if(until)
        .time(now)
    }

    fn read(columns: &mut Columns) -> Result<Self, StoreError> {
        let kind = columns.text()?;
        Ok(match kind.as_str() {
            "account" => Self::Account(columns.parsed()?),
            "user" => Self::User(columns.parsed()?, columns.parsed()?),
            "credential" => Self::Credential(columns.parsed()?, columns.parsed()?),
            "deny_token" => {
                columns.text_if()?;
                Self::DenyToken(columns.parsed()?, columns.time()?)
            }
            "keys" => Self::Keys,
            "system" => Self::System,
            // A newer version's kind cannot be acted upon, and must not be overlooked either.
            _ => return Err(columns.wrong("a change of unknown kind")),
        })
    }
}

impl ChangeRow {
    /// The rows after one, in order.
    pub(crate) fn after(last: i64) -> Query {
        sql(
            "SELECT id, happened, kind, account_id, subject, until FROM changes WHERE id > $1 ORDER BY id LIMIT $2",
        )
        .int(last)
        .int(BATCH)
    }

    pub(crate) fn read(row: Row) -> Result<Self, StoreError> {
        let mut columns = row.read("changes");
        Ok(Self {
            id: columns.int()?,
            at: columns.time()?,
            change: Change::read(&mut columns)?,
        })
    }

    /// Ids of the oldest and the newest row kept; 0 and 0 if there is none.
    pub(crate) fn bounds() -> Query {
        sql("SELECT coalesce(min(id), 0), coalesce(max(id), 0) FROM changes")
    }
}
