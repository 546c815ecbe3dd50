use super::*;
use crate::request::Oddity;
use proptest::prelude::*;

fn made(host: &str, path_and_query: &str) -> Result<Canonical, Refused> {
    Canonical::new(Target {
        method: &Method::GET,
        scheme: Scheme::Https,
        host,
        path_and_query,
    })
}

fn path(text: &str) -> Result<String, Refused> {
    made("h", text).map(|canonical| canonical.path().to_owned())
}

fn oddities(text: &str) -> Leniency {
    made("h", text).unwrap().oddities()
}

#[test]
fn unreserved_characters_stand_in_clear_and_the_rest_is_encoded_alike() {
    assert_eq!(path("/%61%2D%7E/x").unwrap(), "/a-~/x");
    assert_eq!(path("/%c3%a9").unwrap(), "/%C3%A9");
    assert_eq!(path("/a%20b").unwrap(), "/a%20b");
    assert_eq!(path("/").unwrap(), "/");
    assert_eq!(path("/a:@!$&'()*+,=").unwrap(), "/a:@!$&'()*+,=");
    assert_eq!(path("/a?b=%zz/../c").unwrap(), "/a");
}

#[test]
fn atk_s21_dot_segments_are_refused_in_every_spelling() {
    for text in [
        "/..",
        "/.",
        "/a/../b",
        "/a/./b",
        "/a/..",
        "/%2e%2e/b",
        "/a/.%2e/b",
        "/a/%2E./b",
        "/a/%2e",
        "/a/..%2fb",
        "/a%2f..%2fb",
        "/a/..;/b",
        "/a/..;x=1/b",
        "/a/..%3bx/b",
        "/a/..\\b",
        "/a\\..\\b",
        "/a/..%3fb",
        "/a/%2e%2e%23b",
        "/a/%2e%2e%5cb",
    ] {
        assert_eq!(path(text), Err(Refused::DotSegment), "{text}");
    }
    for text in ["/...", "/a/..b", "/a.b/c..d", "/.well-known/x"] {
        assert!(path(text).is_ok(), "{text}");
    }
}

#[test]
fn atk_s22_what_two_readers_read_differently_is_for_the_route_to_bear() {
    let cases = [
        ("/a%2fb", Oddity::EncodedSlash),
        ("/a\\b", Oddity::Backslash),
        ("/a%5cb", Oddity::Backslash),
        ("/a;b", Oddity::Semicolon),
        ("/a%3Bb", Oddity::Semicolon),
        ("/a%252eb", Oddity::DoubleEncoding),
        ("/a//b", Oddity::EmptySegment),
        ("/a%23b", Oddity::EncodedHash),
        ("/a%3Fb", Oddity::EncodedQuestionMark),
        ("/a%3fb=c?d", Oddity::EncodedQuestionMark),
    ];
    for (text, oddity) in cases {
        let found = oddities(text);
        assert!(!Leniency::default().bears(found), "{text}");
        assert!(Leniency::of(&[oddity]).bears(found), "{text}");
    }
    assert!(Leniency::of(&[Oddity::DoubleEncoding]).bears(oddities("/a%25%32e")));
    assert!(!Leniency::default().bears(oddities("/a%25%32e")));
    assert!(Leniency::default().bears(oddities("/100%25")));
}

#[test]
fn atk_s23_controls_are_refused_raw_and_encoded() {
    for text in ["/a%00", "/a%0d%0ab", "/a%7f"] {
        assert_eq!(path(text), Err(Refused::Control), "{text}");
    }
    for text in ["/a\0", "/a\tb", "/a b", "/\u{e9}", "/a?b c", "/a?\r\n"] {
        assert_eq!(path(text), Err(Refused::Characters), "{text:?}");
    }
}

#[test]
fn atk_s24_a_fragment_is_refused() {
    for text in ["/a#b", "/a?b#c", "/#"] {
        assert_eq!(path(text), Err(Refused::Fragment), "{text}");
    }
}

#[test]
fn broken_escapes_and_other_targets_are_refused() {
    for text in ["/%", "/%1", "/%zz", "/a%2"] {
        assert_eq!(path(text), Err(Refused::Encoding), "{text}");
    }
    for text in ["", "*", "a/b", "http://h/a", "h:80"] {
        assert_eq!(path(text), Err(Refused::Target), "{text}");
    }
    assert_eq!(
        path(&format!("/{}", "a".repeat(MAX_TARGET))),
        Err(Refused::Target)
    );
}

#[test]
fn atk_s25_the_query_is_no_part_of_the_path() {
    let canonical = made("h", "/a?x=/b&y=..").unwrap();
    assert_eq!(
        (canonical.path(), canonical.query()),
        ("/a", Some("x=/b&y=.."))
    );
    assert_eq!(made("h", "/a?").unwrap().query(), Some(""));
}

