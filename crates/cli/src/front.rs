//! What stands between the sockets and the wire: a handler that can be exchanged while it serves.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;

use arc_swap::ArcSwap;
use bytes::Bytes;
use doorward_engine::Engine;
use doorward_gateway::peer::PeerAddr;
use doorward_gateway::serve::{Body, BoxError, Service};
use doorward_server::Peer;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tower::ServiceExt as _;
use tower::util::BoxCloneSyncService;

/// An answer under way.
type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;
/// What makes one.
type Handler = Box<dyn Fn(Request<Incoming>) -> Answer + Send + Sync>;

/// The public listener's side of the wire.
#[derive(Clone)]
pub(crate) struct Front(Arc<ArcSwap<Handler>>);

impl Front {
    /// Serves with these settings.
    pub(crate) fn new(engine: &Engine, settings: doorward_server::Settings) -> Self {
        let router = doorward_server::public(engine.clone(), settings);
        Self(Arc::new(ArcSwap::from_pointee(handler(router))))
    }

    /// Serves with these settings from the next request on.
    pub(crate) fn exchange(&self, engine: &Engine, settings: doorward_server::Settings) {
        let router = doorward_server::public(engine.clone(), settings);
        self.0.store(Arc::new(handler(router)));
    }

    /// As the sockets want it.
    pub(crate) fn service(&self) -> Service {
        let front = Arc::clone(&self.0);
        BoxCloneSyncService::new(tower::service_fn(move |request| (front.load())(request)))
    }
}

/// The ops listener's side of the wire.
pub(crate) fn ops(engine: &Engine) -> Service {
    let handler = Arc::new(handler(doorward_server::ops(engine.clone())));
    BoxCloneSyncService::new(tower::service_fn(move |request| handler(request)))
}

fn handler<S, B>(router: S) -> Handler
where
    S: tower::Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    S: Clone + Send + Sync + 'static,
    S::Future: Send,
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    Box::new(move |request| {
        let router = router.clone();
        Box::pin(async move {
            let response = router.oneshot(with_peer(request)).await?;
            Ok(response.map(|body| body.map_err(Into::into).boxed_unsync()))
        })
    })
}

/// The peer in the words of the wire.
fn with_peer(mut request: Request<Incoming>) -> Request<Incoming> {
    let peer = match request.extensions().get::<PeerAddr>() {
        Some(PeerAddr::Tcp(address)) => Some(Peer::Address(*address)),
        Some(PeerAddr::Unix) => Some(Peer::Local),
        None => None,
    };
    if let Some(peer) = peer {
        request.extensions_mut().insert(peer);
    }
    request
}
