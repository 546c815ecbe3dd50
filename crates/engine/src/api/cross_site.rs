//! Where a request with a cookie comes from.
//!
//! Attack: a page of another site makes the browser send a request, and the browser adds the cookie by itself
//! (funnelback.md section 5.4). Answer: with a method that may change something, the browser must say that the page is
//! ours. A token's header needs no such word: a page cannot set it for another site. Basic that a browser remembers is
//! refused by our own resources only: programs send it on purpose, and say nothing of pages.

use doorward_core::request::{Canonical, Scheme};
use http::header::{ORIGIN, REFERER};
use http::{HeaderMap, HeaderName, Method};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether a page of another site may have sent the request. `origins` are ours, such as `https://api.example.com`.
pub(super) fn may_be_foreign(request: &Canonical, headers: &HeaderMap, origins: &[String]) -> bool {
    if matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    ) {
        return false;
    }
    let said = [ORIGIN, REFERER]
        .iter()
        .find(|name| headers.contains_key(*name));
    match said {
        Some(name) => {
            let mut lines = headers.get_all(name).iter();
            let (line, more) = (lines.next(), lines.next());
            let origin = line.and_then(|line| line.to_str().ok()).map(origin_of);
            // `null` is what a page says that hides its address, also from us (`Referrer-Policy: no-referrer`).
            let is_ours = match origin {
                Some("null") => is_same_origin(headers),
                Some(origin) => is_ours(origin, request, origins),
                None => false,
            };
            more.is_some() || !is_ours
        }
        None => !(is_same_origin(headers) || says(headers, b"none")),
    }
}

/// No page can say this of itself: the name is the browser's own (Fetch standard, forbidden request-header).
fn is_same_origin(headers: &HeaderMap) -> bool {
    says(headers, b"same-origin")
}

fn says(headers: &HeaderMap, site: &[u8]) -> bool {
    let mut lines = headers.get_all(SEC_FETCH_SITE).iter();
    let (line, more) = (lines.next(), lines.next());
    more.is_none() && line.is_some_and(|line| line.as_bytes() == site)
}

/// Scheme and authority of a URL (RFC 6454 section 4).
fn origin_of(url: &str) -> &str {
    let path = url
        .split_once("://")
        .and_then(|(scheme, rest)| Some(scheme.len() + 3 + rest.find(['/', '?', '#'])?));
    path.and_then(|at| url.get(..at)).unwrap_or(url)
}

fn is_ours(origin: &str, request: &Canonical, origins: &[String]) -> bool {
    let (scheme, usual) = match request.scheme() {
        Scheme::Http => ("http", 80),
        Scheme::Https => ("https", 443),
    };
    let host = request.host();
    let own = match request.port().filter(|port| *port != usual) {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    };
    std::iter::once(&own)
        .chain(origins)
        .any(|ours| ours.eq_ignore_ascii_case(origin))
}

#[cfg(test)]
mod tests {
    use doorward_core::request::Target;

    use super::*;

    fn foreign(method: &Method, headers: &[(HeaderName, &str)]) -> bool {
        let request = Canonical::new(Target {
            method,
            scheme: Scheme::Https,
            host: "api.example.com",
            path_and_query: "/push-api/v1/x",
        })
        .unwrap();
        let headers = headers
            .iter()
            .map(|(name, value)| (name.clone(), value.parse().unwrap()))
            .collect();
        may_be_foreign(&request, &headers, &["https://ui.example.com".to_owned()])
    }

    #[test]
    fn what_changes_nothing_may_come_from_anywhere() {
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            assert!(!foreign(&method, &[(ORIGIN, "https://evil.example")]));
        }
    }

    #[test]
    fn our_own_pages_pass() {
        for (name, value) in [
            (ORIGIN, "https://api.example.com"),
            (ORIGIN, "HTTPS://API.example.com"),
            (ORIGIN, "https://ui.example.com"),
            (REFERER, "https://ui.example.com/a?b=https://x"),
            (REFERER, "https://api.example.com"),
            (SEC_FETCH_SITE, "same-origin"),
            (SEC_FETCH_SITE, "none"),
        ] {
            assert!(!foreign(&Method::POST, &[(name, value)]), "{value}");
        }
    }

    #[test]
    fn other_sites_and_silence_do_not() {
        assert!(foreign(&Method::POST, &[]));
        for (name, value) in [
            (ORIGIN, "https://evil.example"),
            (ORIGIN, "http://api.example.com"),
            (ORIGIN, "https://api.example.com:444"),
            (ORIGIN, "https://api.example.com.evil.example"),
            (ORIGIN, "null"),
            (ORIGIN, ""),
            (REFERER, "https://evil.example/https://api.example.com"),
            (REFERER, "https://api.example.com@evil.example/"),
            (SEC_FETCH_SITE, "same-site"),
            (SEC_FETCH_SITE, "cross-site"),
        ] {
            assert!(foreign(&Method::POST, &[(name, value)]), "{value}");
        }
        let hidden = [(ORIGIN, "null"), (SEC_FETCH_SITE, "same-origin")];
        assert!(!foreign(&Method::POST, &hidden));
        let hidden = [(ORIGIN, "null"), (SEC_FETCH_SITE, "none")];
        assert!(foreign(&Method::POST, &hidden));
        // The more telling one decides.
        let both = [
            (ORIGIN, "https://evil.example"),
            (SEC_FETCH_SITE, "same-origin"),
        ];
        assert!(foreign(&Method::PUT, &both));
        let twice = [
            (ORIGIN, "https://api.example.com"),
            (ORIGIN, "https://evil.example"),
        ];
        assert!(foreign(&Method::DELETE, &twice));
    }
}
