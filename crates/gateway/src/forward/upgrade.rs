//! Connections that change protocols (WebSocket): bytes both ways, for no longer than a stream may last
//! or both may be silent.

use std::time::Duration;

use doorward_core::api::Api;
use http::header::{CONNECTION, UPGRADE};
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::time::Instant;

use super::body::Progress;
use super::heard::Heard;
use super::{ForwardError, Owner, response};
use crate::serve::Body;
use crate::upstream::{Cut, InUse};

/// How long bytes may go both ways.
#[derive(Debug, Clone, Copy)]
pub(super) struct StreamLimits {
    /// With both sides silent.
    pub(super) idle_timeout: Duration,
    /// At all.
    pub(super) deadline: Instant,
}

/// A client that asks to change protocols.
pub(crate) struct Upgrade {
    protocol: HeaderValue,
    client: OnUpgrade,
}

impl Upgrade {
    /// What the client asks for, taken out of its request before hop-by-hop fields go.
    pub(crate) fn asked<B>(request: &mut Request<B>) -> Option<Self> {
        let headers = request.headers();
        let lists_upgrade = |line: &HeaderValue| {
            let line = line.to_str().unwrap_or_default();
            line.split(',')
                .any(|name| name.trim().eq_ignore_ascii_case("upgrade"))
        };
        if !headers.get_all(CONNECTION).iter().any(lists_upgrade) {
            return None;
        }
        let mut protocols = headers.get_all(UPGRADE).iter();
        let protocol = match (protocols.next(), protocols.next()) {
            // HTTP/2 in the clear would carry requests that nobody judges (CVE-2026-2833's kin).
            (Some(one), None) if !is_http(one) => one.clone(),
            _ => return None,
        };
        Some(Self {
            protocol,
            client: hyper::upgrade::on(request),
        })
    }

    pub(super) const fn protocol(&self) -> &HeaderValue {
        &self.protocol
    }

    /// Joins both connections, once the client has our 101.
    pub(super) fn switch(
        self,
        response: Response<Incoming>,
        api: &Api,
        in_use: InUse,
        limits: StreamLimits,
        owner: &Owner,
    ) -> Result<Response<Body>, ForwardError> {
        let agreed = response.headers().get(UPGRADE);
        let same = |agreed: &HeaderValue| {
            agreed
                .as_bytes()
                .eq_ignore_ascii_case(self.protocol.as_bytes())
        };
        if !agreed.is_some_and(same) {
            return Err(ForwardError::unasked_upgrade());
        }
        let (mut head, body) = response.into_parts();
        if let Some(connection) = head.extensions.get::<Cut>() {
            connection.upgraded();
        }
        let upstream = hyper::upgrade::on(Response::from_parts(head.clone(), body));
        response::clean_upgrade(&mut head, api, &self.protocol);
        let client = self.client;
        owner.spawn(async move {
            let _busy = in_use;
            let joining = join(client, upstream, limits.idle_timeout);
            let joined = tokio::time::timeout_at(limits.deadline, joining).await;
            if joined.is_err() {
                tracing::debug!("an upgraded connection outlived the check on which it rests");
            }
        });
        let body = Empty::new().map_err(|never| match never {}).boxed_unsync();
        Ok(Response::from_parts(head, body))
    }
}

fn is_http(protocol: &HeaderValue) -> bool {
    let text = protocol.as_bytes().to_ascii_lowercase();
    text.starts_with(b"h2") || text.starts_with(b"http")
}

async fn join(client: OnUpgrade, upstream: OnUpgrade, idle_timeout: Duration) {
    let progress = Progress::new();
    let copying = async {
        let (client, upstream) = match tokio::try_join!(client, upstream) {
            Ok(both) => both,
            Err(error) => {
                tracing::debug!(%error, "a connection could not change protocols");
                return;
            }
        };
        let heard = |io| Heard {
            io: TokioIo::new(io),
            progress: progress.clone(),
        };
        let (mut client, mut upstream) = (heard(client), heard(upstream));
        if let Err(error) = tokio::io::copy_bidirectional(&mut client, &mut upstream).await {
            tracing::debug!(%error, "an upgraded connection broke off");
        }
    };
    tokio::select! {
        () = copying => {}
        _ = progress.none_for(idle_timeout) => {
            tracing::debug!("an upgraded connection was silent for too long");
        }
    }
}
