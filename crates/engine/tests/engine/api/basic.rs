//! Passwords on guarded APIs (decisions 3, 9, 13, 14, 28).

use doorward_core::api::AcceptMethod;
use doorward_core::verifier::Cost;
use doorward_engine::admin::UserChange;
use doorward_engine::{Engine, Settings, system_clock, system_random};
use doorward_store::{Actor, VerifierKind};
use doorward_testkit::{TestDatabase, both_databases};
use tokio_util::sync::CancellationToken;

use super::super::{founded, quick};
use super::{Ask, accept, add_account, add_bob, api, guard};

fn basic_api(account: doorward_core::id::AccountId) -> doorward_core::api::Api {
    let mut push = api("push", account);
    push.accept = accept(&[&[AcceptMethod::Basic]]);
    push
}

async fn kinds(engine: &Engine, founded: &doorward_engine::Founded) -> Vec<VerifierKind> {
    let (account, user) = (founded.account.id, founded.user.id);
    let stored = engine.store().verifiers_of(account, user).await.unwrap();
    let mut kinds: Vec<_> = stored.iter().map(|stored| stored.kind).collect();
    kinds.sort_by_key(|kind| *kind as u8);
    kinds
}

both_databases!(
    a_password_is_checked_by_its_digest_once_and_by_itself_from_then_on,
    async |database| {
        let (engine, founded) = founded(&database, quick()).await;
        guard(&engine, vec![basic_api(founded.account.id)]);
        let right = Ask::get("/push/").basic("admin", "secret");
        let passage = right.passage(&engine).await;
        assert_eq!(passage.user().unwrap().id, founded.user.id);
        assert_eq!(passage.method(), AcceptMethod::Basic);
        drop(passage);
        engine.shutdown().await;
        let both = [VerifierKind::Md5, VerifierKind::Sha1, VerifierKind::Plain];
        assert_eq!(kinds(&engine, &founded).await, both);

        // Another process knows nothing of the first one's proofs, and needs no digest any more.
        database
            .run("DELETE FROM credentials WHERE kind IN ('md5', 'sha1')")
            .await;
        let store = database.second().await.unwrap();
        let engine = Engine::open(store, quick(), system_clock(), system_random())
            .await
            .unwrap();
        guard(&engine, vec![basic_api(founded.account.id)]);
        assert_eq!(right.code(&engine).await, "allowed");
        assert_eq!(engine.metrics().hashes(), 1);
        let wrong = Ask::get("/push/").basic("admin", "Secret");
        assert_eq!(wrong.code(&engine).await, "unproven");
        assert_eq!(engine.metrics().hashes(), 2);
        engine.shutdown().await;
    }
);

#[tokio::test]
async fn a_new_password_ends_the_plain_verifier_along_with_the_digests() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database, quick()).await;
    guard(&engine, vec![basic_api(founded.account.id)]);
    let old = Ask::get("/push/").basic("admin", "secret");
    assert_eq!(old.code(&engine).await, "allowed");
    engine.shutdown().await;
    let store = database.second().await.unwrap();
    let engine = Engine::open(store, quick(), system_clock(), system_random())
        .await
        .unwrap();
    guard(&engine, vec![basic_api(founded.account.id)]);
    let change = |password: &str| UserChange {
        password: Some(password.into()),
        ..UserChange::default()
    };
    let (account, user) = (founded.account.id, founded.user.id);
    let actor = Actor::operator;
    let before = engine
        .user(account, user)
        .await
        .unwrap()
        .unwrap()
        .generation;
    engine
        .change_user(actor(), account, user, change("secret"))
        .await
        .unwrap();
    let same = engine
        .user(account, user)
        .await
        .unwrap()
        .unwrap()
        .generation;
    assert_eq!(before, same, "the same password again changes nothing");
    assert!(
        kinds(&engine, &founded)
            .await
            .contains(&VerifierKind::Plain)
    );
    engine
        .change_user(actor(), account, user, change("other"))
        .await
        .unwrap();
    assert!(
        !kinds(&engine, &founded)
            .await
            .contains(&VerifierKind::Plain)
    );
    assert_eq!(old.code(&engine).await, "unproven");
    let new = Ask::get("/push/").basic("admin", "other");
    assert_eq!(new.code(&engine).await, "allowed");
}

#[tokio::test]
async fn atk_s42_a_user_who_does_not_exist_costs_the_same_hashes_and_looks() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database, quick()).await;
    guard(&engine, vec![basic_api(founded.account.id)]);
    add_account(&engine, "Child", founded.account.id).await;
    let mut costs = Vec::new();
    for username in [
        "admin",
        "nobody",
        "Admin",
        "",
        "a:b",
        "child~admin",
        "nowhere.example~admin",
        "acme~nobody",
    ] {
        let counts = || {
            let reads = engine.store().times().read.counts().sum::<u64>();
            (engine.metrics().hashes(), reads)
        };
        let before = counts();
        let ask = Ask::get("/push/").basic(username, "wrong");
        assert_eq!(ask.code(&engine).await, "unproven", "{username:?}");
        let after = counts();
        if username.contains('~') {
            assert_eq!(after.0 - before.0, 1, "{username:?}");
        } else {
            costs.push((after.0 - before.0, after.1 - before.1));
        }
    }
    // The account itself is read once, by the first.
    let warm = &costs[1..];
    assert!(warm.iter().all(|cost| *cost == warm[0]), "{costs:?}");
    assert_eq!(warm[0].0, 1);
}

