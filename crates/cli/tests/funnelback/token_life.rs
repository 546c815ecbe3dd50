//! How long a token is good, and what ends it before its time.

use std::time::Duration;

use doorward_engine::Actor;
use doorward_store::VerifierKind;
use serde_json::{Value, json};

use crate::app_tokens::app_token;
use crate::exchange::Reply;
use crate::forge::{Forge, LIFETIME, assert_good, assert_refused, fields, now_ms, some_expiry};
use crate::site::{ACCOUNT, Fields, LOGIN, STATE, Site, add_user};

const LOGOUT: &str = "/admin-api/account/v1/logout";
const PASSWORD: &str = "/admin-api/account/v1/password";

fn user_path(username: &str) -> String {
    format!("/admin-api/account/v1/users/{username}")
}

async fn put_user(site: &Site, admin: &str, username: &str, change: &Value) -> Reply {
    let call = site.call("PUT", &user_path(username)).token(admin);
    call.json(change).send().await
}

async fn change_password(site: &Site, token: &str, current: &str, new: &str) -> Reply {
    let body = json!({"currentPassword": current, "newPassword": new});
    let call = site.call("PUT", PASSWORD).token(token);
    call.json(&body).send().await
}

#[tokio::test]
async fn fb_t12_tokens_of_the_key_before_are_good_and_older_ones_are_not() {
    let site = Site::start().await;
    let (old, seen) = (Forge::of(&site, "admin").await, site.admin().await);
    let expires = some_expiry(&site);
    assert_good(&site, &seen, "admin").await;
    let rotate = async || {
        let rotated = site.app.engine.rotate_remember_me_key(Actor::operator());
        rotated.await.unwrap();
    };
    rotate().await;
    let between = site.admin().await;
    assert_ne!(Forge::of(&site, "admin").await.key, old.key);
    for token in [&seen, &old.token("admin", expires), &between] {
        assert_good(&site, token, "admin").await;
    }
    rotate().await;
    for token in [&seen, &old.token("admin", expires)] {
        assert_refused(&site, token).await;
    }
    assert_refused(&site, &old.token("admin", expires + 1)).await;
    assert_good(&site, &between, "admin").await;
    let latest = site.admin().await;
    assert_good(&site, &latest, "admin").await;
}

#[tokio::test]
async fn fb_t14_a_token_is_good_up_to_its_very_expiry() {
    let site = Site::start().await;
    let forge = Forge::of(&site, "admin").await;
    let expires = now_ms(&site) + 1000;
    let seen = forge.token("admin", expires);
    assert_good(&site, &seen, "admin").await;
    site.app.advance(Duration::from_secs(1));
    assert_eq!(now_ms(&site), expires);
    let unseen = forge.token("feeder", expires);
    assert_refused(&site, &unseen).await;
    let unseen = Forge::of(&site, "feeder").await.token("feeder", expires);
    assert_good(&site, &seen, "admin").await;
    assert_good(&site, &unseen, "feeder").await;
    site.app.advance(Duration::from_millis(1));
    assert_refused(&site, &seen).await;
    assert_refused(&site, &unseen).await;
    let never_seen = Forge::of(&site, "reader").await.token("reader", expires);
    assert_refused(&site, &never_seen).await;

    // The same of a token that was signed in for.
    let token = site.admin().await;
    let left = Fields::of(&token).expires - now_ms(&site);
    assert_eq!(left, LIFETIME);
    site.app.advance(Duration::from_millis(left));
    assert_good(&site, &token, "admin").await;
    site.app.advance(Duration::from_millis(1));
    assert_refused(&site, &token).await;
}

#[tokio::test]
async fn fb_t15_an_expiry_beyond_the_longest_life_is_refused() {
    let site = Site::start().await;
    let forge = Forge::of(&site, "admin").await;
    let latest = now_ms(&site) + LIFETIME + 60_000;
    for expires in [latest + 1, latest + LIFETIME, u64::MAX / 1000, u64::MAX] {
        assert_refused(&site, &forge.token("admin", expires)).await;
    }
    assert_good(&site, &forge.token("admin", latest), "admin").await;
}

#[tokio::test]
async fn fb_t29_the_tokens_of_a_deleted_user_are_refused() {
    let site = Site::start().await;
    let (admin, seen) = (site.admin().await, site.token("feeder", "f33d").await);
    let forge = Forge::of(&site, "feeder").await;
    let unseen = forge.token("feeder", some_expiry(&site));
    assert_good(&site, &seen, "feeder").await;
    let delete = site.call("DELETE", &user_path("feeder")).token(&admin);
    delete.send().await.assert_status(200);
    assert_refused(&site, &seen).await;
    assert_refused(&site, &unseen).await;
    // Who comes after with this name is somebody else.
    add_user(
        &site.app.engine,
        site.account,
        "feeder",
        "f33d",
        Some("feeds-example"),
    )
    .await;
    assert_refused(&site, &seen).await;
    assert_refused(&site, &unseen).await;
    let new = site.token("feeder", "f33d").await;
    assert_good(&site, &new, "feeder").await;
}

