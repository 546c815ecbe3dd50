//! What stands between the sockets and the wire: handlers that can be exchanged while they serve.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;

use arc_swap::ArcSwap;
use bytes::Bytes;
use doorward_core::api::{Api, Dialect};
use doorward_engine::{Engine, Guarded};
use doorward_gateway::guard::{self, Guard, Side, Unserved, Why};
use doorward_gateway::peer::{PeerAddr, Transport};
use doorward_gateway::serve::{Body, BoxError, Exempt, RequestBody, Service};
use doorward_gateway::upstream::UpstreamSettings;
use doorward_server::{Asked, Check, Foreign, Peer, Rejection, Settings};
use http::{Request, Response};
use http_body_util::BodyExt as _;
use ipnet::IpNet;
use tower::ServiceExt as _;
use tower::util::BoxCloneSyncService;

/// An answer under way.
type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;
/// What makes one.
type Handler = Box<dyn Fn(Request<RequestBody>) -> Answer + Send + Sync>;

/// What the wire is told, all at once.
pub struct Wire {
    /// The dialects.
    pub settings: Settings,
    /// The guarded APIs.
    pub guarded: Guarded,
    /// Their upstreams.
    pub upstreams: Vec<UpstreamSettings>,
    /// Networks that speak for many clients.
    pub exempt: Vec<IpNet>,
    /// Who may ask at the forward-auth door.
    pub check: Check,
}

/// The public listener and the check door, as they are set now.
#[derive(Clone)]
pub struct Front {
    public: Arc<ArcSwap<Public>>,
    check: Arc<ArcSwap<Handler>>,
    guard: Guard,
    exempt: Exempt,
    engine: Engine,
}

/// The public listener's side of the wire.
struct Public {
    /// Our own resources.
    own: Handler,
    /// And those beside them that somebody else serves.
    foreign: Foreign,
    settings: Settings,
    /// Whether there is a guarded API at all, and whether one claims `/` itself.
    guards: bool,
    guards_root: bool,
}

impl Front {
    /// Serves with these settings.
    #[must_use]
    pub fn new(engine: &Engine, wire: Wire) -> Self {
        let (apis, check) = (apis(&wire.guarded), check(engine, wire.check.clone()));
        let public = Public::new(engine, wire.settings.clone(), &apis);
        let public = Arc::new(ArcSwap::from_pointee(public));
        let front = Self {
            guard: proxy_door(engine, &public),
            public,
            check: Arc::new(ArcSwap::from_pointee(check)),
            exempt: Exempt::default(),
            engine: engine.clone(),
        };
        front.exchange(wire);
        front
    }

    /// Serves with these settings from the next request on.
    pub fn exchange(&self, wire: Wire) {
        let apis = apis(&wire.guarded);
        self.exempt.replace(wire.exempt);
        let mut guarded = wire.guarded;
        guarded.extension = Some(self.guard.guard(&apis, wire.upstreams));
        guarded.own = doorward_server::own_table(&wire.settings);
        self.engine.guard(guarded);
        self.check.store(Arc::new(check(&self.engine, wire.check)));
        let public = Public::new(&self.engine, wire.settings, &apis);
        self.public.store(Arc::new(public));
    }

    /// The public listener, as the sockets want it.
    #[must_use]
    pub fn service(&self) -> Service {
        let (public, guard) = (Arc::clone(&self.public), self.guard.clone());
        BoxCloneSyncService::new(tower::service_fn(move |request| -> Answer {
            let request = with_peer(request);
            let now = public.load();
            let (method, uri, headers) = (request.method(), request.uri(), request.headers());
            if now.foreign.claims(method, uri, headers) {
                return pass_on(now.foreign.clone(), guard.clone(), request);
            }
            if now.is_own(&request) {
                return (now.own)(request);
            }
            let guard = guard.clone();
            Box::pin(async move { Ok(guard.serve(request).await) })
        }))
    }

    /// The check listener, as the sockets want it.
    #[must_use]
    pub fn check_service(&self) -> Service {
        let check = Arc::clone(&self.check);
        BoxCloneSyncService::new(tower::service_fn(move |request| {
            (check.load())(with_peer(request))
        }))
    }

    /// Networks whose connections are not counted by address, as they are set now.
    #[must_use]
    pub fn exempt(&self) -> Exempt {
        self.exempt.clone()
    }

    /// Ends what outlives its answer.
    pub async fn stop(&self) {
        self.guard.stop().await;
    }
}

impl Public {
    fn new(engine: &Engine, settings: Settings, apis: &[Api]) -> Self {
        let mut paths = apis.iter().flat_map(|api| &api.paths);
        Self {
            own: handler(doorward_server::public(engine.clone(), settings.clone())),
            foreign: Foreign::new(engine.clone(), settings.clone()),
            settings,
            guards: !apis.is_empty(),
            guards_root: paths.any(|path| path.claims("/")),
        }
    }

