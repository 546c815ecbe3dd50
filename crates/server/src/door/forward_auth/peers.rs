//! Who may ask at the door.

use std::fmt;

use doorward_core::secret::SecretText;
use http::HeaderMap;
use ipnet::IpNet;
use subtle::ConstantTimeEq as _;

use crate::Peer;

/// The header with the shared secret.
const SECRET_HEADER: &str = "x-doorward-peer";

/// Who may ask at the door; nobody by default.
#[derive(Clone, Default)]
pub struct CheckPeers {
    /// Networks of the proxies.
    pub networks: Vec<IpNet>,
    /// Whoever reaches our Unix socket, which its file's mode decides.
    pub unix: bool,
    /// Whoever knows this secret, wherever it is.
    pub secret: Option<SecretText>,
}

impl fmt::Debug for CheckPeers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckPeers")
            .field("networks", &self.networks)
            .field("unix", &self.unix)
            .finish_non_exhaustive()
    }
}

impl CheckPeers {
    /// Whether this peer may ask.
    pub(super) fn may_ask(&self, peer: Option<Peer>, headers: &HeaderMap) -> bool {
        let by_place = match peer {
            Some(Peer::Address(address) | Peer::Encrypted(address)) => {
                let address = doorward_core::address::folded(address.ip());
                self.networks.iter().any(|net| net.contains(&address))
            }
            Some(Peer::Local) => self.unix,
            None => false,
        };
        by_place || self.knows_secret(headers)
    }

    fn knows_secret(&self, headers: &HeaderMap) -> bool {
        let Some(secret) = &self.secret else {
            return false;
        };
        let mut lines = headers.get_all(SECRET_HEADER).iter();
        match (lines.next(), lines.next()) {
            (Some(said), None) => said.as_bytes().ct_eq(secret.expose().as_bytes()).into(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peers() -> CheckPeers {
        CheckPeers {
            networks: vec!["192.0.2.0/24".parse().unwrap()],
            unix: false,
            secret: Some("hush".into()),
        }
    }

    fn saying(lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(SECRET_HEADER, line.parse().unwrap());
        }
        headers
    }

    fn from(text: &str) -> Peer {
        Peer::Address(text.parse().unwrap())
    }

    #[test]
    fn atk_s13_nobody_may_ask_by_default() {
        let nobody = CheckPeers::default();
        for peer in [Some(from("127.0.0.1:9")), Some(Peer::Local), None] {
            assert!(!nobody.may_ask(peer, &HeaderMap::new()));
            assert!(!nobody.may_ask(peer, &saying(&[""])));
        }
    }

    #[test]
    fn listed_networks_and_holders_of_the_secret_may_ask() {
        assert!(peers().may_ask(Some(from("192.0.2.7:9")), &HeaderMap::new()));
        assert!(peers().may_ask(Some(from("[::ffff:192.0.2.7]:9")), &HeaderMap::new()));
        assert!(!peers().may_ask(Some(from("198.51.100.1:9")), &HeaderMap::new()));
        assert!(!peers().may_ask(Some(Peer::Local), &HeaderMap::new()));
        assert!(peers().may_ask(Some(from("198.51.100.1:9")), &saying(&["hush"])));
    }

    #[test]
    fn a_secret_that_is_wrong_or_repeated_is_none() {
        for lines in [
            &["hus"][..],
            &["hushh"],
            &[""],
            &["hush", "hush"],
            &["x", "hush"],
        ] {
            assert!(
                !peers().may_ask(Some(from("198.51.100.1:9")), &saying(lines)),
                "{lines:?}"
            );
        }
    }

    #[test]
    fn the_secret_is_not_shown() {
        assert!(!format!("{:?}", peers()).contains("hush"));
    }
}
