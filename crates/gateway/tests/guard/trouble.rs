//! Upstreams that are away, slow, or break off.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::support::{OK, PATIENCE, Script, answers, door, door_with, read_head, script, upstream};

/// An address where nobody listens.
const NOBODY: &str = "http://127.0.0.1:1";

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_is_away_is_502() {
    let door = door(&[NOBODY]).await;
    let answer = door.ask("GET /a/x", "").await;
    assert!(answer.starts_with("HTTP/1.1 502"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_address_is_asked_and_gets_the_whole_body() {
    let whole = script(|mut stream, seen| async move {
        // A connection that closes unasked would lose the next POST, which is not sent twice.
        while let Some(mut head) = read_head(&mut stream).await {
            let mut body = [0; 4];
            tokio::io::AsyncReadExt::read_exact(&mut stream, &mut body)
                .await
                .unwrap();
            head.push_str(std::str::from_utf8(&body).unwrap());
            seen.lock().unwrap().push(head);
            stream.write_all(OK).await.unwrap();
        }
    });
    let (url, seen) = upstream(whole).await;
    let door = door(&[NOBODY, &url]).await;
    for _ in 0..4 {
        let answer = door.ask("POST /a/x", "content-length: 4\r\n\r\nab").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 4);
    assert!(
        seen.iter().all(|head| head.ends_with("\r\n\r\nab\r\n")),
        "{seen:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_head_is_504() {
    let silent = script(|mut stream, _| async move {
        read_head(&mut stream).await.unwrap();
        std::future::pending::<()>().await;
    });
    let (url, _) = upstream(silent).await;
    let door = door_with(&[&url], |_, up| {
        up.response_timeout = Duration::from_millis(100);
    })
    .await;
    let answer = door.ask("POST /a/x", "content-length: 0\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 504"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_pauses_too_long_is_cut() {
    let pausing = script(|mut stream, _| async move {
        read_head(&mut stream).await.unwrap();
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab")
            .await
            .unwrap();
        std::future::pending::<()>().await;
    });
    let (url, _) = upstream(pausing).await;
    let door = door_with(&[&url], |_, up| {
        up.idle_timeout = Duration::from_millis(100);
    })
    .await;
    let answer = door.ask("GET /a/x", "").await;
    assert!(answer.ends_with("\r\n\r\nab"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_breaks_off_never_looks_complete() {
    for (bytes, complete) in [
        (
            &b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab"[..],
            "content-length: 2\r\n",
        ),
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n",
            "0\r\n\r\n",
        ),
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab",
            "0\r\n\r\n",
        ),
    ] {
        let dying = script(move |mut stream, _| async move {
            read_head(&mut stream).await.unwrap();
            stream.write_all(bytes).await.unwrap();
        });
        let (url, _) = upstream(dying).await;
        let door = door(&[&url]).await;
        let answer = door.ask("GET /a/x", "").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(!answer.contains(complete), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_http_is_502_and_is_sent_again_only_if_that_is_safe() {
    for (line, times) in [("GET /a/x", 2), ("POST /a/x", 1), ("DELETE /a/x", 1)] {
        let broken = script(|mut stream, seen| async move {
            let head = read_head(&mut stream).await.unwrap();
            seen.lock().unwrap().push(head);
            stream.write_all(b"SSH-2.0-nothing\r\n\r\n").await.unwrap();
        });
        let (one, first) = upstream(broken.clone()).await;
        let (two, second) = upstream(broken).await;
        let door = door(&[&one, &two]).await;
        let answer = door.ask(line, "content-length: 0\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 502"), "{answer}");
        let sent = first.lock().unwrap().len() + second.lock().unwrap().len();
        assert_eq!(sent, times, "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_connection_that_was_closed_is_replaced() {
    let once = script(|mut stream, seen| async move {
        let head = read_head(&mut stream).await.unwrap();
        seen.lock().unwrap().push(head);
        stream.write_all(OK).await.unwrap();
    });
    let (url, seen) = upstream(once).await;
    let door = door(&[&url]).await;
    for _ in 0..3 {
        let answer = door.ask("GET /a/x", "").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    assert_eq!(seen.lock().unwrap().len(), 3);
}

/// Answers the first request of each connection, and closes when the second has come.
fn forgetful() -> Script {
    script(|mut stream, seen| async move {
        for answer in [OK, b""] {
            let Some(head) = read_head(&mut stream).await else {
                return;
            };
            seen.lock().unwrap().push(head);
            stream.write_all(answer).await.unwrap();
        }
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_connection_that_closes_under_a_request_is_replaced_where_that_is_safe() {
    for (line, times) in [("GET /a/x", 3), ("POST /a/x", 2), ("DELETE /a/x", 2)] {
        let (url, seen) = upstream(forgetful()).await;
        let door = door_with(&[&url], |_, up| up.retries = 0).await;
        door.ask(line, "content-length: 0\r\n").await;
        let answer = door.ask(line, "content-length: 0\r\n").await;
        let expected = if times == 3 {
            "HTTP/1.1 200"
        } else {
            "HTTP/1.1 502"
        };
        assert!(answer.starts_with(expected), "{line}: {answer}");
        assert_eq!(seen.lock().unwrap().len(), times, "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_connection_that_closes_unanswered_is_not_replaced() {
    let mute = script(|mut stream, seen| async move {
        let head = read_head(&mut stream).await.unwrap();
        seen.lock().unwrap().push(head);
    });
    let (url, seen) = upstream(mute).await;
    let door = door(&[&url]).await;
    let answer = door.ask("GET /a/x", "").await;
    assert!(answer.starts_with("HTTP/1.1 502"), "{answer}");
    assert_eq!(seen.lock().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_whose_end_two_readers_see_in_different_places_is_502() {
    for bytes in [
        &b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n"[..],
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: identity\r\n\r\nabcde",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\nhi",
    ] {
        let (url, seen) = upstream(answers(bytes)).await;
        let door = door(&[&url]).await;
        for times in [1, 2] {
            let answer = door.ask("POST /a/x", "content-length: 0\r\n").await;
            assert!(answer.starts_with("HTTP/1.1 502"), "{answer}");
            assert_eq!(seen.lock().unwrap().len(), times);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_nobody_asked_for_answers_nobody() {
    let twice = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil";
    for line in ["GET /a/x", "HEAD /a/x"] {
        let (url, _) = upstream(answers(twice)).await;
        let door = door(&[&url]).await;
        for _ in 0..20 {
            let answer = door.ask(line, "").await;
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
            assert!(!answer.contains("evil"), "{answer}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_to_an_upstream_are_kept() {
    let counting = script(|mut stream, seen| async move {
        seen.lock().unwrap().push("connection".to_owned());
        while read_head(&mut stream).await.is_some() {
            stream.write_all(OK).await.unwrap();
        }
    });
    let (url, seen) = upstream(counting).await;
    let door = door(&[&url]).await;
    for _ in 0..5 {
        door.ask("GET /a/x", "").await;
    }
    assert_eq!(seen.lock().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_may_be_a_unix_socket() {
    let folder = std::env::temp_dir().join(format!("doorward-up-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("s");
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(tokio::io::AsyncReadExt::read_u8(&mut stream).await.unwrap());
        }
        stream.write_all(OK).await.unwrap();
    });
    let door = door(&[&format!("unix:{}", path.display())]).await;
    let answer = door.ask("GET /a/x", "").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_upstream_is_asked_before_the_answer_to_who_is_there() {
    let (url, seen) = upstream(answers(OK)).await;
    let door = door(&[&url]).await;
    let ended = door
        .app
        .engine
        .end_sessions(doorward_testkit::operator(), door.app.account("A").id);
    ended.await.unwrap();
    let answer = door.ask("GET /a/x", "").await;
    assert!(answer.starts_with("HTTP/1.1 599"), "{answer}");
    assert!(seen.lock().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_addresses_are_asked_in_turn() {
    let (one, first) = upstream(answers(OK)).await;
    let (two, second) = upstream(answers(OK)).await;
    let door = door(&[&one, &two]).await;
    for _ in 0..16 {
        door.ask("GET /a/x", "").await;
    }
    let (first, second) = (first.lock().unwrap().len(), second.lock().unwrap().len());
    assert_eq!(first + second, 16);
    assert!(first > 3 && second > 3, "{first} and {second}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_was_tried_alone_says_what_was_wrong_with_it() {
    let silent = script(|mut stream, _| async move {
        read_head(&mut stream).await.unwrap();
        std::future::pending::<()>().await;
    });
    let (url, _) = upstream(silent).await;
    let door = door_with(&[&url], |_, up| {
        up.response_timeout = Duration::from_millis(100);
    })
    .await;
    let answer = door.ask("GET /a/x", "").await;
    assert!(answer.starts_with("HTTP/1.1 504"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn more_requests_than_may_be_under_way_are_503() {
    let (gate, waiting) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let (opened, waits) = (Arc::clone(&gate), Arc::clone(&waiting));
    let slow = script(move |mut stream, _| {
        let (gate, waiting) = (Arc::clone(&opened), Arc::clone(&waits));
        async move {
            while read_head(&mut stream).await.is_some() {
                waiting.add_permits(1);
                gate.acquire().await.unwrap().forget();
                stream.write_all(OK).await.unwrap();
            }
        }
    });
    let (url, _) = upstream(slow).await;
    let door = door_with(&[&url], |_, up| up.max_in_flight = 2).await;
    let asks = || door.ask("GET /a/x", "");
    let beyond = async {
        waiting.acquire_many(2).await.unwrap().forget();
        let answer = asks().await;
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
        gate.add_permits(3);
    };
    let (one, two, ()) = tokio::join!(asks(), asks(), beyond);
    for answer in [one, two, asks().await] {
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kept_connections_end_with_the_door() {
    let keeping = script(|mut stream, seen| async move {
        while read_head(&mut stream).await.is_some() {
            stream.write_all(OK).await.unwrap();
        }
        seen.lock().unwrap().push("end".to_owned());
    });
    let (url, seen) = upstream(keeping).await;
    let door = door(&[&url]).await;
    door.ask("GET /a/x", "").await;
    assert!(seen.lock().unwrap().is_empty(), "it is kept");
    timeout(PATIENCE, door.guard.stop()).await.unwrap();
    let ended = async {
        while seen.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, ended).await.unwrap();
}