    /// Whether a request is for our own resources: the dialects' paths, the banner, and everything where
    /// nothing is guarded.
    fn is_own(&self, request: &Request<RequestBody>) -> bool {
        let is_root = request.uri().path() == "/";
        !self.guards
            || (is_root && !self.guards_root)
            || doorward_server::claims(&self.settings, request.uri(), request.headers())
    }
}

/// A request to a resource that the Crossbar dialect checks and somebody else serves.
fn pass_on(foreign: Foreign, guard: Guard, request: Request<RequestBody>) -> Answer {
    Box::pin(async move {
        Ok(match foreign.check(request).await {
            Ok((request, permit)) => guard.serve_foreign(request, permit).await,
            Err(refused) => refused.map(|body| body.map_err(Into::into).boxed_unsync()),
        })
    })
}

fn apis(guarded: &Guarded) -> Vec<Api> {
    let apis = guarded.table.apis().iter();
    let apis = apis.chain(guarded.foreign.apis());
    apis.map(|api| Api::clone(api)).collect()
}

fn check(engine: &Engine, settings: Check) -> Handler {
    handler(doorward_server::check(engine.clone(), settings))
}

/// The proxy door, which reads a request and refuses it in the words of the wire.
fn proxy_door(engine: &Engine, public: &Arc<ArcSwap<Public>>) -> Guard {
    let (now, random) = (Arc::clone(public), engine.random().clone());
    let facts = move |head: &http::request::Parts| {
        let facts = doorward_server::Facts::of(head, &now.load().settings, &random);
        guard::Facts {
            request_id: facts.request_id,
            client: facts.client,
            peer: facts.peer,
            peer_is_trusted: facts.peer_is_trusted,
            exposed: facts.exposed,
            scheme: facts.scheme,
        }
    };
    let (now, asked_of) = (Arc::clone(public), engine.clone());
    let refuse = move |unserved: &Unserved<'_>| {
        let asked = Asked {
            api: unserved.api,
            otherwise: match now.load().settings.crossbar {
                Some(_) => Dialect::Crossbar,
                None => Dialect::Doorward,
            },
            headers: unserved.headers,
            method: unserved.method,
            request_id: unserved.request_id,
            by_cookie: unserved.by_cookie,
            in_clear: doorward_server::in_clear(unserved.facts.scheme, unserved.facts.client),
        };
        let response = doorward_server::reject(&asked_of, &rejection(&unserved.why), &asked);
        response.map(|body| body.map_err(Into::into).boxed_unsync())
    };
    Guard::new(engine.clone(), Arc::new(facts), Arc::new(refuse))
}

fn rejection(why: &Why<'_>) -> Rejection {
    match why {
        Why::Refused(decision) => doorward_server::rejection(decision).unwrap_or(Rejection::Fault),
        Why::AskedAboutOnly => Rejection::NotFound,
        Why::Failed(error) if error.is_timeout() => Rejection::GatewayTimeout,
        Why::Failed(error) if error.is_busy() => Rejection::Busy,
        Why::Failed(error) if error.is_stalled() => Rejection::RequestTimeout,
        Why::Failed(error) if error.side() == Side::Downstream => {
            Rejection::BadRequest("the request could not be passed on".to_owned())
        }
        Why::Failed(_) => Rejection::BadGateway,
        Why::Fault => Rejection::Fault,
    }
}

/// The ops listener's side of the wire.
#[must_use]
pub fn ops(engine: &Engine) -> Service {
    let handler = Arc::new(handler(doorward_server::ops(engine.clone())));
    BoxCloneSyncService::new(tower::service_fn(move |request| {
        handler(with_peer(request))
    }))
}

fn handler<S, B>(router: S) -> Handler
where
    S: tower::Service<Request<RequestBody>, Response = Response<B>, Error = Infallible>,
    S: Clone + Send + Sync + 'static,
    S::Future: Send,
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    Box::new(move |request| {
        let router = router.clone();
        Box::pin(async move {
            let response = router.oneshot(request).await?;
            Ok(response.map(|body| body.map_err(Into::into).boxed_unsync()))
        })
    })
}

/// The peer in the words of the wire.
fn with_peer(mut request: Request<RequestBody>) -> Request<RequestBody> {
    let encrypted = request.extensions().get() == Some(&Transport::Tls);
    let peer = match request.extensions().get::<PeerAddr>() {
        Some(PeerAddr::Tcp(address)) if encrypted => Some(Peer::Encrypted(*address)),
        Some(PeerAddr::Tcp(address)) => Some(Peer::Address(*address)),
        Some(PeerAddr::Unix) => Some(Peer::Local),
        None => None,
    };
    if let Some(peer) = peer {
        request.extensions_mut().insert(peer);
    }
    request
}
