//! The forward-auth door (decisions 36 and 37): a proxy describes its client's request in headers and passes
//! it on if we say so.
//!
//! Attack: whoever reaches this listener describes any request it likes, or a client smuggles a description
//! past its proxy (attacks.md S5, S12, S18). Answer: only declared peers are answered; the description must
//! stand in exactly one spelling, once; nothing but the decision on it makes a success; the query says nothing.

mod answer;
mod asked;
mod peers;

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use doorward_engine::{Door, Engine, Inquiry, Trace, Verdict, monotonic};
use futures_util::FutureExt as _;
use http::request::Parts;
use ipnet::IpNet;
use tracing::Instrument as _;

use self::answer::Answer;
use self::asked::Described;
pub use self::peers::CheckPeers;
use crate::client::Client;
use crate::log::{self, Summary};
use crate::{Peer, request_id};

/// What an operator can set about the door.
#[derive(Debug, Clone)]
pub struct Check {
    /// Who may ask.
    pub peers: CheckPeers,
    /// Proxies whose word about the client's address counts, beyond those that ask.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether credentials over plain HTTP from other machines are looked at (decision 40).
    pub allow_plaintext: bool,
}

/// Everything the check listener serves: `/check/forwarded` and `/check/nginx`.
pub fn check(engine: Engine, settings: Check) -> Router {
    let door = Arc::new(ForwardAuth { engine, settings });
    Router::new().fallback(serve).with_state(door)
}

struct ForwardAuth {
    engine: Engine,
    settings: Check,
}

async fn serve(
    State(door): State<Arc<ForwardAuth>>,
    request: Request,
) -> Result<Response, Infallible> {
    let started = monotonic();
    // A check has no body; one that is sent is not read.
    let (head, _body) = request.into_parts();
    let request_id = request_id::of(&head.headers, door.engine.random());
    let span = log::span(&request_id);
    let asking = AssertUnwindSafe(door.ask(&head, &request_id)).catch_unwind();
    let asked = asking.instrument(span.clone()).await;
    Ok(span.in_scope(|| {
        let (route, client, answer) =
            asked.unwrap_or(("panicked", Client::unknown(), Answer::fault()));
        let response = answer.respond(&request_id);
        log::summary(&Summary {
            method: &head.method,
            route,
            status: response.status(),
            client,
            took: monotonic().saturating_sub(started),
        });
        response
    }))
}

impl ForwardAuth {
    /// The template of the path, the client, and the answer.
    async fn ask(&self, head: &Parts, request_id: &str) -> (&'static str, Client, Answer) {
        let peer = head.extensions.get::<Peer>().copied();
        if !self.settings.peers.may_ask(peer, &head.headers) {
            return ("stranger", Client::unknown(), Answer::stranger());
        }
        let (route, door) = match head.uri.path() {
            "/check/forwarded" => ("/check/forwarded", Door::Forwarded),
            "/check/nginx" => ("/check/nginx", Door::Nginx),
            _ => return ("unknown", Client::unknown(), Answer::unknown()),
        };
        let described = match Described::read(door, peer, &head.headers, &self.settings) {
            Ok(described) => described,
            Err(problem) => return (route, Client::unknown(), Answer::unreadable(door, problem)),
        };
        let verdict = self.decide(door, head, &described).await;
        let answer = Answer::of(&self.engine, door, head, &described, &verdict, request_id);
        (route, described.client, answer)
    }

    async fn decide(&self, door: Door, head: &Parts, described: &Described) -> Verdict {
        let inquiry = Inquiry {
            method: &described.method,
            scheme: described.scheme,
            authority: &described.authority,
            path_and_query: &described.path_and_query,
            headers: &head.headers,
            client: described.client.address,
            exposed: described.client.exposed,
            certificate: None,
            door,
        };
        self.engine.decide_api(&inquiry, &mut Trace::off()).await
    }
}
