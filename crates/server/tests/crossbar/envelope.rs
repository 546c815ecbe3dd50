//! Group E, first half: the envelope, versions and paths.

use serde_json::json;

use crate::support::act;
use doorward_testkit::{App, Reply};

async fn replies(app: &App) -> Vec<Reply> {
    let token = app.token("adm").await;
    vec![
        app.sign_in("Acme Phones", "adm", "pw-adm").await,
        app.sign_in("Acme Phones", "adm", "wrong").await,
        app.put_user_auth(json!({})).await,
        app.put_api_auth(&"0".repeat(64)).await,
        app.get("/v2/token_auth", &token).await,
        app.get(app.account_path("A"), &token).await,
        app.get(app.account_path("B"), &token).await,
        app.get("/v2/nonsense", &token).await,
        app.get("/v2/accounts/short", &token).await,
        app.call("GET", "/v2/token_auth").send().await,
        app.call("DELETE", "/v2/user_auth").send().await,
        app.call("GET", "/v2/auth/tokeninfo?token=x").send().await,
        act(app, "/v2/auth", "refresh_token", &token).await,
        app.call("DELETE", "/v2/token_auth")
            .token(&token)
            .send()
            .await,
    ]
}

#[tokio::test]
async fn cb_e01_every_reply_carries_the_envelope() {
    let app = App::start().await;
    let mut nodes = Vec::new();
    for reply in replies(&app).await {
        assert_eq!(reply.header("content-type"), Some("application/json"));
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        let body = reply.json();
        for member in ["status", "request_id", "timestamp", "node", "version"] {
            assert!(body[member].is_string(), "no {member} in {body}");
        }
        let status = if reply.status < 400 {
            "success"
        } else {
            "error"
        };
        assert_eq!(body["status"], status, "{body}");
        nodes.push(body["node"].as_str().unwrap().to_owned());
    }
    nodes.dedup();
    assert_eq!(nodes.len(), 1, "the node is constant");
    assert_eq!(nodes[0].len(), 22);
}

#[tokio::test]
async fn cb_e02_errors_are_strings_with_data_and_message() {
    let app = App::start().await;
    for reply in replies(&app).await {
        let body = reply.json();
        if reply.status < 400 {
            assert!(body.get("error").is_none(), "{body}");
            continue;
        }
        assert_eq!(body["error"], reply.status.to_string(), "{body}");
        assert!(body["message"].is_string(), "{body}");
        assert!(body.get("data").is_some(), "{body}");
    }
}

#[tokio::test]
async fn cb_e03_the_request_id_is_echoed() {
    let app = App::start().await;
    let call = app.call("GET", "/v2/token_auth");
    let reply = call.header("X-Request-ID", "abc-1").send().await;
    assert_eq!(reply.header("x-request-id"), Some("abc-1"));
    assert_eq!(reply.at("/request_id"), "abc-1");
}

#[tokio::test]
async fn cb_e04_a_request_id_is_made_up() {
    let app = App::start().await;
    let too_long = "a".repeat(129);
    for sent in [None, Some(too_long.as_str()), Some("")] {
        let mut call = app.call("GET", "/v2/token_auth");
        if let Some(sent) = sent {
            call = call.header("x-request-id", sent);
        }
        let reply = call.send().await;
        let id = reply.header("x-request-id").unwrap().to_owned();
        assert_eq!(reply.at("/request_id"), id.as_str());
        assert_eq!(id.len(), 32);
        assert!(id.bytes().all(|b| b"0123456789abcdef".contains(&b)), "{id}");
    }
}

#[tokio::test]
async fn cb_e05_the_timestamp_is_iso_8601_in_utc() {
    let app = App::start().await;
    let reply = app.call("GET", "/v2/token_auth").send().await;
    assert_eq!(reply.at("/timestamp"), "2026-03-02T08:30:00Z");
}

#[tokio::test]
async fn cb_e06_v1_is_an_alias() {
    let app = App::start().await;
    let data = json!({"credentials": crate::support::md5_credentials("adm", "pw-adm"), "account_name": "Acme Phones"});
    let call = app
        .call("PUT", "/v1/user_auth")
        .json(&json!({"data": data}));
    let reply = call.send().await;
    let token = reply.assert_status(201).auth_token();
    let path = app.account_path("A").replace("/v2/", "/v1/");
    app.get(path, &token).await.assert_status(200);
}

