//! Serving a set of listeners, and draining them.

use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use doorward_core::address::folded;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use ipnet::IpNet;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::util::BoxCloneSyncService;

use crate::accept::{Acceptance, Acceptor, accept_all};
use crate::connection::{self, Owned, Shared};
use crate::listen::Listener;
use crate::seats::Seats;
pub use crate::upload::{BodyError, RequestBody};

/// Whatever went wrong while a body was being produced.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// A response body.
pub type Body = UnsyncBoxBody<Bytes, BoxError>;

/// What answers the requests. A [`PeerAddr`], a [`Transport`] and a [`ListenerName`] are in each one's
/// extensions, and a [`ClientCertificate`] where the client proved that it holds one.
///
/// [`PeerAddr`]: crate::peer::PeerAddr
/// [`Transport`]: crate::peer::Transport
/// [`ListenerName`]: crate::peer::ListenerName
/// [`ClientCertificate`]: doorward_core::certificate::ClientCertificate
pub type Service = BoxCloneSyncService<Request<RequestBody>, Response<Body>, Infallible>;

/// What clients may take of us.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections at once over all listeners of one [`serve`]; further ones wait in the backlog.
    pub connections: usize,
    /// Connections at once of one address (IPv6: of one /64); further ones are closed at once. Connections
    /// over Unix sockets are not counted.
    pub connections_per_address: usize,
    /// Addresses that are not counted so, because they speak for many clients.
    pub exempt: Exempt,
    /// How long a TLS handshake may take.
    pub handshake_timeout: Duration,
    /// How long a head may take, and the first one to begin.
    pub header_timeout: Duration,
    /// How long a request's body may stand still while we wait for it, before its answer begins; over
    /// time it must bring 1 KiB in every such period as well.
    pub body_timeout: Duration,
    /// How long a connection may wait for its next request, or for its client to read on.
    pub idle_timeout: Duration,
}

impl Default for Limits {
    /// 10,000 connections, 256 of one address, 10 s for a handshake and for a head, 30 s for a body that
    /// stands still, 75 s idle (longer than nginx and Envoy keep theirs).
    fn default() -> Self {
        Self {
            connections: 10_000,
            connections_per_address: 256,
            exempt: Exempt::default(),
            handshake_timeout: Duration::from_secs(10),
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(75),
        }
    }
}

/// Addresses that may have any number of connections, exchangeable while it serves. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Exempt(Arc<ArcSwap<Vec<IpNet>>>);

impl Exempt {
    /// These networks.
    #[must_use]
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(networks)))
    }

    /// These networks in their place, for connections from now on.
    pub fn replace(&self, networks: Vec<IpNet>) {
        self.0.store(Arc::new(networks));
    }

    pub(crate) fn holds(&self, address: IpAddr) -> bool {
        let address = folded(address);
        self.0
            .load()
            .iter()
            .any(|network| network.contains(&address))
    }
}

/// How draining went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drained {
    /// Connections ended because the grace was over.
    pub cut: usize,
}

/// Serves HTTP/1.1 and HTTP/2 (prior knowledge) until `stop` is cancelled, then drains.
///
/// Draining closes the listening sockets at once and removes the files of Unix sockets, lets
/// requests in flight finish for at most `grace`, then cuts what is left. Dropping the future cuts
/// everything.
///
/// # Errors
///
/// If a socket cannot be registered with the runtime; nothing is served then.
pub async fn serve(
    listeners: Vec<Listener>,
    service: Service,
    limits: Limits,
    stop: &CancellationToken,
    grace: Duration,
) -> io::Result<Drained> {
    let sockets = listeners
        .into_iter()
        .map(Acceptor::register)
        .collect::<io::Result<Vec<_>>>()?;
    let (tracker, cut, stop) = (
        TaskTracker::new(),
        CancellationToken::new(),
        stop.child_token(),
    );
    let _if_dropped = (cut.clone().drop_guard(), stop.clone().drop_guard());
    let executor = Owned {
        tracker: tracker.clone(),
        cut: cut.clone(),
        patience: limits.idle_timeout,
    };
    let shared = Arc::new(Shared {
        service,
        http: connection::http(executor, &limits),
        limits,
        stop: stop.clone(),
        cut: cut.clone(),
    });
    let connections = shared.limits.connections.min(Semaphore::MAX_PERMITS);
    let (permits, seats) = (Arc::new(Semaphore::new(connections)), Arc::default());
    let was_cut = Arc::new(AtomicUsize::new(0));
    for socket in sockets {
        tracker.spawn(accept_all(
            socket,
            Acceptance {
                shared: Arc::clone(&shared),
                permits: Arc::clone(&permits),
                seats: Arc::<Seats>::clone(&seats),
                tracker: tracker.clone(),
                was_cut: Arc::clone(&was_cut),
            },
        ));
    }
    stop.cancelled().await;
    tracker.close();
    if tokio::time::timeout(grace, tracker.wait()).await.is_err() {
        cut.cancel();
        tracker.wait().await;
    }
    Ok(Drained {
        cut: was_cut.load(Ordering::Relaxed),
    })
}
