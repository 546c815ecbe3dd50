//! Patterns of hosts and paths. Paths are compared with regard to case; a pattern is brought into the form of
//! what it is compared with, so that a spelling never keeps it from matching (attacks.md S27).

use std::str::FromStr;

use crate::request::{Leniency, canonical_path, matched_path, parse_host};

/// The text is no pattern; says what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotAPattern(String);

fn wrong<T>(why: &str) -> Result<T, NotAPattern> {
    Err(NotAPattern(why.to_owned()))
}

/// `api.example.com`, or `*.example.com` for every name below it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum HostPattern {
    /// Exactly this host, in lower case.
    Exact(String),
    /// Every host that ends in a dot and this.
    Below(String),
}

impl FromStr for HostPattern {
    type Err = NotAPattern;

    fn from_str(text: &str) -> Result<Self, NotAPattern> {
        let (below, name) = match text.strip_prefix("*.") {
            Some(name) => (true, name),
            None => (false, text),
        };
        match parse_host(name) {
            Ok(host) if host.port.is_some() => wrong("a host has no port here"),
            Ok(host) if below && host.name.starts_with('[') => {
                wrong("an address has nothing below it")
            }
            Ok(host) if below => Ok(Self::Below(host.name.to_string())),
            Ok(host) => Ok(Self::Exact(host.name.to_string())),
            Err(_) => {
                wrong("a host is a name like \"api.example.com\", \"*.example.com\" or an address")
            }
        }
    }
}

/// The beginning of a canonical path. With a `/` at its end it claims what lies below; without one also the
/// path itself, but never a longer name: `/s` claims `/s` and `/s/x`, not `/sx`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PathPrefix(String);

impl PathPrefix {
    /// The prefix as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it claims a path in the form of [`Canonical::matched`](crate::request::Canonical::matched).
    #[must_use]
    pub fn claims(&self, path: &str) -> bool {
        match path.strip_prefix(&self.0) {
            Some(rest) => rest.is_empty() || rest.starts_with('/') || self.0.ends_with('/'),
            None => false,
        }
    }

    /// The segments every claimed path begins with.
    fn segments(&self) -> impl Iterator<Item = &str> {
        self.0
            .split('/')
            .skip(1)
            .filter(|segment| !segment.is_empty())
    }
}

impl FromStr for PathPrefix {
    type Err = NotAPattern;

    fn from_str(text: &str) -> Result<Self, NotAPattern> {
        plain(text).map(Self)
    }
}

/// A path of the configuration in the form in which it is compared.
fn plain(text: &str) -> Result<String, NotAPattern> {
    if !text.starts_with('/') {
        return wrong("a path begins with \"/\"");
    }
    if text.contains(['?', '#']) {
        return wrong("a path has neither \"?\" nor \"#\"");
    }
    match canonical_path(text) {
        Ok((path, odd)) if Leniency::default().bears(odd) => Ok(matched_path(&path).into_owned()),
        Ok(_) => wrong("a path holds no \"//\", \"\\\", \";\" and no encoded slash"),
        Err(refused) => Err(NotAPattern(refused.to_string())),
    }
}

/// A rule's path: segments that are text, `{name}` for one segment that is not empty, and `**` at the end for
/// any number of them, none included.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PathPattern(Vec<Segment>);

/// One segment of a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Segment {
    /// This text.
    Literal(String),
    /// Any one segment, under a name.
    Capture(String),
    /// Whatever follows.
    Rest,
}

impl FromStr for PathPattern {
    type Err = NotAPattern;

    fn from_str(text: &str) -> Result<Self, NotAPattern> {
        let Some(rest) = text.strip_prefix('/') else {
            return wrong("a path begins with \"/\"");
        };
        let mut segments: Vec<Segment> = Vec::new();
        for part in rest.split('/') {
            if segments.last() == Some(&Segment::Rest) {
                return wrong("\"**\" stands at the end only");
            }
            let segment = segment(part)?;
            if let Segment::Capture(name) = &segment
                && segments
                    .iter()
                    .any(|s| matches!(s, Segment::Capture(n) if n == name))
            {
                return Err(NotAPattern(format!("\"{{{name}}}\" stands twice")));
            }
            segments.push(segment);
        }
        let empty =
            |segment: &Segment| matches!(segment, Segment::Literal(text) if text.is_empty());
        let inner = segments.split_last().map_or(&[][..], |(_, inner)| inner);
        if inner.iter().any(empty) {
            return wrong("a path holds no \"//\"");
        }
        Ok(Self(segments))
    }
}

fn segment(part: &str) -> Result<Segment, NotAPattern> {
    if part == "**" {
        return Ok(Segment::Rest);
    }
    if let Some(name) = part
        .strip_prefix('{')
        .and_then(|part| part.strip_suffix('}'))
    {
        let sound =
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        return if sound {
            Ok(Segment::Capture(name.to_owned()))
        } else {
            wrong("between \"{\" and \"}\" stand letters, digits and \"_\"")
        };
    }
    if part.contains(['*', '{', '}']) {
        return wrong("a segment is text, \"{name}\", or \"**\" at the end");
    }
    let path = plain(&format!("/{part}"))?;
    Ok(Segment::Literal(path.trim_start_matches('/').to_owned()))
}

