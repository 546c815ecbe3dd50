//! Group K, last part: what ends a token before its time, and what does not.

use doorward_core::user::Level;
use doorward_engine::admin::{AccountChange, UserChange};
use serde_json::json;

use crate::support::{
    act, change_account, change_password, change_user, delete_user, disable_account, enable_user,
    part, probe,
};
use doorward_testkit::{App, operator};

#[tokio::test]
async fn cb_k17_a_new_password_ends_the_users_tokens() {
    let app = App::start().await;
    let (adm, usr) = (app.token("adm").await, app.token("usr").await);
    change_password(&app, "adm", "new").await;
    probe(&app, &adm).await.assert_401std();
    probe(&app, &usr).await.assert_status(200);
    let reply = app.sign_in("Acme Phones", "adm", "new").await;
    reply.assert_status(201);
    let reply = app.sign_in("Acme Phones", "adm", "pw-adm").await;
    reply.assert_401std();
}

#[tokio::test]
async fn cb_k18_the_same_password_ends_nothing() {
    let app = App::start().await;
    let adm = app.token("adm").await;
    change_password(&app, "adm", "pw-adm").await;
    probe(&app, &adm).await.assert_status(200);
    app.token("adm").await;
}

#[tokio::test]
async fn cb_k19_a_new_first_name_ends_nothing() {
    let app = App::start().await;
    let adm = app.token("adm").await;
    let mut document = app.user("adm").document.clone();
    document.insert("first_name".to_owned(), json!("Adele"));
    let change = UserChange {
        document: Some(document),
        ..UserChange::default()
    };
    change_user(&app, "adm", change).await;
    probe(&app, &adm).await.assert_status(200);
    let reply = app.get(app.user_path("adm"), &adm).await;
    assert_eq!(reply.at("/data/first_name"), "Adele");
}

#[tokio::test]
async fn cb_k20_a_new_username_ends_the_users_tokens() {
    let app = App::start().await;
    let adm = app.token("adm").await;
    let change = UserChange {
        username: Some("boss".to_owned()),
        password: Some("pw-adm".into()),
        ..UserChange::default()
    };
    change_user(&app, "adm", change).await;
    probe(&app, &adm).await.assert_401std();
    let reply = app.sign_in("Acme Phones", "boss", "pw-adm").await;
    reply.assert_status(201);
    let reply = app.sign_in("Acme Phones", "adm", "pw-adm").await;
    reply.assert_401std();
}

#[tokio::test]
async fn cb_k21_a_disabled_users_tokens_are_dead() {
    let app = App::start().await;
    let adm = app.token("adm").await;
    enable_user(&app, "adm", false).await;
    probe(&app, &adm).await.assert_401std();
    enable_user(&app, "adm", true).await;
    probe(&app, &adm).await.assert_401std();
    let fresh = app.token("adm").await;
    probe(&app, &fresh).await.assert_status(200);
}

#[tokio::test]
async fn cb_k22_a_deleted_users_tokens_are_dead() {
    let app = App::start().await;
    let adm = app.token("adm").await;
    delete_user(&app, "adm").await;
    probe(&app, &adm).await.assert_401std();
}

#[tokio::test]
async fn cb_k23_a_deleted_accounts_tokens_are_dead() {
    let app = App::start().await;
    let (adm, key) = (app.token("adm").await, app.api_token("A").await);
    let basic = app.basic("A", "usr:pw-usr");
    for account in ["C", "A"] {
        let id = app.account(account).id;
        app.engine.delete_account(operator(), id).await.unwrap();
    }
    probe(&app, &adm).await.assert_401std();
    probe(&app, &key).await.assert_401std();
    let call = app.call("GET", "/v2/token_auth").authorization(&basic);
    call.send().await.assert_401std();
    let reply = app.sign_in("Acme Phones", "usr", "pw-usr").await;
    reply.assert_401std();
}

