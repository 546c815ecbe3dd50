//! The proxy door: a request is decided, stripped, told who is asking, and passed on.
//!
//! Passing on takes a [`Passage`], and only the engine makes one: to forget the check does not compile.

use std::fmt;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use doorward_core::api::Api;
use doorward_core::request::Scheme;
use doorward_core::strip::{Names, Peer};
use doorward_engine::{
    Decision, Door, Engine, Extension, Inquiry, Passage, Permit, Trace, Verdict, monotonic,
};
use futures_util::FutureExt as _;
use http::header::{HOST, TE};
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response};
use http_body::Frame;
use http_body_util::BodyExt as _;
use tracing::Instrument as _;

pub use crate::forward::Side;
use crate::forward::upgrade::Upgrade;
use crate::forward::{self, Client, ForwardError, Outgoing};
use crate::owner::Owner;
use crate::serve::{Body, BoxError};
use crate::upstream::{UpstreamSettings, Upstreams};

/// What is known of a request before anybody asks who sent it.
#[derive(Debug, Clone)]
pub struct Facts {
    /// Its id.
    pub request_id: String,
    /// The client's address, trusted proxies taken into account.
    pub client: IpAddr,
    /// The address at the other end of the connection.
    pub peer: IpAddr,
    /// Whether that is a trusted proxy.
    pub peer_is_trusted: bool,
    /// Whether what the client sent could be read on the way (decision 40).
    pub exposed: bool,
    /// How the client came.
    pub scheme: Scheme,
}

/// A request that gets no answer of an upstream.
#[derive(Debug)]
pub struct Unserved<'a> {
    /// Why.
    pub why: Why<'a>,
    /// The API that claims it, if one does.
    pub api: Option<&'a Api>,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Its method.
    pub method: &'a Method,
    /// Its id.
    pub request_id: &'a str,
    /// Whether the remember-me cookie was looked at.
    pub by_cookie: bool,
    /// What is known of it besides.
    pub facts: &'a Facts,
}

