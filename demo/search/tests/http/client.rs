//! A service of its own for each test, and a client that writes its requests by hand.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward_demo_search::{SearchService, Settings};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The collection the tests use, and its two APIs.
pub(crate) const V1: &str = "/push-api/v1/collections/example-push";
pub(crate) const V2: &str = "/push-api/v2/collections/example-push";

/// A running service in a folder of its own.
pub(crate) struct Running {
    pub(crate) client: Client,
    stop: CancellationToken,
    tracker: TaskTracker,
    folder: TempDir,
}

impl Running {
    pub(crate) async fn start() -> Self {
        Self::start_with(Settings::default()).await
    }

    pub(crate) async fn start_with(settings: Settings) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), settings).await
    }

    /// Stops, and starts again on the same data.
    pub(crate) async fn restart(self) -> Self {
        self.stop.cancel();
        self.tracker.wait().await;
        Self::start_in(self.folder, Settings::default()).await
    }

    async fn start_in(folder: TempDir, settings: Settings) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = Client(listener.local_addr().unwrap().to_string());
        let service = SearchService::open(folder.path(), settings).await.unwrap();
        let (stop, tracker) = (CancellationToken::new(), TaskTracker::new());
        tracker.spawn(service.serve(listener, stop.clone()));
        tracker.close();
        Self {
            client,
            stop,
            tracker,
            folder,
        }
    }
}

/// Where requests go.
#[derive(Clone)]
pub(crate) struct Client(pub(crate) String);

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// A field of the head.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

impl Client {
    pub(crate) async fn get(&self, target: &str) -> Answer {
        self.send("GET", target, &[], b"").await
    }

    pub(crate) async fn post(&self, target: &str) -> Answer {
        self.send("POST", target, &[], b"").await
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        target: &str,
        fields: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let mut head =
            format!("{method} {target} HTTP/1.1\r\nHost: search\r\nConnection: close\r\n");
        for (name, value) in fields {
            head.extend([name, ": ", value, "\r\n"]);
        }
        if method != "GET" && method != "HEAD" {
            head.extend(["Content-Length: ", &body.len().to_string(), "\r\n"]);
        }
        head.push_str("\r\n");
        self.raw(&[head.as_bytes(), body].concat()).await
    }

    /// Sends bytes as they are, and reads until the service closes.
    pub(crate) async fn raw(&self, bytes: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(&self.0).await.unwrap();
        let (mut read, mut write) = stream.split();
        let mut whole = Vec::new();
        // A service that refuses a body does not read it to the end.
        let (_sent, received) = tokio::join!(write.write_all(bytes), read.read_to_end(&mut whole));
        if whole.is_empty() {
            received.unwrap();
        }
        let whole = String::from_utf8(whole).unwrap();
        let (head, body) = whole.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer {
            status,
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }

    /// Puts a page, which must succeed.
    pub(crate) async fn put(&self, key: &str, page: &str) -> Value {
        self.put_with(key, page, &[("Content-Type", "text/html; charset=UTF-8")])
            .await
    }

    pub(crate) async fn put_with(&self, key: &str, page: &str, fields: &[(&str, &str)]) -> Value {
        let target = format!("{V2}/documents?key={}", encoded(key));
        let answer = self.send("PUT", &target, fields, page.as_bytes()).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    pub(crate) async fn delete(&self, key: &str) -> Answer {
        let target = format!("{V2}/documents?key={}", encoded(key));
        self.send("DELETE", &target, &[], b"").await
    }

    /// The document as it was pushed.
    pub(crate) async fn document(&self, key: &str) -> Answer {
        self.get(&format!("{V2}/documents?key={}", encoded(key)))
            .await
    }

    pub(crate) async fn commit(&self) -> i64 {
        let answer = self.post(&format!("{V1}/commit")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["committed"].as_i64().unwrap()
    }

    /// Searches as JSON; `rest` is further parameters, as in an address.
    pub(crate) async fn search(&self, query: &str, rest: &str) -> Value {
        let answer = self.get(&search_target("json", query, rest)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["response"]["resultPacket"].clone()
    }

    /// The keys that a search finds, in their order.
    pub(crate) async fn keys(&self, query: &str, rest: &str) -> Vec<String> {
        let packet = self.search(query, rest).await;
        let results = packet["results"].as_array().unwrap().iter();
        results
            .map(|result| result["liveUrl"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Tries again until the key is found, as long as the test runs.
    pub(crate) async fn wait_for(&self, query: &str) {
        while self.keys(query, "").await.is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

pub(crate) fn search_target(format: &str, query: &str, rest: &str) -> String {
    let query = encoded(query);
    format!("/s/search.{format}?collection=example-push&query={query}&{rest}")
}

/// Percent-encoded.
pub(crate) fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

pub(crate) fn decoded(base64: &Value) -> Vec<u8> {
    STANDARD.decode(base64.as_str().unwrap()).unwrap()
}
