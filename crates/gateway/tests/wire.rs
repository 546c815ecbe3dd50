//! Real sockets, raw bytes in, raw bytes out.
#![expect(clippy::unwrap_used, reason = "a test's helper fails by panicking")]

use std::time::Duration;

use bytes::Bytes;
use doorward_gateway::inherited::Inherited;
use doorward_gateway::listen::{Listener, bind};
use doorward_gateway::peer::{ListenerName, PeerAddr};
use doorward_gateway::serve::{Body, Drained, Limits, RequestBody, Service, serve};
use http::{Request, Response};
use http_body_util::{BodyExt, Empty, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tower::service_fn;
use tower::util::BoxCloneSyncService;

const PATIENCE: Duration = Duration::from_secs(10);
const LARGE: usize = 64 * 1024 * 1024;
const ASK: &[u8] = b"GET / HTTP/1.1\r\nhost: h\r\n\r\n";

struct Running {
    address: String,
    stop: CancellationToken,
    served: JoinHandle<std::io::Result<Drained>>,
}

impl Running {
    async fn drained(self) -> Drained {
        self.stop.cancel();
        timeout(PATIENCE, self.served)
            .await
            .unwrap()
            .unwrap()
            .unwrap()
    }
}

fn listeners(address: &str) -> Vec<Listener> {
    let name = ListenerName::new("public");
    bind(
        &name,
        &[address.parse().unwrap()],
        &mut Inherited::default(),
    )
    .unwrap()
}

fn start_at(address: &str, limits: Limits, grace: Duration) -> Running {
    let listeners = listeners(address);
    let address = listeners.first().unwrap().local().to_string();
    let stop = CancellationToken::new();
    let token = stop.clone();
    let task = async move { serve(listeners, service(), limits, &token, grace).await };
    #[expect(clippy::disallowed_methods, reason = "every test waits for its server")]
    let served = tokio::spawn(task);
    Running {
        address,
        stop,
        served,
    }
}

fn start(limits: Limits, grace: Duration) -> Running {
    start_at("127.0.0.1:0", limits, grace)
}

/// Answers with the peer and the listener; `/slow` after 300 ms, `/stuck` never.
fn service() -> Service {
    BoxCloneSyncService::new(service_fn(|request: Request<RequestBody>| async move {
        match request.uri().path() {
            "/slow" => sleep(Duration::from_millis(300)).await,
            "/stuck" => sleep(Duration::from_hours(1)).await,
            _ => {}
        }
        if request.uri().path() == "/large" {
            let large = Full::new(Bytes::from(vec![b'x'; LARGE]));
            return Ok(Response::new(
                large.map_err(|never| match never {}).boxed_unsync(),
            ));
        }
        let peer = match request.extensions().get::<PeerAddr>() {
            Some(PeerAddr::Tcp(address)) => address.ip().to_string(),
            Some(PeerAddr::Unix) => "unix".to_owned(),
            None => "nobody".to_owned(),
        };
        let listener = request.extensions().get::<ListenerName>().unwrap();
        let text = format!("{peer} at {listener}");
        let body: Body = Full::new(Bytes::from(text))
            .map_err(|never| match never {})
            .boxed_unsync();
        Ok(Response::new(body))
    }))
}

type Http2Sender = hyper::client::conn::http2::SendRequest<Empty<Bytes>>;

async fn http2(stream: TcpStream) -> (Http2Sender, impl Future<Output = hyper::Result<()>>) {
    let (io, executor) = (TokioIo::new(stream), TokioExecutor::new());
    hyper::client::conn::http2::handshake(executor, io)
        .await
        .unwrap()
}

async fn read_until(stream: &mut (impl AsyncRead + Unpin), end: &str) -> String {
    let mut got = Vec::new();
    while !got.ends_with(end.as_bytes()) {
        let mut byte = [0];
        let n = timeout(PATIENCE, stream.read(&mut byte))
            .await
            .unwrap()
            .unwrap();
        assert!(n > 0, "closed after {:?}", String::from_utf8_lossy(&got));
        got.extend_from_slice(&byte);
    }
    String::from_utf8(got).unwrap()
}

/// Everything up to the end; a reset counts as an end.
async fn read_to_end(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut got = Vec::new();
    let mut buffer = [0; 1024];
    while let Ok(n @ 1..) = timeout(PATIENCE, stream.read(&mut buffer)).await.unwrap() {
        got.extend(buffer.iter().take(n));
    }
    String::from_utf8_lossy(&got).into_owned()
}

fn short() -> Limits {
    Limits {
        header_timeout: Duration::from_millis(200),
        idle_timeout: Duration::from_millis(1500),
        ..Limits::default()
    }
}

#[tokio::test]
async fn requests_on_one_connection_are_answered_with_peer_and_listener() {
    let running = start(Limits::default(), PATIENCE);
    let mut client = TcpStream::connect(&running.address).await.unwrap();
    for _ in 0..3 {
        client.write_all(ASK).await.unwrap();
        let answer = read_until(&mut client, "127.0.0.1 at public").await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    }
    assert_eq!(running.drained().await, Drained { cut: 0 });
}

#[tokio::test]
async fn http2_with_prior_knowledge_is_answered() {
    let running = start(Limits::default(), PATIENCE);
    let stream = TcpStream::connect(&running.address).await.unwrap();
    let (mut sender, connection) = http2(stream).await;
    let ask = async {
        let request = Request::get("http://h/").body(Empty::new()).unwrap();
        sender
            .send_request(request)
            .await
            .unwrap()
            .into_body()
            .collect()
            .await
            .unwrap()
            .to_bytes()
    };
    let body = tokio::select! {
        body = ask => body,
        ended = connection => panic!("ended: {ended:?}"),
    };
    assert_eq!(body, "127.0.0.1 at public");
    assert_eq!(running.drained().await, Drained { cut: 0 });
}

#[tokio::test]
async fn draining_finishes_the_request_in_flight_and_refuses_new_connections() {
    let running = start(Limits::default(), PATIENCE);
    let mut idle = TcpStream::connect(&running.address).await.unwrap();
    idle.write_all(ASK).await.unwrap();
    read_until(&mut idle, "at public").await;
    let mut client = TcpStream::connect(&running.address).await.unwrap();
    client
        .write_all(b"GET /slow HTTP/1.1\r\nhost: h\r\n\r\n")
        .await
        .unwrap();
    sleep(Duration::from_millis(100)).await;
    running.stop.cancel();
    sleep(Duration::from_millis(100)).await;
    let refused = TcpStream::connect(&running.address).await.unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    assert_eq!(read_to_end(&mut idle).await, "");
    let answer = read_to_end(&mut client).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(
        answer.to_lowercase().contains("connection: close"),
        "{answer}"
    );
    assert_eq!(running.drained().await, Drained { cut: 0 });
}

#[tokio::test]
async fn a_stuck_request_is_cut_when_the_grace_is_over() {
    let running = start(Limits::default(), Duration::from_millis(200));
    let mut client = TcpStream::connect(&running.address).await.unwrap();
    client
        .write_all(b"GET /stuck HTTP/1.1\r\nhost: h\r\n\r\n")
        .await
        .unwrap();
    sleep(Duration::from_millis(100)).await;
    let begun = Instant::now();
    assert_eq!(running.drained().await, Drained { cut: 1 });
    assert!(begun.elapsed() < Duration::from_secs(2));
    assert_eq!(read_to_end(&mut client).await, "");
}

#[tokio::test]
async fn silent_slow_and_idle_connections_are_closed_in_time() {
    let running = start(short(), PATIENCE);
    let mut silent = TcpStream::connect(&running.address).await.unwrap();
    let begun = Instant::now();
    assert_eq!(read_to_end(&mut silent).await, "");
    assert!(
        begun.elapsed() >= Duration::from_millis(150),
        "{:?}",
        begun.elapsed()
    );

    let mut slow = TcpStream::connect(&running.address).await.unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    let begun = Instant::now();
    read_to_end(&mut slow).await;
    assert!(begun.elapsed() < Duration::from_secs(2));

    // A half of a second head is given up as well, earlier than an idle connection.
    let mut second = TcpStream::connect(&running.address).await.unwrap();
    second.write_all(ASK).await.unwrap();
    read_until(&mut second, "at public").await;
    second.write_all(b"GET /").await.unwrap();
    let begun = Instant::now();
    read_to_end(&mut second).await;
    assert!(
        begun.elapsed() < Duration::from_millis(1400),
        "{:?}",
        begun.elapsed()
    );

    let mut idle = TcpStream::connect(&running.address).await.unwrap();
    idle.write_all(ASK).await.unwrap();
    read_until(&mut idle, "at public").await;
    let begun = Instant::now();
    assert_eq!(read_to_end(&mut idle).await, "");
    assert!(
        begun.elapsed() >= Duration::from_millis(1450),
        "{:?}",
        begun.elapsed()
    );
    running.drained().await;
}

#[tokio::test]
async fn a_client_that_closes_its_side_is_let_go_once_it_is_answered() {
    let long = Limits {
        header_timeout: PATIENCE * 10,
        idle_timeout: PATIENCE * 10,
        body_timeout: PATIENCE * 10,
        ..Limits::default()
    };
    let running = start(long, PATIENCE);
    for (sent, answers) in [
        ("", 0),
        ("GET / HTTP/1.1\r\n", 0),
        (
            "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 5\r\n\r\nab",
            1,
        ),
        ("GET / HTTP/1.1\r\nhost: h\r\n\r\n", 1),
        ("GET /slow HTTP/1.1\r\nhost: h\r\n\r\n", 1),
        (
            "GET / HTTP/1.1\r\nhost: h\r\n\r\nGET /slow HTTP/1.1\r\nhost: h\r\n\r\n",
            2,
        ),
    ] {
        let mut client = TcpStream::connect(&running.address).await.unwrap();
        client.write_all(sent.as_bytes()).await.unwrap();
        client.shutdown().await.unwrap();
        let answer = read_to_end(&mut client).await;
        assert_eq!(
            answer.matches("HTTP/1.1 ").count(),
            answers,
            "{sent}: {answer}"
        );
    }
    // Also where it was answered before.
    let mut client = TcpStream::connect(&running.address).await.unwrap();
    client.write_all(ASK).await.unwrap();
    read_until(&mut client, "at public").await;
    client.shutdown().await.unwrap();
    assert_eq!(read_to_end(&mut client).await, "");
    running.drained().await;
}

#[tokio::test]
async fn a_client_that_does_not_read_is_cut_and_one_that_reads_slowly_is_not() {
    let limits = Limits {
        idle_timeout: Duration::from_millis(800),
        ..short()
    };
    let running = start(limits, PATIENCE);
    let ask = b"GET /large HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n";
    let mut stalled = TcpStream::connect(&running.address).await.unwrap();
    stalled.write_all(ask).await.unwrap();
    sleep(Duration::from_secs(2)).await;
    assert!(read_to_end(&mut stalled).await.len() < LARGE);

    let mut slow = TcpStream::connect(&running.address).await.unwrap();
    slow.write_all(ask).await.unwrap();
    let mut buffer = vec![0; LARGE / 8];
    let mut got = 0;
    for _ in 0..6 {
        sleep(Duration::from_millis(150)).await;
        timeout(PATIENCE, slow.read_exact(&mut buffer))
            .await
            .unwrap()
            .unwrap();
        got += buffer.len();
    }
    assert!(got + read_to_end(&mut slow).await.len() > LARGE);
    running.drained().await;
}

#[tokio::test]
async fn dropping_the_server_cuts_everything() {
    let running = start(Limits::default(), PATIENCE);
    let mut client = TcpStream::connect(&running.address).await.unwrap();
    client
        .write_all(b"GET /stuck HTTP/1.1\r\nhost: h\r\n\r\n")
        .await
        .unwrap();
    sleep(Duration::from_millis(100)).await;
    running.served.abort();
    assert_eq!(read_to_end(&mut client).await, "");
    sleep(Duration::from_millis(100)).await;
    assert!(TcpStream::connect(&running.address).await.is_err());
}

#[tokio::test]
async fn draining_finishes_http2_streams_and_cuts_stuck_ones() {
    for (path, cut) in [("http://h/slow", 0), ("http://h/stuck", 1)] {
        let running = start(Limits::default(), Duration::from_secs(1));
        let stream = TcpStream::connect(&running.address).await.unwrap();
        let (mut sender, connection) = http2(stream).await;
        let answer = sender.send_request(Request::get(path).body(Empty::new()).unwrap());
        let stop = running.stop.clone();
        let ((), answered, ended) = tokio::join!(
            async move {
                sleep(Duration::from_millis(100)).await;
                stop.cancel();
            },
            answer,
            connection
        );
        assert_eq!(answered.is_ok(), cut == 0, "{ended:?}");
        assert_eq!(running.drained().await, Drained { cut });
    }
}

#[tokio::test]
async fn a_request_longer_than_every_timeout_is_answered() {
    let limits = Limits {
        idle_timeout: Duration::from_millis(100),
        ..short()
    };
    let running = start(limits, PATIENCE);
    let mut client = TcpStream::connect(&running.address).await.unwrap();
    client
        .write_all(b"GET /slow HTTP/1.1\r\nhost: h\r\n\r\n")
        .await
        .unwrap();
    read_until(&mut client, "at public").await;
    running.drained().await;
}

#[tokio::test]
async fn heads_too_large_or_with_too_many_fields_are_refused() {
    let running = start(Limits::default(), PATIENCE);
    let long = format!(
        "GET / HTTP/1.1\r\nhost: h\r\nx: {}\r\n\r\n",
        "a".repeat(70_000)
    );
    let many = format!(
        "GET / HTTP/1.1\r\nhost: h\r\n{}\r\n",
        "x: y\r\n".repeat(120)
    );
    for head in [long, many] {
        let mut client = TcpStream::connect(&running.address).await.unwrap();
        // The server may close before all of it is written.
        let _closed = client.write_all(head.as_bytes()).await;
        let answer = read_to_end(&mut client).await;
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 431 "),
            "{answer}"
        );
    }
    running.drained().await;
}

