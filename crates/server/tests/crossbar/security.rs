//! Attacks on the credential path (attacks.md, sections 4 and 5).

use doorward_core::user::Level;
use doorward_engine::admin::{AccountChange, UserChange};
use serde_json::json;

use crate::support::{act, change_account, change_user, comparable, enable_user, probe};
use doorward_testkit::{App, Reply, operator};

async fn basic(app: &App, path: &str, credentials: &str) -> Reply {
    let call = app.call("GET", path);
    call.authorization(&app.basic("A", credentials))
        .send()
        .await
}

/// Slow hashes computed so far.
fn hashes(app: &App) -> u64 {
    app.engine.metrics().hashes()
}

#[tokio::test]
async fn atk_s33_the_same_token_is_judged_anew_for_each_right() {
    let app = App::start().await;
    let token = app.token("usr").await;
    for _ in 0..3 {
        probe(&app, &token).await.assert_status(200);
        app.get(app.account_path("A"), &token)
            .await
            .assert_status(200);
        app.get(app.account_path("B"), &token).await.assert_403();
        app.get("/v2/auth/keys", &token).await.assert_403();
        app.get("/v2/nonsense", &token).await.assert_status(404);
    }
    let basic_of_usr = "usr:pw-usr";
    for _ in 0..3 {
        basic(&app, &app.account_path("A"), basic_of_usr)
            .await
            .assert_status(200);
        basic(&app, &app.account_path("B"), basic_of_usr)
            .await
            .assert_403();
        basic(&app, "/v2/auth/keys", basic_of_usr)
            .await
            .assert_403();
    }
}

#[tokio::test]
async fn atk_s37_no_other_secret_stands_for_the_right_one() {
    let app = unlimited().await;
    basic(&app, "/v2/token_auth", "adm:pw-adm")
        .await
        .assert_status(200);
    for n in 0..300 {
        basic(&app, "/v2/token_auth", &format!("adm:wrong {n}"))
            .await
            .assert_401std();
    }
    basic(&app, "/v2/token_auth", "adm:pw-adm")
        .await
        .assert_status(200);
}

async fn unlimited() -> App {
    App::with(|settings, _| {
        settings.limits.enabled = false;
        settings.cached_credentials = 16;
    })
    .await
}

#[tokio::test]
async fn atk_s38_wrong_secrets_push_nothing_out_of_the_cache() {
    let app = unlimited().await;
    basic(&app, "/v2/token_auth", "adm:pw-adm")
        .await
        .assert_status(200);
    let warm = hashes(&app);
    basic(&app, "/v2/token_auth", "adm:pw-adm")
        .await
        .assert_status(200);
    assert!(hashes(&app) <= warm, "a warm secret costs no slow hash");
    for n in 0..200 {
        basic(&app, "/v2/token_auth", &format!("adm:wrong {n}"))
            .await
            .assert_401std();
    }
    let flooded = hashes(&app);
    assert!(flooded >= warm + 200, "failures are not remembered as such");
    basic(&app, "/v2/token_auth", "adm:pw-adm")
        .await
        .assert_status(200);
    assert!(hashes(&app) <= flooded, "the flood pushed nothing out");
}

#[tokio::test]
async fn atk_s39_every_change_is_seen_by_the_next_request() {
    let app = App::start().await;
    let token = app.token("adm").await;
    app.get("/v2/auth/keys", &token).await.assert_status(200);
    basic(&app, "/v2/auth/keys", "adm:pw-adm")
        .await
        .assert_status(200);
    let level = |level| UserChange {
        level: Some(level),
        ..UserChange::default()
    };
    change_user(&app, "adm", level(Level::User)).await;
    app.get("/v2/auth/keys", &token).await.assert_403();
    basic(&app, "/v2/auth/keys", "adm:pw-adm")
        .await
        .assert_403();
    change_user(&app, "adm", level(Level::Admin)).await;
    app.get("/v2/auth/keys", &token).await.assert_status(200);
    let enabled = |enabled| AccountChange {
        enabled: Some(enabled),
        ..AccountChange::default()
    };
    for account in ["A", "R"] {
        change_account(&app, account, enabled(false)).await;
        probe(&app, &token).await.assert_locked("disabled");
        basic(&app, "/v2/token_auth", "adm:pw-adm")
            .await
            .assert_locked("disabled");
        change_account(&app, account, enabled(true)).await;
        probe(&app, &token).await.assert_status(200);
    }
    enable_user(&app, "adm", false).await;
    probe(&app, &token).await.assert_401std();
    basic(&app, "/v2/token_auth", "adm:pw-adm")
        .await
        .assert_401std();
}

#[tokio::test]
async fn atk_s42_whoever_is_unknown_costs_as_much() {
    let app = unlimited().await;
    let mut costs = Vec::new();
    for (account, user) in [
        ("Acme Phones", "adm"),
        ("Acme Phones", "nobody"),
        ("Nobody Ltd", "adm"),
    ] {
        let before = hashes(&app);
        let reply = app.sign_in(account, user, "wrong").await;
        reply.assert_401std();
        costs.push(hashes(&app) - before);
    }
    let unknown = "0123456789abcdef0123456789abcdef";
    let digest = crate::support::md5_credentials("adm", "wrong");
    for account in [app.account("A").id.to_string(), unknown.to_owned()] {
        let before = hashes(&app);
        let call = app.call("GET", "/v2/token_auth");
        let call = call.basic_text(&format!("{account}:{digest}0"));
        call.send().await.assert_401std();
        let refused_by_form = hashes(&app) - before;
        let before = hashes(&app);
        let call = app.call("GET", "/v2/token_auth");
        let call = call.basic_text(&format!("{account}:{}", digest.replace('a', "b")));
        call.send().await.assert_401std();
        costs.push(hashes(&app) - before);
        assert!(refused_by_form <= 1);
    }
    assert_eq!(costs, [1; 5]);
}

