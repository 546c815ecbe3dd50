//! What large documents may cost: one request never holds more of them than a bound, however many there are.

use std::collections::BTreeSet;

use crate::support::send;
use doorward_core::id::AccountId;
use doorward_core::user::Level;
use doorward_engine::admin::NewUser;
use doorward_testkit::{App, operator};
use serde_json::{Value, json};

/// Users of whom each document is nearly as large as it may be: 20 MB together.
const LARGE_USERS: usize = 80;

async fn add_large_user(app: &App, account: AccountId, n: usize) {
    let document = json!({
        "first_name": format!("{n:02}"), "last_name": "Large", "filler": "x".repeat(250_000),
    });
    let new = NewUser {
        account,
        username: None,
        password: None,
        level: Level::User,
        enabled: true,
        document: document.as_object().cloned().unwrap(),
    };
    app.engine.create_user(operator(), new).await.unwrap();
}

/// Attack: many documents of many bytes, all asked for at once by anybody in the account, again and again.
#[tokio::test]
async fn a_page_ends_early_when_its_documents_are_large() {
    let app = App::start().await;
    let account = app.account("B").id;
    for n in 0..LARGE_USERS {
        add_large_user(&app, account, n).await;
    }
    let token = app.token("bad").await;
    let users = format!("{}/users", app.account_path("B"));
    for question in ["", "&has_key=filler", "&has_key=absent"] {
        let (mut seen, mut pages, mut start) = (BTreeSet::new(), 0, String::new());
        loop {
            let path = format!("{users}?page_size=500{question}{start}");
            let reply = app.get(path, &token).await;
            reply.assert_status(200);
            pages += 1;
            for item in reply.at("/data").as_array().unwrap() {
                assert!(seen.insert(item["id"].to_string()), "shown twice");
            }
            match reply.at("/next_start_key") {
                Value::String(key) => start = format!("&start_key={key}"),
                _ => break,
            }
        }
        assert_eq!(pages, 2, "{question}");
        let expected = match question {
            "" => LARGE_USERS + 1,
            "&has_key=filler" => LARGE_USERS,
            _ => 0,
        };
        assert_eq!(seen.len(), expected, "{question}");
        let path = format!("{users}?paginate=false{question}");
        let whole = app.get(path, &token).await;
        whole.assert_error(416, "range not satisfiable");
    }
}

/// Attack: a document of many tiny values takes many times its length in memory, and stays there.
#[tokio::test]
async fn a_document_is_bounded_in_bytes_and_in_values() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let paths = [app.user_path("usr"), app.account_path("A")];
    for path in paths {
        let fits = json!({"custom": vec![0; 2_000], "text": "x".repeat(100_000)});
        let reply = send(&app, "PATCH", &path, &token, fits).await;
        reply.assert_status(200);
        let long = json!({"text": "x".repeat(300_000)});
        let reply = send(&app, "PATCH", &path, &token, long).await;
        reply.assert_status(413);
        for many in [json!(vec![0; 4_200]), json!(vec![json!({"": []}); 2_100])] {
            let reply = send(&app, "PATCH", &path, &token, json!({"custom": many})).await;
            reply.assert_invalid("data", "maxItems");
        }
        let more = json!({"other": vec![0; 2_500]});
        let reply = send(&app, "PATCH", &path, &token, more).await;
        reply.assert_invalid("data", "maxItems");
    }
}
