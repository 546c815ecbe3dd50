//! What an API accepts: any of, all of, addresses, certificates, nobody in particular.

use doorward_core::api::AcceptMethod::{Anonymous, AppToken, Basic, Ip, Mfa, Mtls, Token};
use doorward_core::api::{Accept, Members};
use doorward_core::certificate::{ClientCertificate, San};
use doorward_core::id::{AccountId, UserId};
use doorward_engine::admin::UserChange;
use doorward_engine::{Engine, IdentityRule, Mapped};
use doorward_store::Actor;
use doorward_testkit::TestDatabase;
use proptest::prelude::*;

use super::super::{founded, quick, sign_in_as_admin};
use super::{Ask, accept, add_account, add_bob, api, guard, guard_with, key};

fn by_address(account: AccountId, user: Option<UserId>, net: &str) -> IdentityRule {
    IdentityRule {
        account,
        user,
        by: Mapped::Ip(vec![net.parse().unwrap()]),
    }
}

fn by_certificate(account: AccountId, user: Option<UserId>, san: &str) -> IdentityRule {
    IdentityRule {
        account,
        user,
        by: Mapped::CertSan(San::Dns(san.to_owned())),
    }
}

fn certificate(san: &str) -> ClientCertificate {
    ClientCertificate {
        sans: vec![San::Dns(san.to_owned())],
    }
}

#[tokio::test]
async fn nobody_in_particular_passes_with_nothing_and_with_nothing_only() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database, quick()).await;
    let mut public = api("public", founded.account.id);
    public.accept = accept(&[&[Token], &[Anonymous]]);
    let mut rights = public.clone();
    (rights.name, rights.paths) = ("rights".into(), vec!["/rights/".parse().unwrap()]);
    rights.permission = Some("search.read".parse().unwrap());
    guard(&engine, vec![public, rights]);
    let passage = Ask::get("/public/").passage(&engine).await;
    assert!(passage.identity().is_none() && passage.roles().is_empty());
    assert_eq!(passage.method(), Anonymous);
    for ask in [
        Ask::get("/public/").bearer("a.b.c"),
        Ask::get("/public/").basic("admin", "secret"),
        Ask::get("/public/").authorization("Nonsense x"),
        // What nobody in particular may not do is for somebody to do.
        Ask::get("/rights/"),
    ] {
        assert_eq!(ask.code(&engine).await, "unproven");
    }
    let session = sign_in_as_admin(&engine).await;
    let known = Ask::get("/rights/").bearer(session.token.expose());
    assert_eq!(known.code(&engine).await, "allowed");
}

#[tokio::test]
async fn what_is_not_accepted_is_not_even_looked_at() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database, quick()).await;
    guard(&engine, vec![api("push", founded.account.id)]);
    let ask = Ask::get("/push/").basic("admin", "secret");
    let hashes = engine.metrics().hashes();
    assert_eq!(ask.code(&engine).await, "unproven");
    assert_eq!(engine.metrics().hashes(), hashes);
}

#[tokio::test]
async fn application_tokens_pass_as_tokens_unless_they_are_listed_apart() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database, quick()).await;
    let key = key(&engine, founded.account.id).await;
    let ask = Ask::get("/push/").bearer(&key);
    for (alternatives, code) in [
        (&[&[Token][..]][..], "allowed"),
        (&[&[AppToken][..]], "allowed"),
        (&[&[Token, Mfa][..], &[AppToken]], "allowed"),
        (&[&[Token][..], &[AppToken, Ip]], "unproven"),
        (&[&[Basic][..]], "unproven"),
    ] {
        let mut push = api("push", founded.account.id);
        push.accept = accept(alternatives);
        guard(&engine, vec![push]);
        assert_eq!(ask.code(&engine).await, code, "{alternatives:?}");
    }
}

#[tokio::test]
async fn a_second_factor_that_nobody_has_yet_is_missed() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database, quick()).await;
    let session = sign_in_as_admin(&engine).await;
    let ask = Ask::get("/push/").bearer(session.token.expose());
    let mut push = api("push", founded.account.id);
    push.accept = accept(&[&[Token, Mfa]]);
    guard(&engine, vec![push]);
    assert_eq!(ask.code(&engine).await, "second_factor_needed");
    assert_eq!(Ask::get("/push/").code(&engine).await, "unproven");
}

#[tokio::test]
async fn an_address_stands_for_whom_the_configuration_says() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database, quick()).await;
    let root = founded.account.id;
    let bob = add_bob(&engine, root, &["search-only"]).await;
    let child = add_account(&engine, "Child", root).await;
    let mut search = api("search", root);
    search.accept = accept(&[&[Ip]]);
    search.permission = Some("search.read".parse().unwrap());
    let rules = vec![
        by_address(child, None, "10.0.0.0/8"),
        by_address(root, Some(bob.id), "10.1.0.0/16"),
        by_address(root, None, "10.2.0.0/16"),
    ];
    guard_with(&engine, vec![search], rules);
    let ask = |client| Ask::get("/search/").from(client);
    let passage = ask("10.1.2.3").passage(&engine).await;
    assert_eq!(passage.user().unwrap().id, bob.id);
    assert_eq!(passage.method(), Ip);
    let mapped = ask("::ffff:10.1.2.3");
    assert_eq!(mapped.code(&engine).await, "allowed", "in either notation");
    // Without a user there are no roles; another account's address says nothing here.
    assert_eq!(ask("10.2.2.3").code(&engine).await, "missing_permission");
    assert_eq!(ask("10.3.2.3").code(&engine).await, "unproven");
    assert_eq!(ask("11.1.2.3").code(&engine).await, "unproven");
    let off = UserChange {
        enabled: Some(false),
        ..UserChange::default()
    };
    let actor = Actor::operator();
    engine.change_user(actor, root, bob.id, off).await.unwrap();
    assert_eq!(ask("10.1.2.3").code(&engine).await, "unproven");
}

