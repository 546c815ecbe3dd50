//! What a client's certificate says, once its signature was checked.

use std::net::IpAddr;

use doorward_core::address::folded;
use doorward_core::certificate::{ClientCertificate, San};
use rustls_pki_types::CertificateDer;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer as _;

/// Reads its names; `None` for one that cannot be read whole, which proves nothing then.
pub(super) fn read(leaf: &CertificateDer<'_>) -> Option<ClientCertificate> {
    let (rest, certificate) = X509Certificate::from_der(leaf).ok()?;
    if !rest.is_empty() {
        return None;
    }
    let Some(names) = certificate.subject_alternative_name().ok()? else {
        return Some(ClientCertificate::default());
    };
    let sans = names.value.general_names.iter().filter_map(san);
    Some(ClientCertificate {
        sans: sans.collect::<Option<_>>()?,
    })
}

/// `None` for kinds that nobody can be known by; `Some(None)` for one that cannot be read.
#[expect(
    clippy::option_option,
    reason = "passed over and unreadable are two answers"
)]
fn san(name: &GeneralName<'_>) -> Option<Option<San>> {
    match name {
        GeneralName::DNSName(name) => Some(Some(San::Dns(name.to_ascii_lowercase()))),
        GeneralName::RFC822Name(name) => Some(Some(San::Email((*name).to_owned()))),
        GeneralName::URI(uri) => Some(Some(San::Uri((*uri).to_owned()))),
        GeneralName::IPAddress(bytes) => Some(address(bytes).map(San::Ip)),
        GeneralName::Invalid(..) => Some(None),
        _ => None,
    }
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let address = match bytes.len() {
        4 => IpAddr::from(<[u8; 4]>::try_from(bytes).ok()?),
        _ => IpAddr::from(<[u8; 16]>::try_from(bytes).ok()?),
    };
    Some(folded(address))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair, SanType};

    fn certificate(sans: Vec<SanType>) -> CertificateDer<'static> {
        let mut params = CertificateParams::default();
        params.subject_alt_names = sans;
        let key = KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().clone()
    }

    #[test]
    fn every_kind_of_name_is_read_as_its_kind() {
        let read = read(&certificate(vec![
            SanType::DnsName("Robot.Example".try_into().unwrap()),
            SanType::URI("spiffe://acme/robot".try_into().unwrap()),
            SanType::Rfc822Name("Robot@example.com".try_into().unwrap()),
            SanType::IpAddress("::ffff:10.0.0.1".parse().unwrap()),
            SanType::OtherName((vec![1, 2, 3], "robot".to_owned().into())),
        ]));
        let expected = vec![
            San::Dns("robot.example".to_owned()),
            San::Uri("spiffe://acme/robot".to_owned()),
            San::Email("Robot@example.com".to_owned()),
            San::Ip([10, 0, 0, 1].into()),
        ];
        assert_eq!(read, Some(ClientCertificate { sans: expected }));
        let nobody = super::read(&certificate(vec![]));
        assert_eq!(nobody, Some(ClientCertificate::default()));
    }

    #[test]
    fn what_cannot_be_read_whole_is_not_read_at_all() {
        let sound = certificate(vec![SanType::IpAddress([10, 0, 0, 1].into())]);
        assert!(read(&CertificateDer::from([&sound[..], b"x"].concat())).is_none());
        assert!(read(&CertificateDer::from(sound[..sound.len() / 2].to_vec())).is_none());
        // An address of three bytes, spelled as a name of another length of the same size.
        let bytes = sound.to_vec();
        let at = bytes.windows(6).position(|w| w == [0x87, 4, 10, 0, 0, 1]);
        let mut odd = bytes.clone();
        odd[at.unwrap() + 1] = 3;
        assert!(read(&CertificateDer::from(odd)).is_none());
    }
}
