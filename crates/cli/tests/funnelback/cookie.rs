//! The cookie, and which of several credentials counts (rows C).

use http_body_util::Empty;
use hyper::body::Bytes;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::json;
use tokio::net::TcpStream;

use crate::exchange::{COOKIE, Call, Reply};
use crate::site::{ACCOUNT, DOCUMENTS, LOGIN, STATE, Site};

/// A page of somebody else's.
const FOREIGN: &str = "https://evil.example";

/// The attributes of the one cookie that is set.
#[track_caller]
fn attributes(reply: &Reply) -> Vec<String> {
    let cookie = reply.header("set-cookie");
    let attributes = cookie.split(';').skip(1).map(str::trim);
    attributes.map(str::to_owned).collect()
}

/// Whom the check call names.
#[track_caller]
fn assert_named(reply: Reply, username: &str) {
    let reply = reply.assert_status(200);
    assert_eq!(reply.json()["data"]["id"], username);
    assert!(!reply.cancels_cookie(), "{reply:?}");
}

impl Site {
    /// Signing in as the administrator.
    fn admin_login(&self) -> Call {
        let call = self.call("POST", LOGIN);
        call.form("username=admin&password=pwd")
    }

    /// A document that is pushed.
    fn push(&self) -> Call {
        let target = format!("{DOCUMENTS}?key=http://example.com/");
        self.call("PUT", &target).body("text/plain", "bees")
    }

    /// The status of a request over HTTP/2 with these cookie fields.
    async fn status_over_http2(&self, target: &str, cookies: &[&str]) -> u16 {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (executor, io) = (TokioExecutor::new(), TokioIo::new(stream));
        let shaken = hyper::client::conn::http2::handshake(executor, io).await;
        let (mut sender, connection) = shaken.unwrap();
        let connection = tokio::spawn(connection);
        let uri = format!("http://{}{target}", self.address);
        let request = http::Request::get(uri).version(http::Version::HTTP_2);
        let add =
            |request: http::request::Builder, cookie: &&str| request.header("cookie", *cookie);
        let request = cookies.iter().fold(request, add);
        let request = request.body(Empty::<Bytes>::new()).unwrap();
        let response = sender.send_request(request).await.unwrap();
        assert_eq!(response.version(), http::Version::HTTP_2);
        connection.abort();
        response.status().as_u16()
    }
}

#[tokio::test]
async fn fb_c01_the_cookie_has_every_attribute_that_protects_it() {
    let lasting = |reply: &Reply| {
        let all = attributes(reply);
        for wanted in ["HttpOnly", "Path=/", "Max-Age=1209600", "SameSite=Lax"] {
            assert!(all.iter().any(|found| found == wanted), "{all:?}");
        }
        assert!(!all.iter().any(|found| found.starts_with("Domain")));
        all
    };
    let site = Site::start().await;
    let reply = site.admin_login().send().await.assert_status(200);
    assert!(!lasting(&reply).contains(&"Secure".to_owned()));
    let proxies = vec!["127.0.0.1/32".parse().unwrap()];
    let site = Site::with(|plan| plan.trusted_proxies = proxies).await;
    let login = site.admin_login().header("X-Forwarded-Proto", "https");
    let reply = login.send().await;
    assert!(lasting(&reply.assert_status(200)).contains(&"Secure".to_owned()));
}

#[tokio::test]
async fn fb_c02_a_cookie_of_another_case_is_not_ours() {
    let site = Site::start().await;
    let token = site.admin().await;
    let name = COOKIE.to_ascii_lowercase();
    let call = site
        .get(ACCOUNT)
        .header("Cookie", &format!("{name}={token}"));
    let reply = call.send().await.assert_challenge_without_basic();
    let stranger = site.get(ACCOUNT).send().await;
    assert_eq!(reply.lasting(), stranger.lasting());
}

