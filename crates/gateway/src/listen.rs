//! Opening the listening sockets, all or none.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;

use thiserror::Error;

use crate::address::ListenAddr;
use crate::inherited::{Inherited, InheritedSocket};
use crate::peer::ListenerName;
use crate::tls;
use crate::unix::{self, SocketFile};

/// Connections the kernel keeps waiting for us, per socket; it may hold fewer (`somaxconn`).
const BACKLOG: i32 = 1024;

/// An open listening socket that nobody serves yet.
#[derive(Debug)]
pub struct Listener {
    pub(crate) name: ListenerName,
    pub(crate) socket: Socket,
    pub(crate) tls: Option<tls::Server>,
    local: ListenAddr,
}

#[derive(Debug)]
pub(crate) enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener, Option<SocketFile>),
}

impl Listener {
    /// Where this socket listens, with the port the system chose.
    #[must_use]
    pub fn local(&self) -> &ListenAddr {
        &self.local
    }

    /// The name given to [`bind`].
    #[must_use]
    pub fn name(&self) -> &ListenerName {
        &self.name
    }

    /// Speaks TLS there. A Unix socket goes on in the clear: nobody reads along on it.
    #[must_use]
    pub fn with_tls(self, server: &tls::Server) -> Self {
        Self {
            tls: Some(server.clone()),
            ..self
        }
    }
}

/// Why a socket could not be opened: one sentence that says what to do.
#[derive(Debug, Error)]
#[error("cannot listen on {address}: {reason}")]
pub struct ListenError {
    /// The address as configured.
    pub address: ListenAddr,
    /// What is wrong with it.
    pub reason: ListenReason,
}

/// What is wrong with an address.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ListenReason {
    /// Somebody else listens there.
    #[error(
        "the port is in use (another doorward, or another program); choose another with --listen or in [listen]"
    )]
    PortInUse,
    /// Somebody else serves that Unix socket.
    #[error(
        "another program serves this socket; stop it or choose another path with --listen or in [listen]"
    )]
    SocketInUse,
    /// The path exists and is no socket. It is left alone.
    #[error(
        "the path exists and is not a socket; move it away or choose another path with --listen or in [listen]"
    )]
    NotASocket,
    /// The folder of a Unix socket is missing.
    #[error("the folder does not exist; create it first")]
    NoFolder,
    /// The system refuses: a port below 1024, or a folder we may not write to.
    #[error(
        "permission denied; choose a port above 1023 or a folder this user may write to, or let systemd open the socket"
    )]
    Denied,
    /// The address belongs to no interface of this machine.
    #[error("this machine does not have that address; choose one it has, or 0.0.0.0 for all")]
    NotLocal,
    /// systemd handed in no socket of that name.
    #[error(
        "systemd passed no socket of that name (passed: {passed}); set FileDescriptorName= in the socket unit"
    )]
    NotPassed {
        /// The names it did pass.
        passed: String,
    },
    /// Anything else the system says.
    #[error("{0}")]
    Other(io::Error),
}

/// Opens one socket per address (several for a `systemd:` name that stands for several).
///
/// All or none: on an error those already opened are closed again. Works with or without a runtime.
///
/// # Errors
///
/// The first address that cannot be had, and why.
pub fn bind(
    name: &ListenerName,
    addresses: &[ListenAddr],
    inherited: &mut Inherited,
) -> Result<Vec<Listener>, ListenError> {
    let mut listeners = Vec::with_capacity(addresses.len());
    for address in addresses {
        let opened = open(name, address, inherited).map_err(|reason| ListenError {
            address: address.clone(),
            reason,
        })?;
        listeners.extend(opened);
    }
    Ok(listeners)
}

fn open(
    name: &ListenerName,
    address: &ListenAddr,
    inherited: &mut Inherited,
) -> Result<Vec<Listener>, ListenReason> {
    let listener = |local, socket| Listener {
        name: name.clone(),
        socket,
        tls: None,
        local,
    };
    match address {
        ListenAddr::Tcp(address) => {
            let (socket, local) = tcp(*address).map_err(tcp_reason)?;
            Ok(vec![listener(ListenAddr::Tcp(local), Socket::Tcp(socket))])
        }
        ListenAddr::Unix(path) => {
            let (socket, file) = unix::bind(path, BACKLOG).map_err(unix_reason)?;
            socket.set_nonblocking(true).map_err(ListenReason::Other)?;
            Ok(vec![listener(
                address.clone(),
                Socket::Unix(socket, Some(file)),
            )])
        }
        ListenAddr::Systemd(systemd_name) => {
            let sockets = inherited.remove(systemd_name);
            if sockets.is_empty() {
                return Err(ListenReason::NotPassed {
                    passed: inherited.names(),
                });
            }
            let adopted = sockets.into_iter().map(|socket| {
                let socket = match socket {
                    InheritedSocket::Tcp(socket) => Socket::Tcp(socket),
                    InheritedSocket::Unix(socket) => Socket::Unix(socket, None),
                };
                listener(address.clone(), socket)
            });
            Ok(adopted.collect())
        }
    }
}

fn tcp(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    // The standard library sets SO_REUSEADDR, so that a restart need not wait for old connections.
    let socket = TcpListener::bind(address)?;
    // A second listen(2) only widens the backlog, which the standard library keeps at 128.
    rustix::net::listen(&socket, BACKLOG)?;
    socket.set_nonblocking(true)?;
    let local = socket.local_addr()?;
    Ok((socket, local))
}

fn tcp_reason(error: io::Error) -> ListenReason {
    match error.kind() {
        io::ErrorKind::AddrInUse => ListenReason::PortInUse,
        _ => common_reason(error),
    }
}

fn unix_reason(error: io::Error) -> ListenReason {
    match error.kind() {
        io::ErrorKind::AddrInUse => ListenReason::SocketInUse,
        io::ErrorKind::AlreadyExists => ListenReason::NotASocket,
        io::ErrorKind::NotFound => ListenReason::NoFolder,
        _ => common_reason(error),
    }
}

fn common_reason(error: io::Error) -> ListenReason {
    match error.kind() {
        io::ErrorKind::PermissionDenied => ListenReason::Denied,
        io::ErrorKind::AddrNotAvailable => ListenReason::NotLocal,
        _ => ListenReason::Other(error),
    }
}
