//! The request as the upstream gets it.

use std::net::IpAddr;

use doorward_core::request::Scheme;
use http::header::{
    CONNECTION, CONTENT_LENGTH, EXPECT, HOST, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::request::Parts;
use http::uri::{Authority, PathAndQuery};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, Version};

use super::upgrade::Upgrade;
use super::{ForwardError, Outgoing};
use crate::serve::Body;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// Who sent the request, as the upstream is told.
#[derive(Debug, Clone)]
pub struct Client {
    /// The address at the other end of the connection.
    pub peer: IpAddr,
    /// Whether that is a proxy whose `X-Forwarded-For` is believed, and kept.
    pub peer_is_trusted: bool,
    /// Whether the request asked for trailers.
    pub takes_trailers: bool,
}

/// The head that goes out: the canonical request, the client's headers as they were left, ours last.
pub(super) fn outgoing(
    mut head: Parts,
    outgoing: &Outgoing<'_>,
    upgrade: Option<&Upgrade>,
) -> Result<Parts, ForwardError> {
    if head.method == Method::CONNECT {
        // Its target is an authority (RFC 9110 section 9.3.6): ours would be the upstream's own, not what was judged.
        return Err(ForwardError::unwritable("nobody is connected through"));
    }
    let canonical = outgoing.passage.canonical();
    let target = match canonical.query() {
        Some(query) => format!("{}?{query}", canonical.path()),
        None => canonical.path().to_owned(),
    };
    let target = PathAndQuery::try_from(target).map_err(ForwardError::unwritable)?;
    head.uri = Uri::from(target);
    head.version = Version::HTTP_11;
    head.extensions.clear();
    let host = match canonical.port() {
        Some(port) => format!("{}:{port}", canonical.host()),
        None => canonical.host().to_owned(),
    };
    let host = HeaderValue::try_from(host).map_err(ForwardError::unwritable)?;
    let headers = &mut head.headers;
    // We have answered it ourselves by reading on.
    headers.remove(EXPECT);
    headers.insert(HOST, host.clone());
    say_who(headers, outgoing, host);
    if outgoing.client.takes_trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
    }
    if let Some(upgrade) = upgrade {
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, upgrade.protocol().clone());
    }
    for (name, value) in &outgoing.identity {
        headers.insert(name, value.clone());
    }
    Ok(head)
}

/// Says that a body comes whose length nobody knows. hyper takes a GET, HEAD or CONNECT for one without a body
/// unless it is told, and the upstream would see another request than the one the client sent. A length that
/// the client gave was checked by the listener, and stands.
///
/// Attack: an upstream that expects no body with a GET passes over it, and takes it for the next request on the
/// connection; its answer would be the answer to somebody else's. Answer: there is no next request on that one.
pub(super) fn frame(head: &mut Parts, came_as: Version, body: &impl http_body::Body) {
    if body.is_end_stream() {
        return;
    }
    let expects_one = matches!(head.method, Method::POST | Method::PUT | Method::PATCH);
    let headers = &mut head.headers;
    if !expects_one {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    // HTTP/2 has trailers behind a body of known length too, HTTP/1.1 only behind chunks (RFC 9112 section 7.1.2).
    if came_as == Version::HTTP_2 && headers.contains_key(TRAILER) {
        headers.remove(CONTENT_LENGTH);
    }
    if !headers.contains_key(CONTENT_LENGTH) {
        headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
}

/// `X-Forwarded-For` goes on where the peer is a trusted proxy and begins anew elsewhere.
fn say_who(headers: &mut HeaderMap, outgoing: &Outgoing<'_>, host: HeaderValue) {
    let client = outgoing.client;
    let mut hops: Vec<String> = headers
        .get_all(FORWARDED_FOR)
        .iter()
        .filter_map(|line| line.to_str().ok().map(str::to_owned))
        .collect();
    hops.push(client.peer.to_string());
    if let Ok(hops) = HeaderValue::try_from(hops.join(", ")) {
        headers.insert(FORWARDED_FOR, hops);
    }
    let scheme = match outgoing.passage.canonical().scheme() {
        Scheme::Http => HeaderValue::from_static("http"),
        Scheme::Https => HeaderValue::from_static("https"),
    };
    headers.insert(FORWARDED_PROTO, scheme);
    if !client.peer_is_trusted || !headers.contains_key(FORWARDED_HOST) {
        headers.insert(FORWARDED_HOST, host);
    }
}

/// The request to one address; the URI names it for the pool, and only its path is sent.
pub(super) fn to(
    authority: &Authority,
    head: &Parts,
    body: Body,
) -> Result<Request<Body>, ForwardError> {
    let mut request = Request::new(body);
    let mut uri = head.uri.clone().into_parts();
    uri.scheme = Some(http::uri::Scheme::HTTP);
    uri.authority = Some(authority.clone());
    *request.uri_mut() = Uri::from_parts(uri).map_err(ForwardError::unwritable)?;
    *request.method_mut() = head.method.clone();
    *request.headers_mut() = head.headers.clone();
    Ok(request)
}
