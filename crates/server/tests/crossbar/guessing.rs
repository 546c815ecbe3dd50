//! Guess lanes (decision 28): who guesses is slowed down, who has the right secret is not.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use serde_json::json;

use crate::support::{md5_credentials, probe};
use doorward_core::lane::Measure;
use doorward_testkit::{App, Call, Reply};

const GUESSER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 66));
const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 67));

/// A server that bears five different wrong secrets a minute for one account from one prefix.
async fn strict() -> App {
    App::with(|settings, _| {
        settings.limits.per_account_address = Measure {
            failures: 5,
            window: Duration::from_mins(1),
        };
    })
    .await
}

fn call<'a>(app: &'a App, account: &str, username: &str, password: &str) -> Call<'a> {
    let credentials = md5_credentials(username, password);
    let data = json!({"credentials": credentials, "account_name": app.account(account).name});
    app.call("PUT", "/v2/user_auth")
        .json(&json!({"data": data}))
}

async fn sign_in(app: &App, from: IpAddr, account: &str, username: &str, password: &str) -> Reply {
    let call = call(app, account, username, password);
    call.from(from).send().await
}

async fn basic(app: &App, from: IpAddr, credentials: &str) -> Reply {
    let call = app.call("GET", "/v2/token_auth").from(from);
    call.authorization(&app.basic("A", credentials))
        .send()
        .await
}

#[track_caller]
fn assert_throttled(reply: &Reply) {
    reply.assert_error(429, "too_many_requests");
    assert_eq!(reply.at("/data/message"), "too many requests");
    let after: u64 = reply.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&after), "{after}");
}

/// Five different wrong secrets for account A.
async fn fill(app: &App, from: IpAddr) {
    for n in 0..5 {
        let reply = sign_in(app, from, "A", "adm", &format!("guess {n}")).await;
        reply.assert_401std();
    }
}

#[tokio::test]
async fn thirty_wrong_guesses_over_users_are_only_wrong() {
    let app = App::start().await;
    for n in 0..30 {
        let reply = sign_in(&app, GUESSER, "A", &format!("user{n}"), "guess").await;
        reply.assert_401std();
    }
    for n in 0..30 {
        let reply = basic(&app, ELSEWHERE, &format!("user{n}:guess")).await;
        reply.assert_401std();
    }
}

#[tokio::test]
async fn many_different_guesses_for_one_account_end_in_429() {
    let app = strict().await;
    fill(&app, GUESSER).await;
    assert_throttled(&sign_in(&app, GUESSER, "A", "adm", "guess 6").await);
    assert_throttled(&basic(&app, GUESSER, "adm:guess 7").await);
    // Whoever was not recognised before cannot be told from a guesser.
    assert_throttled(&sign_in(&app, GUESSER, "A", "usr", "pw-usr").await);
    app.advance(Duration::from_secs(61));
    let reply = sign_in(&app, GUESSER, "A", "adm", "pw-adm").await;
    reply.assert_status(201);
}

#[tokio::test]
async fn the_default_measure_ends_too() {
    let app = App::start().await;
    let mut wrong = 0;
    for n in 0..200 {
        let reply = sign_in(&app, GUESSER, "A", "adm", &format!("guess {n}")).await;
        if reply.status == 429 {
            assert_throttled(&reply);
            break;
        }
        reply.assert_401std();
        wrong += 1;
    }
    assert!((31..200).contains(&wrong), "{wrong}");
}

#[tokio::test]
async fn guesses_over_accounts_count_for_the_address() {
    let app = App::with(|settings, _| {
        settings.limits.per_address = Measure {
            failures: 4,
            window: Duration::from_mins(1),
        };
    })
    .await;
    for (n, account) in ["A", "B", "C", "R"].into_iter().enumerate() {
        let reply = sign_in(&app, GUESSER, account, "adm", &format!("guess {n}")).await;
        reply.assert_401std();
    }
    assert_throttled(&sign_in(&app, GUESSER, "M", "mad", "guess").await);
}

#[tokio::test]
async fn a_repeated_wrong_secret_counts_once() {
    let app = strict().await;
    for _ in 0..40 {
        let reply = sign_in(&app, GUESSER, "A", "adm", "old password").await;
        reply.assert_401std();
        basic(&app, GUESSER, "usr:old password")
            .await
            .assert_401std();
    }
    let reply = sign_in(&app, GUESSER, "A", "adm", "pw-adm").await;
    reply.assert_status(201);
}

#[tokio::test]
async fn a_remembered_wrong_secret_may_become_right() {
    let app = strict().await;
    let reply = sign_in(&app, GUESSER, "A", "adm", "soon").await;
    reply.assert_401std();
    crate::support::change_password(&app, "adm", "soon").await;
    let reply = sign_in(&app, GUESSER, "A", "adm", "soon").await;
    reply.assert_status(201);
}

