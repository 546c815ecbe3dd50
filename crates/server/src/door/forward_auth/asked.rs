//! The client's request, as the proxy describes it.

use doorward_core::request::Scheme;
use doorward_core::strip::folded;
use doorward_engine::Door;
use http::{HeaderMap, Method};

use super::Check;
use crate::Peer;
use crate::client::{self, Client};

/// The headers that describe a request to `/check/forwarded`.
const FORWARDED: [&str; 4] = [
    "x-forwarded-method",
    "x-forwarded-proto",
    "x-forwarded-host",
    "x-forwarded-uri",
];
/// The headers that describe one to `/check/nginx`.
const ORIGINAL: [&str; 2] = ["x-original-method", "x-original-url"];

/// A request as it was described.
#[derive(Debug)]
pub(super) struct Described {
    /// Its method.
    pub(super) method: Method,
    /// How the client reached the proxy.
    pub(super) scheme: Scheme,
    /// Its host.
    pub(super) authority: String,
    /// Its path and query.
    pub(super) path_and_query: String,
    /// Who sent it.
    pub(super) client: Client,
}

/// Why a description cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unreadable {
    /// A header that must stand once does not.
    #[error("a header that describes the request is missing, repeated or no text")]
    Header,
    /// A second spelling, which another reader may take for the first.
    #[error("a header that describes the request stands in a second spelling")]
    Alias,
    /// Not a method.
    #[error("the described method is none")]
    Method,
    /// Neither `http` nor `https`.
    #[error("the described scheme is neither http nor https")]
    Scheme,
    /// No `X-Forwarded-For`.
    #[error("nothing says who the client is: X-Forwarded-For is missing")]
    Client,
    /// `X-Original-URL` is not `scheme://host/path`.
    #[error("the described URL has no scheme, host and path")]
    Url,
}

impl Described {
    /// Reads the description that the door asks for.
    pub(super) fn read(
        door: Door,
        peer: Option<Peer>,
        headers: &HeaderMap,
        settings: &Check,
    ) -> Result<Self, Unreadable> {
        refuse_aliases(headers)?;
        let (method, scheme, authority, path_and_query) = if door == Door::Nginx {
            let [method, url] = ORIGINAL.map(|name| once(headers, name));
            let (scheme, rest) = url?.split_once("://").ok_or(Unreadable::Url)?;
            let path = rest.find('/').ok_or(Unreadable::Url)?;
            let (authority, path_and_query) = rest.split_at(path);
            (method?, scheme, authority, path_and_query)
        } else {
            let [method, scheme, host, uri] = FORWARDED.map(|name| once(headers, name));
            (method?, scheme?, host?, uri?)
        };
        let scheme = scheme_of(scheme)?;
        Ok(Self {
            method: Method::from_bytes(method.as_bytes()).map_err(|_| Unreadable::Method)?,
            scheme,
            authority: authority.to_owned(),
            path_and_query: path_and_query.to_owned(),
            client: client::of_described(peer, headers, scheme, settings)
                .ok_or(Unreadable::Client)?,
        })
    }
}

fn scheme_of(text: &str) -> Result<Scheme, Unreadable> {
    // Traefik names a WebSocket's scheme for what it is.
    match text {
        "http" | "ws" => Ok(Scheme::Http),
        "https" | "wss" => Ok(Scheme::Https),
        _ => Err(Unreadable::Scheme),
    }
}

fn once<'h>(headers: &'h HeaderMap, name: &str) -> Result<&'h str, Unreadable> {
    let mut lines = headers.get_all(name).iter();
    match (lines.next(), lines.next()) {
        (Some(line), None) => line.to_str().map_err(|_| Unreadable::Header),
        _ => Err(Unreadable::Header),
    }
}

