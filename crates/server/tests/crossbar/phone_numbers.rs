//! Phone numbers: the five calls of crossbar.md section 12.6.

use serde_json::json;

use crate::support::{md5_credentials, send};
use doorward_testkit::{App, Reply, operator};

const NUMBER: &str = "+14155550100";

fn path(app: &App, account: &str, rest: &str) -> String {
    format!("{}/phone_numbers{rest}", app.account_path(account))
}

async fn put(app: &App, account: &str, rest: &str, token: &str) -> Reply {
    send(app, "PUT", path(app, account, rest), token, json!({})).await
}

#[tokio::test]
async fn a_number_is_assigned_read_activated_and_released() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let reply = put(&app, "A", "/%2B14155550100", &token).await;
    assert_eq!(reply.assert_status(201).at("/data/id"), NUMBER);
    let again = put(&app, "A", "/4155550100", &token).await;
    assert_eq!(again.assert_status(201).at("/data/id"), NUMBER);
    let list = app.get(path(&app, "A", ""), &token).await;
    list.assert_status(200);
    let numbers = json!({NUMBER: {"state": "in_service"}});
    assert_eq!(list.at("/data/numbers"), numbers);
    let one = path(&app, "A", "/+14155550100");
    let read = app.get(&one, &token).await;
    assert_eq!(read.assert_status(200).at("/data/state"), "in_service");
    let active = put(&app, "A", "/+14155550100/activate", &token).await;
    assert_eq!(active.assert_status(201).at("/data/id"), NUMBER);

    let credentials = md5_credentials("adm", "pw-adm");
    let data = json!({"credentials": credentials, "phone_number": "4155550100"});
    let signed_in = app.put_user_auth(data.clone()).await;
    signed_in.assert_status(201);

    let released = app.call("DELETE", &one).token(&token).send().await;
    assert_eq!(released.assert_status(200).at("/data/id"), NUMBER);
    app.get(&one, &token)
        .await
        .assert_error(404, "bad_identifier");
    let again = app.call("DELETE", &one).token(&token).send().await;
    again.assert_error(404, "bad_identifier");
    let list = app.get(path(&app, "A", ""), &token).await;
    assert_eq!(list.at("/data/numbers"), json!({}));
    app.put_user_auth(data).await.assert_401std();
}

#[tokio::test]
async fn a_number_of_another_account_is_taken_and_not_there() {
    let app = App::start().await;
    let (adm, bad) = (app.token("adm").await, app.token("bad").await);
    put(&app, "B", "/+14155550100", &bad)
        .await
        .assert_status(201);
    let reply = put(&app, "A", "/+14155550100", &adm).await;
    reply.assert_invalid("phone_number", "unique");
    let one = path(&app, "A", "/+14155550100");
    app.get(&one, &adm)
        .await
        .assert_error(404, "bad_identifier");
    let reply = app.call("DELETE", &one).token(&adm).send().await;
    reply.assert_error(404, "bad_identifier");
    let reply = put(&app, "A", "/+14155550100/activate", &adm).await;
    reply.assert_error(404, "bad_identifier");
    let read = app.get(path(&app, "B", "/+14155550100"), &bad).await;
    read.assert_status(200);
}

#[tokio::test]
async fn what_is_no_number_is_not_assigned() {
    let app = App::start().await;
    let token = app.token("adm").await;
    for text in ["hello", "+12", "+1234567890123456"] {
        let reply = put(&app, "A", &format!("/{text}"), &token).await;
        reply.assert_invalid("phone_number", "wrong_format");
    }
}

#[tokio::test]
async fn users_read_numbers_and_admins_and_keys_write_them() {
    let app = App::start().await;
    let key = app.api_token("A").await;
    put(&app, "C", "/+14155550100", &key)
        .await
        .assert_status(201);
    let one = path(&app, "C", "/+14155550100");
    let usr = app.token("usr").await;
    app.get(&one, &usr).await.assert_status(200);
    app.get(path(&app, "C", ""), &usr).await.assert_status(200);
    put(&app, "A", "/+14155550101", &usr).await.assert_403();
    put(&app, "C", "/+14155550100/activate", &usr)
        .await
        .assert_403();
    let reply = app.call("DELETE", &one).token(&usr).send().await;
    reply.assert_403();
    let bad = app.token("bad").await;
    app.get(&one, &bad).await.assert_403();
    put(&app, "C", "/+14155550101", &bad).await.assert_403();
    app.call("GET", &one).send().await.assert_401std();
    let released = app.call("DELETE", &one).token(&key).send().await;
    released.assert_status(200);
}

/// Attack: numbers cost nothing, and all of an account's are shown at once.
#[tokio::test]
async fn more_numbers_than_are_shown_at_once_are_not_shown() {
    let app = App::start().await;
    let token = app.token("usr").await;
    let mut write = app.engine.store().write(operator()).await.unwrap();
    for n in 0..10_001 {
        let number = format!("+491{n:08}");
        write
            .assign_phone(app.account("A").id, &number)
            .await
            .unwrap();
    }
    write.commit().await.unwrap();
    let all = app.get(path(&app, "A", ""), &token).await;
    all.assert_error(416, "range not satisfiable");
    let one = app.get(path(&app, "A", "/+49100010000"), &token).await;
    one.assert_status(200);
}
