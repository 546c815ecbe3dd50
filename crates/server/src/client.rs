//! Who is on the other end: the peer, what trusted proxies say of it, and whether secrets were exposed on
//! the way.
//!
//! Attack: a client that writes its own `X-Forwarded-For` or `-Proto`. Answer: only listed peers are
//! believed, nobody by default (decision 36).

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use doorward_core::address;
use http::HeaderMap;

use crate::Settings;

/// The network peer of a request; whoever listens puts it into the request's extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// A TCP peer.
    Address(SocketAddr),
    /// Somebody on a Unix socket: on this machine, and let in by the file's mode.
    Local,
}

/// The client of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Client {
    /// Its address.
    pub(crate) address: IpAddr,
    /// Whether what it sent could be read on the way: then no credential is looked at (decision 40).
    pub(crate) exposed: bool,
}

/// Reads the client off a request. Without a peer it is a stranger at `0.0.0.0`, for whoever forgot to
/// say who it is must not make it local.
pub(crate) fn of(peer: Option<Peer>, headers: &HeaderMap, settings: &Settings) -> Client {
    let peer = match peer {
        Some(Peer::Address(address)) => address::folded(address.ip()),
        Some(Peer::Local) => Ipv4Addr::LOCALHOST.into(),
        None => Ipv4Addr::UNSPECIFIED.into(),
    };
    let trusted = settings
        .trusted_proxies
        .iter()
        .any(|net| net.contains(&peer));
    let lines = text_lines(headers, "x-forwarded-for");
    Client {
        address: address::client(peer, &lines, &settings.trusted_proxies),
        exposed: !(settings.allow_plaintext
            || peer.is_loopback()
            || (trusted && came_by_https(headers))),
    }
}

/// A header's lines; one that is no text is kept as an empty one, so that what stands left of it is not
/// believed in its place.
fn text_lines<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a str> {
    let lines = headers.get_all(name).iter();
    lines
        .map(|line| line.to_str().unwrap_or_default())
        .collect()
}

/// Whether every hop that is named says `https`, and at least one is named.
fn came_by_https(headers: &HeaderMap) -> bool {
    let lines = text_lines(headers, "x-forwarded-proto");
    let mut hops = lines.iter().flat_map(|line| line.split(',')).peekable();
    hops.peek().is_some() && hops.all(|hop| hop.trim().eq_ignore_ascii_case("https"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(trusted: &[&str], allow_plaintext: bool) -> Settings {
        Settings {
            trusted_proxies: trusted.iter().map(|net| net.parse().unwrap()).collect(),
            allow_plaintext,
            crossbar: None,
        }
    }

    fn of(peer: impl Into<Option<Peer>>, headers: &HeaderMap, settings: &Settings) -> Client {
        super::of(peer.into(), headers, settings)
    }

    fn peer(text: &str) -> Peer {
        Peer::Address(text.parse().unwrap())
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(*name, value.parse().unwrap());
        }
        map
    }

    #[test]
    fn this_machine_is_never_exposed() {
        for peer in [
            peer("127.0.0.1:9"),
            peer("[::1]:9"),
            peer("[::ffff:127.0.0.1]:9"),
            Peer::Local,
        ] {
            assert!(!of(peer, &HeaderMap::new(), &settings(&[], false)).exposed);
        }
    }

    #[test]
    fn other_machines_are_exposed_unless_allowed() {
        assert!(
            of(
                peer("192.0.2.1:9"),
                &HeaderMap::new(),
                &settings(&[], false)
            )
            .exposed
        );
        assert!(!of(peer("192.0.2.1:9"), &HeaderMap::new(), &settings(&[], true)).exposed);
        assert!(of(None, &HeaderMap::new(), &settings(&[], false)).exposed);
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let said = headers(&[
            ("x-forwarded-proto", "https"),
            ("x-forwarded-for", "203.0.113.7"),
        ]);
        let strangers = of(peer("192.0.2.1:9"), &said, &settings(&[], false));
        assert!(strangers.exposed);
        assert_eq!(strangers.address, IpAddr::from([192, 0, 2, 1]));
        let proxied = of(
            peer("192.0.2.1:9"),
            &said,
            &settings(&["192.0.2.0/24"], false),
        );
        assert!(!proxied.exposed);
        assert_eq!(proxied.address, IpAddr::from([203, 0, 113, 7]));
    }

    #[test]
    fn a_proxy_that_contradicts_itself_is_not_believed() {
        let settings = settings(&["192.0.2.0/24"], false);
        for lines in [
            vec![("x-forwarded-proto", "https, http")],
            vec![
                ("x-forwarded-proto", "https"),
                ("x-forwarded-proto", "http"),
            ],
            vec![("x-forwarded-proto", "")],
        ] {
            assert!(of(peer("192.0.2.1:9"), &headers(&lines), &settings).exposed);
        }
    }
}
