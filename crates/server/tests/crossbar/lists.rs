//! Lists: who reads them, what they show, pages, order, filters (group D, rows 29 to 35,
//! and what other groups say of lists).

use crate::support::{add_user, change_user, column};
use doorward_core::user::Level;
use doorward_engine::admin::{NewUser, UserChange};
use doorward_testkit::{App, Reply, operator};
use serde_json::{Value, json};

fn users_path(app: &App, account: &str) -> String {
    format!("{}/users", app.account_path(account))
}

/// Sixty users in A: adm, usr and 58 others.
async fn sixty(app: &App) {
    for n in 0..58 {
        add_user(app, app.account("A").id, &format!("u{n:02}"), Level::User).await;
    }
}

#[tokio::test]
async fn cb_b01_basic_lists_users_of_its_account() {
    let app = App::start().await;
    let reply = with_basic(&app, "A").await;
    reply.assert_status(200);
    assert_eq!(column(&reply, "username"), ["usr", "adm"]);
    assert!(reply.json().get("auth_token").is_none());
}

async fn with_basic(app: &App, account: &str) -> Reply {
    app.call("GET", users_path(app, account))
        .authorization(&app.basic("A", "adm:pw-adm"))
        .send()
        .await
}

#[tokio::test]
async fn cb_b02_basic_lists_users_of_a_descendant() {
    let app = App::start().await;
    let reply = with_basic(&app, "C").await;
    reply.assert_status(200);
    assert_eq!(column(&reply, "username"), ["cad"]);
}

#[tokio::test]
async fn cb_b03_basic_lists_no_users_of_a_sibling() {
    let app = App::start().await;
    with_basic(&app, "B").await.assert_403();
}

#[tokio::test]
async fn cb_e09_slashes_at_the_end_of_a_list() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let plain = app.get(users_path(&app, "A"), &token).await;
    plain.assert_status(200);
    for slashes in ["/", "//"] {
        let path = format!("{}{slashes}", users_path(&app, "A"));
        let reply = app.get(path, &token).await;
        reply.assert_status(200);
        assert_eq!(reply.at("/data"), plain.at("/data"));
    }
}

fn assert_no_secret(value: &Value) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                assert!(
                    key != "password"
                        && key != "credentials"
                        && !key.starts_with("pvt_")
                        && !key.starts_with('_'),
                    "{key}"
                );
                assert_no_secret(value);
            }
        }
        Value::Array(items) => items.iter().for_each(assert_no_secret),
        _ => {}
    }
}

#[tokio::test]
async fn cb_e44_lists_hold_no_secret() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let stored = json!({"password": "p4ss", "credentials": "cr3d", "first_name": "Ad", "email": "a@b.example"});
    let change = UserChange {
        document: stored.as_object().cloned(),
        ..UserChange::default()
    };
    change_user(&app, "usr", change).await;
    let reply = app.get(users_path(&app, "A"), &token).await;
    reply.assert_status(200);
    assert_no_secret(&reply.at("/data"));
    let text = reply.at("/data").to_string();
    let user = app.user("adm");
    let digests = [
        crate::support::md5_credentials("adm", "pw-adm"),
        crate::support::sha1_credentials("adm", "pw-adm"),
        user.signature_secret.expose().to_owned(),
        "p4ss".to_owned(),
        "cr3d".to_owned(),
        "$argon2".to_owned(),
    ];
    for secret in digests {
        assert!(!text.contains(&secret), "{text}");
    }
    let item = &reply.at("/data")[1];
    assert_eq!(item["features"], json!([]));
    assert_eq!(item["email"], "a@b.example");
    assert!(
        item.get("last_name").is_none(),
        "missing values are left out"
    );
}

#[tokio::test]
async fn cb_z09_a_user_reads_the_list_of_its_account() {
    let app = App::start().await;
    let token = app.token("usr").await;
    let reply = app.get(users_path(&app, "A"), &token).await;
    reply.assert_status(200);
    assert_eq!(column(&reply, "priv_level"), ["user", "admin"]);
    app.get(users_path(&app, "B"), &token).await.assert_403();
    app.get(users_path(&app, "R"), &token).await.assert_403();
}

