//! What goes on to the upstream, what comes back from it, and what is said to strangers and to the log.

use std::io::Write;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward_core::hex;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tracing_subscriber::fmt::MakeWriter;

use crate::app_tokens::app_token;
use crate::exchange::{COOKIE, Call, Reply, send};
use crate::forge::{Forge, LIFETIME, assert_refused, fields, now_ms, some_expiry};
use crate::peers::send_from;
use crate::site::{ACCOUNT, DOCUMENTS, Fields, LOGIN, OPEN_HOST, SEARCH, STATE, Site, add_user};
use crate::upstream::{FINE, Upstream};

/// On the vendor's admin API, and not one of ours.
const ADMIN: &str = "/admin-api/collections/v1/";
const USERS: &str = "/admin-api/account/v1/users";

/// A site in front of an upstream of ours.
async fn before(answer: &str) -> (Site, Upstream) {
    let upstream = Upstream::answering(answer).await;
    let address = upstream.address;
    let site = Site::with(|plan| plan.upstream = Some(address)).await;
    (site, upstream)
}

#[tokio::test]
async fn fb_x01_an_upstream_sees_no_credential_and_all_other_cookies() {
    let (site, upstream) = before(FINE).await;
    let token = site.token("feeder", "f33d").await;
    let pair = format!("{COOKIE}={token}");
    let ours_among = format!("a=b; {pair}; theme=dark;{pair};c=\"d e\"");
    for call in [
        site.get(STATE).basic("feeder:f33d"),
        site.get(STATE).token(&token),
        site.get(STATE).cookie(&token),
        site.get(STATE).header("Cookie", &ours_among),
        // What does not decide goes as well.
        site.get(STATE)
            .token(&token)
            .basic("feeder:f33d")
            .header("Cookie", &ours_among),
        site.get(STATE)
            .basic("feeder:f33d")
            .header("Cookie", &ours_among),
    ] {
        let sent = String::from_utf8_lossy(&call.bytes()).into_owned();
        let call = call.header("X-Other", "stays");
        call.send().await.assert_status(200);
        let seen = upstream.take_one();
        for name in ["authorization", "x-security-token"] {
            assert_eq!(seen.all(name), Vec::<&str>::new(), "{sent}: {seen:?}");
        }
        assert!(!seen.head.contains(COOKIE), "{sent}: {seen:?}");
        for secret in [&token, "f33d", &STANDARD.encode("feeder:f33d")] {
            assert!(!seen.head.contains(secret), "{sent}: {seen:?}");
        }
        assert_eq!(seen.all("x-other"), ["stays"]);
        let cookies = seen.all("cookie").join(";");
        for other in ["a=b", "theme=dark", "c=\"d e\""] {
            assert_eq!(cookies.contains(other), sent.contains(other), "{seen:?}");
        }
    }
}

#[tokio::test]
async fn fb_x02_what_a_client_says_about_itself_is_replaced() {
    let (site, upstream) = before(FINE).await;
    let (admin, feeder) = (site.user("admin").await, site.user("feeder").await);
    for name in [
        "X-Doorward-User",
        "x-doorward-user",
        "X_Doorward_User",
        "X.Doorward-User",
    ] {
        let call = site.get(STATE).basic("feeder:f33d");
        let call = call.header(name, &admin.id.to_string());
        let call = call
            .header("X-Doorward-Username", "admin")
            .header("X-Doorward-Roles", "super-user")
            .header("X-Doorward-Account", "00000000000000000000000000000000")
            .header("X-Doorward-Method", "token")
            .header("X-Doorward-Actor", &admin.id.to_string())
            .header("X-Doorward-Anything", "else");
        call.send().await.assert_status(200);
        let seen = upstream.take_one();
        assert_eq!(seen.all("x-doorward-user"), [feeder.id.to_string()]);
        assert_eq!(seen.all("x-doorward-username"), ["feeder"]);
        assert_eq!(seen.all("x-doorward-roles"), ["feeds-example"]);
        assert_eq!(seen.all("x-doorward-account"), [site.account.to_string()]);
        assert_eq!(seen.all("x-doorward-method"), ["basic"]);
        assert!(!seen.head.contains("admin"), "{seen:?}");
        assert!(!seen.head.contains("super-user"), "{seen:?}");
        assert!(!seen.head.contains(&admin.id.to_string()), "{seen:?}");
        assert!(!seen.names().iter().any(|name| name.contains("anything")));
        assert!(!seen.names().iter().any(|name| name.contains(['_', '.'])));
    }
    // Nobody is nobody, whatever is claimed.
    let call = site.get(SEARCH).host(OPEN_HOST);
    let call = call.header("X-Doorward-User", &admin.id.to_string());
    call.send().await.assert_status(200);
    let seen = upstream.take_one();
    assert_eq!(seen.all("x-doorward-user"), Vec::<&str>::new());
    assert_eq!(seen.all("x-doorward-method"), ["anonymous"]);
}

