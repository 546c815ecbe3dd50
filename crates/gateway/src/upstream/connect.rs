//! Opening a connection to an upstream, within its time.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use http::uri::Authority;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpStream, UnixStream};

use super::UpstreamUrl;
use super::stream::Stream;
use super::tls::Tls;

/// Opens connections to one address.
#[derive(Debug, Clone)]
pub(crate) struct Connector {
    pub(super) url: UpstreamUrl,
    /// What `https` is spoken with.
    pub(super) tls: Tls,
    pub(super) timeout: Duration,
}

impl Connector {
    async fn open(self) -> io::Result<Stream> {
        let opening = async {
            match &self.url {
                UpstreamUrl::Http(authority) => {
                    let stream = tcp(authority, 80).await?;
                    Ok(Stream::new(TokioIo::new(stream)))
                }
                UpstreamUrl::Https(authority) => {
                    let stream = tcp(authority, 443).await?;
                    let stream = self.tls.handshake(host(authority), stream).await?;
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

async fn tcp(authority: &Authority, usual_port: u16) -> io::Result<TcpStream> {
    let port = authority.port_u16().unwrap_or(usual_port);
    let stream = TcpStream::connect((host(authority), port)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn host(authority: &Authority) -> &str {
    authority.host().trim_matches(['[', ']'])
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