#[tokio::test]
async fn fb_t30_the_tokens_of_a_disabled_user_are_refused_from_the_next_request_on() {
    let site = Site::start().await;
    let (admin, seen) = (site.admin().await, site.token("feeder", "f33d").await);
    let forge = Forge::of(&site, "feeder").await;
    assert_good(&site, &seen, "feeder").await;
    let set = put_user(&site, &admin, "feeder", &json!({"enabled": false})).await;
    assert_eq!(set.assert_status(200).json()["data"]["enabled"], false);
    assert_refused(&site, &seen).await;
    let unseen = forge.token("feeder", some_expiry(&site));
    assert_refused(&site, &unseen).await;
    // Of somebody who never was enabled.
    let gone = Forge::of(&site, "gone").await;
    assert_refused(&site, &gone.token("gone", some_expiry(&site))).await;
    assert_good(&site, &admin, "admin").await;
}

#[tokio::test]
async fn fb_t31_a_new_password_ends_the_users_tokens_and_nobody_elses() {
    let site = Site::start().await;
    let (admin, reader) = (site.admin().await, site.token("reader", "r34d").await);
    let mut old = Vec::new();
    for _ in 0..3 {
        old.push(site.token("feeder", "f33d").await);
    }
    old.push(
        Forge::of(&site, "feeder")
            .await
            .token("feeder", some_expiry(&site)),
    );
    assert_good(&site, &old[0], "feeder").await;
    let changed = change_password(&site, &old[1], "f33d", "n3w-feed").await;
    let fresh = changed
        .assert_status(200)
        .header("x-security-token")
        .to_owned();
    for token in &old {
        assert_refused(&site, token).await;
    }
    for (token, username) in [(&fresh, "feeder"), (&admin, "admin"), (&reader, "reader")] {
        assert_good(&site, token, username).await;
    }
    // The same when somebody else sets it.
    let set = put_user(&site, &admin, "feeder", &json!({"password": "n3wer-feed"})).await;
    set.assert_status(200);
    assert_refused(&site, &fresh).await;
    assert_good(&site, &admin, "admin").await;
    assert_good(&site, &reader, "reader").await;
}

#[tokio::test]
async fn fb_t32_a_password_change_that_fails_ends_nothing() {
    let site = Site::start().await;
    let tokens = [
        site.token("feeder", "f33d").await,
        site.token("feeder", "f33d").await,
    ];
    let long = "x".repeat(1025);
    for (current, new, status) in [
        ("wrong", "n3w-feed", 403),
        ("", "n3w-feed", 403),
        ("f33d", "", 400),
        ("f33d", &long, 400),
        ("f33d", "with\u{7}bell", 400),
    ] {
        let reply = change_password(&site, &tokens[0], current, new).await;
        reply.assert_status(status);
    }
    let call = site.call("PUT", PASSWORD).token(&tokens[0]);
    let half = call.json(&json!({"currentPassword": "f33d"})).send().await;
    half.assert_status(400);
    for token in &tokens {
        assert_good(&site, token, "feeder").await;
    }
    let again = site.token("feeder", "f33d").await;
    assert_good(&site, &again, "feeder").await;
}

#[tokio::test]
async fn fb_t33_a_password_that_is_hashed_anew_ends_nothing() {
    let site = Site::start().await;
    let user = site.user("feeder").await;
    let has_plain = async || {
        let stored = site.app.engine.store().verifiers_of(user.account, user.id);
        let stored = stored.await.unwrap();
        let mut kinds = stored.into_iter().map(|stored| stored.kind);
        kinds.any(|kind| kind == VerifierKind::Plain)
    };
    assert!(!has_plain().await, "a new user has digests alone");
    let forge = Forge::of(&site, "feeder").await;
    let before = forge.token("feeder", some_expiry(&site));
    assert_good(&site, &before, "feeder").await;
    let at_once = site.token("feeder", "f33d").await;
    let hashed = async {
        while !has_plain().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_mins(1), hashed).await;
    waited.expect("the password is hashed anew");
    for token in [&before, &at_once] {
        assert_good(&site, token, "feeder").await;
    }
    assert_good(
        &site,
        &forge.token("feeder", some_expiry(&site) + 1),
        "feeder",
    )
    .await;
}

#[tokio::test]
async fn fb_t34_tokens_outlive_a_restart() {
    let site = Site::start().await;
    let (admin, feeder) = (site.admin().await, site.token("feeder", "f33d").await);
    let out = site.admin().await;
    let logout = site.call("POST", LOGOUT).token(&out).send().await;
    logout.assert_status(200);
    let site = site.restarted().await;
    assert_good(&site, &admin, "admin").await;
    assert_good(&site, &feeder, "feeder").await;
    // And so does their end.
    assert_refused(&site, &out).await;
}

