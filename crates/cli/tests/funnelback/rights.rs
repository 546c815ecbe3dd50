//! Who may do what, and how guessing is slowed down.

use std::net::IpAddr;
use std::time::Duration;

use crate::exchange::{Call, Reply};
use crate::peers::send_from;
use crate::site::{ACCOUNT, DOCUMENTS, LOGIN, SEARCH, STATE, Site};

const USERS: &str = "/admin-api/account/v1/users";

/// Signs in, or tries to.
async fn sign_in(site: &Site, username: &str, password: &str) -> Reply {
    let form = format!("username={username}&password={password}");
    site.call("POST", LOGIN).form(&form).send().await
}

/// Asks for the push API with a password.
async fn basic(site: &Site, username: &str, password: &str) -> Reply {
    let call = site.get(STATE).basic(&format!("{username}:{password}"));
    call.send().await
}

/// Too many guesses; when to come back.
#[track_caller]
fn assert_throttled(reply: Reply) -> u64 {
    let reply = reply.assert_status(429);
    let wait: u64 = reply.header("retry-after").parse().unwrap();
    assert!((1..=300).contains(&wait), "{wait}");
    assert_eq!(reply.all("www-authenticate"), Vec::<&str>::new());
    assert_eq!(reply.all("x-security-token"), Vec::<&str>::new());
    assert!(reply.json()["errorMessage"].is_string());
    wait
}

/// Ten different wrong passwords through the login.
async fn guess_ten(site: &Site, username: &str) {
    for n in 0..10 {
        let reply = sign_in(site, username, &format!("wrong-{n}")).await;
        reply.assert_status(401);
    }
}

#[tokio::test]
async fn fb_a01_pushing_is_granted_by_the_collection() {
    let site = Site::start().await;
    let token = site.token("feeder", "f33d").await;
    let elsewhere = DOCUMENTS.replace("example-push", "other-push");
    let put = |documents: &str| {
        let call = site.call("PUT", &format!("{documents}?key=http://example.com/"));
        call.body("text/plain", "bees")
    };
    for by_basic in [true, false] {
        let with = |call: Call, token: &str| {
            if by_basic {
                call.basic("feeder:f33d")
            } else {
                call.token(token)
            }
        };
        with(put(DOCUMENTS), &token).send().await.assert_status(200);
        with(put(&elsewhere), &token)
            .send()
            .await
            .assert_status(403);
        // Not by another spelling either, nor by a way around.
        for path in [
            "/push-api/v1/collections/Example-Push/documents",
            "/push-api/v1/collections/example-push%2F..%2Fother-push/documents",
            "/push-api/v1/collections/example-push/../other-push/documents",
            "/push-api/v1/collections",
        ] {
            let reply = with(put(path), &token).send().await;
            assert!(matches!(reply.status, 400 | 403), "{path}: {reply:?}");
        }
        let read = with(site.get(STATE), &token).send().await;
        read.assert_status(200);
    }
}

#[tokio::test]
async fn fb_a02_a_feeder_sees_its_own_account_and_no_list_of_users() {
    let site = Site::start().await;
    let token = site.token("feeder", "f33d").await;
    let reply = site.get(ACCOUNT).token(&token).send().await;
    assert_eq!(reply.assert_status(200).json()["data"]["id"], "feeder");
    for path in [
        USERS.to_owned(),
        format!("{USERS}/admin"),
        format!("{USERS}/feeder"),
    ] {
        let reply = site.get(&path).token(&token).send().await;
        let said = reply.assert_status(403).json();
        assert!(said["data"].is_null(), "{said}");
    }
    let admin = site.admin().await;
    site.get(USERS)
        .token(&admin)
        .send()
        .await
        .assert_status(200);
}

