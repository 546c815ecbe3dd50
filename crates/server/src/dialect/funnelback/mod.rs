//! The Funnelback dialect's own resources: signing in for a remember-me token, the account behind it, users and
//! application tokens (funnelback.md sections 3 and 7).
//!
//! They are decided as a guarded API is, one that Doorward answers itself ([`own`]); only signing in is open.

mod account;
mod app_tokens;
mod body;
mod careless;
pub(crate) mod cookie;
mod envelope;
mod error;
mod own;
mod path;
mod sign_in;
mod users;

use axum::body::Body;
use axum::response::Response;
use doorward_core::api::{Api, Dialect};
use doorward_core::credential::place::SECURITY_TOKEN;
use doorward_engine::admin::Mandate;
use doorward_engine::{Decision, Door, Engine, Inquiry, Passage, Trace, Verdict};
use http::request::Parts;
use http::{HeaderMap, Method, Uri, header};
use serde_json::{Map, Value};

use self::body::Form;
use self::envelope::Answer;
use self::error::Error;
use self::path::Resource;
use crate::client::Facts;
use crate::dialect::host;
use crate::rejection::{Asked, Rejection, reject, rejection};
use crate::settings::Funnelback;

pub use self::cookie::in_clear;
pub use self::own::PATHS;
pub(crate) use self::own::apis;

/// A request without its body.
pub(crate) struct Exchange {
    /// The request's head.
    pub(crate) head: Parts,
    /// Who sent it, and how.
    pub(crate) facts: Facts,
}

/// What an operation is about: the request, and who may act.
struct Call<'a> {
    engine: &'a Engine,
    settings: &'a Funnelback,
    exchange: &'a Exchange,
    passage: &'a Passage,
}

impl Call<'_> {
    /// The word of the caller, which reaches as far as their roles.
    fn mandate(&self) -> Mandate {
        let actor = self.passage.actor(&self.exchange.facts.request_id);
        Mandate::within(actor, self.passage.roles())
    }
}

/// Whether the path is one of the dialect's own to anybody who reads it, on one of its hosts: no second spelling of such a
/// path goes to an upstream.
pub(crate) fn claims(settings: &Funnelback, uri: &Uri, headers: &HeaderMap) -> bool {
    path::is_own(&careless::read(uri.path())) && host::is_one_of(&settings.hosts, uri, headers)
}

/// The dialect over an engine.
pub(crate) struct Service {
    engine: Engine,
    settings: Funnelback,
    /// What its own resources are judged by, for challenges before anything is decided.
    own: Option<Api>,
}

impl Service {
    pub(crate) fn new(engine: Engine, settings: Funnelback) -> Self {
        Self {
            own: apis(&settings).into_iter().next(),
            engine,
            settings,
        }
    }

    /// Whether a request that no guarded API claims is to be answered in this dialect: the vendor's admin API is its
    /// ground, whatever is there.
    pub(crate) fn is_for(&self, head: &Parts) -> bool {
        path::is_on_ground(&careless::read(head.uri.path()))
            && host::is_one_of(&self.settings.hosts, &head.uri, &head.headers)
    }

    /// Answers a request; also the template of its resource.
    pub(crate) async fn serve(&self, exchange: &Exchange, body: Body) -> (&'static str, Response) {
        let path = path::decoded(exchange.head.uri.path());
        let (template, mut response) = if path == path::SIGN_IN {
            (path::SIGN_IN, self.sign_in(exchange, body).await)
        } else {
            self.decided(exchange, body).await
        };
        if exchange.head.method == Method::HEAD {
            *response.body_mut() = Body::empty();
        }
        (template, response)
    }

    /// The answer to a request whose handler panicked.
    pub(crate) fn fault(&self, exchange: &Exchange) -> Response {
        self.rejected(exchange, self.own.as_ref(), &Rejection::Fault, false)
    }

    async fn sign_in(&self, exchange: &Exchange, body: Body) -> Response {
        let signed_in = sign_in::answer(&self.engine, exchange, body).await;
        match signed_in {
            Ok(remembered) => sign_in::respond(&self.settings, exchange, &remembered),
            Err(error) => {
                // Whoever failed to sign in is signed out (funnelback.md section 3.5).
                let by_cookie = error.is_challenge() && cookie::is_sent(&exchange.head.headers);
                self.failed(exchange, self.own.as_ref(), &error, by_cookie)
            }
        }
    }

    /// Who may, then what there is: a stranger learns nothing about which resources exist.
    async fn decided(&self, exchange: &Exchange, body: Body) -> (&'static str, Response) {
        let verdict = self.decide(exchange).await;
        let Decision::Allow(passage) = &verdict.decision else {
            return ("refused", self.refused(exchange, &verdict));
        };
        if may_be_sent_unasked(exchange, &verdict) && sign_in::is_foreign(exchange) {
            let api = verdict.api.as_deref();
            return (
                "refused",
                self.failed(exchange, api, &Error::CrossSite, false),
            );
        }
        match path::find(&exchange.head.method, passage.canonical().matched()) {
            Ok(route) => {
                let answered = self.routed(exchange, verdict, route.resource, body).await;
                (route.template, answered)
            }
            Err(error) => {
                let api = verdict.api.as_deref();
                ("unknown", self.failed(exchange, api, &error, false))
            }
        }
    }

