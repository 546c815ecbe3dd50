//! What goes on to the upstream, and what comes back from it.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::net::TcpSocket;

use crate::exchange::{COOKIE, Call, send};
use crate::forge::{Forge, some_expiry};
use crate::peers::send_from;
use crate::site::{ACCOUNT, DOCUMENTS, LOGIN, OPEN_HOST, SEARCH, STATE, Site};
use crate::upstream::{FINE, Upstream};

/// On the vendor's admin API, and not one of ours.
const ADMIN: &str = "/admin-api/collections/v1/";

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
    // Held, so that no other test gets it, and nobody listens.
    let held = TcpSocket::new_v4().unwrap();
    held.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let nobody = held.local_addr().unwrap();
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
