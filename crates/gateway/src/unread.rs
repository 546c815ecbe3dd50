//! What a client of HTTP/2 leaves unread.
//!
//! Attack: a client asks for much, never opens a stream's window, and answers pings. Its connection is never late,
//! so its streams hold their requests to the upstream for ever, and what was read of those as well. Answer: a stream
//! whose answer is not taken on for too long is reset, and hands on little at a time. In HTTP/1.1 the whole
//! connection stands still then; see the activity module.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http_body::Frame;
use tokio::time::Instant;

/// Bytes that are handed on at once, the largest frame that every client takes (RFC 9113 section 4.2): whoever
/// reads slowly is then seen to read.
const PIECE: usize = 16 * 1024;

tokio::task_local! {
    static STREAM: Unread;
}

/// Since when a stream's client owes it to take what it was handed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Unread(Arc<Mutex<Option<Instant>>>);

impl Unread {
    /// That of the stream whose task this is; none in HTTP/1.1.
    pub(crate) fn of_this_stream() -> Option<Self> {
        STREAM.try_with(Self::clone).ok()
    }

    /// The answer was asked for more, which is when the client has taken what was before.
    pub(crate) fn asked<T, E>(&self, polled: &Poll<Option<Result<T, E>>>) {
        let owes = matches!(polled, Poll::Ready(Some(Ok(_)))).then(Instant::now);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = owes;
    }

    async fn too_long(&self, patience: Duration) {
        loop {
            let now = Instant::now();
            let owes = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let due = owes.unwrap_or(now) + patience;
            if due <= now {
                return;
            }
            tokio::time::sleep_until(due).await;
        }
    }
}

/// Runs a stream for as long as its client reads on; dropping it resets it.
pub(crate) async fn while_read(stream: impl Future, patience: Duration) {
    let unread = Unread::default();
    tokio::select! {
        biased;
        _ = STREAM.scope(unread.clone(), stream) => {}
        () = unread.too_long(patience) => tracing::debug!("a stream was not read"),
    }
}

/// What of an answer was brought and is not yet handed on.
#[derive(Debug, Default)]
pub(crate) struct Rest(Bytes);

impl Rest {
    /// How much that is.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The next piece of it.
    pub(crate) fn next(&mut self) -> Option<Frame<Bytes>> {
        let piece = self.0.split_to(self.0.len().min(PIECE));
        (!piece.is_empty()).then(|| Frame::data(piece))
    }

    /// Cuts a frame down to a piece, and keeps the rest.
    pub(crate) fn cut(&mut self, frame: Frame<Bytes>) -> Frame<Bytes> {
        match frame.into_data() {
            Ok(mut data) => {
                self.0 = data.split_off(data.len().min(PIECE));
                Frame::data(data)
            }
            Err(frame) => frame,
        }
    }
}