#[test]
fn hosts_have_one_spelling() {
    let cases = [
        ("API.Example.com", "api.example.com", None),
        ("api.example.com.", "api.example.com", None),
        ("h:8080", "h", Some(8080)),
        ("127.0.0.1:1", "127.0.0.1", Some(1)),
        ("[2001:DB8::0:1]:443", "[2001:db8::1]", Some(443)),
        ("[::1]", "[::1]", None),
    ];
    for (text, host, port) in cases {
        let canonical = made(text, "/").unwrap();
        assert_eq!((canonical.host(), canonical.port()), (host, port), "{text}");
    }
    for text in [
        "",
        ".",
        "a..b",
        "a b",
        "u@h",
        "h:",
        "h:0",
        "h:65536",
        "h:+80",
        "h:80:80",
        "[::1",
        "[[::1]",
        "[[[::1]]:80",
        "[::1%25eth0]",
        "[::1]x",
        "[::1]:",
        "[x]",
        "::1",
        "h/a",
        "h?x",
        "h\0",
        "\u{e9}.example",
        "h,i",
    ] {
        assert_eq!(made(text, "/").unwrap_err(), Refused::Host, "{text:?}");
    }
}

#[test]
fn atk_s27_patterns_see_one_spelling_and_the_upstream_what_was_sent() {
    let seen = |text| {
        let canonical = made("h", text).unwrap();
        (canonical.path().to_owned(), canonical.matched().to_owned())
    };
    let both = |path: &str, matched: &str| (path.to_owned(), matched.to_owned());
    assert_eq!(seen("/a%3ab"), both("/a%3Ab", "/a:b"));
    assert_eq!(seen("/a:b"), both("/a:b", "/a:b"));
    assert_eq!(seen("/%28%22%7B"), both("/%28%22%7B", "/(\"{"));
    for kept in [
        "/a%20b", "/%C3%A9", "/a%2Fb", "/a%5Cb", "/a%3Bb", "/a%3Fb", "/a%23b", "/a%2540b",
        "/100%25",
    ] {
        assert_eq!(seen(kept), both(kept, kept));
    }
    assert_eq!(seen("/%25%40"), both("/%25%40", "/%25@"));
}

proptest! {
    #[test]
    fn canonicalising_never_panics(host: String, target: String) {
        std::hint::black_box(made(&host, &target).is_ok());
    }

    #[test]
    fn canonical_paths_stay_as_they_are(target in "/([a-c./;\\\\%]|%[0-9a-f]{2}){0,12}") {
        if let Ok(canonical) = made("h", &target) {
            let again = made("h", canonical.path()).unwrap();
            prop_assert_eq!(again.path(), canonical.path());
            prop_assert_eq!(again.oddities(), canonical.oddities());
        }
    }

    #[test]
    fn nothing_that_is_refused_is_left_in_a_canonical_path(
        target in "/([a./;:@\"{|~?#\\t\u{e9}\\\\%]|%[0-9a-fA-F]{2}){0,8}",
    ) {
        if let Ok(canonical) = made("h", &target) {
            let path = canonical.path();
            prop_assert!(path.starts_with('/') && path.bytes().all(|b| b.is_ascii_graphic()));
            prop_assert!(!path.contains(['?', '#']));
            for (at, _) in path.match_indices('%') {
                let digits = &path[at + 1..at + 3];
                let byte = u8::from_str_radix(digits, 16).unwrap();
                prop_assert_eq!(digits, format!("{byte:02X}"));
                prop_assert!(!byte.is_ascii_control() && !byte.is_ascii_alphanumeric());
                prop_assert!(!b"-._~".contains(&byte));
            }
            prop_assert!(!path.split('/').any(|segment| segment == "." || segment == ".."));
        }
    }

    #[test]
    fn every_spelling_of_a_path_is_matched_alike(
        clear in "/[a-z0-9:@!$&'()*+,=~\"<>^`{|}\\[\\]]{0,12}", encoded: u16,
    ) {
        let spelt: String = clear
            .chars()
            .enumerate()
            .map(|(at, c)| {
                if at > 0 && encoded >> at & 1 == 1 {
                    format!("%{:02x}", u32::from(c))
                } else {
                    c.to_string()
                }
            })
            .collect();
        let (spelt, clear) = (made("h", &spelt).unwrap(), made("h", &clear).unwrap());
        prop_assert_eq!(spelt.matched(), clear.matched());
        prop_assert_eq!(spelt.oddities(), clear.oddities());
    }

    #[test]
    fn no_reader_finds_dots_in_a_path_without_oddities(target in "/([ab./;\\\\]|%2[eEfF]|%5[cC]|%25){0,12}") {
        if let Ok(canonical) = made("h", &target)
            && Leniency::default().bears(canonical.oddities())
        {
            let decoded = decode(&decode(canonical.path()));
            prop_assert!(!decoded.split(['/', '\\', ';']).any(|s| s == "." || s == ".."), "{decoded}");
        }
    }
}

/// Decodes what a careless reader decodes.
fn decode(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let escape = rest
            .get(1..3)
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if c == '%'
            && let Some(byte) = escape
        {
            out.push(char::from(byte));
            rest = &rest[3..];
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}
