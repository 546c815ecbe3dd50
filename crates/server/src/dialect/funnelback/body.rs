//! Small bodies: never more than is allowed, never longer than is allowed.

use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use bytes::BytesMut;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http_body_util::BodyExt as _;
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::error::Error;

/// Largest body (funnelback.md section 3.5).
const MAX: usize = 8192;
/// How long a body may take to arrive.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A body of which nothing was read.
pub(super) struct Form(Body);

impl Form {
    pub(super) const fn new(body: Body) -> Self {
        Self(body)
    }

    /// The members of a JSON object; none for no body at all.
    pub(super) async fn object(self, headers: &HeaderMap) -> Result<Map<String, Value>, Error> {
        let bytes = self.bytes().await?;
        if bytes.is_empty() {
            return Ok(Map::new());
        }
        if !is_of(headers, "application/json") {
            return Err(Error::MediaType(
                "the body must be of type application/json",
            ));
        }
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(members)) => Ok(members),
            _ => Err(Error::BadRequest("the body must be a JSON object")),
        }
    }

    /// The fields of an HTML form, in order.
    pub(super) async fn fields(self, headers: &HeaderMap) -> Result<Vec<(String, String)>, Error> {
        if !is_of(headers, "application/x-www-form-urlencoded") {
            return Err(Error::MediaType(
                "the body must be of type application/x-www-form-urlencoded",
            ));
        }
        let bytes = self.bytes().await?;
        Ok(form_urlencoded::parse(&bytes).into_owned().collect())
    }

    async fn bytes(mut self) -> Result<BytesMut, Error> {
        let deadline = Instant::now() + TIMEOUT;
        let mut read = BytesMut::new();
        if self.0.size_hint().lower() > MAX as u64 {
            return Err(Error::TooLarge);
        }
        loop {
            let frame = tokio::time::timeout_at(deadline, self.0.frame()).await;
            match frame.map_err(|_| Error::BodyTimeout)? {
                None => return Ok(read),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        if read.len().saturating_add(data.len()) > MAX {
                            return Err(Error::TooLarge);
                        }
                        read.extend_from_slice(&data);
                    }
                }
                Some(Err(_)) => return Err(Error::BadRequest("the body broke off")),
            }
        }
    }
}

/// Whether the body says it is of this type, whatever parameters follow.
fn is_of(headers: &HeaderMap, wanted: &str) -> bool {
    let mut lines = headers.get_all(CONTENT_TYPE).iter();
    let (Some(line), None) = (lines.next(), lines.next()) else {
        return false;
    };
    let named = line.to_str().ok().and_then(|line| line.split(';').next());
    named.is_some_and(|named| named.trim().eq_ignore_ascii_case(wanted))
}
