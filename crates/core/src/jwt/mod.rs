//! Crossbar tokens: JWT (RFC 7519) signed with RS256, as crossbar.md section 5 writes them down.
//!
//! Attacks and answers (RFC 8725, attacks.md S56 and S57): the algorithm family is pinned to RSA
//! before a key is even looked for, so `none` and HMAC keyed with the public key fail; keys come from
//! our ring by `kid` only, never from the token (`jwk`, `jku`, `x5u`, `x5c` and `crit` are refused);
//! claims are typed, so a negative, fractional, textual or repeated `exp` is no token at all; and an
//! `exp` is required.

mod assertion;
mod claims;
mod key;
mod verify;

pub use assertion::{ASSERTION_SECONDS, ASSERTION_TYPE, ActingParty, Assertion, AssertionKey};
pub use claims::{Claims, GenerationClaims, ISSUER, SwitchTo, identity_signature};
pub use key::{KeyError, SigningKey, VerifyingKey};
pub use verify::{TokenError, verify};