#[tokio::test]
async fn fb_x03_an_upstream_hands_out_neither_our_cookie_nor_our_token() {
    let answer = format!(
        "HTTP/1.1 200 OK\r\nSet-Cookie: theme=dark; Path=/\r\nSet-Cookie: {COOKIE}=evil; Path=/\r\n\
         Set-Cookie:  {COOKIE} =evil\r\nSet-Cookie: {COOKIE}\r\nSet-Cookie: ={COOKIE}=evil\r\nset-cookie: {COOKIE}2=other; Secure\r\n\
         Set-Cookie: a={COOKIE}=b\r\nX-Security-Token: evil\r\nX_Security_Token: evil\r\nX-Other: stays\r\n\
         Content-Length: 4\r\nConnection: close\r\n\r\nfine"
    );
    let (site, _upstream) = before(&answer).await;
    let token = site.admin().await;
    for call in [
        site.get(STATE).basic("feeder:f33d"),
        site.get(STATE).cookie(&token),
        site.get(SEARCH).host(OPEN_HOST),
        site.get(ADMIN).token(&token),
    ] {
        let reply = call.send().await.assert_status(200);
        let others = [
            "theme=dark; Path=/",
            &format!("{COOKIE}2=other; Secure"),
            &format!("a={COOKIE}=b"),
        ];
        assert_eq!(reply.all("set-cookie"), others, "{reply:?}");
        for name in ["x-security-token", "x_security_token"] {
            assert_eq!(reply.all(name), Vec::<&str>::new(), "{reply:?}");
        }
        assert_eq!(reply.all("x-other"), ["stays"]);
        assert_eq!(reply.text(), "fine");
    }
}

#[tokio::test]
async fn fb_x04_an_upstreams_401_makes_no_browser_ask_for_a_password_on_admin() {
    let answer = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"upstream\"\r\n\
         www-authenticate: bAsIc\r\nWWW-Authenticate: Bearer realm=\"a, Basic b\"\r\n\
         WWW-Authenticate: Digest realm=\"x\", Basic realm=\"y\"\r\nContent-Type: text/plain\r\n\
         Content-Length: 8\r\nConnection: close\r\n\r\nnot mine";
    let (site, upstream) = before(answer).await;
    let token = site.admin().await;
    let reply = site.get(ADMIN).token(&token).send().await;
    let reply = reply.assert_status(401);
    assert_eq!(upstream.take().len(), 1, "it was the upstream that said so");
    assert_eq!(
        (reply.text(), reply.header("content-type")),
        ("not mine".into(), "text/plain")
    );
    assert!(!reply.cancels_cookie(), "the token is good");
    let challenges = reply.all("www-authenticate");
    assert_eq!(challenges, ["Bearer realm=\"a, Basic b\""], "{reply:?}");
    // Where Basic is accepted, a prompt is no surprise.
    let reply = site.get(STATE).basic("feeder:f33d").send().await;
    let reply = reply.assert_status(401);
    assert_eq!(reply.all("www-authenticate").len(), 4, "{reply:?}");
    assert_eq!(reply.text(), "not mine");
}

