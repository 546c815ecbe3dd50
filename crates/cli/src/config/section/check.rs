//! `[check]`: who may ask at the forward-auth door.

use std::path::{Path, PathBuf};

use ipnet::IpNet;

use crate::config::key::{DefaultValue, Key, Kind};
use crate::config::shape;
use crate::config::value::{Mismatch, Values};

/// The peer that stands for everybody on our Unix socket.
const UNIX: &str = "unix:";

pub(in crate::config) const KEYS: &[Key] = &[
    Key {
        name: "check.peers",
        kind: Kind::Words(&shape::LISTEN_PEER),
        default: DefaultValue::Text(""),
        doc: "Who may ask at the check listener: the proxies in front. Nobody by default: whoever may ask \
              describes any request it likes.",
    },
    Key {
        name: "check.secret_file",
        kind: Kind::Word(&shape::FILE),
        default: DefaultValue::Unset,
        doc: "A file with a secret; whoever sends it as `X-Doorward-Peer` may ask from anywhere.",
    },
    Key {
        name: "check.allow_any_peer",
        kind: Kind::Flag,
        default: DefaultValue::Text("false"),
        doc: "Take a network of all addresses in `peers`. Then everybody who reaches the listener is believed.",
    },
];

/// Who may ask at the forward-auth door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Networks of the proxies.
    pub networks: Vec<IpNet>,
    /// Whoever reaches our Unix socket.
    pub unix: bool,
    /// The file with the shared secret.
    pub secret_file: Option<PathBuf>,
    /// Whether a network may be all addresses.
    pub allow_any_peer: bool,
}

impl Check {
    pub(in crate::config) fn build(values: &Values, data: &Path) -> Result<Self, Mismatch> {
        let peers: Vec<String> = values.read("check.peers")?;
        let networks = peers.iter().filter(|peer| *peer != UNIX);
        let networks = networks.map(|peer| peer.parse());
        let secret: Option<String> = values.read("check.secret_file")?;
        Ok(Self {
            networks: networks
                .collect::<Result<_, _>>()
                .map_err(|_| Mismatch("check.peers"))?,
            unix: peers.iter().any(|peer| peer == UNIX),
            secret_file: secret.map(|path| data.join(path)),
            allow_any_peer: values.read("check.allow_any_peer")?,
        })
    }
}
