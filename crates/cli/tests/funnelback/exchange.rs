//! A request written byte by byte, and its answer.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_mins(1);

/// The name of the cookie.
pub(crate) const COOKIE: &str = "SPRING_SECURITY_REMEMBER_ME_COOKIE";

/// A request that is being written.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    address: SocketAddr,
    method: String,
    target: String,
    host: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

impl Call {
    pub(crate) fn new(address: SocketAddr, method: &str, target: &str) -> Self {
        Self {
            address,
            method: method.to_owned(),
            target: target.to_owned(),
            host: address.to_string(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Another `Host`.
    pub(crate) fn host(mut self, host: &str) -> Self {
        host.clone_into(&mut self.host);
        self
    }

    /// One more header line, as it is.
    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        self.header_bytes(name, value.as_bytes())
    }

    /// One more header line, of any bytes.
    pub(crate) fn header_bytes(mut self, name: &str, value: &[u8]) -> Self {
        self.headers.push((name.to_owned(), value.to_vec()));
        self
    }

    /// `Authorization: Basic` with this text in base64.
    pub(crate) fn basic(self, credentials: &str) -> Self {
        let value = format!("Basic {}", STANDARD.encode(credentials));
        self.header("Authorization", &value)
    }

    /// The token in its header.
    pub(crate) fn token(self, token: &str) -> Self {
        self.header("X-Security-Token", token)
    }

    /// The token in its cookie.
    pub(crate) fn cookie(self, token: &str) -> Self {
        self.header("Cookie", &format!("{COOKIE}={token}"))
    }

    /// A body of this type.
    pub(crate) fn body(mut self, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("Content-Type", media_type)
    }

    /// A JSON body.
    pub(crate) fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    /// The fields of a form, as they are.
    pub(crate) fn form(self, fields: &str) -> Self {
        self.body("application/x-www-form-urlencoded", fields)
    }

    /// Sends it and reads the whole answer.
    pub(crate) async fn send(self) -> Reply {
        send(self.address, &self.bytes()).await
    }

    /// As it goes over the wire.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut head = format!(
            "{} {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n",
            self.method, self.target, self.host
        );
        if !self.body.is_empty() || matches!(&*self.method, "POST" | "PUT") {
            write!(head, "Content-Length: {}\r\n", self.body.len()).unwrap();
        }
        let mut bytes = head.into_bytes();
        for (name, value) in &self.headers {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// Sends a call's body only after the server has asked for it and `meanwhile` is done.
pub(crate) async fn send_slowly(call: Call, meanwhile: impl Future<Output = ()>) -> Reply {
    let call = call.header("Expect", "100-continue");
    let (bytes, body) = (call.bytes(), call.body.len());
    let (head, body) = bytes.split_at(bytes.len() - body);
    let exchange = async {
        let mut stream = TcpStream::connect(call.address).await.unwrap();
        stream.write_all(head).await.unwrap();
        let mut asked = Vec::new();
        while !asked.ends_with(b"\r\n\r\n") {
            asked.push(stream.read_u8().await.unwrap());
        }
        assert!(asked.starts_with(b"HTTP/1.1 100"), "{asked:?}");
        Box::pin(meanwhile).await;
        stream.write_all(body).await.unwrap();
        let mut answer = Vec::new();
        drop(stream.read_to_end(&mut answer).await);
        answer
    };
    let answer = timeout(PATIENCE, exchange).await.expect("an answer");
    Reply::read(&answer)
}

/// Sends these bytes and reads everything up to the end.
pub(crate) async fn send(address: SocketAddr, bytes: &[u8]) -> Reply {
    let exchange = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        // A server that has seen enough may close before everything is written.
        drop(stream.write_all(bytes).await);
        let mut answer = Vec::new();
        drop(stream.read_to_end(&mut answer).await);
        answer
    };
    let answer = timeout(PATIENCE, exchange).await.expect("an answer");
    Reply::read(&answer)
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    /// 0 where none came.
    pub(crate) status: u16,
    head: String,
    /// The body, free of its transfer coding.
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// Reads an answer off its bytes.
    pub(crate) fn read(answer: &[u8]) -> Self {
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
        let Some(end) = end else {
            return Self {
                status: 0,
                head: String::from_utf8_lossy(answer).into_owned(),
                body: Vec::new(),
            };
        };
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        let status = head.get(9..12).and_then(|code| code.parse().ok());
        let reply = Self {
            status: status.unwrap_or(0),
            head,
            body: answer[end + 4..].to_vec(),
        };
        if reply.all("transfer-encoding") == ["chunked"] {
            let body = unchunked(&reply.body);
            return Self { body, ..reply };
        }
        reply
    }

    /// Every value of a header.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.head
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(':'))
            .filter(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
            .collect()
    }

    /// The one value of a header.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        match self.all(name).as_slice() {
            [one] => one,
            other => panic!("{name}: {other:?} in {self:?}"),
        }
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    #[track_caller]
    pub(crate) fn assert_status(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}\n{}", self.head, self.text());
        self
    }

    /// 401 with at least one challenge, none of them Basic.
    #[track_caller]
    pub(crate) fn assert_challenge_without_basic(self) -> Self {
        let reply = self.assert_status(401);
        let challenges = reply.all("www-authenticate");
        assert!(!challenges.is_empty(), "{reply:?}");
        assert!(!challenges.iter().any(|c| c.contains("Basic")), "{reply:?}");
        reply
    }

    /// 401 with exactly one challenge, a Basic one with a realm and its charset (RFC 7617 section 2.1).
    #[track_caller]
    pub(crate) fn assert_basic_challenge(self) -> Self {
        let reply = self.assert_status(401);
        let challenge = reply.header("www-authenticate");
        assert!(challenge.starts_with("Basic realm=\""), "{reply:?}");
        assert!(challenge.contains("charset=\"UTF-8\""), "{reply:?}");
        assert_eq!(challenge.matches("realm=").count(), 1, "{reply:?}");
        reply
    }

    /// Status, header lines and body but for what differs between any two answers: time, id and the lines' order.
    pub(crate) fn lasting(&self) -> (Vec<&str>, &[u8]) {
        let passing = |line: &str| {
            let line = line.to_ascii_lowercase();
            line.starts_with("date:") || line.starts_with("x-request-id:")
        };
        let lines = self.head.lines().filter(|line| !passing(line));
        let mut lines: Vec<&str> = lines.collect();
        lines.sort_unstable();
        (lines, &self.body)
    }

    /// Whether it takes the cookie back.
    pub(crate) fn cancels_cookie(&self) -> bool {
        self.all("set-cookie").iter().any(|cookie| {
            cookie.starts_with(&format!("{COOKIE}=;")) && cookie.contains("Max-Age=0")
        })
    }
}

fn unchunked(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
        let size = std::str::from_utf8(&rest[..end]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        let chunk = &rest[end + 2..];
        body.extend_from_slice(&chunk[..size]);
        rest = &chunk[size + 2..];
        if size == 0 {
            break;
        }
    }
    body
}
