//! The envelope that goes out (crossbar.md sections 1.6, 1.7 and 1.11).

use axum::body::Body;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward_core::secret::SecretText;
use doorward_core::time::Timestamp;
use doorward_core::{digest, hex};
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, ETAG, LOCATION, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Map, Value, json};

use super::error::Error;
use crate::request_id;

/// What an operation answers.
pub(super) enum Answer {
    /// An envelope.
    Success(Success),
    /// A public key as a file.
    Pem(String),
    /// The client's copy with this entity tag is still good.
    NotModified(String),
    /// The text at `/`.
    Banner,
    /// To OPTIONS: headers only.
    Preflight,
}

/// A success.
#[derive(Default)]
pub(super) struct Success {
    /// 201 instead of 200.
    pub(super) created: bool,
    /// `data`; left out when there is none.
    pub(super) data: Option<Value>,
    /// `auth_token`.
    pub(super) auth_token: AuthToken,
    /// `revision` and `ETag`.
    pub(super) revision: Option<String>,
    /// `Location`: where what was created is.
    pub(super) location: Option<String>,
    /// `page_size`.
    pub(super) page_size: Option<usize>,
    /// `start_key`: where this page of a list begins.
    pub(super) start_key: Option<String>,
    /// `next_start_key`: where the next one begins.
    pub(super) next_start_key: Option<String>,
}

/// The token an envelope shows.
#[derive(Default)]
pub(super) enum AuthToken {
    /// The one that was presented and found good.
    #[default]
    Presented,
    /// This one.
    New(SecretText),
    /// None.
    Absent,
}

/// What every envelope of one request has in common.
pub(super) struct Frame<'a> {
    /// `node`: see [`node`].
    pub(super) node: &'a str,
    /// `request_id`.
    pub(super) request_id: &'a str,
    /// `timestamp`.
    pub(super) now: Timestamp,
    /// Whether the JSON is indented.
    pub(super) pretty: bool,
    /// The presented token, once it was found good.
    pub(super) proven: Option<&'a SecretText>,
}

/// The constant `node`: 22 characters made of the installation's id.
pub(super) fn node(installation: &[u8; 16]) -> String {
    let md5: [u8; 16] = hex::decode(&digest::md5_tag(installation)).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(md5)
}

impl Frame<'_> {
    /// The response to an answer or error.
    pub(super) fn respond(&self, outcome: Result<Answer, &Error>) -> Response {
        let mut response = match outcome {
            Ok(Answer::Success(success)) => self.success(success),
            Ok(Answer::Pem(pem)) => pem_file(pem),
            Ok(Answer::NotModified(tag)) => {
                let mut response = empty(StatusCode::NOT_MODIFIED);
                set(response.headers_mut(), ETAG, &quoted(&tag));
                response
            }
            Ok(Answer::Banner) => banner(),
            Ok(Answer::Preflight) => empty(StatusCode::OK),
            Err(error) => self.error(error),
        };
        let headers = response.headers_mut();
        set(headers, CACHE_CONTROL, "no-store");
        set(headers, request_id::HEADER, self.request_id);
        response
    }

    fn success(&self, success: Success) -> Response {
        let mut envelope = self.members("success");
        if let Some(data) = success.data {
            envelope.insert("data".to_owned(), data);
        }
        let token = match &success.auth_token {
            AuthToken::Presented => self.proven,
            AuthToken::New(token) => Some(token),
            AuthToken::Absent => None,
        };
        if let Some(token) = token {
            envelope.insert("auth_token".to_owned(), json!(token.expose()));
        }
        if let Some(revision) = &success.revision {
            envelope.insert("revision".to_owned(), json!(revision));
        }
        if let Some(page_size) = success.page_size {
            envelope.insert("page_size".to_owned(), json!(page_size));
        }
        let keys = [
            ("start_key", success.start_key),
            ("next_start_key", success.next_start_key),
        ];
        for (name, key) in keys {
            if let Some(key) = key {
                envelope.insert(name.to_owned(), json!(key));
            }
        }
        let status = if success.created {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        };
        let mut response = self.json(status, envelope);
        if let Some(revision) = &success.revision {
            set(response.headers_mut(), ETAG, &quoted(revision));
        }
        if let Some(location) = &success.location {
            set(response.headers_mut(), LOCATION, location);
        }
        response
    }

    fn error(&self, error: &Error) -> Response {
        let face = error.face();
        let mut envelope = self.members("error");
        envelope.insert("data".to_owned(), face.data);
        envelope.insert("error".to_owned(), json!(face.status.as_str()));
        envelope.insert("message".to_owned(), json!(face.message));
        if let Some(token) = self.proven {
            envelope.insert("auth_token".to_owned(), json!(token.expose()));
        }
        let mut response = self.json(face.status, envelope);
        if let Some(after) = face.retry_after {
            let seconds = after.as_millis().div_ceil(1000).max(1);
            set(response.headers_mut(), RETRY_AFTER, &seconds.to_string());
        }
        response
    }

    fn members(&self, status: &str) -> Map<String, Value> {
        let members = [
            ("status", status),
            ("request_id", self.request_id),
            ("node", self.node),
            ("version", env!("CARGO_PKG_VERSION")),
            ("timestamp", &self.now.iso8601()),
        ];
        members
            .into_iter()
            .map(|(name, value)| (name.to_owned(), json!(value)))
            .collect()
    }

    /// Clients compare the content type as a text: no parameter, ever.
    fn json(&self, status: StatusCode, envelope: Map<String, Value>) -> Response {
        let envelope = Value::Object(envelope);
        let text = if self.pretty {
            format!("{envelope:#}\n")
        } else {
            envelope.to_string()
        };
        with_body(status, "application/json", text)
    }
}

