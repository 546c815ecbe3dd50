//! Bodies on their way: the client's, which can be taken back while nobody has read it, and the upstream's,
//! which may neither pause nor last too long.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep};

use crate::serve::{Body, BoxError};
use crate::upstream::InUse;

/// When a request last went on.
#[derive(Debug, Clone)]
pub(super) struct Progress(Arc<Mutex<Instant>>);

impl Progress {
    /// It goes on now.
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }

    fn went_on(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Waits until it has not gone on for this long.
    pub(super) async fn none_for(&self, patience: Duration) {
        loop {
            let due = *self.0.lock().unwrap_or_else(PoisonError::into_inner) + patience;
            if due <= Instant::now() {
                return;
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
}

impl Lent {
    pub(super) fn new(body: Body) -> Self {
        Self(Arc::new(Mutex::new(Slot {
            body,
            touched: false,
        })))
    }

    /// Whether nobody has read of it yet.
    pub(super) fn is_whole(&self) -> bool {
        !self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .touched
    }

    /// The body for an attempt.
    pub(super) fn lend(&self, progress: Progress) -> Body {
        Borrowed {
            slot: Arc::clone(&self.0),
            progress,
        }
        .boxed_unsync()
    }
}

struct Borrowed {
    slot: Arc<Mutex<Slot>>,
    progress: Progress,
}

impl http_body::Body for Borrowed {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let mut slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
        slot.touched = true;
        let polled = Pin::new(&mut slot.body).poll_frame(cx);
        if polled.is_ready() {
            self.progress.went_on();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        let slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
        slot.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
        slot.body.size_hint()
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
    ) -> Self {
        Self {
            body,
            pause: Box::pin(tokio::time::sleep(idle_timeout)),
            idle_timeout,
            deadline: Box::pin(tokio::time::sleep_until(deadline)),
            waiting: false,
            _in_use: in_use,
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
