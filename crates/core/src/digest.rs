//! The few hash constructions everything else is made of, all from aws-lc except MD5, which it has
//! not: old clients send it, and it is hashed slowly before it is stored ([`crate::verifier`]).

use aws_lc_rs::{digest, hkdf, hmac};
use md5::Digest as _;

use crate::hex;

/// SHA-256 of the bytes.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    fixed(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// HMAC-SHA-256 (RFC 2104).
#[must_use]
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    hmac_parts(key, &[message])
}

/// HMAC-SHA-256 over the parts as if they stood in one text, without copying secrets into one. Whoever calls frames
/// them; [`hmac_framed`] does it by itself.
#[must_use]
pub fn hmac_parts(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for part in parts {
        context.update(part);
    }
    fixed(context.sign().as_ref())
}

/// HMAC-SHA-256 over several parts, each preceded by its length, so that `("ab", "c")` and
/// `("a", "bc")` never meet (attacks.md S35).
#[must_use]
pub fn hmac_framed(key: &hmac::Key, parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        context.update(&(part.len() as u64).to_le_bytes());
        context.update(part);
    }
    fixed(context.sign().as_ref())
}

/// A 32-byte key for one purpose, derived from a master key (HKDF-SHA-256, RFC 5869).
#[must_use]
pub fn derive_key(master: &[u8], purpose: &str) -> [u8; 32] {
    derive_key_from(master, &[purpose.as_bytes()])
}

/// A 32-byte key as [`derive_key`] gives it, for a purpose in several parts that are as if they stood in one text.
///
/// # Panics
/// Never: 32 bytes is a length HKDF-SHA-256 can give.
#[must_use]
#[expect(
    clippy::expect_used,
    reason = "32 bytes is below the 255 * 32 that HKDF-SHA-256 can give"
)]
pub fn derive_key_from(master: &[u8], purpose: &[&[u8]]) -> [u8; 32] {
    let mut key = [0; 32];
    hkdf::Salt::new(hkdf::HKDF_SHA256, b"doorward")
        .extract(master)
        .expand(purpose, hkdf::HKDF_SHA256)
        .and_then(|material| material.fill(&mut key))
        .expect("32 bytes fit");
    key
}

/// Lower-case hexadecimal MD5 of `username:password`, what Crossbar clients send by default
/// (crossbar.md section 2).
#[must_use]
pub fn md5_credentials(username: &str, password: &str) -> String {
    let mut hash = md5::Md5::new();
    hash.update(username.as_bytes());
    hash.update(b":");
    hash.update(password.as_bytes());
    hex::encode(&hash.finalize())
}

/// Lower-case hexadecimal SHA-1 of `username:password`, what Crossbar clients send with
/// `method: sha`.
#[must_use]
pub fn sha1_credentials(username: &str, password: &str) -> String {
    let mut hash = digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY);
    hash.update(username.as_bytes());
    hash.update(b":");
    hash.update(password.as_bytes());
    hex::encode(hash.finish().as_ref())
}

/// MD5 of the bytes in hexadecimal: for entity tags, never for security.
#[must_use]
pub fn md5_tag(bytes: &[u8]) -> String {
    hex::encode(&md5::Md5::digest(bytes))
}

fn fixed(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    for (to, from) in out.iter_mut().zip(bytes) {
        *to = *from;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_vectors_hold() {
        let (name, password) = ("john@example.com", "m32c6NfqYEt");
        assert_eq!(
            md5_credentials(name, password),
            "82a2dc91686ec828a67152d45a5c5ef7"
        );
        assert_eq!(
            sha1_credentials(name, password),
            "055cf886cb9b5c5867083463867c527ace0f8ecc"
        );
        assert_eq!(
            md5_credentials("username", "password"),
            "133e1b8eda335c4c7f7a508620ca7f10"
        );
    }

    #[test]
    fn atk_s35_framed_parts_never_meet() {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
        assert_ne!(
            hmac_framed(&key, &[b"ab", b"c"]),
            hmac_framed(&key, &[b"a", b"bc"])
        );
        assert_ne!(
            hmac_framed(&key, &[b"ab"]),
            hmac_framed(&key, &[b"ab", b""])
        );
    }

    #[test]
    fn derived_keys_differ_by_purpose() {
        assert_ne!(derive_key(&[1; 32], "seal"), derive_key(&[1; 32], "cursor"));
        assert_eq!(derive_key(&[1; 32], "seal"), derive_key(&[1; 32], "seal"));
    }

    #[test]
    fn parts_are_as_if_they_stood_in_one_text() {
        // Made with Python's `hmac`.
        let seal = "aa7dc9c46a2733345c0659e72e4af5429c9ef671a5ab6c3760e6b05ec77d527b";
        assert_eq!(hex::encode(&derive_key(&[1; 32], "seal")), seal);
        assert_eq!(
            hex::encode(&derive_key_from(&[1; 32], &[b"se", b"", b"al"])),
            seal
        );
        assert_eq!(hmac_parts(b"k", &[b"a", b"bc"]), hmac_sha256(b"k", b"abc"));
    }
}