#[tokio::test]
async fn holders_of_tokens_and_known_secrets_are_let_in_meanwhile() {
    let app = strict().await;
    let token = sign_in(&app, GUESSER, "A", "adm", "pw-adm")
        .await
        .auth_token();
    basic(&app, GUESSER, "usr:pw-usr").await.assert_status(200);
    fill(&app, GUESSER).await;
    assert_throttled(&sign_in(&app, GUESSER, "A", "adm", "guess 6").await);
    for _ in 0..10 {
        let call = app.call("GET", "/v2/token_auth").from(GUESSER);
        call.token(&token).send().await.assert_status(200);
        basic(&app, GUESSER, "usr:pw-usr").await.assert_status(200);
        let reply = sign_in(&app, GUESSER, "A", "adm", "pw-adm").await;
        reply.assert_status(201);
    }
    assert_throttled(&sign_in(&app, GUESSER, "A", "adm", "guess 7").await);
}

#[tokio::test]
async fn another_prefix_signs_in_meanwhile() {
    let app = strict().await;
    fill(&app, GUESSER).await;
    let reply = sign_in(&app, ELSEWHERE, "A", "usr", "pw-usr").await;
    reply.assert_status(201);
    let reply = sign_in(&app, GUESSER, "B", "bad", "pw-bad").await;
    reply.assert_status(201);
}

#[tokio::test]
async fn one_ipv6_network_is_one_guesser() {
    let app = strict().await;
    let host = |n: u16| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 7, n, n, n, n));
    for n in 0..5 {
        let reply = sign_in(&app, host(n), "A", "adm", &format!("guess {n}")).await;
        reply.assert_401std();
    }
    assert_throttled(&sign_in(&app, host(9), "A", "adm", "guess 6").await);
    let beside = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 8, 0, 0, 0, 1));
    let reply = sign_in(&app, beside, "A", "adm", "pw-adm").await;
    reply.assert_status(201);
}

/// Attack: the same account spelled in many ways. Six guesses end in 429 where it exists, so they must where it does not,
/// or the spelling tells which.
#[tokio::test]
async fn atk_s50_spellings_of_one_account_are_one_lane_whether_it_exists_or_not() {
    let app = strict().await;
    let name = &app.account("A").name;
    let realm = &app.account("A").realm;
    for (field, text) in [
        ("account_name", name.as_str()),
        ("account_name", "Nobody Ltd"),
        ("account_realm", realm.as_str()),
        ("account_realm", "nobody.example"),
        ("phone_number", "+14155550199"),
    ] {
        let spellings = [
            text.to_uppercase(),
            text.to_lowercase(),
            format!("{}{}", &text[..1].to_uppercase(), &text[1..].to_lowercase()),
            text.to_owned(),
            text.trim_start_matches('+').to_owned(),
            text.trim_start_matches("+1").to_uppercase(),
        ];
        app.advance(Duration::from_mins(2));
        for (n, spelling) in spellings.iter().enumerate() {
            let credentials = md5_credentials("adm", &format!("guess {n}"));
            let body = json!({"data": {"credentials": credentials, field: spelling}});
            let call = app.call("PUT", "/v2/user_auth").json(&body);
            let reply = call.from(GUESSER).send().await;
            if n < 5 {
                reply.assert_401std();
            } else {
                assert_throttled(&reply);
            }
        }
    }
}

#[tokio::test]
async fn right_secrets_take_no_place() {
    let app = strict().await;
    for _ in 0..20 {
        let reply = sign_in(&app, GUESSER, "A", "adm", "pw-adm").await;
        reply.assert_status(201);
        let reply = sign_in(&app, GUESSER, "A", "usr", "pw-usr").await;
        reply.assert_status(201);
    }
}

#[tokio::test]
async fn the_lanes_can_be_switched_off() {
    let app = App::with(|settings, _| {
        settings.limits.enabled = false;
        settings.limits.per_address.failures = 1;
        settings.limits.per_account_address.failures = 1;
    })
    .await;
    for n in 0..10 {
        let reply = sign_in(&app, GUESSER, "A", "adm", &format!("guess {n}")).await;
        reply.assert_401std();
    }
}

#[tokio::test]
async fn keys_of_accounts_are_not_limited_by_their_id() {
    let app = strict().await;
    let key = app.api_key("A").await;
    fill(&app, GUESSER).await;
    let body = json!({"data": {"api_key": key}});
    let call = app.call("PUT", "/v2/api_auth").from(GUESSER).json(&body);
    let token = call.send().await.assert_status(201).auth_token();
    probe(&app, &token).await.assert_status(200);
}
