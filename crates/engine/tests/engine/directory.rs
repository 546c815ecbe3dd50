//! Accounts by whatever they are called, and their place in the tree while others change it.

use std::time::Duration;

use doorward_engine::AdminError;
use doorward_engine::admin::NewAccount;
use doorward_store::{Actor, NameRule};
use doorward_testkit::{TestDatabase, both_databases};
use tokio::task::JoinSet;

use super::{founded, quick};

/// Attack: an administrator gives an account of its own the realm `victim`; then the operator, who says `--account
/// Victim`, sets a password there.
#[tokio::test]
async fn a_realm_that_is_the_name_of_another_account_is_ambiguous() {
    let database = TestDatabase::sqlite().await;
    let (engine, _) = founded(&database, quick()).await;
    let add = async |name: &str, realm: &str| {
        let new = NewAccount {
            name: name.to_owned(),
            realm: Some(realm.to_owned()),
            ..NewAccount::default()
        };
        let account = engine.create_account(Actor::operator(), new).await.unwrap();
        account.id
    };
    let victim = add("Victim", "victim.example.com").await;
    let own = add("Same", "same").await;
    assert_eq!(engine.find_account("victim").await.unwrap().id, victim);
    assert_eq!(engine.find_account("SAME").await.unwrap().id, own);
    add("Attacker", "victim").await;
    for text in ["victim", "VICTIM", "Vic tim"] {
        let found = engine.find_account(text).await;
        assert!(matches!(found, Err(AdminError::Ambiguous)), "{text}");
    }
    let by_realm = engine.find_account("victim.example.com").await;
    assert_eq!(by_realm.unwrap().id, victim);
}

// Both need the tree and the account above; whoever takes them in another order waits for ever.
both_databases!(
    creating_below_an_account_that_moves_is_no_deadlock,
    async |database| {
        let (engine, founded) = founded(&database, quick()).await;
        let new = |name: &str, parent| NewAccount {
            name: name.to_owned(),
            parent: Some(parent),
            ..NewAccount::default()
        };
        let root = founded.account.id;
        let parent = engine.create_account(Actor::operator(), new("Parent", root));
        let parent = parent.await.unwrap().id;
        let mut change = database.store.write(Actor::operator()).await.unwrap();
        change.lock_tree().await.unwrap();
        let mut creating = JoinSet::new();
        creating.spawn({
            let (engine, new) = (engine.clone(), new("Child", parent));
            async move { engine.create_account(Actor::operator(), new).await }
        });
        // Long enough for the creation to wait for the tree.
        tokio::time::sleep(Duration::from_millis(300)).await;
        let mut account = change.account(parent).await.unwrap().unwrap();
        account.reseller = true;
        change
            .update_account(
                doorward_store::Action::ChangeAccount,
                &account,
                NameRule::Unique,
            )
            .await
            .unwrap();
        change.commit().await.unwrap();
        for created in creating.join_all().await {
            created.unwrap();
        }
    }
);
