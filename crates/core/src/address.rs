//! Whose request this is on the network: the peer, or what a trusted proxy says of it.

use std::net::IpAddr;

use ipnet::IpNet;

/// Most hops of an `X-Forwarded-For` that are read; longer ones are cut on the left.
const MAX_HOPS: usize = 32;

/// Folds an IPv4-mapped IPv6 address to IPv4, so that both notations are one address.
#[must_use]
pub fn folded(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// The client's address: the peer itself, unless the peer is a trusted proxy; then the right-most
/// address of `X-Forwarded-For` that is not itself a trusted proxy (attacks.md S15). An entry that is
/// not an address ends the walk: what stands left of it is hearsay.
#[must_use]
pub fn client(peer: IpAddr, forwarded_for: &[&str], trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|net| net.contains(address));
    let mut client = folded(peer);
    let hops = forwarded_for.iter().rev().flat_map(|line| line.rsplit(','));
    for hop in hops.take(MAX_HOPS) {
        if !is_trusted(&client) {
            break;
        }
        let Some(address) = parse_hop(hop) else { break };
        client = address;
    }
    client
}

/// An address with or without port, IPv6 with or without brackets.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    hop.parse::<IpAddr>()
        .or_else(|_| hop.parse::<std::net::SocketAddr>().map(|s| s.ip()))
        .or_else(|_| hop.trim_start_matches('[').trim_end_matches(']').parse())
        .ok()
        .map(folded)
}

/// The network one guesser is counted by: an IPv4 address itself, an IPv6 /64 (decision 28).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Prefix([u8; 16]);

impl Prefix {
    /// The prefix the address belongs to.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match folded(address) {
            IpAddr::V4(v4) => Self(v4.to_ipv6_mapped().octets()),
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                Self(std::net::Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).octets())
            }
        }
    }

    /// The bytes, for keyed digests.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn atk_s15_nobody_is_believed_by_default() {
        assert_eq!(client(ip("127.0.0.1"), &["1.2.3.4"], &[]), ip("127.0.0.1"));
    }

    #[test]
    fn the_right_most_untrusted_hop_is_the_client() {
        let trusted: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap()];
        let chain = ["6.6.6.6, 1.2.3.4", "10.0.0.9"];
        assert_eq!(client(ip("10.0.0.1"), &chain, &trusted), ip("1.2.3.4"));
        assert_eq!(
            client(ip("::ffff:10.0.0.1"), &chain, &trusted),
            ip("1.2.3.4")
        );
        assert_eq!(
            client(ip("10.0.0.1"), &["nonsense"], &trusted),
            ip("10.0.0.1")
        );
        assert_eq!(
            client(ip("10.0.0.1"), &["[2001:db8::1]:443"], &trusted),
            ip("2001:db8::1")
        );
    }

    #[test]
    fn prefixes_join_an_ipv6_network_and_keep_ipv4_apart() {
        assert_eq!(Prefix::of(ip("2001:db8::1")), Prefix::of(ip("2001:db8::2")));
        assert_ne!(
            Prefix::of(ip("2001:db8:0:1::1")),
            Prefix::of(ip("2001:db8::1"))
        );
        assert_ne!(Prefix::of(ip("1.2.3.4")), Prefix::of(ip("1.2.3.5")));
        assert_eq!(Prefix::of(ip("::ffff:1.2.3.4")), Prefix::of(ip("1.2.3.4")));
    }

    proptest! {
        #[test]
        fn no_header_panics_or_is_believed_from_strangers(lines: Vec<String>) {
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            prop_assert_eq!(client(ip("192.0.2.1"), &lines, &[]), ip("192.0.2.1"));
            let everybody: Vec<IpNet> = vec!["0.0.0.0/0".parse().unwrap()];
            std::hint::black_box(client(ip("192.0.2.1"), &lines, &everybody));
        }
    }
}
