//! What the door answers: a status, headers, never a body (decision 37).
//!
//! nginx passes on 2xx, 401 and 403 only, takes everything else for a fault of ours, and closes the
//! connection to us when an answer has a body.

use axum::body::Body;
use axum::response::Response;
use doorward_core::api::Dialect;
use doorward_engine::{Decision, Door, Engine, Verdict};
use http::header::{CACHE_CONTROL, CONTENT_LENGTH};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::asked::{Described, Unreadable};
use crate::rejection::{self, Asked, Rejection, reject};
use crate::request_id;

/// The header that says why, for machines.
const REASON: HeaderName = HeaderName::from_static("x-doorward-reason");

/// An answer without its constant parts.
#[derive(Debug)]
pub(super) struct Answer {
    status: StatusCode,
    headers: HeaderMap,
}

impl Answer {
    /// Not one of the declared peers.
    pub(super) fn stranger() -> Self {
        Self::refusing(StatusCode::FORBIDDEN, "peer_not_trusted")
    }

    /// Not a path of the door.
    pub(super) fn unknown() -> Self {
        Self::refusing(StatusCode::NOT_FOUND, "no_such_check")
    }

    /// A mistake of ours: nobody passes.
    pub(super) fn fault() -> Self {
        Self::refusing(StatusCode::INTERNAL_SERVER_ERROR, "fault")
    }

    /// The description cannot be read.
    pub(super) fn unreadable(door: Door, problem: Unreadable) -> Self {
        tracing::warn!(%problem, "a proxy's description of a request cannot be read");
        Self::refusing(
            told(door, &Rejection::BadRequest(String::new())),
            "bad_request",
        )
    }

    /// The answer to a description that was decided.
    pub(super) fn of(
        engine: &Engine,
        door: Door,
        head: &Parts,
        described: &Described,
        verdict: &Verdict,
        request_id: &str,
    ) -> Self {
        if let Decision::Allow(passage) = &verdict.decision {
            let identity = engine.identity_headers(passage, request_id);
            return Self {
                status: StatusCode::OK,
                headers: identity.into_iter().collect(),
            };
        }
        let Some(rejected) = rejection::rejection(&verdict.decision) else {
            return Self::fault();
        };
        let asked = Asked {
            api: verdict.api.as_deref(),
            otherwise: Dialect::Doorward,
            headers: &head.headers,
            method: &described.method,
            request_id,
            // Proxies pass no cookie of ours on.
            by_cookie: false,
            in_clear: false,
        };
        let mut answer = Self::refusing(told(door, &rejected), rejected.word());
        // Challenges, Retry-After and Allow as the dialect gives them; its body stays behind.
        let dialect = reject(engine, &rejected, &asked);
        for name in [
            http::header::WWW_AUTHENTICATE,
            http::header::RETRY_AFTER,
            http::header::ALLOW,
        ] {
            for value in dialect.headers().get_all(&name) {
                answer.headers.append(name.clone(), value.clone());
            }
        }
        answer
    }

    fn refusing(status: StatusCode, reason: &'static str) -> Self {
        let headers = HeaderMap::from_iter([(REASON, HeaderValue::from_static(reason))]);
        Self { status, headers }
    }

    /// As it goes out.
    pub(super) fn respond(self, request_id: &str) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        *headers = self.headers;
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Ok(id) = HeaderValue::from_str(request_id) {
            headers.insert(request_id::HEADER, id);
        }
        response
    }
}

/// The status that the proxy passes on.
fn told(door: Door, rejection: &Rejection) -> StatusCode {
    match (rejection.status(), door) {
        (status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN), _) => status,
        (_, Door::Nginx) => StatusCode::FORBIDDEN,
        (status, _) => status,
    }
}
