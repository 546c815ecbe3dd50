//! Resources below an account that somebody else serves: checked as our own are, then passed on.
//!
//! Attack: a request that is judged as one thing and done as another, because the verb it carries inside is read by
//! one side alone. Answer: it goes on with the verb it was judged by as its method, and what two readers could take
//! for two verbs is refused. Only with POST the verb inside counts here; Kazoo looks for one whatever the method is,
//! so with others it has to be the same.

use std::sync::Arc;

use axum::body::{Body, HttpBody as _};
use axum::response::Response;
use doorward_core::id::AccountId;
use doorward_core::right::Right;
use doorward_engine::{Permit, Resource as Wanted};
use http::header::CONTENT_TYPE;
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, Uri};

use super::body::{Inbox, PEEK};
use super::checks::{anybody, no_such_account, refuse_exposed};
use super::error::Error;
use super::path::Place;
use super::query::Query;
use super::resource::Verb;
use super::{
    Exchange, Progress, Service, cors, host, media_type, path, presented, resource, tunnel,
};
use crate::Crossbar;
use crate::rejection::Rejection;

/// What the query presents, which is not the upstream's to see.
const CREDENTIALS: [&str; 2] = ["auth_token", "authorization"];

/// A request that may go on, as it goes on.
pub(crate) struct Onward {
    /// The proof.
    pub(crate) permit: Permit,
    /// The verb it was judged by.
    pub(crate) method: Method,
    /// Without what was presented in the query.
    pub(crate) uri: Uri,
    /// As sent.
    pub(crate) body: Body,
}

/// Whether somebody else serves the resource. A browser that asks what it may do is answered here.
pub(crate) fn claims(settings: &Crossbar, method: &Method, uri: &Uri, headers: &HeaderMap) -> bool {
    let is_preflight = *method == Method::OPTIONS && cors::is_asked(headers);
    !is_preflight
        && host::is_one_of(&settings.hosts, uri, headers)
        && account(settings, uri).is_some()
}

/// The account in the path of such a resource, as written: `accounts/{account}/{noun}/…`, with or without
/// `users/{user}` before the noun.
fn account(settings: &Crossbar, uri: &Uri) -> Option<String> {
    if settings.foreign.is_empty() {
        return None;
    }
    let Place::Segments(segments) = path::read(uri.path(), settings.v1) else {
        return None;
    };
    let texts: Vec<&str> = segments.iter().map(String::as_str).collect();
    let (account, noun) = match texts.as_slice() {
        ["accounts", account, "users", _, noun, ..] | ["accounts", account, noun, ..] => {
            (*account, *noun)
        }
        _ => return None,
    };
    let is_foreign = settings.foreign.iter().any(|foreign| foreign == noun);
    (is_foreign && resource::find(&segments).is_none()).then(|| account.to_owned())
}

impl Service {
    /// Checks a request; what may not go on is answered.
    pub(crate) async fn check_foreign(
        &self,
        exchange: &Exchange,
        body: Body,
    ) -> Result<Onward, Box<Response>> {
        let checked = self.onward(exchange, body).await;
        checked.map_err(|error| {
            let progress = Progress {
                route: "foreign",
                resource: None,
                pretty: false,
                proven: None,
            };
            Box::new(self.respond(exchange, &progress, Err(error)))
        })
    }

    /// In the order of our own resources: credential, account and tree, body, verb. What the verb demands is the
    /// API's to say.
    async fn onward(&self, exchange: &Exchange, body: Body) -> Result<Onward, Error> {
        let head = &exchange.head;
        let query = Query::parse(head.uri.query());
        let presented = presented::in_head(&head.headers, &query);
        refuse_exposed(exchange, &presented)?;
        let account = account(&self.settings, &head.uri).ok_or(Error::NotFound)?;
        let Ok(id) = account.parse::<AccountId>() else {
            self.permit(exchange, &presented, anybody()).await?;
            return Err(no_such_account(&account));
        };
        let wanted = Wanted {
            right: Right::Reach,
            account: Some(id),
            user: None,
        };
        let uri = without_credentials(&head.uri)?;
        let permit = self.permit(exchange, &presented, wanted).await?;
        let has_body = !body.is_end_stream();
        let (method, body) = self.verb(exchange, &query, body).await?;
        Ok(Onward {
            // What was proven may have ended while the body came in.
            permit: if has_body {
                self.permit(exchange, &presented, wanted).await?
            } else {
                permit
            },
            method,
            uri,
            body,
        })
    }

    /// The verb that a request carries inside, else its own. A body that can hold one is read, and comes back whole.
    async fn verb(
        &self,
        exchange: &Exchange,
        query: &Query,
        body: Body,
    ) -> Result<(Method, Body), Error> {
        let mut verbs: Vec<String> = query.all(tunnel::VERB).map(str::to_owned).collect();
        let body = match read_as(&exchange.head.headers)? {
            None => body,
            Some(media_type) => {
                let places = Arc::clone(&self.large_bodies);
                let mut inbox = Inbox::new(body, self.settings.body_timeout, places);
                let bytes = inbox.whole(PEEK).await?;
                let bytes = bytes.ok_or(Error::BodyTooLarge(PEEK))?;
                verbs.extend(tunnel::verbs(&bytes, media_type)?);
                Body::from(bytes)
            }
        };
        Ok((effective(&exchange.head.method, &verbs)?, body))
    }
}

