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
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::util::BoxCloneSyncService;

use crate::address::fold;
use crate::connection::{self, End, Origin, Owned, Shared};
use crate::listen::{Listener, Socket};
use crate::peer::{ListenerName, PeerAddr};
use crate::unix::SocketFile;

/// Whatever went wrong while a body was being produced.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// A response body.
pub type Body = UnsyncBoxBody<Bytes, BoxError>;

/// What answers the requests. A [`PeerAddr`] and a [`ListenerName`] are in each one's extensions.
pub type Service = BoxCloneSyncService<Request<Incoming>, Response<Body>, Infallible>;

/// The first and the longest pause after the system refused to accept.
const PAUSE: Duration = Duration::from_millis(50);
const MAX_PAUSE: Duration = Duration::from_secs(1);

/// At most one warning about the connection limit in this time, per listener.
const WARN_EVERY: Duration = Duration::from_secs(10);

/// What clients may take of us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once over all listeners of one [`serve`]; further ones wait in the backlog.
    pub connections: usize,
    /// How long a head may take, and the first one to begin.
    pub header_timeout: Duration,
    /// How long a connection may wait for its next request, or for its client to read on.
    pub idle_timeout: Duration,
}

impl Default for Limits {
    /// 10,000 connections, 10 s for a head, 75 s idle (longer than nginx and Envoy keep theirs).
    fn default() -> Self {
        Self {
            connections: 10_000,
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

/// A listening socket in the runtime.
struct Acceptor {
    name: ListenerName,
    socket: AsyncSocket,
}

enum AsyncSocket {
    Tcp(TcpListener),
    /// The file is removed when the socket is dropped.
    Unix(UnixListener, Option<SocketFile>),
}

enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Acceptor {
    fn register(listener: Listener) -> io::Result<Self> {
        let socket = match listener.socket {
            Socket::Tcp(socket) => AsyncSocket::Tcp(TcpListener::from_std(socket)?),
            Socket::Unix(socket, file) => AsyncSocket::Unix(UnixListener::from_std(socket)?, file),
        };
        Ok(Self {
            name: listener.name,
            socket,
        })
    }

    async fn accept(&self) -> io::Result<(Stream, PeerAddr)> {
        match &self.socket {
            AsyncSocket::Tcp(socket) => {
                let (stream, peer) = socket.accept().await?;
                // Answers are written whole; waiting to fill a packet only costs time.
                stream.set_nodelay(true)?;
                Ok((Stream::Tcp(stream), PeerAddr::Tcp(fold(peer))))
            }
            AsyncSocket::Unix(socket, _file) => {
                let (stream, _unnamed) = socket.accept().await?;
                Ok((Stream::Unix(stream), PeerAddr::Unix))
            }
        }
    }
}

/// What an accepted connection needs to be served.
struct Acceptance {
    shared: Arc<Shared>,
    permits: Arc<Semaphore>,
    tracker: TaskTracker,
    was_cut: Arc<AtomicUsize>,
}

async fn accept_all(acceptor: Acceptor, acceptance: Acceptance) {
    let stop = acceptance.shared.stop.clone();
    let accepting = async {
        let mut pause = PAUSE;
        let mut warned = None;
        loop {
            match acceptor.accept().await {
                Ok((stream, peer)) => {
                    pause = PAUSE;
                    let permit = acceptance.permit(&mut warned).await;
                    let origin = Origin {
                        peer,
                        listener: acceptor.name.clone(),
                    };
                    acceptance.start(stream, origin, permit);
                }
                Err(error) if is_the_clients(&error) => {}
                Err(error) => {
                    // Out of descriptors or memory: trying again at once would only spin.
                    tracing::warn!(listener = %acceptor.name, %error, "cannot accept connections");
                    tokio::time::sleep(pause).await;
                    pause = pause.saturating_mul(2).min(MAX_PAUSE);
                }
            }
        }
    };
    let _: Option<()> = stop.run_until_cancelled(accepting).await;
}

impl Acceptance {
    async fn permit(&self, warned: &mut Option<Instant>) -> Option<OwnedSemaphorePermit> {
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Some(permit);
        }
        let now = Instant::now();
        if warned.is_none_or(|at| now.duration_since(at) >= WARN_EVERY) {
            *warned = Some(now);
            let limit = self.shared.limits.connections;
            tracing::warn!(limit, "connection limit reached, new connections wait");
        }
        // The semaphore is never closed, so this is always a permit.
        Arc::clone(&self.permits).acquire_owned().await.ok()
    }

    fn start(&self, stream: Stream, origin: Origin, permit: Option<OwnedSemaphorePermit>) {
        let (shared, was_cut) = (Arc::clone(&self.shared), Arc::clone(&self.was_cut));
        self.tracker.spawn(async move {
            let end = match stream {
                Stream::Tcp(stream) => connection::run(shared, stream, origin).await,
                Stream::Unix(stream) => connection::run(shared, stream, origin).await,
            };
            if matches!(end, End::Cut) {
                was_cut.fetch_add(1, Ordering::Relaxed);
            }
            drop(permit);
        });
    }
}

/// Whether only this one connection is lost: the client left before it was accepted.
fn is_the_clients(error: &io::Error) -> bool {
    use io::ErrorKind as K;
    matches!(
        error.kind(),
        K::ConnectionAborted
            | K::ConnectionReset
            | K::ConnectionRefused
            | K::NotConnected
            | K::InvalidInput
    )
}
