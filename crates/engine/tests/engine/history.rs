//! What a node may rely on when writes overlap or the store's history turns out to be another one.

use std::time::Duration;

use doorward_engine::admin::UserChange;
use doorward_engine::{Engine, system_clock, system_random};
use doorward_store::Actor;
use doorward_testkit::TestDatabase;
use tokio::task::JoinSet;

use super::nodes::Node;
use super::{basic, founded, is_allowed, quick, sign_in_as_admin, token};

async fn opened(database: &TestDatabase) -> Engine {
    let store = database.store.clone();
    Engine::open(store, quick(), system_clock(), system_random())
        .await
        .unwrap()
}

/// Attack: two resets at the same time, of which the earlier one's ring is put in force last; then the secret that was
/// reset away goes on signing.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn resets_at_once_leave_the_newest_ring_in_force() {
    let database = TestDatabase::sqlite().await;
    let (engine, _) = founded(&database, quick()).await;
    for _ in 0..30 {
        let mut resets = JoinSet::new();
        for _ in 0..8 {
            let engine = engine.clone();
            resets.spawn(async move { engine.reset_system_secret(Actor::operator()).await });
        }
        for reset in resets.join_all().await {
            reset.unwrap();
        }
        let session = sign_in_as_admin(&engine).await;
        let other = opened(&database).await;
        assert!(is_allowed(&other, &token(&session)).await);
    }
}

/// Attack by accident: the database was put back to an older state under a running node, so that another node's rows get
/// the ids that rows of this one had. They are news all the same.
#[tokio::test(flavor = "multi_thread")]
async fn ids_that_were_our_own_are_news_in_another_history() {
    let database = TestDatabase::sqlite().await;
    let (other, founded) = founded(&database, quick()).await;
    let node = Node::join(&database).await;
    let (account, user) = (founded.account.id, founded.user.id);
    let last = database.number("SELECT max(id) FROM changes").await;
    for _ in 0..5 {
        let reset = node
            .engine
            .reset_user_secret(Actor::operator(), account, user);
        reset.await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    database
        .run(&format!(
            "DELETE FROM changes WHERE id > {last}; \
             UPDATE sqlite_sequence SET seq = {last} WHERE name = 'changes'"
        ))
        .await;
    // Longer than a heartbeat: the node has seen that the history is another one.
    tokio::time::sleep(Duration::from_millis(2500)).await;
    let old = basic(account, "admin", "secret");
    assert!(is_allowed(&node.engine, &old).await);
    let password = UserChange {
        password: Some("other".into()),
        ..UserChange::default()
    };
    let changed = other.change_user(Actor::operator(), account, user, password);
    changed.await.unwrap();
    assert!(database.number("SELECT max(id) FROM changes").await <= last + 5);
    node.comes_to(false, &old).await;
}
