//! Clients that want to wear a server down: each is ended, and everybody else is served.
#![expect(clippy::unwrap_used, reason = "a test's helper fails by panicking")]

use std::time::Duration;

use doorward_gateway::inherited::Inherited;
use doorward_gateway::listen::bind;
use doorward_gateway::peer::ListenerName;
use doorward_gateway::serve::{Exempt, Limits, RequestBody, Service, serve};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};
use tower::service_fn;
use tower::util::BoxCloneSyncService;

const PATIENCE: Duration = Duration::from_secs(10);
/// Less than the window of a connection of HTTP/2.
const LARGE: usize = 60_000;
const ASK: &[u8] = b"GET / HTTP/1.1\r\nhost: h\r\n\r\n";
const UPGRADE: &[u8] =
    b"GET /upgrade HTTP/1.1\r\nhost: h\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n";

struct Server {
    address: String,
    _stop: DropGuard,
}

fn start(limits: Limits) -> Server {
    let listeners = bind(
        &ListenerName::new("public"),
        &["127.0.0.1:0".parse().unwrap()],
        &mut Inherited::default(),
    )
    .unwrap();
    let address = listeners.first().unwrap().local().to_string();
    let stop = CancellationToken::new();
    let until = stop.clone();
    let serving = async move { serve(listeners, service(), limits, &until, PATIENCE).await };
    #[expect(clippy::disallowed_methods, reason = "it ends with its test's runtime")]
    tokio::spawn(serving);
    Server {
        address,
        _stop: stop.drop_guard(),
    }
}

/// Reads the body whole and says how long it was; `/upgrade` echoes, `/early` answers first, `/large`
/// answers much.
fn service() -> Service {
    BoxCloneSyncService::new(service_fn(|mut request: Request<RequestBody>| async move {
        let mut response = Response::new(Full::default());
        match request.uri().path() {
            "/upgrade" => {
                let upgrade = hyper::upgrade::on(&mut request);
                #[expect(clippy::disallowed_methods, reason = "it ends with its test's runtime")]
                tokio::spawn(async move {
                    let mut both = TokioIo::new(upgrade.await.unwrap());
                    let mut byte = [0];
                    while matches!(both.read(&mut byte).await, Ok(1)) {
                        both.write_all(&byte).await.unwrap();
                    }
                });
                *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
                let headers = response.headers_mut();
                headers.insert("upgrade", "echo".parse().unwrap());
                headers.insert("connection", "upgrade".parse().unwrap());
            }
            "/large" => *response.body_mut() = Full::from(vec![b'x'; LARGE]),
            "/early" => {
                let body = request.into_body();
                let body = body.map_err(Into::into).boxed_unsync();
                return Ok(Response::new(body));
            }
            _ => match request.into_body().collect().await {
                Ok(body) => {
                    *response.body_mut() = Full::from(format!("{} bytes.", body.to_bytes().len()));
                }
                Err(_) => *response.status_mut() = StatusCode::BAD_REQUEST,
            },
        }
        Ok(response.map(|body| body.map_err(|never| match never {}).boxed_unsync()))
    }))
}

impl Server {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).await.unwrap()
    }

    /// From another address of this machine.
    async fn connect_from(&self, address: &str) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket
            .bind(format!("{address}:0").parse().unwrap())
            .unwrap();
        socket.connect(self.address.parse().unwrap()).await.unwrap()
    }

    async fn http2(&self) -> TcpStream {
        let mut stream = self.connect().await;
        stream
            .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
            .await
            .unwrap();
        stream.write_all(&frame(SETTINGS, 0, 0, &[])).await.unwrap();
        stream
    }

    async fn serves_others(&self) {
        let mut other = self.connect().await;
        assert!(ask(&mut other).await.is_some(), "nobody else is served");
    }
}

/// Asks, and reads the answer; `None` when the connection ends.
async fn ask(stream: &mut TcpStream) -> Option<String> {
    stream.write_all(ASK).await.ok()?;
    read_until(stream, b"bytes.").await
}

async fn read_until(stream: &mut TcpStream, end: &[u8]) -> Option<String> {
    let mut got = Vec::new();
    while !got.ends_with(end) {
        got.push(timeout(PATIENCE, stream.read_u8()).await.unwrap().ok()?);
    }
    Some(String::from_utf8(got).unwrap())
}

