//! Which path is judged how, and what strangers learn of it (rows R).

use doorward_core::request::{Leniency, Oddity};
use serde_json::Value;

use crate::exchange::Reply;
use crate::site::{ACCOUNT, OPEN_HOST, SEARCH, STATE, Site};
use crate::upstream::{FINE, Upstream};

/// A path of the admin API that nobody has.
const NOWHERE: &str = "/admin-api/zzz";

/// The state of the collection, as it comes from the search service: not in an envelope.
#[track_caller]
fn assert_state(reply: Reply) {
    let said = reply.assert_status(200).json();
    assert!(said["state"].is_string(), "{said}");
    assert!(said.get("data").is_none(), "{said}");
    assert!(said.get("errorMessage").is_none(), "{said}");
}

/// The administrator's account, in the envelope.
#[track_caller]
fn assert_account(reply: Reply) {
    let said = reply.assert_status(200).json();
    assert!(said["errorMessage"].is_null(), "{said}");
    assert_eq!(said["data"]["id"], "admin");
}

/// Nothing of the administrator's account, whatever it says instead.
#[track_caller]
fn assert_not_served(reply: &Reply, target: &str) {
    assert!(!(200..300).contains(&reply.status), "{target}: {reply:?}");
    assert!(!reply.text().contains("fullName"), "{target}: {reply:?}");
}

#[tokio::test]
async fn fb_r01_a_stranger_is_asked_for_basic_on_the_push_api() {
    let site = Site::start().await;
    let reply = site.get(STATE).send().await.assert_basic_challenge();
    assert!(!reply.header("www-authenticate").contains("realm=\"\""));
    assert!(reply.all("set-cookie").is_empty());
}

#[tokio::test]
async fn fb_r02_basic_opens_the_push_api() {
    let site = Site::start().await;
    assert_state(site.get(STATE).basic(Site::basic_admin()).send().await);
}

#[tokio::test]
async fn fb_r03_the_token_header_opens_the_push_api() {
    let site = Site::start().await;
    let token = site.admin().await;
    assert_state(site.get(STATE).token(&token).send().await);
}

#[tokio::test]
async fn fb_r04_the_cookie_opens_the_push_api() {
    let site = Site::start().await;
    let token = site.admin().await;
    assert_state(site.get(STATE).cookie(&token).send().await);
}

#[tokio::test]
async fn fb_r05_a_stranger_is_not_asked_for_basic_on_the_admin_api() {
    let site = Site::start().await;
    let reply = site.get(ACCOUNT).send().await;
    let said = reply.assert_challenge_without_basic().json();
    assert!(said["errorMessage"].is_string() && said["data"].is_null());
}

#[tokio::test]
async fn fb_r06_the_admin_api_takes_no_basic_even_if_it_is_right() {
    let site = Site::start().await;
    let reply = site.get(ACCOUNT).basic(Site::basic_admin()).send().await;
    let reply = reply.assert_challenge_without_basic();
    assert_not_served(&reply, ACCOUNT);
}

#[tokio::test]
async fn fb_r07_wrong_basic_on_the_admin_api_is_answered_like_right_basic() {
    let site = Site::start().await;
    let right = site.get(ACCOUNT).basic("admin:pwd").send().await;
    let hashes = site.app.engine.metrics().hashes();
    let wrong = site.get(ACCOUNT).basic("admin:wrong").send().await;
    let wrong = wrong.assert_challenge_without_basic();
    assert_eq!(right.lasting(), wrong.lasting());
    assert_eq!(site.app.engine.metrics().hashes(), hashes);
}

#[tokio::test]
async fn fb_r08_the_token_header_opens_the_admin_api() {
    let site = Site::start().await;
    let token = site.admin().await;
    let reply = site.get(ACCOUNT).token(&token).send().await;
    let said = reply.assert_status(200).json();
    assert!(said.as_object().unwrap().contains_key("errorMessage"));
    assert!(said["errorMessage"].is_null());
    assert_eq!(said["data"]["id"], "admin");
    assert_eq!(said["data"]["fullName"], "Sample admin");
}

#[tokio::test]
async fn fb_r09_the_cookie_opens_the_admin_api() {
    let site = Site::start().await;
    let token = site.admin().await;
    assert_account(site.get(ACCOUNT).cookie(&token).send().await);
}

#[tokio::test]
async fn fb_r10_the_token_header_may_be_in_lower_case() {
    let site = Site::start().await;
    let token = site.admin().await;
    for name in ["x-security-token", "X-SECURITY-TOKEN"] {
        assert_account(site.get(ACCOUNT).header(name, &token).send().await);
    }
}

