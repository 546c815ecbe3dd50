//! Live state: accounts, users, application tokens and denied tokens as they are now, and how this process hears of
//! changes (decisions 15, 16, 24, 25).
//!
//! A change bumps the *epoch* and takes what it touched out of memory, both under one lock. Whoever
//! reads a row to remember it notes its place in the order of changes first and asks, under the same
//! lock, whether the row was touched since; then what it read is thrown away and read again. So a
//! row in memory is never older than the last change this process heard of, and whatever was checked
//! at the present epoch needs no second look.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use doorward_core::account::Account;
use doorward_core::id::{AccountId, CredentialId, TokenId, UserId};
use doorward_core::time::Timestamp;
use doorward_core::tree::{MAX_DEPTH, Position, position};
use doorward_core::user::User;
use doorward_store::{AppTokenRow, Change, Store, StoreError};

use crate::cache::Bounded;

/// Changes remembered for readers that are under way; a reader slower than this many reads again.
const REMEMBERED_CHANGES: usize = 4096;

/// What this process knows of the present.
pub(crate) struct LiveState {
    store: Store,
    accounts: Bounded<AccountId, Arc<Account>>,
    users: Bounded<(AccountId, UserId), Arc<User>>,
    app_tokens: Bounded<(AccountId, CredentialId), Arc<AppTokenRow>>,
    denied: Bounded<TokenId, Timestamp>,
    stamps: Bounded<AccountId, u64>,
    epoch: AtomicU64,
    /// The epoch of the last [`LiveState::forget`]: any account may have changed in it.
    forgotten: AtomicU64,
    order: Mutex<Order>,
}

/// The recent changes, each with the epoch it led to.
#[derive(Default)]
struct Order {
    epoch: u64,
    recent: VecDeque<(u64, Change)>,
    /// Everything up to this epoch is forgotten: a reader that began before must read again.
    forgotten: u64,
}

impl Order {
    fn touched_since(&self, epoch: u64, key: Change) -> bool {
        epoch < self.forgotten
            || self
                .recent
                .iter()
                .rev()
                .take_while(|(at, _)| *at > epoch)
                .any(|(_, c)| *c == key)
    }
}

impl LiveState {
    /// Nothing known yet.
    pub(crate) fn new(store: Store, accounts: usize, users: usize) -> Self {
        Self {
            store,
            accounts: Bounded::new(accounts),
            users: Bounded::new(users),
            app_tokens: Bounded::new(users),
            denied: Bounded::new(usize::MAX / 2),
            stamps: Bounded::new(accounts),
            epoch: AtomicU64::new(0),
            forgotten: AtomicU64::new(0),
            order: Mutex::default(),
        }
    }

    fn order(&self) -> MutexGuard<'_, Order> {
        self.order.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The present epoch: what was compared with the present at this number still holds.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// Takes in changes that are committed.
    pub(crate) fn apply(&self, changes: impl IntoIterator<Item = Change>) {
        let mut order = self.order();
        for change in changes {
            order.epoch += 1;
            let epoch = order.epoch;
            if order.recent.len() >= REMEMBERED_CHANGES
                && let Some((at, _)) = order.recent.pop_front()
            {
                order.forgotten = at;
            }
            order.recent.push_back((epoch, change));
            match change {
                Change::Account(account) => {
                    self.accounts.remove(&account);
                    self.stamps.insert(account, epoch);
                }
                Change::User(account, user) => {
                    self.users.remove(&(account, user));
                    self.stamps.insert(account, epoch);
                }
                Change::Credential(account, id) => {
                    self.app_tokens.remove(&(account, id));
                    self.stamps.insert(account, epoch);
                }
                Change::DenyToken(token, until) => self.deny_one(token, until),
                Change::Keys | Change::System => {}
            }
        }
        self.epoch.store(order.epoch, Ordering::Release);
    }

    /// Something may have been missed: everything known is forgotten and read again by key.
    pub(crate) fn forget(&self) {
        let mut order = self.order();
        order.epoch += 1;
        order.forgotten = order.epoch;
        order.recent.clear();
        self.forgotten.store(order.epoch, Ordering::Release);
        self.accounts.clear();
        self.users.clear();
        self.app_tokens.clear();
        self.epoch.store(order.epoch, Ordering::Release);
    }

    /// Grows with every change of the account this process has heard of: part of what a known-wrong
    /// secret is remembered by.
    pub(crate) fn stamp(&self, account: AccountId) -> u64 {
        let forgotten = self.forgotten.load(Ordering::Acquire);
        self.stamps.get(&account).unwrap_or(0).max(forgotten)
    }

    /// An account, from memory or store.
    pub(crate) async fn account(&self, id: AccountId) -> Result<Option<Arc<Account>>, StoreError> {
        if let Some(known) = self.accounts.get(&id) {
            return Ok(Some(known));
        }
        loop {
            let before = self.epoch();
            let Some(row) = self.store.account(id).await?.map(Arc::new) else {
                return Ok(None);
            };
            let order = self.order();
            if !order.touched_since(before, Change::Account(id)) {
                self.accounts.insert(id, Arc::clone(&row));
                return Ok(Some(row));
            }
        }
    }

