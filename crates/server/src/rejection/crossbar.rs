//! The `crossbar` dialect: its envelope, never a challenge (crossbar.md section 1.7).

use axum::response::Response;
use doorward_engine::Engine;

use super::{Asked, Rejection};
use crate::dialect::crossbar;

/// Renders a rejection.
pub(super) fn render(engine: &Engine, rejection: &Rejection, asked: &Asked<'_>) -> Response {
    crossbar::reject(engine, rejection, asked.request_id)
}
