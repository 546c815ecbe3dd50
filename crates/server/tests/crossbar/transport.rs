//! Group E, second half: verbs, bodies, CORS.

use serde_json::{Value, json};

use crate::support::md5_credentials;
use doorward_testkit::{App, Call};

fn login() -> Value {
    let credentials = md5_credentials("adm", "pw-adm");
    json!({"data": {"credentials": credentials, "account_name": "Acme Phones"}})
}

fn put_login(app: &App) -> Call<'_> {
    app.call("PUT", "/v2/user_auth")
}

#[tokio::test]
async fn cb_e18_head_is_refused() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let anonymous = app.call("HEAD", "/v2/token_auth").send().await;
    anonymous.assert_status(405);
    let signed_in = app.call("HEAD", "/v2/token_auth").token(&token);
    signed_in.send().await.assert_status(405);
}

#[tokio::test]
async fn cb_e19_a_verb_the_resource_lacks_is_405() {
    let app = App::start().await;
    let reply = app.call("DELETE", "/v2/user_auth").send().await;
    reply.assert_error(405, "invalid_method");
    assert_eq!(reply.at("/data/message"), "method not allowed");
    let reply = app.call("GET", "/v2/user_auth").send().await;
    reply.assert_error(405, "invalid_method");
}

#[tokio::test]
async fn cb_e20_a_verb_is_tunnelled_in_the_query() {
    let app = App::start().await;
    for verb in ["PUT", "put"] {
        let call = app.call("POST", format!("/v2/user_auth?verb={verb}"));
        let reply = call.json(&login()).send().await;
        assert!([200, 201].contains(&reply.status), "{}", reply.text());
        assert_eq!(reply.auth_token().split('.').count(), 3);
    }
}

#[tokio::test]
async fn cb_e22_nothing_is_tunnelled_through_get() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let path = app.user_path("usr");
    app.get(format!("{path}?verb=DELETE"), &token).await;
    app.get(path, &token).await.assert_status(200);
    app.token("usr").await;
    app.get("/v2/token_auth?verb=DELETE", &token).await;
    app.get("/v2/token_auth", &token).await.assert_status(200);
}

#[tokio::test]
async fn cb_e23_a_tunnelled_verb_must_be_one_of_the_resource() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let call = app.call("POST", "/v2/token_auth?verb=PUT").token(&token);
    call.send().await.assert_error(405, "invalid_method");
}

#[tokio::test]
async fn cb_e24_a_charset_does_not_matter() {
    let app = App::start().await;
    let call = put_login(&app).header("content-type", "application/json; charset=utf-8");
    let reply = call.body(login().to_string()).send().await;
    reply.assert_status(201);
    assert_eq!(reply.header("content-type"), Some("application/json"));
    let call = put_login(&app).header("content-type", "application/x-json");
    call.body(login().to_string())
        .send()
        .await
        .assert_status(201);
}

#[tokio::test]
async fn cb_e25_no_content_type_is_json() {
    let app = App::start().await;
    let reply = put_login(&app).body(login().to_string()).send().await;
    reply.assert_status(201);
}

#[tokio::test]
async fn cb_e26_json_sent_as_a_form_is_json() {
    let app = App::start().await;
    let call = put_login(&app).header("content-type", "application/x-www-form-urlencoded");
    call.body(login().to_string())
        .send()
        .await
        .assert_status(201);
}

#[tokio::test]
async fn cb_e27_other_content_types_are_415() {
    let app = App::start().await;
    for content_type in ["text/plain", "application/xml"] {
        let call = put_login(&app).header("content-type", content_type);
        let reply = call.body(login().to_string()).send().await;
        reply.assert_error(415, "unsupported_media_type");
    }
}

#[tokio::test]
async fn cb_e28_broken_json_is_named() {
    let app = App::start().await;
    let call = put_login(&app).header("content-type", "application/json");
    let reply = call.body("{not json").send().await;
    reply.assert_error(400, "validation error");
    assert_eq!(reply.at("/data/json/invalid/target"), "body");
    assert!(reply.at("/data/json/invalid/message").is_string());
}

#[tokio::test]
async fn cb_e29_json_that_is_no_object_is_refused() {
    let app = App::start().await;
    for body in ["[]", "3", "null", "\"x\"", "true"] {
        let call = put_login(&app).header("content-type", "application/json");
        let reply = call.body(body).send().await;
        reply.assert_error(400, "validation error");
    }
}

#[tokio::test]
async fn cb_e30_an_empty_body_lacks_its_fields() {
    let app = App::start().await;
    for call in [
        put_login(&app),
        put_login(&app).header("content-type", "application/json"),
    ] {
        let reply = call.send().await;
        reply.assert_invalid("credentials", "required");
        assert_eq!(
            reply.at("/data/credentials/required/message"),
            "Field is required but missing"
        );
    }
}

