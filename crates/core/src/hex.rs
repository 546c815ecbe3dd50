//! Lower-case hexadecimal, as ids, digests and API keys are written.

/// Writes `bytes` as lower-case hexadecimal digits.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for nibble in [byte >> 4, byte & 15] {
            text.push(char::from(match nibble {
                0..=9 => b'0' + nibble,
                _ => b'a' + nibble - 10,
            }));
        }
    }
    text
}

/// Reads exactly `N` bytes of lower-case hexadecimal; upper case is refused, because ids and digests
/// are compared as text by the clients of the dialects.
#[must_use]
pub fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != N * 2 {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = nibble(*high)? << 4 | nibble(*low)?;
    }
    Some(bytes)
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn upper_case_and_odd_lengths_are_refused() {
        assert_eq!(decode::<2>("0aff"), Some([0x0a, 0xff]));
        assert_eq!(decode::<2>("0AFF"), None);
        assert_eq!(decode::<2>("0af"), None);
        assert_eq!(decode::<2>("0aéf"), None);
    }

    proptest! {
        #[test]
        fn encoding_round_trips(bytes: [u8; 16]) {
            prop_assert_eq!(decode::<16>(&encode(&bytes)), Some(bytes));
        }

        #[test]
        fn decoding_never_panics(text: String) {
            std::hint::black_box(decode::<16>(&text));
        }
    }
}
