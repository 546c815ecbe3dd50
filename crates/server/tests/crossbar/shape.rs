//! Moving accounts, and resellers (group D, row 15; group Z, row 17); the tree's own rules, whoever moves what at once.

use doorward_core::tree::MAX_DEPTH;
use doorward_testkit::{App, Reply};
use serde_json::{Value, json};

use crate::support::{column, send};

/// Moves an account.
async fn hang(app: &App, account: &str, to: &str, token: &str) -> Reply {
    let path = format!("/v2/accounts/{account}/move");
    send(app, "POST", path, token, json!({"to": to})).await
}

/// Two calls at the same time.
async fn at_once(
    first: impl Future<Output = Reply>,
    second: impl Future<Output = Reply>,
) -> (Reply, Reply) {
    tokio::join!(Box::pin(first), Box::pin(second))
}

/// The ids above an account, topmost first.
async fn above(app: &App, account: &str, token: &str) -> Vec<String> {
    let path = format!("/v2/accounts/{account}/tree");
    let reply = app.get(path, token).await;
    reply.assert_status(200);
    column(&reply, "id")
}

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_clients_whose_moves_cross_make_no_cycle() {
    for app in App::on_both().await {
        let token = app.token("mad").await;
        let [m, r, a, b] = ["M", "R", "A", "B"].map(|name| app.account(name).id.to_string());
        let top = [m.clone(), r.clone()];
        for _ in 0..20 {
            let (first, second) =
                at_once(hang(&app, &a, &b, &token), hang(&app, &b, &a, &token)).await;
            let statuses = (first.status, second.status);
            let (upper, lower) = match statuses {
                (200, 403) => (&b, &a),
                (403, 200) => (&a, &b),
                other => panic!("one move wins, the other is refused: {other:?}"),
            };
            assert_eq!(above(&app, upper, &token).await, top);
            let way = [m.clone(), r.clone(), upper.clone()];
            assert_eq!(above(&app, lower, &token).await, way);
            hang(&app, lower, &r, &token).await.assert_status(200);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crossing_moves_far_apart_make_no_cycle() {
    for app in App::on_both().await {
        let token = app.token("mad").await;
        let [r, a, b, c] = ["R", "A", "B", "C"].map(|name| app.account(name).id.to_string());
        // C is below A: each move alone is legal, both together would be a ring of three.
        for _ in 0..20 {
            let (first, second) =
                at_once(hang(&app, &a, &b, &token), hang(&app, &b, &c, &token)).await;
            let mut statuses = [first.status, second.status];
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 403]);
            for account in [&a, &b, &c] {
                assert_eq!(above(&app, account, &token).await[1], r);
            }
            for account in [&a, &b] {
                hang(&app, account, &r, &token).await.assert_status(200);
            }
        }
    }
}

#[tokio::test]
async fn the_tree_grows_to_its_limit_and_no_further() {
    for app in App::on_both().await {
        let token = app.token("mad").await;
        let mut chain = vec![app.account("M").id.to_string()];
        let refused = loop {
            let path = format!("/v2/accounts/{}", chain[chain.len() - 1]);
            let data = json!({"name": format!("Level {}", chain.len() + 1)});
            let reply = send(&app, "PUT", path, &token, data).await;
            if reply.status != 201 {
                break reply;
            }
            chain.push(reply.at("/data/id").as_str().unwrap().to_owned());
            assert!(chain.len() <= MAX_DEPTH);
        };
        refused.assert_invalid("tree", "invalid");
        assert_eq!(chain.len(), MAX_DEPTH);
        let [r, a, c] = ["R", "A", "C"].map(|name| app.account(name).id.to_string());
        // A and C take two levels.
        for (depth, status) in [(MAX_DEPTH, 403), (MAX_DEPTH - 1, 403), (MAX_DEPTH - 2, 200)] {
            let reply = hang(&app, &a, &chain[depth - 1], &token).await;
            reply.assert_status(status);
        }
        let way = above(&app, &c, &token).await;
        assert_eq!(way[..MAX_DEPTH - 2], chain[..MAX_DEPTH - 2]);
        assert_eq!(way.last(), Some(&a));
        let reply = send(
            &app,
            "PUT",
            format!("/v2/accounts/{c}"),
            &token,
            json!({"name": "X"}),
        );
        reply.await.assert_invalid("tree", "invalid");
        hang(&app, &a, &r, &token).await.assert_status(200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_are_made_and_deleted_below_one_that_moves() {
    for app in App::on_both().await {
        let token = app.token("mad").await;
        let [r, a, b] = ["R", "A", "B"].map(|name| app.account(name).id.to_string());
        for n in 0..20 {
            let to = if n % 2 == 0 { &b } else { &r };
            let new = send(
                &app,
                "PUT",
                app.account_path("A"),
                &token,
                json!({"name": format!("New {n}")}),
            );
            let (moved, made) = at_once(hang(&app, &a, to, &token), new).await;
            moved.assert_status(200);
            made.assert_status(201);
            let id = made.at("/data/id").as_str().unwrap().to_owned();
            let path = format!("/v2/accounts/{id}");
            let back = hang(&app, &id, &r, &token);
            let deleted = app.call("DELETE", &path).token(&token).send();
            let (back, deleted) = at_once(back, deleted).await;
            assert!([200, 404].contains(&back.status), "{}", back.text());
            deleted.assert_status(200);
            app.get(&path, &token)
                .await
                .assert_error(404, "bad_identifier");
        }
    }
}
