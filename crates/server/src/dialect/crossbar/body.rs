//! Reading a body: never more than is allowed, never longer than is allowed.

use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use tokio::time::Instant;

use super::error::Error;

/// How much of a body is looked at for a credential, in bytes, before anybody is known (decision 33).
pub(super) const PEEK: u64 = 65_536;

/// A body as far as it was read.
pub(super) struct Inbox {
    body: Body,
    read: BytesMut,
    ended: bool,
    deadline: Instant,
}

impl Inbox {
    /// A body of which nothing was read; it has so long to arrive.
    pub(super) fn new(body: Body, timeout: Duration) -> Self {
        Self {
            ended: body.is_end_stream(),
            body,
            read: BytesMut::new(),
            deadline: Instant::now() + timeout,
        }
    }

    /// The whole body if it has at most `limit` bytes; `None` if it is larger. What was read is kept, so
    /// that a later call with a larger limit goes on.
    pub(super) async fn whole(&mut self, limit: u64) -> Result<Option<Bytes>, Error> {
        if self.body.size_hint().lower().saturating_add(self.length()) > limit {
            return Ok(None);
        }
        while !self.ended && self.length() <= limit {
            let frame = tokio::time::timeout_at(self.deadline, self.body.frame())
                .await
                .map_err(|_| Error::BodyTimeout)?;
            match frame {
                None => self.ended = true,
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.read.extend_from_slice(&data);
                    }
                }
                Some(Err(_)) => return Err(Error::BodyBroken),
            }
        }
        if self.length() > limit {
            return Ok(None);
        }
        Ok(Some(self.read.clone().freeze()))
    }

    fn length(&self) -> u64 {
        u64::try_from(self.read.len()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_larger_body_is_not_read_on_and_can_be_continued() {
        let mut inbox = Inbox::new(Body::from("0123456789"), Duration::from_secs(5));
        assert_eq!(inbox.whole(9).await.unwrap(), None);
        assert_eq!(inbox.whole(10).await.unwrap().unwrap(), "0123456789");
        assert_eq!(inbox.whole(10).await.unwrap().unwrap(), "0123456789");
    }

    #[tokio::test]
    async fn no_body_is_empty() {
        let mut inbox = Inbox::new(Body::empty(), Duration::from_secs(5));
        assert_eq!(inbox.whole(0).await.unwrap().unwrap(), "");
    }
}
