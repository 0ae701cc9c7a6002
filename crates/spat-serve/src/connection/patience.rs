//! A connection that does not wait for ever: who sends nothing, or takes nothing, is let go.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

use super::slots::Slot;

/// A TCP stream with its place among the connections.
pub(crate) struct Patient {
    stream: TcpStream,
    patience: Duration,
    reading: Wait,
    writing: Wait,
    _slot: Slot,
}

/// How long one direction has made no progress.
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

    /// The poll's own result, or an error once it has been pending for too long.
    fn bounded<T>(
        &mut self,
        polled: Poll<io::Result<T>>,
        patience: Duration,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.waiting = false;
            return polled;
        }
        if !self.waiting {
            self.waiting = true;
            self.timer.as_mut().reset(Instant::now() + patience);
        }
        match self.timer.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl Patient {
    pub(crate) fn new(stream: TcpStream, patience: Duration, slot: Slot) -> Self {
        Self {
            stream,
            patience,
            reading: Wait::new(),
            writing: Wait::new(),
            _slot: slot,
        }
    }
}

impl AsyncRead for Patient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let polled = Pin::new(&mut this.stream).poll_read(context, buffer);
        this.reading.bounded(polled, this.patience, context)
    }
}

impl AsyncWrite for Patient {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let polled = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.writing.bounded(polled, this.patience, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let polled = Pin::new(&mut this.stream).poll_write_vectored(context, slices);
        this.writing.bounded(polled, this.patience, context)
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