#[tokio::test]
async fn fb_x05_who_is_asking_comes_before_whether_anybody_answers() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = listener.local_addr().unwrap();
    drop(listener);
    let site = Site::with(|plan| plan.upstream = Some(nobody)).await;
    let token = site.admin().await;
    site.get(STATE).send().await.assert_status(401);
    let wrong = site.get(STATE).basic("feeder:wrong").send().await;
    wrong.assert_status(401);
    let reply = site.get(ADMIN).send().await;
    reply.assert_challenge_without_basic();
    let elsewhere = STATE.replace("example-push", "other-push");
    let reply = site.get(&elsewhere).basic("feeder:f33d").send().await;
    reply.assert_status(403);
    for call in [
        site.get(STATE).basic("feeder:f33d"),
        site.get(STATE).token(&token),
        site.get(ADMIN).token(&token),
        site.get(SEARCH).host(OPEN_HOST),
    ] {
        let reply = call.send().await.assert_status(502);
        assert!(reply.json()["errorMessage"].is_string(), "{reply:?}");
        assert_eq!(reply.all("www-authenticate"), Vec::<&str>::new());
        assert!(
            !reply.text().contains(&nobody.port().to_string()),
            "{reply:?}"
        );
    }
}

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
    let (old, new, wrong) = ("correct-horse-51", "battery-staple-52", "wrong-guess-53");
    let engine = &site.app.engine;
    add_user(engine, site.account, "somebody", old, Some("super-user")).await;
    let mut secrets: Vec<String> = [old, new, wrong].map(str::to_owned).into();

    // Signing in, and failing to.
    let token = site.token("somebody", old).await;
    let forge = Forge::of(&site, "somebody").await;
    for form in [
        format!("username=somebody&password={wrong}"),
        format!("username=nobody&password={wrong}"),
        format!("username=somebody&password={old}&password={new}"),
    ] {
        let reply = site.call("POST", LOGIN).form(&form).send().await;
        assert!(matches!(reply.status, 400 | 401), "{reply:?}");
    }
    let in_query = format!("{LOGIN}?username=somebody&password={wrong}");
    let reply = site.call("POST", &in_query).form("").send().await;
    reply.assert_status(400);

    // Tokens, good and bad, in every place.
    let mut tampered = Fields::of(&token);
    tampered.expires += 1;
    let expired = forge.token("somebody", now_ms(&site) - 1);
    for bad in [&tampered.token(), &expired, &token[1..].to_owned()] {
        assert_refused(&site, bad).await;
        secrets.push(bad.clone());
        let reply = site.get(&format!("{STATE}?token={bad}")).send().await;
        reply.assert_status(401);
    }
    site.get(STATE)
        .cookie(&token)
        .send()
        .await
        .assert_status(200);
    let both = site.get(ACCOUNT).token(&token).cookie(&token).send().await;
    both.assert_status(200);
    for (password, status) in [(old, 200), (wrong, 401)] {
        let reply = site.get(STATE).basic(&format!("somebody:{password}"));
        reply.send().await.assert_status(status);
        secrets.push(STANDARD.encode(format!("somebody:{password}")));
    }

    // An application token, made, used, refused.
    let value = app_token(&site, &token, "crawler", "main", &["super-user"]).await;
    for path in [STATE, SEARCH, ACCOUNT] {
        let reply = site.get(path).token(&value).send().await;
        reply.assert_status(200);
    }
    let pair = format!("crawler~main:{value}");
    site.get(STATE).basic(&pair).send().await.assert_status(200);
    let cut = &value[..value.len() - 1];
    site.get(STATE).token(cut).send().await.assert_status(401);
    let invented = doorward_core::app_token::AppToken::new([7; 32]);
    let reply = site.get(STATE).token(invented.expose()).send().await;
    reply.assert_status(401);
    secrets.extend([value[5..48].to_owned(), invented.expose()[5..48].to_owned()]);

    // A new password, and its failures.
    for (current, status) in [(wrong, 403), (old, 200)] {
        let body = json!({"currentPassword": current, "newPassword": new});
        let change = site.call("PUT", "/admin-api/account/v1/password");
        let reply = change.token(&token).json(&body).send().await;
        let reply = reply.assert_status(status);
        for fresh in reply.all("x-security-token") {
            secrets.extend([fresh.to_owned(), Fields::of(fresh).signature]);
            let out = site.call("POST", "/admin-api/account/v1/logout");
            out.token(fresh).send().await.assert_status(200);
        }
    }
    assert_refused(&site, &token).await;
    let admin = site.admin().await;
    let gone = "/admin-api/application-tokens/v1/clients/crawler/application-token/main";
    let gone = site.call("DELETE", gone).token(&admin).send().await;
    gone.assert_status(200);
    let set = site.call("PUT", "/admin-api/account/v1/users/somebody");
    let set = set.token(&admin).json(&json!({ "password": old }));
    set.send().await.assert_status(200);

    let user = site.user("somebody").await;
    secrets.extend([token.clone(), admin, Fields::of(&token).signature]);
    secrets.extend([
        tampered.signature,
        user.signature_secret.expose().to_owned(),
    ]);
    for key in [forge.key, forge.secret] {
        secrets.extend([hex::encode(&key), STANDARD.encode(key), format!("{key:?}")]);
    }
    let said = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for known in ["answered", "/admin-api/account/v1/login", "api=\"push\""] {
        assert!(said.contains(known), "{known} in\n{said}");
    }
    for secret in secrets {
        assert!(secret.len() >= 12, "too short to be told apart: {secret}");
        let line = said.lines().find(|line| line.contains(&secret));
        assert_eq!(line, None, "{secret}");
    }
}

