//! The envelope: `errorMessage` and `data` (funnelback.md section 3.4).

use axum::body::Body;
use axum::response::Response;
use doorward_engine::Remembered;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, EXPIRES, PRAGMA, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::{Exchange, cookie};
use crate::request_id;
use crate::settings::Funnelback;

const JSON: &str = "application/json; charset=UTF-8";
pub(super) const SECURITY_TOKEN: HeaderName = HeaderName::from_static("x-security-token");

/// What an operation answers.
pub(super) struct Answer {
    data: Value,
    remembered: Option<Remembered>,
    signed_out: bool,
}

impl Answer {
    pub(super) const fn of(data: Value) -> Self {
        Self {
            data,
            remembered: None,
            signed_out: false,
        }
    }

    /// With a fresh token, in header and cookie.
    pub(super) fn with_token(text: &str, remembered: Remembered) -> Self {
        Self {
            data: Value::String(text.to_owned()),
            remembered: Some(remembered),
            signed_out: false,
        }
    }

    /// And the cookie is taken back.
    pub(super) fn signed_out(text: &str) -> Self {
        Self {
            data: Value::String(text.to_owned()),
            remembered: None,
            signed_out: true,
        }
    }

    /// As it goes out.
    pub(super) fn respond(self, settings: &Funnelback, exchange: &Exchange) -> Response {
        let body = json!({"errorMessage": null, "data": self.data});
        let mut response = Response::new(Body::from(body.to_string()));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
        mark(headers, &exchange.facts.request_id);
        let in_clear = cookie::in_clear(exchange.facts.scheme, exchange.facts.client);
        if let Some(remembered) = &self.remembered {
            let token = remembered.token.expose();
            if let Ok(mut token) = HeaderValue::from_str(token) {
                token.set_sensitive(true);
                headers.insert(SECURITY_TOKEN, token);
            }
            headers.extend(
                cookie::set(settings, remembered, in_clear).map(|value| (SET_COOKIE, value)),
            );
        }
        if self.signed_out {
            headers.insert(SET_COOKIE, cookie::cancel(in_clear));
        }
        response
    }
}

/// An error that only this dialect has.
pub(super) fn failure(status: StatusCode, why: &str, request_id: &str) -> Response {
    let body = json!({"errorMessage": why, "data": null});
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
    mark(headers, request_id);
    response
}

/// What the vendor's answers say about caching, and the request's id.
fn mark(headers: &mut HeaderMap, request_id: &str) {
    let never = HeaderValue::from_static("Thu, 01 Jan 1970 00:00:00 GMT");
    headers.insert(EXPIRES, never);
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    let cache = HeaderValue::from_static("no-cache, no-store, max-age=0");
    headers.insert(CACHE_CONTROL, cache);
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(request_id::HEADER, id);
    }
}
