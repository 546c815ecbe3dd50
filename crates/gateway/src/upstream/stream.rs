//! An open connection to an upstream, which its request can end, and which can be read on when nobody reads it.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};

/// Bytes both ways.
trait Io: Read + Write + Unpin + Send {}
impl<T: Read + Write + Unpin + Send> Io for T {}

/// Ends a connection from outside: the task that drives it may wait for a peer that never does anything.
/// Every answer carries the one of its connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cut(Arc<Knife>);

#[derive(Debug, Default)]
struct Knife {
    is_cut: AtomicBool,
    /// Whether it speaks another protocol than HTTP now.
    upgraded: AtomicBool,
    /// Whether it has brought an answer.
    answered: AtomicBool,
    /// HTTP/1.1 has one task for both directions.
    task: AtomicWaker,
}

impl Cut {
    /// Nothing is read or written any more.
    pub(crate) fn cut(&self) {
        self.0.is_cut.store(true, Ordering::Release);
        self.0.task.wake();
    }

    /// It changed protocols: whoever cannot be written to has nothing to say that is waited for.
    pub(crate) fn upgraded(&self) {
        self.0.upgraded.store(true, Ordering::Relaxed);
    }

    /// It brought an answer.
    pub(crate) fn answered(&self) {
        self.0.answered.store(true, Ordering::Relaxed);
    }

    /// Whether it brought one before, and was kept.
    pub(crate) fn is_kept(&self) -> bool {
        self.0.answered.load(Ordering::Relaxed)
    }

    fn check(&self, cx: &Context<'_>) -> io::Result<()> {
        self.0.task.register(cx.waker());
        if self.0.is_cut.load(Ordering::Acquire) {
            Err(io::ErrorKind::ConnectionAborted.into())
        } else {
            Ok(())
        }
    }
}

/// An open connection.
pub(crate) struct Stream {
    io: Box<dyn Io>,
    cut: Cut,
    /// Whether the peer reads no more.
    deaf: bool,
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream")
            .field("deaf", &self.deaf)
            .finish_non_exhaustive()
    }
}

impl Stream {
    pub(super) fn new(io: impl Read + Write + Unpin + Send + 'static) -> Self {
        Self {
            io: Box::new(io),
            cut: Cut::default(),
            deaf: false,
        }
    }

    /// An upstream that answers early may close before it has read everything. What it said is still to be
    /// read, and hyper would give that up with the first write that fails; the reading side tells what is
    /// wrong, or that nothing is.
    fn written<T>(&mut self, polled: Poll<io::Result<T>>, as_if: T) -> Poll<io::Result<T>> {
        match polled {
            Poll::Ready(Err(error)) if self.may_still_answer(&error) => {
                self.deaf = true;
                Poll::Ready(Ok(as_if))
            }
            polled => polled,
        }
    }

    fn may_still_answer(&self, error: &io::Error) -> bool {
        use io::ErrorKind as K;
        matches!(error.kind(), K::BrokenPipe | K::ConnectionReset)
            && !self.cut.0.upgraded.load(Ordering::Relaxed)
    }
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new().extra(self.cut.clone())
    }
}

impl Read for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.cut.check(cx)?;
        Pin::new(&mut *this.io).poll_read(cx, buf)
    }
}

impl Write for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.cut.check(cx)?;
        if this.deaf {
            return Poll::Ready(Ok(buf.len()));
        }
        let polled = Pin::new(&mut *this.io).poll_write(cx, buf);
        this.written(polled, buf.len())
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.cut.check(cx)?;
        if this.deaf {
            return Poll::Ready(Ok(()));
        }
        let polled = Pin::new(&mut *this.io).poll_flush(cx);
        this.written(polled, ())
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.deaf || this.cut.check(cx).is_err() {
            return Poll::Ready(Ok(()));
        }
        match Pin::new(&mut *this.io).poll_shutdown(cx) {
            // The last word of TLS does not fit where the peer has stopped to read, and will not.
            Poll::Pending => Poll::Ready(Ok(())),
            said @ Poll::Ready(_) => said,
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.cut.check(cx)?;
        let length = bufs
            .iter()
            .fold(0_usize, |sum, buf| sum.saturating_add(buf.len()));
        if this.deaf {
            return Poll::Ready(Ok(length));
        }
        let polled = Pin::new(&mut *this.io).poll_write_vectored(cx, bufs);
        this.written(polled, length)
    }
}
