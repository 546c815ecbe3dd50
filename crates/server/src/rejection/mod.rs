//! What a guarded API answers in the place of its upstream, in the shape of its dialect: one mapping each.
//!
//! Attack: an answer that tells a stranger which routes, users or rights exist. Answer: a rejection says what
//! the caller did, never what was found.

mod crossbar;
mod funnelback;
mod problem;

use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use doorward_core::account::Lock;
use doorward_core::api::{Accept, Api, Dialect};
use doorward_engine::{Decision, Engine, Passage, Reason, Refusal};
use http::header::{ALLOW, CACHE_CONTROL, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use crate::request_id;

/// How long clients wait before they ask again when the store or an upstream was not there.
const PAUSE: Duration = Duration::from_secs(1);

/// Why a request did not reach its upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rejection {
    /// Nobody is proven.
    Challenge,
    /// It is known who is asking, and the answer is no.
    Forbidden,
    /// A credential came over plain HTTP from another machine (decision 40).
    Plaintext,
    /// A page of another site may have sent the request, and a cookie proved who asks.
    CrossSite,
    /// The caller's account is locked.
    Locked(Lock),
    /// The API asks for a second factor that the caller has not proven.
    SecondFactor,
    /// The request cannot be judged, or contradicts itself; why, in words.
    BadRequest(String),
    /// Nobody claims the path.
    NotFound,
    /// The path is claimed, the method is not; these are.
    MethodNotAllowed(Vec<Method>),
    /// The body is too large.
    TooLarge,
    /// The client began to send a body and did not go on.
    RequestTimeout,
    /// Too many guesses, or too many slow hashes waiting: again after this long.
    Throttle(Duration),
    /// It cannot be decided now.
    Unavailable,
    /// The upstream has as many requests under way as it may have.
    Busy,
    /// The upstream could not be reached or broke off.
    BadGateway,
    /// The upstream did not answer in time.
    GatewayTimeout,
    /// A mistake of ours.
    Fault,
}

impl Rejection {
    /// A word for machines, the same in every dialect, `X-Doorward-Reason` and the log.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Challenge => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::Plaintext => "plaintext",
            Self::CrossSite => "cross_site",
            Self::Locked(_) => "locked",
            Self::SecondFactor => "second_factor",
            Self::BadRequest(_) => "bad_request",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed(_) => "method_not_allowed",
            Self::TooLarge => "too_large",
            Self::RequestTimeout => "request_timeout",
            Self::Throttle(_) => "throttled",
            Self::Unavailable => "unavailable",
            Self::Busy => "busy",
            Self::BadGateway => "bad_gateway",
            Self::GatewayTimeout => "gateway_timeout",
            Self::Fault => "fault",
        }
    }

    /// The status, where a dialect has no other.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::Challenge => StatusCode::UNAUTHORIZED,
            Self::Forbidden
            | Self::Plaintext
            | Self::CrossSite
            | Self::Locked(_)
            | Self::SecondFactor => StatusCode::FORBIDDEN,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::Throttle(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable | Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::BadGateway => StatusCode::BAD_GATEWAY,
            Self::GatewayTimeout => StatusCode::GATEWAY_TIMEOUT,
            Self::Fault => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// For people: what the caller did and what would be right.
    pub(crate) fn detail(&self) -> String {
        match self {
            Self::Challenge => "no valid credentials were presented".to_owned(),
            Self::Forbidden => "the caller may not do this".to_owned(),
            Self::Plaintext => {
                "credentials over plain HTTP are not looked at; use HTTPS, or set [listen] \
                 allow_plaintext"
                    .to_owned()
            }
            Self::CrossSite => {
                "with a cookie, a request that may change something must come from a page of ours"
                    .to_owned()
            }
            Self::Locked(_) => "the account is locked".to_owned(),
            Self::SecondFactor => "a second factor is needed".to_owned(),
            Self::BadRequest(why) => why.clone(),
            Self::NotFound => "there is nothing here".to_owned(),
            Self::MethodNotAllowed(_) => "the method is not allowed here".to_owned(),
            Self::TooLarge => "the body is too large".to_owned(),
            Self::RequestTimeout => "the body did not arrive in time".to_owned(),
            Self::Throttle(_) => "too many attempts; try again later".to_owned(),
            Self::Unavailable => "it cannot be decided now; try again".to_owned(),
            Self::Busy => "the service behind this address is busy; try again".to_owned(),
            Self::BadGateway => "the service behind this address could not be reached".to_owned(),
            Self::GatewayTimeout => {
                "the service behind this address did not answer in time".to_owned()
            }
            Self::Fault => "an error on our side".to_owned(),
        }
    }

    /// `Retry-After`, where the client shall come again.
    const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Throttle(wait) => Some(*wait),
            Self::Unavailable | Self::Busy | Self::BadGateway => Some(PAUSE),
            _ => None,
        }
    }
}

