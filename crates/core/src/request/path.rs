//! The canonical path: unreserved characters in clear, everything else encoded with upper-case digits, and
//! nothing in it that two readers could take for two things.

use std::borrow::Cow;

use super::{Leniency, Oddity, Refused};

/// The canonical form of a path that begins with `/`, and what about it a route must bear.
pub(crate) fn canonical(raw: &str) -> Result<(String, Leniency), Refused> {
    let mut path = String::with_capacity(raw.len());
    let mut odd = Leniency::default();
    let mut rest = raw.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = match byte {
            b'%' => {
                let (decoded, after) = escape(after).ok_or(Refused::Encoding)?;
                if let Some(oddity) = encoded(decoded)? {
                    odd = odd.with(oddity);
                }
                if is_unreserved(decoded) {
                    path.push(char::from(decoded));
                } else {
                    push_escape(&mut path, decoded);
                }
                after
            }
            b'\\' => {
                odd = odd.with(Oddity::Backslash);
                path.push('\\');
                after
            }
            b';' => {
                odd = odd.with(Oddity::Semicolon);
                path.push(';');
                after
            }
            b if b.is_ascii_graphic() => {
                path.push(char::from(b));
                after
            }
            _ => return Err(Refused::Characters),
        };
    }
    refuse_dots(&path)?;
    // Asked of the finished path: `%25%32e` becomes `%252e` only there.
    if is_encoded_twice(&path) {
        odd = odd.with(Oddity::DoubleEncoding);
    }
    if path.contains("//") {
        odd = odd.with(Oddity::EmptySegment);
    }
    Ok((path, odd))
}

/// The form in which a canonical path is compared with a pattern.
///
/// Attack: `/users%3Asearch` passes by the rule for `/users:search`, and the upstream serves both alike. RFC 3986
/// section 2.2 lets the two differ, so neither is rewritten on the way; but one rule is for both.
pub(crate) fn matched(canonical: &str) -> Cow<'_, str> {
    if !canonical.contains('%') {
        return Cow::Borrowed(canonical);
    }
    let mut path = String::with_capacity(canonical.len());
    let mut rest = canonical;
    while let Some((clear, after)) = rest.split_once('%') {
        path.push_str(clear);
        match escape(after.as_bytes()) {
            Some((byte, _)) if is_plain(byte) => {
                path.push(char::from(byte));
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                path.push('%');
                rest = after;
            }
        }
    }
    path.push_str(rest);
    Cow::Owned(path)
}

/// Whether an encoded character and the same in clear are one segment's text to every reader that decodes once.
const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'%' | b'/' | b'\\' | b';' | b'?' | b'#')
}

/// Whether RFC 3986 section 2.3 lets the character stand in clear wherever it was encoded.
const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Two hexadecimal digits.
fn escape(after: &[u8]) -> Option<(u8, &[u8])> {
    let (digits, rest) = after.split_first_chunk::<2>()?;
    let [high, low] = digits.map(|digit| char::from(digit).to_digit(16));
    let byte = u8::try_from(high? << 4 | low?).ok()?;
    Some((byte, rest))
}

/// What an encoded character means to a careless reader.
fn encoded(byte: u8) -> Result<Option<Oddity>, Refused> {
    Ok(Some(match byte {
        0..=0x1f | 0x7f => return Err(Refused::Control),
        b'/' => Oddity::EncodedSlash,
        b'\\' => Oddity::Backslash,
        b';' => Oddity::Semicolon,
        b'#' => Oddity::EncodedHash,
        b'?' => Oddity::EncodedQuestionMark,
        _ => return Ok(None),
    }))
}

/// Whether somebody who decodes twice finds another escape: `%25` and two digits.
fn is_encoded_twice(path: &str) -> bool {
    let digits = |text: &str| text.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    path.match_indices("%25")
        .any(|(at, escape)| path.get(at + escape.len()..).is_some_and(digits))
}

/// Attack: `/public/..;/admin`, `/public/%2e%2e%2fadmin` (attacks.md S21). A dot segment is one that is dots
/// up to its end, or up to anything that some reader takes for the end of a segment.
fn refuse_dots(path: &str) -> Result<(), Refused> {
    let flattened = path
        .replace("%2F", "/")
        .replace(['\\', ';'], "/")
        .replace("%5C", "/")
        .replace("%3B", "/")
        .replace("%23", "/")
        .replace("%3F", "/");
    if flattened
        .split('/')
        .any(|segment| matches!(segment, "." | ".."))
    {
        return Err(Refused::DotSegment);
    }
    Ok(())
}

fn push_escape(path: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    path.push('%');
    for digit in [byte >> 4, byte & 0xf] {
        let digit = DIGITS.get(usize::from(digit)).copied().unwrap_or(b'0');
        path.push(char::from(digit));
    }
}
