//! The public listener: every request gets an id, a client, a span, an answer and a summary.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use doorward_engine::{Engine, monotonic};
use futures_util::FutureExt as _;
use http::{HeaderMap, Uri};
use tracing::Instrument as _;

use crate::dialect::crossbar::{self, Exchange, Service};
use crate::log::{self, Summary};
use crate::{Peer, Settings, client, jwks, request_id};

/// Everything the public listener serves.
pub fn public(engine: Engine, settings: Settings) -> Router {
    let service = Service::new(engine, settings.crossbar.clone());
    let state = Arc::new(Public { service, settings });
    Router::new().fallback(answer).with_state(state)
}

/// Whether the public listener's own resources claim a request, whatever guarded API there is (decision 9).
#[must_use]
pub fn claims(settings: &Settings, uri: &Uri, headers: &HeaderMap) -> bool {
    let crossbar = settings.crossbar.as_ref();
    uri.path() == jwks::PATH
        || crossbar.is_some_and(|crossbar| crossbar::claims(crossbar, uri, headers))
}

struct Public {
    service: Service,
    settings: Settings,
}

async fn answer(State(public): State<Arc<Public>>, request: Request) -> Response {
    let started = monotonic();
    let (head, body) = request.into_parts();
    let peer = head.extensions.get::<Peer>().copied();
    let client = client::of(peer, &head.headers, &public.settings);
    let request_id = request_id::of(&head.headers, public.service.engine().random());
    let span = log::span(&request_id);
    let method = head.method.clone();

    if head.uri.path() == jwks::PATH {
        return span.in_scope(|| {
            let response = jwks::answer(public.service.engine(), &method, &request_id);
            log::summary(&Summary {
                method: &method,
                route: jwks::PATH,
                status: response.status(),
                client,
                took: monotonic().saturating_sub(started),
            });
            response
        });
    }
    let exchange = Exchange {
        head,
        client,
        request_id,
    };
    let served = AssertUnwindSafe(public.service.serve(&exchange, body))
        .catch_unwind()
        .instrument(span.clone())
        .await;
    span.in_scope(|| {
        let (route, response) =
            served.unwrap_or_else(|_| ("panicked", public.service.fault(&exchange)));
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
