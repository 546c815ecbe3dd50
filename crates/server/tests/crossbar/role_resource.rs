//! Roles over the wire: an account's own, and which ones somebody has.

use doorward_core::right::UserLevel;
use doorward_testkit::{App, Reply};
use serde_json::{Value, json};

use crate::support::{column, disable_account, send};

fn role_path(app: &App, name: &str) -> String {
    format!("{}/roles/{name}", app.account_path("A"))
}

fn roles_path(app: &App, user: &str) -> String {
    format!("{}/roles", app.user_path(user))
}

async fn give(app: &App, user: &str, token: &str, roles: Value) -> Reply {
    let data = json!({ "roles": roles });
    send(app, "PUT", roles_path(app, user), token, data).await
}

#[tokio::test]
async fn an_account_keeps_roles_of_its_own() {
    for app in App::on_both().await {
        let token = app.token("adm").await;
        let path = role_path(&app, "news");
        let put = async |data| send(&app, "PUT", &path, &token, data).await;
        let data = json!({"permissions": ["push.write", "push.read"], "resources": ["news"]});
        let reply = put(data).await;
        let written = json!({
            "id": "news", "permissions": ["push.read", "push.write"], "resources": ["news"],
            "everything": false, "shipped": false,
        });
        assert_eq!(reply.assert_status(201).at("/data"), written);
        assert_eq!(app.get(&path, &token).await.at("/data"), written);

        let listed = app
            .get(format!("{}/roles", app.account_path("A")), &token)
            .await;
        listed.assert_status(200);
        let names = ["super-user", "push-only", "search-only", "news"];
        assert_eq!(column(&listed, "id"), names);
        assert_eq!(listed.at("/page_size"), 4);
        assert_eq!(listed.at("/data/3"), written);
        let everything = json!({
            "id": "super-user", "permissions": [], "resources": null, "everything": true,
            "shipped": true,
        });
        assert_eq!(listed.at("/data/0"), everything);

        // What is said anew is all that is left of it.
        let reply = put(json!({"permissions": ["search.read"]})).await;
        assert_eq!(reply.at("/data/permissions"), json!(["search.read"]));
        assert_eq!(reply.at("/data/resources"), Value::Null);
        put(json!({"everything": true})).await.assert_status(201);
        assert_eq!(app.get(&path, &token).await.at("/data/everything"), true);

        let gone = app.call("DELETE", &path).token(&token).send().await;
        assert_eq!(gone.assert_status(200).at("/data/id"), "news");
        assert_eq!(gone.at("/data/_read_only"), json!({"deleted": true}));
        for method in ["GET", "DELETE"] {
            let again = app.call(method, &path).token(&token).send().await;
            again.assert_error(404, "bad_identifier");
        }
    }
}

#[tokio::test]
async fn a_role_that_cannot_be_is_refused() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let put = async |name, data| send(&app, "PUT", role_path(&app, name), &token, data).await;
    let shipped = put("push-only", json!({"permissions": []})).await;
    shipped.assert_error(403, "forbidden");
    let path = role_path(&app, "super-user");
    let shipped = app.call("DELETE", path).token(&token).send().await;
    shipped.assert_error(403, "forbidden");

    // A secret in the wrong place looks like a name: no complaint repeats it.
    let key = app.api_key("A").await;
    let unknown = put("x", json!({"permissions": ["push.read", key]})).await;
    unknown.assert_invalid("permissions", "enum");
    let given = give(&app, "usr", &token, json!([key])).await;
    given.assert_invalid("roles", "enum");
    for reply in [unknown, given] {
        assert!(!reply.text().contains(&key), "{}", reply.text());
    }
    put("x%20y", json!({"permissions": []}))
        .await
        .assert_invalid("id", "pattern");
    put("x", json!({"resources": ["news"]}))
        .await
        .assert_invalid("permissions", "required");
    let large = json!({"permissions": [], "resources": ["x".repeat(70_000)]});
    put("x", large).await.assert_invalid("roles", "maxItems");
    let reply = app.get(role_path(&app, "x"), &token).await;
    reply.assert_error(404, "bad_identifier");

    let many: Vec<String> = (0..40).map(|n| format!("role{n}")).collect();
    let reply = give(&app, "usr", &token, json!(many)).await;
    reply.assert_invalid("roles", "maxItems");
    for (roles, code) in [(json!("push-only"), "type"), (json!([1]), "type")] {
        let reply = give(&app, "usr", &token, roles).await;
        reply.assert_invalid("roles", code);
    }
    let none = send(&app, "PUT", roles_path(&app, "usr"), &token, json!({})).await;
    none.assert_invalid("roles", "required");
}

#[tokio::test]
async fn a_user_has_exactly_the_roles_it_is_given() {
    for app in App::on_both().await {
        let token = app.token("adm").await;
        let path = role_path(&app, "news");
        let data = json!({"permissions": ["push.read"]});
        send(&app, "PUT", &path, &token, data)
            .await
            .assert_status(201);
        let shown = async || app.get(roles_path(&app, "usr"), &token).await;
        assert_eq!(shown().await.assert_status(200).at("/data"), json!([]));

        let reply = give(&app, "usr", &token, json!(["search-only", "news", "news"])).await;
        let both = json!(["news", "search-only"]);
        assert_eq!(reply.assert_status(201).at("/data"), both);
        assert_eq!(shown().await.at("/data"), both);
        assert_eq!(shown().await.at("/page_size"), 2);
        let used = app.call("DELETE", &path).token(&token).send().await;
        used.assert_error(409, "role_in_use");
        // One that is unknown leaves the others as they were.
        let reply = give(&app, "usr", &token, json!(["push-only", "nobodys"])).await;
        reply.assert_invalid("roles", "enum");
        assert_eq!(shown().await.at("/data"), both);

        let reply = give(&app, "usr", &token, json!([])).await;
        assert_eq!(reply.assert_status(201).at("/data"), json!([]));
        let unused = app.call("DELETE", &path).token(&token).send().await;
        unused.assert_status(200);
    }
}

