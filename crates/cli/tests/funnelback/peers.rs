//! Calls from peers that no test can have: the public listener, told that somebody else is at the other end.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use doorward_gateway::inherited::Inherited;
use doorward_gateway::listen::bind;
use doorward_gateway::peer::{ListenerName, PeerAddr};
use doorward_gateway::serve::{Limits, RequestBody, serve};
use http::Request;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use tower::util::BoxCloneSyncService;

use crate::exchange::{self, Call, Reply};
use crate::site::Site;

/// Sends a call as if over a connection from this address.
pub(crate) async fn send_from(site: &Site, peer: IpAddr, call: &Call) -> Reply {
    let name = ListenerName::new("public");
    let addresses = ["127.0.0.1:0".parse().unwrap()];
    let listeners = bind(&name, &addresses, &mut Inherited::default()).unwrap();
    let address = listeners.first().unwrap().local().to_string();
    let service = site.front.service();
    let service = service.map_request(move |mut request: Request<RequestBody>| {
        let peer = PeerAddr::Tcp(SocketAddr::new(peer, 40_000));
        request.extensions_mut().insert(peer);
        request
    });
    let stop = CancellationToken::new();
    let until = stop.clone();
    let serving = tokio::spawn(async move {
        let service = BoxCloneSyncService::new(service);
        let grace = Duration::from_millis(100);
        serve(listeners, service, Limits::default(), &until, grace).await
    });
    let reply = exchange::send(address.parse().unwrap(), &call.bytes()).await;
    stop.cancel();
    serving.await.unwrap().unwrap();
    reply
}
