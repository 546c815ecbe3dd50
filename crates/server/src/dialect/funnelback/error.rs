//! What an operation may answer instead of what was asked for: one mapping to the wire.

use std::time::Duration;

use axum::response::Response;
use doorward_engine::{AdminError, SignInError, StoreError};
use http::{Method, StatusCode};

use super::envelope;
use crate::rejection::Rejection;

/// Why an operation did not do what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Error {
    /// Nobody is proven.
    Challenge,
    /// A credential came over plain HTTP from another machine.
    Plaintext,
    /// A page of another site sent it.
    CrossSite,
    /// The caller may not.
    Forbidden(&'static str),
    /// The request makes no sense; why.
    BadRequest(&'static str),
    /// A name that is none.
    Name,
    /// There is nothing here.
    NotFound,
    /// There is, but not with this method; these are.
    MethodNotAllowed(Vec<Method>),
    /// The body did not arrive in time.
    BodyTimeout,
    /// It is there already.
    Conflict(&'static str),
    /// The body is too large.
    TooLarge,
    /// The body is of another type.
    MediaType(&'static str),
    /// Too many guesses, or too many slow hashes waiting.
    Throttled(Duration),
    /// The store does not answer.
    Unavailable,
    /// A mistake of ours.
    Fault(String),
}

impl Error {
    pub(super) const fn is_challenge(&self) -> bool {
        matches!(self, Self::Challenge)
    }

    /// The same in the words of all guarded APIs, where there is such a word.
    pub(super) fn rejection(&self) -> Option<Rejection> {
        Some(match self {
            Self::Challenge => Rejection::Challenge,
            Self::Plaintext => Rejection::Plaintext,
            Self::CrossSite => Rejection::CrossSite,
            Self::BadRequest(why) => Rejection::BadRequest((*why).to_owned()),
            Self::NotFound => Rejection::NotFound,
            Self::MethodNotAllowed(allow) => Rejection::MethodNotAllowed(allow.clone()),
            Self::TooLarge => Rejection::TooLarge,
            Self::Throttled(wait) => Rejection::Throttle(*wait),
            Self::Unavailable => Rejection::Unavailable,
            Self::Fault(_) => Rejection::Fault,
            Self::Forbidden(_)
            | Self::Name
            | Self::BodyTimeout
            | Self::Conflict(_)
            | Self::MediaType(_) => return None,
        })
    }

    /// What only this dialect says.
    pub(super) fn respond(&self, request_id: &str) -> Response {
        let (status, why) = match self {
            Self::Forbidden(why) => (StatusCode::FORBIDDEN, *why),
            Self::Name => (
                StatusCode::BAD_REQUEST,
                "a name has 1 to 64 characters of A-Z, a-z, 0-9, \".\", \"_\" and \"-\"",
            ),
            Self::BodyTimeout => (
                StatusCode::REQUEST_TIMEOUT,
                "the body did not arrive in time",
            ),
            Self::Conflict(why) => (StatusCode::CONFLICT, *why),
            Self::MediaType(why) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, *why),
            _ => (StatusCode::INTERNAL_SERVER_ERROR, "an error on our side"),
        };
        envelope::failure(status, why, request_id)
    }
}

impl From<SignInError> for Error {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Throttled(wait) => Self::Throttled(wait),
            SignInError::Unavailable => Self::Unavailable,
            _ => Self::Challenge,
        }
    }
}

impl From<AdminError> for Error {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::UnknownUser | AdminError::UnknownAppToken | AdminError::UnknownAccount => {
                Self::NotFound
            }
            AdminError::UnknownRole(_) => Self::BadRequest("the account has no such role"),
            AdminError::TooManyRoles => Self::BadRequest("these are too many roles"),
            AdminError::Name { .. } => Self::BadRequest(
                "a username has 1 to 256 letters, digits, \"+\", \"@\", \".\", \"_\" and \"-\", and is not 32 \
                 hexadecimal digits",
            ),
            AdminError::Password => {
                Self::BadRequest("a password has 1 to 1024 bytes and no control characters")
            }
            AdminError::PasswordNeeded => Self::BadRequest("a new user needs a password"),
            AdminError::Nul | AdminError::TooLarge(_) | AdminError::TooMany(_) => {
                Self::BadRequest("a value cannot be stored")
            }
            AdminError::AppTokenExists => {
                Self::Conflict("there is an application token of this name already")
            }
            AdminError::TooManyAppTokens => {
                Self::Conflict("the account has as many application tokens as it may have")
            }
            AdminError::BeyondCaller => {
                Self::Forbidden("nobody can give away what they may not do themselves")
            }
            AdminError::Busy => Self::Throttled(Duration::from_secs(1)),
            AdminError::Store(StoreError::Conflict(_)) => {
                Self::Conflict("something else was changed at the same time; try again")
            }
            AdminError::Store(error) => {
                tracing::warn!(%error, "a change was not made");
                Self::Unavailable
            }
            other => Self::Fault(other.to_string()),
        }
    }
}
