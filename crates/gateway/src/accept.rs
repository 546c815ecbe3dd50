//! Accepting connections, within the limits.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use crate::address::fold;
use crate::connection::{self, End, Origin, Shared};
use crate::listen::{Listener, Socket};
use crate::peer::{ListenerName, PeerAddr, Transport};
use crate::seats::{Full, Place, Seat, Seats};
use crate::tls::{self, Handshaken};
use crate::unix::SocketFile;

/// The first and the longest pause after the system refused to accept.
const PAUSE: Duration = Duration::from_millis(50);
const MAX_PAUSE: Duration = Duration::from_secs(1);

/// At most one warning about each connection limit in this time, per listener.
const WARN_EVERY: Duration = Duration::from_secs(10);

/// A listening socket in the runtime.
pub(crate) struct Acceptor {
    name: ListenerName,
    socket: AsyncSocket,
}

enum AsyncSocket {
    Tcp(TcpListener, Option<tls::Server>),
    /// The file is removed when the socket is dropped.
    Unix(UnixListener, Option<SocketFile>),
}

enum Stream {
    Tcp(TcpStream),
    Tls(TcpStream, tls::Server),
    Unix(UnixStream),
}

impl Acceptor {
    pub(crate) fn register(listener: Listener) -> io::Result<Self> {
        let socket = match listener.socket {
            Socket::Tcp(socket) => AsyncSocket::Tcp(TcpListener::from_std(socket)?, listener.tls),
            Socket::Unix(socket, file) => AsyncSocket::Unix(UnixListener::from_std(socket)?, file),
        };
        Ok(Self {
            name: listener.name,
            socket,
        })
    }

    async fn accept(&self) -> io::Result<(Stream, PeerAddr)> {
        match &self.socket {
            AsyncSocket::Tcp(socket, tls) => {
                let (stream, peer) = socket.accept().await?;
                // Answers are written whole; waiting to fill a packet only costs time.
                stream.set_nodelay(true)?;
                let stream = match tls {
                    Some(server) => Stream::Tls(stream, server.clone()),
                    None => Stream::Tcp(stream),
                };
                Ok((stream, PeerAddr::Tcp(fold(peer))))
            }
            AsyncSocket::Unix(socket, _file) => {
                let (stream, _unnamed) = socket.accept().await?;
                Ok((Stream::Unix(stream), PeerAddr::Unix))
            }
        }
    }
}

/// Keeps a flood of connections from flooding the log.
#[derive(Default)]
struct Warner {
    last: Option<Instant>,
    since: usize,
}

impl Warner {
    /// Counts; every now and then, how often since the last time.
    fn warns(&mut self) -> Option<usize> {
        self.since = self.since.saturating_add(1);
        let now = Instant::now();
        if self
            .last
            .is_some_and(|last| now.duration_since(last) < WARN_EVERY)
        {
            return None;
        }
        self.last = Some(now);
        Some(std::mem::take(&mut self.since))
    }
}

/// What an accepted connection needs to be served.
pub(crate) struct Acceptance {
    pub(crate) shared: Arc<Shared>,
    pub(crate) permits: Arc<Semaphore>,
    pub(crate) seats: Arc<Seats>,
    pub(crate) tracker: TaskTracker,
    pub(crate) was_cut: Arc<AtomicUsize>,
}

/// Accepts until draining begins.
pub(crate) async fn accept_all(acceptor: Acceptor, acceptance: Acceptance) {
    let stop = acceptance.shared.stop.clone();
    let accepting = async {
        let mut pause = PAUSE;
        let (mut full, mut crowded) = (Warner::default(), Warner::default());
        loop {
            match acceptor.accept().await {
                Ok((stream, peer)) => {
                    pause = PAUSE;
                    // First the seat: a crowd from one address is not waited for.
                    let Ok(seat) = acceptance.seat(peer, &mut crowded) else {
                        continue;
                    };
                    let place = Place {
                        _seat: seat,
                        _permit: acceptance.permit(&mut full).await,
                    };
                    acceptance.start(stream, Origin::new(peer, &acceptor.name), place);
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
    fn seat(&self, peer: PeerAddr, crowded: &mut Warner) -> Result<Option<Seat>, Full> {
        let seat = self.seats.take(peer, &self.shared.limits);
        if seat.is_err() {
            tracing::debug!(%peer, "too many connections of one address");
            if let Some(closed) = crowded.warns() {
                let limit = self.shared.limits.connections_per_address;
                tracing::warn!(%peer, limit, closed, "an address has all its connections, further ones are closed");
            }
        }
        seat
    }

    async fn permit(&self, full: &mut Warner) -> Option<OwnedSemaphorePermit> {
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Some(permit);
        }
        if full.warns().is_some() {
            let limit = self.shared.limits.connections;
            tracing::warn!(limit, "connection limit reached, new connections wait");
        }
        // The semaphore is never closed, so this is always a permit.
        Arc::clone(&self.permits).acquire_owned().await.ok()
    }

    fn start(&self, stream: Stream, origin: Origin, place: Place) {
        let (shared, was_cut) = (Arc::clone(&self.shared), Arc::clone(&self.was_cut));
        self.tracker.spawn(async move {
            let end = match stream {
                Stream::Tcp(stream) => connection::run(shared, stream, origin, place).await,
                Stream::Tls(stream, server) => {
                    encrypted(shared, stream, &server, origin, place).await
                }
                Stream::Unix(stream) => connection::run(shared, stream, origin, place).await,
            };
            if matches!(end, End::Cut) {
                was_cut.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
}

async fn encrypted(
    shared: Arc<Shared>,
    stream: TcpStream,
    server: &tls::Server,
    origin: Origin,
    place: Place,
) -> End {
    let limit = shared.limits.handshake_timeout;
    let shaking = tls::shake(server, stream, limit);
    // Nothing was asked yet, so nothing is lost with it.
    let Some(shaken) = shared.stop.run_until_cancelled(shaking).await else {
        return End::Closed;
    };
    match shaken {
        Ok(Handshaken {
            stream,
            certificate,
            http2,
        }) => {
            let origin = Origin {
                transport: Transport::Tls,
                certificate,
                http2,
                ..origin
            };
            connection::run(shared, stream, origin, place).await
        }
        Err(error) => {
            tracing::debug!(peer = %origin.peer, %error, "a TLS handshake failed");
            End::Closed
        }
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