#[tokio::test]
async fn fb_t35_no_token_outlives_the_keys() {
    let site = Site::start().await;
    let mut tokens = Vec::new();
    for (username, password) in [("admin", "pwd"), ("feeder", "f33d"), ("reader", "r34d")] {
        let token = site.token(username, password).await;
        assert_good(&site, &token, username).await;
        tokens.push(token);
        let forge = Forge::of(&site, username).await;
        tokens.push(forge.token(username, some_expiry(&site)));
    }
    for _ in 0..2 {
        let rotated = site.app.engine.rotate_remember_me_key(Actor::operator());
        rotated.await.unwrap();
    }
    for token in &tokens {
        assert_refused(&site, token).await;
    }
    let site = site.restarted().await;
    for token in &tokens {
        assert_refused(&site, token).await;
    }
    let new = site.admin().await;
    assert_good(&site, &new, "admin").await;
}

#[tokio::test]
async fn fb_t36_an_unknown_user_costs_as_much_as_a_bad_signature() {
    let site = Site::start().await;
    let expires = some_expiry(&site);
    let costs = || {
        let engine = &site.app.engine;
        let reads = engine.store().times().read.counts().sum::<u64>();
        (engine.metrics().hashes(), reads)
    };
    let said = async |username: &str, digit: &str| {
        let before = costs();
        let token = fields(username, expires, &digit.repeat(64));
        let reply = site.get(ACCOUNT).token(&token).send().await;
        let after = costs();
        let spent = (after.0 - before.0, after.1 - before.1);
        let challenges: Vec<String> = reply
            .all("www-authenticate")
            .into_iter()
            .map(str::to_owned)
            .collect();
        (reply.status, reply.text(), challenges, spent)
    };
    // The account itself is read once, by the first.
    said("nobody", "0").await;
    // Feeder was not read before, and is read a second time here.
    let answers = [
        said("feeder", "1").await,
        said("feeder", "2").await,
        said("nobody", "1").await,
        said("nobody", "2").await,
        said("somebody", "1").await,
        said("gone", "1").await,
    ];
    assert_eq!(answers[0].0, 401);
    assert_eq!(answers[0].3.0, 0, "no slow hash");
    for answer in &answers {
        assert_eq!(*answer, answers[0], "{answers:?}");
    }
}

#[tokio::test]
async fn fb_t38_a_token_that_was_signed_out_is_refused_and_its_sibling_is_not() {
    let site = Site::start().await;
    let (out, stays) = (
        site.token("feeder", "f33d").await,
        site.token("feeder", "f33d").await,
    );
    assert_ne!(out, stays);
    assert_good(&site, &out, "feeder").await;
    let reply = site.call("POST", LOGOUT).token(&out).send().await;
    assert!(reply.assert_status(200).cancels_cookie());
    assert_refused(&site, &out).await;
    // In its other spelling too.
    assert_eq!(out.len() % 4, 2);
    assert_refused(&site, &format!("{out}==")).await;
    let again = site.call("POST", LOGOUT).token(&out).send().await;
    again.assert_challenge_without_basic();
    assert_good(&site, &stays, "feeder").await;
}

#[tokio::test]
async fn fb_t39_ending_all_sessions_of_a_user_spares_application_tokens() {
    let site = Site::start().await;
    let (first, second) = (site.admin().await, site.admin().await);
    let unseen = Forge::of(&site, "admin").await;
    let unseen = unseen.token("admin", some_expiry(&site));
    let feeder = site.token("feeder", "f33d").await;
    let program = app_token(&site, &first, "crawler", "main", &["super-user"]).await;
    assert_good(&site, &second, "admin").await;
    let end = site.call("POST", &format!("{}/revoke-tokens", user_path("admin")));
    end.token(&first).send().await.assert_status(200);
    for token in [&first, &second, &unseen] {
        assert_refused(&site, token).await;
    }
    for path in [ACCOUNT, STATE] {
        let reply = site.get(path).token(&program).send().await;
        reply.assert_status(200);
    }
    assert_good(&site, &feeder, "feeder").await;
    // The password stays.
    let new = site.admin().await;
    assert_good(&site, &new, "admin").await;
}

#[tokio::test]
async fn fb_t40_a_clock_that_is_set_back_breaks_nothing() {
    let site = Site::start().await;
    let (seen, unseen) = (site.admin().await, site.admin().await);
    assert_good(&site, &seen, "admin").await;
    site.app.rewind(Duration::from_secs(59));
    assert_good(&site, &seen, "admin").await;
    assert_good(&site, &unseen, "admin").await;
    let between = site.admin().await;
    assert_good(&site, &between, "admin").await;

    // Further back than clocks may differ: old tokens are from a future that does not come.
    let never_seen = Forge::of(&site, "feeder").await;
    let never_seen = never_seen.token("feeder", Fields::of(&unseen).expires);
    site.app.rewind(Duration::from_hours(5));
    assert_refused(&site, &never_seen).await;
    // Whoever signs in now gets what is good now.
    let form = "username=admin&password=pwd";
    let reply = site.call("POST", LOGIN).form(form).send().await;
    let reply = reply.assert_status(200);
    assert_good(&site, reply.header("x-security-token"), "admin").await;
}