#[tokio::test]
async fn a_username_may_name_its_account() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database, quick()).await;
    let root = founded.account.id;
    let child = add_account(&engine, "Child Account", root).await;
    add_bob(&engine, child, &[]).await;
    let mut push = basic_api(root);
    push.members = doorward_core::api::Members::Subtree;
    guard(&engine, vec![push]);
    for username in ["child-account~bob".to_owned(), format!("{child}~bob")] {
        let passage = Ask::get("/push/").basic(&username, "hunter2");
        let passage = passage.passage(&engine).await;
        assert_eq!(passage.account().unwrap().id, child);
    }
    for username in ["bob", "acme inc~bob", "~bob", "Child Account~Bob"] {
        let ask = Ask::get("/push/").basic(username, "hunter2");
        assert_eq!(ask.code(&engine).await, "unproven", "{username}");
    }
    let own = Ask::get("/push/").basic("acme-inc~admin", "secret");
    assert_eq!(own.code(&engine).await, "allowed");
}

#[tokio::test]
async fn fb_a05_different_wrong_passwords_for_one_user_are_slowed_down() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database, quick()).await;
    guard(&engine, vec![basic_api(founded.account.id)]);
    let ask = |username: &str, password: &str| Ask::get("/push/").basic(username, password);
    let proven = ask("admin", "secret");
    assert_eq!(proven.code(&engine).await, "allowed");
    add_bob(&engine, founded.account.id, &[]).await;
    for username in ["admin", "nobody"] {
        for n in 0..10 {
            let wrong = ask(username, &format!("wrong {n}"));
            assert_eq!(wrong.code(&engine).await, "unproven");
            assert_eq!(wrong.code(&engine).await, "unproven", "again is no guess");
        }
        let more = ask(username, "wrong 10");
        assert_eq!(more.code(&engine).await, "throttled", "{username}");
    }
    assert_eq!(proven.code(&engine).await, "allowed", "accepted recently");
    assert_eq!(ask("bob", "hunter2").code(&engine).await, "allowed");
    let elsewhere = ask("admin", "wrong 11").from("192.0.2.1");
    assert_eq!(elsewhere.code(&engine).await, "unproven");
}

#[tokio::test]
async fn thirty_wrong_guesses_spread_over_users_are_answered() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database, quick()).await;
    guard(&engine, vec![basic_api(founded.account.id)]);
    for n in 0..30 {
        let ask = Ask::get("/push/").basic(&format!("user{n}"), &format!("wrong {n}"));
        assert_eq!(ask.code(&engine).await, "unproven");
    }
}

#[tokio::test]
async fn passwords_that_are_not_nfc_are_the_same_passwords() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database, quick()).await;
    guard(&engine, vec![basic_api(founded.account.id)]);
    let change = UserChange {
        password: Some("caf\u{e9}".into()),
        ..UserChange::default()
    };
    let (account, user) = (founded.account.id, founded.user.id);
    engine
        .change_user(Actor::operator(), account, user, change)
        .await
        .unwrap();
    for password in ["cafe\u{301}", "caf\u{e9}"] {
        let ask = Ask::get("/push/").basic("admin", password);
        assert_eq!(ask.code(&engine).await, "allowed");
    }
}

#[tokio::test]
async fn a_plain_verifier_moves_to_the_newest_hash_generation() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database, quick()).await;
    guard(&engine, vec![basic_api(founded.account.id)]);
    let ask = Ask::get("/push/").basic("admin", "secret");
    assert_eq!(ask.code(&engine).await, "allowed");
    engine.shutdown().await;
    let mut settings: Settings = quick();
    settings.hash.cost = Cost::new(16, 1).unwrap();
    let store = database.second().await.unwrap();
    let engine = Engine::open(store, settings, system_clock(), system_random())
        .await
        .unwrap();
    let stop = CancellationToken::new();
    stop.cancel();
    engine.run(stop).await;
    guard(&engine, vec![basic_api(founded.account.id)]);
    assert_eq!(ask.code(&engine).await, "allowed");
    engine.shutdown().await;
    let hashes = engine.metrics().hashes();
    assert_eq!(hashes, 3, "one per live generation, and the new verifier");
    let stored = engine
        .store()
        .verifiers_of(founded.account.id, founded.user.id)
        .await
        .unwrap();
    let newest = engine.hash_generations()[0].id;
    let plain: Vec<_> = stored
        .iter()
        .filter(|stored| stored.kind == VerifierKind::Plain)
        .map(|stored| stored.hash_generation)
        .collect();
    assert_eq!(plain, [newest]);
}