#[tokio::test]
async fn fb_a03_a_reader_searches_and_pushes_nothing() {
    let site = Site::start().await;
    let token = site.token("reader", "r34d").await;
    let put = || {
        let call = site.call("PUT", &format!("{DOCUMENTS}?key=http://example.com/"));
        call.body("text/plain", "bees")
    };
    put().basic("reader:r34d").send().await.assert_status(403);
    put().token(&token).send().await.assert_status(403);
    let search = || site.get(SEARCH);
    search()
        .basic("reader:r34d")
        .send()
        .await
        .assert_status(200);
    search().token(&token).send().await.assert_status(200);
    // Who pushes does not search.
    search()
        .basic("feeder:f33d")
        .send()
        .await
        .assert_status(403);
}

#[tokio::test]
async fn fb_a04_what_is_forbidden_is_never_answered_with_a_challenge() {
    let site = Site::start().await;
    let (feeder, admin) = (site.token("feeder", "f33d").await, site.admin().await);
    let wrong = serde_json::json!({"currentPassword": "wrong", "newPassword": "other"});
    let elsewhere = STATE.replace("example-push", "other-push");
    let calls = [
        site.get(&elsewhere).basic("feeder:f33d"),
        site.get(&elsewhere).token(&feeder),
        site.get(&elsewhere).cookie(&feeder),
        site.get(SEARCH).basic("feeder:f33d"),
        site.get(USERS).token(&feeder),
        site.call(
            "PUT",
            "/admin-api/application-tokens/v1/clients/c/application-token/n",
        )
        .token(&feeder),
        site.call("PUT", "/admin-api/account/v1/password")
            .token(&feeder)
            .json(&wrong),
        site.call("POST", LOGIN)
            .header("Origin", "https://evil.example")
            .form("username=admin&password=pwd"),
        site.call("POST", "/admin-api/account/v1/logout")
            .header("Origin", "https://evil.example")
            .cookie(&admin),
    ];
    for call in calls {
        for script in [false, true] {
            let call = call.clone();
            let call = if script {
                call.header("X-Requested-With", "XMLHttpRequest")
            } else {
                call
            };
            let sent = String::from_utf8_lossy(&call.bytes()).into_owned();
            let reply = call.send().await;
            assert_eq!(reply.status, 403, "{sent}: {reply:?}");
            assert_eq!(reply.all("www-authenticate"), Vec::<&str>::new(), "{sent}");
            assert!(reply.json()["errorMessage"].is_string(), "{sent}");
        }
    }
}

#[tokio::test]
async fn fb_a05_ten_wrong_passwords_stop_an_eleventh_try_even_a_right_one() {
    let site = Site::start().await;
    guess_ten(&site, "admin").await;
    assert_throttled(sign_in(&site, "admin", "wrong-10").await);
    assert_throttled(sign_in(&site, "admin", "pwd").await);
    assert_throttled(basic(&site, "admin", "pwd").await);
    // Others are not held up by it.
    sign_in(&site, "feeder", "f33d").await.assert_status(200);

    // What was accepted from this address shortly before still is.
    let site = Site::start().await;
    sign_in(&site, "admin", "pwd").await.assert_status(200);
    guess_ten(&site, "admin").await;
    assert_throttled(sign_in(&site, "admin", "wrong-10").await);
    sign_in(&site, "admin", "pwd").await.assert_status(200);
    basic(&site, "admin", "pwd").await.assert_status(200);
}

#[tokio::test]
async fn fb_a06_a_good_token_passes_while_its_users_password_is_guessed_at() {
    let site = Site::start().await;
    let token = site.token("feeder", "f33d").await;
    let forge = crate::forge::Forge::of(&site, "feeder").await;
    guess_ten(&site, "feeder").await;
    assert_throttled(sign_in(&site, "feeder", "wrong-10").await);
    let unseen = forge.token("feeder", crate::forge::some_expiry(&site));
    for token in [&token, &unseen] {
        for path in [ACCOUNT, STATE] {
            let reply = site.get(path).token(token).send().await;
            reply.assert_status(200);
            let reply = site.get(path).cookie(token).send().await;
            reply.assert_status(200);
        }
    }
}

