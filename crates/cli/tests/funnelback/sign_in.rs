//! Signing in for a token (rows L).

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::json;

use crate::exchange::{COOKIE, Call, Reply, send};
use crate::site::{ACCOUNT, Fields, LOGIN, STATE, Site, add_user};

/// The life of a token, in milliseconds: two weeks.
const LIFE: u64 = 1_209_600_000;

impl Site {
    /// Signing in with these fields of a form.
    fn login(&self, fields: &str) -> Call {
        self.call("POST", LOGIN).form(fields)
    }

    async fn with_member(self, username: &str, password: &str) -> Self {
        let (engine, role) = (&self.app.engine, Some("super-user"));
        add_user(engine, self.account, username, password, role).await;
        self
    }

    /// Whom the check call names for a token.
    async fn name_behind(&self, token: &str) -> String {
        let reply = self.get(ACCOUNT).token(token).send().await;
        let said = reply.assert_status(200).json();
        said["data"]["id"].as_str().unwrap().to_owned()
    }
}

impl Reply {
    /// What a sign-in says to the letter; its token.
    #[track_caller]
    fn assert_signed_in(&self) -> String {
        assert_eq!(self.status, 200, "{self:?}");
        let expected = json!({
            "errorMessage": null,
            "data": "Authenticated, see x-security-token.",
        });
        assert_eq!(self.json(), expected);
        self.header("x-security-token").to_owned()
    }

    /// 401 in the envelope and nothing to go on with.
    #[track_caller]
    fn assert_not_signed_in(self) -> Self {
        let reply = self.assert_challenge_without_basic();
        let said = reply.json();
        assert!(said["errorMessage"].is_string(), "{said}");
        assert_eq!(said.get("data"), Some(&serde_json::Value::Null));
        assert!(reply.all("x-security-token").is_empty(), "{reply:?}");
        reply
    }
}

#[tokio::test]
async fn fb_l01_signing_in_answers_in_the_very_words_of_the_vendor() {
    let site = Site::start().await;
    let reply = site.login("username=admin&password=pwd").send().await;
    reply.assert_signed_in();
    assert_eq!(reply.json().as_object().unwrap().len(), 2);
}

#[tokio::test]
async fn fb_l02_header_and_cookie_hold_the_same_token() {
    let site = Site::start().await;
    let reply = site.login("username=admin&password=pwd").send().await;
    let token = reply.assert_signed_in();
    let cookie = reply.header("set-cookie");
    let value = cookie.split(';').next();
    assert_eq!(value, Some(&*format!("{COOKIE}={token}")));
}

#[tokio::test]
async fn fb_l03_nobody_keeps_the_answer_to_a_sign_in() {
    let site = Site::start().await;
    let reply = site.login("username=admin&password=pwd").send().await;
    reply.assert_signed_in();
    let control = reply.header("cache-control").split(',').map(str::trim);
    let control: Vec<&str> = control.collect();
    for wanted in ["no-cache", "no-store", "max-age=0"] {
        assert!(control.contains(&wanted), "{control:?}");
    }
    assert_eq!(reply.header("pragma"), "no-cache");
    assert!(reply.header("expires").contains(" 1970 "), "{reply:?}");
    let media_type = reply.header("content-type").to_ascii_lowercase();
    assert!(media_type.starts_with("application/json;"), "{media_type}");
    assert!(media_type.contains("charset=utf-8"), "{media_type}");
}

#[tokio::test]
async fn fb_l04_a_token_has_the_outer_form_of_the_vendors() {
    let site = Site::start().await;
    let token = site.admin().await;
    assert_eq!(token.len(), 112);
    assert!(!token.contains('='), "{token}");
    let fields = Fields::of(&token);
    assert_eq!(fields.user, "admin");
    assert_eq!(fields.expires.to_string().len(), 13);
    let is_hex = |b: u8| b.is_ascii_digit() || matches!(b, b'a'..=b'f');
    assert_eq!(fields.signature.len(), 64);
    assert!(fields.signature.bytes().all(is_hex), "{fields:?}");
    assert_eq!(fields.token(), token);
}

#[tokio::test]
async fn fb_l05_a_token_lasts_two_weeks() {
    let site = Site::start().await;
    let now = u64::try_from(site.app.now().micros() / 1000).unwrap();
    let first = Fields::of(&site.admin().await).expires;
    let second = Fields::of(&site.admin().await).expires;
    for expires in [first, second] {
        assert!(expires.abs_diff(now + LIFE) <= 2000, "{expires} at {now}");
    }
}

