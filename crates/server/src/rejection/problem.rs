//! The `doorward` dialect: challenges of RFC 9110 section 11.6.1, problem details of RFC 9457.

use axum::body::Body;
use axum::response::Response;
use doorward_core::api::AcceptMethod;
use http::header::WWW_AUTHENTICATE;
use serde_json::json;

use super::{Asked, Rejection, set};

/// Renders a rejection.
pub(super) fn render(rejection: &Rejection, asked: &Asked<'_>) -> Response {
    let status = rejection.status();
    let problem = json!({
        "type": "about:blank",
        "title": status.canonical_reason().unwrap_or("Error"),
        "status": status.as_u16(),
        "detail": rejection.detail(),
        "reason": rejection.word(),
        "request_id": asked.request_id,
    });
    let mut response = Response::new(Body::from(problem.to_string()));
    let headers = response.headers_mut();
    set(
        headers,
        http::header::CONTENT_TYPE,
        "application/problem+json",
    );
    if *rejection == Rejection::Challenge {
        for challenge in challenges(asked) {
            super::append(headers, WWW_AUTHENTICATE, &challenge);
        }
    }
    response
}

/// One challenge for each way in that a header can take; a browser is shown no dialog for a script's request.
fn challenges(asked: &Asked<'_>) -> Vec<String> {
    let realm = asked.realm();
    let accepts = |method| asked.accept().is_none_or(|accept| accept.names(method));
    let mut challenges = Vec::new();
    if accepts(AcceptMethod::Token) || accepts(AcceptMethod::AppToken) {
        challenges.push(format!("Bearer realm=\"{realm}\""));
    }
    if asked.accept().is_some() && accepts(AcceptMethod::Basic) && !asked.is_scripted() {
        challenges.push(format!("Basic realm=\"{realm}\", charset=\"UTF-8\""));
    }
    // RFC 9110 section 15.5.2: a 401 has at least one.
    if challenges.is_empty() {
        challenges.push(format!("Bearer realm=\"{realm}\""));
    }
    challenges
}
