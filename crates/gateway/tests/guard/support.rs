//! A guarded API with an upstream that answers as a test says, byte for byte.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use doorward_core::api::{Accept, AcceptMethod, Api};
use doorward_core::request::Scheme;
use doorward_core::route::Table;
use doorward_engine::Guarded;
use doorward_gateway::guard::{Facts, Guard, Unserved, Why};
use doorward_gateway::inherited::Inherited;
use doorward_gateway::listen::bind;
use doorward_gateway::peer::ListenerName;
use doorward_gateway::serve::{Body, Limits, RequestBody, serve};
use doorward_gateway::upstream::UpstreamSettings;
use doorward_testkit::App;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Empty};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tower::service_fn;
use tower::util::BoxCloneSyncService;

pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// What happens to a connection at the upstream.
pub(super) type Script = Arc<dyn Fn(TcpStream, Seen) -> Task + Send + Sync>;
pub(super) type Task = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;
/// Every head that the upstream was sent.
pub(super) type Seen = Arc<Mutex<Vec<String>>>;

/// A script from an async block.
pub(super) fn script<F>(run: impl Fn(TcpStream, Seen) -> F + Send + Sync + 'static) -> Script
where
    F: Future<Output = ()> + Send + 'static,
{
    Arc::new(move |stream, seen| Box::pin(run(stream, seen)))
}

/// Answers every request of a connection with these bytes, and reads no body.
pub(super) fn answers(bytes: &'static [u8]) -> Script {
    script(move |mut stream, seen| async move {
        while let Some(head) = read_head(&mut stream).await {
            seen.lock().unwrap().push(head);
            if stream.write_all(bytes).await.is_err() {
                return;
            }
        }
    })
}

pub(super) const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";

/// Reads up to the empty line; `None` at the end of the connection.
pub(super) async fn read_head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let byte = stream.read_u8().await.ok()?;
        head.push(byte);
    }
    Some(String::from_utf8_lossy(&head).into_owned())
}

/// Listens, and plays the script on every connection.
pub(super) async fn upstream(script: Script) -> (String, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let seen = Seen::default();
    let told = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(script(stream, Arc::clone(&told)));
        }
    });
    (format!("http://{address}"), seen)
}

/// A guarding server.
pub(super) struct Door {
    pub(super) app: App,
    pub(super) address: String,
    pub(super) token: String,
    pub(super) guard: Guard,
    _stop: tokio_util::sync::DropGuard,
}

/// Guards `/a/` with tokens of account `A` and `/open/` for anybody, in front of these addresses.
pub(super) async fn door(urls: &[&str]) -> Door {
    door_with(urls, |_, _| {}).await
}

pub(super) async fn door_with(
    urls: &[&str],
    change: impl Fn(&mut Api, &mut UpstreamSettings),
) -> Door {
    let app = App::start().await;
    let urls = urls.iter().map(|url| url.parse().unwrap()).collect();
    let mut settings = UpstreamSettings::new("up", urls);
    let mut api = |name: &str, method| {
        let accept = Accept::new(vec![vec![method]]).unwrap();
        let mut api = Api::new(name, app.account("A").id, accept);
        api.paths = vec![format!("/{name}/").parse().unwrap()];
        api.upstream = Some("up".into());
        change(&mut api, &mut settings);
        api
    };
    let apis = vec![
        api("a", AcceptMethod::Token),
        api("open", AcceptMethod::Anonymous),
    ];
    let guard = Guard::new(app.engine.clone(), Arc::new(facts), Arc::new(refuse));
    app.engine.guard(Guarded {
        extension: Some(guard.guard(&apis, vec![settings])),
        table: Table::new(apis).unwrap(),
        ..Guarded::default()
    });
    let (address, stop) = serve_guard(guard.clone());
    Door {
        token: app.token("adm").await,
        app,
        address,
        guard,
        _stop: stop,
    }
}

fn serve_guard(guard: Guard) -> (String, tokio_util::sync::DropGuard) {
    let name = ListenerName::new("public");
    let addresses = ["127.0.0.1:0".parse().unwrap()];
    let listeners = bind(&name, &addresses, &mut Inherited::default()).unwrap();
    let address = listeners.first().unwrap().local().to_string();
    let stop = CancellationToken::new();
    let until = stop.clone();
    let service = BoxCloneSyncService::new(service_fn(move |request: Request<RequestBody>| {
        let guard = guard.clone();
        async move { Ok(guard.serve(request).await) }
    }));
    tokio::spawn(async move {
        serve(
            listeners,
            service,
            Limits::default(),
            &until,
            Duration::from_secs(1),
        )
        .await
    });
    (address, stop.drop_guard())
}

pub(super) fn facts(_: &http::request::Parts) -> Facts {
    Facts {
        request_id: "r-1".to_owned(),
        client: IpAddr::V4(Ipv4Addr::LOCALHOST),
        peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
        peer_is_trusted: false,
        exposed: false,
        scheme: Scheme::Http,
    }
}

/// 599 for what was refused, and what the upstream or the client did; why is said in a header.
pub(super) fn refuse(unserved: &Unserved<'_>) -> Response<Body> {
    let mut response = Response::new(Empty::new().map_err(|never| match never {}).boxed_unsync());
    *response.status_mut() = match &unserved.why {
        Why::Failed(error) if error.is_timeout() => StatusCode::GATEWAY_TIMEOUT,
        Why::Failed(error) if error.is_busy() => StatusCode::SERVICE_UNAVAILABLE,
        Why::Failed(error) if error.is_stalled() => StatusCode::REQUEST_TIMEOUT,
        Why::Failed(_) => StatusCode::BAD_GATEWAY,
        Why::Refused(_) | Why::AskedAboutOnly => StatusCode::from_u16(599).unwrap(),
        Why::Fault => StatusCode::INTERNAL_SERVER_ERROR,
    };
    if let Why::Failed(error) = &unserved.why {
        let why = error.to_string().parse().unwrap();
        response.headers_mut().insert("x-why", why);
    }
    response
}

impl Door {
    pub(super) async fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).await.unwrap()
    }

    /// Sends a request with the token and these further lines, and reads everything up to the end.
    pub(super) async fn ask(&self, line: &str, more: &str) -> String {
        let text = format!(
            "{line} HTTP/1.1\r\nhost: api.test\r\nauthorization: Bearer {}\r\nconnection: close\r\n{more}\r\n",
            self.token
        );
        self.raw(text.as_bytes()).await
    }

    /// Sends these bytes and reads everything up to the end.
    pub(super) async fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        let reading = stream.read_to_end(&mut answer);
        let read = timeout(PATIENCE, reading).await.unwrap();
        drop(read);
        String::from_utf8_lossy(&answer).into_owned()
    }
}

/// The header lines of this name in a head, without regard to case.
pub(super) fn lines<'h>(head: &'h str, name: &str) -> Vec<&'h str> {
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .filter(|(n, _)| n.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
        .collect()
}