    /// A user, from memory or store.
    pub(crate) async fn user(
        &self,
        account: AccountId,
        id: UserId,
    ) -> Result<Option<Arc<User>>, StoreError> {
        if let Some(known) = self.users.get(&(account, id)) {
            return Ok(Some(known));
        }
        self.fresh_user(account, id).await
    }

    /// A user as the store has it now, remembered.
    pub(crate) async fn fresh_user(
        &self,
        account: AccountId,
        id: UserId,
    ) -> Result<Option<Arc<User>>, StoreError> {
        loop {
            let before = self.epoch();
            let Some(row) = self.store.user(account, id).await?.map(Arc::new) else {
                return Ok(None);
            };
            let order = self.order();
            if !order.touched_since(before, Change::User(account, id)) {
                self.users.insert((account, id), Arc::clone(&row));
                return Ok(Some(row));
            }
        }
    }

    /// An application token, from memory or store.
    pub(crate) async fn app_token(
        &self,
        account: AccountId,
        id: CredentialId,
    ) -> Result<Option<Arc<AppTokenRow>>, StoreError> {
        if let Some(known) = self.app_tokens.get(&(account, id)) {
            return Ok(Some(known));
        }
        loop {
            let before = self.epoch();
            let Some(row) = self.store.app_token(account, id).await?.map(Arc::new) else {
                return Ok(None);
            };
            let order = self.order();
            if !order.touched_since(before, Change::Credential(account, id)) {
                self.app_tokens.insert((account, id), Arc::clone(&row));
                return Ok(Some(row));
            }
        }
    }

    /// The accounts above, nearest first, without the account itself.
    pub(crate) async fn ancestors(
        &self,
        account: &Account,
    ) -> Result<Vec<Arc<Account>>, StoreError> {
        let mut above = Vec::new();
        let mut next = account.parent;
        while let Some(id) = next {
            let Some(parent) = self.account(id).await? else {
                break;
            };
            next = parent.parent;
            above.push(parent);
            if above.len() >= MAX_DEPTH {
                break;
            }
        }
        Ok(above)
    }

    /// Where `target` stands, seen from `origin`, if that can be told from memory: the walk of a warm
    /// request, which clones and allocates nothing.
    pub(crate) fn known_position(&self, origin: AccountId, target: AccountId) -> Option<Position> {
        let (mut at, mut is_known) = (target, true);
        let above = std::iter::from_fn(|| {
            let parent = self.accounts.with(&at, |account| account.parent);
            is_known &= parent.is_some();
            at = parent??;
            Some(at)
        });
        let position = position(origin, target, above);
        (is_known || position == Position::Below).then_some(position)
    }

    /// Whether the token was denied before its end.
    pub(crate) fn is_denied(&self, token: TokenId) -> bool {
        self.denied.with(&token, |_| ()).is_some()
    }

    /// Takes in denials read from the store.
    pub(crate) fn deny(&self, denials: impl IntoIterator<Item = (TokenId, Timestamp)>) {
        for (token, until) in denials {
            self.deny_one(token, until);
        }
    }

    /// Denied twice, a token stays denied until the later end.
    fn deny_one(&self, token: TokenId, until: Timestamp) {
        let known = self.denied.get(&token).unwrap_or(until);
        self.denied.insert(token, until.max(known));
    }

    /// Forgets denials of tokens that have ended by themselves.
    pub(crate) fn sweep(&self, now: Timestamp) {
        self.denied.retain(|until| *until > now);
    }

    /// How many accounts and users are in memory.
    pub(crate) fn sizes(&self) -> (usize, usize) {
        (self.accounts.len(), self.users.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_under_way_hears_of_what_touched_its_row_only() {
        let (mine, other) = (AccountId::new([1; 16]), AccountId::new([2; 16]));
        let mut order = Order::default();
        order.recent.push_back((1, Change::Account(other)));
        order.recent.push_back((2, Change::Account(mine)));
        assert!(order.touched_since(1, Change::Account(mine)));
        assert!(!order.touched_since(2, Change::Account(mine)));
        assert!(!order.touched_since(1, Change::Account(other)));
        order.forgotten = 3;
        assert!(order.touched_since(2, Change::Account(other)));
    }

    #[tokio::test]
    async fn after_a_gap_no_wrong_secret_is_known_any_more() {
        let database = doorward_testkit::TestDatabase::sqlite().await;
        let live = LiveState::new(database.store.clone(), 16, 16);
        let (changed, other) = (AccountId::new([1; 16]), AccountId::new([2; 16]));
        live.apply([Change::Account(changed)]);
        let before = [changed, other].map(|account| live.stamp(account));
        live.forget();
        let after = [changed, other].map(|account| live.stamp(account));
        assert!(
            before
                .iter()
                .zip(after)
                .all(|(before, after)| *before < after)
        );
    }
}
