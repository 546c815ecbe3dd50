//! Groups D and Z: writing users.

use serde_json::{Value, json};

use crate::support::{disable_account, probe, send, sha1_credentials};
use doorward_testkit::{App, Reply};

fn users(app: &App, account: &str) -> String {
    format!("{}/users", app.account_path(account))
}

/// A user's `data` with names and these members.
fn named(members: &Value) -> Value {
    let mut data = json!({"first_name": "Bob", "last_name": "Builder"});
    for (key, value) in members.as_object().unwrap() {
        data[key] = value.clone();
    }
    data
}

/// `PUT users` in account A by its administrator.
async fn create(app: &App, members: Value) -> Reply {
    let token = app.token("adm").await;
    send(app, "PUT", users(app, "A"), &token, named(&members)).await
}

/// The path of what a reply created.
fn location(reply: &Reply) -> String {
    reply.header("location").unwrap().to_owned()
}

async fn signs_in(app: &App, account: &str, username: &str, password: &str) -> bool {
    let name = &app.account(account).name;
    let reply = app.sign_in(name, username, password).await;
    assert!(matches!(reply.status, 201 | 401), "{}", reply.text());
    reply.status == 201
}

#[tokio::test]
async fn cb_e21_a_verb_in_the_body_deletes() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let call = app.call("POST", app.user_path("usr")).token(&token);
    let reply = call.json(&json!({"verb": "delete", "data": {}})).send();
    reply.await.assert_status(200);
    let reply = app.get(app.user_path("usr"), &token).await;
    reply.assert_error(404, "bad_identifier");
}

#[tokio::test]
async fn a_tunnelled_creation_is_200_without_location() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let body = json!({"verb": "PUT", "data": named(&json!({}))});
    let call = app.call("POST", users(&app, "A")).token(&token).json(&body);
    let reply = call.send().await;
    reply.assert_status(200);
    assert!(reply.header("location").is_none());
    // The same verb without the right to it is refused.
    let usr = app.token("usr").await;
    let call = app.call("POST", users(&app, "A")).token(&usr).json(&body);
    call.send().await.assert_403();
}

#[tokio::test]
async fn cb_e35_a_body_with_delete_does_not_matter() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let reply = send(&app, "DELETE", app.user_path("usr"), &token, json!({})).await;
    reply.assert_status(200);
}

#[tokio::test]
async fn cb_e41_private_keys_are_not_stored() {
    let app = App::start().await;
    let private = json!({"pvt_x": 1, "_x": 2, "pvt_md5_auth": "0"});
    let reply = create(&app, private.clone()).await;
    let path = location(reply.assert_status(201));
    let token = app.token("adm").await;
    send(&app, "PATCH", &path, &token, private)
        .await
        .assert_status(200);
    let data = app.get(&path, &token).await.at("/data");
    for key in ["pvt_x", "_x", "pvt_md5_auth"] {
        assert!(data.get(key).is_none(), "{data}");
    }
}

#[tokio::test]
async fn cb_t04_a_token_in_data_is_read_and_not_stored() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let data = named(&json!({"username": "usr", "auth_token": token}));
    let call = app.call("POST", app.user_path("usr"));
    let reply = call.json(&json!({ "data": data })).send().await;
    reply.assert_status(200);
    assert!(reply.at("/data").get("auth_token").is_none());
    let user = app.user("usr");
    let stored = app.stored_user(user.account, user.id).await.unwrap();
    assert!(!stored.document.contains_key("auth_token"));
}

#[tokio::test]
async fn cb_u31_a_user_changes_its_password() {
    let app = App::start().await;
    let token = app.token("usr").await;
    let data = json!({"password": "new one", "require_password_update": false});
    let reply = send(&app, "PATCH", app.user_path("usr"), &token, data).await;
    reply.assert_status(200);
    assert_eq!(reply.at("/data/require_password_update"), false);
    assert!(!reply.text().contains("new one"));
    assert!(signs_in(&app, "A", "usr", "new one").await);
    assert!(!signs_in(&app, "A", "usr", "pw-usr").await);
    probe(&app, &token).await.assert_401std();
}

#[tokio::test]
async fn cb_z10_a_user_does_not_promote_itself() {
    let app = App::start().await;
    let token = app.token("usr").await;
    for data in [json!({"priv_level": "admin"}), json!({"enabled": false})] {
        let reply = send(&app, "PATCH", app.user_path("usr"), &token, data.clone()).await;
        reply.assert_403();
        let data = named(&json!({"username": "usr", "priv_level": "admin"}));
        let reply = send(&app, "POST", app.user_path("usr"), &token, data).await;
        reply.assert_403();
    }
    let data = app.get(app.user_path("usr"), &token).await.at("/data");
    assert_eq!(data["priv_level"], "user");
    assert_eq!(data["enabled"], true);
    // What it read, it may send back.
    let reply = send(&app, "POST", app.user_path("usr"), &token, data).await;
    reply.assert_status(200);
}

