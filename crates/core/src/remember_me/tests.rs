use super::*;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

const EXPIRY: u64 = 4_102_444_800_000;
const SIGNATURE: &str = "b56c448e51edb44ac490eadfd455d2c7ca06dd823ca25a31d4287cffc946eb97";

/// Usernames with their signatures and tokens, made with Python's `hmac` and `base64`.
const VECTORS: [(&str, &str, &str); 3] = [
    (
        "admin",
        SIGNATURE,
        "YWRtaW46NDEwMjQ0NDgwMDAwMDpiNTZjNDQ4ZTUxZWRiNDRhYzQ5MGVhZGZkNDU1ZDJjN2NhMDZkZDgyM2NhMjVhMzFkNDI4N2NmZmM5NDZlYjk3",
    ),
    (
        "client~user",
        "51c6b357f6da9ef4bf67865cbb950cae779ee99a68a30cc3c584e7e85572ae92",
        "Y2xpZW50JTdFdXNlcjo0MTAyNDQ0ODAwMDAwOjUxYzZiMzU3ZjZkYTllZjRiZjY3ODY1Y2JiOTUwY2FlNzc5ZWU5OWE2OGEzMGNjM2M1ODRlN2U4NTU3MmFlOTI",
    ),
    (
        "name:with:colon",
        "19b2411d4f7164987727f68395156ae185b331c3158bdca6357b70a1d33cd0bc",
        "bmFtZSUzQXdpdGglM0Fjb2xvbjo0MTAyNDQ0ODAwMDAwOjE5YjI0MTFkNGY3MTY0OTg3NzI3ZjY4Mzk1MTU2YWUxODViMzMxYzMxNThiZGNhNjM1N2I3MGExZDMzY2QwYmM",
    ),
];

/// What Spring signed with MD5, and with SHA-256 and the name of the algorithm as a field.
const SPRING_MALFORMED: [&str; 2] = [
    "c29tZW9uZTo0MTAyNDQ0ODAwMDAwOjRiODdiN2M4YzIzYmFmZTRhNjU2YjA4OGY3MjhlMjYy",
    "c29tZW9uZTo0MTAyNDQ0ODAwMDAwOlNIQTI1Njo3ODNkMmU4NGU2Yzg0ODI0MmEwMzBlMGM1MDA4ZmZkZWZiNjE0ZWQwMzdmMTllNDVlMWY2MjRkMmM3NTEyMWQw",
];

/// What Spring signed with SHA-256: our shape, never our signature.
const SPRING_FOREIGN: [&str; 4] = [
    "c29tZW9uZTo0MTAyNDQ0ODAwMDAwOjc4M2QyZTg0ZTZjODQ4MjQyYTAzMGUwYzUwMDhmZmRlZmI2MTRlZDAzN2YxOWU0NWUxZjYyNGQyYzc1MTIxZDA",
    "bmFtZSUzQXdpdGglM0Fjb2xvbjo0MTAyNDQ0ODAwMDAwOjdlMzdmMTJkNTIzMWQzNDYxNmEyMTFlNzk1OTM4MDFkYjAyYTljZTM3OTQxYTY5NWU0ZjU1MGFmZGE4NzRhN2Q",
    "Y2xpZW50JTdFdXNlcjo0MTAyNDQ0ODAwMDAwOmRkMzBlODI4YTMzYWIxMmE4M2QyMDE3YTk2YzhiNDM5YzEyZjRiMWI2NzIyMjg1YTk1OTk2NjQ5ZGYzZWRhNmI",
    "em8lQzMlQUIrYjo0MTAyNDQ0ODAwMDAwOmUxZjZhMGQ3ZDFlMDVjODFlZWRjODc2MWJiYmEwODQxY2VlOTNlNDYwMTg4Mzk0Mzg1Y2NiNmY2ZjllMGRmYzA",
];

fn counting(from: u8) -> [u8; 32] {
    std::array::from_fn(|at| from + u8::try_from(at).unwrap())
}

fn issued(username: &str, expires_ms: u64) -> String {
    let token = issue(username, expires_ms, &counting(0), &counting(32)).unwrap();
    token.expose().to_owned()
}

