//! The shapes of texts that have one: names, patterns of hosts and paths, addresses.

mod wire;

use doorward_core::certificate::San;

use super::check::quoted;
use super::key::Shape;

pub(super) use wire::{
    HEADER, HOST_PATTERN, LISTEN_PEER, METHOD, ORIGIN, PATH_PATTERN, PATH_PREFIX, PROBE_PATH,
    UPSTREAM_URL,
};

/// Longest name of a table, in characters.
const MAX_SLUG: usize = 63;

/// The name of an API or an upstream: a label of metrics, `aud` of assertions.
pub(super) const SLUG: Shape = Shape {
    takes: "name of `a-z`, `0-9` and `-`",
    canonical: |text| {
        if is_slug(text) {
            Ok(text.to_owned())
        } else {
            Err(format!(
                "{} is no name; write 1 to {MAX_SLUG} characters of a-z, 0-9 and \"-\"",
                quoted(text)
            ))
        }
    },
};

/// Whether a table can be called so.
pub(super) fn is_slug(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=MAX_SLUG).contains(&text.len()) && text.bytes().all(fits)
}

/// A noun of the Crossbar tree that is not ours.
pub(super) const NOUN: Shape = Shape {
    takes: "nouns of `a-z`, `0-9` and `_`",
    canonical: |text| {
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if !text.bytes().all(fits) {
            return Err(format!(
                "{} is no noun; write a-z, 0-9 and \"_\", such as \"devices\"",
                quoted(text)
            ));
        }
        if doorward_server::is_own_noun(text) {
            return Err(format!("{} is served by Doorward itself", quoted(text)));
        }
        Ok(text.to_owned())
    },
};

/// A right: dotted.
pub(super) const RIGHT: Shape = Shape {
    takes: "dotted names, such as `\"orders.read\"`",
    canonical: right,
};

/// A right, where one is demanded.
pub(super) const PERMISSION: Shape = Shape {
    takes: "a right, such as `\"push.read\"`",
    canonical: right,
};

fn right(text: &str) -> Result<String, String> {
    let parsed = text.parse::<doorward_core::permission::Permission>();
    let dotted = text.contains('.') && text.split('.').all(|part| !part.is_empty());
    match parsed {
        Ok(_) if dotted => Ok(text.to_owned()),
        Ok(_) => Err(format!(
            "{} is no right; write words with dots between them, such as \"orders.read\"",
            quoted(text)
        )),
        Err(error) => Err(format!("{} is no right: {error}", quoted(text))),
    }
}

/// A part of the path that a rule's path has in braces.
pub(super) const CAPTURE: Shape = Shape {
    takes: "a part of `path` in braces, such as `\"{collection}\"`",
    canonical: |text| {
        let inner = text
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'));
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        match inner {
            Some(name) if !name.is_empty() && name.chars().all(fits) => Ok(text.to_owned()),
            _ => Err(format!(
                "{} is no part of a path; write its name in braces, such as \"{{collection}}\"",
                quoted(text)
            )),
        }
    },
};

/// What a path may hold that is refused otherwise.
pub(super) const ODDITY: Shape = Shape {
    takes: "`\"encoded-slash\"`, `\"backslash\"`, `\"semicolon\"`, `\"double-encoding\"`, `\"empty-segment\"`, \
            `\"encoded-hash\"`, `\"encoded-question-mark\"`",
    canonical: |text| {
        if oddity(text).is_some() {
            return Ok(text.to_owned());
        }
        let known: Vec<String> = ODDITIES
            .iter()
            .map(|(word, _)| format!("{word:?}"))
            .collect();
        Err(format!(
            "{} is not one of {}",
            quoted(text),
            known.join(", ")
        ))
    },
};

const ODDITIES: [(&str, doorward_core::request::Oddity); 7] = {
    use doorward_core::request::Oddity;
    [
        ("encoded-slash", Oddity::EncodedSlash),
        ("backslash", Oddity::Backslash),
        ("semicolon", Oddity::Semicolon),
        ("double-encoding", Oddity::DoubleEncoding),
        ("empty-segment", Oddity::EmptySegment),
        ("encoded-hash", Oddity::EncodedHash),
        ("encoded-question-mark", Oddity::EncodedQuestionMark),
    ]
};

/// What a word of [`ODDITY`] means.
pub(super) fn oddity(text: &str) -> Option<doorward_core::request::Oddity> {
    let found = ODDITIES.iter().find(|(word, _)| *word == text);
    found.map(|(_, oddity)| *oddity)
}

/// A name in a certificate.
pub(super) const SAN: Shape = Shape {
    takes: "name with its kind before it: `\"DNS:…\"`, `\"URI:…\"`, `\"email:…\"` or `\"IP:…\"`",
    canonical: |text| {
        let san = text.parse::<San>();
        san.map(|san| san.to_string())
            .map_err(|error| format!("{} is no name of a certificate: {error}", quoted(text)))
    },
};

/// A file.
pub(super) const FILE: Shape = Shape {
    takes: "file, relative to the data folder",
    canonical: |text| Ok(text.to_owned()),
};
