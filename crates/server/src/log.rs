//! One span per request, one summary event at its end. Never a path, query, header or body: paths hold
//! ids and, at `/user_auth/{token}`, a token; the route's template says enough.

use std::time::Duration;

use http::{Method, StatusCode};
use tracing::Span;

use crate::client::Client;

/// The span all events of a request stand in.
pub(crate) fn span(request_id: &str) -> Span {
    tracing::info_span!("request", request.id = request_id)
}

/// How a request ended.
pub(crate) struct Summary<'a> {
    /// Its method.
    pub(crate) method: &'a Method,
    /// The template of the resource, never the path.
    pub(crate) route: &'static str,
    /// The answer's status.
    pub(crate) status: StatusCode,
    /// Who asked.
    pub(crate) client: Client,
    /// How long it took.
    pub(crate) took: Duration,
}

/// Writes the summary.
pub(crate) fn summary(summary: &Summary<'_>) {
    tracing::info!(
        method = method(summary.method),
        route = summary.route,
        status = summary.status.as_u16(),
        outcome = outcome(summary.status),
        client.addr = %summary.client.address,
        duration_ms = u64::try_from(summary.took.as_millis()).unwrap_or(u64::MAX),
        "answered"
    );
}

/// Known methods by name; others are a client's own text.
fn method(method: &Method) -> &str {
    match method.as_str() {
        known @ ("GET" | "POST" | "PUT" | "DELETE" | "HEAD" | "PATCH" | "OPTIONS") => known,
        _ => "other",
    }
}

fn outcome(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "challenge",
        403 | 423 => "deny",
        429 => "throttle",
        503 => "unavailable",
        400..=499 => "refuse",
        500.. => "fault",
        _ => "allow",
    }
}