/// Attack: `X_Forwarded_Uri` of the client beside the proxy's own (attacks.md S5).
fn refuse_aliases(headers: &HeaderMap) -> Result<(), Unreadable> {
    let is_alias = |name: &str| {
        let folded = folded(name);
        folded != name && (folded.starts_with("x-forwarded-") || folded.starts_with("x-original-"))
    };
    if headers.keys().any(|name| is_alias(name.as_str())) {
        return Err(Unreadable::Alias);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::CheckPeers;
    use super::*;
    use proptest::prelude::*;
    use std::net::IpAddr;

    fn settings() -> Check {
        Check {
            peers: CheckPeers {
                networks: vec!["192.0.2.0/24".parse().unwrap()],
                ..CheckPeers::default()
            },
            trusted_proxies: Vec::new(),
            allow_plaintext: false,
        }
    }

    const NGINX: [(&str, &str); 3] = [
        ("x-original-method", "PUT"),
        ("x-original-url", "https://api.example.com:8443/a/b?c=d"),
        ("x-forwarded-for", "203.0.113.7"),
    ];
    const CADDY: [(&str, &str); 5] = [
        ("x-forwarded-method", "PUT"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "api.example.com:8443"),
        ("x-forwarded-uri", "/a/b?c=d"),
        ("x-forwarded-for", "203.0.113.7"),
    ];

    fn read(door: Door, lines: &[(&'static str, &str)]) -> Result<Described, Unreadable> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        let peer = Peer::Address("192.0.2.1:9".parse().unwrap());
        Described::read(door, Some(peer), &headers, &settings())
    }

    #[test]
    fn both_forms_describe_the_same_request() {
        let described = [(Door::Nginx, &NGINX[..]), (Door::Forwarded, &CADDY)];
        for (door, lines) in described {
            let described = read(door, lines).unwrap();
            assert_eq!(described.method, Method::PUT);
            assert_eq!(described.scheme, Scheme::Https);
            assert_eq!(described.authority, "api.example.com:8443");
            assert_eq!(described.path_and_query, "/a/b?c=d");
            assert_eq!(described.client.address, IpAddr::from([203, 0, 113, 7]));
            assert!(!described.client.exposed);
        }
    }

    #[test]
    fn each_header_is_needed_once() {
        for (door, lines) in [(Door::Nginx, &NGINX[..]), (Door::Forwarded, &CADDY)] {
            for index in 0..lines.len() {
                let mut fewer = lines.to_vec();
                let (name, value) = fewer.remove(index);
                assert!(read(door, &fewer).is_err(), "without {name}");
                if name != "x-forwarded-for" {
                    let mut twice = lines.to_vec();
                    twice.push((name, value));
                    assert_eq!(
                        read(door, &twice).unwrap_err(),
                        Unreadable::Header,
                        "{name} twice"
                    );
                }
            }
        }
    }

    #[test]
    fn atk_s5_a_second_spelling_is_refused() {
        for alias in [
            "x_forwarded_uri",
            "x-forwarded_uri",
            "x_original-url",
            "x.forwarded.uri",
            "x-forwarded~uri",
        ] {
            let mut lines = CADDY.to_vec();
            lines.push((alias, "/public"));
            assert_eq!(
                read(Door::Forwarded, &lines).unwrap_err(),
                Unreadable::Alias
            );
        }
    }

    #[test]
    fn a_url_has_scheme_host_and_path() {
        for url in ["", "/a", "https:/a", "https://host", "ftp://host/a"] {
            let lines = [NGINX[0], ("x-original-url", url), NGINX[2]];
            assert!(read(Door::Nginx, &lines).is_err(), "{url}");
        }
    }

    #[test]
    fn plain_http_from_afar_exposes() {
        let mut lines = CADDY;
        lines[1].1 = "http";
        assert!(read(Door::Forwarded, &lines).unwrap().client.exposed);
        lines[4].1 = "127.0.0.1";
        assert!(!read(Door::Forwarded, &lines).unwrap().client.exposed);
    }

    proptest! {
        #[test]
        fn reading_never_panics(url in "[ -~]{0,40}", method in "[ -~]{0,8}") {
            let lines = [("x-original-method", method.as_str()), ("x-original-url", url.as_str()), NGINX[2]];
            std::hint::black_box(read(Door::Nginx, &lines).is_ok());
        }
    }
}