#[tokio::test]
async fn fb_x07_the_body_of_what_is_refused_goes_nowhere() {
    let (site, upstream) = before(FINE).await;
    let put = |path: &str| {
        let call = site.call("PUT", &format!("{path}?key=http://example.com/"));
        call.body("text/plain", "secret bees".repeat(10_000))
    };
    let elsewhere = DOCUMENTS.replace("example-push", "other-push");
    let strange = format!("{DOCUMENTS}%2f..%2f..");
    for (call, status) in [
        (put(DOCUMENTS), 401),
        (put(DOCUMENTS).basic("feeder:wrong"), 401),
        (put(DOCUMENTS).token("wrong"), 401),
        (put(DOCUMENTS).basic("reader:r34d"), 403),
        (put(&elsewhere).basic("feeder:f33d"), 403),
        (put(&strange).basic("feeder:f33d"), 400),
        (put(ADMIN).basic("admin:pwd"), 401),
        (put(ADMIN), 401),
    ] {
        let reply = call.send().await;
        // 0: closed before it was read to the end.
        assert!([0, status].contains(&reply.status), "{status}: {reply:?}");
    }
    let fine = put(DOCUMENTS).basic("feeder:f33d").send().await;
    fine.assert_status(200);
    let seen = upstream.take_one();
    assert_eq!(seen.body.len(), "secret bees".len() * 10_000);
}

/// A request to push, with these header lines and what follows them.
fn raw(site: &Site, lines: &str, rest: &str) -> Vec<u8> {
    let credentials = STANDARD.encode("feeder:f33d");
    format!(
        "POST {DOCUMENTS}?key=http://example.com/ HTTP/1.1\r\nHost: {}\r\n\
         Authorization: Basic {credentials}\r\nContent-Type: text/plain\r\n{lines}\r\n{rest}",
        site.address
    )
    .into_bytes()
}

