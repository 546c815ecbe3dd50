//! Group H: the `auth` resource.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use doorward_core::user::Level;
use serde_json::json;

use crate::support::{act, add_user, claims, part, probe};
use doorward_testkit::{App, Reply};

async fn tokeninfo(app: &App, token: &str) -> Reply {
    let body = json!({"data": {"token": token, "ui_metadata": {"ui": "monster-ui"}}});
    let call = app.call("POST", "/v2/auth/tokeninfo").json(&body);
    call.send().await
}

fn assert_describes_adm(app: &App, reply: &Reply, token: &str) {
    reply.assert_status(200);
    assert_eq!(reply.at("/auth_token"), token);
    let data = reply.at("/data");
    assert_eq!(data["account_id"], app.account("A").id.to_string());
    assert_eq!(data["owner_id"], app.user("adm").id.to_string());
    assert_eq!(data["reseller_id"], app.account("R").id.to_string());
    assert_eq!(data["is_reseller"], false);
    assert_eq!(data["language"], "en-US");
    assert!(data["capabilities"].is_object(), "{data}");
}

#[tokio::test]
async fn cb_h01_tokeninfo_reads_the_token_of_the_body() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let reply = tokeninfo(&app, &token).await;
    assert_describes_adm(&app, &reply, &token);
}

#[tokio::test]
async fn cb_h02_tokeninfo_reads_the_token_of_the_query() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let call = app.call("GET", format!("/v2/auth/tokeninfo?token={token}"));
    assert_describes_adm(&app, &call.send().await, &token);
}

#[tokio::test]
async fn cb_h03_tokeninfo_without_a_token_is_404() {
    let app = App::start().await;
    let reply = app.call("GET", "/v2/auth/tokeninfo").send().await;
    reply.assert_error(404, "missing token in params");
    assert_eq!(reply.at("/data"), json!({}));
    let call = app
        .call("POST", "/v2/auth/tokeninfo")
        .json(&json!({"data": {}}));
    let reply = call.send().await;
    reply.assert_error(404, "missing token in request");
}

#[tokio::test]
async fn cb_h04_tokeninfo_says_why_a_token_is_bad() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let mut claims = claims(&token);
    claims["exp"] = json!(claims["exp"].as_i64().unwrap() + 1);
    let parts: Vec<_> = token.split('.').collect();
    let forged = URL_SAFE_NO_PAD.encode(claims.to_string());
    let tampered = format!("{}.{forged}.{}", parts[0], parts[2]);
    for (bad, word) in [
        ("garbage", "invalid_jwt"),
        (tampered.as_str(), "invalid_jwt_signature"),
    ] {
        tokeninfo(&app, bad).await.assert_error(401, word);
        let call = app.call("GET", format!("/v2/auth/tokeninfo?token={bad}"));
        call.send().await.assert_error(401, word);
    }
    app.advance(Duration::from_secs(3601));
    let reply = tokeninfo(&app, &token).await;
    reply.assert_error(401, "token_expired");
    assert_eq!(reply.at("/data"), json!({}));
}

#[tokio::test]
async fn cb_h05_tokeninfo_knows_what_is_revoked() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let call = app.call("DELETE", "/v2/token_auth").token(&token);
    call.send().await.assert_status(200);
    tokeninfo(&app, &token).await.assert_status(401);
}

#[tokio::test]
async fn cb_h06_only_the_system_owner_resets_the_system() {
    let app = App::start().await;
    for token in [
        app.token("adm").await,
        app.token("mus").await,
        app.api_token("A").await,
    ] {
        act(&app, "/v2/auth", "reset_signature_secret", &token)
            .await
            .assert_403();
        probe(&app, &token).await.assert_status(200);
    }
}

#[tokio::test]
async fn cb_h07_the_action_may_stand_in_three_places() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let in_data = act(&app, "/v2/auth", "refresh_token", &token).await;
    let call = app.call("PUT", "/v2/auth").token(&token);
    let call = call.json(&json!({"data": {}, "action": "refresh_token"}));
    let in_envelope = call.send().await;
    let call = app
        .call("PUT", "/v2/auth?action=refresh_token")
        .token(&token);
    let in_query = call.send().await;
    for reply in [in_data, in_envelope, in_query] {
        let fresh = reply.assert_status(201).auth_token();
        probe(&app, &fresh).await.assert_status(200);
    }
}

#[tokio::test]
async fn cb_h08_an_unknown_action_is_the_clients_mistake() {
    let app = App::start().await;
    for user in ["adm", "mad"] {
        let token = app.token(user).await;
        let unknown = act(&app, "/v2/auth", "nonsense", &token).await;
        unknown.assert_invalid("action", "enum");
        let call = app.call("PUT", "/v2/auth").token(&token);
        let missing = call.json(&json!({"data": {}})).send().await;
        missing.assert_invalid("action", "required");
    }
}

