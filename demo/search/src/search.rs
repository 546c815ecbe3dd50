//! The public API: one question, answered as a page, as JSON or as XML.

mod node;
mod page;
mod paging;
pub(crate) mod question;
mod transaction;

use axum::extract::{RawQuery, State as Shared};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use thiserror::Error;

use self::question::Question;
use crate::app::App;
use crate::clock::now_ms;
use crate::http::{content_type, json_answer};
use crate::index::{Found, IndexError, Request};
use crate::params::Params;

/// Why there is no answer to a question.
#[derive(Debug, Error)]
pub(crate) enum SearchError {
    #[error("the parameter {0} is missing")]
    Missing(&'static str),
    #[error("there is no such collection")]
    UnknownCollection,
    #[error("the parameter {0} has two values")]
    Ambiguous(&'static str),
    #[error("the {0} is too long")]
    TooLong(&'static str),
    #[error("there are more than 8 constraints")]
    TooManyConstraints,
    #[error("callback is switched off")]
    Callback,
    #[error(transparent)]
    Index(#[from] IndexError),
}

impl SearchError {
    /// The vendor's word for it.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Missing(_) => "MissingParameter",
            Self::UnknownCollection => "InvalidCollection",
            Self::Ambiguous(_) | Self::TooLong(_) | Self::TooManyConstraints | Self::Callback => {
                "InputProcessorError"
            }
            Self::Index(_) => "DataFetchError",
        }
    }

    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::UnknownCollection => StatusCode::NOT_FOUND,
            Self::Missing(_)
            | Self::Ambiguous(_)
            | Self::TooLong(_)
            | Self::TooManyConstraints
            | Self::Callback => StatusCode::BAD_REQUEST,
            Self::Index(IndexError::Busy) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Index(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// What came of a question.
type Outcome = Result<Answer, SearchError>;

/// A question with what was found.
pub(crate) struct Answer {
    question: Question,
    found: Found,
    elapsed_ms: i64,
}

pub(crate) async fn html(Shared(app): Shared<App>, RawQuery(query): RawQuery) -> Response {
    let params = Params::parse(query.as_deref());
    let outcome = answer(&app, &params).await;
    let text = page::render(&params, &outcome);
    let kind = content_type("text/html; charset=UTF-8");
    match text {
        Ok(text) => (status(&outcome), kind, text).into_response(),
        Err(error) => {
            tracing::error!(%error, "the page of results failed");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

pub(crate) async fn json(Shared(app): Shared<App>, RawQuery(query): RawQuery) -> Response {
    let params = Params::parse(query.as_deref());
    // It would make a script of the answer, which any page may load with its visitor's credentials.
    let outcome = match params.one("callback") {
        Ok(None) => answer(&app, &params).await,
        _ => Err(SearchError::Callback),
    };
    json_answer(
        status(&outcome),
        &transaction::transaction(&params, &outcome).to_json(),
    )
}

pub(crate) async fn xml(Shared(app): Shared<App>, RawQuery(query): RawQuery) -> Response {
    let params = Params::parse(query.as_deref());
    let outcome = answer(&app, &params).await;
    let kind = content_type("application/xml; charset=UTF-8");
    let text = transaction::transaction(&params, &outcome).to_xml(transaction::ROOT);
    (status(&outcome), kind, text).into_response()
}

/// The error of an answer that has nothing else.
pub(crate) fn error_body(reason: &'static str, message: &str) -> serde_json::Value {
    transaction::only_error(reason, message).to_json()
}

async fn answer(app: &App, params: &Params) -> Outcome {
    let started_ms = now_ms();
    let question = Question::parse(&app.catalog, params)?;
    let request = Request {
        collection: question.entry.name(),
        terms: &question.terms,
        constraints: &question.constraints,
        order: question.order,
        page: question.page,
    };
    let found = app.index.search(&request).await.inspect_err(log)?;
    let elapsed_ms = now_ms().saturating_sub(started_ms).max(0);
    Ok(Answer {
        question,
        found,
        elapsed_ms,
    })
}

/// Logs what is our fault.
pub(crate) fn log(error: &IndexError) {
    if let IndexError::Failed(error) = error {
        tracing::error!(%error, "the index failed");
    }
}

fn status(outcome: &Outcome) -> StatusCode {
    match outcome {
        Ok(_) => StatusCode::OK,
        Err(error) => error.status(),
    }
}
