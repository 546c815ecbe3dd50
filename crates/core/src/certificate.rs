//! What a client's certificate says about who it is: its subject alternative names (RFC 5280 section 4.2.1.6).
//! That it was signed by a trusted authority is checked where the connection is made.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use thiserror::Error;

use crate::address::folded;

/// One subject alternative name. Kinds never stand in for each other.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum San {
    /// A DNS name, in lower case.
    Dns(String),
    /// An address of mail.
    Email(String),
    /// A URI, such as a SPIFFE id.
    Uri(String),
    /// An IP address.
    Ip(IpAddr),
}

/// Not a name of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NoSan {
    /// Without a kind, a name could be meant as one and found as another.
    #[error("write its kind before it: \"DNS:\", \"URI:\", \"email:\" or \"IP:\"")]
    Kind,
    /// There is nothing behind the kind, or what no certificate holds.
    #[error("a name of printable ASCII characters without spaces is expected behind the kind")]
    Name,
    /// `IP:` and something else.
    #[error("an address is expected behind \"IP:\"")]
    Address,
}

impl FromStr for San {
    type Err = NoSan;

    /// Reads a name as an operator writes it down, the kind before it as OpenSSL shows it.
    fn from_str(text: &str) -> Result<Self, NoSan> {
        let (kind, name) = text.split_once(':').ok_or(NoSan::Kind)?;
        // What a certificate holds is an IA5String.
        let sound = !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic());
        let name = || sound.then(|| name.to_owned()).ok_or(NoSan::Name);
        match kind {
            "DNS" => Ok(Self::Dns(name()?.to_ascii_lowercase())),
            "URI" => Ok(Self::Uri(name()?)),
            "email" => Ok(Self::Email(name()?)),
            "IP" => name()?
                .parse()
                .map(|address| Self::Ip(folded(address)))
                .map_err(|_| NoSan::Address),
            _ => Err(NoSan::Kind),
        }
    }
}

impl fmt::Display for San {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => write!(f, "DNS:{name}"),
            Self::Uri(uri) => write!(f, "URI:{uri}"),
            Self::Email(address) => write!(f, "email:{address}"),
            Self::Ip(address) => write!(f, "IP:{address}"),
        }
    }
}

/// The verified certificate of a client.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClientCertificate {
    /// Its names.
    pub sans: Vec<San>,
}

impl ClientCertificate {
    /// Whether it holds this very name.
    #[must_use]
    pub fn holds(&self, san: &San) -> bool {
        self.sans.contains(san)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn san(text: &str) -> San {
        text.parse().unwrap()
    }

    #[test]
    fn a_name_is_of_one_kind_only() {
        assert_eq!(
            san("DNS:Robot.Example.COM"),
            San::Dns("robot.example.com".to_owned())
        );
        assert_eq!(
            san("URI:spiffe://acme/robot"),
            San::Uri("spiffe://acme/robot".to_owned())
        );
        assert_eq!(
            san("email:robot@example.com"),
            San::Email("robot@example.com".to_owned())
        );
        assert_eq!(san("IP:::ffff:10.0.0.1"), San::Ip([10, 0, 0, 1].into()));
        let certificate = ClientCertificate {
            sans: vec![San::Uri("robot".to_owned())],
        };
        assert!(certificate.holds(&san("URI:robot")));
        assert!(!certificate.holds(&san("DNS:robot")));
    }

    #[test]
    fn a_name_reads_back_as_it_is_shown() {
        for text in ["DNS:robot", "URI:a:b", "email:a@b", "IP:::1", "IP:10.0.0.1"] {
            assert_eq!(san(text).to_string(), text);
        }
        for (text, expected) in [
            ("robot", NoSan::Kind),
            ("dns:robot", NoSan::Kind),
            ("spiffe://acme/robot", NoSan::Kind),
            ("DNS:", NoSan::Name),
            ("DNS:ro bot", NoSan::Name),
            ("URI:ü", NoSan::Name),
            ("IP:robot", NoSan::Address),
        ] {
            assert_eq!(text.parse::<San>(), Err(expected), "{text}");
        }
    }
}