#[tokio::test]
async fn fb_l06_remember_me_changes_nothing() {
    let site = Site::start().await;
    let now = u64::try_from(site.app.now().micros() / 1000).unwrap();
    for query in ["remember-me=true", "remember-me=false", "remember-me"] {
        let call = site.call("POST", &format!("{LOGIN}?{query}"));
        let reply = call.form("username=admin&password=pwd").send().await;
        let token = reply.assert_signed_in();
        assert!(reply.header("set-cookie").contains(&token), "{query}");
        let expires = Fields::of(&token).expires;
        assert!(expires.abs_diff(now + LIFE) <= 2000, "{query}");
    }
}

#[tokio::test]
async fn fb_l07_a_wrong_password_gets_no_token() {
    let site = Site::start().await;
    let reply = site.login("username=admin&password=wrong").send().await;
    let reply = reply.assert_not_signed_in();
    assert!(reply.all("set-cookie").is_empty(), "{reply:?}");
}

#[tokio::test]
async fn fb_l08_an_unknown_user_is_told_what_a_wrong_password_is() {
    let site = Site::start().await;
    let wrong = site.login("username=admin&password=wrong").send().await;
    let unknown = site.login("username=nobody&password=pwd").send().await;
    let unknown = unknown.assert_not_signed_in();
    assert_eq!(unknown.lasting(), wrong.lasting());
}

#[tokio::test]
async fn fb_l09_a_disabled_user_is_told_what_a_wrong_password_is() {
    let site = Site::start().await;
    let wrong = site.login("username=admin&password=wrong").send().await;
    let disabled = site.login("username=gone&password=g0ne").send().await;
    let disabled = disabled.assert_not_signed_in();
    assert_eq!(disabled.lasting(), wrong.lasting());
}

#[tokio::test]
async fn fb_l10_both_fields_are_needed() {
    let site = Site::start().await;
    for fields in [
        "username=admin",
        "password=pwd",
        "Username=admin&password=pwd",
        "",
    ] {
        let said = site.login(fields).send().await.assert_status(400).json();
        assert!(said["errorMessage"].is_string(), "{fields}: {said}");
        assert!(said["data"].is_null(), "{fields}: {said}");
    }
}

#[tokio::test]
async fn fb_l11_no_field_may_stand_twice() {
    let site = Site::start().await;
    for fields in [
        "username=admin&username=admin&password=pwd",
        "username=admin&username=reader&password=pwd",
        "username=admin&password=pwd&password=pwd",
        "username=admin&password=pwd&%70assword=other",
    ] {
        let reply = site.login(fields).send().await.assert_status(400);
        assert!(reply.all("x-security-token").is_empty(), "{fields}");
    }
}

/// What was logged.
#[derive(Clone, Default)]
struct Logged(Arc<Mutex<Vec<u8>>>);

impl io::Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Logged {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// Whether any file of a folder holds a text.
fn is_stored(folder: &Path, text: &str) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return is_stored(&path, text);
        }
        let bytes = std::fs::read(&path).unwrap();
        bytes
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    })
}

#[tokio::test]
async fn fb_l12_credentials_in_the_query_are_neither_taken_nor_kept() {
    let site = Site::start()
        .await
        .with_member("quark", "strange-9f3")
        .await;
    let logged = Logged::default();
    let writer = logged.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let log = tracing::subscriber::set_default(subscriber);
    let target = format!("{LOGIN}?username=quark&password=strange-9f3");
    for call in [
        site.call("POST", &target),
        site.call("POST", &target).form("x=y"),
        site.call("POST", &format!("{LOGIN}?password=strange-9f3"))
            .form("username=quark"),
        site.call("POST", &target)
            .form("username=quark&password=strange-9f3"),
    ] {
        let reply = call.send().await.assert_status(400);
        assert!(reply.all("x-security-token").is_empty(), "{reply:?}");
        assert!(!reply.text().contains("strange-9f3"), "{reply:?}");
    }
    drop(log);
    let text = logged.text();
    assert!(text.contains("answered"), "{text}");
    for secret in ["quark", "strange-9f3"] {
        assert!(!text.contains(secret), "{text}");
    }
    assert!(!is_stored(site.app.folder(), "strange-9f3"));
    site.login("username=quark&password=strange-9f3")
        .send()
        .await
        .assert_signed_in();
}

#[tokio::test]
async fn fb_l13_only_a_form_is_read() {
    let site = Site::start().await;
    let call = site.call("POST", LOGIN);
    let json = json!({"username": "admin", "password": "pwd"});
    call.clone().json(&json).send().await.assert_status(415);
    let fields = "username=admin&password=pwd";
    for media_type in ["text/plain", "multipart/form-data; boundary=x", ""] {
        let reply = call.clone().body(media_type, fields).send().await;
        reply.assert_status(415);
    }
}

