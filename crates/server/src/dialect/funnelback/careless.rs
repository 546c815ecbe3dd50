//! A path as the most careless server behind us would read it.
//!
//! Attack: a guarded API bears `//`, `;` or an encoding in its paths, and a spelling of one of our own paths passes by us to
//! an upstream that serves it under the plain one (attacks.md S21). Answer: whether a path is ours is asked of what is left
//! when all of that is taken away. What is ours by this alone is then refused, as it is by every API that bears nothing.

use std::borrow::Cow;

/// How often somebody may decode.
const DECODINGS: usize = 3;

/// Decoded to the end, without parameters, empty segments, dots and what follows `?` or `#`.
pub(super) fn read(path: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| !matches!(byte, b'%' | b';' | b'\\');
    if path.bytes().all(is_plain) && !path.contains("//") {
        return Cow::Borrowed(path);
    }
    let mut decoded = Cow::Borrowed(path);
    for _ in 0..DECODINGS {
        let again = percent_encoding::percent_decode_str(&decoded).decode_utf8_lossy();
        decoded = Cow::Owned(again.into_owned());
    }
    Cow::Owned(flattened(&decoded))
}

fn flattened(path: &str) -> String {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let mut segments = Vec::new();
    for segment in path.split(['/', '\\']) {
        match segment.split(';').next().unwrap_or_default() {
            "" | "." => {}
            ".." => drop(segments.pop()),
            name => segments.push(name),
        }
    }
    if path.ends_with(['/', '\\']) && !segments.is_empty() {
        segments.push("");
    }
    format!("/{}", segments.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_read_as_one_path() {
        for spelling in [
            "/admin-api/account/v1",
            "//admin-api/account/v1",
            "/admin-api//account/v1",
            "/%61dmin-api/account/v1",
            "/%2561dmin-api/account/v1",
            "/%252561dmin-api/account/v1",
            "/admin-api;a=b/account;/v1;c",
            "/admin-api\\account\\v1",
            "/admin-api%2Faccount%5Cv1%3Bx",
            "/admin-api/x/%2e%2E/account/v1",
            "/x/..;y/admin-api/%2e/account/v1",
            "/admin-api/account/v1%3Fx/y",
            "/admin-api/account/v1%23x",
        ] {
            assert_eq!(read(spelling), "/admin-api/account/v1", "{spelling}");
        }
        for other in ["/", "/admin-api/account/v1/", "/admin-api/account/v10"] {
            assert_eq!(read(other), other);
        }
        assert_eq!(read("/%2e%2e//"), "/");
        assert_eq!(read("/admin-api/;x/"), "/admin-api/");
    }
}
