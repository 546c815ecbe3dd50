//! The Crossbar dialect: from a request to an answer in its envelope. What is checked in which order stands
//! in [`checks`], what there is in [`resource`].

mod account_document;
mod body;
mod call;
mod checks;
mod cors;
mod envelope;
mod error;
mod foreign;
mod handlers;
mod input;
mod list;
mod media_type;
mod patch;
mod path;
mod presented;
mod query;
mod rejected;
mod resource;
mod role_document;
mod tunnel;
mod user_document;
mod validate;
mod view;

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use doorward_core::secret::SecretText;
use doorward_engine::Engine;
use http::request::Parts;
use http::{HeaderMap, Method, Uri};
use tokio::sync::Semaphore;

use self::body::Inbox;
use self::envelope::{Answer, Frame};
use self::error::Error;
pub(crate) use self::foreign::claims as claims_foreign;
pub use self::patch::{Complaint, new_account, patch_account, patch_user};
use self::path::Place;
use self::query::Query;
pub(crate) use self::rejected::reject;
pub use self::resource::is_own_noun;
use crate::Crossbar;
use crate::client::Client;
use crate::dialect::host;

/// A request without its body.
pub(crate) struct Exchange {
    /// The request's head.
    pub(crate) head: Parts,
    /// Who sent it.
    pub(crate) client: Client,
    /// Its id.
    pub(crate) request_id: String,
}

/// The dialect over an engine.
pub(crate) struct Service {
    engine: Engine,
    settings: Crossbar,
    on: bool,
    node: String,
    large_bodies: Arc<Semaphore>,
}

/// Whether the path is one of the dialect's, on one of its hosts. What is encoded is decoded first: a second
/// spelling of such a path is ours as well.
pub(crate) fn claims(settings: &Crossbar, uri: &Uri, headers: &HeaderMap) -> bool {
    let path = percent_encoding::percent_decode_str(uri.path()).decode_utf8_lossy();
    let place = path::read(&path, settings.v1);
    !matches!(place, Place::Root | Place::Unclaimed)
        && host::is_one_of(&settings.hosts, uri, headers)
}

/// How far a request came, for the answer's frame and the log.
struct Progress {
    route: &'static str,
    resource: Option<&'static resource::Resource>,
    pretty: bool,
    proven: Option<SecretText>,
}

impl Service {
    /// The dialect; with `None` it is off, and every path is unclaimed.
    pub(crate) fn new(engine: Engine, settings: Option<Crossbar>) -> Self {
        Self {
            node: envelope::node(&engine.installation()),
            on: settings.is_some(),
            settings: settings.unwrap_or_default(),
            engine,
            large_bodies: Arc::new(Semaphore::new(body::LARGE_AT_ONCE)),
        }
    }

    /// Answers a request; also the template of its resource.
    pub(crate) async fn serve(&self, exchange: &Exchange, body: Body) -> (&'static str, Response) {
        let query = Query::parse(exchange.head.uri.query());
        let mut progress = Progress {
            route: "unclaimed",
            resource: None,
            pretty: query.first("pretty_print") == Some("true")
                || is_true(&exchange.head.headers, "x-pretty-print"),
            proven: None,
        };
        let outcome = self.answer(exchange, body, query, &mut progress).await;
        (progress.route, self.respond(exchange, &progress, outcome))
    }

    /// The answer to a request whose handler panicked.
    pub(crate) fn fault(&self, exchange: &Exchange) -> Response {
        let progress = Progress {
            route: "panicked",
            resource: None,
            pretty: false,
            proven: None,
        };
        let error = Error::Fault("a handler panicked".to_owned());
        self.respond(exchange, &progress, Err(error))
    }

    fn respond(
        &self,
        exchange: &Exchange,
        progress: &Progress,
        outcome: Result<Answer, Error>,
    ) -> Response {
        if let Err(Error::Fault(problem)) = &outcome {
            tracing::error!(problem, "a request failed");
        }
        let frame = Frame {
            node: &self.node,
            request_id: &exchange.request_id,
            now: self.engine.now(),
            pretty: progress.pretty,
            proven: progress.proven.as_ref(),
        };
        let mut response = match outcome {
            Ok(answer) => frame.respond(Ok(answer)),
            Err(error) => frame.respond(Err(&error)),
        };
        let asked = &exchange.head.headers;
        if cors::is_asked(asked) {
            cors::add(response.headers_mut(), asked, progress.resource);
        }
        if exchange.head.method == Method::HEAD {
            *response.body_mut() = Body::empty();
        }
        response
    }

    /// Head, then what the path leads to.
    async fn answer(
        &self,
        exchange: &Exchange,
        body: Body,
        query: Query,
        progress: &mut Progress,
    ) -> Result<Answer, Error> {
        let head = &exchange.head;
        let ours = self.on && host::is_one_of(&self.settings.hosts, &head.uri, &head.headers);
        let place = match path::read(head.uri.path(), self.settings.v1) {
            place if ours || place == Place::Root => place,
            _ => Place::Unclaimed,
        };
        match place {
            Place::Root if matches!(head.method, Method::GET | Method::HEAD) => {
                progress.route = "/";
                Ok(Answer::Banner)
            }
            Place::Root | Place::Unclaimed => self.unclaimed(exchange).await,
            Place::Gone => Err(Error::Gone),
            Place::Unknown => self.unknown(exchange, &query, progress).await,
            Place::Segments(segments) => match resource::find(&segments) {
                None => self.unknown(exchange, &query, progress).await,
                Some(target) => {
                    progress.route = target.resource.template;
                    progress.resource = Some(target.resource);
                    let inbox = Inbox::new(
                        body,
                        self.settings.body_timeout,
                        Arc::clone(&self.large_bodies),
                    );
                    self.known(exchange, target, inbox, query, progress).await
                }
            },
        }
    }
}

fn is_true(headers: &HeaderMap, name: &str) -> bool {
    headers
        .get(name)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true"))
}
