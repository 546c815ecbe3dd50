//! Who is on the other end: the peer, what trusted proxies say of it, and whether secrets were exposed on
//! the way.
//!
//! Attack: a client that writes its own `X-Forwarded-For` or `-Proto`. Answer: only listed peers are
//! believed, nobody by default (decision 36).

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use doorward_core::address;
use doorward_core::request::Scheme;
use doorward_core::source::Random;
use http::HeaderMap;
use http::request::Parts;

use crate::door::forward_auth::Check;
use crate::{Settings, request_id};

/// What a proxy says about how the client came.
const FORWARDED_PROTO: &str = "x-forwarded-proto";

/// The network peer of a request; whoever listens puts it into the request's extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// A TCP peer.
    Address(SocketAddr),
    /// A TCP peer whose connection is encrypted up to us.
    Encrypted(SocketAddr),
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

impl Client {
    /// The client, as far as the dialects ask.
    pub(crate) const fn of(facts: &Facts) -> Self {
        Self {
            address: facts.client,
            exposed: facts.exposed,
        }
    }

    /// A client nobody described.
    pub(crate) const fn unknown() -> Self {
        Self {
            address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            exposed: true,
        }
    }
}

/// Reads the client off a request. Without a peer it is a stranger at `0.0.0.0`, for whoever forgot to
/// say who it is must not make it local.
pub(crate) fn of(peer: Option<Peer>, headers: &HeaderMap, settings: &Settings) -> Client {
    let https = scheme(peer, headers, settings) == Scheme::Https;
    let peer = address_of(peer);
    let lines = text_lines(headers, "x-forwarded-for");
    Client {
        address: address::client(peer, &lines, &settings.trusted_proxies),
        exposed: !(settings.allow_plaintext || peer.is_loopback() || https),
    }
}

/// What is known of a request before anybody asks who sent it: for doors that are not in this crate.
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
    /// How the client came: a trusted proxy's word counts, nobody else's (attacks.md S14).
    pub scheme: Scheme,
}

impl Facts {
    /// Reads them off a request's head.
    #[must_use]
    pub fn of(head: &Parts, settings: &Settings, random: &Random) -> Self {
        let peer = head.extensions.get::<Peer>().copied();
        let client = of(peer, &head.headers, settings);
        Self {
            request_id: request_id::of(&head.headers, random),
            client: client.address,
            peer: address_of(peer),
            peer_is_trusted: is_trusted(peer, settings),
            exposed: client.exposed,
            scheme: scheme(peer, &head.headers, settings),
        }
    }
}

/// How the client came. A trusted proxy knows, if it says so: a client may have reached it in the clear.
fn scheme(peer: Option<Peer>, headers: &HeaderMap, settings: &Settings) -> Scheme {
    let told = is_trusted(peer, settings) && headers.contains_key(FORWARDED_PROTO);
    let https = if told {
        came_by_https(headers)
    } else {
        matches!(peer, Some(Peer::Encrypted(_)))
    };
    if https { Scheme::Https } else { Scheme::Http }
}

/// Whether a peer's word counts.
fn is_trusted(peer: Option<Peer>, settings: &Settings) -> bool {
    let peer = address_of(peer);
    let mut proxies = settings.trusted_proxies.iter();
    proxies.any(|net| net.contains(&peer))
}

fn address_of(peer: Option<Peer>) -> IpAddr {
    match peer {
        Some(Peer::Address(address) | Peer::Encrypted(address)) => address::folded(address.ip()),
        Some(Peer::Local) => Ipv4Addr::LOCALHOST.into(),
        None => Ipv4Addr::UNSPECIFIED.into(),
    }
}

/// Reads the client off a description by a peer that may ask at the check door: that peer's last entry of
/// `X-Forwarded-For` is the client, or a proxy that is trusted in its turn. `None` without any entry: a
/// client taken for its proxy would pass for a neighbour.
pub(crate) fn of_described(
    peer: Option<Peer>,
    headers: &HeaderMap,
    scheme: Scheme,
    check: &Check,
) -> Option<Client> {
    let lines = text_lines(headers, "x-forwarded-for");
    if lines.is_empty() {
        return None;
    }
    let peer = address_of(peer);
    let mut trusted = check.trusted_proxies.clone();
    trusted.extend(&check.peers.networks);
    trusted.push(peer.into());
    let address = address::client(peer, &lines, &trusted);
    Some(Client {
        address,
        exposed: !(check.allow_plaintext || scheme == Scheme::Https || address.is_loopback()),
    })
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
    let lines = text_lines(headers, FORWARDED_PROTO);
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
            funnelback: None,
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
    fn atk_s14_only_a_trusted_proxy_is_believed() {
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
    fn what_came_encrypted_is_not_exposed_unless_a_proxy_knows_better() {
        let encrypted = Peer::Encrypted("192.0.2.1:9".parse().unwrap());
        let seen = |headers: &HeaderMap, settings: &Settings| {
            let scheme = scheme(Some(encrypted), headers, settings);
            (scheme, of(encrypted, headers, settings).exposed)
        };
        let (nothing, http) = (HeaderMap::new(), headers(&[("x-forwarded-proto", "http")]));
        let (strangers, proxys) = (settings(&[], false), settings(&["192.0.2.0/24"], false));
        for settings in [&strangers, &proxys] {
            assert_eq!(seen(&nothing, settings), (Scheme::Https, false));
        }
        // A stranger's word counts for nothing; a proxy's does, also against itself.
        assert_eq!(seen(&http, &strangers), (Scheme::Https, false));
        assert_eq!(seen(&http, &proxys), (Scheme::Http, true));
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
