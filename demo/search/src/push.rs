//! The push API: documents go in, are looked at and go away. Nothing of it shows in searches before a commit.
//!
//! Clients take 200 and nothing else for success, so there is no 201, 202 or 204 here.

mod error;
mod metadata;
mod multipart;

use std::borrow::Cow;
use std::error::Error;
use std::sync::Arc;

use axum::body::{self, Body};
use axum::extract::{FromRequestParts, Path, RawQuery, State as Shared};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::LengthLimitError;
use serde_json::json;

use self::error::PushError;
use crate::app::App;
use crate::clock::now_ms;
use crate::collection::{Entry, Push, State};
use crate::http::json_answer;
use crate::index::{Committed, IndexError, Metadata, NewDocument};
use crate::key::DocumentKey;
use crate::params::Params;

/// Longest content type that is kept.
const MAX_CONTENT_TYPE: usize = 200;

/// A collection that exists.
pub(crate) struct Existing(Arc<Entry>);

/// A collection that takes calls. It starts with the first one, as the vendor's does.
pub(crate) struct Started(Arc<Entry>);

/// The document that the parameter `key` names.
pub(crate) struct Named(DocumentKey);

impl FromRequestParts<App> for Existing {
    type Rejection = PushError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, PushError> {
        let name = Path::<String>::from_request_parts(parts, app).await;
        let entry = name.ok().and_then(|Path(name)| app.catalog.find(&name));
        entry.map(Self).ok_or(PushError::UnknownCollection)
    }
}

impl FromRequestParts<App> for Started {
    type Rejection = PushError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, PushError> {
        let Existing(entry) = Existing::from_request_parts(parts, app).await?;
        if entry.declared.push == Push::Refused {
            return Err(PushError::Refused);
        }
        entry.set_state(State::Running);
        Ok(Self(entry))
    }
}

impl FromRequestParts<App> for Named {
    type Rejection = PushError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, PushError> {
        let Ok(RawQuery(query)) = RawQuery::from_request_parts(parts, app).await;
        let params = Params::parse(query.as_deref());
        let key = params.one("key").map_err(|_| PushError::AmbiguousKey)?;
        Ok(Self(DocumentKey::parse(key.ok_or(PushError::MissingKey)?)?))
    }
}

pub(crate) async fn state(Existing(entry): Existing) -> Response {
    done(&json!({ "state": entry.state().as_str() }))
}

pub(crate) async fn start(Started(entry): Started) -> Response {
    done(&json!({ "state": entry.state().as_str() }))
}

pub(crate) async fn stop(Started(entry): Started) -> Response {
    entry.set_state(State::Stopped);
    done(&json!({ "state": entry.state().as_str() }))
}

pub(crate) async fn commit(
    Shared(app): Shared<App>,
    Started(entry): Started,
) -> Result<Response, PushError> {
    let Committed(changes) = app.index.commit(entry.name(), now_ms()).await?;
    Ok(done(
        &json!({ "collection": entry.name(), "committed": changes }),
    ))
}

/// There is nothing to tidy: SQLite merges its index by itself.
pub(crate) async fn vacuum(Started(entry): Started) -> Response {
    done(&json!({ "collection": entry.name() }))
}

pub(crate) async fn get(
    Shared(app): Shared<App>,
    Started(entry): Started,
    Named(key): Named,
) -> Result<Response, PushError> {
    let document = app.index.document(entry.name(), key.as_str()).await?;
    let document = document.ok_or(PushError::UnknownDocument)?;
    Ok(done(&json!({
        "fullKey": key.as_str(),
        "pushContent": {
            "content": STANDARD.encode(document.content),
            "contentType": document.content_type,
        },
        "metadata": document.metadata,
    })))
}

pub(crate) async fn put(
    Shared(app): Shared<App>,
    Started(entry): Started,
    Named(key): Named,
    fields: HeaderMap,
    body: Body,
) -> Result<Response, PushError> {
    let metadata = metadata::from_header(&fields, &entry)?;
    let content = read(body, app.max_document).await?;
    let content_type = fields.get(header::CONTENT_TYPE);
    let content_type = content_type.map(|value| String::from_utf8_lossy(value.as_bytes()));
    let pushed = Pushed {
        key,
        content_type: content_type.map(Cow::into_owned),
        content,
        metadata,
    };
    store(&app, &entry, pushed).await
}

pub(crate) async fn content_and_metadata(
    Shared(app): Shared<App>,
    Started(entry): Started,
    Named(key): Named,
    fields: HeaderMap,
    body: Body,
) -> Result<Response, PushError> {
    let boundary = multipart::boundary(&fields)?;
    let whole = read(body, app.max_document.saturating_mul(2)).await?;
    let parts = multipart::parse(whole, boundary).await?;
    if parts.content.len() > app.max_document {
        return Err(PushError::TooLarge(app.max_document));
    }
    let metadata = match parts.metadata {
        Some(bytes) => metadata::from_json(&bytes)?,
        None => Metadata::new(),
    };
    let pushed = Pushed {
        key,
        content_type: parts.content_type,
        content: parts.content,
        metadata,
    };
    store(&app, &entry, pushed).await
}

pub(crate) async fn delete(
    Shared(app): Shared<App>,
    Started(entry): Started,
    Named(key): Named,
) -> Result<Response, PushError> {
    let (name, limit) = (entry.name(), app.commit_after_changes);
    let pushed = app
        .index
        .delete(name, key.as_str(), now_ms(), limit)
        .await?;
    Ok(done(
        &json!({ "fullKey": key.as_str(), "existed": pushed.existed }),
    ))
}

/// A document as it came.
struct Pushed {
    key: DocumentKey,
    content_type: Option<String>,
    content: Bytes,
    metadata: Metadata,
}

async fn store(app: &App, entry: &Entry, pushed: Pushed) -> Result<Response, PushError> {
    let full_key = pushed.key.as_str().to_owned();
    let content_type = pushed
        .content_type
        .map(|value| value.chars().take(MAX_CONTENT_TYPE).collect());
    let read = move || {
        NewDocument::read(
            pushed.key,
            content_type,
            pushed.content.into(),
            pushed.metadata,
        )
    };
    // Reading a large page takes a while, and others are waiting on this thread.
    let document = tokio::task::spawn_blocking(read)
        .await
        .map_err(|_| IndexError::Damaged)?;
    let (name, limit) = (entry.name(), app.commit_after_changes);
    let result = app.index.put(name, &document, now_ms(), limit).await?;
    Ok(done(&json!({
        "fullKey": full_key,
        "collection": name,
        "committed": result.committed,
    })))
}

async fn read(body: Body, limit: usize) -> Result<Bytes, PushError> {
    body::to_bytes(body, limit).await.map_err(|error| {
        let source = error.source();
        if source.is_some_and(<dyn Error>::is::<LengthLimitError>) {
            PushError::TooLarge(limit)
        } else {
            PushError::Body
        }
    })
}

fn done(body: &serde_json::Value) -> Response {
    json_answer(StatusCode::OK, body)
}