#[tokio::test]
async fn cb_z11_a_user_edits_itself() {
    let app = App::start().await;
    let token = app.token("usr").await;
    let data = json!({"first_name": "Ursula"});
    let reply = send(&app, "PATCH", app.user_path("usr"), &token, data).await;
    reply.assert_status(200);
    assert_eq!(reply.at("/data/first_name"), "Ursula");
    assert_eq!(reply.at("/data/last_name"), "Example");
    assert_eq!(reply.at("/data/username"), "usr");
    let tag = reply.header("etag").unwrap().trim_matches('"');
    assert_eq!(reply.at("/revision"), tag);
}

#[tokio::test]
async fn cb_z12_a_token_of_an_api_key_creates_a_user() {
    let app = App::start().await;
    let token = app.api_token("A").await;
    let reply = send(&app, "PUT", users(&app, "A"), &token, named(&json!({}))).await;
    reply.assert_status(201);
}

#[tokio::test]
async fn cb_d17_a_user_is_created() {
    let app = App::start().await;
    let reply = create(&app, json!({"username": "Bob", "password": "pw-bob"})).await;
    reply.assert_status(201);
    let id = reply.at("/data/id").as_str().unwrap().to_owned();
    assert_eq!(reply.at("/data/username"), "bob");
    assert_eq!(reply.at("/data/priv_level"), "user");
    assert_eq!(reply.at("/data/enabled"), true);
    assert!(reply.at("/data").get("password").is_none());
    assert!(!reply.text().contains("pw-bob"));
    assert_eq!(location(&reply), format!("{}/{id}", users(&app, "A")));
    assert!(reply.at("/revision").is_string());
    assert!(signs_in(&app, "A", "bob", "pw-bob").await);
    let token = app.token("adm").await;
    let read = app.get(location(&reply), &token).await;
    assert_eq!(read.at("/data"), reply.at("/data"));
    assert_eq!(read.at("/revision"), reply.at("/revision"));
}

#[tokio::test]
async fn cb_d19_a_password_alone_gets_a_username() {
    let app = App::start().await;
    let reply = create(&app, json!({"password": "secret"})).await;
    reply.assert_status(201);
    let username = reply.at("/data/username").as_str().unwrap().to_owned();
    let digits = username.strip_prefix("user_").unwrap();
    assert_eq!(digits.len(), 16);
    assert!(digits.bytes().all(|b| b.is_ascii_hexdigit()));
    assert!(signs_in(&app, "A", &username, "secret").await);
}

#[tokio::test]
async fn cb_d21_a_username_is_free_in_another_account() {
    let app = App::start().await;
    let token = app.token("bad").await;
    let data = named(&json!({"username": "usr", "password": "other"}));
    let reply = send(&app, "PUT", users(&app, "B"), &token, data).await;
    reply.assert_status(201);
    assert!(signs_in(&app, "B", "usr", "other").await);
    assert!(!signs_in(&app, "A", "usr", "other").await);
}

#[tokio::test]
async fn cb_d25_a_disabled_user_is_out() {
    let app = App::start().await;
    let (adm, usr) = (app.token("adm").await, app.token("usr").await);
    let data = json!({"enabled": false});
    let reply = send(&app, "PATCH", app.user_path("usr"), &adm, data).await;
    reply.assert_status(200);
    assert_eq!(reply.at("/data/enabled"), false);
    assert!(!signs_in(&app, "A", "usr", "pw-usr").await);
    let basic = app.basic("A", "usr:pw-usr");
    let call = app.call("GET", app.account_path("A")).authorization(&basic);
    call.send().await.assert_401std();
    probe(&app, &usr).await.assert_401std();
    // A replacement that does not speak of it does not switch it on.
    let data = named(&json!({"username": "usr"}));
    let reply = send(&app, "POST", app.user_path("usr"), &adm, data).await;
    assert_eq!(reply.assert_status(200).at("/data/enabled"), false);
}

#[tokio::test]
async fn cb_d26_a_replacement_without_username_takes_the_password_away() {
    let app = App::start().await;
    let (adm, usr) = (app.token("adm").await, app.token("usr").await);
    let path = app.user_path("usr");
    let reply = send(&app, "POST", &path, &adm, named(&json!({}))).await;
    reply.assert_status(200);
    assert!(reply.at("/data").get("username").is_none());
    assert!(!signs_in(&app, "A", "usr", "pw-usr").await);
    probe(&app, &usr).await.assert_401std();
    // The old name does not bring the old password back.
    let data = json!({"username": "usr"});
    let reply = send(&app, "PATCH", &path, &adm, data).await;
    reply.assert_invalid("password", "required");
    let data = json!({"username": "usr", "password": "again"});
    let reply = send(&app, "PATCH", &path, &adm, data).await;
    reply.assert_status(200);
    assert!(signs_in(&app, "A", "usr", "again").await);
}