#[tokio::test]
async fn connections_above_the_limit_wait_for_a_place() {
    let running = start(
        Limits {
            connections: 1,
            ..Limits::default()
        },
        PATIENCE,
    );
    let mut first = TcpStream::connect(&running.address).await.unwrap();
    first.write_all(ASK).await.unwrap();
    read_until(&mut first, "at public").await;
    let mut second = TcpStream::connect(&running.address).await.unwrap();
    second.write_all(ASK).await.unwrap();
    let mut byte = [0];
    assert!(
        timeout(Duration::from_millis(200), second.read(&mut byte))
            .await
            .is_err()
    );
    drop(first);
    read_until(&mut second, "at public").await;
    drop(second);
    running.drained().await;
}

#[tokio::test]
async fn a_unix_socket_answers_and_is_removed_at_the_end() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("d.sock");
    // One that an earlier run left behind is replaced.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let running = start_at(
        &format!("unix:{}", path.display()),
        Limits::default(),
        PATIENCE,
    );
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o660);
    let mut client = UnixStream::connect(&path).await.unwrap();
    client.write_all(ASK).await.unwrap();
    read_until(&mut client, "unix at public").await;
    running.drained().await;
    assert!(!path.exists());
}

#[tokio::test]
async fn an_ipv4_client_of_an_ipv6_socket_is_seen_as_ipv4() {
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        eprintln!("not run: this machine has no IPv6");
        return;
    }
    let running = start_at("[::]:0", Limits::default(), PATIENCE);
    let port = running.address.rsplit(':').next().unwrap().to_owned();
    for (target, seen) in [("127.0.0.1", "127.0.0.1"), ("[::1]", "::1")] {
        let mut client = TcpStream::connect(format!("{target}:{port}"))
            .await
            .unwrap();
        client.write_all(ASK).await.unwrap();
        let answer = read_until(&mut client, "at public").await;
        assert!(answer.contains(&format!("\r\n{seen} at")), "{answer}");
    }
    running.drained().await;
}
