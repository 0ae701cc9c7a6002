//! TCP stream with idle read and write timeouts.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

use super::permits::ConnectionPermit;

/// A TCP stream with idle timeouts and its permit.
pub(crate) struct TimeoutStream {
    stream: TcpStream,
    idle_timeout: Duration,
    reading: Wait,
    writing: Wait,
    _permit: ConnectionPermit,
}

/// Time without progress in one direction.
struct Wait {
    timer: Pin<Box<Sleep>>,
    waiting: bool,
}

impl Wait {
    fn new() -> Self {
        Self {
            timer: Box::pin(sleep(Duration::ZERO)),
            waiting: false,
        }
    }

    /// The result of the poll, or an error if it has been pending for too long.
    fn bounded<T>(
        &mut self,
        polled: Poll<io::Result<T>>,
        idle_timeout: Duration,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.waiting = false;
            return polled;
        }
        if !self.waiting {
            self.waiting = true;
            self.timer.as_mut().reset(Instant::now() + idle_timeout);
        }
        match self.timer.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl TimeoutStream {
    pub(crate) fn new(stream: TcpStream, idle_timeout: Duration, permit: ConnectionPermit) -> Self {
        Self {
            stream,
            idle_timeout,
            reading: Wait::new(),
            writing: Wait::new(),
            _permit: permit,
        }
    }
}

impl AsyncRead for TimeoutStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let polled = Pin::new(&mut this.stream).poll_read(context, buffer);
        this.reading.bounded(polled, this.idle_timeout, context)
    }
}

impl AsyncWrite for TimeoutStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let polled = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.writing.bounded(polled, this.idle_timeout, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let polled = Pin::new(&mut this.stream).poll_write_vectored(context, slices);
        this.writing.bounded(polled, this.idle_timeout, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
