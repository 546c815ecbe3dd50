//! TLS where clients connect: one certificate of ours, and theirs where an authority for them is named.
//!
//! The files are read whole before anything changes, so a bad one never takes down what works.

mod certificate;
mod handshake;
mod load;

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use thiserror::Error;

pub(crate) use handshake::{Handshaken, shake};

/// Where the certificates lie, in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// Our certificate, followed by those between it and its root.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// Roots of the clients' certificates; without them no client is asked for one.
    pub client_ca: Option<PathBuf>,
}

/// What we prove ourselves with, exchangeable while it serves. Clones share it.
#[derive(Clone)]
pub struct Server(Arc<ArcSwap<ServerConfig>>);

/// Why certificates cannot be used: a sentence that names the file, never what stands in a key.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{}: {error}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A file is longer than any of its kind.
    #[error("{} is too long to be a file of certificates", .0.display())]
    TooLong(PathBuf),
    /// A file breaks off or is garbled.
    #[error("{} is not well-formed PEM", .0.display())]
    NotPem(PathBuf),
    /// A file holds something else.
    #[error("{} holds no certificate; PEM with BEGIN CERTIFICATE is expected", .0.display())]
    NoCertificate(PathBuf),
    /// A file holds something else, or a key under a passphrase.
    #[error("{} holds no private key; PEM with BEGIN PRIVATE KEY, without a passphrase, is expected", .0.display())]
    NoKey(PathBuf),
    /// A key of a kind we cannot sign with.
    #[error("{} holds a private key that cannot be used; RSA, ECDSA or Ed25519 is expected", .0.display())]
    UnusableKey(PathBuf),
    /// A certificate that is none, or of another version than 3.
    #[error("{} holds a certificate that cannot be used", .0.display())]
    UnusableCertificate(PathBuf),
    /// Both are sound and do not belong together.
    #[error("the key in {} is not that of the certificate in {}", key.display(), cert.display())]
    Mismatch {
        /// The file of the certificate.
        cert: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Server")
    }
}

impl Server {
    /// Reads the files.
    ///
    /// # Errors
    ///
    /// The file that cannot be used, and why.
    pub fn load(files: &Files) -> Result<Self, TlsError> {
        let config = load::config(files)?;
        Ok(Self(Arc::new(ArcSwap::from_pointee(config))))
    }

    /// Reads the files anew. New connections are met with what they hold; those that are open go on.
    ///
    /// # Errors
    ///
    /// The file that cannot be used, and why; nothing changes then.
    pub fn reload(&self, files: &Files) -> Result<(), TlsError> {
        self.0.store(Arc::new(load::config(files)?));
        Ok(())
    }

    /// Takes over what another was loaded with: for callers that judge several things before they change any.
    pub fn adopt(&self, other: &Self) {
        self.0.store(other.0.load_full());
    }

    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        self.0.load_full()
    }
}
