//! Groups D and Z: users that are not written, and what is said of it.

use serde_json::{Value, json};

use crate::support::send;
use doorward_core::right::UserLevel;
use doorward_testkit::{App, Reply};

/// `PUT users` in account A by its administrator, with these members instead of good ones.
async fn refused(members: Value) -> Reply {
    let app = App::start().await;
    let token = app.token("adm").await;
    let mut data = json!({"first_name": "Bob", "last_name": "Builder"});
    for (key, value) in members.as_object().unwrap() {
        data[key] = value.clone();
    }
    let data = data.as_object().unwrap().clone();
    let data = data.into_iter().filter(|(_, value)| !value.is_null());
    let path = format!("{}/users", app.account_path("A"));
    send(&app, "PUT", path, &token, data.collect()).await
}

#[tokio::test]
async fn cb_d16_a_last_name_is_required() {
    let reply = refused(json!({"last_name": null})).await;
    reply.assert_invalid("last_name", "required");
    assert!(reply.at("/data/first_name").is_null());
}

#[tokio::test]
async fn cb_d18_a_username_needs_a_password() {
    for password in [Value::Null, json!("")] {
        let reply = refused(json!({"username": "bob", "password": password})).await;
        reply.assert_invalid("password", "required");
        assert_eq!(
            reply.at("/data/password/required/message"),
            "The password must be provided when creating / updating the user name"
        );
        assert_eq!(reply.at("/data/password/required/cause"), "bob");
    }
}

#[tokio::test]
async fn cb_d20_a_username_is_taken_in_any_case() {
    let reply = refused(json!({"username": "USR", "password": "s3cr3t"})).await;
    reply.assert_invalid("username", "unique");
    let message = "Username must be unique within account";
    assert_eq!(reply.at("/data/username/unique/message"), message);
    assert!(!reply.text().contains("s3cr3t"));
}

#[tokio::test]
async fn cb_d22_a_username_has_a_pattern() {
    let reply = refused(json!({"username": "bad name!", "password": "p"})).await;
    reply.assert_invalid("username", "pattern");
}

#[tokio::test]
async fn cb_d23_a_mail_address_has_a_form() {
    let reply = refused(json!({"email": "x"})).await;
    reply.assert_invalid("email", "minLength");
    let reply = refused(json!({"email": "nobody"})).await;
    reply.assert_invalid("email", "wrong_format");
}

#[tokio::test]
async fn cb_d24_there_are_two_levels() {
    let reply = refused(json!({"priv_level": "root"})).await;
    reply.assert_invalid("priv_level", "enum");
    let known = reply.at("/data/priv_level/enum/target");
    assert_eq!(known, json!(["user", "admin"]));
}

#[tokio::test]
async fn cb_d27_a_new_username_needs_a_password() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let data = json!({"username": "other"});
    let reply = send(&app, "PATCH", app.user_path("usr"), &token, data).await;
    reply.assert_invalid("password", "required");
    assert_eq!(reply.at("/data/password/required/cause"), "other");
    let name = &app.account("A").name;
    app.sign_in(name, "usr", "pw-usr").await.assert_status(201);
}

#[tokio::test]
async fn a_password_is_refused_never_cut_and_never_repeated() {
    for password in ["s3cr3t\n".to_owned(), "s3cr3t".repeat(200)] {
        let reply = refused(json!({"username": "bob", "password": password})).await;
        reply.assert_error(400, "validation error");
        assert!(reply.at("/data/password").is_object());
        assert!(!reply.text().contains("s3cr3t"));
    }
}

#[tokio::test]
async fn a_document_does_not_grow_without_end() {
    let app = App::start().await;
    let token = app.token("usr").await;
    for (key, status) in [("a", 200), ("b", 413)] {
        let data = json!({key: "x".repeat(150_000)});
        let reply = send(&app, "PATCH", app.user_path("usr"), &token, data).await;
        reply.assert_status(status);
    }
}

#[tokio::test]
async fn a_user_that_is_not_there_is_not_written() {
    let app = App::start().await;
    let token = app.token("adm").await;
    for id in [
        "0".repeat(32),
        "x".to_owned(),
        app.user("cad").id.to_string(),
    ] {
        let path = format!("{}/users/{id}", app.account_path("A"));
        for method in ["POST", "PATCH", "DELETE"] {
            let data = json!({"first_name": "A", "last_name": "B"});
            let reply = send(&app, method, &path, &token, data).await;
            reply.assert_error(404, "bad_identifier");
        }
    }
    let path = app.user_path("usr");
    let reply = send(&app, "PUT", path, &token, json!({})).await;
    reply.assert_error(405, "invalid_method");
}

/// What callers of A, its own user apart, may do about `usr`, and about A's users.
async fn statuses(app: &App, token: &str) -> [u16; 4] {
    let users = format!("{}/users", app.account_path("A"));
    let path = app.user_path("usr");
    let names = json!({"first_name": "A", "last_name": "B"});
    let mut replaced = names.clone();
    replaced["username"] = json!("usr");
    [
        send(app, "PUT", users, token, names).await.status,
        send(app, "POST", &path, token, replaced).await.status,
        send(app, "PATCH", &path, token, json!({})).await.status,
        send(app, "DELETE", &path, token, json!({})).await.status,
    ]
}

#[tokio::test]
async fn users_are_written_by_who_may() {
    let app = App::start().await;
    for caller in ["bad", "cad", "mus"] {
        let token = app.token(caller).await;
        assert_eq!(statuses(&app, &token).await, [403; 4], "{caller}");
    }
    let token = app.token("usr").await;
    assert_eq!(statuses(&app, &token).await, [403, 200, 200, 403]);
    let sibling = app.api_token("B").await;
    assert_eq!(statuses(&app, &sibling).await, [403; 4]);
    for owner in ["A", "R", "M"] {
        let app = App::start().await;
        let token = app.api_token(owner).await;
        assert_eq!(
            statuses(&app, &token).await,
            [201, 200, 200, 200],
            "{owner}"
        );
    }
    let call = app.call("DELETE", app.user_path("usr")).send().await;
    call.assert_401std();
    // Of its account, a user writes itself only.
    let token = app.token("usr").await;
    let reply = send(&app, "PATCH", app.user_path("adm"), &token, json!({})).await;
    reply.assert_403();
}

#[tokio::test]
async fn kazoos_users_write_each_other() {
    let app = App::with(|settings, _| settings.user_level = UserLevel::Kazoo).await;
    let token = app.token("usr").await;
    let data = json!({"priv_level": "admin"});
    let reply = send(&app, "PATCH", app.user_path("usr"), &token, data).await;
    reply.assert_status(200);
    let reply = send(&app, "PATCH", app.user_path("adm"), &token, json!({})).await;
    reply.assert_status(200);
}