#[tokio::test]
async fn a_certificate_stands_for_whom_the_configuration_says() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database, quick()).await;
    let root = founded.account.id;
    let mut push = api("push", root);
    push.accept = accept(&[&[Mtls]]);
    let rule = by_certificate(root, Some(founded.user.id), "robot.example.com");
    guard_with(&engine, vec![push], vec![rule]);
    let ask = |san| Ask::get("/push/").certificate(certificate(san));
    let passage = ask("robot.example.com").passage(&engine).await;
    assert_eq!(passage.user().unwrap().id, founded.user.id);
    assert_eq!(passage.method(), Mtls);
    assert_eq!(ask("other.example.com").code(&engine).await, "unproven");
    assert_eq!(Ask::get("/push/").code(&engine).await, "unproven");
    let with_other = ask("robot.example.com").bearer("a.b.c");
    assert_eq!(with_other.code(&engine).await, "unproven");
}

#[tokio::test]
async fn all_of_an_alternative_must_be_there_and_be_one_and_the_same() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database, quick()).await;
    let root = founded.account.id;
    let bob = add_bob(&engine, root, &[]).await;
    let session = sign_in_as_admin(&engine).await;
    let mut push = api("push", root);
    push.accept = accept(&[&[Token, Mtls]]);
    let rules = vec![
        by_certificate(root, Some(founded.user.id), "admin.example.com"),
        by_certificate(root, Some(bob.id), "bob.example.com"),
        by_certificate(root, None, "host.example.com"),
    ];
    guard_with(&engine, vec![push], rules);
    let ask = || Ask::get("/push/").bearer(session.token.expose());
    for (san, code) in [
        ("admin.example.com", "allowed"),
        ("host.example.com", "allowed"),
        ("bob.example.com", "unproven"),
        ("nobody.example.com", "unproven"),
    ] {
        let both = ask().certificate(certificate(san));
        assert_eq!(both.code(&engine).await, code, "{san}");
    }
    assert_eq!(ask().code(&engine).await, "unproven");
    let alone = Ask::get("/push/").certificate(certificate("admin.example.com"));
    assert_eq!(alone.code(&engine).await, "unproven");
}

/// An installation and requests of every kind, for the properties below.
async fn every_kind(database: &TestDatabase) -> (Engine, AccountId, Vec<Ask>, Vec<IdentityRule>) {
    let (engine, founded) = founded(database, quick()).await;
    let root = founded.account.id;
    let session = sign_in_as_admin(&engine).await;
    let key = key(&engine, root).await;
    let rules = vec![
        by_address(root, None, "10.0.0.0/8"),
        by_certificate(root, Some(founded.user.id), "robot.example.com"),
    ];
    let machine = || certificate("robot.example.com");
    let asks = vec![
        Ask::get("/push/"),
        Ask::get("/push/").from("10.0.0.1"),
        Ask::get("/push/").certificate(machine()),
        Ask::get("/push/").from("10.0.0.1").certificate(machine()),
        Ask::get("/push/").bearer(session.token.expose()),
        Ask::get("/push/")
            .bearer(session.token.expose())
            .from("10.0.0.1"),
        Ask::get("/push/").bearer(&key),
        Ask::get("/push/").basic("admin", "secret"),
        Ask::get("/push/")
            .basic("admin", "secret")
            .certificate(machine()),
        Ask::get("/push/").authorization("Nonsense x"),
    ];
    (engine, root, asks, rules)
}

async fn who_passes(
    engine: &Engine,
    root: AccountId,
    accept: Accept,
    rules: &[IdentityRule],
    asks: &[Ask],
) -> Vec<bool> {
    let mut push = api("push", root);
    push.members = Members::Subtree;
    push.accept = accept;
    guard_with(engine, vec![push], rules.to_vec());
    let mut passes = Vec::new();
    for ask in asks {
        passes.push(ask.code(engine).await == "allowed");
    }
    passes
}

#[test]
fn a_further_demand_never_lets_anybody_in_and_a_further_alternative_keeps_nobody_out() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let database = runtime.block_on(TestDatabase::sqlite());
    let (engine, root, asks, rules) = runtime.block_on(every_kind(&database));
    let method = || prop::sample::select(vec![Basic, Token, Ip, Mtls, Anonymous, Mfa]);
    let all = || prop::collection::vec(method(), 1..3);
    let config = ProptestConfig::with_cases(100);
    proptest!(config, |(alternatives in prop::collection::vec(all(), 1..4), more in all(), place: prop::sample::Index)| {
        let pass = |alternatives: &[Vec<_>]| {
            let accept = Accept::new(alternatives.to_vec()).ok()?;
            Some(runtime.block_on(who_passes(&engine, root, accept, &rules, &asks)))
        };
        let before = pass(&alternatives);
        let mut wider = alternatives.clone();
        wider.push(more.clone());
        for (before, after) in before.iter().flatten().zip(pass(&wider).iter().flatten()) {
            prop_assert!(!before || *after, "a further alternative shuts out");
        }
        let mut narrower = alternatives;
        let place = place.index(narrower.len());
        // Naming a credential where none was named makes room for who presents one.
        let conditions = more.into_iter().filter(|more| matches!(more, Ip | Mtls | Mfa));
        narrower[place].extend(conditions);
        for (before, after) in before.iter().flatten().zip(pass(&narrower).iter().flatten()) {
            prop_assert!(*before || !after, "a further demand lets in");
        }
    });
    runtime.block_on(engine.shutdown());
}