#[tokio::test]
async fn fb_c03_the_cookie_may_be_quoted() {
    let site = Site::start().await;
    let token = site.admin().await;
    let call = site.get(ACCOUNT).cookie(&format!("\"{token}\""));
    assert_named(call.send().await, "admin");
}

#[tokio::test]
async fn fb_c04_the_cookie_is_found_among_broken_ones() {
    let site = Site::start().await;
    let token = site.admin().await;
    for cookies in [
        format!("a=b; {COOKIE}={token}; c=d"),
        format!("=; ;; a; \"b=\"c; {COOKIE}={token};"),
        format!("x={COOKIE}; {COOKIE}x=y;{COOKIE}={token};  z"),
    ] {
        let call = site.get(ACCOUNT).header("Cookie", &cookies);
        assert_named(call.send().await, "admin");
    }
    let mut line = b"a=\xff\xfe; ".to_vec();
    line.extend_from_slice(format!("{COOKIE}={token}").as_bytes());
    let call = site.get(ACCOUNT).header_bytes("Cookie", &line);
    assert_named(call.send().await, "admin");
}

#[tokio::test]
async fn fb_c05_a_cookie_twice_must_be_the_same_one() {
    let site = Site::start().await;
    let (token, other) = (site.admin().await, site.admin().await);
    let twice = |first: &str, second: &str| {
        let line = format!("{COOKIE}={first}; {COOKIE}={second}");
        let on_two_lines = site.get(ACCOUNT).cookie(first).cookie(second);
        [site.get(ACCOUNT).header("Cookie", &line), on_two_lines]
    };
    for call in twice(&token, &token) {
        assert_named(call.send().await, "admin");
    }
    for call in twice(&token, &other).into_iter().chain(twice("", &token)) {
        let reply = call.send().await.assert_challenge_without_basic();
        assert!(reply.cancels_cookie(), "{reply:?}");
    }
}

#[tokio::test]
async fn fb_c06_http2_may_split_the_cookies() {
    let site = Site::start().await;
    let token = site.admin().await;
    let ours = format!("{COOKIE}={token}");
    for target in [STATE, ACCOUNT] {
        for cookies in [["a=b", &ours], [&ours, "a=b"], [&ours, &ours]] {
            let status = site.status_over_http2(target, &cookies).await;
            assert_eq!(status, 200, "{target}");
        }
        let differing = format!("{COOKIE}=x");
        let status = site.status_over_http2(target, &[&ours, &differing]).await;
        assert_eq!(status, 401, "{target}");
    }
}

#[tokio::test]
async fn fb_c07_an_empty_cookie_is_refused_and_taken_back() {
    let site = Site::start().await;
    for value in ["", "\"\""] {
        let reply = site.get(ACCOUNT).cookie(value).send().await;
        let reply = reply.assert_challenge_without_basic();
        assert!(reply.cancels_cookie(), "{reply:?}");
        let reply = site.get(STATE).cookie(value).send().await;
        assert!(reply.assert_basic_challenge().cancels_cookie());
    }
}

#[tokio::test]
async fn fb_c08_a_bad_cookie_is_refused_and_taken_back() {
    let site = Site::start().await;
    let reply = site.admin_login().send().await.assert_status(200);
    let is_place = |found: &String| found.starts_with("Path=") || found.starts_with("Domain=");
    let place = |reply: &Reply| -> Vec<String> {
        let all = attributes(reply).into_iter();
        all.filter(is_place).collect()
    };
    for target in [ACCOUNT, STATE] {
        let bad = site.get(target).cookie("bad").send().await;
        let bad = bad.assert_status(401);
        assert!(bad.cancels_cookie(), "{bad:?}");
        assert_eq!(place(&bad), place(&reply));
    }
}

#[tokio::test]
async fn fb_c09_a_bad_header_takes_no_cookie_back() {
    let site = Site::start().await;
    for target in [ACCOUNT, STATE] {
        let reply = site.get(target).token("bad").send().await;
        let reply = reply.assert_status(401);
        assert!(reply.all("set-cookie").is_empty(), "{reply:?}");
    }
}

