//! Many at once: one wins, nothing is lost, nothing is half done.

use std::sync::Arc;

use doorward_core::user::Level;
use doorward_engine::AdminError;
use doorward_engine::admin::{NewUser, UserChange};
use serde_json::json;
use tokio::task::JoinSet;

use crate::support::probe;
use doorward_testkit::{App, operator};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_username_wanted_by_many_goes_to_one() {
    let app = App::start().await;
    let account = app.account("A").id;
    let mut tasks = JoinSet::new();
    for n in 0..50 {
        let engine = app.engine.clone();
        let new = NewUser {
            account,
            username: Some(if n % 2 == 0 { "wanted" } else { "Wanted" }.to_owned()),
            password: Some(format!("pw {n}").into()),
            level: Level::User,
            enabled: true,
            document: json!({"first_name": "W", "last_name": n.to_string()})
                .as_object()
                .cloned()
                .unwrap(),
        };
        tasks.spawn(async move { (n, engine.create_user(operator(), new).await) });
    }
    let mut winners = Vec::new();
    for (n, result) in tasks.join_all().await {
        match result {
            Ok(user) => winners.push((n, user)),
            Err(AdminError::Store(error)) => {
                assert_eq!(error.to_string(), "already taken: Username");
            }
            Err(error) => panic!("refused for another reason: {error}"),
        }
    }
    assert_eq!(winners.len(), 1);
    let (n, user) = winners.pop().unwrap();
    let reply = app
        .sign_in("Acme Phones", "wanted", &format!("pw {n}"))
        .await;
    reply.assert_status(201);
    assert_eq!(reply.at("/data/owner_id"), user.id.to_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_changes_of_one_user_are_all_counted() {
    let app = App::start().await;
    let user = app.user("usr");
    let mut tasks = JoinSet::new();
    for n in 0..100 {
        let engine = app.engine.clone();
        let mut document = user.document.clone();
        document.insert("n".to_owned(), json!(n));
        let change = UserChange {
            document: Some(document),
            ..UserChange::default()
        };
        tasks.spawn(async move {
            let changed = engine.change_user(operator(), user.account, user.id, change);
            changed.await.unwrap().revision
        });
    }
    let mut revisions = tasks.join_all().await;
    revisions.sort_unstable();
    let expected: Vec<_> = (1..=100).map(|n| user.revision + n).collect();
    assert_eq!(revisions, expected);
    let stored = app.stored_user(user.account, user.id).await.unwrap();
    assert_eq!(stored.revision, user.revision + 100);
    app.token("usr").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_new_passwords_exactly_one_works() {
    let app = App::start().await;
    let user = app.user("adm");
    let held = app.token("adm").await;
    let mut tasks = JoinSet::new();
    for n in 0..20 {
        let engine = app.engine.clone();
        let change = UserChange {
            password: Some(format!("new {n}").into()),
            ..UserChange::default()
        };
        tasks.spawn(async move {
            let changed = engine.change_user(operator(), user.account, user.id, change);
            changed.await.unwrap();
        });
    }
    tasks.join_all().await;
    probe(&app, &held).await.assert_401std();
    let mut working = Vec::new();
    for n in 0..20 {
        let reply = app.sign_in("Acme Phones", "adm", &format!("new {n}")).await;
        if reply.status == 201 {
            working.push(reply.auth_token());
        } else {
            reply.assert_401std();
        }
    }
    assert_eq!(working.len(), 1);
    probe(&app, &working[0]).await.assert_status(200);
    let reply = app.sign_in("Acme Phones", "adm", "pw-adm").await;
    reply.assert_401std();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_token_of_the_old_password_outlives_its_change() {
    let app = Arc::new(App::start().await);
    let user = app.user("adm");
    let mut tasks = JoinSet::new();
    for _ in 0..20 {
        let app = Arc::clone(&app);
        tasks.spawn(async move {
            let reply = app.sign_in("Acme Phones", "adm", "pw-adm").await;
            (reply.status == 201).then(|| reply.auth_token())
        });
    }
    let change = UserChange {
        password: Some("new".into()),
        ..UserChange::default()
    };
    let changed = app
        .engine
        .change_user(operator(), user.account, user.id, change);
    changed.await.unwrap();
    for token in tasks.join_all().await.into_iter().flatten() {
        probe(&app, &token).await.assert_401std();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn equal_sign_ins_at_once_get_different_tokens() {
    let app = Arc::new(App::start().await);
    let mut tasks = JoinSet::new();
    for _ in 0..30 {
        let app = Arc::clone(&app);
        tasks.spawn(async move { app.token("adm").await });
    }
    let mut tokens = tasks.join_all().await;
    tokens.sort_unstable();
    tokens.dedup();
    assert_eq!(tokens.len(), 30);
}
