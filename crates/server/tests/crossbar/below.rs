//! An account that is switched off, wherever it stands: what is below it feels it with the next call.

use doorward_core::user::Level;
use doorward_testkit::{App, operator};
use serde_json::json;

use crate::support::{add_user, md5_credentials, probe, send};

/// Switches an account on or off over the wire, as the system owner.
async fn switch(app: &App, name: &str, mad: &str, enabled: bool) {
    let data = json!({ "enabled": enabled });
    let reply = send(app, "PATCH", app.account_path(name), mad, data).await;
    reply.assert_status(200);
    assert_eq!(reply.at("/data/enabled"), enabled);
}

#[tokio::test]
async fn an_account_switched_off_anywhere_is_felt_below_at_once() {
    for app in App::on_both().await {
        let mad = app.token("mad").await;
        let users = ["adm", "bad", "cad"];
        let mut tokens = Vec::new();
        for user in users {
            tokens.push((user, app.token(user).await));
        }
        let key = app.api_token("C").await;
        for (off, locked) in [
            ("R", &["adm", "bad", "cad"][..]),
            ("A", &["adm", "cad"]),
            ("C", &["cad"]),
            ("B", &["bad"]),
        ] {
            switch(&app, off, &mad, false).await;
            for (user, token) in &tokens {
                let basic = format!("{user}:pw-{user}");
                let account = &app.account_of(user).name;
                let call = app.call("GET", "/v2/token_auth");
                let basic = app.basic(fixture(&app, user), &basic);
                let answers = [
                    probe(&app, token).await,
                    call.authorization(&basic).send().await,
                    app.sign_in(account, user, &format!("pw-{user}")).await,
                ];
                for answer in &answers {
                    if locked.contains(user) {
                        answer.assert_locked("disabled");
                    } else {
                        assert!(answer.status < 300, "{off} {user}: {}", answer.text());
                    }
                }
            }
            let reply = probe(&app, &key).await;
            if locked.contains(&"cad") {
                reply.assert_locked("disabled");
            } else {
                reply.assert_status(200);
            }
            switch(&app, off, &mad, true).await;
            for token in tokens.iter().map(|(_, token)| token).chain([&key]) {
                probe(&app, token).await.assert_status(200);
            }
        }
    }
}

/// The key of the account that a user of the fixture belongs to.
fn fixture(app: &App, user: &str) -> &'static str {
    let id = app.user(user).account;
    let is_it = |name: &&str| app.account(name).id == id;
    ["A", "B", "C"]
        .into_iter()
        .find(|name| is_it(name))
        .unwrap()
}

#[tokio::test]
async fn every_level_above_a_deep_account_can_switch_it_off() {
    for app in App::on_both().await {
        let mad = app.token("mad").await;
        let mut chain = vec![app.account("C").id.to_string()];
        for level in 0..8 {
            let path = format!("/v2/accounts/{}", chain[level]);
            let data = json!({"name": format!("Deep {level}")});
            let reply = send(&app, "PUT", path, &mad, data).await;
            reply.assert_status(201);
            chain.push(reply.at("/data/id").as_str().unwrap().to_owned());
        }
        let deepest = chain[8].parse().unwrap();
        add_user(&app, deepest, "deep", Level::Admin).await;
        let token = app.sign_in("Deep 7", "deep", "pw-deep").await.auth_token();
        probe(&app, &token).await.assert_status(200);
        for id in &chain {
            let path = format!("/v2/accounts/{id}");
            for (enabled, status) in [(false, 423), (true, 200)] {
                let data = json!({ "enabled": enabled });
                send(&app, "PATCH", &path, &mad, data)
                    .await
                    .assert_status(200);
                probe(&app, &token).await.assert_status(status);
            }
        }
        // Moved out from under what is off, it is open again, and locked where something above is off.
        let (a, b) = (app.account("A").id, app.account("B").id);
        switch(&app, "A", &mad, false).await;
        probe(&app, &token).await.assert_locked("disabled");
        app.engine
            .move_account(operator(), deepest, b)
            .await
            .unwrap();
        probe(&app, &token).await.assert_status(200);
        app.engine
            .move_account(operator(), deepest, a)
            .await
            .unwrap();
        probe(&app, &token).await.assert_locked("disabled");
        let digest = md5_credentials("deep", "pw-deep");
        let data = json!({"credentials": digest, "account_name": "Deep 7"});
        app.put_user_auth(data).await.assert_locked("disabled");
    }
}
