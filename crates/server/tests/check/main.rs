//! The forward-auth door: what it answers, and to whom.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use axum::body::Body;
use doorward_core::api::{Accept, AcceptMethod, Api, Dialect};
use doorward_core::route::Table;
use doorward_engine::Guarded;
use doorward_server::{Check, CheckPeers, Peer, check};
use doorward_testkit::App;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use proptest::prelude::*;
use tower::ServiceExt as _;

/// Guards `/a/` (token) and `/push/` (Funnelback's, Basic or token) of account `A`, and `/open/` for anybody.
async fn app() -> App {
    let app = App::start().await;
    let api = |name: &str, methods: &[AcceptMethod]| {
        let accept = Accept::new(methods.iter().map(|method| vec![*method]).collect());
        let mut api = Api::new(name, app.account("A").id, accept.unwrap());
        api.paths = vec![format!("/{name}/").parse().unwrap()];
        api
    };
    let mut push = api("push", &[AcceptMethod::Basic, AcceptMethod::Token]);
    push.dialect = Dialect::Funnelback;
    let apis = vec![
        api("a", &[AcceptMethod::Token]),
        api("open", &[AcceptMethod::Anonymous]),
        push,
    ];
    app.engine.guard(Guarded {
        table: Table::new(apis).unwrap(),
        ..Guarded::default()
    });
    app
}

fn settings() -> Check {
    Check {
        peers: CheckPeers {
            networks: vec!["127.0.0.1/32".parse().unwrap()],
            ..CheckPeers::default()
        },
        trusted_proxies: Vec::new(),
        allow_plaintext: false,
    }
}

/// Asks at a path of the door about `GET https://h/…`, with further headers, from a peer.
async fn ask_from(
    app: &App,
    peer: &str,
    door: &str,
    target: &str,
    more: &[(&str, &str)],
) -> Response<Body> {
    let mut request = Request::builder()
        .uri(door)
        .header("x-forwarded-method", "GET")
        .header("x-forwarded-proto", "https")
        .header("x-forwarded-host", "h")
        .header("x-forwarded-uri", target)
        .header("x-original-method", "GET")
        .header("x-original-url", format!("https://h{target}"))
        .header("x-forwarded-for", "203.0.113.7");
    for (name, value) in more {
        request = request.header(*name, value.as_bytes());
    }
    let mut request = request.body(Body::empty()).unwrap();
    let peer: std::net::SocketAddr = peer.parse().unwrap();
    request.extensions_mut().insert(Peer::Address(peer));
    let router = check(app.engine.clone(), settings());
    router.oneshot(request).await.unwrap()
}

async fn ask(app: &App, door: &str, target: &str, more: &[(&str, &str)]) -> Response<Body> {
    ask_from(app, "127.0.0.1:9", door, target, more).await
}

fn header<'r>(response: &'r Response<Body>, name: &str) -> Option<&'r str> {
    response
        .headers()
        .get(name)
        .map(|value| value.to_str().unwrap())
}

const DOORS: [&str; 2] = ["/check/forwarded", "/check/nginx"];

#[tokio::test]
async fn whoever_may_pass_is_named_and_no_answer_has_a_body() {
    let app = app().await;
    let bearer = format!("Bearer {}", app.token("adm").await);
    for door in DOORS {
        let answer = ask(&app, door, "/a/x", &[("authorization", &bearer)]).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let adm = app.user("adm").id.to_string();
        assert_eq!(header(&answer, "x-doorward-user"), Some(adm.as_str()));
        assert_eq!(header(&answer, "x-doorward-method"), Some("token"));
        assert_eq!(header(&answer, "cache-control"), Some("no-store"));
        assert_eq!(header(&answer, "content-length"), Some("0"));
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert!(body.is_empty());
    }
}

