//! Group U, first half: signing in that works, and its reply.

use doorward_core::user::Level;
use doorward_engine::admin::{NewAccount, UserChange};
use serde_json::{Value, json};

use crate::support::{
    add_user, assert_is, change_user, claims, md5_credentials, part, sha1_credentials,
};
use doorward_testkit::{App, Reply, SHARED_NAMES, operator};

fn adm() -> String {
    md5_credentials("adm", "pw-adm")
}

async fn put(app: &App, data: Value) -> Reply {
    app.put_user_auth(data).await
}

fn assert_is_adm(app: &App, reply: &Reply) {
    reply.assert_status(201);
    assert_is(app, reply, "adm");
}

#[tokio::test]
async fn cb_u01_md5_and_account_name_give_a_token() {
    let app = App::start().await;
    let reply = put(
        &app,
        json!({"credentials": adm(), "account_name": "Acme Phones"}),
    )
    .await;
    assert_is_adm(&app, &reply);
    let token = reply.auth_token();
    app.get("/v2/token_auth", &token).await.assert_status(200);
    for header in ["location", "etag"] {
        assert!(!reply.headers.contains_key(header));
    }
    assert!(reply.json().get("revision").is_none());
}

#[tokio::test]
async fn cb_u02_account_names_are_normalised() {
    let app = App::start().await;
    for name in [
        "acme phones",
        "ACMEPHONES",
        "acme-phones",
        " A c m e_Phones! ",
    ] {
        let reply = put(&app, json!({"credentials": adm(), "account_name": name})).await;
        assert_is_adm(&app, &reply);
    }
}

#[tokio::test]
async fn cb_u03_a_realm_names_the_account() {
    let app = App::start().await;
    for (key, realm) in [
        ("account_realm", "a.example"),
        ("realm", "a.example"),
        ("realm", "A.EXAMPLE"),
        ("account_realm", "A.Example"),
    ] {
        let reply = put(&app, json!({"credentials": adm(), key: realm})).await;
        assert_is_adm(&app, &reply);
    }
}

async fn assign_phone(app: &App) {
    let id = app.account("A").id;
    let assigned = app.engine.assign_phone(operator(), id, "+14155550100");
    assert_eq!(assigned.await.unwrap(), "+14155550100");
}

#[tokio::test]
async fn cb_u04_a_phone_number_names_the_account() {
    let app = App::start().await;
    assign_phone(&app).await;
    for number in ["+14155550100", "14155550100", "4155550100"] {
        let reply = put(&app, json!({"credentials": adm(), "phone_number": number})).await;
        assert_is_adm(&app, &reply);
    }
}

#[tokio::test]
async fn cb_u05_an_unknown_number_falls_through() {
    let app = App::start().await;
    assign_phone(&app).await;
    let data = json!({"credentials": adm(), "phone_number": "+14155550199", "account_name": "Acme Phones"});
    assert_is_adm(&app, &put(&app, data).await);
    let data = json!({"credentials": adm(), "phone_number": "+14155550199", "account_realm": "none.example", "account_name": "Acme Phones"});
    assert_is_adm(&app, &put(&app, data).await);
}

#[tokio::test]
async fn cb_u06_the_realm_goes_before_the_name() {
    let app = App::start().await;
    let data =
        json!({"credentials": adm(), "account_realm": "a.example", "account_name": "Beta Phones"});
    assert_is_adm(&app, &put(&app, data).await);
    let data =
        json!({"credentials": adm(), "account_realm": "b.example", "account_name": "Acme Phones"});
    put(&app, data).await.assert_401std();
}

#[tokio::test]
async fn cb_u11_usernames_are_stored_in_lower_case() {
    let app = App::start().await;
    let id = app.account("A").id;
    let user = add_user(&app, id, "Adm2", Level::User).await;
    assert_eq!(user.username.as_deref(), Some("adm2"));
    let reply = app.sign_in("Acme Phones", "adm2", "pw-Adm2").await;
    reply.assert_status(201);
    let reply = app.sign_in("Acme Phones", "Adm2", "pw-Adm2").await;
    reply.assert_401std();
}

#[tokio::test]
async fn cb_u13_sha_is_sha1() {
    let app = App::start().await;
    let sha1 = sha1_credentials("adm", "pw-adm");
    let data = json!({"credentials": sha1, "method": "sha", "account_name": "Acme Phones"});
    assert_is_adm(&app, &put(&app, data).await);
}

