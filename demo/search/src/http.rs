//! Paths, and what is the same for all of them.

use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use serde_json::json;

use crate::app::App;
use crate::params::MAX_QUERY_STRING;
use crate::{push, search, suggest};

/// How long a request may take, its body included.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// A page loads its own style sheet and symbol, sends its own form, and nothing else.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

/// Fields of every answer.
const FIELDS: &[(HeaderName, &str)] = &[
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
];

pub(crate) fn router(app: App) -> Router {
    Router::new()
        .nest("/push-api/v1/collections/{collection}", push_api())
        .nest("/push-api/v2/collections/{collection}", push_api())
        .route("/s/search.html", get(search::html))
        .route("/s/search.json", get(search::json))
        .route("/s/search.xml", get(search::xml))
        .route("/s/suggest.json", get(suggest::suggest))
        .route("/s/search.css", get(style_sheet))
        .route("/s/icon.svg", get(icon))
        .fallback(async |uri: Uri| refuse(&uri, StatusCode::NOT_FOUND, "there is nothing here"))
        .method_not_allowed_fallback(async |uri: Uri, method: Method| {
            let message = format!("{method} is not served here");
            refuse(&uri, StatusCode::METHOD_NOT_ALLOWED, &message)
        })
        .layer(middleware::from_fn(within_limits))
        .with_state(app)
}

fn push_api() -> Router<App> {
    Router::new()
        .route("/state", get(push::state))
        .route("/start", post(push::start))
        .route("/stop", post(push::stop))
        .route("/commit", post(push::commit))
        .route("/vacuum", post(push::vacuum))
        .route(
            "/documents",
            get(push::get).put(push::put).delete(push::delete),
        )
        .route(
            "/documents/content-and-metadata",
            post(push::content_and_metadata),
        )
}

async fn within_limits(request: Request, next: Next) -> Response {
    let uri = request.uri().clone();
    let is_too_long = uri.query().unwrap_or_default().len() > MAX_QUERY_STRING;
    let mut answer = if is_too_long {
        let message = "the query string is too long";
        refuse(&uri, StatusCode::URI_TOO_LONG, message)
    } else {
        match tokio::time::timeout(TIME_LIMIT, next.run(request)).await {
            Ok(answer) => answer,
            Err(_) => refuse(
                &uri,
                StatusCode::REQUEST_TIMEOUT,
                "the request took too long",
            ),
        }
    };
    let fields = answer.headers_mut();
    for (name, value) in FIELDS {
        fields.insert(name.clone(), HeaderValue::from_static(value));
    }
    fields
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("private, no-cache"));
    answer
}

/// A refusal in the shape of the API that the path belongs to.
pub(crate) fn refuse(uri: &Uri, status: StatusCode, message: &str) -> Response {
    let body = if uri.path().starts_with("/s/") {
        search::error_body("Unknown", message)
    } else {
        json!({ "errorMessage": message })
    };
    json_answer(status, &body)
}

/// JSON with the content type that clients of this API expect.
pub(crate) fn json_answer(status: StatusCode, body: &serde_json::Value) -> Response {
    let content_type = content_type("application/json; charset=UTF-8");
    (status, content_type, body.to_string()).into_response()
}

pub(crate) fn content_type(value: &'static str) -> HeaderMap {
    let mut fields = HeaderMap::new();
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static(value));
    fields
}

async fn style_sheet() -> Response {
    let text = include_str!("../assets/search.css");
    (content_type("text/css; charset=UTF-8"), text).into_response()
}

async fn icon() -> Response {
    let text = include_str!("../assets/icon.svg");
    (content_type("image/svg+xml"), text).into_response()
}
