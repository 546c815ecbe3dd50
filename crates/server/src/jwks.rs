//! `/.well-known/jwks.json`: the keys by which upstreams verify our assertions (RFC 7517).

use axum::body::Body;
use axum::response::Response;
use doorward_engine::Engine;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Method, StatusCode};

use crate::request_id;

/// Where they are.
pub(crate) const PATH: &str = "/.well-known/jwks.json";

/// The key set, to anybody: it holds public keys only.
pub(crate) fn answer(engine: &Engine, method: &Method, request_id: &str) -> Response {
    let mut response = Response::new(Body::empty());
    let (status, name, value) = match *method {
        Method::GET | Method::HEAD => (StatusCode::OK, CONTENT_TYPE, "application/jwk-set+json"),
        _ => (StatusCode::METHOD_NOT_ALLOWED, ALLOW, "GET, HEAD"),
    };
    if *method == Method::GET {
        *response.body_mut() = Body::from(engine.jwks().to_string());
    }
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(name, HeaderValue::from_static(value));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(request_id::HEADER, id);
    }
    response
}
