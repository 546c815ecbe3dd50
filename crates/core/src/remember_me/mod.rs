//! Funnelback's login token, in the shape of Spring's `TokenBasedRememberMeServices`:
//!
//! ```text
//! token = base64( username ":" expiry ":" signature )     standard alphabet, no padding
//! ```
//!
//! with the username form-encoded as Java does, the expiry in decimal milliseconds since the Unix epoch and the
//! signature as 64 lower-case hexadecimal digits:
//!
//! ```text
//! signature = HMAC-SHA-256( key, "fbk-token-v1" 0x00
//!                                u32be(length) username  u64be(expiry)  u32be(length) user_secret )
//! ```
//!
//! Attack: Spring signs `username:expiry:password:key` without lengths, so that fields can be shifted into each
//! other. Answer: ours are framed, and what Spring itself signed never verifies.
//!
//! Attack: a denied token comes back in another spelling (an odd escape, upper case, bits that encode nothing) that
//! the deny list does not know. Answer: each meaning has one spelling, apart from padding, and what is denied is
//! the meaning ([`RememberMe::id`]).

mod url;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::id::{TokenId, UserId};
use crate::secret::{self, SecretBytes, SecretText};
use crate::time::Timestamp;
use crate::{digest, hex};

/// Longest token, in characters, padding included.
pub const MAX_TOKEN: usize = 1024;
/// What the signed message begins with.
const MESSAGE_KIND: &[u8] = b"fbk-token-v1\0";
/// What the derivation of a user's secret begins with.
const SECRET_KIND: &[u8] = b"doorward remember-me v1\0";

/// The text is not a login token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a login token")]
pub struct Malformed;

/// A login token that was read; nothing says yet that we signed it.
#[derive(Debug, Clone)]
pub struct RememberMe {
    username: String,
    expires_ms: u64,
    signature: SecretBytes,
}

/// Generations of what a login token rests on: as soon as one of them moves, the token no longer verifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generations {
    /// The user's.
    pub user: u64,
    /// The account's.
    pub account: u64,
    /// The system's.
    pub system: u64,
}

impl RememberMe {
    /// Reads a token, padded or not.
    ///
    /// # Errors
    /// [`Malformed`] for everything that [`issue`] would not have written.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let fields = decode(text).ok_or(Malformed)?;
        let token = Self::read(fields.expose()).ok_or(Malformed)?;
        // Refuses `%61`, `%c3`, a bare `~`, an expiry of `+1` or `01`: the deny list would have to know them all.
        if write(&token.username, token.expires_ms, token.signature.expose()).expose()
            == fields.expose()
        {
            Ok(token)
        } else {
            Err(Malformed)
        }
    }

    fn read(text: &str) -> Option<Self> {
        let mut fields = text.split(':');
        let (username, expiry, signature) = (fields.next()?, fields.next()?, fields.next()?);
        if fields.next().is_some() {
            return None;
        }
        Some(Self {
            username: url::decode(username)?,
            expires_ms: expiry.parse().ok()?,
            signature: SecretBytes::new(hex::decode::<32>(signature)?.to_vec()),
        })
    }

    /// The username it names, as given to [`issue`].
    #[must_use]
    pub fn username(&self) -> &str {
        &self.username
    }

    /// Milliseconds since the Unix epoch from which on it is no longer good.
    #[must_use]
    pub const fn expires_ms(&self) -> u64 {
        self.expires_ms
    }

    /// From when on it is no longer good; far times are cut to what fits.
    #[must_use]
    pub fn expires(&self) -> Timestamp {
        let millis = i64::try_from(self.expires_ms).unwrap_or(i64::MAX);
        Timestamp::from_micros(millis.saturating_mul(1000))
    }

    /// Whether the signature was made with this key and this secret of the user, see [`user_secret`]. Takes the
    /// same time wherever they differ.
    #[must_use]
    pub fn is_signed_with(&self, key: &[u8; 32], user_secret: &[u8; 32]) -> bool {
        let expected = sign(&self.username, self.expires_ms, key, user_secret);
        secret::equal(&expected, self.signature.expose())
    }

    /// What a deny list holds: it stands for the meaning of the token, not for one of its texts, and does not
    /// give the signature away.
    #[must_use]
    pub fn id(&self, user: UserId) -> TokenId {
        let mut message = Vec::new();
        for part in [
            user.as_bytes().as_slice(),
            &self.expires_ms.to_be_bytes(),
            self.signature.expose(),
        ] {
            message.extend(length(part));
            message.extend(part);
        }
        let message = SecretBytes::new(message);
        let mut id = [0; 16];
        for (to, from) in id.iter_mut().zip(digest::sha256(message.expose())) {
            *to = from;
        }
        TokenId::new(id)
    }
}

/// Writes a token, unpadded. `None` for a username so long that the token would exceed [`MAX_TOKEN`]: nobody could
/// use it.
#[must_use]
pub fn issue(
    username: &str,
    expires_ms: u64,
    key: &[u8; 32],
    user_secret: &[u8; 32],
) -> Option<SecretText> {
    // Escapes only lengthen it, so that nothing of any size is copied for a refusal.
    if username.len() > MAX_TOKEN {
        return None;
    }
    let signature = sign(username, expires_ms, key, user_secret);
    let fields = write(username, expires_ms, &signature);
    let token = SecretText::new(STANDARD_NO_PAD.encode(fields.expose()));
    (token.expose().len() <= MAX_TOKEN).then_some(token)
}

/// The secret that a user's tokens are signed with, beside the key: HKDF-SHA-256 over the user's signature secret,
/// bound to the generations.
#[must_use]
pub fn user_secret(secret: &[u8], generations: Generations) -> [u8; 32] {
    let Generations {
        user,
        account,
        system,
    } = generations;
    digest::derive_key_from(
        secret,
        &[
            SECRET_KIND,
            &user.to_be_bytes(),
            &account.to_be_bytes(),
            &system.to_be_bytes(),
        ],
    )
}

/// The fields behind the base64.
fn decode(text: &str) -> Option<SecretText> {
    if text.len() > MAX_TOKEN {
        return None;
    }
    let body = text.trim_end_matches('=');
    match (body.len() % 4, text.strip_prefix(body)?) {
        (_, "") | (2, "==") | (3, "=") => {}
        _ => return None,
    }
    let bytes = STANDARD_NO_PAD.decode(body).ok()?;
    String::from_utf8(bytes).ok().map(SecretText::new)
}

fn write(username: &str, expires_ms: u64, signature: &[u8]) -> SecretText {
    let (username, signature) = (url::encode(username), hex::encode(signature));
    format!("{username}:{expires_ms}:{signature}").into()
}

fn sign(username: &str, expires_ms: u64, key: &[u8; 32], user_secret: &[u8; 32]) -> [u8; 32] {
    digest::hmac_parts(
        key,
        &[
            MESSAGE_KIND,
            &length(username.as_bytes()),
            username.as_bytes(),
            &expires_ms.to_be_bytes(),
            &length(user_secret),
            user_secret,
        ],
    )
}

/// The frame before a part; every part is bounded by [`MAX_TOKEN`].
fn length(part: &[u8]) -> [u8; 4] {
    u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests;
