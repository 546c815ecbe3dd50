//! One request at every door.
//!
//! Attack: a request that one door lets pass and the other would not, or tells the application something
//! else about (attacks.md S6, S20). Answer: every door asks the same engine, and is compared here.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use tokio::runtime::Runtime;

use crate::support::{Application, Reply, Served, Server, identity, send};

const CASES: u32 = 150;

const METHODS: [&str; 9] = [
    "GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "PROPFIND", "get",
];
const STARTS: [&str; 11] = [
    "/a/",
    "/a",
    "/rights/",
    "/host/",
    "/open/",
    "/open",
    "/nobody/",
    "/",
    "/A/",
    "//a/",
    "/open/../a/",
];
const ODDITIES: [&str; 22] = [
    "x",
    "",
    "x/y",
    "x//y",
    ".",
    "..",
    "../a/x",
    "./x",
    "%2e%2e/a/x",
    "%2E/x",
    "x%2fy",
    "x%5cy",
    "x%00",
    "x%0d%0ay",
    "%61",
    "%zz",
    "x%",
    "x;y=1/z",
    "x\\y",
    "%25",
    "%c3%a9",
    "x\u{e9}",
];
const QUERIES: [&str; 4] = ["", "?", "?x=1&y=%2e%2e", "?auth_token=x"];
const HOSTS: [&str; 8] = [
    "api.test",
    "API.Test",
    "api.test:80",
    "api.test.",
    "other.test",
    "127.0.0.1:8080",
    "u@api.test",
    "a_b c",
];
const FORGED: [&str; 7] = [
    "x-doorward-user",
    "X_Doorward_User",
    "X-Doorward_Account",
    "X_Doorward-Roles",
    "X-DOORWARD-METHOD",
    "x-doorward-actor",
    "x-doorward-assertion",
];

/// A request as its client sends it.
#[derive(Debug, Clone)]
struct Case {
    method: &'static str,
    target: String,
    host: &'static str,
    /// Who the client says it is, in headers.
    credentials: Vec<(&'static str, String)>,
    forged: Vec<&'static str>,
}

/// The headers a client may prove itself with, most of them wrongly.
fn credentials(server: &Server) -> Vec<Vec<(&'static str, String)>> {
    let bearer = |token: &str| ("authorization", format!("Bearer {token}"));
    let basic = |text: String| {
        let text = STANDARD.encode(text);
        ("authorization", format!("Basic {text}"))
    };
    let account = server.app.account("A").id;
    let (token, own) = (&server.token, || ("x-auth-token", server.token.clone()));
    vec![
        vec![bearer(token)],
        vec![],
        vec![own()],
        vec![bearer(token), own()],
        vec![bearer(token), bearer(token)],
        vec![bearer(token), bearer("other")],
        vec![bearer(token), ("x-auth-token", "other".to_owned())],
        vec![bearer("other"), own()],
        vec![bearer(&format!("{token}x"))],
        vec![bearer("")],
        vec![("authorization", "Negotiate x".to_owned())],
        vec![("x-security-token", token.clone())],
        vec![("authorization", server.app.basic("A", "adm:pw-adm"))],
        vec![basic(format!("{account}:wrong"))],
        vec![basic("adm".to_owned())],
    ]
}

/// Mostly the first of them, or any of them: what is odd in one respect only gets far.
fn mostly_first<T: Clone + std::fmt::Debug + 'static>(of: Vec<T>) -> impl Strategy<Value = T> {
    prop_oneof![
        2 => Just(of[0].clone()),
        1 => prop::sample::select(of),
    ]
}

fn cases(server: &Server) -> impl Strategy<Value = Case> + use<> {
    let target = (
        mostly_first(STARTS.to_vec()),
        mostly_first(ODDITIES.to_vec()),
        mostly_first(QUERIES.to_vec()),
    );
    (
        mostly_first(METHODS.to_vec()),
        target.prop_map(|(start, oddity, query)| format!("{start}{oddity}{query}")),
        mostly_first(HOSTS.to_vec()),
        mostly_first(credentials(server)),
        prop::sample::subsequence(&FORGED[..], 0..=3),
    )
        .prop_map(|(method, target, host, credentials, forged)| Case {
            method,
            target,
            host,
            credentials,
            forged,
        })
}

impl Case {
    /// What the client sends beyond the request line and `Host`.
    fn lines(&self) -> String {
        let credentials = self.credentials.iter();
        let credentials = credentials.map(|(name, value)| format!("{name}: {value}\r\n"));
        let forged = self.forged.iter();
        let forged = forged.map(|name| format!("{name}: forged\r\n"));
        credentials.chain(forged).collect()
    }

    fn to_proxy(&self) -> String {
        let Self {
            method,
            target,
            host,
            ..
        } = self;
        let lines = self.lines();
        format!(
            "{method} {target} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: 0\r\n{lines}\r\n"
        )
    }

