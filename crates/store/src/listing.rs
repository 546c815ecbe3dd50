//! Lists as clients page through them: after a position, in either direction, by an index.

use std::collections::VecDeque;

use doorward_core::account::Account;
use doorward_core::document::Document;
use doorward_core::hex;
use doorward_core::id::AccountId;
use doorward_core::tree::MAX_DEPTH;
use doorward_core::user::User;
use serde_json::Value;

use crate::query::{Query, sql};
use crate::{Store, StoreError, Write, account, tree, user};

/// Most characters of a user's sort key; the rest does not sort.
const LIST_KEY: usize = 256;
/// Most rows of one statement of a walk, which holds as many for each level on its way.
const BATCH: u32 = 16;
/// Levels counted below an account, also in a broken tree.
const WALK: i64 = 64;

/// Which way a list runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the smallest key.
    Ascending,
    /// From the largest key.
    Descending,
}

/// Where a row stands in a list: its sort key, and its id among equals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// Sort key.
    pub key: String,
    /// Id.
    pub id: [u8; 16],
}

/// A user and where it stands in the list of its account.
#[derive(Debug, Clone)]
pub struct ListedUser {
    /// The user.
    pub user: User,
    /// By last name and first name.
    pub position: Position,
}

/// An account and where it stands among the children of its parent.
#[derive(Debug, Clone)]
pub struct ListedAccount {
    /// The account.
    pub account: Account,
    /// By normalised name.
    pub position: Position,
    /// Whether there are accounts below it.
    pub has_children: bool,
    /// How many there are below it.
    pub below: u64,
}

/// An account below another.
#[derive(Debug, Clone)]
pub struct Descendant {
    /// The account.
    pub account: Account,
    /// The positions on the way down to it, its own the last.
    pub path: Vec<Position>,
}