/// Padded as Java clients may send it.
fn padded(token: &str) -> String {
    let missing = (4 - token.len() % 4) % 4;
    format!("{token}{}", "=".repeat(missing))
}

fn signed(token: &str) -> bool {
    RememberMe::parse(token).is_ok_and(|token| token.is_signed_with(&counting(0), &counting(32)))
}

fn parses(fields: &str) -> bool {
    RememberMe::parse(&STANDARD_NO_PAD.encode(fields)).is_ok()
}

#[test]
fn the_vectors_hold() {
    for (username, signature, text) in VECTORS {
        assert_eq!(issued(username, EXPIRY), text);
        let token = RememberMe::parse(text).unwrap();
        assert_eq!(token.username(), username);
        assert_eq!(token.expires_ms(), EXPIRY);
        assert_eq!(token.expires(), Timestamp::from_unix(4_102_444_800));
        assert_eq!(hex::encode(token.signature.expose()), signature);
        assert!(signed(text) && signed(&padded(text)));
    }
}

#[test]
fn fb_t28_a_name_with_colons_is_written_and_read() {
    for (name, written) in [
        ("name:with:colon", "name%3Awith%3Acolon"),
        (":", "%3A"),
        ("a:4102444800000:b", "a%3A4102444800000%3Ab"),
    ] {
        let text = issued(name, EXPIRY);
        let fields = String::from_utf8(STANDARD_NO_PAD.decode(&text).unwrap()).unwrap();
        assert!(
            fields.starts_with(&format!("{written}:{EXPIRY}:")),
            "{fields}"
        );
        assert_eq!(fields.matches(':').count(), 2);
        assert_eq!(RememberMe::parse(&text).unwrap().username(), name);
        assert!(signed(&text));
        // Unescaped it is more fields than a token has.
        let (_, rest) = fields.split_once(':').unwrap();
        assert!(!parses(&format!("{name}:{rest}")));
    }
}

#[test]
fn another_key_or_another_secret_of_the_user_verifies_nothing() {
    let token = RememberMe::parse(VECTORS[0].2).unwrap();
    for at in 0..32 {
        let mut other = counting(0);
        other[at] ^= 1;
        assert!(!token.is_signed_with(&other, &counting(32)), "key {at}");
        let mut other = counting(32);
        other[at] ^= 1;
        assert!(!token.is_signed_with(&counting(0), &other), "secret {at}");
    }
    assert!(!token.is_signed_with(&counting(32), &counting(0)));
}

#[test]
fn what_spring_signed_never_verifies() {
    for text in SPRING_MALFORMED {
        assert_eq!(RememberMe::parse(text).unwrap_err(), Malformed, "{text}");
    }
    for text in SPRING_FOREIGN {
        let token = RememberMe::parse(text).unwrap();
        assert_eq!(token.expires_ms(), EXPIRY);
        assert!(!signed(text), "{text}");
    }
}

#[test]
fn only_three_fields_in_their_one_spelling_are_a_token() {
    let s = SIGNATURE;
    assert!(parses(&format!("admin:1:{s}")));
    assert!(parses(&format!("zo%C3%AB+b:{}:{s}", u64::MAX)));
    for fields in [
        String::new(),
        format!("admin:{s}"),
        format!("admin:1:SHA256:{s}"),
        format!("admin:1:{s}:"),
        format!("%:1:{s}"),
        format!("a%4:1:{s}"),
        format!("%zz:1:{s}"),
        format!("%C3:1:{s}"),
        format!("zo%c3%ab:1:{s}"),
        format!("%61dmin:1:{s}"),
        format!("a%20b:1:{s}"),
        format!("a b:1:{s}"),
        format!("a~b:1:{s}"),
        format!("zo\u{eb}:1:{s}"),
    ] {
        assert!(!parses(&fields), "{fields}");
    }
}