#[tokio::test]
async fn fb_a07_guesses_through_all_doors_count_together() {
    let site = Site::start().await;
    for n in 0..5 {
        let reply = basic(&site, "admin", &format!("wrong-{n}")).await;
        reply.assert_status(401);
        let reply = sign_in(&site, "admin", &format!("bad-{n}")).await;
        reply.assert_status(401);
    }
    assert_throttled(sign_in(&site, "admin", "pwd").await);
    assert_throttled(basic(&site, "admin", "pwd").await);

    // The new door with the old one's guesses is no way round either.
    let site = Site::start().await;
    for n in 0..10 {
        let reply = basic(&site, "admin", &format!("wrong-{n}")).await;
        reply.assert_status(401);
    }
    assert_throttled(sign_in(&site, "admin", "pwd").await);
}

#[tokio::test]
async fn fb_a08_guessing_at_nobody_is_slowed_down_alike() {
    let site = Site::start().await;
    let mut told = Vec::new();
    for username in ["admin", "nobody", "gone"] {
        let mut seen = Vec::new();
        for n in 0..10 {
            let reply = sign_in(&site, username, &format!("wrong-{n}")).await;
            seen.push((reply.status, reply.text()));
        }
        let reply = sign_in(&site, username, "wrong-10").await;
        seen.push((reply.status, reply.text()));
        let wait = assert_throttled(reply);
        let reply = basic(&site, username, "wrong-10").await;
        seen.push((reply.status, reply.text()));
        assert_eq!(assert_throttled(reply), wait);
        told.push((seen, wait));
    }
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0], told[2]);
}

#[tokio::test]
async fn fb_a09_guessing_is_forgotten_after_a_while() {
    let site = Site::start().await;
    guess_ten(&site, "admin").await;
    let wait = assert_throttled(sign_in(&site, "admin", "pwd").await);
    // As long as was asked for is enough for one more try.
    site.app.advance(Duration::from_secs(wait));
    sign_in(&site, "admin", "pwd").await.assert_status(200);

    let site = Site::start().await;
    guess_ten(&site, "admin").await;
    assert_throttled(sign_in(&site, "admin", "wrong-10").await);
    site.app.advance(Duration::from_mins(5));
    for n in 20..29 {
        let reply = sign_in(&site, "admin", &format!("wrong-{n}")).await;
        reply.assert_status(401);
    }
    sign_in(&site, "admin", "pwd").await.assert_status(200);
}

#[tokio::test]
async fn fb_a27_what_is_accepted_at_home_answers_no_guesses_from_elsewhere() {
    let [home, elsewhere] =
        ["192.0.2.1", "198.51.100.7"].map(|text| text.parse::<IpAddr>().unwrap());
    let form = |password: &str| format!("username=admin&password={password}");
    let doors: [fn(&Site, &str, &str) -> Call; 3] = [
        |site, _, password| {
            let fields = format!("username=admin&password={password}");
            site.call("POST", LOGIN).form(&fields)
        },
        |site, _, password| site.get(STATE).basic(&format!("admin:{password}")),
        // With a token that was stolen, for the password behind it.
        |site, token, password| {
            let body = serde_json::json!({"currentPassword": password, "newPassword": "m1ne"});
            let call = site.call("PUT", "/admin-api/account/v1/password");
            call.token(token).json(&body)
        },
    ];
    for door in doors {
        let site = Site::with(|plan| plan.allow_plaintext = true).await;
        let at_home = async || {
            let call = site.call("POST", LOGIN).form(&form("pwd"));
            send_from(&site, home, &call).await.assert_status(200)
        };
        let reply = at_home().await;
        let token = reply.header("x-security-token");
        let guess = async |password: &str| {
            let call = door(&site, token, password);
            send_from(&site, elsewhere, &call).await
        };
        for n in 0..10 {
            let reply = guess(&format!("wrong-{n}")).await;
            assert!(matches!(reply.status, 401 | 403), "{reply:?}");
        }
        assert_throttled(guess("wrong-10").await);
        assert_throttled(guess("pwd").await);
        at_home().await;
    }
}
