//! Opening a connection to an upstream, within its time.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpStream, UnixStream};

use super::UpstreamUrl;
use super::stream::Stream;

/// Opens connections to one address.
#[derive(Debug, Clone)]
pub(crate) struct Connector {
    pub(super) url: UpstreamUrl,
    pub(super) timeout: Duration,
}

impl Connector {
    async fn open(self) -> io::Result<Stream> {
        let opening = async {
            match &self.url {
                UpstreamUrl::Http(authority) => {
                    let port = authority.port_u16().unwrap_or(80);
                    let host = authority.host().trim_matches(['[', ']']);
                    let stream = TcpStream::connect((host, port)).await?;
                    stream.set_nodelay(true)?;
                    Ok(Stream::new(TokioIo::new(stream)))
                }
                UpstreamUrl::Unix(path) => {
                    let stream = UnixStream::connect(path).await?;
                    Ok(Stream::new(TokioIo::new(stream)))
                }
            }
        };
        match tokio::time::timeout(self.timeout, opening).await {
            Ok(opened) => opened,
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

impl tower::Service<Uri> for Connector {
    type Response = Stream;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Stream>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        Box::pin(self.clone().open())
    }
}