#[tokio::test]
async fn fb_r11_the_check_call_needs_no_slash_at_its_end() {
    let site = Site::start().await;
    let token = site.admin().await;
    let bare = ACCOUNT.trim_end_matches('/');
    assert_account(site.get(bare).token(&token).send().await);
}

#[tokio::test]
async fn fb_r12_a_stranger_is_asked_for_basic_before_searching() {
    let site = Site::start().await;
    site.get(SEARCH).send().await.assert_basic_challenge();
}

#[tokio::test]
async fn fb_r13_basic_header_and_cookie_open_the_search() {
    let site = Site::start().await;
    let token = site.token("reader", "r34d").await;
    let search = site.get(SEARCH);
    for call in [
        search.clone().basic("reader:r34d"),
        search.clone().token(&token),
        search.cookie(&token),
    ] {
        let said = call.send().await.assert_status(200).json();
        assert!(said["response"].is_object(), "{said}");
    }
}

#[tokio::test]
async fn fb_r14_everybody_may_search_where_that_is_said() {
    let site = Site::start().await;
    let reply = site.get(SEARCH).host(OPEN_HOST).send().await;
    let said = reply.assert_status(200).json();
    assert!(said["response"].is_object(), "{said}");
}

#[tokio::test]
async fn fb_r15_bad_credentials_are_never_ignored_where_everybody_may_search() {
    let site = Site::start().await;
    let open = site.get(SEARCH).host(OPEN_HOST);
    for call in [
        open.clone().basic("reader:wrong"),
        open.clone().basic("nobody:r34d"),
        open.clone().header("Authorization", "Basic !"),
        open.clone().token("no-token"),
    ] {
        call.send().await.assert_basic_challenge();
    }
    let reply = open.cookie("no-token").send().await;
    assert!(reply.assert_basic_challenge().cancels_cookie());
}

#[tokio::test]
async fn fb_r16_a_stranger_does_not_learn_which_admin_paths_exist() {
    for guards_admin in [true, false] {
        let site = Site::with(|plan| plan.guards_admin = guards_admin).await;
        let somewhere = site.get(ACCOUNT).send().await;
        for target in [NOWHERE, "/admin-api/account/v1/zzz"] {
            let reply = site.get(target).send().await;
            let nowhere = reply.assert_challenge_without_basic();
            assert_eq!(nowhere.lasting(), somewhere.lasting(), "{target}");
        }
    }
}

#[tokio::test]
async fn fb_r17_whoever_is_known_learns_that_an_admin_path_is_not_there() {
    let site = Site::with(|plan| plan.guards_admin = false).await;
    let token = site.admin().await;
    for target in [NOWHERE, "/admin-api/account/v1/zzz"] {
        let reply = site.get(target).token(&token).send().await;
        let said = reply.assert_status(404).json();
        assert!(said["errorMessage"].is_string(), "{target}: {said}");
        assert_eq!(said.get("data"), Some(&Value::Null), "{target}");
    }
    // An upstream that is there speaks for itself.
    let site = Site::start().await;
    let token = site.admin().await;
    let reply = site.get(NOWHERE).token(&token).send().await;
    reply.assert_status(404);
}

#[tokio::test]
async fn fb_r18_scripts_in_a_page_get_no_challenge_that_opens_a_dialog() {
    let site = Site::start().await;
    for target in [STATE, SEARCH] {
        let call = site.get(target);
        let call = call.header("X-Requested-With", "XMLHttpRequest");
        call.send().await.assert_challenge_without_basic();
    }
}

#[tokio::test]
async fn fb_r19_another_method_is_refused_with_those_there_are() {
    let site = Site::start().await;
    let token = site.admin().await;
    let reply = site.call("POST", STATE).token(&token).send().await;
    let reply = reply.assert_status(405);
    let allowed: Vec<&str> = reply.header("allow").split(',').map(str::trim).collect();
    assert!(allowed.contains(&"GET"), "{allowed:?}");
    assert!(!allowed.contains(&"POST"), "{allowed:?}");
}

#[tokio::test]
async fn fb_r20_basic_opens_the_admin_api_where_that_is_switched_on() {
    let site = Site::with(|plan| plan.funnelback.admin_basic = true).await;
    assert_account(site.get(ACCOUNT).basic("admin:pwd").send().await);
    let reply = site.get(ACCOUNT).basic("admin:wrong").send().await;
    reply.assert_basic_challenge();
    let site = Site::with(|plan| plan.funnelback.admin_basic = false).await;
    let reply = site.get(ACCOUNT).basic("admin:pwd").send().await;
    reply.assert_challenge_without_basic();
}

