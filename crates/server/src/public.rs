//! The public listener: every request gets an id, a client, a span, an answer and a summary.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::BoxError;
use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::response::Response;
use doorward_engine::{Engine, Permit, monotonic};
use futures_util::FutureExt as _;
use http::{HeaderMap, Method, Uri};
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

/// Resources in the Crossbar dialect's tree that somebody else serves: what is checked of a request to one before
/// it is passed on.
#[derive(Clone)]
pub struct Foreign(Arc<Public>);

impl fmt::Debug for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Foreign")
    }
}

impl Foreign {
    /// With the nouns of these settings.
    #[must_use]
    pub fn new(engine: Engine, settings: Settings) -> Self {
        let service = Service::new(engine, settings.crossbar.clone());
        Self(Arc::new(Public { service, settings }))
    }

    /// Whether a request is for such a resource.
    #[must_use]
    pub fn claims(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> bool {
        let crossbar = self.0.settings.crossbar.as_ref();
        crossbar.is_some_and(|crossbar| crossbar::claims_foreign(crossbar, method, uri, headers))
    }

    /// Checks a request as one to our own resources is checked. What may go on comes with the permit to show to
    /// [`Engine::decide_foreign`], without what was presented in its query, and with the verb it was judged by as
    /// its method; everything else is answered.
    ///
    /// # Errors
    /// The answer to a request that may not go on.
    pub async fn check<B>(
        &self,
        request: http::Request<B>,
    ) -> Result<(Request, Permit), Box<Response>>
    where
        B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let started = monotonic();
        let (exchange, body) = self.0.exchange(request.map(Body::new));
        let span = log::span(&exchange.request_id);
        let checked = AssertUnwindSafe(self.0.service.check_foreign(&exchange, body))
            .catch_unwind()
            .instrument(span.clone())
            .await;
        let refused = match checked {
            Ok(Ok(onward)) => {
                let Exchange { mut head, .. } = exchange;
                (head.method, head.uri) = (onward.method, onward.uri);
                return Ok((Request::from_parts(head, onward.body), onward.permit));
            }
            Ok(Err(refused)) => refused,
            Err(_) => Box::new(self.0.service.fault(&exchange)),
        };
        span.in_scope(|| {
            log::summary(&Summary {
                method: &exchange.head.method,
                route: "foreign",
                status: refused.status(),
                client: exchange.client,
                took: monotonic().saturating_sub(started),
            });
        });
        Err(refused)
    }
}

struct Public {
    service: Service,
    settings: Settings,
}

impl Public {
    /// What is known of a request, and its body.
    fn exchange(&self, request: Request) -> (Exchange, Body) {
        let (head, body) = request.into_parts();
        let peer = head.extensions.get::<Peer>().copied();
        let exchange = Exchange {
            client: client::of(peer, &head.headers, &self.settings),
            request_id: request_id::of(&head.headers, self.service.engine().random()),
            head,
        };
        (exchange, body)
    }
}

async fn answer(State(public): State<Arc<Public>>, request: Request) -> Response {
    let started = monotonic();
    let (exchange, body) = public.exchange(request);
    let Exchange { client, .. } = exchange;
    let span = log::span(&exchange.request_id);
    let method = exchange.head.method.clone();

    if exchange.head.uri.path() == jwks::PATH {
        return span.in_scope(|| {
            let request_id = &exchange.request_id;
            let response = jwks::answer(public.service.engine(), &method, request_id);
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
