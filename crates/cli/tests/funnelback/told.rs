//! What is said to strangers and to the log.

use std::fmt::Write as _;
use std::io::Write;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward_core::app_token::AppToken;
use doorward_core::hex;
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use crate::app_tokens::app_token;
use crate::exchange::Reply;
use crate::forge::{Forge, LIFETIME, assert_refused, fields, now_ms, some_expiry};
use crate::site::{ACCOUNT, Fields, LOGIN, SEARCH, STATE, Site, add_user};

/// On the vendor's admin API, and not one of ours.
const ADMIN: &str = "/admin-api/collections/v1/";
const USERS: &str = "/admin-api/account/v1/users";
const PASSWORD: &str = "/admin-api/account/v1/password";
const LOGOUT: &str = "/admin-api/account/v1/logout";

/// What is signed in with, changed to, and tried in vain.
const OLD: &str = "correct-horse-51";
const NEW: &str = "battery-staple-52";
const WRONG: &str = "wrong-guess-53";

/// Everything that was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn fb_x06_the_log_holds_no_secret() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    // For every thread: slow hashes and the store have their own. What other tests log at the same time does not matter.
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let site = Site::start().await;
    let engine = &site.app.engine;
    add_user(engine, site.account, "somebody", OLD, Some("super-user")).await;
    let token = site.token("somebody", OLD).await;
    let forge = Forge::of(&site, "somebody").await;
    let mut secrets: Vec<String> = [OLD, NEW, WRONG, &token].map(str::to_owned).into();
    secrets.push(Fields::of(&token).signature);
    fail_to_sign_in(&site).await;
    secrets.extend(show_tokens(&site, &forge, &token).await);
    secrets.extend(show_passwords(&site).await);
    secrets.extend(show_app_tokens(&site, &token).await);
    secrets.extend(change_passwords(&site, &token).await);
    let user = site.user("somebody").await;
    secrets.push(user.signature_secret.expose().to_owned());
    for key in [forge.key, forge.secret] {
        secrets.extend([hex::encode(&key), STANDARD.encode(key), format!("{key:?}")]);
    }
    let said = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for known in ["answered", LOGIN, "api=\"push\""] {
        assert!(said.contains(known), "{known} in\n{said}");
    }
    for secret in secrets {
        assert!(secret.len() >= 12, "too short to be told apart: {secret}");
        let line = said.lines().find(|line| line.contains(&secret));
        assert_eq!(line, None, "{secret}");
    }
}

async fn fail_to_sign_in(site: &Site) {
    for form in [
        format!("username=somebody&password={WRONG}"),
        format!("username=nobody&password={WRONG}"),
        format!("username=somebody&password={OLD}&password={NEW}"),
    ] {
        let reply = site.call("POST", LOGIN).form(&form).send().await;
        assert!(matches!(reply.status, 400 | 401), "{reply:?}");
    }
    let in_query = format!("{LOGIN}?username=somebody&password={WRONG}");
    let reply = site.call("POST", &in_query).form("").send().await;
    reply.assert_status(400);
}

/// Good and bad ones in every place; the bad ones.
async fn show_tokens(site: &Site, forge: &Forge, token: &str) -> Vec<String> {
    let mut tampered = Fields::of(token);
    tampered.expires += 1;
    let expired = forge.token("somebody", now_ms(site) - 1);
    let bad = vec![tampered.token(), expired, token[1..].to_owned()];
    for bad in &bad {
        assert_refused(site, bad).await;
        let reply = site.get(&format!("{STATE}?token={bad}")).send().await;
        reply.assert_status(401);
    }
    let reply = site.get(STATE).cookie(token).send().await;
    reply.assert_status(200);
    let both = site.get(ACCOUNT).token(token).cookie(token).send().await;
    both.assert_status(200);
    bad
}