/// How the body is read for a verb; `None` for one that carries none and streams. Lines that differ could be read
/// as either.
fn read_as(headers: &HeaderMap) -> Result<Option<media_type::MediaType>, Error> {
    let mut lines = headers.get_all(CONTENT_TYPE).iter();
    let first = lines.next();
    if lines.any(|line| Some(line) != first) {
        return Err(Error::UnsupportedMediaType);
    }
    Ok(media_type::of(headers).ok())
}

fn effective(method: &Method, verbs: &[String]) -> Result<Method, Error> {
    let Some(first) = verbs.first() else {
        return Ok(method.clone());
    };
    let one = if *method == Method::POST {
        first
    } else {
        method.as_str()
    };
    if verbs.iter().any(|verb| !verb.eq_ignore_ascii_case(one)) {
        return Err(tunnel::ambiguous());
    }
    if *method != Method::POST {
        return Ok(method.clone());
    }
    let verb = Verb::named(first).ok_or(Error::MethodNotAllowed)?;
    Method::from_bytes(verb.as_str().as_bytes()).map_err(|_| Error::MethodNotAllowed)
}

/// The target without credentials in its query; everything else byte for byte.
fn without_credentials(uri: &Uri) -> Result<Uri, Error> {
    let Some(query) = uri.query() else {
        return Ok(uri.clone());
    };
    let is_credential = |pair: &&str| {
        let name = form_urlencoded::parse(pair.as_bytes()).next();
        name.is_some_and(|(name, _)| CREDENTIALS.contains(&&*name))
    };
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| !is_credential(pair))
        .collect();
    let target = match kept.as_slice() {
        [] => uri.path().to_owned(),
        kept => format!("{}?{}", uri.path(), kept.join("&")),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(target).map_err(unreadable)?);
    Uri::from_parts(parts).map_err(unreadable)
}

fn unreadable<E>(_: E) -> Error {
    Error::Rejected(Rejection::BadRequest(
        "the request target cannot be passed on".to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stripped(target: &str) -> String {
        without_credentials(&target.parse().unwrap())
            .unwrap()
            .to_string()
    }

    #[test]
    fn credentials_leave_the_query_and_nothing_else_does() {
        for (target, expected) in [
            ("/v2/a", "/v2/a"),
            ("/v2/a?b=%2F&c", "/v2/a?b=%2F&c"),
            ("/v2/a?auth_token=t", "/v2/a"),
            ("/v2/a?b=1&auth_token=t&&c=+", "/v2/a?b=1&&c=+"),
            ("/v2/a?%61uth_token=t&authorization=Bearer+t&b", "/v2/a?b"),
            ("/v2/a?auth_token&xauth_token=1", "/v2/a?xauth_token=1"),
            ("http://h:1/v2/a?auth_token=t", "http://h:1/v2/a"),
        ] {
            assert_eq!(stripped(target), expected, "{target}");
        }
    }

    #[test]
    fn a_foreign_noun_stands_below_an_account() {
        let settings = Crossbar {
            foreign: vec!["devices".to_owned()],
            ..Crossbar::default()
        };
        let account = |path: &str| account(&settings, &path.parse().unwrap());
        for path in [
            "/v2/accounts/A/devices",
            "/v1/accounts/A/devices/",
            "/v2/accounts/A/devices/1/sync",
            "/v2/accounts/A/users/U/devices",
        ] {
            assert_eq!(account(path).as_deref(), Some("A"), "{path}");
        }
        for path in [
            "/v2/devices",
            "/v2/accounts/devices",
            "/v2/account/devices",
            "/v2/accounts/A/callflows/devices",
            "/v2/accounts/A/users/devices",
            "/v2/accounts/A/Devices",
            "/v2/accounts/A/x%2Fdevices",
            "/v2/accounts/A/../B/devices",
            "/x/accounts/A/devices",
        ] {
            assert_eq!(account(path), None, "{path}");
        }
    }

    #[test]
    fn verbs_that_differ_are_refused() {
        let by = |method: Method, verbs: &[&str]| {
            let verbs: Vec<String> = verbs.iter().map(|verb| (*verb).to_owned()).collect();
            effective(&method, &verbs)
        };
        assert_eq!(by(Method::HEAD, &[]).unwrap(), Method::HEAD);
        assert_eq!(by(Method::PUT, &["put"]).unwrap(), Method::PUT);
        for verb in ["DELETE", "POST", "BREW"] {
            assert!(matches!(by(Method::GET, &[verb]), Err(Error::Rejected(_))));
        }
        let effective = |verbs: &[&str]| by(Method::POST, verbs);
        assert_eq!(effective(&[]).unwrap(), Method::POST);
        assert_eq!(effective(&["delete", "DELETE"]).unwrap(), Method::DELETE);
        assert!(matches!(
            effective(&["POST", "DELETE"]),
            Err(Error::Rejected(_))
        ));
        assert!(matches!(effective(&["BREW"]), Err(Error::MethodNotAllowed)));
    }

    proptest! {
        #[test]
        fn no_credential_is_left(pairs in proptest::collection::vec(("(auth_token|authorization|%61uth_token|b)", "[a-z=%+]{0,5}"), 0..6)) {
            let query: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let left = without_credentials(&format!("/v2/a?{}", query.join("&")).parse().unwrap()).unwrap();
            let left = Query::parse(left.query());
            for name in CREDENTIALS {
                prop_assert_eq!(left.first(name), None);
            }
        }
    }
}
