//! Serving a set of listeners, and draining them.

use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::util::BoxCloneSyncService;

use crate::accept::{Acceptance, Acceptor, accept_all};
use crate::connection::{self, Owned, Shared};
use crate::listen::Listener;

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
pub type Service = BoxCloneSyncService<Request<Incoming>, Response<Body>, Infallible>;

/// What clients may take of us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once over all listeners of one [`serve`]; further ones wait in the backlog.
    pub connections: usize,
    /// How long a TLS handshake may take.
    pub handshake_timeout: Duration,
    /// How long a head may take, and the first one to begin.
    pub header_timeout: Duration,
    /// How long a connection may wait for its next request, or for its client to read on.
    pub idle_timeout: Duration,
}

impl Default for Limits {
    /// 10,000 connections, 10 s for a handshake and for a head, 75 s idle (longer than nginx and Envoy keep theirs).
    fn default() -> Self {
        Self {
            connections: 10_000,
            handshake_timeout: Duration::from_secs(10),
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
        }
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
    };
    let shared = Arc::new(Shared {
        service,
        limits,
        http: connection::http(executor, &limits),
        stop: stop.clone(),
        cut: cut.clone(),
    });
    let permits = Arc::new(Semaphore::new(
        limits.connections.min(Semaphore::MAX_PERMITS),
    ));
    let was_cut = Arc::new(AtomicUsize::new(0));
    for socket in sockets {
        tracker.spawn(accept_all(
            socket,
            Acceptance {
                shared: Arc::clone(&shared),
                permits: Arc::clone(&permits),
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
