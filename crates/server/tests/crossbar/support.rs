//! What several groups need.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward_engine::admin::{AccountChange, NewUser, UserChange};
use doorward_testkit::{App, Reply, operator};
use serde_json::Value;

pub(crate) use doorward_core::digest::{md5_credentials, sha1_credentials};

/// One part of a JWT, decoded.
pub(crate) fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// The claims of a JWT, unchecked.
pub(crate) fn claims(token: &str) -> Value {
    part(token, 1)
}

/// `GET /v2/token_auth`.
pub(crate) async fn probe(app: &App, token: &str) -> Reply {
    app.get("/v2/token_auth", token).await
}

/// Asserts that a reply is about this user of the fixture, in its account.
#[track_caller]
pub(crate) fn assert_is(app: &App, reply: &Reply, name: &str) {
    let user = app.user(name);
    assert_eq!(reply.at("/data/account_id"), user.account.to_string());
    assert_eq!(reply.at("/data/owner_id"), user.id.to_string());
}

/// `PUT` with an action in `data`.
pub(crate) async fn act(app: &App, path: impl AsRef<str>, action: &str, token: &str) -> Reply {
    app.call("PUT", path)
        .token(token)
        .json(&serde_json::json!({"data": {"action": action}}))
        .send()
        .await
}

/// A call with a token and this `data`.
pub(crate) async fn send(
    app: &App,
    method: &str,
    path: impl AsRef<str>,
    token: &str,
    data: Value,
) -> Reply {
    app.call(method, path)
        .token(token)
        .json(&serde_json::json!({ "data": data }))
        .send()
        .await
}

/// Changes an account of the fixture.
pub(crate) async fn change_account(app: &App, name: &str, change: AccountChange) {
    let id = app.account(name).id;
    app.engine
        .change_account(operator(), id, change)
        .await
        .unwrap();
}

/// Switches an account of the fixture off.
pub(crate) async fn disable_account(app: &App, name: &str) {
    let change = AccountChange {
        enabled: Some(false),
        ..AccountChange::default()
    };
    change_account(app, name, change).await;
}

/// Lets the trial of an account of the fixture end a second ago.
pub(crate) async fn expire_account(app: &App, name: &str) {
    let ended = doorward_core::time::Timestamp::from_unix(app.now().unix() - 1);
    let change = AccountChange {
        trial_ends: Some(Some(ended)),
        ..AccountChange::default()
    };
    change_account(app, name, change).await;
}

/// Changes a user of the fixture.
pub(crate) async fn change_user(app: &App, name: &str, change: UserChange) {
    let user = app.user(name);
    app.engine
        .change_user(operator(), user.account, user.id, change)
        .await
        .unwrap();
}

/// Changes a user's password.
pub(crate) async fn change_password(app: &App, name: &str, password: &str) {
    let change = UserChange {
        password: Some(password.into()),
        ..UserChange::default()
    };
    change_user(app, name, change).await;
}

/// Switches a user of the fixture off or on.
pub(crate) async fn enable_user(app: &App, name: &str, enabled: bool) {
    let change = UserChange {
        enabled: Some(enabled),
        ..UserChange::default()
    };
    change_user(app, name, change).await;
}

/// Deletes a user of the fixture.
pub(crate) async fn delete_user(app: &App, name: &str) {
    let user = app.user(name);
    app.engine
        .delete_user(operator(), user.account, user.id)
        .await
        .unwrap();
}

/// Adds a user with this name and the password `pw-` and its name.
pub(crate) async fn add_user(
    app: &App,
    account: doorward_core::id::AccountId,
    username: &str,
    level: doorward_core::user::Level,
) -> doorward_core::user::User {
    let document = serde_json::json!({"first_name": "First", "last_name": "Last"});
    let new = NewUser {
        account,
        username: Some(username.to_owned()),
        password: Some(format!("pw-{username}").into()),
        level,
        enabled: true,
        document: document.as_object().cloned().unwrap(),
    };
    app.engine.create_user(operator(), new).await.unwrap()
}

/// The reply without what differs from call to call.
pub(crate) fn comparable(reply: &Reply) -> (u16, Value, Vec<(String, String)>) {
    let mut body = reply.json();
    for member in ["request_id", "timestamp"] {
        body[member] = Value::Null;
    }
    let mut headers: Vec<_> = reply
        .headers
        .iter()
        .filter(|(name, _)| *name != "x-request-id" && *name != "date")
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    headers.sort();
    (reply.status, body, headers)
}

/// One member of each item of a list.
pub(crate) fn column(reply: &Reply, key: &str) -> Vec<String> {
    let data = reply.at("/data");
    let items = data.as_array().unwrap().iter();
    items
        .map(|item| item[key].as_str().unwrap_or("-").to_owned())
        .collect()
}