#[tokio::test]
async fn cb_e07_v1_can_be_gone() {
    let app = App::with(|_, wire| {
        if let Some(crossbar) = &mut wire.crossbar {
            crossbar.v1 = false;
        }
    })
    .await;
    let data = json!({"credentials": "x", "account_name": "Acme Phones"});
    let call = app
        .call("PUT", "/v1/user_auth")
        .json(&json!({"data": data}));
    let reply = call.send().await;
    reply.assert_error(410, "gone");
    assert_eq!(
        reply.at("/data/message"),
        "API version 1 is not supported. Please upgrade your code to use version 2."
    );
    app.token("adm").await;
}

#[tokio::test]
async fn cb_e08_slashes_at_the_end_are_ignored() {
    let app = App::start().await;
    let data = json!({"credentials": crate::support::md5_credentials("adm", "pw-adm"), "account_name": "Acme Phones"});
    for path in ["/v2/user_auth/", "/v2/user_auth//"] {
        let call = app.call("PUT", path).json(&json!({"data": data}));
        call.send().await.assert_status(201);
    }
}

#[tokio::test]
async fn cb_e10_the_root_is_a_banner() {
    let app = App::start().await;
    let reply = app.call("GET", "/").send().await;
    reply.assert_status(200);
    let content_type = reply.header("content-type").unwrap();
    assert!(content_type.starts_with("text/plain"), "{content_type}");
    assert!(!reply.bytes.is_empty());
}

#[tokio::test]
async fn cb_e11_an_unknown_resource_is_401_to_strangers() {
    let app = App::start().await;
    for path in [
        "/v2/nonsense",
        "/v2/nonsense/a/b",
        "/v2//accounts",
        "/v3/token_auth",
    ] {
        app.call("GET", path).send().await.assert_401std();
        app.get(path, "undefined").await.assert_401std();
    }
}

#[tokio::test]
async fn cb_e12_an_unknown_resource_is_404_to_the_signed_in() {
    let app = App::start().await;
    for name in ["adm", "mad"] {
        let token = app.token(name).await;
        for path in ["/v2/nonsense", "/v2//accounts", "/v3/token_auth"] {
            let reply = app.get(path, &token).await;
            reply.assert_error(404, "not_found");
            assert_eq!(reply.at("/data/message"), "not found");
        }
    }
}

#[tokio::test]
async fn cb_e13_an_account_id_of_another_shape_is_a_bad_identifier() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let reply = app.get("/v2/accounts/short", &token).await;
    reply.assert_error(404, "bad identifier");
    assert_eq!(reply.at("/data/message"), "invalid account_id 'short'");
}

#[tokio::test]
async fn cb_e14_an_account_id_nobody_has_is_named() {
    let app = App::start().await;
    let unknown = "0123456789abcdef0123456789abcdef";
    let token = app.token("mad").await;
    let reply = app.get(format!("/v2/accounts/{unknown}"), &token).await;
    reply.assert_error(404, "bad_identifier");
    assert_eq!(reply.at("/data/cause"), unknown);
    assert_eq!(reply.at("/data/message"), "bad identifier");
}

#[tokio::test]
async fn cb_e15_strangers_do_not_learn_which_accounts_exist() {
    let app = App::start().await;
    let unknown = "/v2/accounts/0123456789abcdef0123456789abcdef";
    let of_unknown = app.call("GET", unknown).send().await;
    of_unknown.assert_401std();
    let of_known = app.call("GET", app.account_path("A")).send().await;
    assert_eq!(
        crate::support::comparable(&of_unknown),
        crate::support::comparable(&of_known)
    );
    let of_short = app.call("GET", "/v2/accounts/short").send().await;
    of_short.assert_401std();
}

#[tokio::test]
async fn cb_e16_account_is_ones_own_account() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let reply = app.get("/v2/account", &token).await;
    reply.assert_status(200);
    assert_eq!(reply.at("/data/id"), app.account("A").id.to_string());
    assert_eq!(reply.at("/data/name"), "Acme Phones");
    app.call("GET", "/v2/account").send().await.assert_401std();
}

#[tokio::test]
async fn cb_e17_there_is_no_list_of_all_accounts() {
    let app = App::start().await;
    let token = app.token("mad").await;
    let reply = app.get("/v2/accounts", &token).await;
    reply.assert_error(405, "invalid_method");
    assert_eq!(reply.at("/data/message"), "method not allowed");
}
