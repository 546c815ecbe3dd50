//! A handshake: from an accepted socket to a stream of plain bytes, in bounded time.

use std::time::Duration;

use doorward_core::certificate::ClientCertificate;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::{Server, certificate};

/// A client that came through its handshake.
pub(crate) struct Handshaken {
    pub(crate) stream: TlsStream<TcpStream>,
    /// Its certificate, if it showed one: signed by one of the authorities, and readable.
    pub(crate) certificate: Option<ClientCertificate>,
    /// Whether HTTP/2 was agreed on.
    pub(crate) http2: bool,
}

/// Why a client did not come through.
#[derive(Debug, Error)]
pub(crate) enum HandshakeError {
    /// It took too long.
    #[error("the handshake took too long")]
    TimedOut,
    /// It broke off, or what was said is not to be believed.
    #[error("{0}")]
    Failed(std::io::Error),
    /// A certificate whose names cannot be read: to go on as if there were none could be taken for less.
    #[error("the client's certificate cannot be read")]
    Certificate,
}

/// Shakes hands by what the server holds now.
pub(crate) async fn shake(
    server: &Server,
    stream: TcpStream,
    limit: Duration,
) -> Result<Handshaken, HandshakeError> {
    let accepting = TlsAcceptor::from(server.config()).accept(stream);
    let stream = timeout(limit, accepting)
        .await
        .map_err(|_| HandshakeError::TimedOut)?
        .map_err(HandshakeError::Failed)?;
    let (_, session) = stream.get_ref();
    let leaf = session.peer_certificates().and_then(<[_]>::first);
    let certificate = match leaf.map(certificate::read) {
        Some(None) => return Err(HandshakeError::Certificate),
        Some(certificate) => certificate,
        None => None,
    };
    let http2 = session.alpn_protocol() == Some(b"h2");
    Ok(Handshaken {
        stream,
        certificate,
        http2,
    })
}
