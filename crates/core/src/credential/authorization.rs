//! The `Authorization` header (RFC 9110 section 11.6.2): scheme, one or more spaces, credentials.

use super::MAX_CREDENTIAL;
use crate::secret::SecretText;

/// A parsed `Authorization` value.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Authorization {
    /// `Basic`, with its token68 still encoded (RFC 7617).
    Basic(SecretText),
    /// `Bearer` (RFC 6750).
    Bearer(SecretText),
    /// Any other scheme, no scheme, nothing behind the scheme, or too long.
    Unknown,
}

impl Authorization {
    /// Reads the header's value. Schemes are case-insensitive.
    #[must_use]
    pub fn parse(value: &str) -> Self {
        if value.len() > MAX_CREDENTIAL {
            return Self::Unknown;
        }
        let Some((scheme, rest)) = value.trim_matches(' ').split_once(' ') else {
            return Self::Unknown;
        };
        let rest = rest.trim_matches(' ');
        if rest.is_empty() || rest.contains(' ') {
            return Self::Unknown;
        }
        if scheme.eq_ignore_ascii_case("basic") {
            Self::Basic(rest.into())
        } else if scheme.eq_ignore_ascii_case("bearer") {
            Self::Bearer(rest.into())
        } else {
            Self::Unknown
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn schemes_are_read_without_case() {
        assert!(
            matches!(Authorization::parse("bAsIc eA=="), Authorization::Basic(t) if t.expose() == "eA==")
        );
        assert!(
            matches!(Authorization::parse("Bearer  x"), Authorization::Bearer(t) if t.expose() == "x")
        );
        for bad in [
            "",
            "Basic",
            "Basic ",
            "x",
            "Digest a",
            "Basic a b",
            "Basica",
        ] {
            assert!(
                matches!(Authorization::parse(bad), Authorization::Unknown),
                "{bad:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics(value: String) {
            std::hint::black_box(Authorization::parse(&value));
        }
    }
}
