//! Group I: acting as a user of another account.

use serde_json::{Value, json};

use crate::support::{act, assert_is, claims, disable_account, enable_user};
use doorward_testkit::{App, Reply};

/// `PUT …/user_auth` below this user.
async fn impersonate(app: &App, user: &str, token: &str) -> Reply {
    let path = format!("{}/user_auth", app.user_path(user));
    act(app, path, "impersonate_user", token).await
}

async fn send(app: &App, user: &str, token: &str, body: Value) -> Reply {
    let path = format!("{}/user_auth", app.user_path(user));
    app.call("PUT", path).token(token).json(&body).send().await
}

fn assert_is_usr(app: &App, reply: &Reply) {
    reply.assert_status(201);
    assert_is(app, reply, "usr");
}

#[tokio::test]
async fn cb_i01_the_systems_admin_acts_as_a_user() {
    let app = App::start().await;
    let mad = app.token("mad").await;
    let body = json!({"data": {}, "action": "impersonate_user"});
    let reply = send(&app, "usr", &mad, body).await;
    assert_is_usr(&app, &reply);
    let token = reply.auth_token();
    let path = app.account_path("A");
    app.get(path, &token).await.assert_status(200);
}

#[tokio::test]
async fn cb_i02_the_action_may_be_in_data() {
    let app = App::start().await;
    let mad = app.token("mad").await;
    assert_is_usr(&app, &impersonate(&app, "usr", &mad).await);
}

#[tokio::test]
async fn cb_i03_the_token_names_the_impersonator() {
    let app = App::start().await;
    let mad = app.token("mad").await;
    let token = impersonate(&app, "usr", &mad).await.auth_token();
    let claims = claims(&token);
    assert_eq!(
        claims["original_account_id"],
        app.account("M").id.to_string()
    );
    assert_eq!(claims["original_owner_id"], app.user("mad").id.to_string());
    assert_eq!(claims["account_id"], app.account("A").id.to_string());
    assert_eq!(claims["owner_id"], app.user("usr").id.to_string());
}

#[tokio::test]
async fn cb_i04_a_user_of_the_system_account_may_not() {
    let app = App::start().await;
    let mus = app.token("mus").await;
    impersonate(&app, "usr", &mus).await.assert_403();
}

#[tokio::test]
async fn cb_i05_an_ordinary_admin_may_not() {
    let app = App::start().await;
    let adm = app.token("adm").await;
    impersonate(&app, "cad", &adm).await.assert_403();
}

#[tokio::test]
async fn cb_i06_not_within_ones_own_account() {
    let app = App::start().await;
    let mad = app.token("mad").await;
    impersonate(&app, "mus", &mad).await.assert_403();
}

#[tokio::test]
async fn cb_i07_an_unknown_user_is_named() {
    let app = App::start().await;
    let mad = app.token("mad").await;
    let unknown = "0123456789abcdef0123456789abcdef";
    let elsewhere = app.user("cad").id.to_string();
    for user in [unknown, &elsewhere] {
        let path = format!("{}/users/{user}/user_auth", app.account_path("A"));
        let reply = act(&app, path, "impersonate_user", &mad).await;
        reply.assert_error(404, "bad_identifier");
        assert_eq!(reply.at("/data/cause"), user);
    }
}

#[tokio::test]
async fn cb_i08_the_system_accounts_key_may_not() {
    let app = App::start().await;
    let key = app.api_token("M").await;
    impersonate(&app, "usr", &key).await.assert_403();
}

#[tokio::test]
async fn cb_i09_the_token_is_the_users_not_the_systems() {
    let app = App::start().await;
    let mad = app.token("mad").await;
    let token = impersonate(&app, "usr", &mad).await.auth_token();
    for above in ["R", "M", "B"] {
        app.get(app.account_path(above), &token).await.assert_403();
    }
    act(&app, "/v2/auth", "reset_signature_secret", &token)
        .await
        .assert_403();
    impersonate(&app, "cad", &token).await.assert_403();
}

#[tokio::test]
async fn the_impersonators_end_is_the_tokens_end() {
    let app = App::start().await;
    let mad = app.token("mad").await;
    let token = impersonate(&app, "usr", &mad).await.auth_token();
    let usr = app.token("usr").await;
    enable_user(&app, "mad", false).await;
    app.get("/v2/token_auth", &token).await.assert_401std();
    app.get("/v2/token_auth", &usr).await.assert_status(200);
}

#[tokio::test]
async fn the_impersonated_users_end_is_the_tokens_end() {
    let app = App::start().await;
    let mad = app.token("mad").await;
    let token = impersonate(&app, "usr", &mad).await.auth_token();
    enable_user(&app, "usr", false).await;
    app.get("/v2/token_auth", &token).await.assert_401std();
    app.get("/v2/token_auth", &mad).await.assert_status(200);
}

#[tokio::test]
async fn impersonation_into_a_disabled_account_is_423() {
    let app = App::start().await;
    let mad = app.token("mad").await;
    disable_account(&app, "A").await;
    impersonate(&app, "usr", &mad)
        .await
        .assert_locked("disabled");
}

#[tokio::test]
async fn a_refreshed_token_keeps_its_impersonator() {
    let app = App::start().await;
    let mad = app.token("mad").await;
    let token = impersonate(&app, "usr", &mad).await.auth_token();
    let refreshed = act(&app, "/v2/auth", "refresh_token", &token).await;
    let refreshed = refreshed.assert_status(201).auth_token();
    let claims = claims(&refreshed);
    assert_eq!(claims["original_owner_id"], app.user("mad").id.to_string());
    enable_user(&app, "mad", false).await;
    app.get("/v2/token_auth", &refreshed).await.assert_401std();
}