#[tokio::test]
async fn fb_r21_no_spelling_of_a_path_opens_the_admin_api_to_basic() {
    let site = Site::start().await;
    for target in [
        "/push-api/../admin-api/account/v1/",
        "/push-api/%2e%2e/admin-api/account/v1/",
        "/push-api/%2E./admin-api/account/v1/",
        "/push-api/..%2fadmin-api/account/v1/",
        "/push-api/v1/..;/../admin-api/account/v1/",
        "/push-api\\..\\admin-api/account/v1/",
        "//admin-api/account/v1/",
        "/./admin-api/account/v1/",
        "/%61dmin-api/account/v1/",
        "/admin-api//account/v1/",
        "/admin-api/account/v1/;x",
        "http://open.test/admin-api/account/v1/",
    ] {
        let reply = site.get(target).basic(Site::basic_admin()).send().await;
        assert!((400..500).contains(&reply.status), "{target}: {reply:?}");
        assert_not_served(&reply, target);
    }
}

#[tokio::test]
async fn fb_r22_a_path_in_upper_case_is_not_the_admin_api() {
    let site = Site::start().await;
    let token = site.admin().await;
    for target in ["/ADMIN-API/account/v1/", "/admin-api/ACCOUNT/v1/"] {
        let call = site.get(target);
        for call in [
            call.clone().basic(Site::basic_admin()),
            call.clone().token(&token),
            call.cookie(&token),
        ] {
            assert_not_served(&call.send().await, target);
        }
    }
}

#[tokio::test]
async fn fb_r23_what_only_begins_like_an_own_path_is_not_there() {
    // Without guarded APIs everything is answered here.
    for guards in [true, false] {
        let site = Site::with(|plan| (plan.guards, plan.guards_admin) = (guards, false)).await;
        let token = site.token("feeder", "f33d").await;
        for (method, rest) in [
            ("GET", "users"),
            ("GET", "users/reader"),
            ("PUT", "users/mine"),
            ("DELETE", "users/reader"),
            ("POST", "users/reader/revoke-tokens"),
            ("POST", "logout"),
            ("GET", ".users"),
        ] {
            let target = format!("/admin-api/account/v1{rest}");
            let call = site.call(method, &target).token(&token);
            let body = serde_json::json!({"password": "m1ne"});
            call.json(&body).send().await.assert_status(404);
        }
        let mine = site.app.engine.find_user(site.account, "mine").await;
        assert!(mine.is_err());
        site.user("reader").await;
    }
}

#[tokio::test]
async fn fb_r24_no_spelling_of_an_own_path_goes_to_an_upstream() {
    let upstream = Upstream::answering(FINE).await;
    let site = Site::with(|plan| {
        plan.upstream = Some(upstream.address);
        plan.funnelback.hosts = vec!["api.test".to_owned()];
        // What the API itself bears opens nothing of ours.
        plan.leniency = Leniency::of(&[
            Oddity::EncodedSlash,
            Oddity::Backslash,
            Oddity::Semicolon,
            Oddity::DoubleEncoding,
            Oddity::EmptySegment,
            Oddity::EncodedHash,
            Oddity::EncodedQuestionMark,
        ]);
    })
    .await;
    let form = "username=admin&password=pwd";
    let login = site.call("POST", crate::site::LOGIN).host("api.test");
    let token = login.form(form).send().await.assert_status(200);
    let token = token.header("x-security-token").to_owned();
    for (host, target) in [
        ("api.test", "/admin-api/account/v1/users"),
        ("api.test.", "/admin-api/account/v1/users"),
        ("API.test.:80", "/admin-api/account/v1/login"),
        ("api.test", "/admin-api//account/v1/users"),
        ("api.test", "/admin-api/account/v1//users"),
        ("api.test", "/admin-api/account/v1;x=y/users"),
        ("api.test", "/admin-api/account/v1;x=y"),
        ("api.test", "/admin-api/account;/v1/login"),
        ("api.test", "/admin-api/account%3B/v1/users"),
        ("api.test", "/admin-api/account%2Fv1/users"),
        ("api.test", "/admin-api/account%252fv1/users"),
        ("api.test", "/admin-api/account\\v1\\users"),
        ("api.test", "/admin-api/account%5Cv1/users"),
        ("api.test", "/admin-api/%2561ccount/v1/users"),
        ("api.test", "/admin-api/account/v1%3Fx"),
        ("api.test", "/admin-api/account/v1%23x"),
        ("api.test", "/admin-api/x/%252e%252e/account/v1/users"),
        ("api.test", "/admin-api/%252e/application-tokens/v1/clients"),
    ] {
        let reply = site.get(target).host(host).token(&token).send().await;
        assert!(upstream.take().is_empty(), "{host} {target}: {reply:?}");
    }
    let other = "/admin-api/accounts/v1;x//users";
    let reply = site.get(other).host("api.test").token(&token).send().await;
    reply.assert_status(200);
    assert_eq!(upstream.take().len(), 1, "what is not ours is passed on");
}