#[tokio::test]
async fn atk_s45_lengths_are_judged_before_anybody_is_looked_up() {
    let app = App::start().await;
    for credentials in [String::new(), "7".repeat(65), "7".repeat(100_000)] {
        let mut replies = Vec::new();
        for account in ["Acme Phones", "Nobody Ltd"] {
            let before = hashes(&app);
            let data = json!({"credentials": credentials, "account_name": account});
            let reply = app.put_user_auth(data).await;
            reply.assert_error(400, "validation error");
            assert!(hashes(&app) <= before, "no slow hash for {account}");
            replies.push(comparable(&reply));
        }
        assert_eq!(replies[0], replies[1]);
    }
    let long = "7".repeat(20_000);
    let call = app.call("GET", "/v2/token_auth");
    let known = format!("{}:{long}", app.account("A").id);
    let known = call.basic_text(&known).send().await;
    let call = app.call("GET", "/v2/token_auth");
    let unknown = format!("0123456789abcdef0123456789abcdef:{long}");
    let unknown = call.basic_text(&unknown).send().await;
    known.assert_401std();
    assert_eq!(comparable(&known), comparable(&unknown));
}

#[tokio::test]
async fn atk_s46_nothing_but_the_whole_key_is_the_key() {
    let app = App::start().await;
    let key = app.api_key("A").await;
    for length in [0, 1, 8, 16, 32, 48, 63] {
        let reply = app.put_api_auth(&key[..length]).await;
        reply.assert_status(400);
        // A right beginning, continued at random.
        for seed in 0_u64..8 {
            let random = doorward_testkit::seeded_random(seed).bytes::<32>();
            let nibbles = random.iter().flat_map(|byte| [byte >> 4, byte & 15]);
            let digits: String = nibbles
                .filter_map(|nibble| char::from_digit(nibble.into(), 16))
                .collect();
            let guess = format!("{}{}", &key[..length], &digits[length..]);
            if guess != key {
                app.put_api_auth(&guess).await.assert_status(404);
            }
        }
    }
    for other in [key.to_uppercase(), key.chars().rev().collect()] {
        if other != key {
            app.put_api_auth(&other).await.assert_status(404);
        }
    }
    let padded = format!("{} ", &key[..63]);
    app.put_api_auth(&padded).await.assert_status(404);
    app.put_api_auth(&key).await.assert_status(201);
}

#[tokio::test]
async fn a_key_or_token_is_no_basic_password_and_the_other_way() {
    let app = App::start().await;
    let (key, token) = (app.api_key("A").await, app.token("adm").await);
    let id = app.account("A").id;
    for password in [&key, &token] {
        let call = app.call("GET", "/v2/token_auth");
        let call = call.basic_text(&format!("{id}:{password}"));
        call.send().await.assert_401std();
    }
    probe(&app, &key).await.assert_401std();
    let digest = crate::support::md5_credentials("adm", "pw-adm");
    probe(&app, &digest).await.assert_401std();
}

#[tokio::test]
async fn a_moved_account_leaves_the_reach_of_warm_credentials() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let path = app.account_path("C");
    app.get(&path, &token).await.assert_status(200);
    basic(&app, &path, "adm:pw-adm").await.assert_status(200);
    let (c, b) = (app.account("C").id, app.account("B").id);
    app.engine.move_account(operator(), c, b).await.unwrap();
    app.get(&path, &token).await.assert_403();
    basic(&app, &path, "adm:pw-adm").await.assert_403();
}

#[tokio::test]
async fn no_reply_to_a_reset_tells_more_than_that() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let path = format!("{}/auth", app.user_path("adm"));
    let reply = act(&app, path, "reset_signature_secret", &token).await;
    let user = app.user("adm");
    let stored = app.stored_user(user.account, user.id).await.unwrap();
    assert!(!reply.text().contains(stored.signature_secret.expose()));
}

#[tokio::test]
async fn credentials_over_plain_http_from_elsewhere_are_not_looked_at() {
    let app = App::with(|_, wire| wire.allow_plaintext = false).await;
    let token = app.token("adm").await;
    let elsewhere = std::net::Ipv4Addr::new(192, 0, 2, 7).into();
    let before = hashes(&app);
    let with_token = app.call("GET", "/v2/token_auth").token(&token);
    let with_basic = app.call("GET", "/v2/token_auth");
    let with_basic = with_basic.authorization(&app.basic("A", "adm:wrong"));
    let credentials = crate::support::md5_credentials("adm", "wrong");
    let data = json!({"credentials": credentials, "account_name": "Acme Phones"});
    let login = app
        .call("PUT", "/v2/user_auth")
        .json(&json!({"data": data}));
    for call in [with_token, with_basic, login] {
        let reply = call.from(elsewhere).send().await;
        reply.assert_error(403, "forbidden");
        assert!(reply.text().contains("[listen] allow_plaintext"));
    }
    assert_eq!(hashes(&app), before);
    let local = std::net::Ipv6Addr::LOCALHOST.into();
    let call = app.call("GET", "/v2/token_auth").token(&token);
    call.from(local).send().await.assert_status(200);
}
