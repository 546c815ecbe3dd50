//! Bodies both ways, trailers, changed protocols.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use crate::support::{
    Door, OK, PATIENCE, Script, answers, door, door_with, lines, read_head, script, upstream,
};

const LARGE: usize = 64 * 1024 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn a_large_body_passes_and_comes_back() {
    let echo = script(|mut stream, seen| async move {
        let head = read_head(&mut stream).await.unwrap();
        let length: u64 = lines(&head, "content-length")[0].parse().unwrap();
        seen.lock().unwrap().push(head);
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
        stream.write_all(answer.as_bytes()).await.unwrap();
        let (read, mut write) = stream.split();
        tokio::io::copy(&mut read.take(length), &mut write)
            .await
            .unwrap();
    });
    let (url, _) = upstream(echo).await;
    let door = door(&[&url]).await;
    let head = format!(
        "PUT /a/x HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {}\r\nconnection: close\r\ncontent-length: {LARGE}\r\n\r\n",
        door.token
    );
    let (mut read, mut write) = door.connect().await.into_split();
    let sending = tokio::spawn(async move {
        write.write_all(head.as_bytes()).await.unwrap();
        let piece = vec![b'x'; 1024 * 1024];
        for _ in 0..LARGE / piece.len() {
            write.write_all(&piece).await.unwrap();
        }
        write
    });
    let mut answer = Vec::new();
    let read = timeout(PATIENCE, read.read_to_end(&mut answer))
        .await
        .unwrap();
    read.unwrap();
    drop(sending.await.unwrap());
    let end = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
    assert_eq!(answer.len() - end, LARGE);
}