/// An entity tag as it stands in a header.
pub(super) fn quoted(tag: &str) -> String {
    format!("\"{tag}\"")
}

fn pem_file(pem: String) -> Response {
    let mut response = with_body(StatusCode::OK, "application/x-pem-file", pem);
    set(
        response.headers_mut(),
        CONTENT_DISPOSITION,
        "attachment; filename=public_key.pem",
    );
    response
}

fn banner() -> Response {
    let text = concat!("doorward ", env!("CARGO_PKG_VERSION"), "\n").to_owned();
    with_body(StatusCode::OK, "text/plain; charset=UTF-8", text)
}

fn with_body(status: StatusCode, content_type: &str, text: String) -> Response {
    let mut response = empty(status);
    set(response.headers_mut(), CONTENT_TYPE, content_type);
    *response.body_mut() = Body::from(text);
    response
}

fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// Sets a header of ours; one that cannot be a header is left out.
fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn frame(proven: Option<&SecretText>) -> Frame<'_> {
        Frame {
            node: "n",
            request_id: "r-1",
            now: Timestamp::from_unix(1_710_278_674),
            pretty: false,
            proven,
        }
    }

    async fn body(response: Response) -> Value {
        let bytes = axum::body::to_bytes(response.into_body(), 10_000)
            .await
            .unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    #[test]
    fn the_node_has_22_characters() {
        assert_eq!(node(&[7; 16]).len(), 22);
        assert_eq!(node(&[7; 16]), node(&[7; 16]));
        assert_ne!(node(&[7; 16]), node(&[8; 16]));
    }

    #[tokio::test]
    async fn a_success_has_what_every_success_has() {
        let token = SecretText::from("t");
        let response = frame(Some(&token)).respond(Ok(Answer::Success(Success::default())));
        assert_eq!(response.headers()["content-type"], "application/json");
        assert_eq!(response.headers()["x-request-id"], "r-1");
        assert_eq!(response.headers()["cache-control"], "no-store");
        let body = body(response).await;
        assert_eq!(body["status"], "success");
        assert_eq!(body["auth_token"], "t");
        assert_eq!(body["timestamp"], "2024-03-12T21:24:34Z");
        assert!(body.get("data").is_none());
    }

    #[tokio::test]
    async fn an_error_names_its_status_as_text_and_when_to_come_back() {
        let error = Error::TooManyRequests(Duration::from_millis(1500));
        let response = frame(None).respond(Err(&error));
        assert_eq!(response.headers()["retry-after"], "2");
        assert!(!response.headers().contains_key("www-authenticate"));
        let body = body(response).await;
        assert_eq!(body["error"], "429");
        assert_eq!(body["data"]["message"], "too many requests");
        assert!(body.get("auth_token").is_none());
    }
}
