//! What an upstream is told in a form it can verify: a JWT signed with ES256 (RFC 7518 section 3.4), good for a minute
//! and for one API (decision 18). Its type keeps it apart from every other JWT of ours (RFC 8725 section 3.11).

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;
use serde_json::{Value, json};

use super::KeyError;
use crate::id::{AccountId, KeyId, TokenId, UserId};
use crate::identity::Factor;
use crate::secret::{SecretBytes, SecretText};

/// The value of `typ` in the header.
pub const ASSERTION_TYPE: &str = "doorward-assertion+jwt";
/// How long an assertion is good, in seconds.
pub const ASSERTION_SECONDS: i64 = 60;

/// Everything an assertion says.
#[derive(Debug, Clone, Serialize)]
pub struct Assertion<'a> {
    /// Our first public origin.
    pub iss: &'a str,
    /// The user's id, else the account's.
    pub sub: String,
    /// The API's name.
    pub aud: &'a str,
    /// The caller's account.
    pub account_id: AccountId,
    /// The caller's username.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<&'a str>,
    /// The caller's roles.
    pub roles: Vec<&'a str>,
    /// What proved the identity (RFC 8176).
    pub amr: &'a [Factor],
    /// Who acts as the caller (RFC 8693 section 4.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub act: Option<ActingParty>,
    /// The assertion's own id.
    pub jti: TokenId,
    /// Unix seconds of issue.
    pub iat: i64,
    /// Unix seconds from which on it is no longer good.
    pub exp: i64,
}

/// The impersonator.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct ActingParty {
    /// Its user id.
    pub sub: UserId,
    /// Its account.
    pub account_id: AccountId,
}

/// A P-256 key that signs assertions.
pub struct AssertionKey {
    id: KeyId,
    encoding: EncodingKey,
    /// The uncompressed point: 4, then 32 bytes each.
    public: [u8; 65],
}

impl AssertionKey {
    /// Reads a PKCS#8 private key (RFC 5958).
    ///
    /// # Errors
    /// [`KeyError`] when the bytes are no P-256 key.
    pub fn from_pkcs8(id: KeyId, der: &SecretBytes) -> Result<Self, KeyError> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.expose())
            .map_err(|_| KeyError)?;
        let public = pair.public_key().as_ref();
        Ok(Self {
            id,
            encoding: EncodingKey::from_ec_der(der.expose()),
            public: public.try_into().map_err(|_| KeyError)?,
        })
    }

    /// The `kid`.
    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// Signs an assertion.
    ///
    /// # Errors
    /// [`KeyError`] when the key refuses to sign.
    pub fn sign(&self, assertion: &Assertion<'_>) -> Result<SecretText, KeyError> {
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(ASSERTION_TYPE.to_owned());
        header.kid = Some(self.id.to_string());
        jsonwebtoken::encode(&header, assertion, &self.encoding)
            .map(SecretText::new)
            .map_err(|_| KeyError)
    }

    /// The public half (RFC 7517, RFC 7518 section 6.2.1).
    #[must_use]
    pub fn jwk(&self) -> Value {
        let coordinate = |from: usize| {
            let bytes = self.public.get(from..from + 32).unwrap_or_default();
            URL_SAFE_NO_PAD.encode(bytes)
        };
        json!({
            "kty": "EC",
            "crv": "P-256",
            "x": coordinate(1),
            "y": coordinate(33),
            "alg": "ES256",
            "use": "sig",
            "kid": self.id.to_string(),
        })
    }
}

impl std::fmt::Debug for AssertionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AssertionKey({})", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::jwk::Jwk;
    use jsonwebtoken::{DecodingKey, Validation};

    fn key() -> AssertionKey {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let der = SecretBytes::new(pair.to_pkcs8v1().unwrap().as_ref().to_vec());
        AssertionKey::from_pkcs8(KeyId::new([7; 16]), &der).unwrap()
    }

    fn assertion(exp: i64) -> Assertion<'static> {
        Assertion {
            iss: "https://auth.example.com",
            sub: UserId::new([2; 16]).to_string(),
            aud: "push",
            account_id: AccountId::new([1; 16]),
            username: Some("bob"),
            roles: vec!["push-only"],
            amr: &[Factor::Pwd],
            act: Some(ActingParty {
                sub: UserId::new([3; 16]),
                account_id: AccountId::new([4; 16]),
            }),
            jti: TokenId::new([5; 16]),
            iat: 1,
            exp,
        }
    }

    fn verify(key: &Value, token: &SecretText, audience: &str) -> Result<Value, String> {
        let jwk: Jwk = serde_json::from_value(key.clone()).unwrap();
        let mut validation = Validation::new(Algorithm::ES256);
        validation.set_audience(&[audience]);
        validation.set_issuer(&["https://auth.example.com"]);
        jsonwebtoken::decode::<Value>(
            token.expose(),
            &DecodingKey::from_jwk(&jwk).unwrap(),
            &validation,
        )
        .map(|data| data.claims)
        .map_err(|error| error.to_string())
    }

    #[test]
    fn an_assertion_is_verified_by_the_published_key_for_its_api_only() {
        let key = key();
        let token = key.sign(&assertion(4_102_444_800)).unwrap();
        let claims = verify(&key.jwk(), &token, "push").unwrap();
        assert_eq!(claims["sub"], "02".repeat(16));
        assert_eq!(claims["amr"], json!(["pwd"]));
        assert_eq!(claims["act"]["sub"], "03".repeat(16));
        assert!(verify(&key.jwk(), &token, "admin").is_err());
        assert!(verify(&self::key().jwk(), &token, "push").is_err());
        let header = jsonwebtoken::decode_header(token.expose()).unwrap();
        assert_eq!(header.typ.as_deref(), Some(ASSERTION_TYPE));
        let over = key.sign(&assertion(2)).unwrap();
        assert!(verify(&key.jwk(), &over, "push").is_err());
    }

    #[test]
    fn an_rsa_key_signs_no_assertion() {
        let der = SecretBytes::new(vec![0; 32]);
        assert!(AssertionKey::from_pkcs8(KeyId::new([1; 16]), &der).is_err());
    }

    #[test]
    fn what_is_not_known_is_absent() {
        let mut anonymous = assertion(2);
        (anonymous.username, anonymous.act) = (None, None);
        let value = serde_json::to_value(&anonymous).unwrap();
        assert!(value.get("username").is_none() && value.get("act").is_none());
    }
}