#[tokio::test]
async fn cb_h09_a_user_or_its_admin_resets_its_secret() {
    let app = App::start().await;
    let path = format!("{}/auth", app.user_path("usr"));
    for by in ["usr", "adm"] {
        let held = app.token("usr").await;
        let token = app.token(by).await;
        let reply = act(&app, &path, "reset_signature_secret", &token).await;
        reply.assert_status(201);
        assert!(reply.json().get("data").is_none());
        probe(&app, &held).await.assert_401std();
    }
}

#[tokio::test]
async fn cb_h10_another_user_does_not() {
    let app = App::start().await;
    add_user(&app, app.account("A").id, "usr2", Level::User).await;
    let reply = app.sign_in("Acme Phones", "usr2", "pw-usr2").await;
    let token = reply.assert_status(201).auth_token();
    let held = app.token("usr").await;
    let path = format!("{}/auth", app.user_path("usr"));
    act(&app, path, "reset_signature_secret", &token)
        .await
        .assert_403();
    probe(&app, &held).await.assert_status(200);
}

#[tokio::test]
async fn cb_h11_an_admin_does_not_reset_a_sibling() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let held = app.api_token("B").await;
    let path = format!("{}/auth", app.account_path("B"));
    act(&app, path, "reset_signature_secret", &token)
        .await
        .assert_403();
    probe(&app, &held).await.assert_status(200);
    let usr = app.token("usr").await;
    let path = format!("{}/auth", app.account_path("A"));
    act(&app, path, "reset_signature_secret", &usr)
        .await
        .assert_403();
}

#[tokio::test]
async fn cb_h12_admins_list_the_keys() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let reply = app.get("/v2/auth/keys", &token).await;
    reply.assert_status(200);
    assert_eq!(reply.at("/data"), json!([part(&token, 0)["kid"]]));
    for token in [app.token("usr").await, app.api_token("A").await] {
        app.get("/v2/auth/keys", &token).await.assert_403();
    }
}

#[tokio::test]
async fn cb_h13_a_key_is_downloaded_as_pem() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let kid = part(&token, 0)["kid"].as_str().unwrap().to_owned();
    let path = format!("/v2/auth/keys/{kid}");
    let call = app.call("GET", &path).token(&token);
    let reply = call.header("Accept", "application/x-pem-file").send().await;
    reply.assert_status(200);
    assert_eq!(reply.header("content-type"), Some("application/x-pem-file"));
    assert_eq!(
        reply.header("content-disposition"),
        Some("attachment; filename=public_key.pem")
    );
    let as_json = app.get(&path, &token).await;
    assert_eq!(as_json.at("/data/public_key_pem"), reply.text());
    assert!(crate::forged::verify_with_pem(&token, &reply.text()));
    let unknown = "/v2/auth/keys/0123456789abcdef0123456789abcdef";
    app.get(unknown, &token).await.assert_status(404);
}

#[tokio::test]
async fn cb_h14_only_the_system_owner_resets_a_key() {
    let app = App::start().await;
    for user in ["adm", "mus"] {
        let token = app.token(user).await;
        let kid = part(&token, 0)["kid"].as_str().unwrap().to_owned();
        let path = format!("/v2/auth/keys/{kid}");
        act(&app, path, "reset_private_key", &token)
            .await
            .assert_403();
        probe(&app, &token).await.assert_status(200);
    }
}

#[tokio::test]
async fn cb_h17_the_private_key_is_never_shown() {
    let app = App::start().await;
    let token = app.token("mad").await;
    let secret = app.secret().await;
    let kid = secret.kid.to_string();
    // The public part of a PKCS#8 key lies in its beginning: only what follows is secret.
    let private = &secret.pkcs8[320..];
    let mut needles = vec![secret.system.clone(), "PRIVATE KEY".to_owned()];
    for offset in 0..3 {
        needles.push(STANDARD.encode(&private[offset..offset + 48]));
        needles.push(URL_SAFE_NO_PAD.encode(&private[offset..offset + 48]));
    }
    for path in [
        "/v2/auth/keys".to_owned(),
        format!("/v2/auth/keys/{kid}"),
        format!("/v2/auth/keys/{kid}?pretty_print=true"),
        "/v2/token_auth".to_owned(),
        format!("/v2/auth/tokeninfo?token={token}"),
        format!("/v2/user_auth/{token}"),
        app.account_path("M"),
        app.user_path("mad"),
    ] {
        for accept in ["application/json", "application/x-pem-file", "*/*"] {
            let call = app.call("GET", &path).token(&token);
            let reply = call.header("accept", accept).send().await;
            let text = reply.text().replace('\n', "");
            for needle in &needles {
                assert!(!text.contains(needle), "{path} shows a secret");
            }
        }
    }
}