#[tokio::test]
async fn fb_l14_signing_in_is_a_post() {
    let site = Site::start().await;
    for method in ["GET", "HEAD", "PUT", "DELETE"] {
        let reply = site.call(method, LOGIN).send().await;
        assert_eq!(reply.assert_status(405).header("allow"), "POST", "{method}");
    }
}

#[tokio::test]
async fn fb_l15_a_body_over_the_limit_is_refused() {
    let site = Site::start().await;
    let padded = |length: usize| {
        let fields = "username=admin&password=pwd&x=";
        format!("{fields}{}", "y".repeat(length - fields.len()))
    };
    site.login(&padded(8192)).send().await.assert_signed_in();
    let reply = site.login(&padded(8193)).send().await;
    reply.assert_status(413);
    // One that does not say beforehand how long it is.
    let body = padded(8193);
    let request = format!(
        "POST {LOGIN} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n\
         {:x}\r\n{body}\r\n0\r\n\r\n",
        site.address,
        body.len(),
    );
    send(site.address, request.as_bytes())
        .await
        .assert_status(413);
}

#[tokio::test]
async fn fb_l16_names_and_passwords_beyond_ascii_are_taken() {
    let site = Site::start()
        .await
        .with_member("zo\u{eb}", "p\u{e4}ss\u{20ac}")
        .await;
    let call = site.login("username=zo%C3%AB&password=p%C3%A4ss%E2%82%AC");
    let token = call.send().await.assert_signed_in();
    assert_eq!(site.name_behind(&token).await, "zo\u{eb}");
    assert_eq!(Fields::of(&token).user, "zo%C3%AB");
}

#[tokio::test]
async fn fb_l17_a_plus_is_a_space_and_an_encoded_one_is_a_plus() {
    let site = Site::start().await.with_member("rod", "a b+c").await;
    for fields in [
        "username=rod&password=a+b%2Bc",
        "username=rod&password=a%20b%2bc",
    ] {
        site.login(fields).send().await.assert_signed_in();
    }
    for fields in [
        "username=rod&password=a+b+c",
        "username=rod&password=a%2Bb%2Bc",
    ] {
        site.login(fields).send().await.assert_not_signed_in();
    }
}

#[tokio::test]
async fn fb_l18_stale_credentials_do_not_hinder_signing_in() {
    let site = Site::start().await;
    let login = site.login("username=admin&password=pwd");
    for call in [
        login.clone().token("stale"),
        login.clone().cookie("stale"),
        login.clone().basic("admin:wrong"),
        login.token("one").token("other").cookie(""),
    ] {
        let reply = call.send().await;
        let token = reply.assert_signed_in();
        assert!(!reply.cancels_cookie(), "{reply:?}");
        assert_eq!(site.name_behind(&token).await, "admin");
    }
}

#[tokio::test]
async fn fb_l19_whoever_fails_to_sign_in_is_signed_out() {
    let site = Site::start().await;
    let good = site.admin().await;
    let login = site.login("username=admin&password=wrong");
    for token in ["stale", &good] {
        let reply = login.clone().cookie(token).send().await;
        let reply = reply.assert_not_signed_in();
        assert!(reply.cancels_cookie(), "{reply:?}");
    }
}

#[tokio::test]
async fn fb_l20_two_sign_ins_live_side_by_side() {
    let site = Site::start().await;
    let (first, second) = (site.admin().await, site.admin().await);
    assert_ne!(first, second);
    for token in [&first, &second] {
        assert_eq!(site.name_behind(token).await, "admin");
        let reply = site.get(STATE).cookie(token).send().await;
        reply.assert_status(200);
    }
}

#[tokio::test]
async fn fb_l21_a_name_may_come_with_its_account() {
    let site = Site::start().await;
    let account = site.app.account("A");
    let id = account.id.to_string();
    let mut names = vec!["admin".to_owned()];
    for prefix in [&*account.name, &*account.realm, &*id] {
        names.push(format!("{prefix}~admin"));
        names.push(format!("{prefix}%7Eadmin"));
    }
    for name in names {
        let token = site.token(&name, "pwd").await;
        assert_eq!(Fields::of(&token).user, "admin", "{name}");
        assert_eq!(site.name_behind(&token).await, "admin", "{name}");
    }
    for (other, password) in [
        ("B~admin", "pwd"),
        ("nowhere~admin", "pwd"),
        ("B~bad", "pw-bad"),
    ] {
        let call = site.login(&format!("username={other}&password={password}"));
        call.send().await.assert_not_signed_in();
    }
}