/// The sort key of a user's document: last name, a blank, first name.
pub(crate) fn user_key(document: &Document) -> String {
    let text = |key| {
        document
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let key = format!("{} {}", text("last_name"), text("first_name"));
    key.chars().take(LIST_KEY).collect()
}

/// The four statements of a list: `$1` the owner, `$2` the limit, `$3` and `$4` the position.
macro_rules! listing {
    ($select:expr, $owner:literal, $key:literal, $after:expr, $direction:expr) => {
        match ($after, $direction) {
            (None, Direction::Ascending) => sql(concat!(
                $select,
                " WHERE ",
                $owner,
                " = $1 ORDER BY ",
                $key,
                ", id LIMIT $2"
            )),
            (None, Direction::Descending) => sql(concat!(
                $select,
                " WHERE ",
                $owner,
                " = $1 ORDER BY ",
                $key,
                " DESC, id DESC LIMIT $2"
            )),
            (Some(_), Direction::Ascending) => sql(concat!(
                $select,
                " WHERE ",
                $owner,
                " = $1 AND (",
                $key,
                ", id) > ($3, $4) ORDER BY ",
                $key,
                ", id LIMIT $2"
            )),
            (Some(_), Direction::Descending) => sql(concat!(
                $select,
                " WHERE ",
                $owner,
                " = $1 AND (",
                $key,
                ", id) < ($3, $4) ORDER BY ",
                $key,
                " DESC, id DESC LIMIT $2"
            )),
        }
    };
}

fn users_query(after: Option<&Position>, direction: Direction) -> Query {
    listing!(
        concat!("SELECT ", user::columns!(), ", list_key FROM users"),
        "account_id",
        "list_key",
        after,
        direction
    )
}

fn children_query(after: Option<&Position>, direction: Direction) -> Query {
    listing!(
        concat!(
            "SELECT ",
            account::columns!(),
            ", name_key, CAST(CASE WHEN EXISTS (SELECT 1 FROM accounts c WHERE c.parent_id = accounts.id) \
             THEN 1 ELSE 0 END AS BIGINT), \
             (SELECT below FROM tree_sizes s WHERE s.account_id = accounts.id) FROM accounts"
        ),
        "parent_id",
        "name_key",
        after,
        direction
    )
}

fn child_query(id: AccountId, parent: AccountId) -> Query {
    sql("SELECT id FROM accounts WHERE id = $1 AND parent_id = $2")
        .id(id)
        .id(parent)
}

/// Every statement of a page, with a name.
#[cfg(feature = "testing")]
pub(crate) fn statements() -> Vec<(&'static str, Query)> {
    let (owner, other) = (AccountId::new([1; 16]), AccountId::new([2; 16]));
    let somewhere = Position {
        key: "k".to_owned(),
        id: [3; 16],
    };
    let mut all = vec![
        ("whether a child is still there", child_query(owner, other)),
        ("count of accounts below", tree::size_query(owner)),
    ];
    for direction in [Direction::Ascending, Direction::Descending] {
        for after in [None, Some(&somewhere)] {
            let users = users_query(after, direction);
            all.push(("users", bound(users, owner, after, BATCH)));
            let children = children_query(after, direction);
            all.push(("children", bound(children, owner, after, BATCH)));
        }
    }
    all
}

fn bound(query: Query, owner: AccountId, after: Option<&Position>, limit: u32) -> Query {
    let query = query.id(owner).int(i64::from(limit));
    match after {
        None => query,
        Some(position) => query.text(&position.key).text(&hex::encode(&position.id)),
    }
}

/// Children of one account that are still to be visited.
struct Level {
    parent: AccountId,
    after: Option<Position>,
    waiting: VecDeque<ListedAccount>,
    /// Whether the last statement brought fewer rows than it might have.
    at_end: bool,
}

impl Level {
    const fn of(parent: AccountId, after: Option<Position>) -> Self {
        Self {
            parent,
            after,
            waiting: VecDeque::new(),
            at_end: false,
        }
    }
}

impl Store {
    /// Users of an account after a position, by last name and first name.
    ///
    /// # Errors
    /// As every question: [`StoreError`].
    pub async fn users_listed(
        &self,
        owner: AccountId,
        after: Option<&Position>,
        direction: Direction,
        limit: u32,
    ) -> Result<Vec<ListedUser>, StoreError> {
        let query = users_query(after, direction);
        self.fetch(bound(query, owner, after, limit))
            .await?
            .into_iter()
            .map(|row| {
                let mut columns = row.read(user::TABLE);
                let user = user::read(&mut columns, self.sealer())?;
                let position = Position {
                    key: columns.text()?,
                    id: *user.id.as_bytes(),
                };
                Ok(ListedUser { user, position })
            })
            .collect()
    }

    /// Accounts right below another after a position, by normalised name.
    ///
    /// # Errors
    /// As every question: [`StoreError`].
    pub async fn children_listed(
        &self,
        parent: AccountId,
        after: Option<&Position>,
        direction: Direction,
        limit: u32,
    ) -> Result<Vec<ListedAccount>, StoreError> {
        let query = children_query(after, direction);
        self.fetch(bound(query, parent, after, limit))
            .await?
            .into_iter()
            .map(|row| {
                let mut columns = row.read(account::TABLE);
                let account = account::read(&mut columns, self.sealer())?;
                let position = Position {
                    key: columns.text()?,
                    id: *account.id.as_bytes(),
                };
                Ok(ListedAccount {
                    account,
                    position,
                    has_children: columns.flag()?,
                    below: columns.count()?,
                })
            })
            .collect()
    }

    /// Accounts below another, each followed by what is below it, children in the order of their names. `after` is the
    /// path of the last one seen. Only the accounts asked for are read, and once for each level on the way.
    ///
    /// # Errors
    /// As every question: [`StoreError`].
    pub async fn descendants_listed(
        &self,
        top: AccountId,
        after: &[Position],
        direction: Direction,
        limit: u32,
    ) -> Result<Vec<Descendant>, StoreError> {
        let mut levels = self.levels(top, after).await?;
        let mut found = Vec::new();
        let wanted = limit as usize;
        while found.len() < wanted {
            let Some(level) = levels.last_mut() else {
                break;
            };
            if level.waiting.is_empty() && !level.at_end {
                let missing = u32::try_from(wanted - found.len()).unwrap_or(BATCH);
                let limit = missing.min(BATCH);
                let rows = self
                    .children_listed(level.parent, level.after.as_ref(), direction, limit)
                    .await?;
                level.at_end = rows.len() < limit as usize;
                level.waiting = rows.into();
            }
            let Some(row) = level.waiting.pop_front() else {
                levels.pop();
                continue;
            };
            level.after = Some(row.position);
            let path = levels
                .iter()
                .filter_map(|level| level.after.clone())
                .collect();
            if row.has_children && levels.len() < MAX_DEPTH {
                levels.push(Level::of(row.account.id, None));
            }
            found.push(Descendant {
                account: row.account,
                path,
            });
        }
        Ok(found)
    }

    /// The levels of a walk that goes on after a path. What was moved or deleted since is not entered again: it may be
    /// out of the caller's reach by now.
    async fn levels(&self, top: AccountId, after: &[Position]) -> Result<Vec<Level>, StoreError> {
        let mut levels = Vec::new();
        let mut parent = top;
        for position in after.iter().take(MAX_DEPTH) {
            levels.push(Level::of(parent, Some(position.clone())));
            let id = AccountId::new(position.id);
            if self.fetch_one(child_query(id, parent)).await?.is_none() {
                return Ok(levels);
            }
            parent = id;
        }
        levels.push(Level::of(parent, None));
        Ok(levels)
    }

    /// How many accounts are below another.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is no such account.
    pub async fn count_below(&self, id: AccountId) -> Result<u64, StoreError> {
        let row = self.fetch_one(tree::size_query(id)).await?;
        row.ok_or(StoreError::Missing)?.read(tree::SIZES).count()
    }

    /// Makes a position unreadable and unforgeable for whoever carries it; it opens for the same `list` and `of` only.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] when it cannot be sealed.
    pub fn seal_cursor(
        &self,
        list: &'static str,
        of: &[&[u8]],
        position: &[u8],
    ) -> Result<Vec<u8>, StoreError> {
        self.sealer()
            .seal(crate::seal::Place::cursor(list, of), position)
    }

    /// What [`Store::seal_cursor`] sealed; `None` for everything else.
    #[must_use]
    pub fn open_cursor(&self, list: &'static str, of: &[&[u8]], cursor: &[u8]) -> Option<Vec<u8>> {
        let place = crate::seal::Place::cursor(list, of);
        let opened = self.sealer().open(place, cursor).ok()?;
        Some(opened.expose().to_vec())
    }
}

impl Write {
    /// Whether a reseller stands below an account.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn has_reseller_below(&mut self, id: AccountId) -> Result<bool, StoreError> {
        let query = sql("WITH RECURSIVE down (id, reseller, steps) AS ( \
               SELECT id, reseller, CAST(1 AS BIGINT) FROM accounts WHERE parent_id = $1 \
               UNION ALL \
               SELECT a.id, a.reseller, down.steps + 1 FROM down JOIN accounts a ON a.parent_id = down.id \
               WHERE down.steps < $2) \
             SELECT id FROM down WHERE reseller = 1 LIMIT 1");
        Ok(self.fetch_one(query.id(id).int(WALK)).await?.is_some())
    }
}