    /// Attack: whoever is about to lose an account or a role begins requests before, and ends their bodies afterwards.
    /// Answer: where something changed while a body came in, it is decided again.
    async fn routed(
        &self,
        exchange: &Exchange,
        mut verdict: Verdict,
        resource: Resource,
        body: Body,
    ) -> Response {
        let members = if resource.takes_members() {
            Form::new(body).object(&exchange.head.headers).await
        } else {
            Ok(Map::new())
        };
        if !is_current(&self.engine, &verdict) {
            verdict = self.decide(exchange).await;
        }
        let Decision::Allow(passage) = &verdict.decision else {
            return self.refused(exchange, &verdict);
        };
        let answered = match members {
            // Exchanged settings name another account before the engine judges by it, or after.
            Ok(_) if !is_of(passage, &self.settings) => Err(Error::Unavailable),
            Ok(members) => self.perform(exchange, passage, resource, &members).await,
            Err(error) => Err(error),
        };
        match answered {
            Ok(answer) => answer.respond(&self.settings, exchange),
            Err(error) => self.failed(exchange, verdict.api.as_deref(), &error, false),
        }
    }

    fn refused(&self, exchange: &Exchange, verdict: &Verdict) -> Response {
        let why = rejection(&verdict.decision).unwrap_or(Rejection::Fault);
        self.rejected(exchange, verdict.api.as_deref(), &why, verdict.by_cookie)
    }

    async fn decide(&self, exchange: &Exchange) -> Verdict {
        let (head, facts) = (&exchange.head, &exchange.facts);
        let target = head.uri.path_and_query();
        let inquiry = Inquiry {
            method: &head.method,
            scheme: facts.scheme,
            authority: authority(head),
            path_and_query: target.map_or("", |target| target.as_str()),
            headers: &head.headers,
            client: facts.client,
            exposed: facts.exposed,
            certificate: head.extensions.get(),
            door: Door::Proxy,
        };
        self.engine.decide_own(&inquiry, &mut Trace::off()).await
    }

    async fn perform(
        &self,
        exchange: &Exchange,
        passage: &Passage,
        resource: Resource,
        members: &Map<String, Value>,
    ) -> Result<Answer, Error> {
        let call = Call {
            engine: &self.engine,
            settings: &self.settings,
            exchange,
            passage,
        };
        match resource {
            Resource::ShowAccount => Ok(account::show(&call)),
            Resource::SignOut => account::sign_out(&call).await,
            Resource::ChangePassword => account::change_password(&call, members).await,
            Resource::ListUsers => users::list(&call).await,
            Resource::ShowUser(user) => users::show(&call, &user).await,
            Resource::PutUser(user) => users::put(&call, members, &user).await,
            Resource::DeleteUser(user) => users::delete(&call, &user).await,
            Resource::RevokeTokens(user) => users::revoke_tokens(&call, &user).await,
            Resource::ListAppTokens(client) => app_tokens::list(&call, &client).await,
            Resource::CreateAppToken(label) => app_tokens::create(&call, members, label).await,
            Resource::CloneAppToken(label) => app_tokens::copy(&call, &label).await,
            Resource::RevokeAppToken(label) => app_tokens::revoke(&call, label).await,
        }
    }

    fn failed(
        &self,
        exchange: &Exchange,
        api: Option<&Api>,
        error: &Error,
        by_cookie: bool,
    ) -> Response {
        if let Error::Fault(problem) = error {
            tracing::error!(problem, "a request failed");
        }
        match error.rejection() {
            Some(rejection) => self.rejected(exchange, api, &rejection, by_cookie),
            None => error.respond(&exchange.facts.request_id),
        }
    }

    fn rejected(
        &self,
        exchange: &Exchange,
        api: Option<&Api>,
        why: &Rejection,
        by_cookie: bool,
    ) -> Response {
        let asked = Asked {
            api,
            otherwise: Dialect::Funnelback,
            headers: &exchange.head.headers,
            method: &exchange.head.method,
            request_id: &exchange.facts.request_id,
            by_cookie,
            in_clear: in_clear(exchange.facts.scheme, exchange.facts.client),
        };
        reject(&self.engine, why, &asked)
    }
}

/// Attack: a browser that was once told a password for Basic sends it along with whatever a page of another site makes it
/// send (funnelback.md section 5.4). Answer: of what may change something, a browser must not say so. Cookies were judged by
/// more, and a page cannot set the token header.
fn may_be_sent_unasked(exchange: &Exchange, verdict: &Verdict) -> bool {
    let head = &exchange.head;
    let is_read = matches!(head.method, Method::GET | Method::HEAD | Method::OPTIONS);
    !is_read && !verdict.by_cookie && !head.headers.contains_key(SECURITY_TOKEN)
}

fn is_of(passage: &Passage, settings: &Funnelback) -> bool {
    let account = passage.account();
    account.is_some_and(|account| account.id == settings.account)
}

fn is_current(engine: &Engine, verdict: &Verdict) -> bool {
    match &verdict.decision {
        Decision::Allow(passage) => engine.is_current(passage),
        _ => false,
    }
}

/// `:authority`, or the one `Host`.
fn authority(head: &Parts) -> &str {
    let mut hosts = head.headers.get_all(header::HOST).iter();
    match (head.uri.authority(), hosts.next(), hosts.next()) {
        (Some(authority), _, _) => authority.as_str(),
        (None, Some(host), None) => host.to_str().unwrap_or_default(),
        _ => "",
    }
}