#[tokio::test]
async fn each_refusal_has_the_status_that_its_proxy_passes_on() {
    let app = app().await;
    let bearer = format!("Bearer {}", app.token("adm").await);
    let foreign = format!("Bearer {}", app.token("bad").await);
    let cases = [
        ("/a/x", vec![], 401, 401, "unauthenticated"),
        (
            "/a/x",
            vec![("authorization", foreign.as_str())],
            403,
            403,
            "forbidden",
        ),
        (
            "/a/../a/x",
            vec![("authorization", &bearer)],
            400,
            403,
            "bad_request",
        ),
        (
            "/nowhere",
            vec![("authorization", &bearer)],
            404,
            403,
            "not_found",
        ),
        ("/nowhere", vec![], 401, 401, "unauthenticated"),
        (
            "/a/x",
            vec![
                ("authorization", bearer.as_str()),
                ("x-auth-token", "other"),
            ],
            400,
            403,
            "bad_request",
        ),
    ];
    for (target, more, forwarded, nginx, reason) in cases {
        for (door, status) in DOORS.into_iter().zip([forwarded, nginx]) {
            let answer = ask(&app, door, target, &more).await;
            assert_eq!(answer.status().as_u16(), status, "{door} {target}");
            assert_eq!(
                header(&answer, "x-doorward-reason"),
                Some(reason),
                "{door} {target}"
            );
            assert_eq!(header(&answer, "content-length"), Some("0"));
            let challenged = answer.headers().contains_key("www-authenticate");
            assert_eq!(challenged, status == 401, "{door} {target}");
        }
    }
}

#[tokio::test]
async fn challenges_are_the_dialects() {
    let app = app().await;
    let answer = ask(&app, "/check/nginx", "/push/x", &[]).await;
    let basic = "Basic realm=\"Funnelback\", charset=\"UTF-8\"";
    assert_eq!(header(&answer, "www-authenticate"), Some(basic));
    let scripted = [("x-requested-with", "XMLHttpRequest")];
    let answer = ask(&app, "/check/nginx", "/push/x", &scripted).await;
    let token = "FunnelbackToken realm=\"Funnelback\"";
    assert_eq!(header(&answer, "www-authenticate"), Some(token));
    let answer = ask(&app, "/check/nginx", "/a/x", &[]).await;
    assert_eq!(
        header(&answer, "www-authenticate"),
        Some("Bearer realm=\"a\"")
    );
}

#[tokio::test]
async fn atk_s12_only_declared_peers_are_answered() {
    let app = app().await;
    for door in DOORS {
        let answer = ask_from(&app, "192.0.2.1:9", door, "/open/", &[]).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN);
        assert_eq!(
            header(&answer, "x-doorward-reason"),
            Some("peer_not_trusted")
        );
        assert_eq!(
            ask(&app, door, "/open/", &[]).await.status(),
            StatusCode::OK
        );
    }
}

#[tokio::test]
async fn atk_s18_nothing_but_the_decision_makes_a_success() {
    let app = app().await;
    for door in [
        "/check/forwarded",
        "/check/nginx",
        "/",
        "/check",
        "/check/nginx/",
        "/ping",
        "/livez",
    ] {
        for agent in [
            "GoogleHC/1.0",
            "kube-probe/1.30",
            "ELB-HealthChecker/2.0",
            "Caddy",
        ] {
            for uri in [door.to_owned(), format!("{door}?allow=1&status=200")] {
                let answer = ask(&app, &uri, "/a/x", &[("user-agent", agent)]).await;
                assert!(!answer.status().is_success(), "{uri} {agent}");
            }
        }
    }
}

#[test]
fn atk_s19_no_broken_credential_lets_anybody_in() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let app = runtime.block_on(app());
    let name = prop::sample::select(vec![
        "authorization",
        "cookie",
        "x-auth-token",
        "x-security-token",
        "x-auth-account-id",
    ]);
    let value = prop_oneof![
        "[ -~]{0,60}",
        "(Basic|basic|Bearer|Digest) {0,2}[A-Za-z0-9+/=._:-]{0,60}",
        "SPRING_SECURITY_REMEMBER_ME_COOKIE=[ -~]{0,40}",
    ];
    let config = ProptestConfig::with_cases(200);
    proptest!(config, |(more in prop::collection::vec((name, value), 1..4), target in "/(a|push)/[a-z]{0,3}")| {
        let more: Vec<(&str, &str)> = more.iter().map(|(name, value)| (*name, value.as_str())).collect();
        for door in DOORS {
            let answer = runtime.block_on(ask(&app, door, &target, &more));
            prop_assert!(!answer.status().is_success(), "{door} {target} {more:?}");
            prop_assert!(answer.status() != StatusCode::INTERNAL_SERVER_ERROR);
        }
    });
}
