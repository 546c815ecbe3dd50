//! RSA keys of tokens: 2048 bits, made elsewhere, used here.

use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};

use super::Claims;
use crate::id::KeyId;
use crate::secret::{SecretBytes, SecretText};

/// The bytes are not a key of the kind that is asked for, or signing with it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a usable key")]
pub struct KeyError;

/// A private key that signs tokens.
pub struct SigningKey {
    id: KeyId,
    encoding: EncodingKey,
}

impl SigningKey {
    /// Reads a PKCS#8 private key (RFC 5958).
    ///
    /// # Errors
    /// [`KeyError`] when the bytes are no RSA key.
    pub fn from_pkcs8(id: KeyId, der: &SecretBytes) -> Result<Self, KeyError> {
        let pem = SecretText::new(pem("PRIVATE KEY", der.expose()));
        let encoding = EncodingKey::from_rsa_pem(pem.expose().as_bytes()).map_err(|_| KeyError)?;
        Ok(Self { id, encoding })
    }

    /// The `kid`.
    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// Signs the claims with RS256: header `{"typ":"JWT","alg":"RS256","kid":…}`.
    ///
    /// # Errors
    /// [`KeyError`] when the key refuses to sign.
    pub fn sign(&self, claims: &Claims) -> Result<SecretText, KeyError> {
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(self.id.to_string());
        jsonwebtoken::encode(&header, claims, &self.encoding)
            .map(SecretText::new)
            .map_err(|_| KeyError)
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({})", self.id)
    }
}

/// The public half, which verifies.
#[derive(Clone)]
pub struct VerifyingKey {
    id: KeyId,
    pkcs1: Vec<u8>,
    pub(super) decoding: DecodingKey,
}

impl VerifyingKey {
    /// Takes the public half of a PKCS#8 private key.
    ///
    /// # Errors
    /// [`KeyError`] when the bytes are no RSA key.
    pub fn from_pkcs8(id: KeyId, der: &SecretBytes) -> Result<Self, KeyError> {
        let pair = KeyPair::from_pkcs8(der.expose()).map_err(|_| KeyError)?;
        let pkcs1 = pair.public_key().as_ref().to_vec();
        let decoding = DecodingKey::from_rsa_der(&pkcs1);
        Ok(Self {
            id,
            pkcs1,
            decoding,
        })
    }

    /// The `kid`.
    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// The public key as PKCS#1 PEM (`RSA PUBLIC KEY`, RFC 8017 appendix A.1.1).
    #[must_use]
    pub fn pem(&self) -> String {
        pem("RSA PUBLIC KEY", &self.pkcs1)
    }
}

impl std::fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VerifyingKey({})", self.id)
    }
}

/// Textual encoding (RFC 7468): 64 characters a line.
fn pem(label: &str, der: &[u8]) -> String {
    let mut text = format!("-----BEGIN {label}-----\n");
    let mut column = 0;
    for digit in STANDARD.encode(der).chars() {
        text.push(digit);
        column += 1;
        if column == 64 {
            text.push('\n');
            column = 0;
        }
    }
    if column > 0 {
        text.push('\n');
    }
    text + "-----END " + label + "-----\n"
}
