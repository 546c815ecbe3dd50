//! The `funnelback` dialect: funnelback.md sections 1.3 and 3.4.

use axum::body::Body;
use axum::response::Response;
use doorward_core::api::AcceptMethod;
use http::header::{CONTENT_TYPE, SET_COOKIE, WWW_AUTHENTICATE};
use serde_json::json;

use super::{Asked, Rejection, append, set};
use crate::dialect::funnelback::cookie;

/// Renders a rejection: the envelope with its error filled in.
pub(super) fn render(rejection: &Rejection, asked: &Asked<'_>) -> Response {
    let envelope = json!({"errorMessage": rejection.detail(), "data": null});
    let mut response = Response::new(Body::from(envelope.to_string()));
    let headers = response.headers_mut();
    set(headers, CONTENT_TYPE, "application/json; charset=UTF-8");
    if *rejection == Rejection::Challenge {
        append(headers, WWW_AUTHENTICATE, challenge(asked));
        // It was looked at and found wanting; the browser need not send it again.
        if asked.by_cookie {
            headers.append(SET_COOKIE, cookie::cancel(asked.in_clear));
        }
    }
    response
}

/// Basic where it is accepted and no script asks; a browser would show its dialog.
fn challenge(asked: &Asked<'_>) -> &'static str {
    let basic = asked
        .accept()
        .is_some_and(|accept| accept.names(AcceptMethod::Basic));
    match (basic, asked.is_scripted()) {
        (true, false) => "Basic realm=\"Funnelback\", charset=\"UTF-8\"",
        (true, true) => "FunnelbackToken realm=\"Funnelback\"",
        (false, _) => "FunnelbackToken realm=\"Funnelback Admin\"",
    }
}
