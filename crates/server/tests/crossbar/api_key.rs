//! Group A: reading and rotating an account's API key.

use serde_json::json;

use crate::support::{probe, send};
use doorward_core::right::UserLevel;
use doorward_testkit::{App, Reply};

fn path(app: &App, account: &str) -> String {
    format!("{}/api_key", app.account_path(account))
}

fn key(reply: &Reply) -> String {
    reply.at("/data/api_key").as_str().unwrap().to_owned()
}

#[tokio::test]
async fn cb_a05_a_user_reads_the_key_with_kazoos_laxness_only() {
    let app = App::start().await;
    let token = app.token("usr").await;
    app.get(path(&app, "A"), &token).await.assert_403();
    let app = App::with(|settings, _| settings.user_level = UserLevel::Kazoo).await;
    let token = app.token("usr").await;
    let reply = app.get(path(&app, "A"), &token).await;
    assert_eq!(key(reply.assert_status(200)), app.api_key("A").await);
}

#[tokio::test]
async fn cb_a06_an_admin_rotates_the_key() {
    let app = App::start().await;
    let (token, of_key) = (app.token("adm").await, app.api_token("A").await);
    let old = app.api_key("A").await;
    // No body is needed.
    let call = app.call("PUT", path(&app, "A")).token(&token);
    let reply = call.send().await;
    let new = key(reply.assert_status(201));
    assert_ne!(new, old);
    assert_eq!(new.len(), 64);
    app.put_api_auth(&old)
        .await
        .assert_error(404, "bad identifier");
    probe(&app, &of_key).await.assert_401std();
    probe(&app, &token).await.assert_status(200);
    app.put_api_auth(&new).await.assert_status(201);
}

#[tokio::test]
async fn cb_a07_users_and_keys_rotate_nothing() {
    let app = App::start().await;
    let old = app.api_key("A").await;
    for token in [app.token("usr").await, app.api_token("A").await] {
        let reply = send(&app, "PUT", path(&app, "A"), &token, json!({})).await;
        reply.assert_403();
    }
    assert_eq!(app.api_key("A").await, old);
}

#[tokio::test]
async fn cb_a08_the_key_of_an_account_below_is_read() {
    let app = App::start().await;
    for token in [app.token("adm").await, app.api_token("A").await] {
        let reply = app.get(path(&app, "C"), &token).await;
        assert_eq!(key(reply.assert_status(200)), app.api_key("C").await);
    }
}

#[tokio::test]
async fn cb_a09_the_key_of_a_sibling_is_not() {
    let app = App::start().await;
    for token in [app.token("adm").await, app.api_token("A").await] {
        for account in ["B", "R", "M"] {
            app.get(path(&app, account), &token).await.assert_403();
            let reply = send(&app, "PUT", path(&app, account), &token, json!({})).await;
            reply.assert_403();
        }
    }
    let stranger = app.call("GET", path(&app, "A")).send().await;
    stranger.assert_401std();
}

#[tokio::test]
async fn cb_a10_the_key_is_in_the_account_on_demand_only() {
    let app = App::start().await;
    let (adm, usr) = (app.token("adm").await, app.token("usr").await);
    let account = app.account_path("A");
    let asked = format!("{account}?include_api_key=true");
    let plain = app.get(&account, &adm).await;
    assert!(plain.assert_status(200).at("/data/api_key").is_null());
    let full = app.get(&asked, &adm).await;
    assert_eq!(key(full.assert_status(200)), app.api_key("A").await);
    let reply = app.get(&asked, &usr).await;
    assert!(reply.assert_status(200).at("/data/api_key").is_null());
    // What was read is posted back, and the key is not stored along with it.
    let reply = send(&app, "POST", &account, &adm, full.at("/data")).await;
    assert!(reply.assert_status(200).at("/data/api_key").is_null());
    let stored = app.engine.account(app.account("A").id).await.unwrap();
    assert!(!stored.unwrap().document.contains_key("api_key"));
}
