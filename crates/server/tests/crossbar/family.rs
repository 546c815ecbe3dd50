//! Lists of accounts: below, beside and above (group D, rows 12 to 14).

use crate::support::{change_account, column};
use doorward_engine::admin::{AccountChange, NewAccount};
use doorward_testkit::{App, operator};
use serde_json::{Value, json};

async fn add_account(app: &App, parent: &str, name: &str, document: Value) -> String {
    let new = NewAccount {
        name: name.to_owned(),
        parent: Some(app.account(parent).id),
        document: document.as_object().cloned().unwrap(),
        ..NewAccount::default()
    };
    let account = app.engine.create_account(operator(), new).await.unwrap();
    account.id.to_string()
}

#[tokio::test]
async fn cb_d12_children_and_descendants() {
    let app = App::start().await;
    let token = app.token("mad").await;
    let gone = add_account(&app, "R", "Gone", json!({})).await;
    app.engine
        .delete_account(operator(), gone.parse().unwrap())
        .await
        .unwrap();
    let id = |name: &str| app.account(name).id.to_string();
    let path = format!("{}/children?ascending=true", app.account_path("R"));
    let reply = app.get(path, &token).await;
    reply.assert_status(200);
    let summary = |name: &str| {
        let account = app.account(name);
        json!({"id": account.id, "name": account.name, "realm": account.realm, "flags": []})
    };
    let with = |name: &str, key: &str, value: Value| {
        let mut item = summary(name);
        item[key] = value;
        item
    };
    let children = json!([
        with("A", "descendants_count", json!(1)),
        with("B", "descendants_count", json!(0)),
    ]);
    assert_eq!(reply.at("/data"), children);
    let path = format!("{}/descendants?ascending=true", app.account_path("R"));
    let reply = app.get(&path, &token).await;
    reply.assert_status(200);
    let (m, r, a) = (id("M"), id("R"), id("A"));
    let below = json!([
        with("A", "tree", json!([m, r])),
        with("C", "tree", json!([m, r, a])),
        with("B", "tree", json!([m, r])),
    ]);
    assert_eq!(reply.at("/data"), below);
    // In pages of one, the same.
    let mut seen = Vec::new();
    let mut next = String::new();
    for _ in 0..3 {
        let page = app
            .get(format!("{path}&page_size=1&start_key={next}"), &token)
            .await;
        page.assert_status(200);
        seen.extend(column(&page, "id"));
        next = page
            .at("/next_start_key")
            .as_str()
            .unwrap_or_default()
            .to_owned();
    }
    assert_eq!(seen, [id("A"), id("C"), id("B")]);
    assert_eq!(next, "");
    // What is above one's own account is not shown.
    let token = app.token("adm").await;
    let own = format!("{}/descendants", app.account_path("A"));
    let reply = app.get(own, &token).await;
    assert_eq!(reply.at("/data"), json!([with("C", "tree", json!([a]))]));
    for list in ["children", "descendants"] {
        let path = format!("{}/{list}", app.account_path("B"));
        app.get(path, &token).await.assert_403();
    }
}

#[tokio::test]
async fn cb_d13_siblings() {
    let app = App::start().await;
    let path = |name: &str| format!("{}/siblings", app.account_path(name));
    for user in ["adm", "usr"] {
        let token = app.token(user).await;
        app.get(path("A"), &token).await.assert_403();
        app.get(path("R"), &token).await.assert_403();
        let reply = app.get(path("C"), &token).await;
        reply.assert_status(200);
        assert_eq!(column(&reply, "name"), ["Corner Shop"]);
    }
    let token = app.token("mad").await;
    let reply = app.get(path("A"), &token).await;
    assert_eq!(column(&reply, "name"), ["Beta Phones", "Acme Phones"]);
    assert_eq!(reply.at("/data/1/descendants_count"), 1);
    let reply = app.get(path("M"), &token).await;
    assert_eq!(column(&reply, "name"), ["Master"]);
    app.get(path("M"), &app.token("mus").await)
        .await
        .assert_403();
}

#[tokio::test]
async fn cb_d14_ancestors_as_far_as_visible() {
    let app = App::start().await;
    let item = |name: &str| json!({"id": app.account(name).id, "name": app.account(name).name});
    let (adm, mad) = (app.token("adm").await, app.token("mad").await);
    for (list, sized) in [("tree", false), ("parents", true)] {
        let path = |name: &str| format!("{}/{list}", app.account_path(name));
        let reply = app.get(path("C"), &adm).await;
        reply.assert_status(200);
        assert_eq!(reply.at("/data"), json!([item("A")]));
        assert_eq!(reply.json().get("page_size").is_some(), sized);
        let reply = app.get(path("C"), &mad).await;
        assert_eq!(reply.at("/data"), json!([item("M"), item("R"), item("A")]));
        let reply = app.get(path("A"), &adm).await;
        assert_eq!(reply.at("/data"), json!([]));
        app.get(path("B"), &adm).await.assert_403();
    }
}

#[tokio::test]
async fn accounts_are_filtered_by_what_they_show() {
    let app = App::start().await;
    add_account(
        &app,
        "A",
        "Flagged",
        json!({"flags": ["x"], "deep": {"key": "v"}}),
    )
    .await;
    let token = app.token("adm").await;
    let list = async |query: &str| {
        let path = format!("{}/children?{query}", app.account_path("A"));
        column(&app.get(path, &token).await, "name")
    };
    assert_eq!(list("filter_deep.key=v").await, ["Flagged"]);
    assert_eq!(list("filter_not_deep.key=v").await, ["Corner Shop"]);
    assert_eq!(list("filter_realm=c.example").await, ["Corner Shop"]);
    assert_eq!(list("has_key=api_key").await, [""; 0]);
    let change = AccountChange {
        enabled: Some(false),
        ..AccountChange::default()
    };
    change_account(&app, "C", change).await;
    assert_eq!(list("filter_enabled=false").await, ["Corner Shop"]);
}