#[tokio::test]
async fn fb_c10_beside_a_good_header_no_cookie_is_looked_at() {
    let site = Site::start().await;
    let token = site.admin().await;
    let call = site.get(ACCOUNT).token(&token).cookie("bad");
    assert_named(call.send().await, "admin");
    let reply = site.get(STATE).token(&token).cookie("bad").send().await;
    let reply = reply.assert_status(200);
    assert!(reply.all("set-cookie").is_empty(), "{reply:?}");
}

#[tokio::test]
async fn fb_c11_a_good_cookie_does_not_make_up_for_a_bad_header() {
    let site = Site::start().await;
    let token = site.admin().await;
    for target in [ACCOUNT, STATE] {
        for bad in ["bad", ""] {
            let call = site.get(target).token(bad).cookie(&token);
            let reply = call.send().await.assert_status(401);
            assert!(reply.all("set-cookie").is_empty(), "{reply:?}");
        }
    }
}

#[tokio::test]
async fn fb_c12_the_header_goes_before_the_cookie() {
    let site = Site::start().await;
    let (admin, reader) = (site.admin().await, site.token("reader", "r34d").await);
    let call = site.get(ACCOUNT).token(&admin).cookie(&reader);
    assert_named(call.send().await, "admin");
    let call = site.get(ACCOUNT).token(&reader).cookie(&admin);
    assert_named(call.send().await, "reader");
}

#[tokio::test]
async fn fb_c13_the_header_goes_before_basic() {
    let site = Site::start().await;
    let (admin, reader) = (site.admin().await, site.token("reader", "r34d").await);
    // Only the administrator may see the state.
    for basic in ["reader:r34d", "reader:wrong"] {
        let call = site.get(STATE).token(&admin).basic(basic);
        call.send().await.assert_status(200);
    }
    let call = site.get(STATE).token(&reader).basic(Site::basic_admin());
    call.send().await.assert_status(403);
}

#[tokio::test]
async fn fb_c14_a_good_cookie_does_not_make_up_for_bad_basic() {
    let site = Site::start().await;
    let token = site.admin().await;
    for basic in ["Basic YWRtaW46d3Jvbmc=", "Basic !", "Basic"] {
        let call = site.get(STATE).cookie(&token);
        let reply = call.header("Authorization", basic).send().await;
        let reply = reply.assert_basic_challenge();
        assert!(reply.all("set-cookie").is_empty(), "{reply:?}");
    }
}

#[tokio::test]
async fn fb_c15_basic_beside_a_token_is_not_looked_at_on_the_admin_api() {
    let site = Site::start().await;
    let token = site.admin().await;
    for basic in ["reader:r34d", "admin:wrong", ""] {
        let call = site.get(ACCOUNT).basic(basic);
        assert_named(call.clone().token(&token).send().await, "admin");
        assert_named(call.cookie(&token).send().await, "admin");
    }
}

#[tokio::test]
async fn fb_c16_two_token_headers_contradict_each_other() {
    let site = Site::start().await;
    let (token, other) = (site.admin().await, site.admin().await);
    for target in [ACCOUNT, STATE] {
        let call = site.get(target).token(&token);
        for second in [&*other, "bad", ""] {
            let reply = call.clone().token(second).send().await;
            reply.assert_status(400);
        }
    }
}

