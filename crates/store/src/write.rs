//! The one write path: a transaction with an actor.

use doorward_core::id::{AccountId, UserId};

use crate::backend::Transaction;
use crate::change::Change;
use crate::failure::Failure;
use crate::query::{Query, Row, inconsistent};
use crate::seal::Sealer;
use crate::{Action, Actor, ChangeRow, Store, StoreError};

/// Whether an account's normalised name must be the only one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameRule {
    /// A second one is a conflict.
    Unique,
    /// Several may share it.
    Shared,
}

/// A transaction on behalf of an actor. Dropping it undoes everything.
///
/// Rows read through it are locked until the end, so that read, change, write is one step for everybody else.
/// Updates add one to the row's revision and set its `modified`; the `revision` and `modified` of the value handed in are
/// ignored.
///
/// After an error nothing is left but to drop it: [`Write::commit`] refuses, so that half of a change is never kept.
pub struct Write {
    transaction: Transaction,
    store: Store,
    actor: Actor,
    changes: Vec<Change>,
    audit: Vec<Entry>,
    /// Users whose verifiers were replaced; a line of the audit log only if no other tells of them.
    upgraded: Vec<(AccountId, UserId)>,
    sound: bool,
}

/// What a line of the audit log will say besides the actor.
pub(crate) struct Entry {
    pub(crate) action: Action,
    pub(crate) account: Option<AccountId>,
    pub(crate) target: String,
}

impl Write {
    pub(crate) fn new(store: Store, transaction: Transaction, actor: Actor) -> Self {
        Self {
            transaction,
            store,
            actor,
            changes: Vec::new(),
            audit: Vec::new(),
            upgraded: Vec::new(),
            sound: true,
        }
    }

    pub(crate) fn sealer(&self) -> &Sealer {
        self.store.sealer()
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// Reads rows.
    pub(crate) async fn fetch(&mut self, query: Query) -> Result<Vec<Row>, Failure> {
        let result = self.transaction.fetch(query).await;
        // PostgreSQL has given the transaction up by now, and would answer a commit with a silent rollback.
        self.sound &= result.is_ok();
        result
    }

    /// Reads one row.
    pub(crate) async fn fetch_one(&mut self, query: Query) -> Result<Option<Row>, Failure> {
        Ok(self.fetch(query).await?.into_iter().next())
    }

    /// Writes, and counts the rows touched.
    pub(crate) async fn execute(&mut self, query: Query) -> Result<u64, Failure> {
        let result = self.transaction.execute(query).await;
        self.sound &= result.is_ok();
        result
    }

    /// Writes the one row that must be there.
    pub(crate) async fn execute_one(&mut self, query: Query) -> Result<(), Failure> {
        match self.execute(query).await? {
            1 => Ok(()),
            0 => Err(StoreError::Missing.into()),
            _ => Err(inconsistent("(statement)", "more rows than one were touched").into()),
        }
    }

    /// Repeats a bounded deletion until nothing is left, so that no single statement takes too long.
    pub(crate) async fn exhaust(&mut self, query: impl Fn() -> Query) -> Result<(), Failure> {
        while self.execute(query()).await? > 0 {}
        Ok(())
    }

    pub(crate) fn transaction(&mut self) -> &mut Transaction {
        &mut self.transaction
    }

    /// Begins a step. Until [`Write::done`] the write is unsound: a step that fails or is abandoned half way takes the
    /// whole write with it.
    pub(crate) fn step(&mut self) -> Result<(), StoreError> {
        if std::mem::replace(&mut self.sound, false) {
            Ok(())
        } else {
            Err(inconsistent("(transaction)", "an earlier step failed"))
        }
    }

    /// Ends a step: what the audit log will say.
    pub(crate) fn done(
        &mut self,
        action: Action,
        account: Option<AccountId>,
        target: impl std::fmt::Display,
    ) {
        self.sound = true;
        self.audit.push(Entry {
            action,
            account,
            target: target.to_string(),
        });
    }

    /// Ends a step that changed nothing.
    pub(crate) fn done_silently(&mut self) {
        self.sound = true;
    }

    /// Ends a step that is part of another one's line in the audit log, if there is one.
    pub(crate) fn done_upgrade(&mut self, account: AccountId, user: UserId) {
        self.sound = true;
        self.upgraded.push((account, user));
    }

    /// Remembers what others must hear of.
    pub(crate) fn changed(&mut self, change: Change) {
        if !self.changes.contains(&change) {
            self.changes.push(change);
        }
    }

    /// Makes it all true at once. The rows returned are the changes, as other nodes will see them.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written (or, if the connection broke during the commit, it is unknown whether).
    pub async fn commit(mut self) -> Result<Vec<ChangeRow>, StoreError> {
        self.step()?;
        for (account, user) in std::mem::take(&mut self.upgraded) {
            let target = user.to_string();
            if !self.audit.iter().any(|entry| entry.target == target) {
                self.done(Action::UpgradeVerifier, Some(account), target);
            }
        }
        let mut rows = Vec::with_capacity(self.changes.len());
        if !self.audit.is_empty() {
            let now = self.store.now();
            self.transaction.lock_order().await?;
            for entry in &self.audit {
                let line = crate::audit::insert(now, entry, &self.actor);
                self.transaction.execute(line).await?;
            }
            for change in &self.changes {
                let row = self.transaction.fetch(change.insert(now)).await?;
                let id = row
                    .into_iter()
                    .next()
                    .ok_or_else(|| inconsistent("changes", "no id was given"))?
                    .read("changes")
                    .int()?;
                rows.push(ChangeRow {
                    id,
                    change: *change,
                    at: now,
                });
            }
            if let Some(last) = rows.last() {
                self.transaction.notify(last.id).await?;
            }
        }
        self.transaction.commit().await?;
        Ok(rows)
    }
}
