//! What is not exactly HTTP/1.1 ends the connection with 400, and reaches nobody.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use crate::support::{OK, PATIENCE, answers, door, upstream};

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
