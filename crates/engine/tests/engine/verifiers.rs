//! Verifiers that are upgraded, and accounts that share a name: nothing of one may pass for the other.

use doorward_core::credential::DigestKind;
use doorward_core::digest::md5_credentials;
use doorward_core::document::Document;
use doorward_core::id::AccountId;
use doorward_core::user::Level;
use doorward_core::verifier::Cost;
use doorward_engine::admin::{NewAccount, NewUser, UserChange};
use doorward_engine::{
    AccountHint, Engine, Session, Settings, SignIn, SignInError, system_clock, system_random,
};
use doorward_store::{Actor, NameRule};
use doorward_testkit::TestDatabase;
use tokio_util::sync::CancellationToken;

use super::{CLIENT, basic, founded, is_allowed, named, quick, sign_in};

async fn opened(database: &TestDatabase, settings: Settings) -> Engine {
    let store = database.store.clone();
    Engine::open(store, settings, system_clock(), system_random())
        .await
        .unwrap()
}

/// An engine that has begun a hash generation of this cost.
async fn with_new_cost(database: &TestDatabase, cost: Cost) -> Engine {
    let mut settings = quick();
    settings.hash.cost = cost;
    let engine = opened(database, settings).await;
    let stop = CancellationToken::new();
    stop.cancel();
    engine.run(stop).await;
    assert_eq!(engine.hash_generations().len(), 2);
    engine
}

fn password(text: &str) -> UserChange {
    UserChange {
        password: Some(text.into()),
        ..UserChange::default()
    }
}

async fn md5(engine: &Engine, password: &str) -> Result<Session, SignInError> {
    sign_in(engine, DigestKind::Md5, md5_credentials("admin", password)).await
}

#[tokio::test]
async fn an_upgrade_never_brings_an_old_password_back() {
    let database = TestDatabase::sqlite().await;
    let (behind, founded) = founded(&database, quick()).await;
    // So slow that the password below is changed before the upgrade is hashed.
    let engine = with_new_cost(&database, Cost::new(65_536, 8).unwrap()).await;
    md5(&engine, "secret").await.unwrap();
    // This process has not heard of the new generation yet: its verifiers are of the old one.
    let (account, user) = (founded.account.id, founded.user.id);
    behind
        .change_user(Actor::operator(), account, user, password("other"))
        .await
        .unwrap();
    engine.shutdown().await;

    let engine = opened(&database, quick()).await;
    assert_eq!(
        md5(&engine, "secret").await.unwrap_err(),
        SignInError::Invalid
    );
    assert!(md5(&engine, "other").await.is_ok());
}

#[tokio::test]
async fn an_upgrade_of_one_form_keeps_the_others() {
    let database = TestDatabase::sqlite().await;
    let (first, founded) = founded(&database, quick()).await;
    let (account, user) = (founded.account.id, founded.user.id);
    first
        .change_user(Actor::operator(), account, user, password("e\u{301}tude"))
        .await
        .unwrap();
    let engine = with_new_cost(&database, Cost::new(16, 1).unwrap()).await;
    md5(&engine, "e\u{301}tude").await.unwrap();
    engine.shutdown().await;
    let engine = opened(&database, quick()).await;
    for form in ["\u{e9}tude", "e\u{301}tude"] {
        assert!(md5(&engine, form).await.is_ok(), "{form:?}");
    }
}

/// An account `Twin` with a user whose password is `secret`.
async fn twin(engine: &Engine, realm: &str, username: &str) -> AccountId {
    let account = NewAccount {
        name: "Twin".to_owned(),
        realm: Some(realm.to_owned()),
        ..NewAccount::default()
    };
    let account = engine.create_account(Actor::operator(), account);
    let account = account.await.unwrap().id;
    let user = NewUser {
        account,
        username: Some(username.to_owned()),
        password: Some("secret".into()),
        level: Level::User,
        enabled: true,
        document: Document::new(),
    };
    engine.create_user(Actor::operator(), user).await.unwrap();
    account
}

async fn at(engine: &Engine, account: AccountHint, username: &str) -> Option<AccountId> {
    let request = SignIn {
        account,
        kind: DigestKind::Md5,
        digest: md5_credentials(username, "secret").into(),
        switch_to: None,
        client: CLIENT,
    };
    let session = engine.sign_in(request).await.ok()?;
    Some(session.account.id)
}

fn in_realm(realm: &str) -> AccountHint {
    AccountHint {
        realm: Some(realm.to_owned()),
        ..AccountHint::default()
    }
}

#[tokio::test]
async fn accounts_of_one_name_are_not_taken_for_each_other() {
    let database = TestDatabase::sqlite().await;
    let mut settings = quick();
    settings.names = NameRule::Shared;
    let (engine, _) = founded(&database, settings).await;
    let twins = [
        (
            twin(&engine, "one.example.com", "una").await,
            "una",
            "two.example.com",
        ),
        (
            twin(&engine, "two.example.com", "duo").await,
            "duo",
            "one.example.com",
        ),
    ];
    for (account, username, other_realm) in twins {
        // What was wrong for one account alone says nothing of both,
        assert_eq!(at(&engine, in_realm(other_realm), username).await, None);
        assert_eq!(at(&engine, named("twin"), username).await, Some(account));
        // and what was right for both nothing of the other one alone.
        assert_eq!(at(&engine, in_realm(other_realm), username).await, None);
    }
}

/// Attack: a password whose only verifier ended with its hash generation goes on being known from memory.
#[tokio::test]
async fn a_proof_ends_with_its_hash_generation() {
    let database = TestDatabase::sqlite().await;
    let (_, founded) = founded(&database, quick()).await;
    let engine = with_new_cost(&database, Cost::new(65_536, 8).unwrap()).await;
    let presented = basic(founded.account.id, "admin", "secret");
    assert!(is_allowed(&engine, &presented).await);
    // Before the slow upgrade is hashed.
    engine
        .retire_hash_generation(Actor::operator())
        .await
        .unwrap();
    engine.shutdown().await;
    let kept = database.number("SELECT count(*) FROM credentials WHERE kind <> 'api_key'");
    assert_eq!(kept.await, 0);
    assert!(!is_allowed(&engine, &presented).await);
}
