//! Passing a permitted request on, streaming both ways.
//!
//! Attack: what the upstream sees differs from what was judged, or a broken answer looks complete. Answer: the
//! canonical request is what goes out; an upstream that breaks off breaks our answer too.

mod body;
mod error;
mod funnelback;
mod heard;
mod request;
mod response;
pub(crate) mod upgrade;

use std::sync::Arc;

use bytes::Bytes;
use doorward_engine::Passage;
use http::{HeaderName, HeaderValue, Request, Response};
use http_body::Frame;
use http_body_util::BodyExt as _;
use tokio::time::Instant;

use self::body::{Answered, Lent, Progress, Remainder};
use self::upgrade::{StreamLimits, Upgrade};
use crate::owner::Owner;
use crate::serve::{Body, BoxError};
use crate::upstream::{InUse, Upstream};

pub use self::error::{ForwardError, Side};
pub use self::request::Client;

/// Kept connections that may turn out to be closed under one request. An upstream closes them when it likes, which
/// says nothing about its address (RFC 9112 section 9.3.1).
const MAX_GONE: usize = 3;

/// What goes out beside the client's own request.
pub(crate) struct Outgoing<'a> {
    /// Leave to pass the request on: made by the engine alone.
    pub(crate) passage: &'a Passage,
    /// What the upstream is told about the caller; set last, so that nothing removes it.
    pub(crate) identity: Vec<(HeaderName, HeaderValue)>,
    /// The client, for `X-Forwarded-…`.
    pub(crate) client: &'a Client,
}

/// Passes a request on, stripped already, and gives back the upstream's answer.
///
/// # Errors
/// [`ForwardError`].
pub(crate) async fn forward<B>(
    upstream: &Upstream,
    outgoing: Outgoing<'_>,
    request: Request<B>,
    upgrade: Option<Upgrade>,
    owner: &Owner,
) -> Result<Response<Body>, ForwardError>
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    let deadline = Instant::now() + outgoing.passage.api().max_stream_age;
    let (head, body) = request.into_parts();
    // Where the body ends the other protocol would begin, and both sides must agree on where that is (RFC 9110
    // section 7.8 lets us pass over the wish).
    let upgrade = upgrade.filter(|_| body.is_end_stream());
    let came_as = head.version;
    let mut head = request::outgoing(head, &outgoing, upgrade.as_ref())?;
    request::frame(&mut head, came_as, &body);
    let again = Again {
        safe: head.method.is_safe(),
        empty: body.is_end_stream(),
    };
    let lent = Lent::new(body.map_err(Into::into).boxed_unsync());
    let (in_use, response) = ask(upstream, &head, &lent, again).await?;
    if response.status() == http::StatusCode::SWITCHING_PROTOCOLS {
        let upgrade = upgrade.ok_or(ForwardError::unasked_upgrade())?;
        let limits = StreamLimits {
            idle_timeout: upstream.settings.idle_timeout,
            deadline,
        };
        return upgrade.switch(response, outgoing.passage.api(), in_use, limits, owner);
    }
    let (mut head, body) = response.into_parts();
    let remainder = Remainder::new(lent, head.extensions.remove());
    let api = Arc::clone(outgoing.passage.api());
    response::clean(&mut head, &api);
    let idle_timeout = upstream.settings.idle_timeout;
    let body = Answered::new(body, in_use, idle_timeout, deadline, remainder);
    let body = body.map_frame(move |frame| match frame.into_trailers() {
        Ok(mut trailers) => {
            response::clean_trailers(&mut trailers, &api);
            Frame::trailers(trailers)
        }
        Err(frame) => frame,
    });
    Ok(Response::from_parts(head, body.boxed_unsync()))
}

/// Whether a request may be sent a second time.
#[derive(Debug, Clone, Copy)]
struct Again {
    /// RFC 9110 section 9.2.2 lets a DELETE go twice as well, but the second is answered 404.
    safe: bool,
    empty: bool,
}

/// Asks one address, and further ones where nothing of the request can have had an effect.
async fn ask(
    upstream: &Upstream,
    head: &http::request::Parts,
    lent: &Lent,
    again: Again,
) -> Result<(InUse, Response<hyper::body::Incoming>), ForwardError> {
    let (mut tried, mut gone) = (Vec::new(), 0_usize);
    let mut last = None;
    loop {
        let in_use = match upstream.choose(&tried, Instant::now()) {
            Ok(in_use) => in_use,
            // What the address said that was tried is more than that there is no other.
            Err(nobody) => return Err(last.unwrap_or_else(|| nobody.into())),
        };
        let error = match attempt(upstream, &in_use, head, lent).await {
            Ok(response) => {
                in_use.answered();
                return Ok((in_use, response));
            }
            Err(error) => error,
        };
        tracing::debug!(upstream = %upstream.settings.name, %error, "an upstream did not answer");
        if error.is_about_the_address() {
            in_use.failed(Instant::now());
        }
        let unsent = error.was_never_sent() && lent.is_whole();
        let harmless = again.safe && again.empty && error.side() == Side::Upstream;
        if harmless && error.is_of_a_kept_connection() && gone < MAX_GONE {
            gone = gone.saturating_add(1);
            last = Some(error);
            continue;
        }
        tried.push(in_use.target());
        if tried.len() > upstream.settings.retries || !(unsent || harmless) {
            return Err(error);
        }
        last = Some(error);
    }
}

async fn attempt(
    upstream: &Upstream,
    in_use: &InUse,
    head: &http::request::Parts,
    lent: &Lent,
) -> Result<Response<hyper::body::Incoming>, ForwardError> {
    let progress = Progress::new();
    let request = request::to(in_use.authority(), head, lent.lend(progress.clone()))?;
    let asking = in_use.client().request(request);
    let patience = progress.none_for(upstream.settings.response_timeout);
    tokio::select! {
        biased;
        answered = asking => response::sound(answered.map_err(ForwardError::from_client)?),
        side = patience => Err(ForwardError::timeout(side)),
    }
}
