//! Two nodes on one database: what one changes, the other hears of.

use std::time::Duration;

use doorward_core::credential::{DigestKind, Presented};
use doorward_core::digest::md5_credentials;
use doorward_core::id::KeyId;
use doorward_core::jwt::VerifyingKey;
use doorward_engine::admin::{AccountChange, UserChange};
use doorward_engine::{Engine, Settings, system_clock, system_random};
use doorward_store::{Actor, KeyPurpose, KeyState};
use doorward_testkit::TestDatabase;
use tokio_util::sync::CancellationToken;

use super::{basic, founded, is_allowed, quick, sign_in, sign_in_as_admin, token};

/// A second node, following the first one's writes until it is dropped.
pub(super) struct Node {
    pub(super) engine: Engine,
    stop: CancellationToken,
}

impl Node {
    pub(super) async fn join(database: &TestDatabase) -> Self {
        Self::join_with(database, quick()).await
    }

    /// The same with other settings.
    pub(super) async fn join_with(database: &TestDatabase, settings: Settings) -> Self {
        let store = database.second().await.unwrap();
        let engine = Engine::open(store, settings, system_clock(), system_random())
            .await
            .unwrap();
        let stop = CancellationToken::new();
        let (follower, until) = (engine.clone(), stop.clone());
        #[expect(
            clippy::disallowed_methods,
            reason = "ends with the token that the node owns"
        )]
        tokio::spawn(async move { follower.run(until).await });
        Self { engine, stop }
    }

    /// Waits until the node agrees. Its bound is for a hanging test only: how quick it is, the store's
    /// contract says.
    pub(super) async fn comes_to(&self, allowed: bool, presented: &Presented) {
        let agrees = async {
            while is_allowed(&self.engine, presented).await != allowed {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), agrees)
            .await
            .expect("the node hears of it");
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn every_change_is_heard_of(database: TestDatabase) {
    let (engine, founded) = founded(&database, quick()).await;
    let node = Node::join(&database).await;
    let (account, user) = (founded.account.id, founded.user.id);
    let actor = Actor::operator;

    let revoked = sign_in_as_admin(&engine).await;
    let kept = sign_in_as_admin(&engine).await;
    let old = basic(account, "admin", "secret");
    for presented in [&token(&revoked), &token(&kept), &old] {
        assert!(is_allowed(&node.engine, presented).await);
    }
    let facts = revoked.identity.token.unwrap();
    engine
        .deny_token(actor(), account, facts.id, facts.expires)
        .await
        .unwrap();
    node.comes_to(false, &token(&revoked)).await;
    assert!(is_allowed(&node.engine, &token(&kept)).await);

    let locked = AccountChange {
        enabled: Some(false),
        ..AccountChange::default()
    };
    engine
        .change_account(actor(), account, locked)
        .await
        .unwrap();
    node.comes_to(false, &token(&kept)).await;
    let open = AccountChange {
        enabled: Some(true),
        ..AccountChange::default()
    };
    engine.change_account(actor(), account, open).await.unwrap();
    node.comes_to(true, &token(&kept)).await;

    let password = UserChange {
        password: Some("other".into()),
        ..UserChange::default()
    };
    engine
        .change_user(actor(), account, user, password)
        .await
        .unwrap();
    node.comes_to(false, &old).await;
    assert!(!is_allowed(&node.engine, &token(&kept)).await);
    node.comes_to(true, &basic(account, "admin", "other")).await;

    resets_are_heard_of(&engine, &node).await;
    assert!(node.engine.unready().is_empty());
}

/// The system's secret and the token key, both of which every node keeps in memory.
async fn resets_are_heard_of(engine: &Engine, node: &Node) {
    engine.reset_system_secret(Actor::operator()).await.unwrap();
    let key = engine.token_keys().first().unwrap().id();
    engine
        .reset_token_key(Actor::operator(), key)
        .await
        .unwrap();
    let digest = md5_credentials("admin", "other");
    let fresh = sign_in(engine, DigestKind::Md5, digest).await.unwrap();
    node.comes_to(true, &token(&fresh)).await;
    let keys = |engine: &Engine| {
        engine
            .token_keys()
            .iter()
            .map(VerifyingKey::id)
            .collect::<Vec<_>>()
    };
    assert_eq!(keys(&node.engine), keys(engine));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_is_heard_of_on_sqlite() {
    every_change_is_heard_of(TestDatabase::sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_is_heard_of_on_postgres() {
    every_change_is_heard_of(TestDatabase::postgres().await).await;
}

/// The keys of remember-me tokens that are not dead, oldest first.
async fn remember_me(database: &TestDatabase) -> Vec<(KeyId, KeyState)> {
    let keys = database.store.keys().await.unwrap();
    let keys = keys
        .iter()
        .filter(|key| key.purpose == KeyPurpose::RememberMe);
    keys.map(|key| (key.id, key.state)).collect()
}

async fn two_rotations_end_what_was_signed_before(database: TestDatabase) {
    let (engine, _) = founded(&database, quick()).await;
    let store = database.second().await.unwrap();
    // It hears of nothing: nobody runs it.
    let behind = Engine::open(store, quick(), system_clock(), system_random())
        .await
        .unwrap();
    let first = remember_me(&database).await;
    let second = engine.rotate_remember_me_key(Actor::operator()).await;
    let third = behind.rotate_remember_me_key(Actor::operator()).await;
    let (second, third) = (second.unwrap(), third.unwrap());
    let left = remember_me(&database).await;
    assert!(!left.iter().any(|(id, _)| *id == first[0].0), "{left:?}");
    let of = |sought| left.iter().find(|(id, _)| *id == sought).map(|(_, s)| *s);
    assert_eq!(of(second), Some(KeyState::Retiring));
    assert_eq!(of(third), Some(KeyState::Active));
}

#[tokio::test]
async fn two_rotations_by_nodes_that_know_nothing_of_each_other_are_two() {
    two_rotations_end_what_was_signed_before(TestDatabase::sqlite().await).await;
    two_rotations_end_what_was_signed_before(TestDatabase::postgres().await).await;
}
