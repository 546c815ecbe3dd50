//! The ops listener: is it alive, can it decide, what has it counted.

mod health;
mod metrics;

use axum::Router;
use axum::routing::get;
use doorward_engine::Engine;

/// Everything the ops listener serves: `/livez`, `/readyz`, `/metrics`.
pub fn ops(engine: Engine) -> Router {
    Router::new()
        .route("/livez", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(metrics::metrics))
        .with_state(engine)
}
