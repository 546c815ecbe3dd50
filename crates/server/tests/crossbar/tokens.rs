//! Group K, first part: what a token is, and `token_auth`.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward_core::digest::hmac_sha256;
use serde_json::json;

use crate::forged::verify_with_pem;
use crate::support::{act, claims, md5_credentials, part, probe};
use doorward_testkit::{App, Reply};

async fn public_key(app: &App, token: &str, kid: &str) -> String {
    let reply = app.get(format!("/v2/auth/keys/{kid}"), token).await;
    reply.assert_status(200);
    let pem = reply.at("/data/public_key_pem");
    pem.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn cb_k01_token_auth_describes_the_token() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let reply = probe(&app, &token).await;
    reply.assert_status(200);
    let data = reply.at("/data");
    assert_eq!(data["account_id"], app.account("A").id.to_string());
    assert_eq!(data["owner_id"], app.user("adm").id.to_string());
    assert_eq!(data["method"], "cb_user_auth");
    assert_eq!(data["is_reseller"], false);
    assert_eq!(data["reseller_id"], app.account("R").id.to_string());
    assert_eq!(data["language"], "en-US");
    assert!(data["apps"].is_array(), "{data}");
    assert_eq!(data["id"], token);
    assert!(data.get("identity_sig").is_none(), "{data}");
    assert_eq!(reply.at("/auth_token"), token);
}

#[tokio::test]
async fn cb_k02_the_header_names_a_published_key() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let header = part(&token, 0);
    assert_eq!(header["alg"], "RS256");
    assert_eq!(header["typ"], "JWT");
    let keys = app.get("/v2/auth/keys", &token).await;
    keys.assert_status(200);
    assert_eq!(keys.at("/data"), json!([header["kid"]]));
    assert_eq!(header["kid"].as_str().unwrap().len(), 32);
}

#[tokio::test]
async fn cb_k03_the_published_key_verifies_the_token() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let header = part(&token, 0);
    let pem = public_key(&app, &token, header["kid"].as_str().unwrap()).await;
    assert!(pem.starts_with("-----BEGIN RSA PUBLIC KEY-----\n"), "{pem}");
    assert!(verify_with_pem(&token, &pem));
    let other = app.token("usr").await;
    let (signed, _) = token.rsplit_once('.').unwrap();
    let (_, signature) = other.rsplit_once('.').unwrap();
    assert!(!verify_with_pem(&format!("{signed}.{signature}"), &pem));
}

#[tokio::test]
async fn cb_k04_a_token_lives_an_hour() {
    let app = App::start().await;
    let claims = claims(&app.token("adm").await);
    let left = claims["exp"].as_i64().unwrap() - app.now().unix();
    assert!((3598..=3602).contains(&left), "{left}");
}

#[tokio::test]
async fn cb_k05_the_identity_signature_is_the_documented_one() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let user = app.user("adm");
    let stored = app.stored_user(user.account, user.id).await.unwrap();
    let system = app.secret().await.system;
    let key = format!("{}{system}", stored.signature_secret.expose());
    let expected = hmac_sha256(key.as_bytes(), user.id.to_string().as_bytes());
    assert_eq!(
        claims(&token)["identity_sig"],
        URL_SAFE_NO_PAD.encode(expected)
    );
}

#[tokio::test]
async fn cb_k13_use_does_not_prolong() {
    let app = App::start().await;
    let token = app.token("adm").await;
    app.advance(Duration::from_secs(3599));
    probe(&app, &token).await.assert_status(200);
    app.advance(Duration::from_secs(1));
    probe(&app, &token).await.assert_401std();
}

async fn delete(app: &App, token: &str) -> Reply {
    app.call("DELETE", "/v2/token_auth")
        .token(token)
        .send()
        .await
}

#[tokio::test]
async fn cb_k14_a_token_is_given_back() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let reply = delete(&app, &token).await;
    reply.assert_status(200);
    let body = reply.json();
    assert_eq!(body["status"], "success");
    assert!(body.get("data").is_none(), "{body}");
    assert!(body.get("auth_token").is_none(), "{body}");
}

#[tokio::test]
async fn cb_k15_a_token_given_back_is_dead() {
    let app = App::start().await;
    let token = app.token("adm").await;
    delete(&app, &token).await.assert_status(200);
    probe(&app, &token).await.assert_401std();
    delete(&app, &token).await.assert_401std();
}

#[tokio::test]
async fn cb_k16_other_tokens_of_the_user_live_on() {
    let app = App::start().await;
    let (first, second) = (app.token("adm").await, app.token("adm").await);
    assert_ne!(first, second);
    delete(&app, &first).await.assert_status(200);
    probe(&app, &second).await.assert_status(200);
}

#[tokio::test]
async fn cb_k29_a_token_is_refreshed() {
    let app = App::start().await;
    let token = app.token("adm").await;
    app.advance(Duration::from_mins(10));
    let reply = act(&app, "/v2/auth", "refresh_token", &token).await;
    let fresh = reply.assert_status(201).auth_token();
    assert_eq!(reply.at("/data/owner_id"), app.user("adm").id.to_string());
    let (old, new) = (claims(&token), claims(&fresh));
    assert_eq!(new["method"], "cb_auth");
    assert_eq!(new["exp"], app.now().unix() + 3600);
    assert_eq!(new["auth_time"], old["auth_time"]);
    assert_ne!(new["jti"], old["jti"]);
    probe(&app, &token).await.assert_status(200);
    probe(&app, &fresh).await.assert_status(200);
}

