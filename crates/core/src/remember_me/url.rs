//! The form of `application/x-www-form-urlencoded` that Java's `URLEncoder` writes: unlike RFC 3986 it keeps `*`,
//! escapes `~` and makes a space `+`.

use crate::hex;

/// Escapes a text; what comes out never holds a colon.
pub(super) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'*' | b'_' => {
                out.push(char::from(byte));
            }
            b' ' => out.push('+'),
            _ => {
                out.push('%');
                out.push_str(&hex::encode(&[byte]).to_ascii_uppercase());
            }
        }
    }
    out
}

/// Undoes [`encode`]. Takes spellings that it never writes, too: whoever needs one text for one meaning encodes
/// what came out and compares.
pub(super) fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => escaped(rest.next()?, rest.next()?)?,
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

fn escaped(high: u8, low: u8) -> Option<u8> {
    let high = char::from(high).to_digit(16)?;
    let low = char::from(low).to_digit(16)?;
    u8::try_from(high << 4 | low).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn texts_are_written_as_java_writes_them() {
        for (text, written) in [
            ("", ""),
            ("Admin.0-9*_", "Admin.0-9*_"),
            ("client~user", "client%7Euser"),
            ("name:with:colon", "name%3Awith%3Acolon"),
            ("a b+c%", "a+b%2Bc%25"),
            ("zo\u{eb}@\u{1f511}\0", "zo%C3%AB%40%F0%9F%94%91%00"),
        ] {
            assert_eq!(encode(text), written);
            assert_eq!(decode(written).as_deref(), Some(text));
        }
    }

    #[test]
    fn broken_escapes_have_no_meaning() {
        for text in [
            "%", "a%", "%4", "%zz", "%4z", "%+1", "% 1", "%%41", "%C3", "%C3a", "%FF",
        ] {
            assert_eq!(decode(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_round_trips(text: String) {
            let written = encode(&text);
            prop_assert!(!written.contains(':') && written.is_ascii());
            prop_assert_eq!(decode(&written), Some(text));
        }

        #[test]
        fn decoding_never_panics(text in "[%0-9A-Fa-f+é]{0,12}") {
            std::hint::black_box(decode(&text));
        }
    }
}