#[tokio::test]
async fn fb_x08_smuggled_requests_and_headers_are_refused_or_nothing() {
    let (site, upstream) = before(FINE).await;
    let token = site.admin().await;
    let hidden = format!("GET {STATE}?hidden HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let chunked = format!("0\r\n\r\n{hidden}");
    let length = chunked.len();
    for lines in [
        format!("Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n"),
        format!("Transfer-Encoding: chunked\r\nContent-Length: {length}\r\n"),
        format!("Content-Length: {length}\r\nTransfer-Encoding: xchunked\r\n"),
        format!("Content-Length: {length}\r\nTransfer-Encoding:\x0bchunked\r\n"),
        format!("Content-Length: {length}\r\nTransfer-Encoding : chunked\r\n"),
        format!("Content-Length: {length}\r\nX: y\r\n Transfer-Encoding: chunked\r\n"),
        format!("Content-Length: {length}\r\nContent-Length: 5\r\n"),
        format!("Content-Length: +{length}\r\n"),
        format!("Content-Length: {length}, 5\r\n"),
    ] {
        let reply = send(site.address, &raw(&site, &lines, &chunked)).await;
        let seen = upstream.take();
        let refused = reply.status == 400 && seen.is_empty();
        // Or one of the two framings is nothing, and what follows is no request of this caller's.
        let whole = seen.len() == 1
            && reply.status == 200
            && seen[0].all("content-length").len() + seen[0].all("transfer-encoding").len() <= 1;
        assert!(refused || whole, "{lines}: {reply:?} {seen:?}");
        let is_hidden = |seen: &crate::upstream::Seen| seen.head.contains("?hidden");
        assert!(!seen.iter().any(is_hidden), "{lines}: {seen:?}");
    }

    // A line that goes on in the next one.
    let folded = format!(
        "GET {ACCOUNT} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nX-Security-Token:\r\n {token}\r\n\r\n",
        site.address
    );
    let reply = send(site.address, folded.as_bytes()).await;
    assert!(matches!(reply.status, 400 | 401), "{reply:?}");
    // Other spellings of the header's name.
    for name in ["X_Security_Token", "X-Security_Token", "X.Security.Token"] {
        let reply = site.get(ACCOUNT).header(name, &token).send().await;
        assert!(matches!(reply.status, 400 | 401), "{name}: {reply:?}");
        let call = site.get(STATE).basic("feeder:f33d").header(name, &token);
        let reply = call.send().await;
        assert!(matches!(reply.status, 200 | 400), "{name}: {reply:?}");
        for seen in upstream.take() {
            assert!(!seen.head.contains(&token), "{name}: {seen:?}");
            assert_eq!(seen.all("x-doorward-username"), ["feeder"]);
        }
    }
    let spaced = format!(
        "GET {ACCOUNT} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nX-Security-Token : {token}\r\n\r\n",
        site.address
    );
    let reply = send(site.address, spaced.as_bytes()).await;
    assert!(matches!(reply.status, 400 | 401), "{reply:?}");
}

#[tokio::test]
async fn fb_x09_connection_takes_none_of_our_headers_away() {
    let (site, upstream) = before(FINE).await;
    let feeder = site.user("feeder").await;
    for listed in [
        "X-Doorward-User",
        "close, X-Doorward-User, X-Doorward-Username, X-Doorward-Roles",
        "x-doorward-user,x-doorward-account,x-doorward-method,x-request-id,host,content-length",
        "X_Doorward_User, X-Doorward-Roles",
    ] {
        let call = site.get(STATE).basic("feeder:f33d");
        let call = call
            .header("Connection", listed)
            .header("X-Doorward-User", "admin");
        call.send().await.assert_status(200);
        let seen = upstream.take_one();
        assert_eq!(
            seen.all("x-doorward-user"),
            [feeder.id.to_string()],
            "{listed}"
        );
        assert_eq!(seen.all("x-doorward-username"), ["feeder"], "{listed}");
        assert_eq!(seen.all("x-doorward-roles"), ["feeds-example"], "{listed}");
        assert_eq!(seen.all("x-doorward-account"), [site.account.to_string()]);
        assert_eq!(seen.all("x-doorward-method"), ["basic"], "{listed}");
        assert_eq!(seen.all("x-request-id").len(), 1, "{listed}");
        assert_eq!(seen.all("host").len(), 1, "{listed}");
        let connection = seen.all("connection").join(",").to_ascii_lowercase();
        assert!(!connection.contains("doorward"), "{seen:?}");
    }
    // Nor does it hide a credential from whoever judges.
    let call = site.get(ACCOUNT).header("Connection", "X-Security-Token");
    let call = call.token("wrong").cookie(&site.admin().await);
    call.send().await.assert_challenge_without_basic();
}

/// How a call with a credential fares that came in clear from afar: refused without a look at it.
async fn assert_unseen(site: &Site, from: IpAddr, call: &Call) {
    let hashes = site.app.engine.metrics().hashes();
    let reply = send_from(site, from, call).await.assert_status(403);
    assert!(reply.json()["errorMessage"].is_string(), "{reply:?}");
    assert_eq!(reply.all("www-authenticate"), Vec::<&str>::new());
    assert_eq!(reply.all("x-security-token"), Vec::<&str>::new());
    assert_eq!(reply.all("set-cookie"), Vec::<&str>::new());
    assert_eq!(site.app.engine.metrics().hashes(), hashes);
}

#[tokio::test]
async fn fb_x10_credentials_in_clear_from_afar_are_not_looked_at() {
    let proxy: IpAddr = "198.51.100.7".parse().unwrap();
    let net = "198.51.100.0/24".parse().unwrap();
    let site = Site::with(|plan| plan.trusted_proxies = vec![net]).await;
    // Signed, not signed in for: a first sign-in hashes once more behind its answer.
    let token = Forge::of(&site, "admin").await;
    let token = token.token("admin", some_expiry(&site));
    let peers: [IpAddr; 3] = [
        "203.0.113.9".parse().unwrap(),
        "10.0.0.8".parse().unwrap(),
        "2001:db8::9".parse().unwrap(),
    ];
    let sign_in = |password: &str| {
        let form = format!("username=admin&password={password}");
        site.call("POST", LOGIN).form(&form)
    };
    let calls = || {
        [
            // Right or wrong makes no difference.
            sign_in("pwd"),
            sign_in("wrong"),
            site.get(STATE).basic("admin:pwd"),
            site.get(STATE).basic("admin:wrong"),
            site.get(STATE).token(&token),
            site.get(STATE).token("wrong"),
            site.get(STATE).cookie(&token),
            site.get(ACCOUNT).token(&token),
            site.get(ACCOUNT).cookie(&token),
            site.get(SEARCH).basic("reader:r34d").host(OPEN_HOST),
        ]
    };
    for from in peers {
        for call in calls() {
            assert_unseen(&site, from, &call).await;
            // A stranger's word about how it came is nothing.
            let call = call.header("X-Forwarded-Proto", "https");
            let call = call.header("X-Forwarded-For", "127.0.0.1");
            assert_unseen(&site, from, &call).await;
        }
        let reply = send_from(&site, from, &site.get(STATE)).await;
        reply.assert_status(401);
    }
    // Through a proxy that is believed, it counts how the client came to the proxy.
    for call in calls() {
        let call = call.header("X-Forwarded-For", "203.0.113.9");
        assert_unseen(&site, proxy, &call).await;
        let call = call.header("X-Forwarded-Proto", "http");
        assert_unseen(&site, proxy, &call).await;
    }
    for call in [sign_in("pwd"), site.get(STATE).token(&token)] {
        let call = call.header("X-Forwarded-For", "203.0.113.9");
        let call = call.header("X-Forwarded-Proto", "https");
        let reply = send_from(&site, proxy, &call).await;
        reply.assert_status(200);
    }
    // And on one's own machine nothing can be read on the way.
    let own = send_from(&site, "127.0.0.1".parse().unwrap(), &sign_in("pwd")).await;
    own.assert_status(200);
}

#[tokio::test]
async fn fb_x11_an_answer_about_a_hostile_name_is_sound_json() {
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
    let site = Site::start().await;
    let admin = site.admin().await;
    for name in HOSTILE {
        let escaped: String = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let wrong = format!("username={escaped}&password={escaped}");
        let reply = site.call("POST", LOGIN).form(&wrong).send().await;
        sound(&reply.assert_status(401));
        let reply = site.get(STATE).basic(&format!("{name}:x")).send().await;
        sound(&reply.assert_status(401));
        let forged = fields(&escaped, some_expiry(&site), &"0".repeat(64));
        sound(&assert_refused(&site, &forged).await);

        let path = format!("{USERS}/{escaped}");
        let reply = site.get(&path).token(&admin).send().await;
        assert!(matches!(reply.status, 400 | 404), "{name:?}: {reply:?}");
        sound(&reply);
        let clients = format!("/admin-api/application-tokens/v1/clients/{escaped}");
        let path = format!("{clients}/application-token/x");
        let reply = site.call("PUT", &path).token(&admin).send().await;
        sound(&reply.assert_status(400));
        let path = format!("/admin-api/{escaped}");
        let reply = site.get(&path).token(&admin).send().await;
        assert!(matches!(reply.status, 400 | 404), "{name:?}: {reply:?}");
    }
    // Nobody is called so, but by way of a full name.
    for name in HOSTILE {
        let escaped: String = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let put = |path: &str, body: &Value| {
            let call = site.call("PUT", &format!("{USERS}/{path}"));
            call.token(&admin).json(body).send()
        };
        let made = put(&escaped, &json!({"password": "s3cret"})).await;
        sound(&made.assert_status(400));
        let named = json!({"password": "s3cret", "fullName": name, "email": name, "roles": []});
        let made = put("somebody", &named).await;
        assert!(matches!(made.status, 200 | 400), "{name:?}: {made:?}");
        let said = sound(&made);
        if made.status == 400 {
            assert!(name.contains('\0'), "{name:?}: {said}");
            continue;
        }
        assert_eq!(said["data"]["email"], name);
        let token = site.token("somebody", "s3cret").await;
        let own = site.get(ACCOUNT).token(&token).send().await;
        let own = sound(&own.assert_status(200));
        assert_eq!(
            (&own["data"]["id"], &own["data"]["email"]),
            (&"somebody".into(), &name.into())
        );
        let listed = site.get(USERS).token(&admin).send().await;
        let listed = sound(&listed.assert_status(200));
        let mut users = listed["data"].as_array().unwrap().iter();
        assert!(users.any(|user| user["email"] == name), "{listed}");
        let refused = site.get(USERS).token(&token).send().await;
        sound(&refused.assert_status(403));
    }
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