#[tokio::test]
async fn refreshing_ends_at_the_longest_total_life() {
    let app = App::start().await;
    let begin = app.now().unix();
    let mut token = app.token("adm").await;
    for _ in 0..13 {
        app.advance(Duration::from_secs(3500));
        let reply = act(&app, "/v2/auth", "refresh_token", &token).await;
        if reply.status == 401 {
            reply.assert_401std();
            break;
        }
        token = reply.assert_status(201).auth_token();
        let exp = claims(&token)["exp"].as_i64().unwrap();
        assert!(exp <= begin + 12 * 3600, "{exp}");
    }
    assert!(app.now().unix() < begin + 13 * 3600);
    app.advance(Duration::from_hours(1));
    act(&app, "/v2/auth", "refresh_token", &token)
        .await
        .assert_401std();
    app.token("adm").await;
}

async fn switched(app: &App, switch: serde_json::Value) -> Reply {
    switched_by(app, "adm", switch).await
}

/// A user of A signs in with this `as`.
async fn switched_by(app: &App, user: &str, switch: serde_json::Value) -> Reply {
    let credentials = md5_credentials(user, &format!("pw-{user}"));
    app.put_user_auth(
        json!({"credentials": credentials, "account_name": "Acme Phones", "as": switch}),
    )
    .await
}

#[tokio::test]
async fn cb_k30_a_token_acts_as_a_descendant() {
    let app = App::start().await;
    let target = json!({"account_id": app.account("C").id.to_string(), "owner_id": app.user("cad").id.to_string()});
    let reply = switched(&app, target.clone()).await;
    let token = reply.assert_status(201).auth_token();
    assert_eq!(claims(&token)["as"], target);
    app.get(app.account_path("C"), &token)
        .await
        .assert_status(200);
    app.get(app.account_path("A"), &token).await.assert_403();
}

#[tokio::test]
async fn cb_k31_a_token_does_not_act_as_a_stranger() {
    let app = App::start().await;
    for (account, user) in [("B", "bad"), ("M", "mad"), ("R", "adm"), ("C", "bad")] {
        let target = json!({"account_id": app.account(account).id.to_string(), "owner_id": app.user(user).id.to_string()});
        let token = switched(&app, target).await.assert_status(201).auth_token();
        probe(&app, &token).await.assert_401std();
    }
}

#[tokio::test]
async fn cb_k32_half_a_switch_is_none() {
    let app = App::start().await;
    let account = app.account("C").id.to_string();
    let owner = app.user("cad").id.to_string();
    for switch in [
        json!({"account_id": account}),
        json!({"owner_id": owner}),
        json!({}),
    ] {
        let token = switched(&app, switch).await.assert_status(201).auth_token();
        let reply = app.get(app.account_path("A"), &token).await;
        reply.assert_status(200);
    }
}

#[tokio::test]
async fn cb_k33_nothing_is_posted_to_token_auth() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let call = app.call("POST", "/v2/token_auth").token(&token);
    call.send().await.assert_error(405, "invalid_method");
    let call = app.call("PATCH", "/v2/token_auth").token(&token);
    call.send().await.assert_error(405, "invalid_method");
}

/// A sign-in of this user of A with `as` gives nothing that authenticates.
async fn assert_does_not_act_as(by: &str, account: &str, user: &str) {
    let app = App::start().await;
    let target = json!({"account_id": app.account(account).id.to_string(), "owner_id": app.user(user).id.to_string()});
    let reply = switched_by(&app, by, target).await;
    if reply.status == 201 {
        probe(&app, &reply.auth_token()).await.assert_401std();
    } else {
        reply.assert_401std();
    }
}

#[tokio::test]
async fn nobody_acts_as_a_colleague() {
    assert_does_not_act_as("usr", "A", "adm").await;
    assert_does_not_act_as("adm", "A", "usr").await;
}

#[tokio::test]
async fn only_admins_act_as_others() {
    assert_does_not_act_as("usr", "C", "cad").await;
}

#[tokio::test]
async fn acting_as_another_ends_with_either() {
    let target = |app: &App| json!({"account_id": app.account("C").id.to_string(), "owner_id": app.user("cad").id.to_string()});
    for ended in ["adm", "cad"] {
        let app = App::start().await;
        let reply = switched(&app, target(&app)).await;
        let token = reply.assert_status(201).auth_token();
        probe(&app, &token).await.assert_status(200);
        crate::support::enable_user(&app, ended, false).await;
        probe(&app, &token).await.assert_401std();
    }
    let app = App::start().await;
    let token = switched(&app, target(&app)).await.auth_token();
    let (c, b) = (app.account("C").id, app.account("B").id);
    let moved = app.engine.move_account(doorward_testkit::operator(), c, b);
    moved.await.unwrap();
    probe(&app, &token).await.assert_401std();
}
