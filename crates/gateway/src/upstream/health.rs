//! Asking an upstream's addresses whether they are well, before a request finds out that they are not.

use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::future::join_all;
use http::header::{HOST, USER_AGENT};
use http::uri::{PathAndQuery, Scheme};
use http::{HeaderValue, Request, Uri};
use http_body_util::{BodyExt as _, Empty, Limited};
use tokio::time::MissedTickBehavior;

use super::{Target, Upstream};
use crate::forward::ForwardError;
use crate::serve::Body;

/// Bytes of an answer that are read so that its connection can be kept.
const MAX_ANSWER: usize = 64 * 1024;

/// How addresses are asked whether they are well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// With a `GET` of this; any answer of 200 to 299 is a good one.
    pub path: PathAndQuery,
    /// How often; an answer may take no longer than that either.
    pub interval: Duration,
}

/// Why an address is not well.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unwell {
    #[error("no answer in time")]
    Late,
    #[error("status {0}")]
    Status(u16),
    #[error("{0}")]
    NoAnswer(#[from] ForwardError),
}

/// Asks until the upstream is no longer used. The watch itself does not keep it.
pub(super) async fn watch(upstream: Weak<Upstream>, health: Health) {
    let mut ticks = tokio::time::interval(health.interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(upstream) = upstream.upgrade() else {
            return;
        };
        let targets = upstream.targets.iter();
        join_all(targets.map(|target| probe(target, &health))).await;
    }
}

async fn probe(target: &Arc<Target>, health: &Health) {
    let asked = tokio::time::timeout(health.interval, ask(target, &health.path)).await;
    match asked.unwrap_or(Err(Unwell::Late)) {
        Ok(()) => target.is_well(),
        Err(why) => target.is_unwell(&why),
    }
}

async fn ask(target: &Target, path: &PathAndQuery) -> Result<(), Unwell> {
    let request = request(target, path)?;
    let answered = target.client().request(request).await;
    let (head, body) = answered.map_err(ForwardError::from_client)?.into_parts();
    if !head.status.is_success() {
        return Err(Unwell::Status(head.status.as_u16()));
    }
    // How it ends does not matter: then the connection is not kept.
    drop(Limited::new(body, MAX_ANSWER).collect().await);
    Ok(())
}

fn request(target: &Target, path: &PathAndQuery) -> Result<Request<Body>, ForwardError> {
    let uri = Uri::builder()
        .scheme(Scheme::HTTP)
        .authority(target.authority().clone())
        .path_and_query(path.clone())
        .build()
        .map_err(ForwardError::unwritable)?;
    let host = HeaderValue::try_from(target.host()).map_err(ForwardError::unwritable)?;
    let mut request = Request::new(Empty::new().map_err(|never| match never {}).boxed_unsync());
    *request.uri_mut() = uri;
    let headers = request.headers_mut();
    headers.insert(HOST, host);
    headers.insert(USER_AGENT, HeaderValue::from_static("doorward"));
    Ok(request)
}
