//! The text form of a place to listen at.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use thiserror::Error;

/// The longest path a socket address can hold on Linux, without the closing NUL.
pub const MAX_UNIX_PATH: usize = 107;

/// The longest name systemd gives a file descriptor (`FileDescriptorName=`).
pub const MAX_SYSTEMD_NAME: usize = 255;

/// Where to listen: `1.2.3.4:80`, `[::1]:80`, `unix:PATH` or `systemd:NAME`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ListenAddr {
    /// An IP address and a port. Port 0 lets the system choose one.
    Tcp(SocketAddr),
    /// A Unix socket at this path, at most [`MAX_UNIX_PATH`] bytes.
    Unix(PathBuf),
    /// The sockets that systemd opened for us under this name.
    Systemd(String),
}

/// Why a text is not a [`ListenAddr`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AddressError {
    /// Nothing was given.
    #[error("no address; write for example 127.0.0.1:8000")]
    Empty,
    /// A port stands alone, and nobody should have to guess who may reach it.
    #[error(
        "no address before the port; write 127.0.0.1:{0} for this machine only, or 0.0.0.0:{0} for every interface"
    )]
    PortOnly(u16),
    /// An IPv6 address stands without its brackets.
    #[error("an IPv6 address stands in brackets, as in [::1]:8000")]
    Brackets,
    /// An IP address stands without a port.
    #[error("no port; add one, as in 127.0.0.1:8000")]
    NoPort,
    /// `unix:` without a path, or with one that no socket can have.
    #[error("unix: is followed by a path of 1 to {MAX_UNIX_PATH} bytes")]
    UnixPath,
    /// `systemd:` without a name, or with one that systemd would not give.
    #[error(
        "systemd: is followed by the socket's FileDescriptorName, 1 to {MAX_SYSTEMD_NAME} printable characters without a colon"
    )]
    SystemdName,
    /// None of the four forms.
    #[error(
        "not an address; write IP:PORT (127.0.0.1:8000, [::1]:8000), unix:PATH or systemd:NAME"
    )]
    Form,
}

impl FromStr for ListenAddr {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Err(AddressError::Empty);
        }
        if let Some(path) = text.strip_prefix("unix:") {
            return unix(path);
        }
        if let Some(name) = text.strip_prefix("systemd:") {
            return systemd(name);
        }
        text.parse()
            .map(|address| Self::Tcp(fold(address)))
            .map_err(|_| explain(text))
    }
}

impl fmt::Display for ListenAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Systemd(name) => write!(f, "systemd:{name}"),
        }
    }
}

/// Turns an IPv4 address in IPv6 dress (`::ffff:1.2.3.4`) into the IPv4 address it is.
#[must_use]
pub fn fold(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        ip @ IpAddr::V4(_) => SocketAddr::new(ip, address.port()),
        // Rebuilding would lose the scope of a link-local address.
        IpAddr::V6(_) => address,
    }
}

fn unix(path: &str) -> Result<ListenAddr, AddressError> {
    let fits = (1..=MAX_UNIX_PATH).contains(&path.len());
    if fits && !path.contains(char::is_control) {
        Ok(ListenAddr::Unix(PathBuf::from(path)))
    } else {
        Err(AddressError::UnixPath)
    }
}

fn systemd(name: &str) -> Result<ListenAddr, AddressError> {
    let fits = (1..=MAX_SYSTEMD_NAME).contains(&name.len());
    if fits && name.bytes().all(|b| b.is_ascii_graphic() && b != b':') {
        Ok(ListenAddr::Systemd(name.to_owned()))
    } else {
        Err(AddressError::SystemdName)
    }
}

fn explain(text: &str) -> AddressError {
    let port = text
        .strip_prefix("*:")
        .or_else(|| text.strip_prefix(':'))
        .unwrap_or(text);
    if let Ok(port) = port.parse() {
        return AddressError::PortOnly(port);
    }
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    match bare.parse::<IpAddr>() {
        // `::1:8000` is also a whole IPv6 address; either way the brackets are what is missing.
        Ok(IpAddr::V6(_)) if bare.len() == text.len() => AddressError::Brackets,
        Ok(_) => AddressError::NoPort,
        Err(_) => AddressError::Form,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_four_forms_parse_and_print_alike() {
        for text in [
            "1.2.3.4:80",
            "[::1]:80",
            "[fe80::1%3]:80",
            "unix:/run/doorward.sock",
            "systemd:public",
        ] {
            let address: ListenAddr = text.parse().expect(text);
            assert_eq!(address.to_string(), text);
        }
    }

    #[test]
    fn a_mapped_address_is_folded() {
        let address: ListenAddr = "[::ffff:1.2.3.4]:80".parse().unwrap();
        assert_eq!(address.to_string(), "1.2.3.4:80");
    }

    #[test]
    fn wrong_forms_are_refused_with_what_would_be_right() {
        use AddressError as E;
        for (text, error) in [
            ("", E::Empty),
            (":8000", E::PortOnly(8000)),
            ("*:8000", E::PortOnly(8000)),
            ("8000", E::PortOnly(8000)),
            ("127.0.0.1", E::NoPort),
            ("[::1]", E::NoPort),
            ("::1", E::Brackets),
            ("::1:8000", E::Brackets),
            ("localhost:8000", E::Form),
            ("127.0.0.1:70000", E::Form),
            ("http://127.0.0.1:80", E::Form),
            ("unix:", E::UnixPath),
            ("unix:/a\nb", E::UnixPath),
            ("systemd:", E::SystemdName),
            ("systemd:a:b", E::SystemdName),
        ] {
            assert_eq!(text.parse::<ListenAddr>(), Err(error), "{text:?}");
        }
        let long = format!("unix:/{}", "a".repeat(MAX_UNIX_PATH));
        assert_eq!(long.parse::<ListenAddr>(), Err(E::UnixPath));
        let shown = ":8000".parse::<ListenAddr>().unwrap_err().to_string();
        assert!(shown.contains("127.0.0.1:8000"), "{shown}");
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_round_trips(text in "\\PC{0,60}") {
            if let Ok(address) = text.parse::<ListenAddr>() {
                prop_assert_eq!(address.to_string().parse::<ListenAddr>(), Ok(address));
            }
        }

        #[test]
        fn near_misses_never_panic_and_round_trip(text in "(unix:|systemd:|\\[|)[0-9a-f:./%\\]]{0,40}") {
            if let Ok(address) = text.parse::<ListenAddr>() {
                prop_assert_eq!(address.to_string().parse::<ListenAddr>(), Ok(address));
            }
        }

        #[test]
        fn every_socket_address_round_trips(address: SocketAddr) {
            // Compared as text: the flow information of an IPv6 address is not part of it.
            let text = ListenAddr::Tcp(fold(address)).to_string();
            prop_assert_eq!(text.parse::<ListenAddr>().map(|a| a.to_string()), Ok(text));
        }
    }
}
