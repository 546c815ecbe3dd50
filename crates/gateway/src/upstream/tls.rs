//! TLS to an upstream.
//!
//! Attack: somebody on the way answers in the upstream's place, and reads who is asking. Answer: the certificate
//! is always verified, by the name that was asked for; nothing turns that off.

use std::fmt;
use std::io;
use std::sync::{Arc, LazyLock};

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// What TLS to an upstream is made of: the contents of PEM files.
#[derive(Clone, Copy, Default)]
pub struct Pem<'a> {
    /// Who may have signed the upstream's certificate; without, the usual public authorities.
    pub ca: Option<&'a [u8]>,
    /// Our own certificate, and what signed it.
    pub client_cert: Option<&'a [u8]>,
    /// Its key.
    pub client_key: Option<&'a [u8]>,
    /// The name that the upstream's certificate must have; without, the address's host.
    pub server_name: Option<&'a str>,
}

impl fmt::Debug for Pem<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pem")
            .field("server_name", &self.server_name)
            .finish_non_exhaustive()
    }
}

/// TLS cannot be made of what was given. The contents are not repeated: a key may be among them.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// No certificate.
    #[error("ca_file holds no certificate in PEM form")]
    Ca,
    /// No certificate.
    #[error("client_cert holds no certificate in PEM form")]
    ClientCert,
    /// No private key.
    #[error("client_key holds no private key in PEM form")]
    ClientKey,
    /// One without the other.
    #[error("client_cert and client_key belong together")]
    Half,
    /// The name is none.
    #[error("server_name is neither a host's name nor an address")]
    ServerName,
    /// The certificates and the key are not usable, or not together.
    #[error("the certificates are not usable: {0}")]
    Unusable(#[from] rustls::Error),
}

/// How TLS is spoken with an upstream.
#[derive(Clone)]
pub struct Tls(Arc<Made>);

struct Made {
    of: Parts,
    config: Arc<ClientConfig>,
}

/// What two have in common that are equal.
#[derive(PartialEq, Eq)]
struct Parts {
    ca: Option<Vec<CertificateDer<'static>>>,
    client: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
    server_name: Option<ServerName<'static>>,
}

impl PartialEq for Tls {
    fn eq(&self, other: &Self) -> bool {
        self.0.of == other.0.of
    }
}

impl Eq for Tls {}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("own_ca", &self.0.of.ca.is_some())
            .field("own_certificate", &self.0.of.client.is_some())
            .field("server_name", &self.0.of.server_name)
            .finish_non_exhaustive()
    }
}

impl Default for Tls {
    /// The usual public authorities, no certificate of our own.
    #[expect(
        clippy::expect_used,
        reason = "the built-in authorities are the same in every build, and a test makes them"
    )]
    fn default() -> Self {
        static USUAL: LazyLock<Tls> = LazyLock::new(|| {
            Tls::new(&Pem::default()).expect("the built-in authorities are usable")
        });
        USUAL.clone()
    }
}

impl Tls {
    /// Makes it of the contents of PEM files.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn new(pem: &Pem<'_>) -> Result<Self, TlsError> {
        let of = Parts::read(pem)?;
        let config = Arc::new(of.config()?);
        Ok(Self(Arc::new(Made { of, config })))
    }

    /// Speaks TLS on a connection to this host.
    pub(super) async fn handshake(
        &self,
        host: &str,
        stream: TcpStream,
    ) -> io::Result<TlsStream<TcpStream>> {
        let name = match &self.0.of.server_name {
            Some(name) => name.clone(),
            None => name(host).map_err(io::Error::other)?,
        };
        let connector = TlsConnector::from(Arc::clone(&self.0.config));
        connector.connect(name, stream).await
    }
}

impl Parts {
    fn read(pem: &Pem<'_>) -> Result<Self, TlsError> {
        let client = match (pem.client_cert, pem.client_key) {
            (None, None) => None,
            (Some(chain), Some(key)) => {
                let chain = certificates(chain).ok_or(TlsError::ClientCert)?;
                let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| TlsError::ClientKey)?;
                Some((chain, key))
            }
            _ => return Err(TlsError::Half),
        };
        let ca = pem.ca.map(|ca| certificates(ca).ok_or(TlsError::Ca));
        Ok(Self {
            ca: ca.transpose()?,
            client,
            server_name: pem.server_name.map(name).transpose()?,
        })
    }

    fn config(&self) -> Result<ClientConfig, rustls::Error> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let building = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(self.roots()?);
        let mut config = match &self.client {
            Some((chain, key)) => building.with_client_auth_cert(chain.clone(), key.clone_key())?,
            None => building.with_no_client_auth(),
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }

    fn roots(&self) -> Result<RootCertStore, rustls::Error> {
        let mut roots = RootCertStore::empty();
        match &self.ca {
            Some(ca) => {
                for certificate in ca {
                    roots.add(certificate.clone())?;
                }
            }
            None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        }
        Ok(roots)
    }
}

fn name(host: &str) -> Result<ServerName<'static>, TlsError> {
    ServerName::try_from(host.to_owned()).map_err(|_| TlsError::ServerName)
}

/// `None` where there is none, or one that is broken.
fn certificates(pem: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    read.ok().filter(|certificates| !certificates.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_authorities_are_usable() {
        let usual = Tls::default();
        assert!(!usual.0.of.config().unwrap().alpn_protocols.is_empty());
        assert_eq!(usual, Tls::default());
    }

    #[test]
    fn what_is_no_certificate_is_refused_without_being_repeated() {
        let bad = b"-----BEGIN CERTIFICATE-----\nc2VjcmV0\n";
        let made = Tls::new(&Pem {
            ca: Some(bad),
            ..Pem::default()
        });
        let error = made.unwrap_err();
        assert!(matches!(error, TlsError::Ca));
        assert!(!format!("{error} {error:?}").contains("c2VjcmV0"));
        let half = Tls::new(&Pem {
            client_cert: Some(bad),
            ..Pem::default()
        });
        assert!(matches!(half.unwrap_err(), TlsError::Half));
        let unnamed = Tls::new(&Pem {
            server_name: Some("a b"),
            ..Pem::default()
        });
        assert!(matches!(unnamed.unwrap_err(), TlsError::ServerName));
    }
}