/// What is said about a request that did not pass; `None` for one that did.
#[must_use]
pub fn rejection(decision: &Decision<Passage>) -> Option<Rejection> {
    Some(match decision {
        Decision::Allow(_) => return None,
        Decision::Challenge => Rejection::Challenge,
        Decision::Deny(reason) => denied(*reason),
        Decision::Throttle(wait) => Rejection::Throttle(*wait),
        Decision::Unavailable => Rejection::Unavailable,
        Decision::Refuse(refusal) => refused(refusal),
    })
}

const fn denied(reason: Reason) -> Rejection {
    match reason {
        Reason::Exposed => Rejection::Plaintext,
        Reason::CrossSite => Rejection::CrossSite,
        Reason::Locked(lock) => Rejection::Locked(lock),
        Reason::NoFactorYet => Rejection::SecondFactor,
        _ => Rejection::Forbidden,
    }
}

fn refused(refusal: &Refusal) -> Rejection {
    match refusal {
        Refusal::BadRequest(why) => Rejection::BadRequest(why.to_string()),
        Refusal::Contradiction => Rejection::BadRequest(
            "the request presents credentials that contradict each other".to_owned(),
        ),
        Refusal::MethodNotAllowed { allow } => Rejection::MethodNotAllowed(allow.clone()),
        _ => Rejection::NotFound,
    }
}

/// A request that did not pass.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The API that claims it, if one does.
    pub api: Option<&'a Api>,
    /// The shape of the answer where no API says.
    pub otherwise: Dialect,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Its method.
    pub method: &'a Method,
    /// Its id.
    pub request_id: &'a str,
    /// Whether the remember-me cookie was looked at.
    pub by_cookie: bool,
    /// Whether a cookie for it goes without `Secure`: plain HTTP on one machine.
    pub in_clear: bool,
}

impl Asked<'_> {
    fn dialect(&self) -> Dialect {
        self.api.map_or(self.otherwise, |api| api.dialect)
    }

    fn accept(&self) -> Option<&Accept> {
        self.api.map(|api| &api.accept)
    }

    /// The protection space: an API's name is of letters, digits and `-`.
    fn realm(&self) -> &str {
        self.api.map_or("doorward", |api| &api.name)
    }

    /// Whether a script in a page asks, for which a browser shall show no dialog.
    fn is_scripted(&self) -> bool {
        self.headers
            .get("x-requested-with")
            .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"XMLHttpRequest"))
    }
}

/// The answer to a request that did not pass.
#[must_use]
pub fn reject(engine: &Engine, rejection: &Rejection, asked: &Asked<'_>) -> Response {
    let mut response = match asked.dialect() {
        Dialect::Doorward => problem::render(rejection, asked),
        Dialect::Funnelback => funnelback::render(rejection, asked),
        Dialect::Crossbar => crossbar::render(engine, rejection, asked),
    };
    if asked.dialect() != Dialect::Crossbar {
        *response.status_mut() = rejection.status();
    }
    let headers = response.headers_mut();
    set(headers, CACHE_CONTROL, "no-store");
    set(headers, request_id::HEADER, asked.request_id);
    if let Some(wait) = rejection.retry_after() {
        let seconds = wait.as_millis().div_ceil(1000).max(1);
        set(headers, RETRY_AFTER, &seconds.to_string());
    }
    if let Rejection::MethodNotAllowed(allow) = rejection {
        let allow: Vec<&str> = allow.iter().map(Method::as_str).collect();
        set(headers, ALLOW, &allow.join(", "));
    }
    if asked.method == Method::HEAD {
        *response.body_mut() = Body::empty();
    }
    response
}

/// Sets a header of ours; one that cannot be a header is left out.
fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

fn append(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.append(name, value);
    }
}
