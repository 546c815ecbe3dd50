//! Group T: where a token may stand.

use std::time::Duration;

use serde_json::json;

use crate::support::{md5_credentials, probe};
use doorward_testkit::App;

#[tokio::test]
async fn cb_t01_x_auth_token_in_any_case() {
    let app = App::start().await;
    let token = app.token("adm").await;
    for name in ["X-Auth-Token", "x-auth-token", "X-AUTH-TOKEN"] {
        let call = app.call("GET", "/v2/token_auth").header(name, &token);
        let reply = call.send().await;
        reply.assert_status(200);
        assert_eq!(reply.at("/auth_token"), token);
    }
}

#[tokio::test]
async fn cb_t02_auth_token_in_the_query() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let call = app.call("GET", format!("/v2/token_auth?auth_token={token}"));
    call.send().await.assert_status(200);
}

#[tokio::test]
async fn cb_t03_auth_token_in_the_envelope() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let body = json!({"data": {"action": "refresh_token"}, "auth_token": token});
    let call = app.call("POST", "/v2/auth?verb=PUT").json(&body);
    call.send().await.assert_status(200);
    let call = app.call("PUT", "/v2/auth").json(&body);
    call.send().await.assert_status(201);
}

#[tokio::test]
async fn cb_t05_bearer_is_a_token() {
    let app = App::start().await;
    let token = app.token("adm").await;
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let call = app.call("GET", "/v2/token_auth");
        let call = call.authorization(&format!("{scheme} {token}"));
        call.send().await.assert_status(200);
    }
}

#[tokio::test]
async fn cb_t06_a_token_without_scheme_is_none() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let call = app.call("GET", "/v2/token_auth").authorization(&token);
    call.send().await.assert_401std();
    let call = app.call("GET", "/v2/token_auth");
    let call = call.authorization(&format!("Digest {token}"));
    call.send().await.assert_401std();
}

#[tokio::test]
async fn cb_t07_the_header_wins_over_the_query() {
    let app = App::start().await;
    let token = app.token("adm").await;
    app.get("/v2/token_auth?auth_token=bad", &token)
        .await
        .assert_status(200);
    let other_way = format!("/v2/token_auth?auth_token={token}");
    app.get(other_way, "bad").await.assert_401std();
}

#[tokio::test]
async fn cb_t08_an_empty_token_is_no_token() {
    let app = App::start().await;
    let call = app.call("GET", "/v2/token_auth").token("");
    let call = call.authorization(&app.basic("A", "adm:pw-adm"));
    let reply = call.send().await;
    reply.assert_status(200);
    assert_eq!(reply.at("/data/method"), "cb_basic_auth");
}

#[tokio::test]
async fn cb_t09_a_senseless_token_does_not_hinder_the_sign_in() {
    let app = App::start().await;
    let data =
        json!({"credentials": md5_credentials("adm", "pw-adm"), "account_name": "Acme Phones"});
    for token in ["undefined", "", "a.b.c"] {
        let call = app.call("PUT", "/v2/user_auth").token(token);
        let reply = call.json(&json!({"data": data})).send().await;
        reply.assert_status(201);
        assert_eq!(reply.auth_token().split('.').count(), 3);
    }
}

#[tokio::test]
async fn cb_t10_a_senseless_token_opens_nothing() {
    let app = App::start().await;
    app.get(app.account_path("A"), "undefined")
        .await
        .assert_401std();
}

#[tokio::test]
async fn cb_t11_an_expired_token_does_not_hinder_the_sign_in() {
    let app = App::start().await;
    let token = app.token("adm").await;
    app.advance(Duration::from_secs(3601));
    probe(&app, &token).await.assert_401std();
    let data =
        json!({"credentials": md5_credentials("adm", "pw-adm"), "account_name": "Acme Phones"});
    let call = app.call("PUT", "/v2/user_auth").token(&token);
    let reply = call.json(&json!({"data": data})).send().await;
    assert_ne!(reply.assert_status(201).auth_token(), token);
}

#[tokio::test]
async fn cb_t12_x_auth_account_id_may_name_the_account() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let own = app.account("A").id.to_string();
    let call = app.call("GET", "/v2/token_auth").token(&token);
    let call = call.header("X-Auth-Account-ID", &own);
    call.send().await.assert_status(200);
}

#[tokio::test]
async fn cb_t13_x_auth_account_id_must_be_the_tokens() {
    let app = App::start().await;
    let token = app.token("adm").await;
    for other in ["B", "C", "R"] {
        let other = app.account(other).id.to_string();
        let call = app.call("GET", "/v2/token_auth").token(&token);
        let call = call.header("X-Auth-Account-ID", &other);
        call.send().await.assert_401std();
    }
}

#[tokio::test]
async fn cb_t14_no_credentials_are_401() {
    let app = App::start().await;
    app.call("GET", "/v2/token_auth")
        .send()
        .await
        .assert_401std();
}

#[tokio::test]
async fn cb_t15_an_old_opaque_token_is_401() {
    let app = App::start().await;
    probe(&app, "b1946ac92492d2347c6235b4d2611184")
        .await
        .assert_401std();
}

#[tokio::test]
async fn bearer_and_query_tokens_of_others_change_nothing() {
    let app = App::start().await;
    let (adm, bad) = (app.token("adm").await, app.token("bad").await);
    let path = format!("{}?auth_token={bad}", app.account_path("B"));
    let call = app.call("GET", path).token(&adm);
    call.authorization(&format!("Bearer {bad}"))
        .send()
        .await
        .assert_403();
}
