//! From files to what the TLS library takes.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::pem::{Error as PemError, PemObject as _};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::{Files, TlsError};

/// The longest file that is read.
const MAX_FILE: u64 = 1024 * 1024;
/// Mode bits of everybody but the owner.
const OTHERS: u32 = 0o077;

/// Reads and judges everything.
pub(super) fn config(files: &Files) -> Result<ServerConfig, TlsError> {
    let chain = certificates(&files.cert)?;
    let key = key(&files.key)?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let unusable = |_| TlsError::UnusableKey(files.key.clone());
    provider
        .key_provider
        .load_private_key(key.clone_key())
        .map_err(unusable)?;
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(unusable)?;
    let builder = match &files.client_ca {
        Some(file) => builder.with_client_cert_verifier(verifier(file, provider)?),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder
        .with_single_cert(chain, key)
        .map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => TlsError::Mismatch {
                cert: files.cert.clone(),
                key: files.key.clone(),
            },
            _ => TlsError::UnusableCertificate(files.cert.clone()),
        })?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    if files.client_ca.is_some() {
        // A resumed session is not asked for its certificate again: one that has expired, or whose
        // authority is gone, would live on in it.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
    }
    Ok(config)
}

/// Clients may come without a certificate: which of them must have one is their API's business.
fn verifier(
    file: &Path,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let unusable = || TlsError::UnusableCertificate(file.to_owned());
    let mut roots = RootCertStore::empty();
    for root in certificates(file)? {
        roots.add(root).map_err(|_| unusable())?;
    }
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
        .allow_unauthenticated()
        .build()
        .map_err(|_| unusable())
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let text = read(path, &open(path)?)?;
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<_, _>>()
        .map_err(|_| TlsError::NotPem(path.to_owned()))?;
    if certificates.is_empty() {
        return Err(TlsError::NoCertificate(path.to_owned()));
    }
    Ok(certificates)
}

fn key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let file = open(path)?;
    let is_open = file
        .metadata()
        .is_ok_and(|metadata| metadata.permissions().mode() & OTHERS != 0);
    if is_open {
        tracing::warn!(
            file = %path.display(),
            "others than its owner may read the private key; see chmod 600"
        );
    }
    let text = zeroize::Zeroizing::new(read(path, &file)?);
    PrivateKeyDer::from_pem_slice(&text).map_err(|error| match error {
        PemError::NoItemsFound => TlsError::NoKey(path.to_owned()),
        _ => TlsError::NotPem(path.to_owned()),
    })
}

fn open(path: &Path) -> Result<File, TlsError> {
    File::open(path).map_err(|error| TlsError::Unreadable {
        file: path.to_owned(),
        error,
    })
}

fn read(path: &Path, file: &File) -> Result<Vec<u8>, TlsError> {
    let mut text = Vec::new();
    let mut bounded = file.take(MAX_FILE.saturating_add(1));
    bounded
        .read_to_end(&mut text)
        .map_err(|error| TlsError::Unreadable {
            file: path.to_owned(),
            error,
        })?;
    if text.len() as u64 > MAX_FILE {
        return Err(TlsError::TooLong(path.to_owned()));
    }
    Ok(text)
}
