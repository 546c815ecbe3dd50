//! Moving accounts, and resellers (group D, row 15; group Z, row 17).

use doorward_testkit::{App, Reply};
use serde_json::{Value, json};

async fn move_to(app: &App, name: &str, data: Value, token: &str) -> Reply {
    app.call("POST", format!("{}/move", app.account_path(name)))
        .token(token)
        .json(&json!({"data": data}))
        .send()
        .await
}

async fn reseller(app: &App, method: &str, name: &str, token: &str) -> Reply {
    let path = format!("{}/reseller", app.account_path(name));
    let call = app.call(method, path).token(token);
    if method == "PUT" {
        call.json(&json!({"data": {}})).send().await
    } else {
        call.send().await
    }
}

#[tokio::test]
async fn cb_d15_moves_that_are_refused() {
    let app = App::start().await;
    let (mad, adm) = (app.token("mad").await, app.token("adm").await);
    let id = |name: &str| json!({"to": app.account(name).id});
    let reply = move_to(&app, "A", json!({}), &mad).await;
    reply.assert_invalid("to", "required");
    assert_eq!(
        reply.at("/data/to/required/message"),
        "Field 'to' is required"
    );
    for below in ["A", "C"] {
        move_to(&app, "A", id(below), &mad).await.assert_403();
    }
    move_to(&app, "M", id("A"), &mad).await.assert_403();
    move_to(&app, "C", id("A"), &adm).await.assert_403();
    move_to(&app, "C", json!({}), &adm).await.assert_403();
    move_to(&app, "A", id("B"), &app.token("mus").await)
        .await
        .assert_403();
    for nobody in ["f".repeat(32), "x".to_owned()] {
        let reply = move_to(&app, "A", json!({"to": nobody}), &mad).await;
        reply.assert_error(404, "bad_identifier");
        assert_eq!(reply.at("/data/cause"), nobody);
    }
    let tree = format!("{}/tree", app.account_path("C"));
    let above = app.get(&tree, &mad).await.at("/data/2/id");
    assert_eq!(above, app.account("A").id.to_string());
}

#[tokio::test]
async fn the_system_owner_moves_an_account() {
    let app = App::start().await;
    let (mad, bad) = (app.token("mad").await, app.token("bad").await);
    let to = json!({"to": app.account("B").id});
    let reply = move_to(&app, "A", to, &mad).await;
    reply.assert_status(200);
    assert_eq!(reply.at("/data/id"), app.account("A").id.to_string());
    let reply = app.get(app.account_path("C"), &bad).await;
    reply.assert_status(200);
}

#[tokio::test]
async fn cb_z17_the_reseller_flag_is_the_system_owners() {
    let app = App::start().await;
    for user in ["adm", "usr", "cad"] {
        let token = app.token(user).await;
        for method in ["PUT", "DELETE"] {
            reseller(&app, method, "C", &token).await.assert_403();
        }
    }
    let key = app.api_token("A").await;
    reseller(&app, "PUT", "C", &key).await.assert_403();
    let path = app.account_path("C");
    let reply = app.get(path, &app.token("mad").await).await;
    assert_eq!(reply.at("/data/is_reseller"), false);
}

#[tokio::test]
async fn the_system_owner_makes_resellers_from_below() {
    let app = App::start().await;
    let token = app.token("mad").await;
    let c = app.account("C");
    let reply = reseller(&app, "PUT", "A", &token).await;
    reply.assert_status(201);
    assert_eq!(reply.at("/data/is_reseller"), true);
    let reply = app.get(app.account_path("C"), &token).await;
    assert_eq!(
        reply.at("/data/reseller_id"),
        app.account("A").id.to_string()
    );
    for method in ["PUT", "DELETE"] {
        let reply = reseller(&app, method, "R", &token).await;
        reply.assert_error(500, "account_has_descendants");
        reseller(&app, method, "M", &token).await.assert_403();
    }
    let reply = reseller(&app, "DELETE", "A", &token).await;
    reply.assert_status(200);
    assert_eq!(reply.at("/data/is_reseller"), false);
    let reply = app.get(app.account_path("C"), &token).await;
    assert_eq!(
        reply.at("/data/reseller_id"),
        app.account("R").id.to_string()
    );
    assert_eq!(reply.at("/data/id"), c.id.to_string());
}