/// With Basic; what was sent.
async fn show_passwords(site: &Site) -> Vec<String> {
    let mut sent = Vec::new();
    for (password, status) in [(OLD, 200), (WRONG, 401)] {
        let pair = format!("somebody:{password}");
        let reply = site.get(STATE).basic(&pair).send().await;
        reply.assert_status(status);
        sent.push(STANDARD.encode(pair));
    }
    sent
}

/// One made, used and revoked, and others that are none; their random parts.
async fn show_app_tokens(site: &Site, token: &str) -> Vec<String> {
    let value = app_token(site, token, "crawler", "main", &["super-user"]).await;
    for path in [STATE, SEARCH, ACCOUNT] {
        let reply = site.get(path).token(&value).send().await;
        reply.assert_status(200);
    }
    let pair = format!("crawler~main:{value}");
    site.get(STATE).basic(&pair).send().await.assert_status(200);
    let invented = AppToken::new([7; 32]);
    for bad in [&value[..value.len() - 1], invented.expose()] {
        site.get(STATE).token(bad).send().await.assert_status(401);
    }
    let main = "/admin-api/application-tokens/v1/clients/crawler/application-token/main";
    let gone = site.call("DELETE", main).token(token).send().await;
    gone.assert_status(200);
    let random = |value: &str| value[5..48].to_owned();
    vec![
        random(&value),
        random(invented.expose()),
        STANDARD.encode(pair),
    ]
}

/// In vain, by the user, and by somebody else; the tokens that came of it.
async fn change_passwords(site: &Site, token: &str) -> Vec<String> {
    let mut fresh = Vec::new();
    for (current, status) in [(WRONG, 403), (OLD, 200)] {
        let body = json!({"currentPassword": current, "newPassword": NEW});
        let change = site.call("PUT", PASSWORD).token(token).json(&body);
        let reply = change.send().await.assert_status(status);
        let tokens = reply.all("x-security-token");
        fresh.extend(tokens.into_iter().map(str::to_owned));
    }
    assert_refused(site, token).await;
    let out = site.call("POST", LOGOUT).token(&fresh[0]).send().await;
    out.assert_status(200);
    fresh.push(site.admin().await);
    let set = site.call("PUT", &format!("{USERS}/somebody"));
    let set = set.token(&fresh[1]).json(&json!({ "password": OLD }));
    set.send().await.assert_status(200);
    let signatures = fresh.iter().map(|token| Fields::of(token).signature);
    signatures.chain(fresh.clone()).collect()
}

const HOSTILE: [&str; 9] = [
    "\"},\"data\":{\"id\":\"admin\"",
    "\"},{\"id\"",
    "back\\slash\\\"",
    "<script>alert(1)</script>",
    "'; DROP TABLE users; --",
    "{{7*7}}${jndi}\u{e9}%00%22",
    "line\r\nX-Injected: yes\r\n\r\n{}",
    "nul\0bell\u{7}",
    "\u{202e}nimda\u{2028}",
];

#[tokio::test]
async fn fb_x11_an_answer_about_a_hostile_name_is_sound_json() {
    let site = Site::start().await;
    let admin = site.admin().await;
    for name in HOSTILE {
        for reply in refused(&site, &admin, name).await {
            sound(&reply);
            assert!((400..=404).contains(&reply.status), "{name:?}: {reply:?}");
        }
        call_somebody(&site, &admin, name).await;
    }
}

/// Every octet escaped.
fn escaped(name: &str) -> String {
    name.bytes().fold(String::new(), |mut text, byte| {
        write!(text, "%{byte:02X}").unwrap();
        text
    })
}

/// Nobody is called so, whoever asks.
async fn refused(site: &Site, admin: &str, name: &str) -> Vec<Reply> {
    let escaped = escaped(name);
    let form = format!("username={escaped}&password={escaped}");
    let user = format!("{USERS}/{escaped}");
    let clients = format!("/admin-api/application-tokens/v1/clients/{escaped}");
    let token = format!("{clients}/application-token/x");
    let forged = fields(&escaped, some_expiry(site), &"0".repeat(64));
    let mut replies = vec![assert_refused(site, &forged).await];
    for call in [
        site.call("POST", LOGIN).form(&form),
        site.get(STATE).basic(&format!("{name}:x")),
        site.get(&user).token(admin),
        site.call("DELETE", &user).token(admin),
        site.call("PUT", &user)
            .token(admin)
            .json(&json!({"password": "s3cret"})),
        site.call("PUT", &token).token(admin),
    ] {
        replies.push(call.send().await);
    }
    replies
}

