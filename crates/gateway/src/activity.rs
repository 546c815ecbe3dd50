//! What a connection is waiting for, and since when.
//!
//! A client that sends its head byte by byte (slowloris), one that never sends any, one that does
//! not read its answer and one that keeps an idle connection for ever all hold a socket for nothing.
//! hyper knows one timeout for heads and idle connections, none for readers, and none before it knows the HTTP version; we want a short one for heads and a longer one
//! for idle connections, because proxies in front keep idle connections for a minute and race with
//! us if we close first.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::Version;
use http_body::{Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use crate::serve::{Body, BoxError};
use crate::tap::{Fault, Tap};

/// The bookkeeping of one connection.
#[derive(Debug)]
pub(crate) struct Activity(Mutex<State>);

#[derive(Debug)]
struct State {
    in_flight: usize,
    waiting_for: Wait,
    since: Instant,
    http2: bool,
    /// Since when the client takes none of what we have for it.
    blocked: Option<Instant>,
}

/// What a connection waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    /// The rest of a head, or the first one.
    Head,
    /// The next request.
    Request,
    /// That the client reads on.
    Reader,
}

impl Activity {
    /// A connection just accepted: its first head is due.
    pub(crate) fn new() -> Arc<Self> {
        let state = State {
            in_flight: 0,
            waiting_for: Wait::Head,
            since: Instant::now(),
            http2: false,
            blocked: None,
        };
        Arc::new(Self(Mutex::new(state)))
    }

    /// A request came in; it ends when the returned value is dropped.
    pub(crate) fn begin(self: &Arc<Self>, version: Version) -> InFlight {
        let mut state = self.state();
        state.in_flight = state.in_flight.saturating_add(1);
        state.http2 = version == Version::HTTP_2;
        InFlight(Arc::clone(self))
    }

    /// Waits until the connection has kept us waiting for too long, and says for what.
    ///
    /// Looks once every `head`, so that the warm path never touches a timer: a head is given up
    /// between once and twice that time (the first of a connection after exactly once).
    pub(crate) async fn overdue(&self, head: Duration, idle: Duration) -> Wait {
        loop {
            let now = Instant::now();
            let look_again = now + head;
            let due = match self.waiting() {
                None => look_again,
                Some((wait, since)) => {
                    let due = since + if wait == Wait::Head { head } else { idle };
                    if due <= now {
                        return wait;
                    }
                    due.min(look_again)
                }
            };
            tokio::time::sleep_until(due).await;
        }
    }

    /// Counts the waiting from now on.
    pub(crate) fn restart(&self) {
        self.state().since = Instant::now();
    }

    /// Whether no request is being answered, and no answer waits to be taken.
    fn is_idle(&self) -> bool {
        let state = self.state();
        state.in_flight == 0 && state.blocked.is_none()
    }

    fn waiting(&self) -> Option<(Wait, Instant)> {
        let state = self.state();
        match state.blocked {
            Some(since) => Some((Wait::Reader, since)),
            None => (state.in_flight == 0).then_some((state.waiting_for, state.since)),
        }
    }

    fn written<T>(&self, polled: &Poll<T>) {
        let mut state = self.state();
        if polled.is_ready() {
            state.blocked = None;
        } else if state.blocked.is_none() {
            state.blocked = Some(Instant::now());
        }
    }

    fn bytes_read(&self) {
        let mut state = self.state();
        // An idle HTTP/2 connection still exchanges settings and pings: no head has begun.
        if state.in_flight == 0 && state.waiting_for == Wait::Request && !state.http2 {
            state.waiting_for = Wait::Head;
            state.since = Instant::now();
        }
    }

    fn end(&self) {
        let mut state = self.state();
        state.in_flight = state.in_flight.saturating_sub(1);
        if state.in_flight == 0 {
            state.waiting_for = Wait::Request;
            state.since = Instant::now();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that is not yet answered to its last byte.
#[derive(Debug)]
pub(crate) struct InFlight(Arc<Activity>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// A response body that keeps its request in flight.
pub(crate) struct InFlightBody {
    pub(crate) body: Body,
    pub(crate) _request: InFlight,
}

impl http_body::Body for InFlightBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A stream that tells the bookkeeping when bytes come in, and when they do not go out.
#[derive(Debug)]
pub(crate) struct Watched<S> {
    stream: S,
    activity: Arc<Activity>,
    tap: Tap,
    /// What the tap found wrong; what was sound before it was handed on.
    fault: Option<Fault>,
}

impl<S> Watched<S> {
    pub(crate) const fn new(stream: S, activity: Arc<Activity>, tap: Tap) -> Self {
        Self {
            stream,
            activity,
            tap,
            fault: None,
        }
    }
}

/// What a request that cannot be followed is answered.
const BAD_REQUEST: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

impl<S: AsyncWrite + Unpin> Watched<S> {
    /// Ends the connection; says so where no answer is under way that this would spoil.
    fn refuse(&mut self, fault: Fault, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let is_idle = self.activity.is_idle();
        if !is_idle && !fault.in_body {
            // Requests before it are answered first; hyper reads on when it has done so.
            return Poll::Pending;
        }
        if is_idle {
            // So few bytes go into the socket's buffer at once, or the client has stopped reading.
            let _sent = Pin::new(&mut self.stream).poll_write(cx, BAD_REQUEST);
            let _flushed = Pin::new(&mut self.stream).poll_flush(cx);
        }
        tracing::debug!("a request that is not HTTP/1.1 as it should be ended its connection");
        Poll::Ready(Err(io::ErrorKind::InvalidData.into()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(fault) = self.fault {
            return self.refuse(fault, cx);
        }
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        let fresh = buf.filled().get(before..).unwrap_or_default();
        if fresh.is_empty() {
            return polled;
        }
        self.activity.bytes_read();
        if let Err(fault) = self.tap.read(fresh) {
            self.fault = Some(fault);
            buf.set_filled(before.saturating_add(fault.good));
            if fault.good == 0 {
                return self.refuse(fault, cx);
            }
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.activity.written(&polled);
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.activity.written(&polled);
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
