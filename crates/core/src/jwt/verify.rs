//! From a text to claims that our key signed and whose time is not over.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Validation};
use serde::Deserialize;
use serde_json::Value;

use super::claims::ISSUER;
use super::{Claims, VerifyingKey};
use crate::credential::MAX_CREDENTIAL;
use crate::id::KeyId;
use crate::secret::SecretText;
use crate::time::Timestamp;

/// The latest `exp` that is believed: the year 9999. A later one is a mistake or a trick.
const MAX_TIME: i64 = 253_402_300_799;

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Not three parts, bad base64 or JSON, claims missing or of the wrong type.
    #[error("invalid_jwt")]
    Malformed,
    /// Anything but RS256, RS384 and RS512.
    #[error("algorithm_not_supported")]
    Algorithm,
    /// No such key, or the key did not sign this.
    #[error("invalid_jwt_signature")]
    Signature,
    /// Its time is over.
    #[error("token_expired")]
    Expired,
    /// The subject's secret did not sign the identity.
    #[error("invalid_identity_signature")]
    IdentitySignature,
}

/// The header members that are looked at; typed, so that a repeated one is an error.
#[derive(Deserialize)]
struct Head {
    alg: String,
    #[serde(default)]
    typ: Option<String>,
    kid: String,
    #[serde(default)]
    crit: Option<Value>,
    #[serde(default)]
    jwk: Option<Value>,
    #[serde(default)]
    jku: Option<Value>,
    #[serde(default)]
    x5u: Option<Value>,
    #[serde(default)]
    x5c: Option<Value>,
}

/// Verifies form, algorithm, signature and time, in the order of crossbar.md section 5.2. The identity
/// signature needs the subject's secret and is the caller's next step.
///
/// `key` finds a key of the ring by its id; it must never create one.
///
/// # Errors
/// See [`TokenError`]; the first step that fails decides.
pub fn verify<'k>(
    token: &SecretText,
    key: impl FnOnce(KeyId) -> Option<&'k VerifyingKey>,
    now: Timestamp,
) -> Result<Claims, TokenError> {
    let text = token.expose();
    if text.len() > MAX_CREDENTIAL || text.split('.').count() != 3 {
        return Err(TokenError::Malformed);
    }
    let head = head(text)?;
    let algorithm = match head.alg.as_str() {
        "RS256" => Algorithm::RS256,
        "RS384" => Algorithm::RS384,
        "RS512" => Algorithm::RS512,
        _ => return Err(TokenError::Algorithm),
    };
    let kid = head.kid.parse().map_err(|_| TokenError::Signature)?;
    let key = key(kid).ok_or(TokenError::Signature)?;

    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    let claims = jsonwebtoken::decode::<Claims>(text, &key.decoding, &validation)
        .map_err(|error| match error.kind() {
            ErrorKind::InvalidSignature => TokenError::Signature,
            ErrorKind::InvalidAlgorithm => TokenError::Algorithm,
            _ => TokenError::Malformed,
        })?
        .claims;
    let in_range = |seconds: i64| (0..=MAX_TIME).contains(&seconds);
    if claims.iss != ISSUER
        || ![claims.exp, claims.iat, claims.auth_time]
            .into_iter()
            .all(in_range)
    {
        return Err(TokenError::Malformed);
    }
    if Timestamp::from_unix(claims.exp) <= now {
        return Err(TokenError::Expired);
    }
    Ok(claims)
}

fn head(text: &str) -> Result<Head, TokenError> {
    let part = text.split('.').next().unwrap_or_default();
    let bytes = URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| TokenError::Malformed)?;
    let head: Head = serde_json::from_slice(&bytes).map_err(|_| TokenError::Malformed)?;
    let foreign = [&head.crit, &head.jwk, &head.jku, &head.x5u, &head.x5c];
    if foreign.into_iter().any(Option::is_some) {
        return Err(TokenError::Malformed);
    }
    if head
        .typ
        .as_deref()
        .is_some_and(|typ| !typ.eq_ignore_ascii_case("jwt"))
    {
        return Err(TokenError::Malformed);
    }
    Ok(head)
}

#[cfg(test)]
mod tests;
