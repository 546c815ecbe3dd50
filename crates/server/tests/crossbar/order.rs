//! The order in which a request is judged (decision 33), and that nothing made up gets past it.

use proptest::prelude::*;
use serde_json::json;

use crate::support::{comparable, disable_account, probe};
use doorward_testkit::App;

#[tokio::test]
async fn a_verb_is_judged_before_the_credential() {
    let app = App::start().await;
    for (method, path) in [
        ("PATCH", "/v2/user_auth"),
        ("GET", "/v2/api_auth"),
        ("PUT", "/v2/token_auth"),
        ("DELETE", "/v2/auth/keys"),
        ("PUT", "/v2/auth/tokeninfo"),
        ("HEAD", "/v2/auth/keys"),
    ] {
        let reply = app.call(method, path).send().await;
        reply.assert_status(405);
    }
}

#[tokio::test]
async fn the_credential_is_judged_before_the_content_type() {
    let app = App::start().await;
    let call = app.call("PUT", "/v2/auth");
    let call = call.header("content-type", "application/xml").body("<a/>");
    call.send().await.assert_401std();
    let token = app.token("adm").await;
    let call = app.call("PUT", "/v2/auth").token(&token);
    let call = call.header("content-type", "application/xml").body("<a/>");
    call.send()
        .await
        .assert_error(415, "unsupported_media_type");
}

#[tokio::test]
async fn the_tree_is_judged_before_the_user_is_looked_for() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let path = app.account_path("B");
    let known = app.get(app.user_path("bad"), &token).await;
    let unknown = format!("{path}/users/0123456789abcdef0123456789abcdef");
    let unknown = app.get(unknown, &token).await;
    known.assert_403();
    assert_eq!(comparable(&known), comparable(&unknown));
}

#[tokio::test]
async fn strangers_learn_nothing_about_users() {
    let app = App::start().await;
    let known = app.call("GET", app.user_path("adm")).send().await;
    let path = app.account_path("A");
    let unknown = format!("{path}/users/0123456789abcdef0123456789abcdef");
    let unknown = app.call("GET", unknown).send().await;
    known.assert_401std();
    assert_eq!(comparable(&known), comparable(&unknown));
}

#[tokio::test]
async fn a_credential_in_a_large_body_is_not_found() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let body = |room: usize| json!({"data": {"action": "refresh_token", "x": "x".repeat(room)}, "auth_token": token});
    let call = app.call("PUT", "/v2/auth").json(&body(1_000));
    call.send().await.assert_status(201);
    let call = app.call("PUT", "/v2/auth").json(&body(70_000));
    call.send().await.assert_401std();
    let call = app.call("PUT", "/v2/auth").json(&body(70_000));
    call.token(&token).send().await.assert_status(201);
}

#[tokio::test]
async fn basic_may_stand_in_the_envelope() {
    let app = App::start().await;
    let basic = app.basic("A", "adm:pw-adm");
    let body = json!({"data": {"action": "refresh_token"}, "authorization": basic});
    let call = app.call("PUT", "/v2/auth").json(&body);
    call.send().await.assert_status(201);
}

#[tokio::test]
async fn cookies_are_not_read() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let call = app.call("GET", "/v2/token_auth");
    let cookie = format!("auth_token={token}; X-Auth-Token={token}; __Host-doorward={token}");
    call.header("cookie", &cookie).send().await.assert_401std();
}

#[tokio::test]
async fn nothing_of_ours_is_stored_by_caches() {
    let app = App::start().await;
    for call in [
        app.call("GET", "/"),
        app.call("GET", "/v2/nonsense"),
        app.call("OPTIONS", "/v2/user_auth")
            .header("origin", "https://ui.example"),
        app.call("DELETE", "/v2/user_auth"),
        app.call("PUT", "/v2/user_auth")
            .header("content-type", "text/plain"),
    ] {
        let reply = call.send().await;
        assert_eq!(reply.header("cache-control"), Some("no-store"));
    }
}

#[tokio::test]
async fn a_locked_account_resumes_nothing() {
    let app = App::start().await;
    let token = app.token("adm").await;
    disable_account(&app, "A").await;
    let body = json!({"data": {"token": token}});
    let call = app.call("POST", "/v2/auth/tokeninfo").json(&body);
    call.send().await.assert_locked("disabled");
    probe(&app, &token).await.assert_locked("disabled");
    let call = app.call("DELETE", "/v2/token_auth").token(&token);
    call.send().await.assert_locked("disabled");
}

fn method() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "TRACE", "FOO",
    ])
}

/// Segments that mean something, and some that do not.
fn path(app: &App) -> impl Strategy<Value = String> + use<> {
    let mut known: Vec<String> = [
        "accounts",
        "account",
        "users",
        "auth",
        "keys",
        "token_auth",
        "user_auth",
        "api_auth",
        "tokeninfo",
        "recovery",
        "",
        ".",
        "..",
        "%2e%2e",
        "%2F",
        "%00",
        "%ff",
        "a%20b",
        "api_key",
        "children",
        "security",
    ]
    .map(str::to_owned)
    .to_vec();
    known.push(app.account("A").id.to_string());
    known.push(app.user("adm").id.to_string());
    let segment = prop_oneof![
        5 => prop::sample::select(known),
        1 => "[A-Za-z0-9._~-]{0,40}",
    ];
    let version = prop::sample::select(vec!["/v2", "/v1", "/v3", "/v", "", "/V2", "/v02"]);
    (version, prop::collection::vec(segment, 0..6))
        .prop_map(|(version, segments)| format!("{version}/{}", segments.join("/")))
}

fn credential() -> impl Strategy<Value = (String, String)> {
    let name = prop::sample::select(vec![
        "x-auth-token",
        "authorization",
        "x-auth-account-id",
        "cookie",
        "x-http-method-override",
    ]);
    let value = prop_oneof![
        "[ -~]{0,60}",
        "(Basic|Bearer|basic) [A-Za-z0-9+/=]{0,60}",
        "[A-Za-z0-9_-]{1,40}\\.[A-Za-z0-9_-]{1,40}\\.[A-Za-z0-9_-]{0,40}",
    ];
    (name.prop_map(str::to_owned), value)
}

#[test]
fn whatever_is_made_up_is_refused_in_the_envelope() {
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().unwrap();
    let app = runtime.block_on(App::with(|settings, _| settings.limits.enabled = false));
    let config = ProptestConfig {
        cases: 600,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let body = prop_oneof![
        Just(String::new()),
        "[ -~]{0,80}",
        "\\{\"data\":\\{\"(verb|action|token|auth_token|credentials|api_key|as)\":(\"[a-z]{0,70}\"|[0-9]{1,30}|null|\\[\\])\\}\\}",
    ];
    let calls = (method(), path(&app), credential(), body);
    let outcome = { proptest::test_runner::TestRunner::new(config) }.run(
        &calls,
        |(method, path, (name, value), body)| {
            let call = app.call(method, &path).header(&name, &value);
            let call = call.header("content-type", "application/json").body(body);
            let reply = runtime.block_on(call.send());
            let is_banner = reply.status == 200 && path == "/";
            prop_assert!(
                is_banner || (400..500).contains(&reply.status),
                "{:?}",
                reply
            );
            if method != "HEAD" && !is_banner {
                prop_assert_eq!(reply.at("/status"), "error");
                prop_assert_eq!(reply.at("/error"), reply.status.to_string());
            }
            Ok(())
        },
    );
    outcome.unwrap();
}
