//! A request's body, which has to come at some pace.
//!
//! Attack: a body that is announced and never comes, or comes a byte at a time, holds a connection, and one
//! to the upstream as well. Answer: while it is wanted it may stand still for so long, and over time it must
//! bring a little at least. What is not wanted yet is never late; an upload that moves may take for ever.
//! Once the answer has begun the pace is nobody's business: streams both ways stand still when nothing happens.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use thiserror::Error;
use tokio::time::{Instant, Sleep, sleep_until};

/// What every period brings on average, from the second on.
const LEAST: u64 = 1024;

/// A request's body.
#[derive(Debug)]
pub struct RequestBody {
    body: Incoming,
    /// Whether all of it was read, or it broke off.
    ended: bool,
    /// None where there is no body to wait for.
    pace: Option<Pace>,
}

/// Why a request's body ended early.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BodyError {
    /// It came too slowly.
    #[error("the client's body came too slowly")]
    TooSlow,
    /// The connection broke off, or what came was no body.
    #[error(transparent)]
    Broken(#[from] hyper::Error),
}

/// What became of a request first; shared by its body and its answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fate(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    first: AtomicU8,
    unread: AtomicBool,
}

const OPEN: u8 = 0;
const ANSWERED: u8 = 1;
const TOO_SLOW: u8 = 2;

impl Fate {
    /// Whether the answer begins before the body was given up.
    pub(crate) fn answered(&self) -> bool {
        self.is(ANSWERED)
    }

    /// Whether the body was dropped before its end: what is left of it stands between this request and the next.
    pub(crate) fn left_unread(&self) -> bool {
        self.0.unread.load(Ordering::Acquire)
    }

    /// Sets it, unless it was set before; whether it is this now.
    fn is(&self, fate: u8) -> bool {
        let set = self
            .0
            .first
            .compare_exchange(OPEN, fate, Ordering::AcqRel, Ordering::Acquire);
        set.is_ok() || set == Err(fate)
    }
}

impl RequestBody {
    pub(crate) fn new(body: Incoming, period: Duration, fate: &Fate) -> Self {
        let pace = (!body.is_end_stream()).then(|| Pace::new(period, fate.clone()));
        Self {
            body,
            ended: false,
            pace,
        }
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        if let Some(pace) = &self.pace
            && !self.ended
            && !self.body.is_end_stream()
        {
            pace.fate.0.unread.store(true, Ordering::Release);
        }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        self.ended |= matches!(polled, Poll::Ready(None | Some(Err(_))));
        let Some(pace) = &mut self.pace else {
            return polled.map_err(BodyError::from);
        };
        match polled {
            Poll::Pending => pace.poll_late(cx).map(|()| Some(Err(BodyError::TooSlow))),
            Poll::Ready(Some(Ok(frame))) => {
                pace.came(frame.data_ref().map_or(0, Bytes::len));
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(end) => Poll::Ready(end.map(|frame| frame.map_err(BodyError::from))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// How long a body was waited for, and what it brought.
#[derive(Debug)]
struct Pace {
    period: Duration,
    fate: Fate,
    bytes: u64,
    waited: Duration,
    /// Since when it is waited for just now.
    since: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Pace {
    const fn new(period: Duration, fate: Fate) -> Self {
        Self {
            period,
            fate,
            bytes: 0,
            waited: Duration::ZERO,
            since: None,
            timer: None,
        }
    }

    fn came(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes as u64);
        if let Some(since) = self.since.take() {
            self.waited = self.waited.saturating_add(since.elapsed());
        }
    }

    /// Ready once it has kept us waiting for too long.
    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.since.is_none() {
            let now = Instant::now();
            self.since = Some(now);
            self.wake_at(now + self.patience());
        }
        let Some(timer) = &mut self.timer else {
            return Poll::Pending;
        };
        if timer.as_mut().poll(cx).is_pending() || !self.fate.is(TOO_SLOW) {
            return Poll::Pending;
        }
        Poll::Ready(())
    }

    /// How long it may stand still from now on.
    fn patience(&self) -> Duration {
        let paid = (self.bytes / LEAST).saturating_add(2);
        let paid = self
            .period
            .saturating_mul(u32::try_from(paid).unwrap_or(u32::MAX));
        self.period.min(paid.saturating_sub(self.waited))
    }

    fn wake_at(&mut self, at: Instant) {
        match &mut self.timer {
            Some(timer) => timer.as_mut().reset(at),
            None => self.timer = Some(Box::pin(sleep_until(at))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD: Duration = Duration::from_secs(30);

    fn pace(bytes: u64, waited: u64) -> Duration {
        let mut pace = Pace::new(PERIOD, Fate::default());
        pace.bytes = bytes;
        pace.waited = Duration::from_secs(waited);
        pace.patience()
    }

    #[test]
    fn a_body_may_stand_still_for_a_period_and_pays_for_the_second() {
        assert_eq!(pace(0, 0), PERIOD);
        assert_eq!(pace(1, 29), PERIOD);
        assert_eq!(pace(2, 58), Duration::from_secs(2));
        assert_eq!(pace(3, 60), Duration::ZERO);
        assert_eq!(pace(1024, 60), PERIOD);
        assert_eq!(pace(100 * 1024, 60), PERIOD);
        assert_eq!(pace(100 * 1024, 3_000), PERIOD);
        assert_eq!(pace(100 * 1024, 3_060), Duration::ZERO);
        assert_eq!(pace(u64::MAX, 0), PERIOD);
    }

    #[test]
    fn what_comes_first_is_the_fate() {
        let fate = Fate::default();
        assert!(fate.answered());
        assert!(!fate.is(TOO_SLOW));
        assert!(fate.answered());
        let fate = Fate::default();
        assert!(fate.is(TOO_SLOW));
        assert!(!fate.answered());
    }
}
