use super::*;
use crate::hex;
use proptest::prelude::*;

/// Made with Python's `binascii.crc32`, `base64` and `hashlib`.
const COUNTING: &str = "fbat_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh80v62b0";
const COUNTING_DIGEST: &str = "79a0535cdf135ae95527314e698068c65b44f1350fa807a03b8c46ad67841635";
const ZERO: &str = "fbat_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA3qBedN";
const FULL: &str = "fbat___________________________________________83gE8RO";
/// 32 bytes of which the last is 112: the checksum begins with two zeros.
const FILLED_UP: &str = "fbat_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAHA002wwK";

fn last(byte: u8) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[31] = byte;
    bytes
}

fn replaced(text: &str, at: usize, with: char) -> String {
    let mut digits: Vec<char> = text.chars().collect();
    digits[at] = with;
    digits.into_iter().collect()
}

/// The documented pattern.
fn looks_like_one(text: &str) -> bool {
    let url_safe = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    text.len() == 54
        && text.starts_with("fbat_")
        && text.bytes().take(48).all(url_safe)
        && text.bytes().skip(48).all(|b| b.is_ascii_alphanumeric())
}

#[test]
fn the_vectors_hold() {
    let counting = std::array::from_fn(|at| u8::try_from(at).unwrap());
    for (random, text) in [
        (counting, COUNTING),
        (last(0), ZERO),
        ([255; 32], FULL),
        (last(112), FILLED_UP),
    ] {
        assert_eq!(AppToken::new(random).expose(), text);
        assert_eq!(AppToken::parse(text).unwrap().expose(), text);
    }
    let digest = AppToken::parse(COUNTING).unwrap().digest();
    assert_eq!(hex::encode(&digest), COUNTING_DIGEST);
}

#[test]
fn the_checksum_is_the_crc_32_of_everybody() {
    // The check value of the catalogue of CRC algorithms (CRC-32/ISO-HDLC).
    assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    assert_eq!(crc32(b""), 0);
    for (number, text) in [
        (0, "000000"),
        (9, "000009"),
        (10, "00000A"),
        (35, "00000Z"),
        (36, "00000a"),
        (61, "00000z"),
        (62, "000010"),
        (u32::MAX, "4gfFC3"),
    ] {
        assert_eq!(base62(number).iter().collect::<String>(), text);
    }
}

#[test]
fn every_change_of_one_character_is_refused() {
    for (at, digit) in COUNTING.char_indices() {
        let digits = ('\0'..='\u{7f}').chain(['\u{e9}', '\u{1f511}']);
        for other in digits.filter(|other| *other != digit) {
            let text = replaced(COUNTING, at, other);
            assert!(AppToken::parse(&text).is_none(), "{text:?}");
        }
    }
}

#[test]
fn what_is_not_written_so_is_no_token() {
    let body = &COUNTING[..BODY_LEN];
    // The last of the 43 characters holds four bits; in this one the other two are not zero.
    let odd = replaced(body, BODY_LEN - 1, '9');
    let odd: String = odd.chars().chain(base62(crc32(odd.as_bytes()))).collect();
    let other_prefix = body.replace("fbat_", "fbAt_");
    let checksum = base62(crc32(other_prefix.as_bytes()));
    let other_prefix: String = other_prefix.chars().chain(checksum).collect();
    for text in [
        "",
        "fbat_",
        body,
        &COUNTING[..COUNTING.len() - 1],
        &format!("{COUNTING}0"),
        &format!("{COUNTING}="),
        &format!(" {COUNTING}"),
        &format!("{COUNTING}\n"),
        &format!("{body}={}", &COUNTING[BODY_LEN..]),
        &FILLED_UP.replace("002wwK", "2wwK"),
        &COUNTING.to_ascii_lowercase(),
        &odd,
        &other_prefix,
    ] {
        assert!(AppToken::parse(text).is_none(), "{text:?}");
    }
}

#[test]
fn debug_never_shows_the_value() {
    let token = AppToken::parse(COUNTING).unwrap();
    assert_eq!(format!("{token:?}"), "AppToken(SecretText)");
}

#[test]
fn names_are_bounded_and_of_few_characters() {
    let longest = "a".repeat(64);
    for text in ["ci", "A-z_0.9", &longest] {
        let name: AppTokenName = text.parse().unwrap();
        assert_eq!((name.as_str(), name.to_string().as_str()), (text, text));
        let json = serde_json::to_string(&name).unwrap();
        assert_eq!(json, format!("\"{text}\""));
        assert_eq!(serde_json::from_str::<AppTokenName>(&json).unwrap(), name);
    }
    let long = format!("{longest}a");
    for text in [
        "", "a b", "a:b", "a~b", "a/b", "a,b", "a\n", "\u{e9}", &long,
    ] {
        assert_eq!(text.parse::<AppTokenName>(), Err(NotAName), "{text:?}");
        let json = serde_json::to_string(text).unwrap();
        assert!(serde_json::from_str::<AppTokenName>(&json).is_err());
    }
}

proptest! {
    #[test]
    fn whatever_is_made_is_read(random: [u8; 32]) {
        let token = AppToken::new(random);
        prop_assert!(looks_like_one(token.expose()), "{}", token.expose());
        let read = AppToken::parse(token.expose()).unwrap();
        prop_assert_eq!(read.expose(), token.expose());
        prop_assert_eq!(read.digest(), digest::sha256(token.expose().as_bytes()));
    }

    #[test]
    fn any_change_of_any_character_is_refused(
        random: [u8; 32], at: prop::sample::Index, with in "[A-Za-z0-9_-]",
    ) {
        let token = AppToken::new(random);
        let with = with.chars().next().unwrap();
        let text = replaced(token.expose(), at.index(token.expose().len()), with);
        prop_assert_eq!(AppToken::parse(&text).is_some(), text == token.expose());
    }

    #[test]
    fn parsing_never_panics(text: String, near in "fbat_[A-Za-z0-9_é-]{40,52}") {
        for text in [text, near] {
            if let Some(token) = AppToken::parse(&text) {
                prop_assert_eq!(token.expose(), text);
            }
        }
    }
}
