//! Application tokens: made, used, rotated, revoked; and what the store holds of them.

use doorward_core::app_token::AppToken;
use doorward_core::digest::{md5_credentials, sha1_credentials};
use doorward_core::permission::{Grants, Role};
use doorward_engine::Actor;
use serde_json::{Value, json};

use crate::exchange::Reply;
use crate::forge::Forge;
use crate::site::{ACCOUNT, DOCUMENTS, SEARCH, STATE, Site, add_user};

const CLIENTS: &str = "/admin-api/application-tokens/v1/clients";
const USERS: &str = "/admin-api/account/v1/users";

fn path(client: &str, name: &str) -> String {
    format!("{CLIENTS}/{client}/application-token/{name}")
}

async fn create(site: &Site, token: &str, client: &str, name: &str, roles: &[&str]) -> Reply {
    let call = site.call("PUT", &path(client, name)).token(token);
    call.json(&json!({ "roles": roles })).send().await
}

/// The value of a new application token.
pub(crate) async fn app_token(
    site: &Site,
    token: &str,
    client: &str,
    name: &str,
    roles: &[&str],
) -> String {
    let made = create(site, token, client, name, roles).await;
    value(&made.assert_status(200).json())
}

fn value(made: &Value) -> String {
    let value = made["data"]["token"].as_str().unwrap();
    assert!(AppToken::parse(value).is_some(), "{made}");
    assert_eq!(made["data"]["password"], value);
    value.to_owned()
}

async fn list(site: &Site, token: &str, client: &str) -> Reply {
    let path = format!("{CLIENTS}/{client}/application-token");
    let reply = site.get(&path).token(token).send().await;
    reply.assert_status(200)
}

fn names(listed: &Reply) -> Vec<String> {
    let listed = listed.json();
    let all = listed["data"].as_array().unwrap().iter();
    all.map(|token| token["name"].as_str().unwrap().to_owned())
        .collect()
}

/// The status at each of the three APIs.
async fn everywhere(site: &Site, value: &str) -> [u16; 3] {
    let status = async |path| site.get(path).token(value).send().await.status;
    [
        status(STATE).await,
        status(SEARCH).await,
        status(ACCOUNT).await,
    ]
}

/// A user whose role makes application tokens and does nothing else.
async fn add_maker(site: &Site) -> String {
    let role = Role {
        name: "makes-tokens".parse().unwrap(),
        grants: Grants::Some {
            permissions: ["admin.tokens".parse().unwrap()].into(),
            resources: None,
        },
    };
    let engine = &site.app.engine;
    let set = engine.set_role(Actor::operator(), site.account, role).await;
    set.unwrap();
    let role = Some("makes-tokens");
    add_user(engine, site.account, "maker", "m4ke", role).await;
    site.token("maker", "m4ke").await
}

#[tokio::test]
async fn fb_a10_making_one_takes_the_right_to() {
    let site = Site::start().await;
    for (username, password) in [("feeder", "f33d"), ("reader", "r34d")] {
        let token = site.token(username, password).await;
        let reply = create(&site, &token, "crawler", "main", &[]).await;
        let said = reply.assert_status(403);
        assert!(!said.text().contains("fbat_"), "{said:?}");
    }
    let (admin, maker) = (site.admin().await, add_maker(&site).await);
    assert_eq!(
        names(&list(&site, &admin, "crawler").await),
        Vec::<String>::new()
    );
    for (by, token, name) in [("admin", &admin, "main"), ("maker", &maker, "other")] {
        let made = create(&site, token, "crawler", name, &[]).await;
        let made = made.assert_status(200).json();
        value(&made);
        let data = &made["data"];
        assert_eq!(data["name"], name);
        assert_eq!(data["client"], "crawler");
        assert_eq!(data["username"], format!("crawler~{name}"));
        assert_eq!(data["createdBy"], by);
        assert_eq!(data["roles"], json!([]));
    }
}

#[tokio::test]
async fn fb_a11_its_value_opens_what_its_roles_allow() {
    let site = Site::start().await;
    let admin = site.admin().await;
    let all = app_token(&site, &admin, "crawler", "all", &["super-user"]).await;
    assert_eq!(everywhere(&site, &all).await, [200, 200, 200]);
    let users = site.get(USERS).token(&all).send().await;
    users.assert_status(200);
    let put = site.call("PUT", &format!("{DOCUMENTS}?key=http://example.com/"));
    let put = put.token(&all).body("text/plain", "bees").send().await;
    put.assert_status(200);

    let reads = app_token(&site, &admin, "crawler", "reads", &["search-only"]).await;
    assert_eq!(everywhere(&site, &reads).await, [403, 200, 200]);
    let users = site.get(USERS).token(&reads).send().await;
    users.assert_status(403);
}

