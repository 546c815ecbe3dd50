//! The key of a document: an absolute URI in its canonical form.

use thiserror::Error;
use url::Url;

/// Longest key, in bytes, as sent and as kept.
pub(crate) const MAX_KEY: usize = 2048;

/// A key in its canonical form: no fragment, no dot segments, never without a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DocumentKey(Url);

/// Why a text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum KeyError {
    #[error("the key is longer than {MAX_KEY} bytes")]
    TooLong,
    #[error("the key has a control character")]
    Control,
    #[error("the key is not an absolute URI; it must begin with a scheme, as http://example.com/")]
    NotAbsolute,
    #[error("the key has a user name or password in it")]
    UserInfo,
}

impl DocumentKey {
    pub(crate) fn parse(text: &str) -> Result<Self, KeyError> {
        if text.len() > MAX_KEY {
            return Err(KeyError::TooLong);
        }
        // The URL standard drops some of them silently: two keys would become one.
        if text.chars().any(char::is_control) {
            return Err(KeyError::Control);
        }
        let mut url = Url::parse(text).map_err(|_| KeyError::NotAbsolute)?;
        // Keys are shown to whoever searches.
        if !url.username().is_empty() || url.password().is_some() {
            return Err(KeyError::UserInfo);
        }
        url.set_fragment(None);
        if url.path().is_empty() && !url.cannot_be_a_base() {
            url.set_path("/");
        }
        // Percent-encoding makes keys longer.
        if url.as_str().len() > MAX_KEY {
            return Err(KeyError::TooLong);
        }
        Ok(Self(url))
    }

    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The last part of the path, without what follows the last dot; for documents without a title.
    pub(crate) fn last_segment(&self) -> Option<&str> {
        let mut segments = self.0.path().rsplit('/');
        segments.find(|segment| !segment.is_empty())
    }
}

/// Whether a browser may be sent there. `javascript:` and `data:` are fine keys, but no links.
pub(crate) fn is_link(key: &str) -> bool {
    ["http://", "https://", "ftp://"]
        .iter()
        .any(|scheme| key.starts_with(scheme))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn canonical(text: &str) -> Result<String, KeyError> {
        DocumentKey::parse(text).map(|key| key.as_str().to_owned())
    }

    #[test]
    fn keys_are_canonicalised() {
        for (sent, kept) in [
            ("http://example.com", "http://example.com/"),
            ("HTTP://Example.COM:80/A", "http://example.com/A"),
            ("http://example.com/a#id", "http://example.com/a"),
            ("http://example.com/a/../b/./c", "http://example.com/b/c"),
            ("http://example.com/?a=b", "http://example.com/?a=b"),
            ("local://shelf", "local://shelf/"),
            ("local:shelf", "local:shelf"),
            ("http://example.com/ü x", "http://example.com/%C3%BC%20x"),
        ] {
            assert_eq!(canonical(sent).as_deref(), Ok(kept), "{sent}");
        }
    }

    #[test]
    fn what_is_no_absolute_uri_is_refused() {
        for bad in ["", "example.com/a", "/a", "//example.com/a", "http://"] {
            assert_eq!(canonical(bad), Err(KeyError::NotAbsolute), "{bad}");
        }
        assert_eq!(canonical("http://a/\n"), Err(KeyError::Control));
        assert_eq!(canonical("http://me:pw@a/"), Err(KeyError::UserInfo));
        let long = |letter: &str| format!("http://a/{}", letter.repeat(MAX_KEY - 9));
        assert!(canonical(&long("a")).is_ok());
        assert_eq!(
            canonical(&format!("{}a", long("a"))),
            Err(KeyError::TooLong)
        );
        assert_eq!(
            canonical(&format!("http://a/{}", "ü".repeat(900))),
            Err(KeyError::TooLong)
        );
    }

    #[test]
    fn only_web_addresses_are_links() {
        assert!(is_link("https://example.com/"));
        assert!(!is_link("javascript:alert(1)"));
        assert!(!is_link("data:text/html,x"));
        assert!(!is_link("local://shelf/"));
    }

    proptest! {
        #[test]
        fn canonical_keys_stay_as_they_are(text in ".{0,80}", path in "[a-z./#?%ü ]{0,40}") {
            for text in [text, format!("http://example.com/{path}")] {
                if let Ok(key) = canonical(&text) {
                    prop_assert_eq!(canonical(&key), Ok(key));
                }
            }
        }
    }
}
