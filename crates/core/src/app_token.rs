//! Application tokens: what a program shows instead of a password.
//!
//! A token is `fbat_`, then 32 random bytes in 43 characters of URL-safe base64 without padding, then 6 characters
//! of checksum: CRC-32 (IEEE 802.3) over the 48 characters before it, in base 62 (digits, upper case, lower case),
//! filled up with zeros from the left. Secret scanners find a leaked one by
//!
//! ```text
//! fbat_[A-Za-z0-9_-]{43}[0-9A-Za-z]{6}
//! ```
//!
//! and tell it from a placeholder by the checksum, without asking anybody. The checksum protects nothing: whoever
//! invents a token can compute it, too.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::digest;
use crate::permission::{NotAName, is_name};
use crate::secret::{self, SecretText};

/// What application tokens begin with.
pub const APP_TOKEN_PREFIX: &str = "fbat_";
/// Characters in front of the checksum.
const BODY_LEN: usize = APP_TOKEN_PREFIX.len() + 43;
/// Six digits in base 62 hold any 32 bits.
const CHECKSUM_LEN: usize = 6;

/// An application token in clear: it is shown once, when it is made, and stored only as [`AppToken::digest`].
#[derive(Debug, Clone)]
pub struct AppToken(SecretText);

impl AppToken {
    /// Makes a token of 32 random bytes.
    #[must_use]
    pub fn new(random: [u8; 32]) -> Self {
        let mut text = String::with_capacity(BODY_LEN.saturating_add(CHECKSUM_LEN));
        text.push_str(APP_TOKEN_PREFIX);
        URL_SAFE_NO_PAD.encode_string(random, &mut text);
        let checksum = base62(crc32(text.as_bytes()));
        text.extend(checksum);
        Self(SecretText::new(text))
    }

    /// Reads a token; `None` for anything that [`AppToken::new`] would not have written.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let body = text.get(APP_TOKEN_PREFIX.len()..BODY_LEN)?;
        let random: [u8; 32] = URL_SAFE_NO_PAD.decode(body).ok()?.try_into().ok()?;
        let token = Self::new(random);
        secret::equal(token.expose().as_bytes(), text.as_bytes()).then_some(token)
    }

    /// Shows the text; each use is one that a reviewer looks at.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// SHA-256 of the whole text: what is stored. A fast hash is enough for 256 random bits.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        digest::sha256(self.expose().as_bytes())
    }
}

/// The name an application's token goes by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AppTokenName(Arc<str>);

impl AppTokenName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AppTokenName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for AppTokenName {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        is_name(text).then(|| Self(text.into())).ok_or(NotAName)
    }
}

impl Serialize for AppTokenName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for AppTokenName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// What an application token is called, and the user-id beside it in Basic: `client~name`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label {
    /// The program it is for.
    pub client: AppTokenName,
    /// Which of the program's tokens it is.
    pub name: AppTokenName,
}

/// Between the two; no name holds it.
const SEPARATOR: char = '~';

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{SEPARATOR}{}", self.client, self.name)
    }
}

impl FromStr for Label {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        let (client, name) = text.split_once(SEPARATOR).ok_or(NotAName)?;
        Ok(Self {
            client: client.parse()?,
            name: name.parse()?,
        })
    }
}

/// CRC-32 (IEEE 802.3, reflected). Bit by bit: 48 bytes are not worth a table.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            let carry = crc & 1;
            crc >>= 1;
            if carry == 1 {
                crc ^= 0xedb8_8320;
            }
        }
    }
    !crc
}

/// Six digits, the highest first.
fn base62(mut number: u32) -> [char; CHECKSUM_LEN] {
    let mut digits = ['0'; CHECKSUM_LEN];
    for digit in digits.iter_mut().rev() {
        *digit = base62_digit((number % 62) as u8);
        number /= 62;
    }
    digits
}

fn base62_digit(value: u8) -> char {
    char::from(match value {
        0..=9 => b'0' + value,
        10..=35 => b'A' + (value - 10),
        _ => b'a' + (value - 36),
    })
}

#[cfg(test)]
mod tests;