#[tokio::test]
async fn fb_a12_a_list_shows_names_and_no_values() {
    let site = Site::start().await;
    let admin = site.admin().await;
    let mut values = Vec::new();
    for name in ["one", "two"] {
        values.push(app_token(&site, &admin, "crawler", name, &["search-only"]).await);
    }
    values.push(app_token(&site, &admin, "other", "three", &[]).await);
    let listed = list(&site, &admin, "crawler").await;
    assert_eq!(names(&listed), ["one", "two"]);
    for client in ["crawler", "other"] {
        let said = list(&site, &admin, client).await.text();
        assert!(!said.contains("fbat_"), "{said}");
        for value in &values {
            assert!(!said.contains(&value[5..48]), "{said}");
            assert!(!said.contains(&value[48..]), "the checksum: {said}");
        }
    }
    for member in ["token", "password"] {
        assert_eq!(listed.json()["data"][0].get(member), None);
    }
}

#[tokio::test]
async fn fb_a13_a_name_that_is_taken_stays_what_it_was() {
    let site = Site::start().await;
    let admin = site.admin().await;
    let old = app_token(&site, &admin, "crawler", "main", &["super-user"]).await;
    let again = create(&site, &admin, "crawler", "main", &["search-only"]).await;
    assert!(!again.assert_status(409).text().contains("fbat_"));
    assert_eq!(everywhere(&site, &old).await, [200, 200, 200]);
    let listed = list(&site, &admin, "crawler").await.json();
    assert_eq!(listed["data"][0]["roles"], json!(["super-user"]));
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn fb_a14_one_that_is_revoked_is_refused_at_once_and_for_ever() {
    let site = Site::start().await;
    let admin = site.admin().await;
    let value = app_token(&site, &admin, "crawler", "main", &["super-user"]).await;
    let pair = format!("crawler~main:{value}");
    assert_eq!(everywhere(&site, &value).await, [200, 200, 200]);
    site.get(STATE).basic(&pair).send().await.assert_status(200);
    let gone = site.call("DELETE", &path("crawler", "main")).token(&admin);
    gone.send().await.assert_status(200);
    for _ in 0..3 {
        assert_eq!(everywhere(&site, &value).await, [401, 401, 401]);
        site.get(STATE).basic(&pair).send().await.assert_status(401);
    }
    // Nor does a new one of the same name bring it back.
    app_token(&site, &admin, "crawler", "main", &["super-user"]).await;
    assert_eq!(everywhere(&site, &value).await, [401, 401, 401]);
    site.get(STATE).basic(&pair).send().await.assert_status(401);
}

#[tokio::test]
async fn fb_a15_a_clone_takes_the_place_of_what_it_was_made_from() {
    let site = Site::start().await;
    let admin = site.admin().await;
    let roles = ["push-only", "search-only"];
    let old = app_token(&site, &admin, "crawler", "main", &roles).await;
    let clone = format!("{}/clone?new-name=next", path("crawler", "main"));
    let made = site.call("POST", &clone).token(&admin).send().await;
    let made = made.assert_status(200).json();
    let new = value(&made);
    assert_ne!(new, old);
    assert_eq!(made["data"]["name"], "next");
    assert_eq!(made["data"]["roles"], json!(roles));
    assert_eq!(everywhere(&site, &old).await, everywhere(&site, &new).await);
    assert_eq!(everywhere(&site, &new).await, [200, 200, 200]);
    let gone = site.call("DELETE", &path("crawler", "main")).token(&admin);
    gone.send().await.assert_status(200);
    assert_eq!(everywhere(&site, &old).await, [401, 401, 401]);
    assert_eq!(everywhere(&site, &new).await, [200, 200, 200]);
    assert_eq!(names(&list(&site, &admin, "crawler").await), ["next"]);
}

#[tokio::test]
async fn fb_a16_it_outlives_who_made_it() {
    let site = Site::start().await;
    let (engine, admin) = (&site.app.engine, site.admin().await);
    add_user(engine, site.account, "second", "s3cond", Some("super-user")).await;
    let second = site.token("second", "s3cond").await;
    let value = app_token(&site, &second, "crawler", "main", &["super-user"]).await;
    assert_eq!(everywhere(&site, &value).await, [200, 200, 200]);
    let gone = site
        .call("DELETE", &format!("{USERS}/second"))
        .token(&admin);
    gone.send().await.assert_status(200);
    let refused = site.get(ACCOUNT).token(&second).send().await;
    refused.assert_status(401);
    assert_eq!(everywhere(&site, &value).await, [200, 200, 200]);
    let listed = list(&site, &admin, "crawler").await.json();
    assert_eq!(listed["data"][0]["createdBy"], "second");
}

#[tokio::test]
async fn fb_a17_it_outlives_its_makers_password() {
    let site = Site::start().await;
    let admin = site.admin().await;
    let value = app_token(&site, &admin, "crawler", "main", &["super-user"]).await;
    assert_eq!(everywhere(&site, &value).await, [200, 200, 200]);
    let change = site.call("PUT", "/admin-api/account/v1/password");
    let body = json!({"currentPassword": "pwd", "newPassword": "n3w"});
    let changed = change.token(&admin).json(&body).send().await;
    changed.assert_status(200);
    let refused = site.get(ACCOUNT).token(&admin).send().await;
    refused.assert_status(401);
    assert_eq!(everywhere(&site, &value).await, [200, 200, 200]);
}

#[tokio::test]
async fn fb_a18_without_roles_it_proves_who_it_is_and_may_do_nothing() {
    let site = Site::start().await;
    let admin = site.admin().await;
    let value = app_token(&site, &admin, "crawler", "main", &[]).await;
    // Whoever is known sees itself.
    let reply = site.get(ACCOUNT).token(&value).send().await;
    let own = reply.assert_status(200).json();
    assert_eq!(own["data"]["id"], "crawler~main");
    assert_eq!(own["data"]["roles"], json!([]));
    for (method, path) in [
        ("GET", STATE.to_owned()),
        ("PUT", format!("{DOCUMENTS}?key=http://example.com/")),
        ("DELETE", format!("{DOCUMENTS}?key=http://example.com/")),
        ("GET", SEARCH.to_owned()),
        ("GET", USERS.to_owned()),
        ("GET", format!("{USERS}/admin")),
        ("PUT", format!("{USERS}/admin")),
        ("DELETE", format!("{USERS}/feeder")),
        ("POST", format!("{USERS}/admin/revoke-tokens")),
        ("GET", format!("{CLIENTS}/crawler/application-token")),
        ("PUT", path("crawler", "more")),
        ("DELETE", path("crawler", "main")),
        (
            "POST",
            format!("{}/clone?new-name=more", path("crawler", "main")),
        ),
    ] {
        let reply = site.call(method, &path).token(&value).send().await;
        assert_eq!(reply.status, 403, "{method} {path}: {reply:?}");
    }
    let change = site.call("PUT", "/admin-api/account/v1/password");
    let body = json!({"currentPassword": value, "newPassword": "n3w"});
    let reply = change.token(&value).json(&body).send().await;
    reply.assert_status(403);
    assert_eq!(names(&list(&site, &admin, "crawler").await), ["main"]);
}

#[tokio::test]
async fn fb_a19_nobody_gives_a_token_more_than_they_have() {
    let site = Site::start().await;
    let (admin, maker) = (site.admin().await, add_maker(&site).await);
    for roles in [
        &["super-user"][..],
        &["search-only"],
        &["push-only"],
        &["feeds-example"],
        &["makes-tokens", "search-only"],
    ] {
        let reply = create(&site, &maker, "crawler", "main", roles).await;
        let reply = reply.assert_status(403);
        assert!(!reply.text().contains("fbat_"), "{reply:?}");
    }
    assert_eq!(
        names(&list(&site, &admin, "crawler").await),
        Vec::<String>::new()
    );
    app_token(&site, &maker, "crawler", "own", &["makes-tokens"]).await;
    // Nor by way of a clone.
    app_token(&site, &admin, "crawler", "all", &["super-user"]).await;
    let clone = format!("{}/clone?new-name=mine", path("crawler", "all"));
    let reply = site.call("POST", &clone).token(&maker).send().await;
    reply.assert_status(403);
    assert_eq!(names(&list(&site, &admin, "crawler").await), ["all", "own"]);
}

#[tokio::test]
async fn fb_a20_name_and_value_are_a_pair_for_basic() {
    let site = Site::start().await;
    let admin = site.admin().await;
    let value = app_token(&site, &admin, "crawler", "main", &["super-user"]).await;
    let pair = format!("crawler~main:{value}");
    for path in [STATE, SEARCH] {
        let reply = site.get(path).basic(&pair).send().await;
        reply.assert_status(200);
    }
    for path in [ACCOUNT, USERS] {
        let reply = site.get(path).basic(&pair).send().await;
        reply.assert_challenge_without_basic();
    }
    // With another name it is no pair, not even while the value by itself is remembered.
    site.get(STATE)
        .token(&value)
        .send()
        .await
        .assert_status(200);
    for name in ["crawler~other", "admin", "crawler", "main", ""] {
        let reply = site.get(STATE).basic(&format!("{name}:{value}"));
        reply.send().await.assert_status(401);
    }
}

#[tokio::test]
async fn fb_a21_each_character_of_the_value_counts() {
    let site = Site::start().await;
    let admin = site.admin().await;
    let value = app_token(&site, &admin, "crawler", "main", &["super-user"]).await;
    for at in 0..value.len() {
        let other = if &value[at..=at] == "A" { "B" } else { "A" };
        let mut changed = value.clone();
        changed.replace_range(at..=at, other);
        assert_eq!(everywhere(&site, &changed).await, [401, 401, 401], "{at}");
        let pair = format!("crawler~main:{changed}");
        site.get(STATE).basic(&pair).send().await.assert_status(401);
    }
    // One whose checksum is right.
    let invented = AppToken::new([7; 32]);
    assert_eq!(everywhere(&site, invented.expose()).await, [401, 401, 401]);
    assert_eq!(everywhere(&site, &value).await, [200, 200, 200]);
}

#[tokio::test]
async fn fb_a22_the_store_holds_neither_values_nor_passwords() {
    const PASSWORDS: [&str; 3] = ["correct-horse-41", "battery-staple-42", "wrong-guess-43"];
    let site = Site::start().await;
    let (engine, account) = (site.app.engine.clone(), site.account);
    add_user(
        &engine,
        account,
        "findable-user",
        PASSWORDS[0],
        Some("super-user"),
    )
    .await;
    let token = site.token("findable-user", PASSWORDS[0]).await;
    let basic = |password| site.get(STATE).basic(&format!("findable-user:{password}"));
    basic(PASSWORDS[0]).send().await.assert_status(200);
    basic(PASSWORDS[2]).send().await.assert_status(401);
    let value = app_token(&site, &token, "crawler", "main", &["super-user"]).await;
    assert_eq!(everywhere(&site, &value).await, [200, 200, 200]);
    let change = site
        .call("PUT", "/admin-api/account/v1/password")
        .token(&token);
    let body = json!({"currentPassword": PASSWORDS[0], "newPassword": PASSWORDS[1]});
    change.json(&body).send().await.assert_status(200);
    basic(PASSWORDS[1]).send().await.assert_status(200);
    let forge = Forge::of(&site, "findable-user").await;

    // With what is not written into the main file yet, and after.
    let mut held = contents(&site);
    engine.shutdown().await;
    engine.store().close().await;
    held.extend(contents(&site));
    assert!(is_in(&held, b"findable-user"), "what is there is found");
    assert!(is_in(&held, b"crawler"), "what is there is found");
    let mut secrets: Vec<Vec<u8>> = vec![
        value[5..48].into(),
        token.into(),
        forge.key.into(),
        forge.secret.into(),
    ];
    for password in PASSWORDS {
        secrets.push(password.into());
        secrets.push(md5_credentials("findable-user", password).into());
        secrets.push(sha1_credentials("findable-user", password).into());
    }
    for secret in secrets {
        assert!(
            !is_in(&held, &secret),
            "{}",
            String::from_utf8_lossy(&secret)
        );
    }
    let digest = AppToken::parse(&value).unwrap().digest();
    assert!(is_in(&held, &digest), "only its hash");
}

/// Everything in every file of the store.
fn contents(site: &Site) -> Vec<u8> {
    let files = std::fs::read_dir(site.app.folder()).unwrap();
    let read = |file: std::io::Result<std::fs::DirEntry>| std::fs::read(file.unwrap().path());
    let files: Vec<Vec<u8>> = files.map(|file| read(file).unwrap()).collect();
    files.concat()
}

fn is_in(held: &[u8], sought: &[u8]) -> bool {
    held.windows(sought.len()).any(|window| window == sought)
}