#[tokio::test]
async fn cb_d29_a_list_comes_in_pages() {
    let app = App::start().await;
    sixty(&app).await;
    let token = app.token("adm").await;
    let path = users_path(&app, "A");
    let first = app.get(&path, &token).await;
    first.assert_status(200);
    assert_eq!(first.at("/page_size"), 50);
    assert!(first.json().get("start_key").is_none());
    let next = first.at("/next_start_key").as_str().unwrap().to_owned();
    // The row the position names is deleted meanwhile, and one comes before it.
    let at = column(&first, "id")[49].parse().unwrap();
    let account = app.account("A").id;
    let deleted = app.engine.delete_user(operator(), account, at).await;
    deleted.unwrap();
    let zoe = NewUser {
        account,
        username: None,
        password: None,
        level: Level::User,
        enabled: true,
        document: json!({"last_name": "Z"}).as_object().cloned().unwrap(),
    };
    app.engine.create_user(operator(), zoe).await.unwrap();
    let second = app.get(format!("{path}?start_key={next}"), &token).await;
    second.assert_status(200);
    assert_eq!(second.at("/page_size"), 10);
    assert_eq!(second.at("/start_key"), next);
    assert!(second.json().get("next_start_key").is_none());
    let mut ids = column(&first, "id");
    ids.extend(column(&second, "id"));
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 60);
}

#[tokio::test]
async fn cb_d30_a_list_comes_in_one() {
    let app = App::start().await;
    sixty(&app).await;
    let token = app.token("adm").await;
    let path = format!("{}?paginate=false", users_path(&app, "A"));
    let reply = app.get(path, &token).await;
    reply.assert_status(200);
    assert_eq!(column(&reply, "id").len(), 60);
    for key in ["page_size", "start_key", "next_start_key"] {
        assert!(reply.json().get(key).is_none(), "{key}");
    }
}

#[tokio::test]
async fn cb_d31_the_page_size() {
    let app = App::start().await;
    sixty(&app).await;
    let token = app.token("adm").await;
    for (asked, given) in [
        ("5", 5),
        ("abc", 50),
        ("0", 50),
        ("-3", 50),
        ("", 50),
        ("600", 60),
        ("99999999999999999999999", 50),
    ] {
        let path = format!("{}?page_size={asked}", users_path(&app, "A"));
        let reply = app.get(path, &token).await;
        reply.assert_status(200);
        assert_eq!(reply.at("/page_size"), given, "{asked}");
        assert_eq!(column(&reply, "id").len(), given, "{asked}");
    }
}

#[tokio::test]
async fn cb_d32_the_order() {
    let app = App::start().await;
    sixty(&app).await;
    let token = app.token("adm").await;
    let path = users_path(&app, "A");
    let list = async |query: &str| {
        let reply = app
            .get(format!("{path}?page_size=100{query}"), &token)
            .await;
        reply.assert_status(200);
        column(&reply, "id")
    };
    let descending = list("").await;
    let mut ascending = list("&ascending=true").await;
    assert_eq!(ascending, list("&descending=false").await);
    assert_eq!(descending, list("&descending=true").await);
    assert_ne!(ascending, descending);
    ascending.reverse();
    assert_eq!(ascending, descending);
}

#[tokio::test]
async fn cb_d33_filters() {
    let app = App::start().await;
    sixty(&app).await;
    let token = app.token("adm").await;
    let path = users_path(&app, "A");
    let list = async |query: &str| {
        let reply = app
            .get(format!("{path}?page_size=100&{query}"), &token)
            .await;
        reply.assert_status(200);
        column(&reply, "username")
    };
    assert_eq!(list("filter_priv_level=admin").await, ["adm"]);
    let others = list("filter_not_priv_level=admin").await;
    assert_eq!(others.len(), 59);
    assert!(!others.contains(&"adm".to_owned()));
    assert_eq!(list("filter_username=u07&has_key=last_name").await, ["u07"]);
    assert_eq!(
        list("filter_username=u07&key_missing=last_name").await,
        [""; 0]
    );
    let later = app.now().gregorian() + 1;
    assert_eq!(list(&format!("created_from={later}")).await, [""; 0]);
    assert_eq!(list(&format!("modified_to={later}")).await.len(), 60);
    let bad = app.get(format!("{path}?created_from=x"), &token).await;
    bad.assert_invalid("created_from", "type");
    // A filtered page is full, and the next one goes on.
    let query = "filter_not_priv_level=admin&page_size=40";
    let first = app.get(format!("{path}?{query}"), &token).await;
    let next = first.at("/next_start_key").as_str().unwrap().to_owned();
    let rest = app
        .get(format!("{path}?{query}&start_key={next}"), &token)
        .await;
    assert_eq!(first.at("/page_size"), 40);
    assert_eq!(rest.at("/page_size"), 19);
    assert!(rest.json().get("next_start_key").is_none());
}

