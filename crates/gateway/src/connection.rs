//! One connection, from accepted to closed.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use doorward_core::certificate::ClientCertificate;
use http::header::CONNECTION;
use http::{Extensions, HeaderValue, Request, Response, StatusCode, Version};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::rt::Executor;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use crate::activity::{Activity, InFlightBody, Wait};
use crate::peer::{ListenerName, PeerAddr, Transport};
use crate::seats::Place;
use crate::serve::{Body, Limits, Service};
use crate::tap::{Switch, Tap};
use crate::unread::{Unread, while_read};
use crate::upload::{Fate, RequestBody};
use crate::watched::Watched;

/// Fields a head may have, hyper's own number for HTTP/1.
const MAX_HEADERS: usize = 100;

/// Bytes a head may have; for HTTP/1 also what is read ahead of a body.
pub(crate) const MAX_HEAD_BYTES: u32 = 64 * 1024;

/// Requests at once on one HTTP/2 connection.
const MAX_STREAMS: u32 = 100;

/// Streams a client may open and reset before we have looked at them (rapid reset, CVE-2023-44487).
const MAX_PENDING_RESETS: usize = 20;

/// Streams we may have to reset for a client's errors before the connection is ended (RUSTSEC-2024-0003).
const MAX_ERROR_RESETS: usize = 100;

/// Bytes we accept ahead of reading, per HTTP/2 stream and per connection.
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;

/// How many bytes of answers wait for a slow HTTP/2 reader, per stream.
const MAX_SEND_BUFFER: usize = 64 * 1024;

/// What all connections of one [`serve`](crate::serve::serve) share.
pub(crate) struct Shared {
    pub(crate) service: Service,
    pub(crate) limits: Limits,
    pub(crate) http: Builder<Owned>,
    /// Cancelled when draining begins.
    pub(crate) stop: CancellationToken,
    /// Cancelled when the grace is over.
    pub(crate) cut: CancellationToken,
}

/// How a connection ended.
pub(crate) enum End {
    /// By itself, well or badly.
    Closed,
    /// By us, with a request in flight or half sent, when the grace was over.
    Cut,
}

/// Where a connection comes from.
pub(crate) struct Origin {
    pub(crate) peer: PeerAddr,
    pub(crate) listener: ListenerName,
    pub(crate) transport: Transport,
    /// What the client proved to hold.
    pub(crate) certificate: Option<ClientCertificate>,
    /// Whether HTTP/2 was agreed on already.
    pub(crate) http2: bool,
}

impl Origin {
    /// A connection in the clear.
    pub(crate) fn new(peer: PeerAddr, listener: &ListenerName) -> Self {
        Self {
            peer,
            listener: listener.clone(),
            transport: Transport::Clear,
            certificate: None,
            http2: false,
        }
    }

    /// Tells a request where it came from.
    fn tell(&self, extensions: &mut Extensions) {
        extensions.insert(self.peer);
        extensions.insert(self.listener.clone());
        extensions.insert(self.transport);
        if let Some(certificate) = &self.certificate {
            extensions.insert(certificate.clone());
        }
    }
}

/// Spawns HTTP/2 streams so that they have an owner and end with the grace.
#[derive(Clone)]
pub(crate) struct Owned {
    pub(crate) tracker: TaskTracker,
    pub(crate) cut: CancellationToken,
    /// How long a stream's client may leave unread what it was handed.
    pub(crate) patience: Duration,
}

impl<F> Executor<F> for Owned
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, future: F) {
        let stream = while_read(future, self.patience);
        self.tracker
            .spawn(self.cut.clone().run_until_cancelled_owned(stream));
    }
}

