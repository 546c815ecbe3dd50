//! What there is to read in a document: words for the index, never tags, scripts or styles.

mod html;

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};

/// Most text that is kept of one document, in bytes.
const MAX_TEXT: usize = 1024 * 1024;

/// Longest title or description, in characters.
const MAX_LINE: usize = 300;

/// How far into a page a declaration of its encoding is looked for, as browsers do.
const PRESCAN: usize = 1024;

/// Nodes an XML document may have.
const MAX_NODES: u32 = 200_000;

/// The readable part of a document. White space is single spaces, and control characters are gone.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Extracted {
    pub(crate) title: Option<String>,
    pub(crate) description: Option<String>,
    /// A date as it is written there.
    pub(crate) date: Option<String>,
    pub(crate) text: String,
    /// `html`, `xml`, `json`, `txt` or `bin`.
    pub(crate) file_type: &'static str,
}

/// Reads a document.
pub(crate) fn extract(content_type: Option<&str>, content: &[u8]) -> Extracted {
    let media_type = content_type
        .and_then(|value| value.split(';').next())
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let text = decode(content_type, content);
    let kind = Kind::of(&media_type, &text);
    let mut found = match kind {
        Kind::Html => html::extract(&text),
        Kind::Xml => xml(&text).unwrap_or_else(|| plain(&text)),
        Kind::Json => json(&text).unwrap_or_else(|| plain(&text)),
        Kind::Text => plain(&text),
        Kind::Opaque => Extracted::default(),
    };
    found.file_type = kind.file_type();
    found.title = found.title.as_deref().and_then(line);
    found.description = found.description.as_deref().and_then(line);
    found.text = tidy(&found.text, MAX_TEXT);
    if let Some(title) = &found.title
        && let Some(rest) = found.text.strip_prefix(title.as_str())
        && !rest.starts_with(char::is_alphanumeric)
    {
        // A page that repeats its title in its first heading; in a list of results it would stand there twice.
        found.text = rest.trim_start().to_owned();
    }
    found
}

/// A short text on one line; `None` if nothing is left.
pub(crate) fn line(text: &str) -> Option<String> {
    let short: String = tidy(text, MAX_TEXT).chars().take(MAX_LINE).collect();
    let short = short.trim_end();
    (!short.is_empty()).then(|| short.to_owned())
}

/// Collapses white space and control characters to single spaces. Stops before `limit` bytes are exceeded.
fn tidy(text: &str, limit: usize) -> String {
    let mut tidied = String::new();
    for word in text.split(|letter: char| letter.is_whitespace() || letter.is_control()) {
        if word.is_empty() {
            continue;
        }
        if tidied.len().saturating_add(word.len()) >= limit {
            break;
        }
        if !tidied.is_empty() {
            tidied.push(' ');
        }
        tidied.push_str(word);
    }
    tidied
}

/// How a document is read.
#[derive(Clone, Copy)]
enum Kind {
    Html,
    Xml,
    Json,
    Text,
    Opaque,
}

impl Kind {
    fn of(media_type: &str, text: &str) -> Self {
        match media_type {
            "text/html" | "application/xhtml+xml" => Self::Html,
            "application/json" => Self::Json,
            // Clients that name no type get one from their library: look at the text itself.
            ""
            | "text/plain"
            | "application/octet-stream"
            | "application/x-www-form-urlencoded"
                if looks_like_html(text) =>
            {
                Self::Html
            }
            "application/xml" | "text/xml" => Self::xml(text),
            other if other.ends_with("+xml") => Self::xml(text),
            other if other.ends_with("+json") => Self::Json,
            "" | "application/x-www-form-urlencoded" => Self::Text,
            other if other.starts_with("text/") => Self::Text,
            _ => Self::Opaque,
        }
    }

    /// Without its declaration it is indexed as text, as the vendor says.
    fn xml(text: &str) -> Self {
        if text.starts_with("<?xml") {
            Self::Xml
        } else {
            Self::Text
        }
    }

    fn file_type(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Xml => "xml",
            Self::Json => "json",
            Self::Text => "txt",
            Self::Opaque => "bin",
        }
    }
}

fn looks_like_html(text: &str) -> bool {
    let start: String = text.trim_start().chars().take(14).collect();
    let start = start.to_ascii_lowercase();
    start.starts_with("<!doctype html") || start.starts_with("<html")
}

/// The text in the encoding its sender, its first bytes or its page names; UTF-8 otherwise.
fn decode<'a>(content_type: Option<&str>, content: &'a [u8]) -> Cow<'a, str> {
    let named = content_type.and_then(|value| charset(value.as_bytes()));
    let encoding = named
        .or_else(|| charset(content.get(..PRESCAN).unwrap_or(content)))
        .unwrap_or(UTF_8);
    // A byte order mark wins over both.
    encoding.decode(content).0
}

fn charset(text: &[u8]) -> Option<&'static Encoding> {
    const NAME: &[u8] = b"charset=";
    let start = text
        .windows(NAME.len())
        .position(|window| window.eq_ignore_ascii_case(NAME))?;
    let rest = text.get(start.saturating_add(NAME.len())..)?;
    let rest = match rest.split_first() {
        Some((b'"' | b'\'', quoted)) => quoted,
        _ => rest,
    };
    let is_label = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte);
    let end = rest
        .iter()
        .position(|byte| !is_label(byte))
        .unwrap_or(rest.len());
    Encoding::for_label(rest.get(..end)?)
}

fn plain(text: &str) -> Extracted {
    Extracted {
        text: text.to_owned(),
        ..Extracted::default()
    }
}

fn xml(text: &str) -> Option<Extracted> {
    let options = roxmltree::ParsingOptions {
        allow_dtd: false,
        nodes_limit: MAX_NODES,
        ..roxmltree::ParsingOptions::default()
    };
    let document = roxmltree::Document::parse_with_options(text, options).ok()?;
    let mut found = Extracted::default();
    for node in document.descendants() {
        if node.is_text() {
            found.text.push_str(node.text().unwrap_or_default());
            found.text.push(' ');
        } else if found.title.is_none() && node.tag_name().name().eq_ignore_ascii_case("title") {
            found.title = node.text().map(str::to_owned);
        }
    }
    Some(found)
}

fn json(text: &str) -> Option<Extracted> {
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    let mut found = Extracted::default();
    for name in ["title", "name"] {
        if found.title.is_none() {
            found.title = value
                .get(name)
                .and_then(|value| value.as_str().map(str::to_owned));
        }
    }
    // serde_json goes 128 deep at most.
    collect(&value, &mut found.text);
    Some(found)
}

fn collect(value: &serde_json::Value, text: &mut String) {
    use serde_json::Value;
    match value {
        Value::String(string) => text.push_str(string),
        Value::Number(number) => text.push_str(&number.to_string()),
        Value::Array(values) => values.iter().for_each(|value| collect(value, text)),
        Value::Object(members) => members.values().for_each(|value| collect(value, text)),
        Value::Null | Value::Bool(_) => {}
    }
    text.push(' ');
}

#[cfg(test)]
mod tests;