#[tokio::test]
async fn cb_u14_sha1_is_another_word_for_it() {
    let app = App::start().await;
    let sha1 = sha1_credentials("adm", "pw-adm");
    let data = json!({"credentials": sha1, "method": "sha1", "account_name": "Acme Phones"});
    assert_is_adm(&app, &put(&app, data).await);
    let data = json!({"credentials": adm(), "method": "md5", "account_name": "Acme Phones"});
    assert_is_adm(&app, &put(&app, data).await);
}

#[tokio::test]
async fn cb_u17_a_method_beside_data_is_ignored() {
    let app = App::start().await;
    for method in ["sha", "sha256"] {
        let data = json!({"credentials": adm(), "account_name": "Acme Phones"});
        let call = app.call("PUT", "/v2/user_auth");
        let reply = call
            .json(&json!({"data": data, "method": method}))
            .send()
            .await;
        assert_is_adm(&app, &reply);
    }
}

#[tokio::test]
async fn cb_u23_further_members_do_not_matter() {
    let app = App::start().await;
    let data = json!({
        "credentials": adm(), "account_name": "Acme Phones",
        "ui_metadata": {"version": "4.3", "ui": "monster-ui", "origin": "common"},
        "restrictions": {"get": ["#"]},
    });
    assert_is_adm(&app, &put(&app, data).await);
}

#[tokio::test]
async fn cb_u29_accounts_of_one_name_are_tried_in_turn() {
    let app = App::with(|settings, _| settings.names = SHARED_NAMES).await;
    let new = NewAccount {
        name: "acme-phones".to_owned(),
        realm: Some("a2.example".to_owned()),
        parent: Some(app.account("R").id),
        ..NewAccount::default()
    };
    let second = app.engine.create_account(operator(), new).await.unwrap();
    let user = add_user(&app, second.id, "zed", Level::User).await;
    let reply = app.sign_in("Acme Phones", "zed", "pw-zed").await;
    reply.assert_status(201);
    assert_eq!(reply.at("/data/account_id"), second.id.to_string());
    assert_eq!(reply.at("/data/owner_id"), user.id.to_string());
    let reply = app.sign_in("Acme Phones", "adm", "pw-adm").await;
    assert_is_adm(&app, &reply);
}

#[tokio::test]
async fn cb_u30_a_forced_password_change_does_not_block() {
    let app = App::start().await;
    let mut document = app.user("usr").document.clone();
    document.insert("require_password_update".to_owned(), json!(true));
    let change = UserChange {
        document: Some(document),
        ..UserChange::default()
    };
    change_user(&app, "usr", change).await;
    let token = app.token("usr").await;
    let reply = app.get(app.user_path("usr"), &token).await;
    reply.assert_status(200);
    assert_eq!(reply.at("/data/require_password_update"), true);
}

#[tokio::test]
async fn cb_u32_the_reply_describes_the_account() {
    let app = App::start().await;
    let reply = put(
        &app,
        json!({"credentials": adm(), "account_name": "Acme Phones"}),
    )
    .await;
    assert_is_adm(&app, &reply);
    let data = reply.at("/data");
    assert_eq!(data["reseller_id"], app.account("R").id.to_string());
    assert_eq!(data["is_reseller"], false);
    assert_eq!(data["is_master_account"], false);
    assert_eq!(data["language"], "en-US");
    assert_eq!(data["account_name"], "Acme Phones");
    assert!(data["apps"].is_array(), "{data}");
    assert!(data["capabilities"].is_object(), "{data}");
    let reply = app.sign_in("Master", "mad", "pw-mad").await;
    assert_eq!(reply.at("/data/is_master_account"), true);
    assert_eq!(reply.at("/data/is_reseller"), true);
    assert_eq!(
        reply.at("/data/reseller_id"),
        app.account("M").id.to_string()
    );
}

#[tokio::test]
async fn cb_u33_the_token_is_a_jwt() {
    let app = App::start().await;
    let token = app.token("adm").await;
    assert_eq!(token.split('.').count(), 3);
    assert!(part(&token, 0).is_object());
    let claims = claims(&token);
    assert_eq!(claims["account_id"], app.account("A").id.to_string());
    assert!(claims["exp"].is_i64(), "{claims}");
}

#[tokio::test]
async fn cb_u34_a_token_asks_about_itself() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let reply = app.get(format!("/v2/user_auth/{token}"), &token).await;
    reply.assert_status(200);
    assert_is(&app, &reply, "adm");
}

#[tokio::test]
async fn cb_u35_a_token_does_not_ask_about_another() {
    let app = App::start().await;
    let (first, second) = (app.token("adm").await, app.token("usr").await);
    let reply = app.get(format!("/v2/user_auth/{first}"), &second).await;
    reply.assert_401std();
}
