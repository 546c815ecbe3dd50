//! Bodies that are larger than what may be kept of them.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use crate::support::{Door, OK, door, lines, read_head, script, upstream};

const GIBIBYTE: usize = 1 << 30;
const PIECE: usize = 1 << 20;
/// What may come to the memory of clients, door and upstream together.
const GROWTH: usize = 64 << 20;
const LONG: Duration = Duration::from_mins(5);

/// The most memory that this process ever had.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let kib = lines(&status, "VmHWM").concat();
    kib.trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}

async fn begin(door: &Door, line: &str, length: usize) -> tokio::net::TcpStream {
    let mut stream = door.connect().await;
    let head = format!(
        "{line} HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n",
        door.token
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

async fn write_all(stream: &mut tokio::net::TcpStream) {
    let piece = vec![b'x'; PIECE];
    for _ in 0..GIBIBYTE / PIECE {
        stream.write_all(&piece).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "slow: cargo xtask test --full"]
async fn full_one_gibibyte_streams_in_constant_memory() {
    let both = script(|mut stream, seen| async move {
        while let Some(head) = read_head(&mut stream).await {
            if head.starts_with("PUT") {
                let mut body = (&mut stream).take(GIBIBYTE as u64);
                let read = tokio::io::copy(&mut body, &mut tokio::io::sink()).await;
                seen.lock().unwrap().push(read.unwrap().to_string());
                stream.write_all(OK).await.unwrap();
            } else {
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {GIBIBYTE}\r\n\r\n");
                stream.write_all(head.as_bytes()).await.unwrap();
                write_all(&mut stream).await;
            }
        }
    });
    let (url, seen) = upstream(both).await;
    let door = door(&[&url]).await;
    // Whatever is made once is made before it counts.
    assert!(door.ask("PUT /b/x", "").await.starts_with("HTTP/1.1 599"));
    let before = peak();

    let mut up = begin(&door, "PUT /a/x", GIBIBYTE).await;
    timeout(LONG, write_all(&mut up)).await.unwrap();
    let head = timeout(LONG, read_head(&mut up)).await.unwrap().unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert_eq!(*seen.lock().unwrap(), [GIBIBYTE.to_string()]);

    let mut down = begin(&door, "GET /a/x", 0).await;
    let head = timeout(LONG, read_head(&mut down)).await.unwrap().unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let mut sink = tokio::io::sink();
    let read = tokio::io::copy(&mut down, &mut sink);
    let read = timeout(LONG, read).await.unwrap().unwrap();
    assert_eq!(read, GIBIBYTE as u64);

    let grown = peak().saturating_sub(before);
    assert!(grown < GROWTH, "{grown} bytes more");
}
