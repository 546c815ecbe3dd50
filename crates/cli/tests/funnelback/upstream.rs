//! An upstream that remembers every byte it was sent, and answers what it was told to.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// An answer that says nothing.
pub(crate) const FINE: &str =
    "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nfine";

/// It answers each request on a connection of its own; gone with the test.
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Upstream {
    /// With this answer to everything.
    pub(crate) async fn answering(answer: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (told, answer) = (Arc::clone(&seen), answer.to_owned());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&told), answer.clone()));
            }
        });
        Self { address, seen }
    }

    /// What came since the last time.
    pub(crate) fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }

    /// The one request that came since the last time.
    #[track_caller]
    pub(crate) fn take_one(&self) -> Seen {
        let seen = self.take();
        assert_eq!(seen.len(), 1, "{seen:?}");
        seen.into_iter().next().unwrap()
    }
}

impl Seen {
    /// Every value of a header.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let lines = self.head.lines().skip(1);
        lines
            .filter_map(|line| line.split_once(':'))
            .filter(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
            .collect()
    }

    /// The names of its headers, in lower case.
    pub(crate) fn names(&self) -> Vec<String> {
        let lines = self.head.lines().skip(1);
        lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, _)| name.to_ascii_lowercase())
            .collect()
    }
}

async fn serve(mut stream: TcpStream, told: Arc<Mutex<Vec<Seen>>>, answer: String) {
    let mut read = Vec::new();
    while let Some(end) = more(&mut stream, &mut read, b"\r\n\r\n").await {
        let head = String::from_utf8_lossy(&read[..end]).into_owned();
        let mut seen = Seen {
            head,
            body: read.split_off(end),
        };
        read.clear();
        if let [length] = seen.all("content-length").as_slice() {
            let length: usize = length.parse().unwrap();
            while seen.body.len() < length && stream.read_buf(&mut seen.body).await.unwrap() > 0 {}
        } else if !seen.all("transfer-encoding").is_empty() {
            more(&mut stream, &mut seen.body, b"0\r\n\r\n").await;
        }
        told.lock().unwrap().push(seen);
        if stream.write_all(answer.as_bytes()).await.is_err() || answer.contains("close") {
            return;
        }
    }
}

/// Reads on until this stands there; where it ends.
async fn more(stream: &mut TcpStream, read: &mut Vec<u8>, sought: &[u8]) -> Option<usize> {
    loop {
        let mut windows = read.windows(sought.len());
        if let Some(at) = windows.position(|window| window == sought) {
            return Some(at + sought.len());
        }
        match stream.read_buf(read).await {
            Ok(1..) => {}
            _ => return None,
        }
    }
}
