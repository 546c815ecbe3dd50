//! Rows for tests.

use doorward_core::account::Account;
use doorward_core::id::{AccountId, CredentialId, UserId};
use doorward_core::secret::SecretText;
use doorward_core::time::Timestamp;
use doorward_core::user::{Level, User};
use doorward_store::{Actor, ChangeRow, NameRule, NewVerifier, Store, StoreError, VerifierKind};
use serde_json::{Map, json};

/// An id that is a number.
pub(crate) fn bytes(n: u128) -> [u8; 16] {
    n.to_be_bytes()
}

pub(crate) fn account_id(n: u128) -> AccountId {
    AccountId::new(bytes(n))
}

pub(crate) fn user_id(n: u128) -> UserId {
    UserId::new(bytes(n))
}

/// The account of a number; number 1 is the root.
pub(crate) fn account(n: u128, parent: Option<u128>) -> Account {
    Account {
        id: account_id(n),
        parent: parent.map(account_id),
        name: format!("Account {n}"),
        realm: format!("a{n}.example.com"),
        enabled: true,
        superduper: false,
        reseller: false,
        trial_ends: None,
        basic_digest: None,
        generation: 1,
        key_generation: 1,
        salt: [7; 16],
        signature_secret: SecretText::new(format!("{n:032x}")),
        roles: Vec::new(),
        document: Map::from_iter([("note".to_owned(), json!({"n": n.to_string()}))]),
        revision: 1,
        created: Timestamp::from_unix(1_600_000_000),
        modified: Timestamp::from_unix(1_600_000_000),
    }
}

pub(crate) fn user(account: u128, n: u128) -> User {
    User {
        id: user_id(n),
        account: account_id(account),
        username: Some(format!("user{n:06}@example.com")),
        level: Level::User,
        roles: Vec::new(),
        enabled: true,
        generation: 1,
        signature_secret: SecretText::new(format!("{n:032x}")),
        document: Map::new(),
        revision: 1,
        created: Timestamp::from_unix(1_600_000_000),
        modified: Timestamp::from_unix(1_600_000_000),
    }
}

pub(crate) fn verifier(n: u128, kind: VerifierKind, hash_generation: i64) -> NewVerifier {
    NewVerifier {
        id: CredentialId::new(bytes(n)),
        kind,
        hash_generation,
        verifier: digest(n),
    }
}

pub(crate) fn digest(n: u128) -> [u8; 32] {
    let mut digest = [0; 32];
    digest[16..].copy_from_slice(&bytes(n));
    digest
}

/// Adds accounts in one write.
pub(crate) async fn add_accounts(
    store: &Store,
    accounts: &[Account],
) -> Result<Vec<ChangeRow>, StoreError> {
    let mut write = store.write(Actor::operator()).await?;
    for account in accounts {
        write.insert_account(account, NameRule::Unique).await?;
    }
    write.commit().await
}

/// Adds the root, account 1.
pub(crate) async fn add_root(store: &Store) -> Result<(), StoreError> {
    add_accounts(store, &[account(1, None)]).await.map(drop)
}

/// Adds a user.
pub(crate) async fn add_user(store: &Store, user: &User) -> Result<Vec<ChangeRow>, StoreError> {
    let mut write = store.write(Actor::operator()).await?;
    write.insert_user(user).await?;
    write.commit().await
}
