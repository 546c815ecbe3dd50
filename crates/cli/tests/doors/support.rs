//! A guarded server with both of its doors on sockets, and an application that notes what it is sent.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use doorward_core::api::{Accept, AcceptMethod, Api, Dialect};
use doorward_core::route::Table;
use doorward_engine::{Engine, Extension, Guarded};
use doorward_gateway::guard::{self, Guard, Unserved, Why};
use doorward_gateway::inherited::Inherited;
use doorward_gateway::listen::bind;
use doorward_gateway::peer::{ListenerName, PeerAddr};
use doorward_gateway::serve::{BoxError, Limits, RequestBody, Service, serve};
use doorward_gateway::upstream::UpstreamSettings;
use doorward_server::{Asked, Check, CheckPeers, Peer, Rejection};
use doorward_testkit::App;
use http::Request;
use http_body_util::BodyExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};
use tower::ServiceExt as _;
use tower::util::BoxCloneSyncService;

const PATIENCE: Duration = Duration::from_secs(20);

/// An application behind a door: it answers everything with 200.
pub(super) struct Application {
    pub(super) address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Application {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::<Mutex<Vec<String>>>::default();
        let told = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&told)));
            }
        });
        Self { address, seen }
    }

    /// The requests that came since this was last asked: heads and bodies, byte for byte.
    pub(super) fn seen(&self) -> Vec<String> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }
}

/// Reads one request, notes it, answers it and hangs up.
async fn answer(mut stream: TcpStream, seen: Arc<Mutex<Vec<String>>>) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else {
            return;
        };
        request.push(byte);
    }
    let head = String::from_utf8_lossy(&request).into_owned();
    let length = values(&head, "content-length");
    let length = length.first().map_or(0, |text| text.parse().unwrap());
    let mut body = vec![0; length];
    if stream.read_exact(&mut body).await.is_err() {
        return;
    }
    let body = String::from_utf8_lossy(&body).into_owned();
    seen.lock().unwrap().push(head + &body);
    let said = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\napp";
    // Whoever asked may be gone.
    drop(stream.write_all(said).await);
}

/// Something of ours that is served on a socket.
pub(super) struct Served {
    pub(super) address: SocketAddr,
    _until: DropGuard,
}

impl Served {
    fn start(service: Service) -> Self {
        let addresses = ["127.0.0.1:0".parse().unwrap()];
        let name = ListenerName::new("door");
        let listeners = bind(&name, &addresses, &mut Inherited::default()).unwrap();
        let address = listeners.first().unwrap().local().to_string();
        let service = service.map_request(move |mut request: Request<RequestBody>| {
            if let Some(PeerAddr::Tcp(peer)) = request.extensions().get().copied() {
                request.extensions_mut().insert(Peer::Address(peer));
            }
            request
        });
        let stop = CancellationToken::new();
        let until = stop.clone();
        tokio::spawn(async move {
            let service = BoxCloneSyncService::new(service);
            let grace = Duration::from_millis(100);
            let drained = serve(listeners, service, Limits::default(), &until, grace).await;
            drained.unwrap();
        });
        Self {
            address: address.parse().unwrap(),
            _until: stop.drop_guard(),
        }
    }
}

/// A server that guards `/a/` for account `A`, and `/open/` for anybody.
pub(super) struct Server {
    pub(super) app: App,
    pub(super) token: String,
    apis: Vec<Api>,
}

impl Server {
    pub(super) async fn start() -> Self {
        // What is guessed at one door is counted at the other.
        let app = App::with(|settings, _| settings.limits.enabled = false).await;
        let api = |name: &str, methods: &[AcceptMethod]| {
            let accept = methods.iter().map(|method| vec![*method]).collect();
            let accept = Accept::new(accept).unwrap();
            let mut api = Api::new(name, app.account("A").id, accept);
            api.paths = vec![format!("/{name}/").parse().unwrap()];
            api.upstream = Some("up".into());
            api
        };
        let mut rights = api("rights", &[AcceptMethod::Token]);
        rights.permission = Some("push.write".parse().unwrap());
        let mut host = api("host", &[AcceptMethod::Token, AcceptMethod::Anonymous]);
        host.hosts = vec!["api.test".parse().unwrap()];
        let mut open = api("open", &[AcceptMethod::Anonymous]);
        open.methods = Some(vec![http::Method::GET, http::Method::POST]);
        let both = &[AcceptMethod::Token, AcceptMethod::Basic];
        let apis = vec![api("a", both), rights, host, open];
        let server = Self {
            token: app.token("adm").await,
            app,
            apis,
        };
        server.guard(None);
        server
    }