#[test]
fn an_expiry_has_one_spelling() {
    let s = SIGNATURE;
    for expiry in [
        "",
        "+1",
        "-1",
        "01",
        "00",
        " 1",
        "1 ",
        "0x1",
        "1.0",
        "1e3",
        "1_000",
        "%31",
        "\u{661}",
        "18446744073709551616",
    ] {
        assert!(!parses(&format!("admin:{expiry}:{s}")), "{expiry:?}");
    }
}

#[test]
fn a_signature_is_64_lower_case_digits() {
    for signature in [
        "",
        &SIGNATURE[..32],
        &SIGNATURE[..63],
        &format!("{SIGNATURE}0"),
        &format!("{}g", &SIGNATURE[..63]),
        &format!("{} ", &SIGNATURE[..63]),
        &format!("{}\u{e9}", &SIGNATURE[..62]),
        &SIGNATURE.to_ascii_uppercase(),
    ] {
        assert!(!parses(&format!("admin:1:{signature}")), "{signature:?}");
    }
}

#[test]
fn base64_is_the_standard_one_without_freedom() {
    // One that needs no padding, one that needs one, one that needs two.
    for (name, pad) in [("admin", 0), ("admins", 2), ("admin01", 1)] {
        let token = issued(name, EXPIRY);
        for pads in 0..=5 {
            let text = format!("{token}{}", "=".repeat(pads));
            assert_eq!(signed(&text), pads == 0 || pads == pad, "{name} {pads}");
        }
        let (head, tail) = token.split_at(40);
        for text in [
            format!("{head} {tail}"),
            format!("{head}\r\n{tail}"),
            format!("{head}={tail}"),
            format!(" {token}"),
            format!("{token}\n"),
            format!("\"{token}\""),
            format!("{token}A"),
        ] {
            assert!(!signed(&text), "{text:?}");
        }
    }
    assert!(RememberMe::parse("A").is_err());
    assert!(RememberMe::parse("====").is_err());
    assert!(RememberMe::parse(&STANDARD_NO_PAD.encode([0xff; 90])).is_err());
}

#[test]
fn too_long_tokens_are_neither_written_nor_read() {
    // 1024 characters hold 768 bytes: the name, two colons, one digit and 64.
    let longest = "a".repeat(768 - 67);
    let token = issued(&longest, 1);
    assert_eq!(token.len(), MAX_TOKEN);
    assert!(signed(&token));
    assert!(!signed(&format!("{token}=")));
    let (key, user) = (counting(0), counting(32));
    assert!(issue(&format!("{longest}a"), 1, &key, &user).is_none());
    assert!(issue(&"\u{eb}".repeat(200), 1, &key, &user).is_none());
    assert!(issue(&"a".repeat(1 << 20), 1, &key, &user).is_none());
    let fields = format!("{longest}a:1:{SIGNATURE}");
    assert!(!parses(&fields));
}

#[test]
fn every_change_of_one_character_is_refused() {
    let digits = ('\0'..='\u{7f}').chain(['\u{e9}', '\u{1f511}']);
    for name in ["admin", "admins", "admin01"] {
        for token in [issued(name, EXPIRY), padded(&issued(name, EXPIRY))] {
            for (at, digit) in token.char_indices() {
                for other in digits.clone().filter(|other| *other != digit) {
                    let text = replaced(&token, at, other);
                    assert!(!signed(&text), "{text:?}");
                }
            }
        }
    }
}

#[test]
fn an_id_stands_for_a_meaning() {
    let user = UserId::new([7; 16]);
    let id = |text: &str, user| RememberMe::parse(text).unwrap().id(user);
    let token = VECTORS[1].2;
    let plain = id(VECTORS[0].2, user);
    // Made with Python's `hashlib` and `struct`.
    assert_eq!(plain.to_string(), "d230b37c000bc5604185aef743293b84");
    assert_ne!(padded(token), token);
    assert_eq!(id(token, user), id(&padded(token), user));
    let others = [
        id(VECTORS[0].2, UserId::new([8; 16])),
        id(&issued("admin", EXPIRY + 1), user),
        id(token, user),
    ];
    assert!(!others.contains(&plain));
}

