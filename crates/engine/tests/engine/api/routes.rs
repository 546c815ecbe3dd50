//! Tokens, members, paths that nobody claims, and what is refused before anybody is asked.

use doorward_core::api::{AcceptMethod, Members};
use doorward_core::request::{Leniency, Oddity};
use doorward_engine::admin::{AccountChange, UserChange};
use doorward_engine::{Decision, Refusal};
use doorward_store::Actor;
use doorward_testkit::{TestDatabase, both_databases};
use http::Method;

use super::super::{founded, quick, sign_in_as_admin};
use super::{Ask, accept, add_account, add_bob, api, guard, key};

both_databases!(
    a_token_of_the_account_passes_and_its_end_is_the_end,
    async |database| {
        let (engine, founded) = founded(&database, quick()).await;
        guard(&engine, vec![api("push", founded.account.id)]);
        let session = sign_in_as_admin(&engine).await;
        let ask = Ask::get("/push/x?q=1").bearer(session.token.expose());
        let passage = ask.passage(&engine).await;
        assert_eq!(passage.user().unwrap().id, founded.user.id);
        assert_eq!(passage.method(), AcceptMethod::Token);
        assert_eq!(passage.canonical().path(), "/push/x");
        assert_eq!(passage.roles()[0].as_str(), "super-user");
        drop(passage);
        assert_eq!(Ask::get("/push/x").code(&engine).await, "unproven");
        let forged = format!("{}x", session.token.expose());
        assert_eq!(
            Ask::get("/push/x").bearer(&forged).code(&engine).await,
            "unproven"
        );
        engine
            .reset_user_secret(Actor::operator(), founded.account.id, founded.user.id)
            .await
            .unwrap();
        assert_eq!(ask.code(&engine).await, "unproven");
    }
);

#[tokio::test]
async fn a_warm_passage_asks_neither_store_nor_hash() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database, quick()).await;
    let mut push = api("push", founded.account.id);
    push.accept = accept(&[&[AcceptMethod::Token], &[AcceptMethod::Basic]]);
    push.permission = Some("push.write".parse().unwrap());
    guard(&engine, vec![push]);
    let session = sign_in_as_admin(&engine).await;
    let asks = [
        Ask::get("/push/x").bearer(session.token.expose()),
        Ask::get("/push/x").basic("admin", "secret"),
    ];
    for ask in &asks {
        assert_eq!(ask.code(&engine).await, "allowed");
    }
    // The plain verifier is added behind the answer.
    engine.shutdown().await;
    for ask in &asks {
        assert_eq!(ask.code(&engine).await, "allowed");
    }
    let reads = engine.store().times().read.counts().sum::<u64>();
    let hashes = engine.metrics().hashes();
    for ask in &asks {
        assert_eq!(ask.code(&engine).await, "allowed");
    }
    assert_eq!(engine.store().times().read.counts().sum::<u64>(), reads);
    assert_eq!(engine.metrics().hashes(), hashes);
}

#[tokio::test]
async fn members_are_the_account_or_its_subtree_and_never_those_above() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database, quick()).await;
    let root = founded.account.id;
    let child = add_account(&engine, "Child", root).await;
    let below = add_account(&engine, "Below", child).await;
    let mut apis = Vec::new();
    for (name, members) in [("own", Members::Account), ("tree", Members::Subtree)] {
        let mut one = api(name, child);
        one.members = members;
        one.accept = accept(&[&[AcceptMethod::AppToken]]);
        apis.push(one);
    }
    guard(&engine, apis);
    // The root account is the system owner's: it passes management resources, not other accounts' APIs.
    for (account, own, tree) in [
        (root, "not_member", "not_member"),
        (child, "allowed", "allowed"),
        (below, "not_member", "allowed"),
    ] {
        let key = key(&engine, account).await;
        assert_eq!(Ask::get("/own/").bearer(&key).code(&engine).await, own);
        assert_eq!(Ask::get("/tree/").bearer(&key).code(&engine).await, tree);
    }
    let key = key(&engine, below).await;
    engine
        .move_account(Actor::operator(), below, root)
        .await
        .unwrap();
    let ask = Ask::get("/tree/").bearer(&key);
    assert_eq!(ask.code(&engine).await, "not_member");
}

#[tokio::test]
async fn what_nobody_claims_is_told_to_holders_of_a_token_only() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database, quick()).await;
    guard(&engine, vec![api("push", founded.account.id)]);
    let session = sign_in_as_admin(&engine).await;
    let nowhere = || Ask::get("/nowhere");
    assert_eq!(nowhere().code(&engine).await, "unproven");
    let known = nowhere().bearer(session.token.expose());
    let verdict = known.verdict(&engine).await;
    assert!(verdict.api.is_none());
    assert_eq!(verdict.decision.code(), "not_found");
    let key = key(&engine, founded.account.id).await;
    assert_eq!(nowhere().bearer(&key).code(&engine).await, "not_found");
    let hashes = engine.metrics().hashes();
    let basic = nowhere().basic("admin", "secret");
    assert_eq!(basic.code(&engine).await, "unproven");
    assert_eq!(engine.metrics().hashes(), hashes, "no slow hash");
}