#[tokio::test]
async fn cb_e31_a_body_without_data_is_refused() {
    let app = App::start().await;
    for body in [json!({}), json!({"credentials": "x"})] {
        let reply = put_login(&app).json(&body).send().await;
        reply.assert_error(400, "validation error");
    }
}

#[tokio::test]
async fn cb_e32_data_that_is_no_object_is_of_the_wrong_type() {
    let app = App::start().await;
    for data in [json!("x"), json!(3), json!(true)] {
        let reply = put_login(&app).json(&json!({"data": data})).send().await;
        reply.assert_invalid("data", "type");
    }
}

#[tokio::test]
async fn cb_e33_envelope_keys_are_read_without_case() {
    let app = App::start().await;
    let body = json!({"Data": login()["data"]});
    put_login(&app).json(&body).send().await.assert_status(201);
    let token = app.token("adm").await;
    let body = json!({"DATA": {}, "Auth-Token": token, "Action": "refresh_token"});
    let call = app.call("PUT", "/v2/auth").json(&body);
    call.send().await.assert_status(201);
}

#[tokio::test]
async fn cb_e34_nine_megabytes_are_too_many() {
    let app = App::start().await;
    let name = "x".repeat(9_000_000);
    let body = json!({"data": {"credentials": "x", "account_name": name}});
    let reply = put_login(&app).json(&body).send().await;
    reply.assert_error(413, "validation error");
    assert_eq!(reply.at("/data/file/maxSize/target"), 8_000_000);
    assert_eq!(
        reply.at("/data/file/maxSize/message"),
        "Payload or Files must not be more than 8000000 bytes"
    );
}

fn list(header: Option<&str>) -> Vec<String> {
    let items = header.unwrap_or_default().split(',');
    items.map(|item| item.trim().to_ascii_lowercase()).collect()
}

#[tokio::test]
async fn cb_e36_preflight_requests_are_answered() {
    let app = App::start().await;
    let call = app.call("OPTIONS", "/v2/user_auth");
    let call = call.header("Origin", "https://ui.example");
    let reply = call
        .header("Access-Control-Request-Method", "PUT")
        .send()
        .await;
    reply.assert_status(200);
    assert!(reply.bytes.is_empty());
    assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    assert_eq!(reply.header("access-control-max-age"), Some("86400"));
    let methods = list(reply.header("access-control-allow-methods"));
    assert!(methods.contains(&"put".to_owned()), "{methods:?}");
    let allowed = list(reply.header("access-control-allow-headers"));
    for name in [
        "x-auth-token",
        "content-type",
        "authorization",
        "x-kazoo-cluster-id",
    ] {
        assert!(allowed.contains(&name.to_owned()), "{allowed:?}");
    }
    assert!(
        !reply
            .headers
            .contains_key("access-control-allow-credentials")
    );
}

#[tokio::test]
async fn cb_e37_options_without_cors_headers_are_405() {
    let app = App::start().await;
    let reply = app.call("OPTIONS", "/v2/user_auth").send().await;
    reply.assert_error(405, "invalid_method");
}

#[tokio::test]
async fn cb_e38_errors_carry_cors_headers() {
    let app = App::start().await;
    let call = app.call("GET", "/v2/token_auth");
    let reply = call.header("origin", "https://ui.example").send().await;
    reply.assert_401std();
    assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    let exposed = list(reply.header("access-control-expose-headers"));
    assert!(exposed.contains(&"x-request-id".to_owned()), "{exposed:?}");
}

#[tokio::test]
async fn cb_e39_no_401_has_a_challenge() {
    let app = App::start().await;
    for reply in [
        app.call("GET", "/v2/token_auth").send().await,
        app.call("GET", "/v2/token_auth")
            .basic_text("x")
            .send()
            .await,
        app.sign_in("Acme Phones", "adm", "wrong").await,
        app.call("GET", "/v2/nonsense").send().await,
        app.call("GET", "/v2/auth/tokeninfo?token=x").send().await,
    ] {
        reply.assert_status(401);
        assert!(!reply.headers.contains_key("www-authenticate"));
    }
}

#[tokio::test]
async fn cb_e40_json_is_indented_on_request() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let plain = app.get("/v2/token_auth", &token).await;
    let by_query = app.get("/v2/token_auth?pretty_print=true", &token).await;
    let call = app.call("GET", "/v2/token_auth").token(&token);
    let by_header = call.header("X-Pretty-Print", "true").send().await;
    assert!(!plain.text().trim_end().contains('\n'));
    for pretty in [by_query, by_header] {
        assert!(pretty.text().contains("\n  "), "{}", pretty.text());
        assert_eq!(pretty.at("/data"), plain.at("/data"));
        assert_eq!(pretty.header("content-type"), Some("application/json"));
    }
}