#[tokio::test(flavor = "multi_thread")]
async fn chunks_and_trailers_pass_both_ways() {
    let bytes = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n2\r\nhi\r\n0\r\nx-sum: 7\r\n\r\n";
    let whole = script(move |mut stream, seen| async move {
        let mut head = read_head(&mut stream).await.unwrap();
        while !head.ends_with("0\r\nx-up: 5\r\n\r\n") {
            head.push(char::from(stream.read_u8().await.unwrap()));
        }
        seen.lock().unwrap().push(head);
        stream.write_all(bytes).await.unwrap();
    });
    let (url, seen) = upstream(whole).await;
    let door = door(&[&url]).await;
    let body = "te: trailers\r\ntransfer-encoding: chunked\r\ntrailer: x-up\r\n\r\n3\r\nabc\r\n0\r\nx-up: 5\r\n";
    let answer = door.ask("PUT /a/x", body).await;
    assert!(answer.contains("2\r\nhi\r\n"), "{answer}");
    assert!(answer.ends_with("x-sum: 7\r\n\r\n"), "{answer}");
    assert!(seen.lock().unwrap()[0].contains("abc\r\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_a_body_has_none() {
    for (line, status) in [
        ("HEAD /a/x", "HTTP/1.1 200 OK\r\ncontent-length: 5"),
        ("GET /a/x", "HTTP/1.1 204 No Content"),
        ("GET /a/x", "HTTP/1.1 304 Not Modified\r\netag: \"1\""),
    ] {
        let bytes: &'static [u8] = format!("{status}\r\n\r\n").leak().as_bytes();
        let (url, _) = upstream(answers(bytes)).await;
        let door = door(&[&url]).await;
        let answer = door.ask(line, "").await;
        assert!(answer.starts_with(&status[..12]), "{answer}");
        assert!(answer.ends_with("\r\n\r\n"), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_early_answer_arrives_before_the_body_was_sent() {
    let (url, _) = upstream(answers(OK)).await;
    let door = door(&[&url]).await;
    let mut stream = door.connect().await;
    let head = format!(
        "PUT /a/x HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {}\r\ncontent-length: 1000000\r\n\r\nabc",
        door.token
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut first = [0; 12];
    timeout(PATIENCE, stream.read_exact(&mut first))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_changes_protocols_where_both_agree() {
    let echo = script(|mut stream, seen| async move {
        let head = read_head(&mut stream).await.unwrap();
        seen.lock().unwrap().push(head);
        let answer = b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
        stream.write_all(answer).await.unwrap();
        let (mut read, mut write) = stream.split();
        tokio::io::copy(&mut read, &mut write).await.unwrap();
    });
    let (url, seen) = upstream(echo).await;
    let door = door(&[&url]).await;
    let mut stream = door.connect().await;
    let head = format!(
        "GET /a/ws HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n",
        door.token
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = timeout(PATIENCE, read_head(&mut stream))
        .await
        .unwrap()
        .unwrap();
    assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
    assert_eq!(lines(&answer, "upgrade"), ["websocket"]);
    stream.write_all(b"\x00\xffping").await.unwrap();
    let mut back = [0; 6];
    timeout(PATIENCE, stream.read_exact(&mut back))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(&back, b"\x00\xffping");
    assert_eq!(lines(&seen.lock().unwrap()[0], "upgrade"), ["websocket"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn protocols_change_neither_unasked_nor_to_http() {
    let answer = b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n";
    let (url, seen) = upstream(answers(answer)).await;
    let door = door(&[&url]).await;
    assert!(door.ask("GET /a/x", "").await.starts_with("HTTP/1.1 502"));
    let h2c = "connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AA\r\n";
    assert!(door.ask("GET /a/x", h2c).await.starts_with("HTTP/1.1 502"));
    for head in seen.lock().unwrap().iter() {
        assert!(lines(head, "upgrade").is_empty(), "{head}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_does_not_outlive_its_age() {
    let endless = script(|mut stream, _| async move {
        read_head(&mut stream).await.unwrap();
        let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        stream.write_all(head).await.unwrap();
        while stream.write_all(b"1\r\nx\r\n").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let (url, _) = upstream(endless).await;
    let door = door_with(&[&url], |api, _| {
        api.max_stream_age = Duration::from_millis(200);
    })
    .await;
    let answer = door.ask("GET /a/x", "").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(
        !answer.ends_with("0\r\n\r\n"),
        "a cut stream must not look complete"
    );
}

/// Changes protocols, and sends back what it is sent.
fn echo() -> Script {
    script(|mut stream, _| async move {
        read_head(&mut stream).await.unwrap();
        let answer = b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
        stream.write_all(answer).await.unwrap();
        let (mut read, mut write) = stream.split();
        drop(tokio::io::copy(&mut read, &mut write).await);
    })
}

/// An upgraded connection to the door.
async fn upgraded(door: &Door) -> tokio::net::TcpStream {
    let mut stream = door.connect().await;
    let head = format!(
        "GET /a/ws HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n",
        door.token
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = timeout(PATIENCE, read_head(&mut stream)).await.unwrap();
    assert!(answer.unwrap().starts_with("HTTP/1.1 101"));
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgraded_connection_ends_when_both_sides_are_silent() {
    let (url, _) = upstream(echo()).await;
    let idle = Duration::from_millis(300);
    let door = door_with(&[&url], |_, up| up.idle_timeout = idle).await;
    let mut stream = upgraded(&door).await;
    // Who speaks now and then stays, for longer than both may be silent.
    let begun = tokio::time::Instant::now();
    while begun.elapsed() < idle * 2 {
        stream.write_all(b"x").await.unwrap();
        assert_eq!(stream.read_u8().await.unwrap(), b'x');
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut rest = Vec::new();
    let silent = timeout(PATIENCE, stream.read_to_end(&mut rest)).await;
    drop(silent.expect("a silent connection stays"));
    assert!(rest.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgraded_connection_ends_with_its_upstream_although_the_client_speaks_on() {
    let leaving = script(|mut stream, _| async move {
        read_head(&mut stream).await.unwrap();
        let answer = b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
        stream.write_all(answer).await.unwrap();
    });
    let (url, _) = upstream(leaving).await;
    let door = door(&[&url]).await;
    let mut stream = upgraded(&door).await;
    let speaking = async {
        while stream.write_all(&[b'x'; 4096]).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, speaking).await.expect("nobody listens");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_with_a_body_does_not_change_protocols() {
    let (url, seen) = upstream(answers(OK)).await;
    let door = door(&[&url]).await;
    let more = "connection: upgrade\r\nupgrade: websocket\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n";
    let request = format!(
        "GET /a/ws HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {}\r\n{more}\r\n",
        door.token
    );
    let mut stream = door.connect().await;
    stream.write_all(request.as_bytes()).await.unwrap();
    let answer = timeout(PATIENCE, read_head(&mut stream)).await.unwrap();
    assert!(answer.unwrap().starts_with("HTTP/1.1 200"));
    let seen = seen.lock().unwrap();
    assert!(lines(&seen[0], "upgrade").is_empty(), "{seen:?}");
    assert_eq!(lines(&seen[0], "transfer-encoding"), ["chunked"]);
}
