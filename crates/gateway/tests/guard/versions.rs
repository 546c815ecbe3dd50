//! HTTP/2 in, HTTP/1.1 out; and clients that close their side first.

use std::convert::Infallible;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request};
use http_body::Frame;
use http_body_util::{BodyExt as _, Empty, Full, StreamBody};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::support::{Door, OK, PATIENCE, answers, door, lines, read_head, script, upstream};

/// Sends this body with further headers over HTTP/2.
async fn put<B>(door: &Door, headers: &[(&'static str, &'static str)], body: B) -> u16
where
    B: http_body::Body<Data = Bytes, Error = Infallible> + Send + Unpin + 'static,
{
    let io = TokioIo::new(door.connect().await);
    let opened = hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await;
    let (mut sender, connection) = opened.unwrap();
    let driving = tokio::spawn(connection);
    let mut request = Request::put("http://api.test/a/x")
        .header("authorization", format!("Bearer {}", door.token))
        .body(body)
        .unwrap();
    for (name, value) in headers {
        let value = HeaderValue::from_static(value);
        request.headers_mut().append(*name, value);
    }
    let answer = timeout(PATIENCE, sender.send_request(request)).await;
    let status = answer.unwrap().unwrap().status().as_u16();
    driving.abort();
    status
}

#[tokio::test(flavor = "multi_thread")]
async fn cookies_of_several_fields_arrive_as_one() {
    let (url, seen) = upstream(answers(OK)).await;
    let door = door(&[&url]).await;
    let cookies = [("cookie", "a=1"), ("cookie", "b=2; c=3"), ("cookie", "d=4")];
    assert_eq!(put(&door, &cookies, Empty::new()).await, 200);
    let head = seen.lock().unwrap()[0].clone();
    assert!(head.starts_with("PUT /a/x HTTP/1.1\r\n"), "{head}");
    assert_eq!(lines(&head, "cookie"), ["a=1; b=2; c=3; d=4"]);
    assert_eq!(lines(&head, "host"), ["api.test"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn trailers_of_http2_arrive_as_trailers() {
    let whole = script(|mut stream, seen| async move {
        while let Some(mut told) = read_head(&mut stream).await {
            told.push_str(&read_head(&mut stream).await.unwrap());
            seen.lock().unwrap().push(told);
            stream.write_all(OK).await.unwrap();
        }
    });
    let (url, seen) = upstream(whole).await;
    let door = door(&[&url]).await;
    let mut trailers = HeaderMap::new();
    trailers.insert("x-sum", HeaderValue::from_static("7"));
    trailers.insert("x-doorward-user", HeaderValue::from_static("root"));
    let declared = [("trailer", "x-sum, x-doorward-user")];
    let abc = Bytes::from_static(b"abc");
    let frames = [Frame::data(abc.clone()), Frame::trailers(trailers.clone())];
    let unknown = StreamBody::new(futures_util::stream::iter(frames.map(Ok)));
    let known = Full::new(abc).with_trailers(std::future::ready(Some(Ok(trailers))));
    assert_eq!(put(&door, &declared, unknown).await, 200);
    assert_eq!(put(&door, &declared, known).await, 200);
    for told in seen.lock().unwrap().iter() {
        assert!(
            told.ends_with("\r\n\r\n3\r\nabc\r\n0\r\nx-sum: 7\r\n\r\n"),
            "{told}"
        );
        assert!(lines(told, "content-length").is_empty(), "{told}");
    }
    assert_eq!(seen.lock().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_closes_its_side_still_gets_the_answer() {
    let (closed, was_closed) = oneshot::channel::<()>();
    let was_closed = std::sync::Mutex::new(Some(was_closed));
    let late = script(move |mut stream, seen| {
        let was_closed = was_closed.lock().unwrap().take().unwrap();
        async move {
            let head = read_head(&mut stream).await.unwrap();
            seen.lock().unwrap().push(head);
            was_closed.await.unwrap();
            stream.write_all(OK).await.unwrap();
        }
    });
    let (url, seen) = upstream(late).await;
    let door = door(&[&url]).await;
    let mut stream = door.connect().await;
    let request = format!(
        "GET /a/x HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {}\r\n\r\n",
        door.token
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let arrived = async {
        while seen.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, arrived).await.unwrap();
    stream.shutdown().await.unwrap();
    closed.send(()).unwrap();
    let mut answer = String::new();
    let reading = timeout(PATIENCE, stream.read_to_string(&mut answer)).await;
    reading.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.ends_with("hi"), "{answer}");
}
