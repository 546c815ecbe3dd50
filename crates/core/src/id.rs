//! Typed ids: 128 random bits, written as 32 lower-case hexadecimal digits.
//!
//! The Crossbar dialect puts ids of this shape on the wire (crossbar.md, vocabulary). Each kind of
//! thing has its own type, so that an account's id can never be passed for a user's.

use std::fmt;
use std::str::FromStr;

use crate::hex;

/// The text is not 32 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id is 32 lower-case hexadecimal digits")]
pub struct NotAnId;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// Makes an id of 16 random bytes.
            #[must_use]
            pub const fn new(random: [u8; 16]) -> Self {
                Self(random)
            }

            /// The 16 bytes behind the text.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                hex::decode(text).map(Self).ok_or(NotAnId)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

ids! {
    /// A tenant of the account tree.
    AccountId
    /// A login inside an account.
    UserId
    /// One row of the credential table.
    CredentialId
    /// A key of the key ring; the `kid` of tokens.
    KeyId
    /// One issued token (`jti`, RFC 7519 section 4.1.7).
    TokenId
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn debug_names_the_kind() {
        let id = AccountId::new([0xab; 16]);
        assert_eq!(format!("{id:?}"), format!("AccountId({})", "ab".repeat(16)));
    }

    proptest! {
        #[test]
        fn text_round_trips(random: [u8; 16]) {
            let id = UserId::new(random);
            prop_assert_eq!(id.to_string().parse(), Ok(id));
        }

        #[test]
        fn parsing_never_panics(text: String) {
            std::hint::black_box(text.parse::<TokenId>().is_ok());
        }
    }
}
