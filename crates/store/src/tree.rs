//! The shape of the account tree: at most [`MAX_DEPTH`] levels, never a cycle, one root; and how many are below each.
//!
//! Whoever adds, moves or deletes an account holds the tree lock. It comes before the lock of any account's row: two
//! writes that took them the other way round would wait for each other.

use doorward_core::id::AccountId;
use doorward_core::tree::MAX_DEPTH;

use crate::query::{Query, sql, sql_locked};
use crate::{Action, Change, StoreError, Write};

/// Levels a walk may take: enough to see that a tree is too deep, too few to spin in a broken one.
const WALK: i64 = 2 * DEPTH;
#[expect(
    clippy::cast_possible_wrap,
    reason = "a handful, and there is no constant conversion without a cast"
)]
const DEPTH: i64 = MAX_DEPTH as i64;

/// The table of how many accounts are below each.
pub(crate) const SIZES: &str = "tree_sizes";

/// How many accounts are below one.
pub(crate) fn size_query(id: AccountId) -> Query {
    sql("SELECT below FROM tree_sizes WHERE account_id = $1").id(id)
}

impl Write {
    /// Takes the lock under which the tree changes its shape. A write that locks accounts as well takes it first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn lock_tree(&mut self) -> Result<(), StoreError> {
        self.step()?;
        self.transaction().lock_tree().await?;
        self.done_silently();
        Ok(())
    }

    /// Hangs an account under another parent; takes the tree lock itself.
    ///
    /// # Errors
    /// [`StoreError::Tree`] when `to` is the account itself or below it, or the tree would get too deep;
    /// [`StoreError::Missing`] when either is not there.
    pub async fn move_account(&mut self, id: AccountId, to: AccountId) -> Result<(), StoreError> {
        self.step()?;
        self.transaction().lock_tree().await?;
        let row = sql_locked!("SELECT parent_id FROM accounts WHERE id = $1");
        let from: Option<AccountId> = self
            .fetch_one(row.id(id))
            .await?
            .ok_or(StoreError::Missing)?
            .read("accounts")
            .parsed_if()?;
        let level = self.level(to, Some(id)).await?;
        if level + self.height(id).await? > DEPTH {
            return Err(StoreError::Tree);
        }
        let query = sql(
            "UPDATE accounts SET parent_id = $2, revision = revision + 1, modified = $3 WHERE id = $1",
        );
        let now = self.store().now();
        self.execute_one(query.id(id).id(to).time(now)).await?;
        let below = size_query(id);
        let below = self.fetch_one(below).await?.ok_or(StoreError::Missing)?;
        let moved = below.read(SIZES).int()?.saturating_add(1);
        if let Some(from) = from {
            self.add_from(from, -moved).await?;
        }
        self.add_from(to, moved).await?;
        self.changed(Change::Account(id));
        self.done(Action::MoveAccount, Some(id), id);
        Ok(())
    }

    /// Whether there is room for a new account below `parent`, and keeps it.
    pub(crate) async fn place_new(&mut self, parent: Option<AccountId>) -> Result<(), StoreError> {
        self.transaction().lock_tree().await?;
        let Some(parent) = parent else {
            let root = sql("SELECT id FROM accounts WHERE parent_id IS NULL LIMIT 1");
            return match self.fetch_one(root).await? {
                None => Ok(()),
                Some(_) => Err(StoreError::Tree),
            };
        };
        if self.level(parent, None).await? >= DEPTH {
            return Err(StoreError::Tree);
        }
        Ok(())
    }

    /// Counts a new account.
    pub(crate) async fn count_new(
        &mut self,
        id: AccountId,
        parent: Option<AccountId>,
    ) -> Result<(), StoreError> {
        let query = sql("INSERT INTO tree_sizes (account_id, below) VALUES ($1, 0)");
        self.execute_one(query.id(id)).await?;
        match parent {
            None => Ok(()),
            Some(parent) => self.add_from(parent, 1).await,
        }
    }

    /// Forgets an account that has none below it.
    pub(crate) async fn count_deleted(
        &mut self,
        id: AccountId,
        parent: AccountId,
    ) -> Result<(), StoreError> {
        let query = sql("DELETE FROM tree_sizes WHERE account_id = $1");
        self.execute_one(query.id(id)).await?;
        self.add_from(parent, -1).await
    }

    /// Adds to the number below an account and below each above it.
    async fn add_from(&mut self, id: AccountId, number: i64) -> Result<(), StoreError> {
        let query = sql(
            "UPDATE tree_sizes SET below = below + $3 WHERE account_id IN ( \
               WITH RECURSIVE up (id, parent_id, steps) AS ( \
                 SELECT id, parent_id, CAST(1 AS BIGINT) FROM accounts WHERE id = $1 \
                 UNION ALL \
                 SELECT a.id, a.parent_id, up.steps + 1 FROM up JOIN accounts a ON a.id = up.parent_id \
                 WHERE up.steps < $2) \
               SELECT id FROM up)",
        );
        self.execute(query.id(id).int(WALK).int(number)).await?;
        Ok(())
    }

    /// The level an account stands on; the root's is 1. `never` must not be met on the way up.
    async fn level(&mut self, id: AccountId, never: Option<AccountId>) -> Result<i64, StoreError> {
        let query = sql("WITH RECURSIVE up (id, parent_id, steps) AS ( \
               SELECT id, parent_id, CAST(1 AS BIGINT) FROM accounts WHERE id = $1 \
               UNION ALL \
               SELECT a.id, a.parent_id, up.steps + 1 FROM up JOIN accounts a ON a.id = up.parent_id \
               WHERE up.steps < $2) \
             SELECT id FROM up");
        let rows = self.fetch(query.id(id).int(WALK)).await?;
        let level = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        for row in rows {
            let met: AccountId = row.read("accounts").parsed()?;
            if Some(met) == never {
                return Err(StoreError::Tree);
            }
        }
        if level == 0 {
            return Err(StoreError::Missing);
        }
        Ok(level)
    }

    /// How many levels an account and what is below it take.
    async fn height(&mut self, id: AccountId) -> Result<i64, StoreError> {
        let query = sql("WITH RECURSIVE down (id, steps) AS ( \
               SELECT id, CAST(1 AS BIGINT) FROM accounts WHERE id = $1 \
               UNION ALL \
               SELECT a.id, down.steps + 1 FROM down JOIN accounts a ON a.parent_id = down.id \
               WHERE down.steps < $2) \
             SELECT max(steps) FROM down");
        self.fetch_one(query.id(id).int(WALK))
            .await?
            .ok_or(StoreError::Missing)?
            .read("accounts")
            .int()
    }
}