#[tokio::test]
async fn the_wrong_method_is_told_to_who_may_come_in() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database, quick()).await;
    let mut push = api("push", founded.account.id);
    push.methods = Some(vec![Method::GET, Method::HEAD]);
    guard(&engine, vec![push]);
    let session = sign_in_as_admin(&engine).await;
    let post = || Ask::get("/push/").method(Method::POST);
    assert_eq!(post().code(&engine).await, "unproven");
    let decision = post().bearer(session.token.expose()).decide(&engine).await;
    let Decision::Refuse(Refusal::MethodNotAllowed { allow }) = decision else {
        unreachable!("{decision:?}")
    };
    assert_eq!(allow, [Method::GET, Method::HEAD]);
}

#[tokio::test]
async fn what_cannot_be_judged_is_refused_before_anybody_is_asked() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database, quick()).await;
    guard(&engine, vec![api("push", founded.account.id)]);
    let session = sign_in_as_admin(&engine).await;
    for path in ["push", "/push/../x", "/push/%2f", "/push/%", "/nowhere//x"] {
        let ask = Ask::get(path).bearer(session.token.expose());
        assert_eq!(ask.code(&engine).await, "bad_request", "{path}");
    }
    let both = Ask::get("/push/").bearer(session.token.expose());
    let both = both.header("x-auth-token", "another");
    assert_eq!(both.code(&engine).await, "two_credentials");
    let mut lenient = api("push", founded.account.id);
    lenient.leniency = Leniency::of(&[Oddity::EncodedSlash]);
    guard(&engine, vec![lenient]);
    let slash = Ask::get("/push/%2f").bearer(session.token.expose());
    assert_eq!(slash.code(&engine).await, "allowed");
}

#[tokio::test]
async fn a_credential_in_clear_from_afar_is_not_looked_at() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database, quick()).await;
    let mut public = api("public", founded.account.id);
    public.accept = accept(&[
        &[AcceptMethod::Token],
        &[AcceptMethod::Basic],
        &[AcceptMethod::Anonymous],
    ]);
    guard(&engine, vec![public]);
    let session = sign_in_as_admin(&engine).await;
    let hashes = engine.metrics().hashes();
    for ask in [
        Ask::get("/public/").bearer(session.token.expose()),
        Ask::get("/public/").basic("admin", "secret"),
        Ask::get("/public/").authorization("Nonsense x"),
        Ask::get("/nowhere").bearer(session.token.expose()),
    ] {
        assert_eq!(ask.exposed().code(&engine).await, "plaintext");
    }
    assert_eq!(engine.metrics().hashes(), hashes);
    let nothing = Ask::get("/public/").exposed();
    assert_eq!(nothing.code(&engine).await, "allowed");
}

#[tokio::test]
async fn locked_accounts_and_disabled_users_are_kept_out_from_the_next_request_on() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database, quick()).await;
    let child = add_account(&engine, "Child", founded.account.id).await;
    let bob = add_bob(&engine, child, &[]).await;
    let mut push = api("push", child);
    push.accept = accept(&[&[AcceptMethod::Basic], &[AcceptMethod::AppToken]]);
    guard(&engine, vec![push]);
    let ask = Ask::get("/push/").basic("bob", "hunter2");
    let by_key = Ask::get("/push/").bearer(&key(&engine, child).await);
    assert_eq!(ask.code(&engine).await, "allowed");
    assert_eq!(by_key.code(&engine).await, "allowed");
    let switch = |enabled| AccountChange {
        enabled: Some(enabled),
        ..AccountChange::default()
    };
    let operator = Actor::operator;
    engine
        .change_account(operator(), child, switch(false))
        .await
        .unwrap();
    assert_eq!(ask.code(&engine).await, "locked");
    assert_eq!(by_key.code(&engine).await, "locked");
    engine
        .change_account(operator(), child, switch(true))
        .await
        .unwrap();
    assert_eq!(ask.code(&engine).await, "allowed");
    let off = UserChange {
        enabled: Some(false),
        ..UserChange::default()
    };
    engine
        .change_user(operator(), child, bob.id, off)
        .await
        .unwrap();
    assert_eq!(ask.code(&engine).await, "unproven");
    engine.rotate_api_key(operator(), child).await.unwrap();
    assert_eq!(by_key.code(&engine).await, "unproven");
}

#[tokio::test]
async fn a_new_table_is_in_force_at_once() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database, quick()).await;
    let session = sign_in_as_admin(&engine).await;
    let ask = Ask::get("/push/").bearer(session.token.expose());
    assert_eq!(
        ask.code(&engine).await,
        "not_found",
        "nothing is guarded yet"
    );
    guard(&engine, vec![api("push", founded.account.id)]);
    assert_eq!(ask.code(&engine).await, "allowed");
    guard(&engine, vec![api("admin", founded.account.id)]);
    assert_eq!(ask.code(&engine).await, "not_found");
}
