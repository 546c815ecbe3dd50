//! A host as it stands in `Host` or `:authority` (RFC 9110 section 7.2): a name, an IPv4 address or an IPv6
//! address in brackets, and perhaps a port.

use std::net::Ipv6Addr;
use std::sync::Arc;

use super::Refused;

/// Longest host name, in characters (RFC 1035 section 2.3.4).
const MAX_NAME: usize = 253;

/// A host in one spelling.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Host {
    /// In lower case, IPv6 in brackets.
    pub(crate) name: Arc<str>,
    /// The port, where one is named.
    pub(crate) port: Option<u16>,
}

/// Reads a host.
pub(crate) fn parse(text: &str) -> Result<Host, Refused> {
    let (name, port) = if let Some(bracketed) = text.strip_prefix('[') {
        let (address, port) = bracketed.split_once(']').ok_or(Refused::Host)?;
        let address: Ipv6Addr = address.parse().map_err(|_| Refused::Host)?;
        let port = match port {
            "" => None,
            port => Some(port.strip_prefix(':').ok_or(Refused::Host)?),
        };
        (format!("[{address}]"), port)
    } else {
        let (name, port) = match text.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (text, None),
        };
        (registered(name)?, port)
    };
    Ok(Host {
        name: name.into(),
        port: port.map(port_number).transpose()?,
    })
}

/// A name in lower case, without the dot that stands for the root.
fn registered(name: &str) -> Result<String, Refused> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let sound = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    if name.len() > MAX_NAME || !name.split('.').all(sound) {
        return Err(Refused::Host);
    }
    Ok(name.to_ascii_lowercase())
}

fn port_number(text: &str) -> Result<u16, Refused> {
    let sound = (1..=5).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    let port = text.parse().map_err(|_| Refused::Host)?;
    if sound && port > 0 {
        Ok(port)
    } else {
        Err(Refused::Host)
    }
}
