//! How far whoever may change users or make tokens reaches, and when that is judged.

use doorward_core::permission::{Grants, Role};
use doorward_core::user::{Level, User};
use doorward_engine::Actor;
use doorward_engine::admin::UserChange;
use serde_json::json;

use crate::exchange::{Call, send_slowly};
use crate::site::{ACCOUNT, Site, add_user};

const USERS: &str = "/admin-api/account/v1/users";
const PASSWORD: &str = "/admin-api/account/v1/password";

/// A token of somebody who may search, change users and make tokens.
async fn clerk(site: &Site) -> String {
    set_role(site, &["admin.users", "admin.tokens", "search.read"]).await;
    let (engine, role) = (&site.app.engine, Some("clerk"));
    add_user(engine, site.account, "clerk", "cl3rk", role).await;
    site.token("clerk", "cl3rk").await
}

/// What the clerk's role grants from now on.
async fn set_role(site: &Site, permissions: &[&str]) {
    let role = Role {
        name: "clerk".parse().unwrap(),
        grants: Grants::Some {
            permissions: permissions.iter().map(|p| p.parse().unwrap()).collect(),
            resources: None,
        },
    };
    let set = site
        .app
        .engine
        .set_role(Actor::operator(), site.account, role);
    set.await.unwrap();
}

async fn change(site: &Site, username: &str, change: UserChange) {
    let id = site.user(username).await.id;
    let engine = &site.app.engine;
    let changed = engine.change_user(Actor::operator(), site.account, id, change);
    changed.await.unwrap();
}

fn roles(names: &[&str]) -> UserChange {
    UserChange {
        roles: Some(names.iter().map(|name| name.parse().unwrap()).collect()),
        ..UserChange::default()
    }
}

fn at(site: &Site, method: &str, username: &str) -> Call {
    site.call(method, &format!("{USERS}/{username}"))
}

/// As it was, but for when it was written.
#[track_caller]
fn assert_untouched(before: &User, after: &User) {
    assert_eq!(before.generation, after.generation);
    assert_eq!(before.roles, after.roles);
    assert_eq!(before.enabled, after.enabled);
    assert_eq!(before.document, after.document);
}

#[tokio::test]
async fn fb_a23_nobody_touches_a_user_who_may_more() {
    let site = Site::start().await;
    let token = clerk(&site).await;
    let (engine, account) = (&site.app.engine, site.account);
    add_user(engine, account, "boss", "b0ss", None).await;
    let level = UserChange {
        level: Some(Level::Admin),
        ..UserChange::default()
    };
    change(&site, "boss", level).await;
    for username in ["admin", "feeder", "boss"] {
        let before = site.user(username).await;
        for call in [
            at(&site, "PUT", username).json(&json!({"password": "m1ne"})),
            at(&site, "PUT", username).json(&json!({"roles": []})),
            at(&site, "PUT", username).json(&json!({"enabled": false})),
            at(&site, "PUT", username).json(&json!({})),
            at(&site, "DELETE", username),
            at(&site, "POST", &format!("{username}/revoke-tokens")),
        ] {
            let sent = String::from_utf8_lossy(&call.bytes()).into_owned();
            let reply = call.token(&token).send().await;
            assert_eq!(reply.status, 403, "{sent}: {reply:?}");
        }
        assert_untouched(&before, &site.user(username).await);
    }
    // Nor makes anybody more than they are.
    for (username, roles) in [
        ("reader", json!(["super-user"])),
        ("clerk", json!(["clerk", "push-only"])),
        ("fresh", json!(["search-only", "feeds-example"])),
    ] {
        let body = json!({"password": "m1ne", "roles": roles});
        let call = at(&site, "PUT", username).json(&body).token(&token);
        call.send().await.assert_status(403);
    }
    let fresh = site.app.engine.find_user(site.account, "fresh").await;
    assert!(fresh.is_err());
    let call = site.get(&format!("{USERS}?after=a%00b")).token(&token);
    call.send().await.assert_status(400);
    // Below is below.
    let call = at(&site, "PUT", "reader").json(&json!({"roles": [], "fullName": "A B"}));
    let said = call.token(&token).send().await.assert_status(200).json();
    assert_eq!(said["data"]["roles"], json!([]));
    assert_eq!(said["data"]["fullName"], "A B");
}

#[tokio::test]
async fn fb_a24_who_rises_while_a_body_comes_in_is_out_of_reach() {
    let site = Site::start().await;
    let token = clerk(&site).await;
    let body = json!({"password": "m1ne", "fullName": "Taken Over"});
    let call = at(&site, "PUT", "reader").json(&body).token(&token);
    let rise = change(&site, "reader", roles(&["super-user"]));
    Box::pin(send_slowly(call, rise)).await.assert_status(403);
    let reply = site.call("POST", crate::site::LOGIN);
    let reply = reply.form("username=reader&password=m1ne").send().await;
    reply.assert_status(401);
    site.token("reader", "r34d").await;
}

#[tokio::test]
async fn fb_a25_who_falls_while_a_body_comes_in_does_nothing_more() {
    let falls = async |site: &Site, how: usize| match how {
        0 => {
            let off = UserChange {
                enabled: Some(false),
                ..UserChange::default()
            };
            change(site, "clerk", off).await;
        }
        1 => change(site, "clerk", roles(&["search-only"])).await,
        _ => set_role(site, &["admin.users", "admin.tokens"]).await,
    };
    let tokens = "/admin-api/application-tokens/v1/clients/c/application-token";
    for (how, status) in [(0, 401), (1, 403), (2, 403)] {
        let site = Site::start().await;
        let token = clerk(&site).await;
        let put = |path: &str| site.call("PUT", path).token(&token);
        let body = json!({"password": "m1ne", "roles": ["search-only"]});
        let user = put(&format!("{USERS}/mine")).json(&body);
        let reply = Box::pin(send_slowly(user, falls(&site, how))).await;
        reply.assert_status(status);
        let mine = site.app.engine.find_user(site.account, "mine").await;
        assert!(mine.is_err(), "{how}");

        let site = Site::start().await;
        let token = clerk(&site).await;
        let put = site.call("PUT", &format!("{tokens}/mine")).token(&token);
        let call = put.json(&json!({"roles": ["search-only"]}));
        let reply = Box::pin(send_slowly(call, falls(&site, how))).await;
        assert!(!reply.assert_status(status).text().contains("fbat_"));
        let made = site.app.engine.app_tokens(site.account).await.unwrap();
        assert!(made.is_empty(), "{how}");
    }
}

#[tokio::test]
async fn fb_a26_an_old_password_sets_one_new_password() {
    let site = Site::start().await;
    let token = site.admin().await;
    let change = |new: &str| {
        let body = json!({"currentPassword": "pwd", "newPassword": new});
        let call = site.call("PUT", PASSWORD).token(&token);
        call.json(&body).send()
    };
    let replies = tokio::join!(change("one"), change("two"), change("three"));
    let replies = [replies.0, replies.1, replies.2];
    let done: Vec<_> = replies.iter().filter(|r| r.status == 200).collect();
    let [done] = done.as_slice() else {
        panic!("{replies:?}");
    };
    for other in replies.iter().filter(|reply| reply.status != 200) {
        assert!(matches!(other.status, 401 | 403 | 409), "{other:?}");
        assert!(other.all("x-security-token").is_empty());
    }
    let fresh = done.header("x-security-token");
    let call = site.get(ACCOUNT).token(fresh);
    call.send().await.assert_status(200);
}