impl PathPattern {
    /// Whether a path in the form of [`Canonical::matched`](crate::request::Canonical::matched) matches; then also
    /// the segment under the capture's name, if one is asked for.
    #[must_use]
    pub fn matches<'p>(&self, path: &'p str, capture: Option<&str>) -> Option<Option<&'p str>> {
        let mut captured = None;
        let mut parts = path.strip_prefix('/')?.split('/');
        for segment in &self.0 {
            if *segment == Segment::Rest {
                return Some(captured);
            }
            let part = parts.next()?;
            match segment {
                Segment::Literal(text) if text == part => {}
                Segment::Capture(name) if !part.is_empty() => {
                    if capture == Some(name) {
                        captured = Some(part);
                    }
                }
                _ => return None,
            }
        }
        parts.next().is_none().then_some(captured)
    }

    /// Whether the pattern has a capture of this name.
    #[must_use]
    pub fn captures(&self, name: &str) -> bool {
        self.0
            .iter()
            .any(|segment| matches!(segment, Segment::Capture(n) if n == name))
    }

    /// Whether every path that `other` matches, this one matches too.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let mut others = other.0.iter();
        for segment in &self.0 {
            match (segment, others.next()) {
                (Segment::Rest, _) => return true,
                (Segment::Capture(_), Some(Segment::Capture(_))) => {}
                (Segment::Capture(_), Some(Segment::Literal(text))) if !text.is_empty() => {}
                (Segment::Literal(a), Some(Segment::Literal(b))) if a == b => {}
                _ => return false,
            }
        }
        others.next().is_none()
    }

    /// Whether some path that the prefix claims matches.
    pub(super) fn meets(&self, prefix: &PathPrefix) -> bool {
        let mut own = self.0.iter();
        for part in prefix.segments() {
            match own.next() {
                Some(Segment::Rest) => return true,
                Some(Segment::Capture(_)) => {}
                Some(Segment::Literal(text)) if text == part => {}
                _ => return false,
            }
        }
        // `/s/` claims only what has one more segment.
        !prefix.0.ends_with('/') || own.next().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pattern(text: &str) -> PathPattern {
        text.parse().unwrap()
    }

    fn prefix(text: &str) -> PathPrefix {
        text.parse().unwrap()
    }

    #[test]
    fn prefixes_end_at_segments() {
        for (text, path, claimed) in [
            ("/s/", "/s/search.json", true),
            ("/s/", "/s/", true),
            ("/s/", "/s", false),
            ("/s", "/s", true),
            ("/s", "/s/x", true),
            ("/s", "/sx", false),
            ("/", "/anything", true),
            ("/%61/", "/a/b", true),
        ] {
            assert_eq!(prefix(text).claims(path), claimed, "{text} {path}");
        }
    }

    #[test]
    fn patterns_match_segments() {
        let rule = pattern("/push-api/{v}/collections/{collection}/**");
        let found = |path| rule.matches(path, Some("collection"));
        assert_eq!(
            found("/push-api/v1/collections/news/documents"),
            Some(Some("news"))
        );
        assert_eq!(found("/push-api/v1/collections/news"), Some(Some("news")));
        assert_eq!(found("/push-api/v1/collections//documents"), None);
        assert_eq!(found("/push-api/v1/other/news"), None);
        assert_eq!(pattern("/a").matches("/a", None), Some(None));
        assert_eq!(pattern("/a").matches("/a/", None), None);
        assert_eq!(pattern("/a/").matches("/a/", None), Some(None));
        assert_eq!(pattern("/**").matches("/", None), Some(None));
    }

    #[test]
    fn what_is_no_pattern_says_why() {
        for text in [
            "", "a", "/**/a", "/a*", "/{", "/{}", "/{a-b}", "/{a}/{a}", "//", "/a//b", "/..",
            "/a%2fb",
        ] {
            assert!(text.parse::<PathPattern>().is_err(), "{text}");
        }
        for text in ["", "a", "/a/../b", "/a//", "/a?b", "/a#", "/%", "/a;b"] {
            assert!(text.parse::<PathPrefix>().is_err(), "{text}");
        }
        for text in ["", "*", "*.", "a.*.b", "h:80", "*.[::1]", "https://h"] {
            assert!(text.parse::<HostPattern>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_pattern_outside_a_prefix_does_not_meet_it() {
        for (text, of, meets) in [
            ("/push-api/**", "/push-api/", true),
            ("/push-api", "/push-api/", false),
            ("/push-api", "/push-api", true),
            ("/{x}/a", "/push-api/", true),
            ("/other/**", "/push-api/", false),
            ("/**", "/push-api/", true),
            ("/a", "/", true),
        ] {
            assert_eq!(pattern(text).meets(&prefix(of)), meets, "{text} {of}");
        }
    }

    proptest! {
        #[test]
        fn a_pattern_that_covers_matches_whatever_the_other_does(
            one in "/(a|b|\\{x\\})(/(a|b|\\{y\\}))?(/\\*\\*)?",
            other in "/(a|b|\\{x\\})(/(a|b|\\{y\\}))?(/\\*\\*)?",
            path in "/[ab](/[ab]){0,3}",
        ) {
            let (Ok(one), Ok(other)) = (one.parse::<PathPattern>(), other.parse::<PathPattern>()) else {
                return Ok(());
            };
            if one.covers(&other) && other.matches(&path, None).is_some() {
                prop_assert!(one.matches(&path, None).is_some());
            }
        }

        #[test]
        fn parsing_never_panics(text: String) {
            std::hint::black_box(text.parse::<PathPattern>().is_ok());
            std::hint::black_box(text.parse::<PathPrefix>().is_ok());
            std::hint::black_box(text.parse::<HostPattern>().is_ok());
        }
    }
}