#[tokio::test]
async fn a_merge_without_username_keeps_the_password() {
    let app = App::start().await;
    let token = app.token("usr").await;
    let data = json!({"custom": {"a": 1, "b": {"c": 2}}});
    let path = app.user_path("usr");
    send(&app, "PATCH", &path, &token, data)
        .await
        .assert_status(200);
    let data = json!({"custom": {"a": null, "b": {"d": 3}}});
    let reply = send(&app, "PATCH", &path, &token, data).await;
    assert_eq!(reply.at("/data/custom"), json!({"b": {"c": 2, "d": 3}}));
    let same = json!({"password": "pw-usr"});
    send(&app, "PATCH", &path, &token, same)
        .await
        .assert_status(200);
    probe(&app, &token).await.assert_status(200);
    assert!(signs_in(&app, "A", "usr", "pw-usr").await);
    let renamed = json!({"username": "Ursula", "password": "pw-usr"});
    let reply = send(&app, "PATCH", &path, &token, renamed).await;
    assert_eq!(reply.assert_status(200).at("/data/username"), "ursula");
    probe(&app, &token).await.assert_401std();
    let credentials = sha1_credentials("ursula", "pw-usr");
    let name = &app.account("A").name;
    let data = json!({"credentials": credentials, "method": "sha", "account_name": name});
    app.put_user_auth(data).await.assert_status(201);
}

#[tokio::test]
async fn cb_d28_a_deleted_user_is_gone_and_its_name_free() {
    let app = App::start().await;
    let (adm, usr) = (app.token("adm").await, app.token("usr").await);
    let path = app.user_path("usr");
    let reply = app.call("DELETE", &path).token(&adm).send().await;
    reply.assert_status(200);
    assert_eq!(reply.at("/data/id"), app.user("usr").id.to_string());
    assert_eq!(reply.at("/data/_read_only/deleted"), true);
    let reply = app.get(&path, &adm).await;
    reply.assert_error(404, "bad_identifier");
    let again = app.call("DELETE", &path).token(&adm).send().await;
    again.assert_error(404, "bad_identifier");
    probe(&app, &usr).await.assert_401std();
    assert!(!signs_in(&app, "A", "usr", "pw-usr").await);
    let data = json!({"username": "usr", "password": "pw-2"});
    create(&app, data).await.assert_status(201);
    assert!(signs_in(&app, "A", "usr", "pw-2").await);
}

#[tokio::test]
async fn a_locked_account_is_administered_from_above() {
    let app = App::start().await;
    let mad = app.token("mad").await;
    disable_account(&app, "A").await;
    let data = json!({"first_name": "X"});
    let reply = send(&app, "PATCH", app.user_path("usr"), &mad, data).await;
    reply.assert_status(200);
}

#[tokio::test]
async fn merges_at_once_are_all_in_the_result() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let path = app.user_path("usr");
    let calls = (0..8).map(|n| {
        let data = json!({"custom": {format!("k{n}"): n}});
        send(&app, "PATCH", &path, &token, data)
    });
    for reply in futures_util::future::join_all(calls).await {
        reply.assert_status(200);
    }
    let custom = app.get(&path, &token).await.at("/data/custom");
    assert_eq!(custom.as_object().unwrap().len(), 8, "{custom}");
}

/// Attack: a user stores `verb: delete` in its own document; whoever reads that and posts it back, as clients do, deletes
/// the user.
#[tokio::test]
async fn a_verb_is_never_part_of_a_document() {
    let app = App::start().await;
    let (adm, usr) = (app.token("adm").await, app.token("usr").await);
    for (path, token) in [(app.user_path("usr"), &usr), (app.account_path("A"), &adm)] {
        let reply = send(
            &app,
            "PATCH",
            &path,
            token,
            json!({"verb": "delete", "note": "n"}),
        )
        .await;
        reply.assert_status(200);
        let shown = app.get(&path, &adm).await;
        assert_eq!(shown.at("/data/note"), "n");
        let reply = send(&app, "POST", &path, &adm, shown.at("/data")).await;
        reply.assert_status(200);
        assert_eq!(reply.at("/data/_read_only"), Value::Null);
        app.get(&path, &adm).await.assert_status(200);
    }
}

/// A credential beside the other members is one, and nothing that everybody in the account may read afterwards.
#[tokio::test]
async fn a_credential_in_data_is_never_part_of_a_document() {
    let app = App::start().await;
    let token = app.token("adm").await;
    for path in [app.user_path("usr"), app.account_path("A")] {
        for (key, value) in [
            ("authorization", format!("Bearer {token}")),
            ("auth_token", token.clone()),
        ] {
            let body = json!({"data": {key: value, "note": key}});
            let reply = app.call("PATCH", &path).json(&body).send().await;
            reply.assert_status(200);
            let shown = app.get(&path, &token).await.at("/data");
            assert_eq!(shown["note"], key);
            assert!(!shown.to_string().contains(&token), "{key}");
        }
    }
}
