use super::*;
use proptest::prelude::*;

/// How many bytes are handed on, and whether all are.
fn read(pieces: &[&[u8]]) -> (usize, bool) {
    let mut tap = Tap::new(Switch::default());
    let mut good = 0;
    for piece in pieces {
        match tap.read(piece) {
            Ok(()) => good += piece.len(),
            Err(fault) => return (good + fault.good, false),
        }
    }
    (good, true)
}

fn is_sound(text: &str) -> bool {
    let whole = read(&[text.as_bytes()]);
    let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
    assert_eq!(read(&bytes).1, whole.1, "byte by byte: {text:?}");
    whole.1
}

/// A head with these lines below `GET / HTTP/1.1` and a host.
fn with(lines: &str) -> String {
    format!("POST / HTTP/1.1\r\nhost: h\r\n{lines}\r\n")
}

#[test]
fn sound_requests_pass() {
    for text in [
        "GET / HTTP/1.1\r\nhost: h\r\n\r\n",
        "\r\nGET / HTTP/1.1\r\nhost: h\r\n\r\nGET /b HTTP/1.0\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost:h\r\n\r\n",
        "GET http://h/a?b HTTP/1.1\r\nhost: H\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: h\r\nx: a\tb \u{e9}\r\nempty:\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 3\r\n\r\n\n\n\nGET / HTTP/1.1\r\nhost: h\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: h\r\nTransfer-Encoding: Chunked\r\n\r\n3;a=\"b\"\r\n\r\n\n\r\n0\r\nx-sum: 1\r\n\r\nGET / HTTP/1.1\r\nhost: h\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: ",
    ] {
        assert!(is_sound(text), "{text:?}");
    }
}

#[test]
fn atk_s31_what_ends_in_two_places_is_refused() {
    let heads = [
        "content-length: 3\r\ncontent-length: 3\r\n",
        "content-length: 3, 3\r\n",
        "content-length: +3\r\n",
        "content-length: 0x3\r\n",
        "content-length: 3 3\r\n",
        "content-length: -1\r\n",
        "content-length:\r\n",
        "content-length: 9999999999999999999\r\n",
        "content-length: 3\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked, chunked\r\n",
        "transfer-encoding: gzip, chunked\r\n",
        "transfer-encoding: identity\r\n",
        "transfer-encoding: \"chunked\"\r\n",
        "transfer-encoding:\u{b}chunked\r\n",
        "transfer-encoding : chunked\r\n",
        "transfer-encoding:\r\n chunked\r\n",
        " transfer-encoding: chunked\r\n",
        "x\r\n",
        "host: h\r\n",
        "host: other\r\n",
    ];
    for lines in heads {
        assert!(!is_sound(&with(lines)), "{lines:?}");
    }
    for text in [
        "GET / HTTP/1.0\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\nhost: h\n\n",
        "GET / HTTP/1.1\r\nhost: h\n\r\n",
        "GET / HTTP/1.1\r\nhost: h\rx: y\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: h\r\n\n",
        "GET  / HTTP/1.1\r\nhost: h\r\n\r\n",
        "GET /  HTTP/1.1\r\nhost: h\r\n\r\n",
        "GET /\tHTTP/1.1\r\nhost: h\r\n\r\n",
        "GET /\r\n\r\n",
        "GET / HTTP/1.2\r\nhost: h\r\n\r\n",
        "GET / HTTP/2.0\r\nhost: h\r\n\r\n",
        "GET http://other/ HTTP/1.1\r\nhost: h\r\n\r\n",
        "GET http://h@other/ HTTP/1.1\r\nhost: h\r\n\r\n",
        "\r\n\r\nGET / HTTP/1.1\r\nhost: h\r\n\r\n",
        " GET / HTTP/1.1\r\nhost: h\r\n\r\n",
    ] {
        assert!(!is_sound(text), "{text:?}");
    }
}

#[test]
fn atk_s31_chunks_are_exactly_chunks() {
    let body = |chunks: &str| with("transfer-encoding: chunked\r\n") + chunks;
    for chunks in [
        "3\nabc\r\n0\r\n\r\n",
        "3\r\nabc\n0\r\n\r\n",
        "3\r\nabcd\r\n0\r\n\r\n",
        "3\r\nab\r\n0\r\n\r\n",
        "\r\n0\r\n\r\n",
        "+3\r\nabc\r\n0\r\n\r\n",
        "0x3\r\nabc\r\n0\r\n\r\n",
        "3 \r\nabc\r\n0\r\n\r\n",
        " 3\r\nabc\r\n0\r\n\r\n",
        "0000000000000003\r\nabc\r\n0\r\n\r\n",
        "3;\u{0}\r\nabc\r\n0\r\n\r\n",
        "3;a\nb\r\nabc\r\n0\r\n\r\n",
        "0\r\ncontent-length: 3\r\n\r\n",
        "0\r\nAuthorization: Basic YTpi\r\n\r\n",
        "0\r\nX_Doorward_User: root\r\n\r\n",
        "0\r\nhost: other\r\n\r\n",
        "0\r\nx : y\r\n\r\n",
        "0\r\nx\r\n\r\n",
        "0\r\n\n",
    ] {
        assert!(!is_sound(&body(chunks)), "{chunks:?}");
    }
    let flood = format!("1;{}\r\na\r\n0\r\n\r\n", "a".repeat(5000));
    assert!(!is_sound(&body(&flood)));
    let trailers = format!("0\r\n{}\r\n", "a: b\r\n".repeat(4000));
    assert!(!is_sound(&body(&trailers)));
}

