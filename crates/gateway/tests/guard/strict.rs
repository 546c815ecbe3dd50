//! What is not exactly HTTP/1.1 ends the connection with 400, and reaches nobody.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use crate::support::{Door, OK, PATIENCE, answers, door, read_head, upstream};

#[tokio::test(flavor = "multi_thread")]
async fn atk_s31_smuggled_requests_are_answered_400_and_reach_nobody() {
    let (url, seen) = upstream(answers(OK)).await;
    let door = door(&[&url]).await;
    let attacks: [&[u8]; 12] = [
        b"GET /open/ HTTP/1.1\nhost: h\n\n",
        b"GET /open/ HTTP/1.1\r\nhost: h\r\nhost: h\r\n\r\n",
        b"GET /open/ HTTP/1.1\r\n\r\n",
        b"GET http://other/open/ HTTP/1.1\r\nhost: h\r\n\r\n",
        b"GET /open/\x00 HTTP/1.1\r\nhost: h\r\n\r\n",
        b"GET /open/ HTTP/1.1\r\nhost: h\r\nx: \x01\r\n\r\n",
        b"GET /open/#a HTTP/1.1\r\nhost: h\r\n\r\n",
        b"POST /open/ HTTP/1.1\r\nhost: h\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /open/smuggled HTTP/1.1\r\n\r\n",
        b"POST /open/ HTTP/1.1\r\nhost: h\r\ncontent-length: 1\r\ncontent-length: 40\r\n\r\nGET /open/smuggled HTTP/1.1\r\nhost: h\r\n\r\n",
        b"POST /open/ HTTP/1.1\r\nhost: h\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"POST /open/ HTTP/1.0\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /open/ HTTP/1.1\r\nhost: h\r\nx:\r\n folded\r\n\r\n",
    ];
    for attack in attacks {
        let answer = door.raw(attack).await;
        let shown = String::from_utf8_lossy(attack);
        assert!(answer.starts_with("HTTP/1.1 400"), "{shown:?}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{shown:?}: {answer}");
    }
    assert!(seen.lock().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn atk_s31_a_body_that_goes_wrong_never_arrives_whole() {
    let whole = crate::support::script(|mut stream, seen| async move {
        let mut text = Vec::new();
        let read = stream.read_to_end(&mut text).await;
        seen.lock().unwrap().push(format!(
            "{} {:?}",
            String::from_utf8_lossy(&text),
            read.is_ok()
        ));
    });
    let (url, seen) = upstream(whole).await;
    let door = door(&[&url]).await;
    let bad = b"POST /open/ HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabcXX\r\n0\r\n\r\n";
    let answer = door.raw(bad).await;
    assert!(!answer.starts_with("HTTP/1.1 2"), "{answer}");
    for told in seen.lock().unwrap().iter() {
        assert!(!told.contains("0\r\n\r\n"), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pipelined_requests_are_answered_one_by_one_and_what_follows_them_is_refused() {
    let (url, _) = upstream(answers(OK)).await;
    let door = door(&[&url]).await;
    let good = "GET /open/ HTTP/1.1\r\nhost: h\r\n\r\n";
    let answer = door
        .raw(format!("{good}{good}GET / HTTP/1.1\n\n").as_bytes())
        .await;
    assert_eq!(answer.matches("HTTP/1.1 200").count(), 2, "{answer}");
    assert_eq!(answer.matches("HTTP/1.1").count(), 3, "{answer}");
    assert!(answer.contains("HTTP/1.1 400"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_may_arrive_one_by_one() {
    let (url, _) = upstream(answers(OK)).await;
    let door = door(&[&url]).await;
    let mut stream = door.connect().await;
    stream.set_nodelay(true).unwrap();
    for byte in b"GET /open/ HTTP/1.1\r\nhost: h\r\n\r\n" {
        stream.write_all(&[*byte]).await.unwrap();
    }
    let mut first = [0; 12];
    timeout(PATIENCE, stream.read_exact(&mut first))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
}

/// A request over HTTP/2 whose `:path` is these bytes; everything that comes back within the connection.
async fn over_http2(door: &Door, path: &[u8], token: Option<&[u8]>) -> Vec<u8> {
    let literal = |index: &[u8], value: &[u8]| {
        // Lengths from 127 on go on in groups of seven bits (RFC 7541 section 5.1).
        let length = if value.len() < 127 {
            vec![u8::try_from(value.len()).unwrap()]
        } else {
            let rest = value.len() - 127;
            let low = u8::try_from(rest % 128).unwrap() | 0x80;
            vec![127, low, u8::try_from(rest / 128).unwrap()]
        };
        [index, &length, value].concat()
    };
    let fields = [
        &[0x82, 0x86][..],
        &literal(&[0x04], path),
        &literal(&[0x01], b"h"),
        &token.map_or_else(Vec::new, |token| literal(&[0x0f, 0x08], token)),
    ]
    .concat();
    let frame = |kind: u8, flags: u8, number: u8, payload: &[u8]| {
        let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
        let head = [0, length[0], length[1], kind, flags, 0, 0, 0, number];
        [&head, payload].concat()
    };
    let mut stream = door.connect().await;
    let bytes = [
        &b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..],
        &frame(4, 0, 0, &[]),
        &frame(1, 5, 1, &fields),
    ];
    stream.write_all(&bytes.concat()).await.unwrap();
    let mut answer = Vec::new();
    loop {
        let mut head = [0; 9];
        timeout(PATIENCE, stream.read_exact(&mut head))
            .await
            .unwrap()
            .unwrap();
        let mut payload = vec![0; usize::from(head[1]) << 8 | usize::from(head[2])];
        timeout(PATIENCE, stream.read_exact(&mut payload))
            .await
            .unwrap()
            .unwrap();
        if head[8] == 1 && matches!(head[3], 0 | 1) {
            answer.extend(payload);
            if head[4] & 1 == 1 {
                return answer;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn atk_s24_a_path_cut_at_its_fragment_is_judged_as_it_is_passed_on() {
    let (url, seen) = upstream(answers(OK)).await;
    let door = door(&[&url]).await;
    let token = format!("Bearer {}", door.token);
    let told = || std::mem::take(&mut *seen.lock().unwrap());

    let answer = over_http2(&door, b"/open/x#/../../a/secret", None).await;
    assert_eq!(answer.first(), Some(&0x88), "{answer:02x?}");
    let heads = told();
    assert_eq!(heads.len(), 1, "{heads:?}");
    assert!(
        heads[0].starts_with("GET /open/x HTTP/1.1\r\n"),
        "{heads:?}"
    );

    // What stands behind it opens nothing.
    over_http2(&door, b"/a/x#/../../open/", None).await;
    over_http2(&door, b"/a/x?#/open/", None).await;
    assert_eq!(told(), Vec::<String>::new());

    over_http2(&door, b"/a/x?q=1#/open/", Some(token.as_bytes())).await;
    let heads = told();
    assert!(
        heads[0].starts_with("GET /a/x?q=1 HTTP/1.1\r\n"),
        "{heads:?}"
    );
}

/// Attack: a head that is longer than the tap follows and that hyper still takes, for its buffer may have grown past
/// its limit with the request before: the tap would be off from then on.
#[tokio::test(flavor = "multi_thread")]
async fn atk_s31_a_head_too_long_to_be_followed_is_passed_on_by_nobody() {
    let (url, seen) = upstream(answers(OK)).await;
    let door = door(&[&url]).await;
    for (first, second) in [(100, 65_600), (40_000, 26_000), (60_000, 5_700)] {
        let mut stream = door.connect().await;
        let good = b"GET /open/ HTTP/1.1\r\nhost: h\r\n\r\n";
        stream.write_all(good).await.unwrap();
        let answer = read_head(&mut stream).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        stream.read_exact(&mut [0; 2]).await.unwrap();

        let mut head = b"GET /open/x HTTP/1.1\r\nhost: h\r\nx: ".to_vec();
        head.extend(vec![b'a'; first]);
        stream.write_all(&head).await.unwrap();
        // Until that was read; what follows comes in one piece.
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        let mut rest = vec![b'a'; second];
        rest.extend(b"\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n");
        let _closed = stream.write_all(&rest).await;
        let mut answer = Vec::new();
        let reading = timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
        drop(reading.unwrap());
        let answer = String::from_utf8_lossy(&answer);
        assert!(!answer.contains("HTTP/1.1 200"), "{answer}");
        assert_eq!(std::mem::take(&mut *seen.lock().unwrap()).len(), 1);
    }
}

/// hyper writes another target with this method than the one that was judged.
#[tokio::test(flavor = "multi_thread")]
async fn a_tunnel_is_passed_on_in_no_form() {
    let (url, seen) = upstream(answers(OK)).await;
    let door = door(&[&url]).await;
    for target in ["/open/x", "http://h/open/x", "h:80"] {
        let head = format!("CONNECT {target} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n");
        let answer = door.raw(head.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 5"), "{target}: {answer}");
        assert!(seen.lock().unwrap().is_empty(), "{target}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn atk_s31_the_body_of_a_request_that_was_refused_is_no_request() {
    let (url, seen) = upstream(answers(OK)).await;
    let door = door(&[&url]).await;
    let inner = "GET /open/smuggled HTTP/1.1\r\nhost: h\r\n\r\n";
    for framing in [
        "content-length: 400000\r\n\r\n",
        "content-length: 400000\r\nexpect: 100-continue\r\n\r\n",
        "transfer-encoding: chunked\r\n\r\nfffff\r\n",
    ] {
        let request = format!("POST /a/x HTTP/1.1\r\nhost: h\r\n{framing}{inner}{inner}");
        let answer = door.raw(request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 599"), "{answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
        assert!(seen.lock().unwrap().is_empty());
    }
}
