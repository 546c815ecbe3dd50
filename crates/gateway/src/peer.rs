//! What a request's extensions say about the connection it came over.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

/// Who is at the other end of the connection.
///
/// The address of the socket, never of a header. An IPv4 peer of an IPv6 socket is shown as IPv4,
/// so that a list of trusted addresses needs one spelling only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PeerAddr {
    /// A TCP peer.
    Tcp(SocketAddr),
    /// A process of this machine over a Unix socket.
    Unix,
}

impl fmt::Display for PeerAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix => f.write_str("unix"),
        }
    }
}

/// How a connection's bytes came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transport {
    /// As they are.
    Clear,
    /// Encrypted, up to us.
    Tls,
}

/// The name of the listener a request came in at, as given to [`bind`](crate::listen::bind).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ListenerName(Arc<str>);

impl ListenerName {
    /// Names a listener.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ListenerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