/// Why a request gets no answer of an upstream.
#[derive(Debug)]
pub enum Why<'a> {
    /// It may not pass.
    Refused(&'a Decision<Passage>),
    /// It may, but its API has no upstream: others ask about it.
    AskedAboutOnly,
    /// Its upstream did not answer.
    Failed(&'a ForwardError),
    /// A mistake of ours.
    Fault,
}

/// Reads the facts off a request.
pub type ReadFacts = Arc<dyn Fn(&Parts) -> Facts + Send + Sync>;
/// Writes the answer to a request that is not served, in the shape of its API's dialect.
pub type Refuse = Arc<dyn Fn(&Unserved<'_>) -> Response<Body> + Send + Sync>;

/// What is known of a request once it is decided.
#[derive(Debug, Clone, Default)]
struct Noted {
    api: Option<Arc<Api>>,
    /// The decision's word.
    outcome: Option<&'static str>,
}

/// What is guarded by one configuration.
#[derive(Default)]
struct Guarded {
    upstreams: Upstreams,
    names: Names,
}

/// The proxy door.
#[derive(Clone)]
pub struct Guard {
    engine: Engine,
    /// The last one made, whose connections the next one keeps.
    last: Arc<Mutex<Arc<Guarded>>>,
    facts: ReadFacts,
    refuse: Refuse,
    owner: Owner,
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guard")
    }
}

impl Guard {
    /// A door that guards nothing yet.
    #[must_use]
    pub fn new(engine: Engine, facts: ReadFacts, refuse: Refuse) -> Self {
        Self {
            engine,
            last: Arc::default(),
            facts,
            refuse,
            owner: Owner::default(),
        }
    }

    /// These APIs' upstreams, for [`doorward_engine::Guarded::extension`]: a request goes where the table says by
    /// which it was judged. Connections to upstreams that are set as before stay open. Probes run where this is
    /// called, so that has to be within a runtime.
    #[must_use]
    pub fn guard<'a>(
        &self,
        apis: impl IntoIterator<Item = &'a Api>,
        upstreams: Vec<UpstreamSettings>,
    ) -> Extension {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Arc::new(Guarded {
            upstreams: Upstreams::renewed(&last.upstreams, upstreams, &self.owner),
            names: Names::new(apis),
        });
        Extension::new(Arc::clone(&last))
    }

    /// Ends upgraded connections and those to upstreams, and waits for them.
    pub async fn stop(&self) {
        self.owner.stop().await;
    }

    /// Answers a request.
    pub async fn serve<B>(&self, request: Request<B>) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        self.serve_with(request, None).await
    }

    /// Answers a request to a resource in the Crossbar dialect's tree, with the permit that the dialect's own
    /// checks ended with.
    pub async fn serve_foreign<B>(&self, request: Request<B>, permit: Permit) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        self.serve_with(request, Some(permit)).await
    }

    async fn serve_with<B>(&self, request: Request<B>, permit: Option<Permit>) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let started = monotonic();
        let (head, body) = request.into_parts();
        let facts = (self.facts)(&head);
        let span = tracing::info_span!("request", request.id = facts.request_id);
        let method = head.method.clone();
        // Outside of what may panic, so that the line below can tell what was decided before that.
        let noted = OnceLock::new();
        let given = (Request::from_parts(head, body), permit);
        let answering = self.answer(given, &facts, &noted);
        let answered = AssertUnwindSafe(answering)
            .catch_unwind()
            .instrument(span.clone())
            .await;
        span.in_scope(|| {
            let Noted { api, outcome } = noted.get().cloned().unwrap_or_default();
            let response = answered.unwrap_or_else(|_| self.fault(api.as_deref(), &facts));
            tracing::info!(
                method = known(&method),
                api = api.as_deref().map(|api| &*api.name),
                outcome,
                status = response.status().as_u16(),
                client.addr = %facts.client,
                duration_ms = u64::try_from(monotonic().saturating_sub(started).as_millis()).unwrap_or(u64::MAX),
                "answered"
            );
            response
        })
    }

    async fn answer<B>(
        &self,
        (request, permit): (Request<B>, Option<Permit>),
        facts: &Facts,
        noted: &OnceLock<Noted>,
    ) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let (head, body) = request.into_parts();
        let verdict = self.decide(&head, facts, permit).await;
        noted.get_or_init(|| Noted {
            api: verdict.api.clone(),
            outcome: Some(verdict.decision.code()),
        });
        let asked = |why| Unserved {
            why,
            api: verdict.api.as_deref(),
            headers: &head.headers,
            method: &head.method,
            request_id: &facts.request_id,
            by_cookie: verdict.by_cookie,
            facts,
        };
        let Decision::Allow(passage) = &verdict.decision else {
            return (self.refuse)(&asked(Why::Refused(&verdict.decision)));
        };
        if passage.api().upstream.is_none() {
            return (self.refuse)(&asked(Why::AskedAboutOnly));
        }
        let copy = Request::from_parts(head.clone(), body);
        match self.pass_on(passage, copy, facts).await {
            Ok(response) => response,
            Err(error) => {
                tracing::warn!(%error, "a permitted request got no answer");
                (self.refuse)(&asked(Why::Failed(&error)))
            }
        }
    }

    async fn decide(&self, head: &Parts, facts: &Facts, permit: Option<Permit>) -> Verdict {
        let inquiry = Inquiry {
            method: &head.method,
            scheme: facts.scheme,
            authority: authority(head),
            path_and_query: head
                .uri
                .path_and_query()
                .map_or("", |target| target.as_str()),
            headers: &head.headers,
            client: facts.client,
            exposed: facts.exposed,
            certificate: head.extensions.get(),
            door: Door::Proxy,
        };
        match permit {
            None => self.engine.decide_api(&inquiry, &mut Trace::off()).await,
            Some(permit) => {
                let mut trace = Trace::off();
                self.engine
                    .decide_foreign(&inquiry, permit, &mut trace)
                    .await
            }
        }
    }

    /// Strips, says who is asking, forwards.
    async fn pass_on<B>(
        &self,
        passage: &Passage,
        mut request: Request<B>,
        facts: &Facts,
    ) -> Result<Response<Body>, ForwardError>
    where
        B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let guarded = passage.extension().and_then(Extension::get::<Guarded>);
        let guarded = guarded.ok_or_else(ForwardError::nowhere)?;
        let upstream = passage.api().upstream.as_deref();
        let upstream = upstream.and_then(|name| guarded.upstreams.find(name));
        let upstream = upstream.ok_or_else(ForwardError::nowhere)?;
        let upgrade = Upgrade::asked(&mut request);
        let client = Client {
            peer: facts.peer,
            peer_is_trusted: facts.peer_is_trusted,
            takes_trailers: takes_trailers(request.headers()),
        };
        let peer = if facts.peer_is_trusted {
            Peer::Trusted
        } else {
            Peer::Untrusted
        };
        let names = &guarded.names;
        let forged = names.strip(request.headers_mut(), passage.api(), peer);
        self.engine.metrics().forged(forged);
        // Trailers are fields too, and many servers fold them into the head's.
        let (stripping, api) = (Arc::clone(&guarded), Arc::clone(passage.api()));
        let request = request.map(|body| {
            body.map_frame(move |frame| match frame.into_trailers() {
                Ok(mut trailers) => {
                    stripping.names.strip(&mut trailers, &api, Peer::Untrusted);
                    Frame::trailers(trailers)
                }
                Err(frame) => frame,
            })
        });
        let outgoing = Outgoing {
            passage,
            identity: self.engine.identity_headers(passage, &facts.request_id),
            client: &client,
        };
        forward::forward(upstream, outgoing, request, upgrade, &self.owner).await
    }

    fn fault(&self, api: Option<&Api>, facts: &Facts) -> Response<Body> {
        (self.refuse)(&Unserved {
            why: Why::Fault,
            api,
            headers: &HeaderMap::new(),
            method: &Method::GET,
            request_id: &facts.request_id,
            by_cookie: false,
            facts,
        })
    }
}

/// `:authority`, or the one `Host`: several lines are refused on the socket, and none or one that is no text
/// is no host.
fn authority(head: &Parts) -> &str {
    let mut hosts = head.headers.get_all(HOST).iter();
    match (head.uri.authority(), hosts.next(), hosts.next()) {
        (Some(authority), _, _) => authority.as_str(),
        (None, Some(host), None) => host.to_str().unwrap_or_default(),
        _ => "",
    }
}

fn takes_trailers(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(TE).iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .any(|coding| coding.trim().eq_ignore_ascii_case("trailers"))
}

/// Known methods by name; others are a client's own text.
fn known(method: &Method) -> &str {
    match method.as_str() {
        known @ ("GET" | "POST" | "PUT" | "DELETE" | "HEAD" | "PATCH" | "OPTIONS") => known,
        _ => "other",
    }
}
