//! Requests whose body is unusual: where none is expected, one that stalls, one that nobody waits for.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;

use crate::support::{Door, OK, PATIENCE, Script, door, door_with, read_head, script, upstream};

#[tokio::test(flavor = "multi_thread")]
async fn a_chunked_body_arrives_whatever_the_method() {
    let whole = script(|mut stream, seen| async move {
        while let Some(mut told) = read_head(&mut stream).await {
            let is_head = told.starts_with("HEAD");
            if told.contains("transfer-encoding: chunked\r\n") {
                told.push_str(&read_head(&mut stream).await.unwrap());
            }
            seen.lock().unwrap().push(told);
            let answer = if is_head { &OK[..OK.len() - 2] } else { OK };
            stream.write_all(answer).await.unwrap();
        }
    });
    let (url, seen) = upstream(whole).await;
    let door = door(&[&url]).await;
    for method in ["GET", "HEAD", "DELETE", "OPTIONS", "POST"] {
        let body = "transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n";
        let answer = door.ask(&format!("{method} /a/x"), body).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{method}: {answer}");
        let told = seen.lock().unwrap().pop().unwrap();
        assert!(
            told.ends_with("\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
            "{method}: {told}"
        );
    }
    door.ask("GET /a/x", "").await;
    let told = seen.lock().unwrap().pop().unwrap().to_ascii_lowercase();
    assert!(!told.contains("transfer-encoding"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_stalls_is_408_and_is_not_the_upstreams_fault() {
    let whole = script(|mut stream, seen| async move {
        while let Some(head) = read_head(&mut stream).await {
            let is_put = head.starts_with("PUT");
            seen.lock().unwrap().push(head);
            if is_put {
                let mut rest = Vec::new();
                drop(stream.read_to_end(&mut rest).await);
                return;
            }
            stream.write_all(OK).await.unwrap();
        }
    });
    let (url, seen) = upstream(whole.clone()).await;
    let (other, unseen) = upstream(whole).await;
    let door = door_with(&[&url, &other], |_, up| {
        up.response_timeout = Duration::from_millis(200);
    })
    .await;
    for _ in 0..4 {
        let answer = door
            .ask("PUT /a/x", "content-length: 1000\r\n\r\nabc")
            .await;
        assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    }
    for _ in 0..8 {
        let answer = door.ask("GET /a/x", "").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    let gets = |seen: &Vec<String>| seen.iter().any(|head| head.starts_with("GET"));
    assert!(
        gets(&seen.lock().unwrap()) && gets(&unseen.lock().unwrap()),
        "neither address rests"
    );
}

/// Answers once a head was read; what else came is read only when the client is gone, to see whether it ends.
fn hasty(answer: &'static [u8], gone: Arc<Semaphore>, ended: mpsc::UnboundedSender<()>) -> Script {
    script(move |mut stream, seen| {
        let (gone, ended) = (Arc::clone(&gone), ended.clone());
        async move {
            // A connection that closes unasked would lose the next PUT, which is not sent twice.
            while let Some(head) = read_head(&mut stream).await {
                let is_put = head.starts_with("PUT");
                seen.lock().unwrap().push(head);
                stream.write_all(answer).await.unwrap();
                if is_put {
                    gone.acquire().await.unwrap().forget();
                    drop(tokio::io::copy(&mut stream, &mut tokio::io::sink()).await);
                    ended.send(()).unwrap();
                    return;
                }
            }
        }
    })
}

async fn put(door: &Door, length: usize) -> tokio::net::TcpStream {
    let mut stream = door.connect().await;
    let head = format!(
        "PUT /a/x HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {}\r\ncontent-length: {length}\r\n\r\n",
        door.token
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn an_early_answer_ends_the_upstreams_connection_with_the_rest_of_the_request() {
    let (ended, mut told) = mpsc::unbounded_channel();
    let gone = Arc::new(Semaphore::new(0));
    let answer = b"HTTP/1.1 413 Content Too Large\r\ncontent-length: 4\r\n\r\nmuch";
    let (url, seen) = upstream(hasty(answer, Arc::clone(&gone), ended)).await;
    let door = door(&[&url]).await;
    // The one client says no more, the other never stops: then the upstream's buffers are full.
    for endless in [false, true] {
        let (mut read, mut write) = put(&door, 1 << 40).await.into_split();
        let sending = tokio::spawn(async move {
            let piece = vec![b'x'; 64 * 1024];
            while endless && write.write_all(&piece).await.is_ok() {}
            write
        });
        let mut answer = Vec::new();
        let reading = read.read_to_end(&mut answer);
        drop(
            timeout(PATIENCE, reading)
                .await
                .expect("the client is held"),
        );
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
        assert!(answer.ends_with("much"), "{answer}");
        drop(timeout(PATIENCE, sending).await.unwrap().unwrap());
        gone.add_permits(1);
        let ended = timeout(PATIENCE, told.recv()).await;
        ended.expect("the upstream is held").unwrap();
        let answer = door.ask("GET /a/x", "").await;
        assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    }
    for head in seen.lock().unwrap().iter() {
        assert!(head.starts_with("PUT") || head.starts_with("GET"), "{head}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_early_answer_arrives_whole_although_the_upstream_is_gone() {
    let leaving = script(|mut stream, _| async move {
        read_head(&mut stream).await.unwrap();
        let answer = format!(
            "HTTP/1.1 413 Content Too Large\r\ncontent-length: 30000\r\n\r\n{}",
            "x".repeat(30_000)
        );
        stream.write_all(answer.as_bytes()).await.unwrap();
    });
    let (url, _) = upstream(leaving).await;
    let door = door(&[&url]).await;
    for _ in 0..10 {
        let (mut read, mut write) = put(&door, 1 << 40).await.into_split();
        let sending = tokio::spawn(async move {
            let piece = vec![b'x'; 4 * 1024];
            while write.write_all(&piece).await.is_ok() {}
        });
        let (mut answer, body) = (Vec::new(), "x".repeat(30_000).into_bytes());
        while !answer.ends_with(&body) {
            let byte = timeout(PATIENCE, read.read_u8()).await.unwrap();
            answer.push(byte.expect("the answer broke off"));
        }
        assert!(answer.starts_with(b"HTTP/1.1 413"));
        sending.await.unwrap();
    }
}

/// Attack: an upstream that passes over a body where it expects none takes it for the next request, and the
/// answer to that for the answer to somebody else.
#[tokio::test(flavor = "multi_thread")]
async fn atk_s31_a_body_that_an_upstream_may_pass_over_is_the_last_on_its_connection() {
    for method in ["GET", "HEAD", "DELETE", "OPTIONS"] {
        let passing_over = script(move |mut stream, seen| async move {
            while let Some(head) = read_head(&mut stream).await {
                let is_last = head.contains("connection: close\r\n");
                let is_head = head.starts_with("HEAD");
                seen.lock().unwrap().push(head);
                let answer = if is_head { &OK[..OK.len() - 2] } else { OK };
                stream.write_all(answer).await.unwrap();
                if is_last {
                    return;
                }
            }
        });
        let (url, seen) = upstream(passing_over).await;
        let door = door(&[&url]).await;
        let body = "GET /a/admin HTTP/1.1\r\nhost: h\r\n\r\n";
        let more = format!("content-length: {}\r\n\r\n{body}", body.len());
        let answer = door.ask(&format!("{method} /a/x"), &more).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        let answer = door.ask("GET /a/y", "").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        let seen = seen.lock().unwrap();
        assert_eq!(seen.len(), 2, "{seen:?}");
        assert!(seen[1].starts_with("GET /a/y "), "{seen:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sent_a_body_that_nobody_read_is_told_that_the_connection_ends() {
    let (url, _seen) = upstream(script(|_, _| async {})).await;
    let door = door(&[&url]).await;
    // The body comes after the head, as many clients write it: the refusal does not wait for it.
    let mut stream = door.connect().await;
    let head = b"PUT /a/x HTTP/1.1\r\nhost: h\r\ncontent-length: 3\r\n\r\n";
    stream.write_all(head).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(timeout(PATIENCE, stream.read_u8()).await.unwrap().unwrap());
    }
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 599"), "{answer}");
    assert!(answer.contains("connection: close\r\n"), "{answer}");
    // Without a body there is nothing to tell.
    let mut stream = door.connect().await;
    stream
        .write_all(b"PUT /a/x HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(timeout(PATIENCE, stream.read_u8()).await.unwrap().unwrap());
    }
    assert!(
        !String::from_utf8(answer)
            .unwrap()
            .contains("connection: close")
    );
}