/// The protocol settings.
pub(crate) fn http(executor: Owned, limits: &Limits) -> Builder<Owned> {
    let mut builder = Builder::new(executor);
    builder
        .http1()
        // A client may be done with asking and still listen (RFC 9112 section 9.6).
        .half_close(true)
        .timer(TokioTimer::new())
        // hyper would end an idle connection by the same clock; see the activity module.
        .header_read_timeout(None)
        .max_buf_size(MAX_HEAD_BYTES as usize);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(MAX_HEAD_BYTES)
        .max_concurrent_streams(MAX_STREAMS)
        .max_pending_accept_reset_streams(MAX_PENDING_RESETS)
        .max_local_error_reset_streams(MAX_ERROR_RESETS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(MAX_SEND_BUFFER)
        .keep_alive_interval(limits.idle_timeout)
        .keep_alive_timeout(limits.header_timeout);
    builder
}

/// Serves a connection until it ends.
pub(crate) async fn run<S>(shared: Arc<Shared>, stream: S, origin: Origin, place: Place) -> End
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let activity = Activity::new();
    let peer = origin.peer;
    let switch = Switch::default();
    let tap = if origin.http2 {
        Tap::http2(switch.clone())
    } else {
        Tap::new(switch.clone())
    };
    let service = {
        let answering = Answering {
            service: shared.service.clone(),
            body_timeout: shared.limits.body_timeout,
            activity: Arc::clone(&activity),
            origin,
            switch,
        };
        service_fn(move |request| answering.answer(request))
    };
    let io = TokioIo::new(Watched::new(stream, Arc::clone(&activity), tap, place));
    let mut connection = pin!(shared.http.serve_connection_with_upgrades(io, service));
    let Limits {
        header_timeout,
        idle_timeout,
        ..
    } = &shared.limits;
    let (header_timeout, idle_timeout) = (*header_timeout, *idle_timeout);
    let mut closing = false;
    loop {
        let patience = if closing {
            header_timeout
        } else {
            idle_timeout
        };
        tokio::select! {
            biased;
            () = shared.cut.cancelled() => return End::Cut,
            result = connection.as_mut() => {
                if let Err(error) = result {
                    tracing::debug!(%peer, %error, "connection ended");
                }
                return End::Closed;
            }
            () = shared.stop.cancelled(), if !closing => {}
            wait = activity.overdue(header_timeout, patience) => {
                if wait != Wait::Request || closing {
                    tracing::debug!(%peer, "connection timed out");
                    return End::Closed;
                }
            }
        }
        // Draining, or idle for too long: no further request, and a GOAWAY where there is one.
        closing = true;
        activity.restart();
        connection.as_mut().graceful_shutdown();
    }
}

/// What the requests of a connection are answered with.
struct Answering {
    service: Service,
    body_timeout: Duration,
    activity: Arc<Activity>,
    origin: Origin,
    switch: Switch,
}

impl Answering {
    fn answer(
        &self,
        mut request: Request<Incoming>,
    ) -> impl Future<Output = Result<Response<InFlightBody>, Infallible>> + Send + use<> {
        let version = request.version();
        let in_flight = self.activity.begin(version);
        self.origin.tell(request.extensions_mut());
        // hyper refuses these for HTTP/1 by itself.
        let too_many = request.headers().len() > MAX_HEADERS;
        let (service, switch) = (self.service.clone(), self.switch.clone());
        let fate = Fate::default();
        let request = request.map(|body| RequestBody::new(body, self.body_timeout, &fate));
        async move {
            let response = if too_many {
                refusal(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)
            } else {
                service.oneshot(request).await?
            };
            let mut response = if fate.answered() {
                response
            } else {
                too_slow(version)
            };
            let is_upgrade = response.status() == StatusCode::SWITCHING_PROTOCOLS;
            // hyper closes where the rest of a body has not come yet, and a client that was not told sends its next request
            // into that (RFC 9112 section 9.6).
            if version != Version::HTTP_2 && fate.left_unread() && !is_upgrade {
                let close = HeaderValue::from_static("close");
                response.headers_mut().insert(CONNECTION, close);
            }
            if is_upgrade {
                switch.off();
            }
            let unread = Unread::of_this_stream();
            Ok(response.map(|body| InFlightBody::new(body, in_flight, unread)))
        }
    }
}

/// The answer to a request whose body was given up, whatever the service made of that.
fn too_slow(version: Version) -> Response<Body> {
    let mut response = refusal(StatusCode::REQUEST_TIMEOUT);
    // HTTP/2 resets the stream by itself, and knows no such field.
    if version != Version::HTTP_2 {
        response
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

fn refusal(status: StatusCode) -> Response<Body> {
    let body = Empty::new().map_err(|never| match never {});
    let mut response = Response::new(body.boxed_unsync());
    *response.status_mut() = status;
    response
}