#[tokio::test]
async fn cb_d34_filters_on_private_keys_reveal_nothing() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let digest = crate::support::md5_credentials("adm", "pw-adm");
    let secret = app.user("adm").signature_secret.expose().to_owned();
    for query in [
        format!("filter_pvt_md5_auth={digest}"),
        format!("filter_not_pvt_md5_auth={digest}"),
        format!("filter_pvt_signature_secret={secret}"),
        "has_key=pvt_md5_auth".to_owned(),
        "key_missing=pvt_md5_auth".to_owned(),
        "has_value=_id".to_owned(),
        "value_missing=_id".to_owned(),
        format!("filter_signature_secret={secret}"),
        "filter_password=pw-adm".to_owned(),
        format!("filter_credentials={digest}"),
        "has_key=password".to_owned(),
    ] {
        let reply = app
            .get(format!("{}?{query}", users_path(&app, "A")), &token)
            .await;
        reply.assert_status(200);
        assert_eq!(reply.at("/data"), json!([]), "{query}");
    }
}

#[tokio::test]
async fn cb_d35_a_copy_that_is_still_good() {
    let app = App::start().await;
    let token = app.token("adm").await;
    for path in [app.user_path("usr"), users_path(&app, "A")] {
        let first = app.get(&path, &token).await;
        let tag = first.header("etag").unwrap().to_owned();
        let revision = first.at("/revision").as_str().unwrap().to_owned();
        assert_eq!(tag, format!("\"{revision}\""));
        let with_tag = async || {
            app.call("GET", &path)
                .token(&token)
                .header("if-none-match", &tag)
                .send()
                .await
        };
        let again = with_tag().await;
        again.assert_status(304);
        assert_eq!(again.text(), "");
        let change = UserChange {
            enabled: Some(false),
            document: json!({"first_name": path}).as_object().cloned(),
            ..UserChange::default()
        };
        change_user(&app, "usr", change).await;
        with_tag().await.assert_status(200);
    }
}

#[tokio::test]
async fn a_start_key_is_good_for_its_own_list_only() {
    let app = App::start().await;
    let token = app.token("mad").await;
    let list =
        |account: &str, query: &str| format!("{}?page_size=1{query}", users_path(&app, account));
    let reply = app.get(list("A", ""), &token).await;
    let key = reply.at("/next_start_key").as_str().unwrap().to_owned();
    app.get(list("A", &format!("&start_key={key}")), &token)
        .await
        .assert_status(200);
    let first = if key.starts_with('A') { 'B' } else { 'A' };
    let mut forged = vec![
        format!("{first}{}", &key[1..]),
        "x".to_owned(),
        key[..20].to_owned(),
    ];
    forged.push(format!("{key}AAAA"));
    for key in forged {
        let reply = app
            .get(list("A", &format!("&start_key={key}")), &token)
            .await;
        reply.assert_invalid("start_key", "invalid");
    }
    let children = format!("{}/children?start_key={key}", app.account_path("A"));
    for path in [
        list("M", &format!("&start_key={key}")),
        list("A", &format!("&ascending=true&start_key={key}")),
        children,
    ] {
        app.get(path, &token)
            .await
            .assert_invalid("start_key", "invalid");
    }
}

#[tokio::test]
async fn what_one_request_reads_is_bounded() {
    let app = App::start().await;
    let mut write = app.engine.store().write(operator()).await.unwrap();
    let mut user = app.user("usr").clone();
    user.username = None;
    for n in 0..10_001_u128 {
        user.id = doorward_core::id::UserId::new(n.to_be_bytes());
        write.insert_user(&user).await.unwrap();
    }
    write.commit().await.unwrap();
    let token = app.token("adm").await;
    let list = async |query: &str| {
        let path = format!("{}?{query}", users_path(&app, "A"));
        app.get(path, &token).await
    };
    let whole = list("paginate=false").await;
    whole.assert_error(416, "range not satisfiable");
    let few = list("paginate=false&filter_username=adm").await;
    few.assert_error(416, "range not satisfiable");
    assert_eq!(list("page_size=10000").await.at("/page_size"), 500);
    // What is found is given at once if it is among the first ten thousand rows, and on the way there else.
    let first = list("ascending=true&filter_id=0000000000000000000000000000270e").await;
    first.assert_status(200);
    assert_eq!(first.at("/page_size"), 1);
    let none = list("filter_username=adm").await;
    none.assert_status(200);
    assert_eq!(none.at("/page_size"), 0);
    let next = none.at("/next_start_key").as_str().unwrap().to_owned();
    let rest = list(&format!("filter_username=adm&start_key={next}")).await;
    assert_eq!(column(&rest, "username"), ["adm"]);
    assert!(rest.json().get("next_start_key").is_none());
}