/// But by way of a full name and an address for mail.
async fn call_somebody(site: &Site, admin: &str, name: &str) {
    let named = json!({"password": "s3cret", "fullName": name, "email": name, "roles": []});
    let put = site.call("PUT", &format!("{USERS}/somebody")).token(admin);
    let made = put.json(&named).send().await;
    let said = sound(&made);
    if name.contains('\0') {
        // Which no store takes.
        made.assert_status(400);
        return;
    }
    made.assert_status(200);
    assert_eq!(said["data"]["email"], name);
    let token = site.token("somebody", "s3cret").await;
    let own = site.get(ACCOUNT).token(&token).send().await;
    let own = sound(&own.assert_status(200));
    assert_eq!(own["data"]["id"], "somebody");
    assert_eq!(own["data"]["email"], name);
    let listed = site.get(USERS).token(admin).send().await;
    let listed = sound(&listed.assert_status(200));
    let mut users = listed["data"].as_array().unwrap().iter();
    assert!(users.any(|user| user["email"] == name), "{listed}");
    let refused = site.get(USERS).token(&token).send().await;
    sound(&refused.assert_status(403));
}

/// The envelope, of which nothing broke out.
#[track_caller]
fn sound(reply: &Reply) -> Value {
    let said = reply.json();
    let members = said.as_object().unwrap();
    let names: Vec<&str> = members.keys().map(String::as_str).collect();
    assert_eq!(names, ["errorMessage", "data"], "{reply:?}");
    assert_eq!(said["errorMessage"].is_null(), reply.status == 200);
    assert_eq!(reply.all("x-injected"), Vec::<&str>::new());
    let media_type = "application/json; charset=UTF-8";
    assert_eq!(reply.header("content-type"), media_type);
    said
}

#[tokio::test]
async fn fb_x12_every_refused_token_is_told_the_same() {
    let (site, elsewhere) = (Site::start().await, Site::start().await);
    let forge = Forge::of(&site, "admin").await;
    let good = site.admin().await;
    let mut tampered = Fields::of(&good);
    tampered.expires += 1;
    let out = site.admin().await;
    let logout = site.call("POST", "/admin-api/account/v1/logout");
    logout.token(&out).send().await.assert_status(200);
    let gone = Forge::of(&site, "gone").await;
    let tokens = [
        tampered.token(),
        forge.token("admin", now_ms(&site) - 1),
        forge.token("admin", now_ms(&site) + 2 * LIFETIME),
        elsewhere.admin().await,
        forge.token("nobody", some_expiry(&site)),
        gone.token("gone", some_expiry(&site)),
        out,
        good[1..].to_owned(),
        "fbat_AAAA".to_owned(),
        "a.b.c".to_owned(),
        "rubbish".to_owned(),
        String::new(),
    ];
    let heads = |reply: &Reply| {
        [
            "www-authenticate",
            "content-type",
            "cache-control",
            "set-cookie",
        ]
        .map(|name| reply.all(name).join("|"))
    };
    for path in [ACCOUNT, STATE, ADMIN] {
        let first = site.get(path).token(&tokens[0]).send().await;
        let first = first.assert_status(401);
        assert!(first.json()["errorMessage"].is_string());
        for token in &tokens {
            let reply = site.get(path).token(token).send().await;
            assert_eq!(reply.status, 401, "{token}");
            assert_eq!(reply.text(), first.text(), "{token}");
            assert_eq!(heads(&reply), heads(&first), "{token}");
        }
    }
}
