//! What a connection is waiting for, and since when.
//!
//! A client that sends its head byte by byte (slowloris), one that never sends any, one that does
//! not read its answer and one that keeps an idle connection for ever all hold a socket for nothing.
//! hyper knows one timeout for heads and idle connections, none for readers, and none before it knows the HTTP version; we want a short one for heads and a longer one
//! for idle connections, because proxies in front keep idle connections for a minute and race with
//! us if we close first.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::Version;
use http_body::{Frame, SizeHint};
use tokio::time::Instant;

use crate::serve::{Body, BoxError};
use crate::unread::{Rest, Unread};

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
    /// Who waits for the last answer to be taken.
    waker: Option<Waker>,
}

impl State {
    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
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
            waker: None,
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

    /// Whether no request is being answered, and no answer waits to be taken; otherwise wakes when that may
    /// have changed.
    pub(crate) fn is_idle(&self, cx: &Context<'_>) -> bool {
        let mut state = self.state();
        let is_idle = state.in_flight == 0 && state.blocked.is_none();
        state.waker = (!is_idle).then(|| cx.waker().clone());
        is_idle
    }

    fn waiting(&self) -> Option<(Wait, Instant)> {
        let state = self.state();
        match state.blocked {
            Some(since) => Some((Wait::Reader, since)),
            None => (state.in_flight == 0).then_some((state.waiting_for, state.since)),
        }
    }

    /// Whether the client took what we had for it.
    pub(crate) fn written<T>(&self, polled: &Poll<T>) {
        let mut state = self.state();
        if polled.is_ready() {
            state.blocked = None;
            state.wake();
        } else if state.blocked.is_none() {
            state.blocked = Some(Instant::now());
        }
    }

    /// Bytes came in.
    pub(crate) fn bytes_read(&self) {
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
            state.wake();
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
    body: Body,
    /// In HTTP/2, where streams stand still one by one.
    unread: Option<Unread>,
    rest: Rest,
    _request: InFlight,
}

impl InFlightBody {
    pub(crate) fn new(body: Body, request: InFlight, unread: Option<Unread>) -> Self {
        Self {
            body,
            unread,
            rest: Rest::default(),
            _request: request,
        }
    }
}

impl http_body::Body for InFlightBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        let Some(unread) = &this.unread else {
            return Pin::new(&mut this.body).poll_frame(cx);
        };
        let polled = match this.rest.next() {
            Some(piece) => Poll::Ready(Some(Ok(piece))),
            None => Pin::new(&mut this.body)
                .poll_frame(cx)
                .map_ok(|frame| this.rest.cut(frame)),
        };
        unread.asked(&polled);
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.rest.len() == 0 && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (whole, rest) = (self.body.size_hint(), self.rest.len() as u64);
        let mut hint = SizeHint::new();
        hint.set_lower(whole.lower().saturating_add(rest));
        if let Some(upper) = whole.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint
    }
}