#[tokio::test]
async fn cb_k24_a_disabled_accounts_tokens_are_locked() {
    let app = App::start().await;
    let (adm, key) = (app.token("adm").await, app.api_token("A").await);
    let below = app.token("cad").await;
    let beside = app.token("bad").await;
    disable_account(&app, "A").await;
    for token in [&adm, &key, &below] {
        probe(&app, token).await.assert_locked("disabled");
    }
    probe(&app, &beside).await.assert_status(200);
    let change = AccountChange {
        enabled: Some(true),
        ..AccountChange::default()
    };
    change_account(&app, "A", change).await;
    for token in [&adm, &key, &below] {
        probe(&app, token).await.assert_status(200);
    }
}

#[tokio::test]
async fn cb_k25_a_users_secret_is_reset() {
    let app = App::start().await;
    let (adm, usr) = (app.token("adm").await, app.token("usr").await);
    let path = format!("{}/auth", app.user_path("adm"));
    let reply = act(&app, path, "reset_signature_secret", &adm).await;
    reply.assert_status(201);
    assert!(reply.json().get("data").is_none());
    probe(&app, &adm).await.assert_401std();
    probe(&app, &usr).await.assert_status(200);
    let fresh = app.token("adm").await;
    probe(&app, &fresh).await.assert_status(200);
}

#[tokio::test]
async fn cb_k26_an_accounts_secret_is_reset() {
    let app = App::start().await;
    let (adm, key) = (app.token("adm").await, app.api_token("A").await);
    let path = format!("{}/auth", app.account_path("A"));
    let reply = act(&app, path, "reset_signature_secret", &adm).await;
    reply.assert_status(201);
    assert!(reply.json().get("data").is_none());
    probe(&app, &key).await.assert_401std();
    probe(&app, &adm).await.assert_status(200);
    let fresh = app.api_token("A").await;
    probe(&app, &fresh).await.assert_status(200);
}

#[tokio::test]
async fn cb_k27_the_systems_secret_is_reset() {
    let app = App::start().await;
    let earlier = [
        app.token("mad").await,
        app.token("adm").await,
        app.api_token("A").await,
    ];
    let basic = app.basic("A", "adm:pw-adm");
    let reply = act(&app, "/v2/auth", "reset_signature_secret", &earlier[0]).await;
    reply.assert_status(201);
    assert!(reply.json().get("data").is_none());
    for token in &earlier {
        probe(&app, token).await.assert_401std();
    }
    for fresh in [app.token("adm").await, app.api_token("A").await] {
        probe(&app, &fresh).await.assert_status(200);
    }
    let call = app.call("GET", "/v2/token_auth").authorization(&basic);
    call.send().await.assert_status(200);
}

#[tokio::test]
async fn cb_k28_the_signing_key_is_reset() {
    let app = App::start().await;
    let earlier = [
        app.token("mad").await,
        app.token("adm").await,
        app.api_token("A").await,
    ];
    let kid = part(&earlier[0], 0)["kid"].as_str().unwrap().to_owned();
    let path = format!("/v2/auth/keys/{kid}");
    let reply = act(&app, path, "reset_private_key", &earlier[0]).await;
    reply.assert_status(201);
    assert!(reply.json().get("data").is_none());
    for token in &earlier {
        probe(&app, token).await.assert_401std();
    }
    let fresh = app.token("mad").await;
    probe(&app, &fresh).await.assert_status(200);
    let new = part(&fresh, 0)["kid"].clone();
    assert_ne!(new, kid.as_str());
    let keys = app.get("/v2/auth/keys", &fresh).await;
    assert_eq!(keys.at("/data"), json!([new]));
}

#[tokio::test]
async fn sessions_of_an_account_are_ended_by_the_operator() {
    let app = App::start().await;
    let (adm, key) = (app.token("adm").await, app.api_token("A").await);
    let below = app.token("cad").await;
    let id = app.account("A").id;
    app.engine.end_sessions(operator(), id).await.unwrap();
    probe(&app, &adm).await.assert_401std();
    probe(&app, &key).await.assert_401std();
    probe(&app, &below).await.assert_status(200);
    let fresh = app.token("adm").await;
    probe(&app, &fresh).await.assert_status(200);
}

#[tokio::test]
async fn a_new_level_ends_nothing() {
    let app = App::start().await;
    let adm = app.token("adm").await;
    let change = UserChange {
        level: Some(Level::User),
        ..UserChange::default()
    };
    change_user(&app, "adm", change).await;
    probe(&app, &adm).await.assert_status(200);
}