#[test]
fn atk_s23_control_bytes_stand_nowhere() {
    for byte in (0..=0x1f_u8).chain([0x7f]).filter(|b| *b != b'\t') {
        let byte = char::from(byte);
        for text in [
            format!("GET /{byte} HTTP/1.1\r\nhost: h\r\n\r\n"),
            with(&format!("x{byte}: y\r\n")),
            with(&format!("x: y{byte}z\r\n")),
        ] {
            assert!(!is_sound(&text), "{text:?}");
        }
    }
}

#[test]
fn atk_s24_a_target_has_no_fragment() {
    for target in ["/a#b", "/#", "http://h/#"] {
        assert!(
            !is_sound(&format!("GET {target} HTTP/1.1\r\nhost: h\r\n\r\n")),
            "{target}"
        );
    }
}

#[test]
fn what_stands_before_the_fault_is_handed_on() {
    let good = "GET / HTTP/1.1\r\nhost: h\r\n\r\n";
    let both = format!("{good}GET / HTTP/1.1\nhost: h\n\n");
    assert_eq!(read(&[both.as_bytes()]), (good.len(), false));
    let body = with("transfer-encoding: chunked\r\n") + "3\r\nabcX";
    assert_eq!(read(&[body.as_bytes()]), (body.len() - 1, false));
}

#[test]
fn behind_a_head_that_is_too_large_nothing_goes_on() {
    let long = with(&format!("x: {}\r\n", "a".repeat(MAX_HEAD)));
    assert_eq!(read(&[long.as_bytes()]), (MAX_HEAD, false));
    let many = with(&"x: y\r\n".repeat(120));
    assert!(is_sound(&many));
    let behind = [many.as_bytes(), b"GET / HTTP/1.1\r\n"];
    assert_eq!(read(&behind), (many.len(), false));
    assert_eq!(read(&[&behind.concat()]), (many.len(), false));
}

#[test]
fn http2_and_changed_protocols_are_not_followed() {
    let mut bytes = PREFACE.to_vec();
    bytes.extend([0, 0, 0, 4, 0]);
    assert!(read(&[&bytes]).1);
    let split: Vec<&[u8]> = bytes.chunks(1).collect();
    assert!(read(&split).1);
    let switch = Switch::default();
    let mut tap = Tap::new(switch.clone());
    tap.read(b"GET / HTTP/1.1\r\nhost: h\r\nupgrade: x\r\n\r\n")
        .unwrap();
    switch.off();
    tap.read(b"\0\xff\n").unwrap();
}

#[test]
fn where_http2_was_agreed_on_nothing_else_comes() {
    for piece in [1, 7, 64] {
        let mut tap = Tap::http2(Switch::default());
        let mut bytes = PREFACE.to_vec();
        bytes.extend([0, 0, 0, 4, 0, 0xff, b'\n']);
        for piece in bytes.chunks(piece) {
            tap.read(piece).unwrap();
        }
        let mut tap = Tap::http2(Switch::default());
        let other = b"PRI * HTTP/1.1\r\nhost: h\r\n\r\n";
        assert!(other.chunks(piece).any(|piece| tap.read(piece).is_err()));
    }
}

proptest! {
    #[test]
    fn a_verdict_does_not_depend_on_how_bytes_arrive(
        text in "(GET|POST) /[a-c]{0,2} HTTP/1\\.[01]\r?\n(host: h\r\n|content-length: [0-3]\r\n|transfer-encoding: chunked\r\n|x:[ a-c\t]{0,3}\r\n){0,4}\r\n([0-3]\r\n|[a-c]{0,3}|\r\n){0,5}",
        cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..4),
    ) {
        let bytes = text.as_bytes();
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        places.sort_unstable();
        let mut pieces = Vec::new();
        let mut from = 0;
        for place in places {
            pieces.push(&bytes[from..place]);
            from = place;
        }
        pieces.push(&bytes[from..]);
        prop_assert_eq!(read(&pieces).1, read(&[bytes]).1);
    }

    #[test]
    fn following_never_panics(bytes: Vec<u8>) {
        std::hint::black_box(read(&[&bytes]));
    }
}
