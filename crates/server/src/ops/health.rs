//! Liveness and readiness.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use doorward_engine::Engine;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use serde_json::json;

/// `/livez`: the process runs and answers.
pub(super) async fn live() -> Response {
    answer(StatusCode::OK, &json!({"status": "live"}))
}

/// `/readyz`: decisions can be made; otherwise 503 with the reasons.
pub(super) async fn ready(State(engine): State<Engine>) -> Response {
    readiness(&engine.unready())
}

fn readiness(reasons: &[&str]) -> Response {
    if reasons.is_empty() {
        answer(StatusCode::OK, &json!({"status": "ready"}))
    } else {
        answer(
            StatusCode::SERVICE_UNAVAILABLE,
            &json!({"status": "unready", "reasons": reasons}),
        )
    }
}

fn answer(status: StatusCode, body: &serde_json::Value) -> Response {
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (CACHE_CONTROL, "no-store"),
    ];
    (status, headers, body.to_string()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_make_it_unready() {
        assert_eq!(readiness(&[]).status(), StatusCode::OK);
        assert_eq!(
            readiness(&["store"]).status(),
            StatusCode::SERVICE_UNAVAILABLE
        );
    }
}
