//! From founding an installation to a permitted request.

use doorward_core::credential::DigestKind;
use doorward_core::digest::{md5_credentials, sha1_credentials};
use doorward_core::verifier::Cost;
use doorward_engine::{Engine, SignInError, StartError, system_clock, system_random};
use doorward_store::{Actor, HashGeneration};
use doorward_testkit::TestDatabase;

use super::{basic, decide, founded, is_allowed, quick, sign_in, sign_in_as_admin, token};

#[tokio::test]
async fn a_password_becomes_a_token_and_the_token_a_permit() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database, quick()).await;
    for (kind, digest) in [
        (DigestKind::Md5, md5_credentials("admin", "secret")),
        (DigestKind::Sha1, sha1_credentials("admin", "secret")),
    ] {
        let session = sign_in(&engine, kind, digest).await.unwrap();
        assert_eq!(session.user.as_ref().unwrap().id, founded.user.id);
        assert!(is_allowed(&engine, &token(&session)).await);
    }
    let wrong = sign_in(&engine, DigestKind::Md5, md5_credentials("admin", "wrong")).await;
    assert_eq!(wrong.unwrap_err(), SignInError::Invalid);
}

#[tokio::test]
async fn a_store_is_founded_once() {
    let database = TestDatabase::sqlite().await;
    let store = database.store.clone();
    let empty = Engine::open(store, quick(), system_clock(), system_random()).await;
    assert!(matches!(empty, Err(StartError::Empty)));
    let (_engine, _founded) = founded(&database, quick()).await;
    let founding = doorward_engine::Founding {
        account_name: "Again".to_owned(),
        realm: "again.example.com".to_owned(),
        username: "admin".to_owned(),
        password: "secret".into(),
    };
    let store = database.store.clone();
    let again = Engine::found(store, quick(), system_clock(), system_random(), founding).await;
    assert!(matches!(again, Err(StartError::NotEmpty)));
}

#[tokio::test]
async fn a_warm_check_computes_no_slow_hash() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database, quick()).await;
    let presented = basic(founded.account.id, "admin", "secret");
    for _ in 0..100 {
        assert!(is_allowed(&engine, &presented).await);
    }
    assert_eq!(engine.metrics().hashes(), 1);
}

#[tokio::test]
async fn equal_sign_ins_at_once_are_hashed_once() {
    let database = TestDatabase::sqlite().await;
    let mut settings = quick();
    settings.hash.cost = Cost::new(4096, 2).unwrap();
    let (engine, _) = founded(&database, settings).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let engine = engine.clone();
        tasks.spawn(async move { sign_in_as_admin(&engine).await });
    }
    assert_eq!(tasks.join_all().await.len(), 20);
    assert_eq!(engine.metrics().hashes(), 1);
}

#[tokio::test]
async fn atk_s42_what_does_not_exist_costs_the_same_hashes() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database, quick()).await;
    let mut costs = Vec::new();
    for (account, digest) in [
        ("acme inc", md5_credentials("admin", "wrong")),
        ("acme inc", md5_credentials("nobody", "wrong")),
        ("nowhere", md5_credentials("admin", "secret")),
    ] {
        let before = engine.metrics().hashes();
        let request = doorward_engine::SignIn {
            account: super::named(account),
            kind: DigestKind::Md5,
            digest: digest.into(),
            switch_to: None,
            client: super::CLIENT,
        };
        assert_eq!(
            engine.sign_in(request).await.unwrap_err(),
            SignInError::Invalid
        );
        costs.push(engine.metrics().hashes() - before);
    }
    for account in [
        founded.account.id,
        doorward_core::id::AccountId::new([9; 16]),
    ] {
        let before = engine.metrics().hashes();
        assert!(!is_allowed(&engine, &basic(account, "nobody", "wrong")).await);
        costs.push(engine.metrics().hashes() - before);
    }
    assert_eq!(costs, [1; 5]);
}

/// The hash that stands in for what does not exist is a real one: the self-test of attacks.md S43 is
/// that it takes part in the same count, with the same cost, as any other.
#[tokio::test]
async fn atk_s43_the_stand_in_follows_the_live_hash_generations() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database, quick()).await;
    let pepper = engine.hash_generations()[0].pepper;
    let mut write = database.store.write(Actor::operator()).await.unwrap();
    let cost = Cost::new(16, 1).unwrap();
    write
        .insert_hash_generation(HashGeneration {
            id: 0,
            cost,
            pepper,
        })
        .await
        .unwrap();
    write.commit().await.unwrap();
    let store = database.store.clone();
    let engine = Engine::open(store, quick(), system_clock(), system_random())
        .await
        .unwrap();
    for account in [
        founded.account.id,
        doorward_core::id::AccountId::new([9; 16]),
    ] {
        let before = engine.metrics().hashes();
        assert!(!is_allowed(&engine, &basic(account, "nobody", "wrong")).await);
        assert_eq!(
            engine.metrics().hashes() - before,
            2,
            "one per live generation"
        );
    }
    assert!(is_allowed(&engine, &basic(founded.account.id, "admin", "secret")).await);
}

#[tokio::test]
async fn a_verifier_moves_to_the_newest_hash_generation_when_its_user_signs_in() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database, quick()).await;
    engine.shutdown().await;
    let mut settings = quick();
    settings.hash.cost = Cost::new(16, 1).unwrap();
    let store = database.store.clone();
    let engine = Engine::open(store, settings, system_clock(), system_random())
        .await
        .unwrap();
    let stop = tokio_util::sync::CancellationToken::new();
    stop.cancel();
    engine.run(stop).await;
    assert_eq!(engine.hash_generations().len(), 2);

    let session = sign_in_as_admin(&engine).await;
    sign_in(
        &engine,
        DigestKind::Sha1,
        sha1_credentials("admin", "secret"),
    )
    .await
    .unwrap();
    engine.shutdown().await;
    let mut write = database.store.write(Actor::server()).await.unwrap();
    let verifiers = write
        .verifiers(founded.account.id, founded.user.id)
        .await
        .unwrap();
    drop(write);
    let newest = engine.hash_generations()[0].id;
    assert_eq!(verifiers.len(), 2);
    assert!(
        verifiers
            .iter()
            .all(|verifier| verifier.hash_generation == newest)
    );

    let store = database.store.clone();
    let engine = Engine::open(store, quick(), system_clock(), system_random())
        .await
        .unwrap();
    assert!(
        is_allowed(&engine, &token(&session)).await,
        "an upgrade ends nothing"
    );
    engine
        .retire_hash_generation(Actor::operator())
        .await
        .unwrap();
    assert!(is_allowed(&engine, &basic(founded.account.id, "admin", "secret")).await);
    assert!(
        engine
            .retire_hash_generation(Actor::operator())
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_full_hash_queue_throttles_and_leaves_tokens_alone() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database, quick()).await;
    let session = sign_in_as_admin(&engine).await;
    let mut settings = quick();
    settings.hash.queue = 0;
    let store = database.store.clone();
    let engine = Engine::open(store, settings, system_clock(), system_random())
        .await
        .unwrap();
    let refused = sign_in(&engine, DigestKind::Md5, md5_credentials("admin", "secret")).await;
    assert!(matches!(refused, Err(SignInError::Throttled(_))));
    let basic = decide(&engine, &basic(founded.account.id, "admin", "secret")).await;
    assert!(matches!(basic, doorward_engine::Decision::Throttle(_)));
    assert!(is_allowed(&engine, &token(&session)).await);
}