/// A member `roles` of a document is one of the client's own, whoever writes it (decision 1).
#[tokio::test]
async fn roles_in_a_document_grant_nothing() {
    let app = App::start().await;
    let (adm, usr) = (app.token("adm").await, app.token("usr").await);
    let path = app.user_path("usr");
    let data = json!({"roles": ["super-user"]});
    for token in [&usr, &adm] {
        let reply = send(&app, "PATCH", &path, token, data.clone()).await;
        reply.assert_status(200);
        let full = json!({
            "first_name": "F", "last_name": "L", "username": "usr", "roles": ["super-user"],
        });
        send(&app, "POST", &path, token, full)
            .await
            .assert_status(200);
        let shown = app.get(roles_path(&app, "usr"), token).await;
        assert_eq!(shown.assert_status(200).at("/data"), json!([]));
    }
    let users = format!("{}/users", app.account_path("A"));
    let new = json!({"first_name": "F", "last_name": "L", "roles": ["super-user"]});
    let reply = send(&app, "PUT", &users, &adm, new).await;
    let id = reply.assert_status(201).at("/data/id");
    let id = id.as_str().unwrap();
    let shown = app.get(format!("{users}/{id}/roles"), &adm).await;
    assert_eq!(shown.assert_status(200).at("/data"), json!([]));
}

#[tokio::test]
async fn no_level_lets_a_plain_user_grant_roles() {
    let app = App::with(|settings, _| settings.user_level = UserLevel::Kazoo).await;
    let permissions = json!({"permissions": ["push.read"]});
    let adm = app.token("adm").await;
    let path = role_path(&app, "news");
    let reply = send(&app, "PUT", &path, &adm, permissions.clone()).await;
    reply.assert_status(201);
    for name in ["usr", "mus"] {
        let token = app.token(name).await;
        let all = json!(["super-user"]);
        give(&app, "usr", &token, all).await.assert_403();
        let reply = send(&app, "PUT", &path, &token, permissions.clone()).await;
        reply.assert_403();
        let reply = app.call("DELETE", &path).token(&token).send().await;
        reply.assert_403();
        app.get(&path, &token).await.assert_status(200);
        let read = app.get(roles_path(&app, "usr"), &token).await;
        assert_eq!(read.assert_status(200).at("/data"), json!([]));
    }
}

#[tokio::test]
async fn roles_are_granted_down_the_tree_only() {
    let app = App::start().await;
    let news = |account: &str| format!("{}/roles/news", app.account_path(account));
    let data = json!({"permissions": ["push.read"]});
    for (n, token) in [
        app.token("mad").await,
        app.api_token("M").await,
        app.api_token("R").await,
        app.api_token("A").await,
    ]
    .into_iter()
    .enumerate()
    {
        let reply = send(&app, "PUT", news("A"), &token, data.clone()).await;
        reply.assert_status(201);
        let roles = if n % 2 == 0 {
            json!(["news"])
        } else {
            json!([])
        };
        let reply = give(&app, "usr", &token, roles.clone()).await;
        assert_eq!(reply.assert_status(201).at("/data"), roles);
    }
    for token in [
        app.token("bad").await,
        app.api_token("B").await,
        app.token("cad").await,
    ] {
        let all = json!(["super-user"]);
        give(&app, "usr", &token, all).await.assert_403();
        let reply = send(&app, "PUT", news("A"), &token, data.clone()).await;
        reply.assert_403();
    }
    // Another account's user is not there, and neither are its roles.
    let token = app.token("adm").await;
    let foreign = app.user("cad").id;
    let path = format!("{}/users/{foreign}/roles", app.account_path("A"));
    let reply = send(&app, "PUT", &path, &token, json!({"roles": []})).await;
    reply.assert_error(404, "bad_identifier");
    let reply = app.get(&path, &token).await;
    reply.assert_error(404, "bad_identifier");
    let reply = app.get(news("C"), &token).await;
    reply.assert_error(404, "bad_identifier");
    let nobody = format!("{}/users/nobody/roles", app.account_path("A"));
    app.get(nobody, &token)
        .await
        .assert_error(404, "bad_identifier");
    disable_account(&app, "A").await;
    let reply = give(&app, "usr", &token, json!([])).await;
    reply.assert_locked("disabled");
}

#[tokio::test]
async fn other_verbs_lead_nowhere_and_a_post_may_carry_one() {
    let app = App::start().await;
    let (token, usr) = (app.token("adm").await, app.token("usr").await);
    let list = format!("{}/roles", app.account_path("A"));
    for (method, path) in [
        ("DELETE", roles_path(&app, "usr")),
        ("PATCH", roles_path(&app, "usr")),
        ("PUT", list),
        ("PATCH", role_path(&app, "news")),
    ] {
        let reply = send(&app, method, path, &token, json!({})).await;
        reply.assert_error(405, "invalid_method");
    }
    let carried = json!({"roles": ["push-only"]});
    let path = roles_path(&app, "usr");
    let post = async |token, data: &Value| send(&app, "POST", &path, token, data.clone()).await;
    let reply = post(&token, &carried).await;
    reply.assert_error(405, "invalid_method");
    let carried = json!({"roles": ["push-only"], "verb": "PUT"});
    post(&usr, &carried).await.assert_403();
    let reply = post(&token, &carried).await;
    assert_eq!(reply.assert_status(200).at("/data"), json!(["push-only"]));
}
