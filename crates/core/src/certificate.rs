//! What a client's certificate says about who it is: its subject alternative names (RFC 5280 section 4.2.1.6).
//! That it was signed by a trusted authority is checked where the connection is made.

use std::net::IpAddr;

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

impl San {
    /// The name an operator writes down: an address, a text with `:` for a URI, one with
    /// `@` for mail, anything else a DNS name.
    #[must_use]
    pub fn named(text: &str) -> Self {
        if let Ok(address) = text.parse() {
            Self::Ip(folded(address))
        } else if text.contains(':') {
            Self::Uri(text.to_owned())
        } else if text.contains('@') {
            Self::Email(text.to_owned())
        } else {
            Self::Dns(text.to_ascii_lowercase())
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

    #[test]
    fn a_name_is_of_one_kind_only() {
        assert_eq!(
            San::named("Robot.Example.COM"),
            San::Dns("robot.example.com".to_owned())
        );
        assert_eq!(
            San::named("spiffe://acme/robot"),
            San::Uri("spiffe://acme/robot".to_owned())
        );
        assert_eq!(
            San::named("robot@example.com"),
            San::Email("robot@example.com".to_owned())
        );
        assert_eq!(San::named("::ffff:10.0.0.1"), San::Ip([10, 0, 0, 1].into()));
        let certificate = ClientCertificate {
            sans: vec![San::Uri("robot".to_owned())],
        };
        assert!(!certificate.holds(&San::named("robot")));
    }
}
