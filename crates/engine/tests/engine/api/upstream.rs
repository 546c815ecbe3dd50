//! What the upstream is told, and how it can believe it.

use doorward_core::api::AcceptMethod;
use doorward_core::jwt::{ASSERTION_TYPE, SwitchTo};
use doorward_engine::{Engine, Passage, system_clock, system_random};
use doorward_testkit::{TestDatabase, both_databases};
use serde_json::Value;

use super::super::{founded, quick, sign_in_as_admin};
use super::{Ask, accept, add_bob, api, guard};

fn told(engine: &Engine, passage: &Passage, name: &str) -> Option<String> {
    let headers = engine.identity_headers(passage, "req-1");
    let mut of_name = headers.iter().filter(|(header, _)| header == name);
    let value = of_name.next().map(|(_, value)| value.to_str().unwrap());
    assert!(of_name.next().is_none());
    value.map(str::to_owned)
}

#[tokio::test]
async fn an_upstream_is_told_who_asks_and_how_that_is_known() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database, quick()).await;
    let mut push = api("push", founded.account.id);
    push.accept = accept(&[&[AcceptMethod::Basic], &[AcceptMethod::Anonymous]]);
    push.headers.user = "remote-user".parse().unwrap();
    guard(&engine, vec![push]);
    let bob = add_bob(&engine, founded.account.id, &["push-only", "search-only"]).await;
    let passage = Ask::get("/push/").basic("bob", "hunter2");
    let passage = passage.passage(&engine).await;
    for (name, value) in [
        ("x-doorward-account", Some(founded.account.id.to_string())),
        ("remote-user", Some(bob.id.to_string())),
        ("x-doorward-user", None),
        ("x-doorward-username", Some("bob".to_owned())),
        ("x-doorward-method", Some("basic".to_owned())),
        ("x-doorward-roles", Some("push-only,search-only".to_owned())),
        ("x-doorward-actor", None),
        ("x-doorward-assertion", None),
        ("x-request-id", Some("req-1".to_owned())),
    ] {
        assert_eq!(told(&engine, &passage, name), value, "{name}");
    }
    let nobody = Ask::get("/push/").passage(&engine).await;
    let names: Vec<String> = engine
        .identity_headers(&nobody, "req-1")
        .into_iter()
        .map(|(name, _)| name.to_string())
        .collect();
    assert_eq!(names, ["x-request-id", "x-doorward-method"]);
}

#[tokio::test]
async fn what_is_not_ascii_is_percent_encoded() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database, quick()).await;
    let mut push = api("push", founded.account.id);
    push.accept = accept(&[&[AcceptMethod::Basic]]);
    guard(&engine, vec![push]);
    let change = doorward_engine::admin::UserChange {
        username: Some("zo\u{eb}".to_owned()),
        password: Some("secret".into()),
        ..doorward_engine::admin::UserChange::default()
    };
    let (account, user) = (founded.account.id, founded.user.id);
    let actor = doorward_store::Actor::operator();
    engine
        .change_user(actor, account, user, change)
        .await
        .unwrap();
    let passage = Ask::get("/push/").basic("zo\u{eb}", "secret");
    let passage = passage.passage(&engine).await;
    let username = told(&engine, &passage, "x-doorward-username");
    assert_eq!(username.as_deref(), Some("zo%C3%AB"));
}

/// Verifies an assertion as an upstream does: by the published keys alone.
fn verified(engine: &Engine, assertion: &str) -> Value {
    use jsonwebtoken::jwk::JwkSet;
    use jsonwebtoken::{Algorithm, DecodingKey, Validation};
    let header = jsonwebtoken::decode_header(assertion).unwrap();
    assert_eq!(header.typ.as_deref(), Some(ASSERTION_TYPE));
    let keys: JwkSet = serde_json::from_value(engine.jwks()).unwrap();
    let key = keys.find(&header.kid.unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_audience(&["push"]);
    validation.set_issuer(&["https://auth.example.com"]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    let key = DecodingKey::from_jwk(key).unwrap();
    let data = jsonwebtoken::decode::<Value>(assertion, &key, &validation);
    data.unwrap().claims
}

#[tokio::test]
async fn an_assertion_says_the_same_and_is_verified_by_the_published_keys() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database, quick()).await;
    let mut push = api("push", founded.account.id);
    push.assertion = true;
    push.accept = accept(&[&[AcceptMethod::Token], &[AcceptMethod::Anonymous]]);
    guard(&engine, vec![push]);
    let session = sign_in_as_admin(&engine).await;
    let ask = Ask::get("/push/").bearer(session.token.expose());
    let passage = ask.passage(&engine).await;
    let assertion = told(&engine, &passage, "x-doorward-assertion").unwrap();
    let claims = verified(&engine, &assertion);
    assert_eq!(claims["sub"], founded.user.id.to_string());
    assert_eq!(claims["account_id"], founded.account.id.to_string());
    assert_eq!(claims["username"], "admin");
    assert_eq!(claims["roles"], serde_json::json!(["super-user"]));
    assert_eq!(claims["amr"], serde_json::json!(["pwd"]));
    assert!(claims.get("act").is_none());
    let life = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert_eq!(life, 60);
    let again = told(&engine, &passage, "x-doorward-assertion").unwrap();
    assert_ne!(verified(&engine, &again)["jti"], claims["jti"]);
    // It is no token of ours.
    let replayed = Ask::get("/push/").bearer(&assertion);
    assert_eq!(replayed.code(&engine).await, "unproven");
    let nobody = Ask::get("/push/").passage(&engine).await;
    assert_eq!(told(&engine, &nobody, "x-doorward-assertion"), None);
    let keys = engine.jwks();
    let keys = keys["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 1, "no other key is published");
    assert_eq!(keys[0]["kty"], "EC");
    assert!(keys[0].get("d").is_none());
}

#[tokio::test]
async fn a_new_assertion_key_signs_and_the_old_one_still_verifies() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database, quick()).await;
    let mut push = api("push", founded.account.id);
    push.assertion = true;
    guard(&engine, vec![push]);
    let session = sign_in_as_admin(&engine).await;
    let ask = Ask::get("/push/").bearer(session.token.expose());
    let passage = ask.passage(&engine).await;
    let old = told(&engine, &passage, "x-doorward-assertion").unwrap();
    let actor = doorward_store::Actor::operator();
    let id = engine.rotate_assertion_key(actor).await.unwrap();
    let new = told(&engine, &passage, "x-doorward-assertion").unwrap();
    let header = jsonwebtoken::decode_header(&new).unwrap();
    assert_eq!(header.kid, Some(id.to_string()));
    verified(&engine, &old);
    verified(&engine, &new);
    assert_eq!(engine.jwks()["keys"].as_array().unwrap().len(), 2);
    assert_eq!(ask.code(&engine).await, "allowed", "no token ends");
}

