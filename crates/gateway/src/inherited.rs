//! Sockets that systemd opened for us (`sd_listen_fds(3)`).

use std::io;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;

use rustix::io::FdFlags;
use rustix::net::{AddressFamily, SocketType, sockopt};
use thiserror::Error;

/// A listening socket of either family, before it is served.
#[derive(Debug)]
pub(crate) enum InheritedSocket {
    Tcp(TcpListener),
    /// Its file belongs to systemd and stays when we end.
    Unix(UnixListener),
}

/// The inherited sockets, each with its `FileDescriptorName=`.
#[derive(Debug, Default)]
pub struct Inherited(Vec<(String, InheritedSocket)>);

/// Why inherited sockets cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum InheritedError {
    /// `LISTEN_PID` or `LISTEN_FDS` is not a number.
    #[error("LISTEN_PID or LISTEN_FDS, as set by systemd, is not a number")]
    Environment,
    /// A file descriptor is something else than a listening TCP or Unix stream socket.
    #[error("the file descriptor {name:?} passed by systemd is not a listening stream socket")]
    NotAListener {
        /// The name it was passed under.
        name: String,
    },
    /// The system refuses to tell or change the socket's settings.
    #[error("cannot use the socket {name:?} passed by systemd: {error}")]
    System {
        /// The name it was passed under.
        name: String,
        /// What the system says.
        error: io::Error,
    },
}

impl Inherited {
    /// Takes over the sockets that the environment (`LISTEN_PID`, `LISTEN_FDS`, `LISTEN_FDNAMES`)
    /// says are ours. Call it once in the life of the process: the sockets have one owner.
    ///
    /// # Errors
    ///
    /// If the environment is malformed or one of the file descriptors is not a listening socket.
    pub fn from_environment() -> Result<Self, InheritedError> {
        let passed = sd_listen_fds::get().map_err(|_malformed| InheritedError::Environment)?;
        // systemd's own word for a file descriptor without a name.
        let name = |name: Option<String>| name.unwrap_or_else(|| "unknown".to_owned());
        Self::new(
            passed
                .into_iter()
                .map(|(n, fd)| (name(n), fd.into_std()))
                .collect(),
        )
    }

    /// Takes over the given sockets.
    ///
    /// # Errors
    ///
    /// If one of them is not a listening TCP or Unix stream socket.
    pub fn new(passed: Vec<(String, OwnedFd)>) -> Result<Self, InheritedError> {
        let adopt = |(name, fd)| match adopt(fd) {
            Ok(Some(socket)) => Ok((name, socket)),
            Ok(None) => Err(InheritedError::NotAListener { name }),
            Err(error) => Err(InheritedError::System { name, error }),
        };
        passed
            .into_iter()
            .map(adopt)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Takes all sockets of this name out.
    pub(crate) fn remove(&mut self, name: &str) -> Vec<InheritedSocket> {
        self.0
            .extract_if(.., |(n, _)| n == name)
            .map(|(_, socket)| socket)
            .collect()
    }

    /// The names still here, for a message.
    pub(crate) fn names(&self) -> String {
        let names: Vec<&str> = self.0.iter().map(|(name, _)| name.as_str()).collect();
        if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        }
    }
}

fn adopt(fd: OwnedFd) -> io::Result<Option<InheritedSocket>> {
    let listens = sockopt::socket_type(&fd).is_ok_and(|kind| kind == SocketType::STREAM)
        && sockopt::socket_acceptconn(&fd)?;
    if !listens {
        return Ok(None);
    }
    rustix::io::fcntl_setfd(&fd, FdFlags::CLOEXEC)?;
    let socket = match rustix::net::getsockname(&fd)?.address_family() {
        AddressFamily::UNIX => InheritedSocket::Unix(fd.into()),
        AddressFamily::INET | AddressFamily::INET6 => InheritedSocket::Tcp(fd.into()),
        _ => return Ok(None),
    };
    match &socket {
        InheritedSocket::Tcp(socket) => socket.set_nonblocking(true)?,
        InheritedSocket::Unix(socket) => socket.set_nonblocking(true)?,
    }
    Ok(Some(socket))
}
