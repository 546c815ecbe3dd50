//! A connection's stream of plain bytes: the tap reads along on it, and the bookkeeping hears of it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::activity::Activity;
use crate::seats::Place;
use crate::tap::{Fault, Tap};

/// What is still read, and for how long, behind a request that was refused.
const LINGER_BYTES: usize = 64 * 1024;
const LINGER: Duration = Duration::from_secs(1);

/// A stream that tells the bookkeeping when bytes come in, and when they do not go out.
#[derive(Debug)]
pub(crate) struct Watched<S> {
    stream: S,
    activity: Arc<Activity>,
    tap: Tap,
    /// What the tap found wrong; what was sound before it was handed on.
    fault: Option<Fault>,
    farewell: Option<Farewell>,
    /// Held here so that it lives as long as the socket, also after hyper has handed that on.
    _place: Place,
}

impl<S> Watched<S> {
    pub(crate) const fn new(stream: S, activity: Arc<Activity>, tap: Tap, place: Place) -> Self {
        Self {
            stream,
            activity,
            tap,
            fault: None,
            farewell: None,
            _place: place,
        }
    }
}

/// What a request that cannot be followed is answered.
const BAD_REQUEST: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// The end of a connection that was refused.
///
/// The kernel answers bytes that nobody has read with a reset, and a reset destroys what the client has not
/// read yet: our refusal. So we say that nothing more comes, and read on for a while.
#[derive(Debug)]
struct Farewell {
    until: Pin<Box<Sleep>>,
    is_shut: bool,
    left: usize,
}

impl Farewell {
    fn new() -> Self {
        Self {
            until: Box::pin(sleep_until(Instant::now() + LINGER)),
            is_shut: false,
            left: LINGER_BYTES,
        }
    }

    /// Ready when the connection can be closed.
    fn poll<S>(&mut self, stream: &mut S, cx: &mut Context<'_>) -> Poll<()>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        if self.until.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        if !self.is_shut {
            if ready!(Pin::new(&mut *stream).poll_shutdown(cx)).is_err() {
                return Poll::Ready(());
            }
            self.is_shut = true;
        }
        let mut room = [0; 4096];
        while self.left > 0 {
            let mut buffer = ReadBuf::new(&mut room);
            let read = ready!(Pin::new(&mut *stream).poll_read(cx, &mut buffer));
            let count = buffer.filled().len();
            if read.is_err() || count == 0 {
                break;
            }
            self.left = self.left.saturating_sub(count);
        }
        Poll::Ready(())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Watched<S> {
    /// Ends the connection; says so where no answer is under way that this would spoil.
    fn refuse(&mut self, fault: Fault, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.farewell.is_none() {
            let is_idle = self.activity.is_idle(cx);
            if !is_idle && !fault.in_body {
                // Requests before it are answered first; we are woken when that is done.
                return Poll::Pending;
            }
            if is_idle {
                // So few bytes go into the socket's buffer at once, or the client has stopped reading.
                let _sent = Pin::new(&mut self.stream).poll_write(cx, BAD_REQUEST);
                let _flushed = Pin::new(&mut self.stream).poll_flush(cx);
                self.farewell = Some(Farewell::new());
            }
        }
        if let Some(farewell) = &mut self.farewell {
            ready!(farewell.poll(&mut self.stream, cx));
        }
        tracing::debug!("a request that is not HTTP/1.1 as it should be ended its connection");
        Poll::Ready(Err(io::ErrorKind::InvalidData.into()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(fault) = self.fault {
            return self.refuse(fault, cx);
        }
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        let fresh = buf.filled().get(before..).unwrap_or_default();
        if fresh.is_empty() {
            return polled;
        }
        self.activity.bytes_read();
        if let Err(fault) = self.tap.read(fresh) {
            self.fault = Some(fault);
            buf.set_filled(before.saturating_add(fault.good));
            if fault.good == 0 {
                return self.refuse(fault, cx);
            }
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.activity.written(&polled);
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.activity.written(&polled);
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
