//! The upstream's answer as the client gets it.

use doorward_core::api::Api;
use doorward_core::strip::folded;
use http::header::{CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING, UPGRADE};
use http::response::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use hyper::body::Incoming;

use super::{ForwardError, funnelback};
use crate::upstream::Cut;

/// Fields of one hop (RFC 9110 section 7.6.1), set anew by whoever writes the answer.
const HOP_BY_HOP: [&str; 6] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "transfer-encoding",
    "upgrade",
];
/// What only we say.
const OWN_PREFIX: &str = "x-doorward-";

/// An answer that has one end. hyper takes one with a length and chunks, or with codings that it does not undo, and
/// leaves the length to us: our client would see another end (RFC 9112 section 6.3).
pub(super) fn sound(response: Response<Incoming>) -> Result<Response<Incoming>, ForwardError> {
    let connection = response.extensions().get::<Cut>();
    if !has_one_end(response.headers()) {
        if let Some(connection) = connection {
            connection.cut();
        }
        return Err(ForwardError::unsound());
    }
    if let Some(connection) = connection {
        connection.answered();
    }
    Ok(response)
}

fn has_one_end(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let mut lengths = headers.get_all(CONTENT_LENGTH).iter();
    match (
        codings.next(),
        codings.next(),
        lengths.next(),
        lengths.next(),
    ) {
        (None, _, length, None) => length.is_none_or(|length| is_digits(length.as_bytes())),
        (Some(coding), None, None, _) => coding
            .as_bytes()
            .trim_ascii()
            .eq_ignore_ascii_case(b"chunked"),
        _ => false,
    }
}

fn is_digits(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_digit)
}

/// Takes out what is not for the client. A proxied answer keeps its `Cache-Control`, and is nobody else's
/// without one (decision 35).
pub(super) fn clean(head: &mut Parts, api: &Api) {
    head.extensions.clear();
    head.version = http::Version::HTTP_11;
    let headers = &mut head.headers;
    for name in doomed(headers) {
        headers.remove(name);
    }
    funnelback::clean(headers, api);
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    }
}

/// The same for the fields behind the body.
pub(super) fn clean_trailers(trailers: &mut HeaderMap, api: &Api) {
    for name in doomed(trailers) {
        trailers.remove(name);
    }
    funnelback::clean(trailers, api);
}

/// The same for an answer that changes protocols, which keeps what says so.
pub(super) fn clean_upgrade(head: &mut Parts, api: &Api, protocol: &HeaderValue) {
    clean(head, api);
    head.headers.remove(CACHE_CONTROL);
    head.headers
        .insert(CONNECTION, HeaderValue::from_static("upgrade"));
    head.headers.insert(UPGRADE, protocol.clone());
}

fn doomed(headers: &HeaderMap) -> Vec<HeaderName> {
    let listed: Vec<String> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .filter(|name| name != "content-length")
        .collect();
    let is_doomed = |name: &&HeaderName| {
        let folded = folded(name.as_str());
        HOP_BY_HOP.contains(&folded.as_str())
            || folded.starts_with(OWN_PREFIX)
            || listed.iter().any(|listed| listed == name.as_str())
    };
    headers.keys().filter(is_doomed).cloned().collect()
}