    fn guard(&self, extension: Option<Extension>) {
        self.engine().guard(Guarded {
            table: Table::new(self.apis.clone()).unwrap(),
            rights: ["push.write".parse().unwrap()].into(),
            extension,
            ..Guarded::default()
        });
    }

    fn engine(&self) -> &Engine {
        &self.app.engine
    }

    /// The proxy door, in front of the application.
    pub(super) fn proxy_door(&self, upstream: &Application) -> Served {
        let engine = self.engine().clone();
        let settings = doorward_server::Settings {
            trusted_proxies: Vec::new(),
            allow_plaintext: false,
            crossbar: None,
            funnelback: None,
        };
        let random = engine.random().clone();
        let facts = move |head: &http::request::Parts| {
            let facts = doorward_server::Facts::of(head, &settings, &random);
            guard::Facts {
                request_id: facts.request_id,
                client: facts.client,
                peer: facts.peer,
                peer_is_trusted: facts.peer_is_trusted,
                exposed: facts.exposed,
                scheme: facts.scheme,
            }
        };
        let refuse = move |unserved: &Unserved<'_>| {
            let asked = Asked {
                api: unserved.api,
                otherwise: Dialect::Doorward,
                headers: unserved.headers,
                method: unserved.method,
                request_id: unserved.request_id,
                by_cookie: unserved.by_cookie,
                in_clear: true,
            };
            let why = match &unserved.why {
                Why::Refused(decision) => doorward_server::rejection(decision),
                _ => None,
            };
            let why = why.unwrap_or(Rejection::Fault);
            let response = doorward_server::reject(&engine, &why, &asked);
            response.map(|body| body.map_err(BoxError::from).boxed_unsync())
        };
        let guard = Guard::new(self.engine().clone(), Arc::new(facts), Arc::new(refuse));
        let url = format!("http://{}", upstream.address).parse().unwrap();
        let settings = UpstreamSettings::new("up", vec![url]);
        self.guard(Some(guard.guard(&self.apis, vec![settings])));
        Served::start(BoxCloneSyncService::new(tower::service_fn(
            move |request| {
                let guard = guard.clone();
                async move { Ok::<_, Infallible>(guard.serve(request).await) }
            },
        )))
    }

    /// The check door.
    pub(super) fn check_door(&self) -> Served {
        let settings = Check {
            peers: CheckPeers {
                networks: vec!["127.0.0.1/32".parse().unwrap()],
                ..CheckPeers::default()
            },
            trusted_proxies: Vec::new(),
            allow_plaintext: false,
        };
        let router = doorward_server::check(self.engine().clone(), settings);
        let service = tower::service_fn(move |request: Request<RequestBody>| {
            let router = router.clone();
            async move {
                let response = router.oneshot(request).await?;
                Ok::<_, Infallible>(
                    response.map(|body| body.map_err(BoxError::from).boxed_unsync()),
                )
            }
        });
        Served::start(BoxCloneSyncService::new(service))
    }
}

/// An answer as it came over the socket.
#[derive(Debug)]
pub(super) struct Reply {
    /// 0 where none came.
    pub(super) status: u16,
    pub(super) head: String,
}

/// Sends these bytes and reads everything up to the end.
pub(super) async fn send(address: SocketAddr, bytes: &[u8]) -> Reply {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    let reading = timeout(PATIENCE, stream.read_to_end(&mut answer));
    // A reset is an end, too; what was read until then counts.
    drop(reading.await.unwrap());
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok());
    Reply {
        status: status.unwrap_or(0),
        head: answer.split("\r\n\r\n").next().unwrap().to_owned(),
    }
}

/// The fields of a head: names in lower case, values as they are.
pub(super) fn fields(head: &str) -> impl Iterator<Item = (String, &str)> {
    let lines = head.split("\r\n\r\n").next().unwrap_or_default().lines();
    lines
        .skip(1)
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim()))
}

/// The values of a header.
pub(super) fn values<'h>(head: &'h str, name: &str) -> Vec<&'h str> {
    let mine = fields(head).filter(|(field, _)| field == name);
    mine.map(|(_, value)| value).collect()
}

/// Everything whose name an application may read as one of our identity headers, sorted.
pub(super) fn identity(head: &str) -> Vec<(String, &str)> {
    let mut ours: Vec<_> = fields(head)
        .filter(|(name, _)| name.replace('_', "-").starts_with("x-doorward-"))
        .filter(|(name, _)| name != "x-doorward-reason")
        .collect();
    ours.sort();
    ours
}
