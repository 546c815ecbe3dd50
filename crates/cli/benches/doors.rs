//! What the proxy door and the check door cost, beside the same upstream asked directly: requests a second and
//! latency over kept connections, in one run, interleaved. `cargo xtask bench doors`.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a bench: what goes wrong ends it, and what it finds goes to the terminal"
)]

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use doorward_core::api::{Accept, AcceptMethod, Api, Dialect};
use doorward_core::request::Scheme;
use doorward_core::route::Table;
use doorward_engine::admin::NewAppToken;
use doorward_engine::{Actor, FunnelbackSettings, Guarded};
use doorward_gateway::guard::{Facts, Guard, Unserved};
use doorward_gateway::inherited::Inherited;
use doorward_gateway::listen::bind;
use doorward_gateway::peer::ListenerName;
use doorward_gateway::serve::{Body, Limits, RequestBody, Service, serve};
use doorward_gateway::upstream::UpstreamSettings;
use doorward_server::{Check, CheckPeers, Peer};
use doorward_testkit::App;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Empty, Full};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use tower::service_fn;
use tower::util::BoxCloneSyncService;

/// Connections at once.
const CLIENTS: usize = 8;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(2);

fn main() {
    // `cargo test` builds and starts benches too; only `cargo bench` measures.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(run());
}

async fn run() {
    let app = App::start().await;
    let upstream = listen(BoxCloneSyncService::new(service_fn(|_| async {
        let body = Full::new(Bytes::from_static(b"hi"));
        Ok(Response::new(
            body.map_err(|never| match never {}).boxed_unsync(),
        ))
    })));
    let apis = [
        api(&app, "a", Dialect::Doorward),
        api(&app, "f", Dialect::Funnelback),
    ];
    let guard = Guard::new(app.engine.clone(), Arc::new(facts), Arc::new(refuse));
    let urls = vec![format!("http://{upstream}").parse().unwrap()];
    let settings = UpstreamSettings::new("up", urls);
    app.engine.guard(Guarded {
        extension: Some(guard.guard(&apis, vec![settings])),
        table: Table::new(apis.to_vec()).unwrap(),
        funnelback: Some(FunnelbackSettings {
            account: app.account("A").id,
            token_lifetime: Duration::from_hours(1),
        }),
        ..Guarded::default()
    });
    let proxy = listen(BoxCloneSyncService::new(service_fn(
        move |request: Request<RequestBody>| {
            let guard = guard.clone();
            async move { Ok(guard.serve(request).await) }
        },
    )));
    let check = listen(check_door(&app));

    let token = format!("authorization: Bearer {}\r\n", app.token("adm").await);
    let described = "x-forwarded-method: GET\r\nx-forwarded-proto: https\r\nx-forwarded-host: h\r\n\
                     x-forwarded-uri: /a/x\r\nx-forwarded-for: 192.0.2.1\r\n";
    let get = |path: &str, more: &str| format!("GET {path} HTTP/1.1\r\nhost: h\r\n{more}\r\n");
    let basic = "authorization: Basic YWRtOnB3LWFkbQ==\r\n";
    let app_token = format!("authorization: Bearer {}\r\n", app_token(&app).await);
    let login_token = format!("x-security-token: {}\r\n", login_token(&app).await);
    let cases = [
        ("upstream, bare", upstream, get("/a/x", "")),
        ("proxy door, token", proxy, get("/a/x", &token)),
        ("proxy door, Basic", proxy, get("/a/x", basic)),
        (
            "proxy door, application token",
            proxy,
            get("/a/x", &app_token),
        ),
        (
            "proxy door, Funnelback's login token",
            proxy,
            get("/f/x", &login_token),
        ),
        (
            "check door, token",
            check,
            get("/check/forwarded", &format!("{token}{described}")),
        ),
    ];
    measure(cases).await;
}

/// Rounds of every case in turn, and their medians as a table.
async fn measure<const N: usize>(cases: [(&str, SocketAddr, String); N]) {
    let mut rounds = [const { Vec::new() }; N];
    for _ in 0..ROUNDS {
        for (rounds, (_, address, request)) in rounds.iter_mut().zip(&cases) {
            rounds.push(round(*address, request).await);
        }
    }
    println!("{CLIENTS} connections, {ROUNDS} rounds of {ROUND:?} each, interleaved; medians\n");
    println!("| | requests/s | p50 | p99 |\n| --- | ---: | ---: | ---: |");
    for ((name, ..), mut rounds) in cases.into_iter().zip(rounds) {
        rounds.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (rate, p50, p99) = *rounds.get(ROUNDS / 2).unwrap();
        println!(
            "| {name} | {rate:.0} | {} \u{b5}s | {} \u{b5}s |",
            p50.as_micros(),
            p99.as_micros()
        );
    }
}

