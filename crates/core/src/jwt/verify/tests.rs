//! Tokens that are not ours, or not any more: RFC 7515's vector, and attacks.md S56 and S57.

use std::sync::OnceLock;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RsaEncoding};
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::*;
use crate::digest::hmac_sha256;
use crate::jwt::SigningKey;
use crate::secret::SecretBytes;

mod attacks;
mod rfc7515;
mod times;

const KID: KeyId = KeyId::new([7; 16]);
const NOW: Timestamp = Timestamp::from_unix(1_772_440_200);

/// The one key of these tests: drawing it takes long.
fn pkcs8() -> &'static SecretBytes {
    static KEY: OnceLock<SecretBytes> = OnceLock::new();
    KEY.get_or_init(|| {
        let key = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let der: Pkcs8V1Der<'_> = key.as_der().unwrap();
        SecretBytes::new(der.as_ref().to_vec())
    })
}

fn verifying() -> VerifyingKey {
    VerifyingKey::from_pkcs8(KID, pkcs8()).unwrap()
}

fn check_at(token: &str, now: Timestamp) -> Result<Claims, TokenError> {
    let key = verifying();
    verify(&token.into(), |kid| (kid == KID).then_some(&key), now)
}

fn check(token: &str) -> Result<Claims, TokenError> {
    check_at(token, NOW)
}

fn header() -> Value {
    json!({"alg": "RS256", "typ": "JWT", "kid": KID.to_string()})
}

fn claims() -> Value {
    json!({
        "iss": "kazoo",
        "account_id": "0123456789abcdef0123456789abcdef",
        "owner_id": "fedcba9876543210fedcba9876543210",
        "method": "cb_user_auth",
        "exp": NOW.unix() + 3600,
        "iat": NOW.unix(),
        "auth_time": NOW.unix(),
        "amr": ["pwd"],
        "cred": "password",
        "jti": "00112233445566778899aabbccddeeff",
        "gen": {"s": 1},
        "identity_sig": "AAAA",
    })
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Signs raw texts: what a holder of the key could do, and nobody else.
fn sign_raw(encoding: &'static dyn RsaEncoding, header: &str, claims: &str) -> String {
    let key = KeyPair::from_pkcs8(pkcs8().expose()).unwrap();
    let input = format!("{}.{}", encode(header), encode(claims));
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(
        encoding,
        &SystemRandom::new(),
        input.as_bytes(),
        &mut signature,
    )
    .unwrap();
    format!("{input}.{}", encode(signature))
}

fn sign(header: &Value, claims: &Value) -> String {
    sign_raw(&RSA_PKCS1_SHA256, &header.to_string(), &claims.to_string())
}

/// The header with a member set.
fn header_with(name: &str, value: Value) -> Value {
    let mut header = header();
    header[name] = value;
    header
}

/// The claims with a member set.
fn claims_with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

#[test]
fn what_we_sign_verifies() {
    let claims: Claims = serde_json::from_value(claims()).unwrap();
    let key = SigningKey::from_pkcs8(KID, pkcs8()).unwrap();
    let token = key.sign(&claims).unwrap();
    assert_eq!(check(token.expose()), Ok(claims));
}

#[test]
fn a_header_without_typ_verifies() {
    let header = json!({"alg": "RS256", "kid": KID.to_string()});
    assert!(check(&sign(&header, &claims())).is_ok());
}

#[test]
fn the_longer_digests_of_rsa_verify() {
    for (name, encoding) in [
        ("RS384", &RSA_PKCS1_SHA384 as &'static dyn RsaEncoding),
        ("RS512", &RSA_PKCS1_SHA512),
    ] {
        let header = header_with("alg", json!(name)).to_string();
        let token = sign_raw(encoding, &header, &claims().to_string());
        assert!(check(&token).is_ok(), "{name}");
        let mixed = sign_raw(&RSA_PKCS1_SHA256, &header, &claims().to_string());
        assert_eq!(check(&mixed), Err(TokenError::Signature), "{name}");
    }
}

#[test]
fn unknown_claims_do_not_matter() {
    let token = sign(&header(), &claims_with("displayName", json!("Ad Min")));
    assert!(check(&token).is_ok());
}

#[test]
fn every_documented_claim_is_required() {
    for name in ["iss", "account_id", "method", "exp", "identity_sig", "jti"] {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(name);
        let token = sign(&header(), &claims);
        assert_eq!(check(&token), Err(TokenError::Malformed), "{name}");
    }
}

#[test]
fn another_issuer_is_not_believed() {
    for iss in [json!("kazoo2"), json!("Kazoo"), json!(""), json!(["kazoo"])] {
        let token = sign(&header(), &claims_with("iss", iss));
        assert_eq!(check(&token), Err(TokenError::Malformed));
    }
}
