//! A small HTTP client: one connection, one request, one answer.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// Longest wait for an answer, and largest answer in bytes.
const PATIENCE: Duration = Duration::from_secs(10);
const MAX_BODY: usize = 1_000_000;

/// Talks to one address.
pub(super) struct Client(pub(super) SocketAddr);

/// What came back.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Client {
    /// Sends a request; a body is sent as JSON unless the headers say otherwise.
    pub(super) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> anyhow::Result<Answer> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", self.0.to_string());
        if !body.is_empty() && !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::from(body)))?;
        tokio::time::timeout(PATIENCE, self.exchange(request))
            .await
            .context("no answer in time")?
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> anyhow::Result<Answer> {
        let stream = TcpStream::connect(self.0).await.context("cannot connect")?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let exchange = async move {
            let (head, body) = sender.send_request(request).await?.into_parts();
            let body = Limited::new(body, MAX_BODY).collect().await;
            let bytes = body.map_err(anyhow::Error::from_boxed)?.to_bytes();
            anyhow::Ok(Answer {
                status: head.status,
                headers: head.headers,
                text: String::from_utf8(bytes.into())?,
            })
        };
        // The connection ends when the exchange drops the sender.
        let (answer, _closed) = tokio::join!(exchange, connection);
        answer
    }
}

impl Answer {
    /// The answer, if it has this status. What is told of another one holds no secret.
    pub(super) fn expect(self, status: u16) -> anyhow::Result<Self> {
        if self.status == status {
            return Ok(self);
        }
        let said = self
            .json()
            .ok()
            .and_then(|body| body.get("message").or(body.get("errorMessage")).cloned());
        bail!(
            "{} instead of {status}, message {}",
            self.status,
            said.unwrap_or_default()
        )
    }

    /// The body as JSON.
    pub(super) fn json(&self) -> anyhow::Result<Value> {
        serde_json::from_str(&self.text).context("the body is not JSON")
    }

    /// A text in the body.
    pub(super) fn text_at(&self, pointer: &str) -> anyhow::Result<String> {
        let body = self.json()?;
        let text = body.pointer(pointer).and_then(Value::as_str);
        text.map(str::to_owned)
            .with_context(|| format!("there is no text at {pointer}"))
    }

    /// A header's value; empty if there is none.
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}
