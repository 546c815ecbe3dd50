//! What the push API refuses, and how it says so.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use thiserror::Error;

use crate::http::json_answer;
use crate::index::IndexError;
use crate::key::KeyError;

/// Why a call of the push API was not done.
#[derive(Debug, Error)]
pub(crate) enum PushError {
    #[error("there is no such collection")]
    UnknownCollection,
    #[error("push cannot be started for this collection, because push.run is false")]
    Refused,
    #[error("the parameter key is missing")]
    MissingKey,
    #[error("the parameter key has two values")]
    AmbiguousKey,
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("there is no such document")]
    UnknownDocument,
    #[error("the document is larger than {0} bytes")]
    TooLarge(usize),
    #[error("the body ended early")]
    Body,
    #[error("{0}")]
    Metadata(&'static str),
    #[error("the body must be multipart/form-data or multipart/mixed with a boundary")]
    NotMultipart,
    #[error("{0}")]
    Multipart(&'static str),
    #[error(transparent)]
    Index(#[from] IndexError),
}

impl PushError {
    fn status(&self) -> StatusCode {
        match self {
            Self::UnknownCollection | Self::UnknownDocument => StatusCode::NOT_FOUND,
            Self::Refused => StatusCode::CONFLICT,
            Self::MissingKey
            | Self::AmbiguousKey
            | Self::Key(_)
            | Self::Body
            | Self::Metadata(_)
            | Self::Multipart(_) => StatusCode::BAD_REQUEST,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotMultipart => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Index(IndexError::Full) => StatusCode::INSUFFICIENT_STORAGE,
            Self::Index(IndexError::Busy) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Index(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl IntoResponse for PushError {
    fn into_response(self) -> Response {
        if let Self::Index(IndexError::Failed(error)) = &self {
            tracing::error!(%error, "the index failed");
        }
        let body = json!({ "errorMessage": self.to_string() });
        json_answer(self.status(), &body)
    }
}