#[tokio::test]
async fn impersonators_are_named() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database, quick()).await;
    let child = super::add_account(&engine, "Child", founded.account.id).await;
    let bob = add_bob(&engine, child, &[]).await;
    let mut push = api("push", child);
    push.assertion = true;
    guard(&engine, vec![push]);
    let session = sign_in_as_admin(&engine).await;
    let presented = super::super::token(&session);
    let request = doorward_engine::Request {
        presented: &presented,
        client: super::super::CLIENT,
        resource: doorward_engine::Resource {
            right: doorward_core::right::Right::Impersonate,
            account: Some(child),
            user: Some(bob.id),
        },
    };
    let mut trace = doorward_engine::Trace::off();
    let decision = engine.decide(&request, &mut trace).await;
    let doorward_engine::Decision::Allow(permit) = decision else {
        unreachable!("{decision:?}")
    };
    let session = engine.impersonate(&permit, child, bob.id).await.unwrap();
    let ask = Ask::get("/push/").bearer(session.token.expose());
    let passage = ask.passage(&engine).await;
    let actor = told(&engine, &passage, "x-doorward-actor");
    assert_eq!(actor, Some(founded.user.id.to_string()));
    let assertion = told(&engine, &passage, "x-doorward-assertion").unwrap();
    let claims = verified(&engine, &assertion);
    assert_eq!(claims["act"]["sub"], founded.user.id.to_string());
    assert_eq!(claims["sub"], bob.id.to_string());
}

#[tokio::test]
async fn whoever_acts_as_another_account_passes_by_that_one() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database, quick()).await;
    let child = super::add_account(&engine, "Child", founded.account.id).await;
    let bob = add_bob(&engine, child, &["push-only"]).await;
    guard(
        &engine,
        vec![api("own", founded.account.id), api("theirs", child)],
    );
    let session = engine
        .sign_in(doorward_engine::SignIn {
            account: super::super::named("acme inc"),
            kind: doorward_core::credential::DigestKind::Md5,
            digest: doorward_core::digest::md5_credentials("admin", "secret").into(),
            switch_to: Some(SwitchTo {
                account_id: Some(child.to_string()),
                owner_id: Some(bob.id.to_string()),
            }),
            client: super::super::CLIENT,
        })
        .await
        .unwrap();
    let ask = |path| Ask::get(path).bearer(session.token.expose());
    assert_eq!(ask("/own/").code(&engine).await, "not_member");
    let passage = ask("/theirs/").passage(&engine).await;
    assert_eq!(passage.roles()[0].as_str(), "push-only");
}

both_databases!(
    a_store_from_before_gets_its_assertion_key_once,
    async |database| {
        let (engine, _) = founded(&database, quick()).await;
        engine.shutdown().await;
        database
            .run("DELETE FROM key_ring WHERE purpose = 'assertion'")
            .await;
        let open = async || {
            let store = database.second().await.unwrap();
            Engine::open(store, quick(), system_clock(), system_random())
                .await
                .unwrap()
        };
        let (one, other) = tokio::join!(open(), open());
        let third = open().await;
        assert_eq!(
            database
                .number("SELECT count(*) FROM key_ring WHERE purpose = 'assertion'")
                .await,
            1
        );
        assert_eq!(one.jwks(), third.jwks());
        assert_eq!(other.jwks(), third.jwks());
    }
);
