//! Basic credentials (RFC 7617): base64 of `user-id:password`, split at the first colon only,
//! nothing trimmed (attacks.md S47).

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::MAX_CREDENTIAL;
use crate::id::AccountId;
use crate::secret::SecretText;

/// The standard alphabet, with or without padding; bits that encode nothing must be zero.
const UNPADDED: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Whether the base64 must be padded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    /// As RFC 4648 section 4 says.
    Required,
    /// As old clients of Java servers send it (funnelback.md section 2.2).
    Optional,
}

/// Decoded Basic credentials.
#[derive(Debug, Clone)]
pub struct Basic {
    /// The part before the first colon.
    pub user_id: String,
    /// Everything behind it.
    pub password: SecretText,
}

/// Why Basic credentials are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BasicError {
    /// Longer than [`MAX_CREDENTIAL`].
    #[error("credentials too long")]
    TooLong,
    /// Not base64 with padding (RFC 4648 section 4).
    #[error("not base64")]
    Base64,
    /// Not UTF-8, the only charset RFC 7617 section 2.1 knows.
    #[error("not UTF-8")]
    Utf8,
    /// No colon between user-id and password.
    #[error("no colon")]
    Colon,
    /// Control characters, which RFC 7617 section 2 forbids.
    #[error("control characters")]
    Control,
}

impl Basic {
    /// Decodes a token68.
    ///
    /// # Errors
    /// See [`BasicError`].
    pub fn decode(token68: &str) -> Result<Self, BasicError> {
        Self::decode_with(token68, Padding::Required)
    }

    /// Decodes a token68 that may come without padding.
    ///
    /// # Errors
    /// See [`BasicError`].
    pub fn decode_with(token68: &str, padding: Padding) -> Result<Self, BasicError> {
        let base64 = match padding {
            Padding::Required => STANDARD,
            Padding::Optional => UNPADDED,
        };
        if token68.len() > MAX_CREDENTIAL {
            return Err(BasicError::TooLong);
        }
        let bytes = base64.decode(token68).map_err(|_| BasicError::Base64)?;
        let text = String::from_utf8(bytes).map_err(|_| BasicError::Utf8)?;
        if text.chars().any(char::is_control) {
            return Err(BasicError::Control);
        }
        let (user_id, password) = text.split_once(':').ok_or(BasicError::Colon)?;
        Ok(Self {
            user_id: user_id.to_owned(),
            password: password.into(),
        })
    }

    /// Encodes the credentials, as clients do.
    #[must_use]
    pub fn encode(&self) -> String {
        STANDARD.encode(format!("{}:{}", self.user_id, self.password.expose()))
    }

    /// Crossbar's form: the user-id is an account's id (decision 9).
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        self.user_id.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn atk_s47_only_the_first_colon_splits_and_nothing_is_trimmed() {
        let basic = Basic::decode(&STANDARD.encode(" a: b:c ")).unwrap();
        assert_eq!(
            (basic.user_id.as_str(), basic.password.expose()),
            (" a", " b:c ")
        );
    }

    #[test]
    fn rfc_7617_examples_decode() {
        let basic = Basic::decode("QWxhZGRpbjpvcGVuIHNlc2FtZQ==").unwrap();
        assert_eq!(
            (basic.user_id.as_str(), basic.password.expose()),
            ("Aladdin", "open sesame")
        );
        let basic = Basic::decode("dGVzdDoxMjPCow==").unwrap();
        assert_eq!(
            (basic.user_id.as_str(), basic.password.expose()),
            ("test", "123\u{a3}")
        );
    }

    #[test]
    fn what_is_not_basic_is_refused() {
        assert_eq!(Basic::decode("!").unwrap_err(), BasicError::Base64);
        assert_eq!(
            Basic::decode("QWxhZGRpbjpvcGVuIHNlc2FtZQ").unwrap_err(),
            BasicError::Base64
        );
        assert_eq!(Basic::decode("").unwrap_err(), BasicError::Colon);
        assert_eq!(
            Basic::decode(&STANDARD.encode("abc")).unwrap_err(),
            BasicError::Colon
        );
        assert_eq!(
            Basic::decode(&STANDARD.encode([0xff, b':'])).unwrap_err(),
            BasicError::Utf8
        );
        assert_eq!(
            Basic::decode(&STANDARD.encode("a:b\n")).unwrap_err(),
            BasicError::Control
        );
        assert_eq!(
            Basic::decode(&"A".repeat(MAX_CREDENTIAL + 4)).unwrap_err(),
            BasicError::TooLong
        );
    }

    proptest! {
        #[test]
        fn decoding_never_panics(text: String) {
            std::hint::black_box(Basic::decode(&text).is_ok());
        }

        #[test]
        fn credentials_round_trip(user_id in "[^:\\p{Cc}]{0,40}", password in "[^\\p{Cc}]{0,40}") {
            let basic = Basic { user_id, password: password.as_str().into() };
            let back = Basic::decode(&basic.encode()).unwrap();
            prop_assert_eq!(back.user_id, basic.user_id);
            prop_assert_eq!(back.password.expose(), basic.password.expose());
        }
    }
}
