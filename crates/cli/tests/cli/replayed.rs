//! Clients that cannot be had here, replayed: the requests they send, byte for byte in the parts that matter, and what
//! they read of the answers (crossbar.md sections 13.3 and 13.4). A replay proves what the server does with such requests,
//! not what the clients' next version sends.

mod monster;
mod php_sdk;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use serde_json::Value;

use crate::support::PATIENCE;

/// A connection that is used again while the server lets it.
struct Wire {
    address: SocketAddr,
    stream: Option<BufReader<TcpStream>>,
}

struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Wire {
    const fn to(address: SocketAddr) -> Self {
        let stream = None;
        Self { address, stream }
    }

    /// One request with these lines as its head, `Host` behind the first.
    fn send(&mut self, line: &str, head: &[String], body: Option<&str>) -> Reply {
        let mut stream = self.stream.take().unwrap_or_else(|| {
            let stream = TcpStream::connect(self.address).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            BufReader::new(stream)
        });
        let mut request = format!("{line} HTTP/1.1\r\nHost: {}\r\n", self.address);
        for header in head {
            request.push_str(header);
            request.push_str("\r\n");
        }
        if let Some(body) = body {
            request.push_str("Content-Length: ");
            request.push_str(&body.len().to_string());
            request.push_str("\r\n");
        }
        request.push_str("\r\n");
        request.push_str(body.unwrap_or_default());
        stream.get_mut().write_all(request.as_bytes()).unwrap();
        let reply = Reply::read(&mut stream);
        if reply.header("connection") != Some("close") {
            self.stream = Some(stream);
        }
        reply
    }
}

impl Reply {
    fn read(stream: &mut BufReader<TcpStream>) -> Self {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).unwrap();
            let line = line.strip_suffix("\r\n").unwrap();
            if line.is_empty() {
                break;
            }
            lines.push(line.to_owned());
        }
        let status = lines[0].split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines[1..].iter().map(|line| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_ascii_lowercase(), value.to_owned())
        });
        let mut reply = Self {
            status,
            headers: headers.collect(),
            body: String::new(),
        };
        let length = reply
            .header("content-length")
            .map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        stream.read_exact(&mut body).unwrap();
        reply.body = String::from_utf8(body).unwrap();
        reply
    }

    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The body, which every client takes for JSON if this status came.
    #[track_caller]
    fn json(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!(self.header("content-type"), Some("application/json"));
        serde_json::from_str(&self.body).unwrap()
    }
}