    fn to_check(&self, path: &str) -> String {
        let Self {
            method,
            target,
            host,
            ..
        } = self;
        let described = if path == "/check/nginx" {
            format!("x-original-method: {method}\r\nx-original-url: http://{host}{target}\r\n")
        } else {
            format!(
                "x-forwarded-method: {method}\r\nx-forwarded-proto: http\r\nx-forwarded-host: {host}\r\nx-forwarded-uri: {target}\r\n"
            )
        };
        let lines = self.lines();
        format!(
            "GET {path} HTTP/1.1\r\nhost: door\r\nconnection: close\r\nx-forwarded-for: 127.0.0.1\r\n{described}{lines}\r\n"
        )
    }
}

struct Doors {
    upstream: Application,
    proxy: Served,
    check: Served,
}

impl Doors {
    async fn ask(&self, case: &Case) -> Result<bool, TestCaseError> {
        let by_proxy = send(self.proxy.address, case.to_proxy().as_bytes()).await;
        let mut seen = self.upstream.seen();
        let forwarded = self.check(case, "/check/forwarded").await;
        let nginx = self.check(case, "/check/nginx").await;
        prop_assert!(self.upstream.seen().is_empty());

        let passes = !seen.is_empty();
        for (door, reply) in [
            ("proxy", &by_proxy),
            ("forwarded", &forwarded),
            ("nginx", &nginx),
        ] {
            prop_assert_eq!(reply.status == 200, passes, "{}: {:?}", door, reply);
        }
        if passes {
            let seen = seen.remove(0);
            prop_assert!(!seen.contains("forged"), "{}", seen);
            prop_assert_eq!(identity(&seen), identity(&forwarded.head));
            prop_assert_eq!(identity(&seen), identity(&nginx.head));
            return Ok(true);
        }
        prop_assert_eq!(by_proxy.status, forwarded.status);
        prop_assert_eq!(by_proxy.status == 401, nginx.status == 401);
        prop_assert!(
            matches!(nginx.status, 401 | 403),
            "nginx knows no {}",
            nginx.status
        );
        for reply in [&forwarded, &nginx] {
            prop_assert!(identity(&reply.head).is_empty(), "{:?}", reply);
        }
        Ok(false)
    }

    async fn check(&self, case: &Case, path: &str) -> Reply {
        send(self.check.address, case.to_check(path).as_bytes()).await
    }
}

#[test]
fn atk_s6_the_doors_give_the_same_answer_and_say_the_same() {
    let runtime = Runtime::new().unwrap();
    let (server, doors) = runtime.block_on(async {
        let server = Server::start().await;
        let upstream = Application::start().await;
        let doors = Doors {
            proxy: server.proxy_door(&upstream),
            check: server.check_door(),
            upstream,
        };
        (server, doors)
    });
    let passed = std::cell::Cell::new(0);
    let config = Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&cases(&server), |case| {
        let is_let_in = runtime.block_on(doors.ask(&case))?;
        passed.set(passed.get() + u32::from(is_let_in));
        Ok(())
    });
    outcome.unwrap();
    let passed = passed.get();
    assert!(0 < passed && passed < CASES, "{passed} of {CASES} passed");
}

#[tokio::test]
async fn what_everybody_asks_gets_the_same_answer_at_every_door() {
    let server = Server::start().await;
    let upstream = Application::start().await;
    let doors = Doors {
        proxy: server.proxy_door(&upstream),
        check: server.check_door(),
        upstream,
    };
    let bearer = || vec![("authorization", format!("Bearer {}", server.token))];
    for (target, credentials, is_let_in) in [
        ("/a/x", bearer(), true),
        ("/a/x", vec![], false),
        ("/open/x", vec![], true),
        ("/host/x", bearer(), true),
        ("/nobody/x", bearer(), false),
        ("/open/../a/x", vec![], false),
    ] {
        let case = Case {
            method: "GET",
            target: target.to_owned(),
            host: "api.test",
            credentials,
            forged: FORGED.to_vec(),
        };
        assert_eq!(doors.ask(&case).await.unwrap(), is_let_in, "{target}");
    }
    // No request has a fragment: hyper would cut it off, so it is refused before.
    let case = Case {
        method: "GET",
        target: "/a/x#/../open/".to_owned(),
        host: "api.test",
        credentials: bearer(),
        forged: vec![],
    };
    let by_proxy = send(doors.proxy.address, case.to_proxy().as_bytes()).await;
    assert_eq!(by_proxy.status, 400);
    assert!(doors.upstream.seen().is_empty());
    assert_eq!(doors.check(&case, "/check/forwarded").await.status, 400);
    assert_eq!(doors.check(&case, "/check/nginx").await.status, 403);
}
