//! A guarded API of this dialect says no: the dialect's own errors in its own envelope.

use axum::response::Response;
use doorward_engine::Engine;

use super::envelope::{self, Frame};
use super::error::Error;
use crate::rejection::Rejection;

/// The answer to a request that did not pass.
pub(crate) fn reject(engine: &Engine, rejection: &Rejection, request_id: &str) -> Response {
    let node = envelope::node(&engine.installation());
    let frame = Frame {
        node: &node,
        request_id,
        now: engine.now(),
        pretty: false,
        proven: None,
    };
    frame.respond(Err(&error(rejection)))
}

/// The dialect has words of its own for most of it.
fn error(rejection: &Rejection) -> Error {
    match rejection {
        Rejection::Challenge => Error::InvalidCredentials,
        Rejection::Forbidden | Rejection::CrossSite | Rejection::SecondFactor => Error::Forbidden,
        Rejection::Plaintext => Error::Plaintext,
        Rejection::Locked(lock) => Error::Locked(*lock),
        Rejection::NotFound => Error::NotFound,
        Rejection::MethodNotAllowed(_) => Error::MethodNotAllowed,
        Rejection::Throttle(wait) => Error::TooManyRequests(*wait),
        Rejection::Unavailable => Error::Unavailable,
        Rejection::Fault => Error::Fault("a guarded request failed".to_owned()),
        Rejection::BadRequest(_)
        | Rejection::TooLarge
        | Rejection::RequestTimeout
        | Rejection::Busy
        | Rejection::BadGateway
        | Rejection::GatewayTimeout => Error::Rejected(rejection.clone()),
    }
}
