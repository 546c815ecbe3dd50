//! From a path to segments (crossbar.md sections 1.1 and 1.2).
//!
//! Attack: two readings of one path (`%2f`, `..`, a backslash), one for the check and one for the action.
//! Answer: every segment is decoded once, and one that could be read in two ways names nothing.

use percent_encoding::percent_decode_str;

/// Where a path leads.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// `/` itself.
    Root,
    /// Outside the dialect.
    Unclaimed,
    /// Under `/v1`, which is switched off.
    Gone,
    /// Under a version, but nothing that could be a resource.
    Unknown,
    /// Decoded segments behind the version, at least one.
    Segments(Vec<String>),
}

/// Reads a path; `v1` says whether `/v1` is an alias.
pub(super) fn read(path: &str, v1: bool) -> Place {
    if path == "/" {
        return Place::Root;
    }
    let trimmed = path.trim_end_matches('/');
    let mut parts = trimmed.strip_prefix('/').unwrap_or_default().split('/');
    match parts.next().and_then(version) {
        None => return Place::Unclaimed,
        Some("2") => {}
        Some("1") if v1 => {}
        Some("1") => return Place::Gone,
        Some(_) => return Place::Unknown,
    }
    match parts.map(decode).collect::<Option<Vec<String>>>() {
        Some(segments) if !segments.is_empty() => Place::Segments(segments),
        _ => Place::Unknown,
    }
}

/// The digits behind `v`.
fn version(segment: &str) -> Option<&str> {
    let digits = segment.strip_prefix('v')?;
    (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())).then_some(digits)
}

/// A segment in clear; `None` if it is empty, not UTF-8, or could be read as more than a name.
fn decode(segment: &str) -> Option<String> {
    let text = percent_decode_str(segment).decode_utf8().ok()?;
    let ambiguous = |c: char| matches!(c, '/' | '\\') || c.is_control();
    if text.is_empty() || text == "." || text == ".." || text.chars().any(ambiguous) {
        return None;
    }
    Some(text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use proptest::prelude::*;

    fn segments(parts: &[&str]) -> Place {
        Place::Segments(parts.iter().map(|part| (*part).to_owned()).collect())
    }

    #[test]
    fn trailing_slashes_do_not_count() {
        for path in ["/v2/user_auth", "/v2/user_auth/", "/v2/user_auth//"] {
            assert_eq!(read(path, true), segments(&["user_auth"]));
        }
    }

    #[test]
    fn versions_are_told_apart() {
        assert_eq!(read("/v1/auth", true), segments(&["auth"]));
        assert_eq!(read("/v1/auth", false), Place::Gone);
        for path in ["/v3/auth", "/v02/auth", "/v2", "/v2/", "/v2//accounts"] {
            assert_eq!(read(path, true), Place::Unknown, "{path}");
        }
        for path in ["/v", "/vx/auth", "/", "//", "", "*", "/x", "//v2/auth"] {
            let expected = if path == "/" {
                Place::Root
            } else {
                Place::Unclaimed
            };
            assert_eq!(read(path, true), expected, "{path}");
        }
    }

    #[test]
    fn what_can_be_read_in_two_ways_names_nothing() {
        for segment in ["%2f", "a%2Fb", "..", ".", "%2e%2e", "a%5cb", "a%00", "%ff"] {
            assert_eq!(
                read(&format!("/v2/auth/{segment}"), true),
                Place::Unknown,
                "{segment}"
            );
        }
    }

    proptest! {
        #[test]
        fn reading_never_panics(path: String, v1: bool) {
            let _ = read(&path, v1);
        }

        #[test]
        fn percent_encoding_round_trips(name in "[^/\\\\\\p{Cc}.][^/\\\\\\p{Cc}]{0,20}") {
            let path = format!("/v2/{}", utf8_percent_encode(&name, NON_ALPHANUMERIC));
            prop_assert_eq!(read(&path, true), segments(&[&name]));
        }
    }
}
