//! Calls from peers that no test can have: the public listener's side of the wire, without the listener's sockets.

use std::net::{IpAddr, SocketAddr};

use doorward_gateway::peer::PeerAddr;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tower::ServiceExt as _;

use crate::exchange::{Call, Reply};
use crate::site::Site;

/// Sends a call as if over a connection from this address.
pub(crate) async fn send_from(site: &Site, peer: IpAddr, call: &Call) -> Reply {
    let (mut near, far) = tokio::io::duplex(1 << 16);
    let service = site.front.service();
    let service = service_fn(move |mut request: Request<Incoming>| {
        let peer = PeerAddr::Tcp(SocketAddr::new(peer, 40_000));
        request.extensions_mut().insert(peer);
        service.clone().oneshot(request)
    });
    let serving = tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(far), service));
    near.write_all(&call.bytes()).await.unwrap();
    let mut answer = Vec::new();
    near.read_to_end(&mut answer).await.unwrap();
    serving.await.unwrap().unwrap();
    Reply::read(&answer)
}
