//! A call to the server in memory, and its reply.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::body::Body;
use doorward_server::Peer;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;

use super::{App, basic_header};

/// A call that is being built up.
#[derive(Debug)]
pub struct Call<'a> {
    app: &'a App,
    request: Request<Body>,
}

impl<'a> Call<'a> {
    pub(super) fn new(app: &'a App, method: &str, path: &str) -> Self {
        let mut request = Request::new(Body::empty());
        *request.method_mut() = Method::from_bytes(method.as_bytes()).expect("a method");
        *request.uri_mut() = path.parse().expect("a request target");
        let host = HeaderValue::from_static("localhost:8000");
        request.headers_mut().insert(http::header::HOST, host);
        Self { app, request }.from(Ipv4Addr::LOCALHOST.into())
    }

    /// Adds a header; the name in any case.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a header's name");
        let value = HeaderValue::from_str(value).expect("a header's value");
        self.request.headers_mut().append(name, value);
        self
    }

    /// `X-Auth-Token`.
    #[must_use]
    pub fn token(self, token: &str) -> Self {
        self.header("x-auth-token", token)
    }

    /// `Authorization` as given, scheme included.
    #[must_use]
    pub fn authorization(self, value: &str) -> Self {
        self.header(AUTHORIZATION.as_str(), value)
    }

    /// `Authorization: Basic` with this text in base64.
    #[must_use]
    pub fn basic_text(self, text: &str) -> Self {
        self.authorization(&basic_header(text))
    }

    /// The peer's address.
    #[must_use]
    pub fn from(mut self, peer: IpAddr) -> Self {
        let peer = Peer::Address(SocketAddr::new(peer, 40_000));
        self.request.extensions_mut().insert(peer);
        self
    }

    /// A body, without saying of what type.
    #[must_use]
    pub fn body(mut self, body: impl Into<Body>) -> Self {
        *self.request.body_mut() = body.into();
        self
    }

    /// A JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.header(CONTENT_TYPE.as_str(), "application/json")
            .body(body.to_string())
    }

    /// Sends it and reads the whole reply.
    pub async fn send(self) -> Reply {
        let method = self.request.method().clone();
        let path = self.request.uri().path().to_owned();
        let Ok(response) = self.app.router().oneshot(self.request).await;
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.expect("the body arrives").to_bytes();
        Reply {
            call: format!("{method} {path}"),
            status: head.status.as_u16(),
            headers: head.headers,
            bytes: bytes.to_vec(),
        }
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Reply {
    call: String,
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub bytes: Vec<u8>,
}

impl Reply {
    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The body as JSON.
    #[must_use]
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|error| panic!("{} answered no JSON ({error}): {self:?}", self.call))
    }

    /// What a JSON pointer (RFC 6901) finds; null if nothing.
    #[must_use]
    #[track_caller]
    pub fn at(&self, pointer: &str) -> Value {
        self.json().pointer(pointer).cloned().unwrap_or_default()
    }

    /// A header as text, if it is there.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The new token.
    #[must_use]
    #[track_caller]
    pub fn auth_token(&self) -> String {
        match self.at("/auth_token") {
            Value::String(token) => token,
            other => panic!("{} gave no token but {other}: {}", self.call, self.text()),
        }
    }

    /// The status is this one.
    #[track_caller]
    pub fn assert_status(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{}: {}", self.call, self.text());
        self
    }

    /// An error envelope with this status and machine word (crossbar.md section 1.7).
    #[track_caller]
    pub fn assert_error(&self, status: u16, message: &str) -> &Self {
        self.assert_status(status);
        let body = self.json();
        let member = |name: &str| body.get(name).cloned().unwrap_or_default();
        assert_eq!(member("status"), "error", "{}: {body}", self.call);
        assert_eq!(member("error"), status.to_string(), "{}: {body}", self.call);
        assert_eq!(member("message"), message, "{}: {body}", self.call);
        assert!(body.get("data").is_some(), "{}: {body}", self.call);
        self
    }

    /// The check-list's `401std`.
    #[track_caller]
    pub fn assert_401std(&self) -> &Self {
        self.assert_error(401, "invalid_credentials");
        assert_eq!(self.at("/data/message"), "invalid credentials");
        assert!(!self.headers.contains_key("www-authenticate"));
        self
    }

    /// Authenticated, but not allowed.
    #[track_caller]
    pub fn assert_403(&self) -> &Self {
        self.assert_error(403, "forbidden");
        assert_eq!(self.at("/data/message"), "forbidden");
        self
    }

    /// A validation error of this field with this code (crossbar.md section 1.8).
    #[track_caller]
    pub fn assert_invalid(&self, field: &str, code: &str) -> &Self {
        self.assert_error(400, "validation error");
        let pointer = format!("/data/{field}/{code}");
        assert!(
            self.at(&pointer).is_object(),
            "{}: {}",
            self.call,
            self.text()
        );
        self
    }

    /// The account is locked because of this: `expired` or `disabled`.
    #[track_caller]
    pub fn assert_locked(&self, why: &str) -> &Self {
        self.assert_error(423, "locked");
        let message = self.at(&format!("/data/account/{why}/message"));
        assert_eq!(message, format!("account {why}"), "{}", self.text());
        self
    }
}