/// Everything up to the end, and whether that was a proper one.
async fn read_to_end(stream: &mut TcpStream) -> (String, bool) {
    let mut got = Vec::new();
    let ended = timeout(PATIENCE, stream.read_to_end(&mut got))
        .await
        .unwrap();
    (String::from_utf8_lossy(&got).into_owned(), ended.is_ok())
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const WINDOW_UPDATE: u8 = 8;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const ENHANCE_YOUR_CALM: u8 = 11;

/// `GET https://h/`, in HPACK.
const GET: &[u8] = &[0x82, 0x87, 0x84, 0x41, 1, b'h'];
/// The same of `/large`.
const GET_LARGE: &[u8] = &[
    0x82, 0x87, 0x04, 6, b'/', b'l', b'a', b'r', b'g', b'e', 0x41, 1, b'h',
];
/// `POST https://h/`.
const POST: &[u8] = &[0x83, 0x87, 0x84, 0x41, 1, b'h'];

/// `:status` 408, the value in the Huffman code; and 200.
const IS_408: &[u8] = &[0x48, 0x83, 0x68, 0x0f, 0x7f];
const IS_200: &[u8] = &[0x88];

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// The next frame: kind, stream, payload; `None` at the end.
async fn next_frame(stream: &mut TcpStream) -> Option<(u8, u32, Vec<u8>)> {
    let (kind, number, _, payload) = flagged_frame(stream).await?;
    Some((kind, number, payload))
}

/// The same, and its flags in front of the payload.
async fn flagged_frame(stream: &mut (impl AsyncRead + Unpin)) -> Option<(u8, u32, u8, Vec<u8>)> {
    let mut head = [0; 9];
    timeout(PATIENCE, stream.read_exact(&mut head))
        .await
        .unwrap()
        .ok()?;
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
    let mut payload = vec![0; usize::try_from(length).unwrap()];
    timeout(PATIENCE, stream.read_exact(&mut payload))
        .await
        .unwrap()
        .ok()?;
    let number = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
    Some((head[3], number, head[4], payload))
}

/// The head of a stream's answer.
async fn head_of(stream: &mut TcpStream, number: u32) -> Vec<u8> {
    loop {
        let (kind, of, payload) = next_frame(stream).await.unwrap();
        assert_ne!(kind, GOAWAY);
        if (kind, of) == (HEADERS, number) {
            return payload;
        }
    }
}

/// Reads up to the end; the error code of the GOAWAY before it.
async fn goaway(stream: &mut TcpStream) -> Option<u8> {
    let mut code = None;
    while let Some((kind, _, payload)) = next_frame(stream).await {
        if kind == GOAWAY {
            code = payload.get(7).copied();
        }
    }
    code
}

#[tokio::test]
async fn atk_s72_streams_that_are_opened_and_reset_end_their_connection() {
    let server = start(Limits::default());
    let mut flood = server.http2().await;
    let mut frames = Vec::new();
    for stream in (1..2_000).step_by(2) {
        frames.extend(frame(HEADERS, END_HEADERS | END_STREAM, stream, GET));
        frames.extend(frame(RST_STREAM, 0, stream, &[0, 0, 0, 8]));
    }
    // The server may have closed before all of it is written.
    let _closed = flood.write_all(&frames).await;
    assert_eq!(goaway(&mut flood).await, Some(ENHANCE_YOUR_CALM));
    server.serves_others().await;
}

#[tokio::test]
async fn atk_s72_a_head_without_end_ends_its_connection() {
    let server = start(Limits::default());
    // Large frames, and many small ones.
    for size in [16_000, 3] {
        let mut flood = server.http2().await;
        let literal = |size: usize| {
            // Never indexed, name and value of one byte and of the rest.
            let mut field = vec![0x10, 1, b'x', 0x7f];
            let mut rest = size - 127;
            while rest >= 128 {
                field.push(u8::try_from(rest % 128).unwrap() | 0x80);
                rest /= 128;
            }
            field.push(u8::try_from(rest).unwrap());
            field.extend(vec![b'y'; size]);
            field
        };
        let field = literal(15_000);
        let pieces: Vec<&[u8]> = field.chunks(size).collect();
        flood
            .write_all(&frame(HEADERS, END_STREAM, 1, GET))
            .await
            .unwrap();
        let (mut reading, mut writing) = flood.split();
        let writes = async {
            let mut written = 0_usize;
            loop {
                for piece in &pieces {
                    let frame = frame(CONTINUATION, 0, 1, piece);
                    if writing.write_all(&frame).await.is_err() {
                        return written;
                    }
                    written += frame.len();
                    assert!(written < 16 << 20, "a head of 16 MiB was read");
                }
            }
        };
        let ends = async {
            let mut all = Vec::new();
            let _reset = reading.read_to_end(&mut all).await;
            all
        };
        let (written, answered) = timeout(PATIENCE, futures_util::future::join(writes, ends))
            .await
            .unwrap();
        eprintln!(
            "{size}: {written} {:?}",
            &answered[..answered.len().min(80)]
        );
        assert!(!answered.windows(3).any(|w| w == b"200"));
        server.serves_others().await;
    }
}

#[tokio::test]
async fn atk_s72_a_head_that_comes_byte_by_byte_is_given_up() {
    let server = start(Limits {
        header_timeout: Duration::from_millis(200),
        ..Limits::default()
    });
    let mut slow = server.connect().await;
    let mut sent = 0_usize;
    let ended = async {
        while slow.write_all(b"G").await.is_ok() {
            sent += 1;
            let next = timeout(Duration::from_millis(20), slow.read_u8()).await;
            if next.is_ok() {
                return;
            }
        }
    };
    timeout(PATIENCE, ended).await.unwrap();
    assert!(sent > 1);
    server.serves_others().await;
}

fn impatient() -> Limits {
    Limits {
        body_timeout: Duration::from_millis(200),
        ..Limits::default()
    }
}

#[tokio::test]
async fn atk_s72_a_body_that_stands_still_is_answered_408() {
    let server = start(impatient());
    let mut slow = server.connect().await;
    slow.write_all(b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 9\r\n\r\nabc")
        .await
        .unwrap();
    let (answer, proper) = read_to_end(&mut slow).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    assert!(proper);

    let mut slow = server.http2().await;
    slow.write_all(&frame(HEADERS, END_HEADERS, 1, POST))
        .await
        .unwrap();
    slow.write_all(&frame(DATA, 0, 1, b"abc")).await.unwrap();
    let answer = head_of(&mut slow, 1).await;
    assert!(answer.starts_with(IS_408), "{answer:02x?}");
    while next_frame(&mut slow).await.unwrap().0 != RST_STREAM {}
    // The stream ended, not the connection.
    slow.write_all(&frame(HEADERS, END_HEADERS | END_STREAM, 3, GET))
        .await
        .unwrap();
    let answer = head_of(&mut slow, 3).await;
    assert!(answer.starts_with(IS_200), "{answer:02x?}");
}

#[tokio::test]
async fn atk_s72_a_body_that_trickles_is_given_up() {
    let server = start(impatient());
    let mut slow = server.connect().await;
    slow.write_all(b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 9999\r\n\r\n")
        .await
        .unwrap();
    let (mut reading, mut writing) = slow.split();
    let trickling = async {
        while writing.write_all(b"a").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let mut answer = [0; 12];
    tokio::select! {
        () = trickling => panic!("closed without an answer"),
        read = timeout(PATIENCE, reading.read_exact(&mut answer)) => { read.unwrap().unwrap(); }
    }
    assert_eq!(&answer, b"HTTP/1.1 408");
}

#[tokio::test]
async fn a_body_that_moves_may_take_long() {
    let server = start(impatient());
    let mut steady = server.connect().await;
    steady
        .write_all(b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 40960\r\n\r\n")
        .await
        .unwrap();
    for _ in 0..20 {
        steady.write_all(&[b'a'; 2048]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    let answer = read_until(&mut steady, b"bytes.").await.unwrap();
    assert!(answer.ends_with("40960 bytes."), "{answer}");
}

#[tokio::test]
async fn a_stream_both_ways_may_stand_still() {
    let server = start(impatient());
    let mut both = server.connect().await;
    both.write_all(b"POST /early HTTP/1.1\r\nhost: h\r\ncontent-length: 6\r\n\r\nabc")
        .await
        .unwrap();
    read_until(&mut both, b"abc").await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    both.write_all(b"def").await.unwrap();
    read_until(&mut both, b"def").await.unwrap();
}

#[tokio::test]
async fn atk_s72_one_address_takes_its_own_places_only() {
    let server = start(Limits::default());
    let mut held = Vec::new();
    for _ in 0..256 {
        held.push(server.connect().await);
    }
    // All are accepted once the last is answered.
    ask(held.last_mut().unwrap()).await.unwrap();
    let mut further = server.connect().await;
    assert_eq!(ask(&mut further).await, None);
    let mut other = server.connect_from("127.0.0.2").await;
    assert!(ask(&mut other).await.is_some());

    drop(held);
    let freed = async { while ask(&mut server.connect().await).await.is_none() {} };
    timeout(PATIENCE, freed).await.unwrap();
}

#[tokio::test]
async fn addresses_that_speak_for_others_have_no_such_limit() {
    let limits = Limits {
        connections_per_address: 1,
        ..Limits::default()
    };
    let exempt = limits.exempt.clone();
    let server = start(limits);
    let mut first = server.connect().await;
    ask(&mut first).await.unwrap();
    assert_eq!(ask(&mut server.connect().await).await, None);
    exempt.replace(vec!["127.0.0.1/32".parse().unwrap()]);
    for _ in 0..3 {
        ask(&mut server.connect().await).await.unwrap();
    }
    let _shared: Exempt = exempt;
}

#[tokio::test]
async fn atk_s72_a_connection_that_changed_protocols_still_counts() {
    let server = start(Limits {
        connections: 1,
        connections_per_address: 2,
        ..Limits::default()
    });
    let mut changed = server.connect().await;
    changed.write_all(UPGRADE).await.unwrap();
    read_until(&mut changed, b"\r\n\r\n").await.unwrap();
    let mut second = server.connect().await;
    second.write_all(ASK).await.unwrap();
    let waiting = timeout(Duration::from_millis(300), second.read_u8()).await;
    assert!(waiting.is_err(), "a place was free");
    changed.write_all(b"x").await.unwrap();
    assert_eq!(changed.read_u8().await.unwrap(), b'x');
    drop(changed);
    read_until(&mut second, b"bytes.").await.unwrap();
}

#[tokio::test]
async fn a_refusal_is_read_before_the_end_although_more_was_sent() {
    let server = start(Limits::default());
    for behind in [0, 1_000, 60_000] {
        let mut client = server.connect().await;
        let mut request = b"GET / HTTP/1.1\nhost: h\n\n".to_vec();
        request.extend(vec![b'x'; behind]);
        client.write_all(&request).await.unwrap();
        // Long enough for a reset to arrive, if one comes.
        tokio::time::sleep(Duration::from_millis(100)).await;
        let (answer, proper) = read_to_end(&mut client).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{behind}: {answer}");
        assert!(proper, "{behind}");
    }
    // What is sent later is read as well: a reset would tear the answer out of the client's hands.
    let mut client = server.connect().await;
    client.write_all(b"GET / HTTP/1.1\n").await.unwrap();
    client.read_exact(&mut [0; 12]).await.unwrap();
    for _ in 0..2 {
        client.write_all(b"more").await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    client.write_all(b"more").await.unwrap();
    assert!(read_to_end(&mut client).await.1);
    // Whoever goes on for ever is not listened to for ever.
    let mut client = server.connect().await;
    let goes_on = async { while client.write_all(&[b'\n'; 8192]).await.is_ok() {} };
    timeout(PATIENCE, goes_on).await.unwrap();
}

/// Asks for much over HTTP/2 and reads what fits into the window, which every step opens a little further; the
/// kind of the frame that ended the stream, and how much came before it.
async fn read_slowly(server: &Server, step: u32) -> (u8, usize) {
    let mut client = server.connect().await;
    let no_window = [0, 4, 0, 0, 0, 0];
    for bytes in [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        frame(SETTINGS, 0, 0, &no_window),
        frame(HEADERS, END_HEADERS | END_STREAM, 1, GET_LARGE),
    ] {
        client.write_all(&bytes).await.unwrap();
    }
    let (mut reading, mut writing) = client.into_split();
    let (pings, mut pinged) = tokio::sync::mpsc::unbounded_channel::<Vec<u8>>();
    let opening = async move {
        let mut every = tokio::time::interval(Duration::from_millis(60));
        loop {
            let bytes = tokio::select! {
                Some(payload) = pinged.recv() => frame(PING, 1, 0, &payload),
                _ = every.tick() => match step {
                    0 => continue,
                    step => frame(WINDOW_UPDATE, 0, 1, &step.to_be_bytes()),
                },
            };
            if writing.write_all(&bytes).await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    };
    let counting = async move {
        let mut got = 0;
        loop {
            let (kind, number, flags, payload) = flagged_frame(&mut reading).await.unwrap();
            match (kind, number) {
                (PING, _) => pings.send(payload).unwrap(),
                (RST_STREAM, 1) => return (kind, got),
                (DATA, 1) => {
                    got += payload.len();
                    if flags & END_STREAM != 0 {
                        return (kind, got);
                    }
                }
                _ => {}
            }
        }
    };
    tokio::select! {
        () = opening => panic!("nothing ends that"),
        counted = timeout(PATIENCE, counting) => counted.unwrap(),
    }
}

/// Attack: a client of HTTP/2 asks for much and never opens its window. Its connection writes whatever else there
/// is, and answers pings, so nothing about that is late; the stream holds a request to the upstream for ever.
#[tokio::test]
async fn atk_s72_a_stream_that_nobody_reads_is_ended_and_one_that_is_read_slowly_is_not() {
    let server = start(Limits {
        idle_timeout: Duration::from_millis(600),
        ..Limits::default()
    });
    assert_eq!(read_slowly(&server, 0).await, (RST_STREAM, 0));
    // Longer than the patience, and never for long without a piece.
    assert_eq!(read_slowly(&server, 3_000).await, (DATA, LARGE));
    server.serves_others().await;
}
