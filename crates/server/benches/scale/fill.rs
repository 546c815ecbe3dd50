//! Fills a store in bulk: rows only, without passwords and keys, whose slow hashes lists never see.

use doorward_core::account::Account;
use doorward_core::id::{AccountId, UserId};
use doorward_core::secret::SecretText;
use doorward_core::time::Timestamp;
use doorward_core::user::{Level, User};
use doorward_testkit::{App, SHARED_NAMES, operator};
use serde_json::json;

/// Accounts of a tree, and users of an account.
pub(crate) const SIZE: usize = 100_000;
/// Rows of a transaction.
const BATCH: usize = 1000;
const NOW: Timestamp = Timestamp::from_unix(1_772_000_000);

/// What was made.
pub(crate) struct Grown {
    /// Has all accounts of its tree right below it, and all users.
    pub(crate) wide: AccountId,
    /// One of those accounts.
    pub(crate) child: AccountId,
    /// Three levels: 50, 2,500 and the rest.
    pub(crate) spread: AccountId,
    /// Two below each.
    pub(crate) deep: AccountId,
    /// The last of these.
    pub(crate) leaf: AccountId,
}

pub(crate) async fn grow(app: &App) -> Grown {
    let wide = tree(app, 1, |_| 0).await;
    let spread = tree(app, 2, |n| (n - 1) / 50).await;
    let deep = tree(app, 3, |n| (n - 1) / 2).await;
    users(app, wide).await;
    Grown {
        wide,
        child: id(1, SIZE / 2),
        spread,
        deep,
        leaf: id(3, SIZE),
    }
}

/// The id of an account of a tree; 0 is its top.
fn id(tree: u8, n: usize) -> AccountId {
    AccountId::new(bytes(tree, n))
}

/// Spread over the whole space, as random ids are.
fn bytes(kind: u8, n: usize) -> [u8; 16] {
    let n = u128::try_from(n).unwrap_or_default();
    let mixed = (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    let mut bytes = mixed.to_be_bytes();
    if let Some(last) = bytes.last_mut() {
        *last = kind;
    }
    bytes
}

/// A tree below the root; `above` tells the number of the account above one.
async fn tree(app: &App, tree: u8, above: impl Fn(usize) -> usize) -> AccountId {
    let top = account(tree, 0, app.account("M").id);
    let mut waiting = vec![top];
    for n in 1..=SIZE {
        waiting.push(account(tree, n, id(tree, above(n))));
        if waiting.len() == BATCH || n == SIZE {
            let write = app.engine.store().write(operator()).await;
            let mut write = write.expect("a write begins");
            for account in waiting.drain(..) {
                let inserted = write.insert_account(&account, SHARED_NAMES).await;
                inserted.expect("an account is added");
            }
            write.commit().await.expect("accounts are added");
        }
    }
    id(tree, 0)
}

async fn users(app: &App, owner: AccountId) {
    for begin in (0..SIZE).step_by(BATCH) {
        let write = app.engine.store().write(operator()).await;
        let mut write = write.expect("a write begins");
        for n in begin..begin + BATCH {
            let inserted = write.insert_user(&user(owner, n)).await;
            inserted.expect("a user is added");
        }
        write.commit().await.expect("users are added");
    }
}

fn group(n: usize) -> &'static str {
    if n.is_multiple_of(2) { "even" } else { "odd" }
}

fn rare(n: usize) -> &'static str {
    if n.is_multiple_of(100) { "yes" } else { "-" }
}

fn account(tree: u8, n: usize, parent: AccountId) -> Account {
    let document = json!({
        "group": group(n),
        "rare": rare(n),
        "language": "en-us",
        "timezone": "Europe/Berlin",
        "contact": {"technical": {"name": format!("Person {n}"), "email": format!("tech{n}@example.com")}},
    });
    Account {
        roles: Vec::new(),
        id: id(tree, n),
        parent: Some(parent),
        name: format!("Tree {tree} Account {n:06}"),
        realm: format!("t{tree}n{n}.example.com"),
        enabled: true,
        superduper: false,
        reseller: false,
        trial_ends: None,
        basic_digest: None,
        generation: 1,
        key_generation: 1,
        salt: [7; 16],
        signature_secret: SecretText::new(format!("{n:032x}")),
        document: document.as_object().cloned().unwrap_or_default(),
        revision: 1,
        created: NOW,
        modified: NOW,
    }
}

fn user(account: AccountId, n: usize) -> User {
    let document = json!({
        "first_name": format!("First {}", n % 700),
        "last_name": format!("Last {}", n % 30_011),
        "email": format!("user{n}@example.com"),
        "timezone": "Europe/Berlin",
        "group": group(n),
        "rare": rare(n),
    });
    User {
        roles: Vec::new(),
        id: UserId::new(bytes(4, n)),
        account,
        username: Some(format!("user{n:06}@example.com")),
        level: Level::User,
        enabled: true,
        generation: 1,
        signature_secret: SecretText::new(format!("{n:032x}")),
        document: document.as_object().cloned().unwrap_or_default(),
        revision: 1,
        created: NOW,
        modified: NOW,
    }
}