#[tokio::test]
async fn fb_c17_a_page_of_another_site_writes_nothing_by_the_cookie() {
    let ours = "https://search.example.com";
    let site = Site::with(|plan| plan.origins = vec![ours.to_owned()]).await;
    let token = site.admin().await;
    let logout = || site.call("POST", &format!("{ACCOUNT}logout"));
    for call in [site.push(), logout()] {
        let reply = call.cookie(&token).header("Origin", FOREIGN).send().await;
        let reply = reply.assert_status(403);
        assert!(reply.all("www-authenticate").is_empty(), "{reply:?}");
        assert!(!reply.cancels_cookie(), "{reply:?}");
    }
    let call = site.push().token(&token).header("Origin", FOREIGN);
    call.send().await.assert_status(200);
    for own in [ours.to_owned(), format!("http://{}", site.address)] {
        let call = site.push().cookie(&token).header("Origin", &own);
        call.send().await.assert_status(200);
    }
    let call = logout().token(&token).header("Origin", FOREIGN);
    call.send().await.assert_status(200);
}

#[tokio::test]
async fn fb_c18_a_write_by_the_cookie_must_say_where_it_comes_from() {
    let site = Site::start().await;
    let token = site.admin().await;
    let logout = site.call("POST", &format!("{ACCOUNT}logout"));
    for call in [site.push(), logout.clone()] {
        call.cookie(&token).send().await.assert_status(403);
    }
    let call = logout.cookie(&token);
    let call = call.header("Sec-Fetch-Site", "same-origin");
    let reply = call.send().await.assert_status(200);
    assert!(reply.cancels_cookie(), "{reply:?}");
}

#[tokio::test]
async fn fb_c19_a_page_of_another_site_cannot_read_what_it_asks_for() {
    let site = Site::start().await;
    let token = site.admin().await;
    for target in [ACCOUNT, STATE] {
        let call = site.get(target).cookie(&token).header("Origin", FOREIGN);
        let reply = call.send().await.assert_status(200);
        let (lines, _) = reply.lasting();
        let shares = |line: &&str| {
            let line = line.to_ascii_lowercase();
            line.starts_with("access-control-")
        };
        assert!(!lines.iter().any(shares), "{lines:?}");
    }
}

#[tokio::test]
async fn fb_c20_an_application_token_is_no_cookie() {
    let site = Site::start().await;
    let token = site.admin().await;
    let target = "/admin-api/application-tokens/v1/clients/shop/application-token/feed";
    let put = site.call("PUT", target).token(&token);
    let made = put.json(&json!({"roles": ["super-user"]})).send().await;
    let made = made.assert_status(200).json();
    let app_token = made["data"]["token"].as_str().unwrap();
    let call = site.get(STATE).token(app_token);
    call.send().await.assert_status(200);
    for target in [STATE, ACCOUNT] {
        let reply = site.get(target).cookie(app_token).send().await;
        let reply = reply.assert_status(401);
        assert!(reply.cancels_cookie(), "{target}: {reply:?}");
    }
}

#[tokio::test]
async fn fb_c21_a_page_of_another_site_changes_nothing_by_a_password_the_browser_kept() {
    let site = Site::with(|plan| plan.funnelback.admin_basic = true).await;
    let before = site.user("feeder").await.generation;
    let revoke = site.call("POST", &format!("{ACCOUNT}users/feeder/revoke-tokens"));
    let revoke = revoke.basic(Site::basic_admin());
    for (name, value) in [
        ("Origin", FOREIGN),
        ("Origin", "null"),
        ("Referer", &format!("{FOREIGN}/page")),
        ("Sec-Fetch-Site", "cross-site"),
    ] {
        let reply = revoke.clone().header(name, value).send().await;
        let reply = reply.assert_status(403);
        assert!(reply.all("www-authenticate").is_empty(), "{reply:?}");
    }
    assert_eq!(site.user("feeder").await.generation, before);
    // Programs say nothing of pages, and our own pages are ours.
    revoke.clone().send().await.assert_status(200);
    let own = format!("http://{}", site.address);
    revoke
        .header("Origin", &own)
        .send()
        .await
        .assert_status(200);
    assert_eq!(site.user("feeder").await.generation, before + 2);
    let read = site.get(ACCOUNT).basic(Site::basic_admin());
    read.header("Origin", FOREIGN)
        .send()
        .await
        .assert_status(200);
}
