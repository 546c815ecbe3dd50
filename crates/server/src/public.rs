//! The public listener: every request gets an id, a client, a span, an answer and a summary.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::BoxError;
use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::response::Response;
use doorward_core::route::Table;
use doorward_engine::{Engine, Permit, monotonic};
use futures_util::FutureExt as _;
use http::{HeaderMap, Method, Uri};
use tracing::Instrument as _;

use crate::client::{Client, Facts};
use crate::dialect::crossbar::{self, Exchange};
use crate::dialect::funnelback;
use crate::log::{self, Summary};
use crate::{Settings, jwks};

/// Everything the public listener serves.
pub fn public(engine: Engine, settings: Settings) -> Router {
    let state = Arc::new(Public::new(engine, settings));
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
        Self(Arc::new(Public::new(engine, settings)))
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
        let (head, body) = request.map(Body::new).into_parts();
        let facts = Facts::of(&head, &self.0.settings, self.0.engine.random());
        let exchange = Exchange {
            head,
            client: Client::of(&facts),
            request_id: facts.request_id,
        };
        let span = log::span(&exchange.request_id);
        let checked = AssertUnwindSafe(self.0.crossbar.check_foreign(&exchange, body))
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
            Err(_) => Box::new(self.0.crossbar.fault(&exchange)),
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
    fn new(engine: Engine, settings: Settings) -> Self {
        let funnelback = settings.funnelback.clone();
        Self {
            crossbar: crossbar::Service::new(engine.clone(), settings.crossbar.clone()),
            funnelback: funnelback.map(|on| funnelback::Service::new(engine.clone(), on)),
            engine,
            settings,
        }
    }

    /// The template of the resource, and the answer.
    async fn serve(
        &self,
        head: http::request::Parts,
        body: Body,
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
                let exchange = Exchange {
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
