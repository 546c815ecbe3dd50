//! What browsers of other origins may do (crossbar.md section 1.11). Tokens are never cookies, so every
//! origin may ask, and none may ask with credentials of the browser's own.

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
};
use http::{HeaderMap, HeaderValue, Method};

use super::resource::Resource;

const ALLOW_HEADERS: &str = "content-type, depth, user-agent, x-http-method-override, x-file-size, \
     x-requested-with, if-modified-since, x-file-name, cache-control, x-auth-token, \
     x-kazoo-cluster-id, if-match, authorization";
const EXPOSE_HEADERS: &str =
    "content-type, x-auth-token, x-request-id, x-kazoo-cluster-id, location, etag";
const MAX_AGE: &str = "86400";

/// Whether a browser asks across origins.
pub(super) fn is_asked(headers: &HeaderMap) -> bool {
    [
        ORIGIN,
        ACCESS_CONTROL_REQUEST_METHOD,
        ACCESS_CONTROL_REQUEST_HEADERS,
    ]
    .iter()
    .any(|name| headers.contains_key(name))
}

/// Adds the block to an answer about a resource, if there is one there.
pub(super) fn add(answer: &mut HeaderMap, asked: &HeaderMap, resource: Option<&Resource>) {
    for (name, value) in [
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (ACCESS_CONTROL_ALLOW_HEADERS, ALLOW_HEADERS),
        (ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSE_HEADERS),
        (ACCESS_CONTROL_MAX_AGE, MAX_AGE),
    ] {
        answer.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(methods) = HeaderValue::try_from(methods(asked, resource)) {
        answer.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
    }
}

/// OPTIONS, what the resource knows, and what was asked for: browsers are to see the 405 itself.
fn methods(asked: &HeaderMap, resource: Option<&Resource>) -> String {
    let mut names = vec!["OPTIONS".to_owned()];
    let verbs = resource.map(Resource::verbs).unwrap_or_default();
    names.extend(verbs.into_iter().map(|verb| verb.as_str().to_owned()));
    let requested = asked
        .get(ACCESS_CONTROL_REQUEST_METHOD)
        .and_then(|value| Method::from_bytes(value.as_bytes()).ok());
    if let Some(method) = requested
        && !names.iter().any(|name| name == method.as_str())
    {
        names.push(method.to_string());
    }
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::crossbar::resource::find;

    fn asked(method: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(ACCESS_CONTROL_REQUEST_METHOD, method.parse().unwrap());
        headers
    }

    #[test]
    fn methods_are_read_from_the_table() {
        let target = find(&["token_auth".to_owned()]).unwrap();
        let of = |method| methods(&asked(method), Some(target.resource));
        assert_eq!(of("GET"), "OPTIONS, GET, DELETE");
        assert_eq!(of("PATCH"), "OPTIONS, GET, DELETE, PATCH");
        assert_eq!(of("a b, c"), "OPTIONS, GET, DELETE");
    }

    #[test]
    fn the_block_is_whole() {
        let mut headers = HeaderMap::new();
        add(&mut headers, &asked("PUT"), None);
        assert_eq!(headers.len(), 5);
        assert!(is_asked(&asked("PUT")));
        assert!(!is_asked(&HeaderMap::new()));
    }
}
