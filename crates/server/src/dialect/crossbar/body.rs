//! Reading a body: never more than is allowed, never longer than is allowed.
//!
//! Attack: many large bodies at once, each held back by its last byte, or parsed into many times its size
//! by somebody who proved nothing. Answer: beyond [`PEEK`] bytes a body needs one of a few places, and who
//! finds none is told to come back.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::error::Error;

/// How much of a body is looked at for a credential, in bytes, before anybody is known (decision 33).
pub(super) const PEEK: u64 = 65_536;

/// When to come back if no place is free.
const COME_BACK: Duration = Duration::from_secs(1);
/// How many bodies larger than [`PEEK`] are read and parsed at once, over all connections.
pub(super) const LARGE_AT_ONCE: usize = 4;

/// A body as far as it was read.
pub(super) struct Inbox {
    body: Body,
    read: BytesMut,
    whole: Option<Bytes>,
    deadline: Instant,
    places: Arc<Semaphore>,
    /// Held until the request is answered, for what was parsed is larger still.
    place: Option<OwnedSemaphorePermit>,
}

impl Inbox {
    /// A body of which nothing was read; it has so long to arrive, and these places if it is large.
    pub(super) fn new(body: Body, timeout: Duration, places: Arc<Semaphore>) -> Self {
        Self {
            whole: body.is_end_stream().then(Bytes::new),
            body,
            read: BytesMut::new(),
            deadline: Instant::now() + timeout,
            places,
            place: None,
        }
    }

    /// Whether the body turned out to be a large one.
    pub(super) const fn is_large(&self) -> bool {
        self.place.is_some()
    }

    /// The whole body if it has at most `limit` bytes; `None` if it is larger. What was read is kept, so
    /// that a later call with a larger limit goes on.
    pub(super) async fn whole(&mut self, limit: u64) -> Result<Option<Bytes>, Error> {
        if self.body.size_hint().lower().saturating_add(self.length()) > limit {
            return Ok(None);
        }
        if self.whole.is_none() && self.read_up_to(limit.min(PEEK)).await? && limit > PEEK {
            let place = Arc::clone(&self.places).try_acquire_owned();
            self.place = Some(place.map_err(|_| Error::TooManyRequests(COME_BACK))?);
            self.read_up_to(limit).await?;
        }
        Ok(self.whole.clone())
    }

    /// Reads on until the body ends or has more than `limit` bytes; whether it has more.
    async fn read_up_to(&mut self, limit: u64) -> Result<bool, Error> {
        while self.length() <= limit {
            let frame = tokio::time::timeout_at(self.deadline, self.body.frame())
                .await
                .map_err(|_| Error::BodyTimeout)?;
            match frame {
                None => {
                    self.whole = Some(self.read.split().freeze());
                    return Ok(false);
                }
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.read.extend_from_slice(&data);
                    }
                }
                Some(Err(_)) => return Err(Error::BodyBroken),
            }
        }
        Ok(true)
    }

    /// Bytes read so far.
    fn length(&self) -> u64 {
        let read = self.whole.as_ref().map_or(self.read.len(), Bytes::len);
        u64::try_from(read).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inbox(body: Body, places: usize) -> Inbox {
        Inbox::new(
            body,
            Duration::from_secs(5),
            Arc::new(Semaphore::new(places)),
        )
    }

    #[tokio::test]
    async fn a_larger_body_is_not_read_on_and_can_be_continued() {
        let mut inbox = inbox(Body::from("0123456789"), 1);
        assert_eq!(inbox.whole(9).await.unwrap(), None);
        assert_eq!(inbox.whole(10).await.unwrap().unwrap(), "0123456789");
        assert_eq!(inbox.whole(10).await.unwrap().unwrap(), "0123456789");
    }

    #[tokio::test]
    async fn no_body_is_empty() {
        let mut inbox = inbox(Body::empty(), 1);
        assert_eq!(inbox.whole(0).await.unwrap().unwrap(), "");
    }

    #[tokio::test]
    async fn a_large_body_needs_a_place_and_keeps_it() {
        let places = Arc::new(Semaphore::new(1));
        let of = |length: usize| {
            let body = Body::from(vec![b'x'; length]);
            Inbox::new(body, Duration::from_secs(5), Arc::clone(&places))
        };
        let (mut first, mut second, mut small) = (of(100_000), of(100_000), of(1000));
        assert_eq!(first.whole(PEEK).await.unwrap(), None);
        assert_eq!(first.whole(200_000).await.unwrap().unwrap().len(), 100_000);
        assert!(first.is_large());
        let refused = second.whole(200_000).await;
        assert!(matches!(refused, Err(Error::TooManyRequests(_))));
        assert_eq!(small.whole(200_000).await.unwrap().unwrap().len(), 1000);
        drop(first);
        assert_eq!(second.whole(200_000).await.unwrap().unwrap().len(), 100_000);
    }
}
