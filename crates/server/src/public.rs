//! The public listener: every request gets an id, a client, a span, an answer and a summary.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use doorward_core::route::Table;
use doorward_engine::{Engine, monotonic};
use futures_util::FutureExt as _;
use http::{HeaderMap, Uri};
use tracing::Instrument as _;

use crate::client::{Client, Facts};
use crate::dialect::{crossbar, funnelback};
use crate::log::{self, Summary};
use crate::{Settings, jwks};

/// Everything the public listener serves.
pub fn public(engine: Engine, settings: Settings) -> Router {
    let state = Arc::new(Public {
        crossbar: crossbar::Service::new(engine.clone(), settings.crossbar.clone()),
        funnelback: settings
            .funnelback
            .clone()
            .map(|settings| funnelback::Service::new(engine.clone(), settings)),
        engine,
        settings,
    });
    Router::new().fallback(answer).with_state(state)
}

/// Whether the public listener's own resources claim a request, whatever guarded API there is (decision 9).
#[must_use]
pub fn claims(settings: &Settings, uri: &Uri, headers: &HeaderMap) -> bool {
    let crossbar = settings.crossbar.as_ref();
    let funnelback = settings.funnelback.as_ref();
    uri.path() == jwks::PATH
        || crossbar.is_some_and(|crossbar| crossbar::claims(crossbar, uri, headers))
        || funnelback.is_some_and(|funnelback| funnelback::claims(funnelback, uri, headers))
}

/// What the listener answers itself in the manner of a guarded API, for the engine to decide about.
#[must_use]
pub fn own_table(settings: &Settings) -> Table {
    let funnelback = settings.funnelback.as_ref();
    let apis = funnelback.map(funnelback::apis).unwrap_or_default();
    // Tests prove that ours is sound; without a table nobody is let in.
    Table::new(apis).unwrap_or_default()
}

struct Public {
    engine: Engine,
    crossbar: crossbar::Service,
    funnelback: Option<funnelback::Service>,
    settings: Settings,
}

async fn answer(State(public): State<Arc<Public>>, request: Request) -> Response {
    let started = monotonic();
    let (head, body) = request.into_parts();
    let facts = Facts::of(&head, &public.settings, public.engine.random());
    let span = log::span(&facts.request_id);
    let (method, client) = (head.method.clone(), Client::of(&facts));
    let answering = public.serve(head, body, facts);
    let (route, response) = answering.instrument(span.clone()).await;
    span.in_scope(|| {
        log::summary(&Summary {
            method: &method,
            route,
            status: response.status(),
            client,
            took: monotonic().saturating_sub(started),
        });
        response
    })
}

impl Public {
    /// The template of the resource, and the answer.
    async fn serve(
        &self,
        head: http::request::Parts,
        body: axum::body::Body,
        facts: Facts,
    ) -> (&'static str, Response) {
        if head.uri.path() == jwks::PATH {
            let response = jwks::answer(&self.engine, &head.method, &facts.request_id);
            return (jwks::PATH, response);
        }
        match &self.funnelback {
            Some(service) if service.is_for(&head) => {
                let exchange = funnelback::Exchange { head, facts };
                let serving = AssertUnwindSafe(service.serve(&exchange, body)).catch_unwind();
                let served = serving.await;
                served.unwrap_or_else(|_| ("panicked", service.fault(&exchange)))
            }
            _ => {
                let exchange = crossbar::Exchange {
                    head,
                    client: Client::of(&facts),
                    request_id: facts.request_id,
                };
                let serving = AssertUnwindSafe(self.crossbar.serve(&exchange, body)).catch_unwind();
                let served = serving.await;
                served.unwrap_or_else(|_| ("panicked", self.crossbar.fault(&exchange)))
            }
        }
    }
}