/// An API that takes everything a program may show.
fn api(app: &App, name: &str, dialect: Dialect) -> Api {
    let accept = Accept::new(vec![vec![AcceptMethod::Basic], vec![AcceptMethod::Token]]).unwrap();
    let mut api = Api::new(name, app.account("A").id, accept);
    api.paths = vec![format!("/{name}/").parse().unwrap()];
    api.upstream = Some("up".into());
    api.dialect = dialect;
    api
}

async fn app_token(app: &App) -> String {
    let new = NewAppToken {
        account: app.account("A").id,
        label: "bench~doors".parse().unwrap(),
        roles: Vec::new(),
        expires: None,
        created_by: "bench".to_owned(),
    };
    let made = app.engine.create_app_token(Actor::operator(), new).await;
    made.unwrap().1.expose().to_owned()
}

async fn login_token(app: &App) -> String {
    let (password, client) = ("pw-adm".into(), Ipv4Addr::LOCALHOST.into());
    let signed_in = app.engine.sign_in_remembered("adm", &password, client);
    signed_in.await.unwrap().token.expose().to_owned()
}

fn check_door(app: &App) -> Service {
    let settings = Check {
        peers: CheckPeers {
            networks: vec!["127.0.0.1/32".parse().unwrap()],
            ..CheckPeers::default()
        },
        trusted_proxies: Vec::new(),
        allow_plaintext: false,
    };
    let router = doorward_server::check(app.engine.clone(), settings);
    BoxCloneSyncService::new(service_fn(move |mut request: Request<RequestBody>| {
        let peer = SocketAddr::from(([127, 0, 0, 1], 9));
        request.extensions_mut().insert(Peer::Address(peer));
        let router = router.clone();
        async move {
            let response: Result<Response<_>, Infallible> = router.oneshot(request).await;
            response.map(|response| response.map(|body| body.map_err(Into::into).boxed_unsync()))
        }
    }))
}

/// The rate, the median and the 99th percentile of one round.
async fn round(address: SocketAddr, request: &str) -> (f64, Duration, Duration) {
    let began = Instant::now();
    let clients = (0..CLIENTS).map(|_| tokio::spawn(client(address, request.to_owned())));
    let mut took = Vec::new();
    for client in clients.collect::<Vec<_>>() {
        took.extend(client.await.unwrap());
    }
    let rate = took.len() as f64 / began.elapsed().as_secs_f64();
    took.sort_unstable();
    let at = |percent: usize| *took.get(took.len() * percent / 100).unwrap();
    (rate, at(50), at(99))
}

/// One connection that asks again as soon as it is answered.
async fn client(address: SocketAddr, request: String) -> Vec<Duration> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut took = Vec::new();
    let end = Instant::now() + ROUND;
    let mut buffer = vec![0; 16 * 1024];
    while Instant::now() < end {
        let began = Instant::now();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut read = 0;
        loop {
            read += stream.read(buffer.get_mut(read..).unwrap()).await.unwrap();
            let answer = buffer.get(..read).unwrap();
            if answer.ends_with(b"hi")
                || answer.ends_with(b"\r\n\r\n")
                    && !answer.windows(17).any(|w| w == b"content-length: 2")
            {
                assert!(answer.starts_with(b"HTTP/1.1 200"));
                break;
            }
        }
        took.push(began.elapsed());
    }
    took
}

fn listen(service: Service) -> SocketAddr {
    let addresses = ["127.0.0.1:0".parse().unwrap()];
    let name = ListenerName::new("bench");
    let listeners = bind(&name, &addresses, &mut Inherited::default()).unwrap();
    let address = listeners.first().unwrap().local().to_string();
    tokio::spawn(async move {
        let never = CancellationToken::new();
        serve(
            listeners,
            service,
            Limits::default(),
            &never,
            Duration::ZERO,
        )
        .await
    });
    address.parse().unwrap()
}

fn facts(_: &http::request::Parts) -> Facts {
    Facts {
        request_id: "r".to_owned(),
        client: IpAddr::V4(Ipv4Addr::LOCALHOST),
        peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
        peer_is_trusted: false,
        exposed: false,
        scheme: Scheme::Http,
    }
}

fn refuse(_: &Unserved<'_>) -> Response<Body> {
    Response::new(Empty::new().map_err(|never| match never {}).boxed_unsync())
}
