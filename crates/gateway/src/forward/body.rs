//! Bodies on their way: the client's, which can be taken back while nobody has read it, and the upstream's,
//! which may neither pause nor last too long.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep};

use super::Side;
use crate::serve::{Body, BoxError};
use crate::upstream::{Cut, InUse};

/// Whom a request waits for, and since when.
#[derive(Debug, Clone)]
pub(super) struct Progress(Arc<Mutex<Waits>>);

#[derive(Debug, Clone, Copy)]
struct Waits {
    since: Instant,
    /// For the next piece of the client's body; otherwise for the upstream.
    for_client: bool,
}

impl Progress {
    /// It waits for the upstream from now on.
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(Waits {
            since: Instant::now(),
            for_client: false,
        })))
    }

    /// Something went on.
    pub(super) fn went_on(&self) {
        self.asked(true);
    }

    /// The client's body was asked for its next piece. A client that is asked twice waits no longer for that.
    fn asked(&self, has_one: bool) {
        let mut waits = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if has_one || !waits.for_client {
            *waits = Waits {
                since: Instant::now(),
                for_client: !has_one,
            };
        }
    }

    /// Waits until nobody has done anything for this long, and says who was waited for.
    pub(super) async fn none_for(&self, patience: Duration) -> Side {
        loop {
            let waits = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let due = waits.since + patience;
            if due <= Instant::now() {
                return if waits.for_client {
                    Side::Downstream
                } else {
                    Side::Upstream
                };
            }
            tokio::time::sleep_until(due).await;
        }
    }
}

/// The client's body, lent to one attempt after the other.
#[derive(Clone)]
pub(super) struct Lent(Arc<Mutex<Slot>>);

struct Slot {
    body: Body,
    touched: bool,
    over: bool,
}

impl Lent {
    pub(super) fn new(body: Body) -> Self {
        Self(Arc::new(Mutex::new(Slot {
            over: body.is_end_stream(),
            body,
            touched: false,
        })))
    }

    /// Whether nobody has read of it yet.
    pub(super) fn is_whole(&self) -> bool {
        !self.slot().touched
    }

    /// Whether nothing more of it will come.
    fn is_over(&self) -> bool {
        let slot = self.slot();
        slot.over || slot.body.is_end_stream()
    }

    /// The body for an attempt.
    pub(super) fn lend(&self, progress: Progress) -> Body {
        Borrowed {
            lent: self.clone(),
            progress,
        }
        .boxed_unsync()
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Borrowed {
    lent: Lent,
    progress: Progress,
}

impl http_body::Body for Borrowed {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let mut slot = self.lent.slot();
        slot.touched = true;
        let polled = Pin::new(&mut slot.body).poll_frame(cx);
        slot.over |= match &polled {
            Poll::Ready(Some(Ok(frame))) => frame.is_trailers(),
            Poll::Ready(_) => true,
            Poll::Pending => false,
        };
        self.progress.asked(polled.is_ready());
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.lent.slot().body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.lent.slot().body.size_hint()
    }
}

/// What of the request is still under way when its answer is over: nobody will read it.
///
/// Attack: an upstream that answers before it has read the request, and a client that goes on sending, hold
/// both connections for ever; and half a request in front of the next one is somebody else's request. Answer:
/// the upstream's connection ends, and with it our reading.
pub(super) struct Remainder {
    request: Lent,
    connection: Option<Cut>,
}

impl Remainder {
    pub(super) const fn new(request: Lent, connection: Option<Cut>) -> Self {
        Self {
            request,
            connection,
        }
    }
}

impl Drop for Remainder {
    fn drop(&mut self) {
        if let Some(connection) = &self.connection
            && !self.request.is_over()
        {
            connection.cut();
        }
    }
}

/// The upstream's body. What goes wrong with it ends the client's answer as broken: never as complete.
pub(super) struct Answered {
    body: Incoming,
    pause: Pin<Box<Sleep>>,
    idle_timeout: Duration,
    deadline: Pin<Box<Sleep>>,
    waiting: bool,
    /// Its address is busy until the last byte.
    _in_use: InUse,
    _remainder: Remainder,
}

/// Why an upstream's body was given up.
#[derive(Debug, thiserror::Error)]
enum GivenUp {
    #[error("the upstream paused for too long")]
    Pause,
    #[error("the stream outlived the check on which it rests")]
    Age,
}

impl Answered {
    pub(super) fn new(
        body: Incoming,
        in_use: InUse,
        idle_timeout: Duration,
        deadline: Instant,
        remainder: Remainder,
    ) -> Self {
        Self {
            body,
            pause: Box::pin(tokio::time::sleep(idle_timeout)),
            idle_timeout,
            deadline: Box::pin(tokio::time::sleep_until(deadline)),
            waiting: false,
            _in_use: in_use,
            _remainder: remainder,
        }
    }
}

impl http_body::Body for Answered {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        if this.deadline.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Some(Err(GivenUp::Age.into())));
        }
        match Pin::new(&mut this.body).poll_frame(cx) {
            Poll::Ready(frame) => {
                this.waiting = false;
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
            Poll::Pending => {
                // The pause counts from the first time there was nothing: a slow client is not the
                // upstream's fault.
                if !this.waiting {
                    this.waiting = true;
                    this.pause
                        .as_mut()
                        .reset(Instant::now() + this.idle_timeout);
                }
                match this.pause.as_mut().poll(cx) {
                    Poll::Ready(()) => Poll::Ready(Some(Err(GivenUp::Pause.into()))),
                    Poll::Pending => Poll::Pending,
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