#[test]
fn a_users_secret_moves_with_every_generation() {
    let secret = b"00112233445566778899aabbccddeeff";
    let of = |user, account, system| {
        let generations = Generations {
            user,
            account,
            system,
        };
        user_secret(secret, generations)
    };
    // HKDF by hand of Python's `hmac`, salt "doorward".
    assert_eq!(
        hex::encode(&of(1, 2, 3)),
        "d0769545ae276658e2dcc5c7c749e87676012433ada8b2202a3981eb50399b95"
    );
    for other in [of(2, 2, 3), of(1, 3, 3), of(1, 2, 4), of(3, 2, 1)] {
        assert_ne!(other, of(1, 2, 3));
    }
    let generations = Generations {
        user: 1,
        account: 2,
        system: 3,
    };
    assert_ne!(user_secret(b"", generations), of(1, 2, 3));
}

#[test]
fn debug_never_shows_the_signature() {
    let token = RememberMe::parse(VECTORS[0].2).unwrap();
    assert_eq!(
        format!("{token:?}"),
        "RememberMe { username: \"admin\", expires_ms: 4102444800000, signature: SecretBytes }"
    );
}

#[test]
fn far_times_are_cut() {
    let token = RememberMe::parse(&issued("admin", u64::MAX)).unwrap();
    assert_eq!(token.expires(), Timestamp::MAX);
    let token = RememberMe::parse(&issued("admin", 0)).unwrap();
    assert_eq!(token.expires(), Timestamp::from_micros(0));
}

fn replaced(text: &str, at: usize, with: char) -> String {
    let mut digits: Vec<char> = text.chars().collect();
    digits[at] = with;
    digits.into_iter().collect()
}

/// Mostly characters that base64 itself lets through.
fn characters() -> impl Strategy<Value = char> {
    let alphabet = ('A'..='Z').chain('a'..='z').chain('0'..='9');
    let alphabet: Vec<char> = alphabet.chain("+/=-_".chars()).collect();
    prop_oneof![3 => prop::sample::select(alphabet), 1 => any::<char>()]
}

fn names() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[a-z:~%+ éC3\0]{0,24}"]
}

proptest! {
    #[test]
    fn whatever_is_issued_is_read_and_verifies(
        name in names(), expiry: u64, key: [u8; 32], secret: [u8; 32],
    ) {
        let token = issue(&name, expiry, &key, &secret).unwrap();
        let text = token.expose();
        prop_assert!(!text.contains('='));
        for text in [text, &padded(text)] {
            let read = RememberMe::parse(text).unwrap();
            prop_assert_eq!(read.username(), &name);
            prop_assert_eq!(read.expires_ms(), expiry);
            prop_assert!(read.is_signed_with(&key, &secret));
        }
    }

    #[test]
    fn any_change_of_any_character_is_refused(
        name in names(), expiry: u64, at: prop::sample::Index, with in characters(), pad: bool,
    ) {
        let token = issued(&name, expiry);
        let token = if pad { padded(&token) } else { token };
        let text = replaced(&token, at.index(token.len()), with);
        prop_assert_eq!(signed(&text), text == token);
    }

    #[test]
    fn what_is_read_is_written_back_the_same(
        name in "[a-c%~+3C]{0,6}", expiry in "[0+]?[0-9]{1,20}", signature in "[0-9a-f]{64}",
    ) {
        let text = STANDARD.encode(format!("{name}:{expiry}:{signature}"));
        if let Ok(token) = RememberMe::parse(&text) {
            let fields = write(token.username(), token.expires_ms(), token.signature.expose());
            prop_assert_eq!(STANDARD.encode(fields.expose()), text);
        }
    }

    #[test]
    fn parsing_never_panics(text: String, fields: Vec<u8>) {
        std::hint::black_box(RememberMe::parse(&text).is_ok());
        std::hint::black_box(RememberMe::parse(&STANDARD.encode(fields)).is_ok());
    }

    #[test]
    fn parsing_near_tokens_never_panics(text in "[a:%+=é0-9A-F]{0,80}") {
        std::hint::black_box(RememberMe::parse(&text).is_ok());
        std::hint::black_box(parses(&text));
    }
}
