//! A store that does not answer (decision 31): whoever is known passes for the declared grace, whoever is
//! not gets nothing, and everything comes back by itself.

use std::time::Duration;

use doorward_core::credential::{DigestKind, Presented};
use doorward_core::digest::md5_credentials;
use doorward_engine::{Decision, Engine, Outage, Settings, SignInError, monotonic};
use doorward_testkit::TestDatabase;

use super::api::{Ask, api, guard};
use super::nodes::Node;
use super::{basic, decide, founded, is_allowed, quick, sign_in, sign_in_as_admin, token};

/// How soon clients must hear that the store is away.
const SOON: Duration = Duration::from_secs(3);

fn settings(outage: Outage) -> Settings {
    Settings { outage, ..quick() }
}

/// Waits for it; the bound is for a hanging test only.
async fn until(what: &str, mut happened: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !happened().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(30), waiting).await;
    waited.expect(what);
}

async fn is_unavailable(engine: &Engine, presented: &Presented) -> bool {
    matches!(decide(engine, presented).await, Decision::Unavailable)
}

#[tokio::test(flavor = "multi_thread")]
async fn known_callers_pass_while_the_store_is_away_and_unknown_ones_are_told_soon() {
    let database = TestDatabase::postgres().await;
    let (_first, founded) = founded(&database, quick()).await;
    let node = Node::join_with(&database, settings(Outage::Stale)).await;
    let known = token(&sign_in_as_admin(&node.engine).await);
    let known_basic = basic(founded.account.id, "admin", "secret");
    assert!(is_allowed(&node.engine, &known).await);
    assert!(is_allowed(&node.engine, &known_basic).await);

    database.cut_off().await;
    let began = monotonic();
    let unknown = basic(founded.account.id, "admin", "guess");
    assert!(is_unavailable(&node.engine, &unknown).await);
    let digest = md5_credentials("admin", "other guess");
    let refused = sign_in(&node.engine, DigestKind::Md5, digest).await;
    assert!(matches!(refused, Err(SignInError::Unavailable)));
    assert!(monotonic().saturating_sub(began) < SOON);
    for presented in [&known, &known_basic] {
        assert!(is_allowed(&node.engine, presented).await);
    }
    assert!(node.engine.unready().is_empty(), "it is within the grace");

    database.let_in().await;
    until("it answers again", async || {
        !is_unavailable(&node.engine, &unknown).await
    })
    .await;
    assert!(!is_allowed(&node.engine, &unknown).await);
    sign_in_as_admin(&node.engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_passes_when_the_store_is_away_and_the_outage_is_closed() {
    let database = TestDatabase::postgres().await;
    let (_first, _founded) = founded(&database, quick()).await;
    let node = Node::join_with(&database, settings(Outage::Closed)).await;
    let known = token(&sign_in_as_admin(&node.engine).await);
    assert!(is_allowed(&node.engine, &known).await);

    database.cut_off().await;
    until("it closes", async || {
        is_unavailable(&node.engine, &known).await
    })
    .await;
    assert_eq!(node.engine.unready(), ["store_unreachable"]);
    let digest = md5_credentials("admin", "secret");
    let refused = sign_in(&node.engine, DigestKind::Md5, digest).await;
    assert!(matches!(refused, Err(SignInError::Unavailable)));

    database.let_in().await;
    until("it opens again", async || {
        is_allowed(&node.engine, &known).await
    })
    .await;
    assert!(node.engine.unready().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_may_close_before_the_others_do() {
    let database = TestDatabase::postgres().await;
    let (_first, founded) = founded(&database, quick()).await;
    let node = Node::join_with(&database, settings(Outage::Stale)).await;
    let (open, mut closed) = (
        api("open", founded.account.id),
        api("closed", founded.account.id),
    );
    closed.closed_in_outage = true;
    guard(&node.engine, vec![open, closed]);
    let session = sign_in_as_admin(&node.engine).await;
    let ask = |path| Ask::get(path).bearer(session.token.expose());
    assert_eq!(ask("/closed/").code(&node.engine).await, "allowed");
    assert_eq!(ask("/open/").code(&node.engine).await, "allowed");
    database.cut_off().await;
    until("it closes", async || {
        ask("/closed/").code(&node.engine).await == "unavailable"
    })
    .await;
    assert_eq!(ask("/open/").code(&node.engine).await, "allowed");
    database.let_in().await;
    until("it opens again", async || {
        ask("/closed/").code(&node.engine).await == "allowed"
    })
    .await;
}
