//! A connection whose other end says promptly what it speaks.
//!
//! HTTP/2 begins with 24 fixed bytes (RFC 9113 §3.4), and the first bytes tell it from HTTP/1. Whoever connects and then
//! says nothing, or stops in the middle of them, is waited for no longer than anybody else. What comes after is the
//! business of the timeouts of either protocol.
//!
//! At the end, what the other end still sends is read and thrown away for a moment (RFC 9112 §9.6): a socket that is closed over
//! unread bytes resets the connection, and the answer to a request that was refused early would never arrive.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// Bytes with which HTTP/2 begins. No request of HTTP/1.1 is shorter.
const PREFACE: usize = 24;

/// Longest that the end of a connection is waited for, and most bytes that are thrown away meanwhile.
const LINGER: Duration = Duration::from_secs(2);
const MOST: usize = 1 << 20;

/// Bytes that are thrown away at once.
const SCRATCH: usize = 4096;

/// A stream that fails where its first bytes do not come in time.
pub(super) struct Prompt<S> {
    stream: S,
    came: usize,
    deadline: Pin<Box<Sleep>>,
    /// From the end of what we have to say: until when it is listened, and how much was thrown away.
    ending: Option<(Pin<Box<Sleep>>, usize)>,
}

impl<S> Prompt<S> {
    pub(super) fn new(stream: S, patience: Duration) -> Self {
        Self { stream, came: 0, deadline: Box::pin(sleep(patience)), ending: None }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Prompt<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        match Pin::new(&mut self.stream).poll_read(context, buffer) {
            Poll::Ready(result) => {
                self.came = self.came.saturating_add(buffer.filled().len().saturating_sub(before));
                Poll::Ready(result)
            }
            Poll::Pending if self.came < PREFACE => {
                self.deadline.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Prompt<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.ending.is_none() {
            ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
        }
        let Self { stream, ending, .. } = &mut *self;
        let (end, thrown) = ending.get_or_insert_with(|| (Box::pin(sleep(LINGER)), 0));
        loop {
            let mut scratch = [0; SCRATCH];
            let mut buffer = ReadBuf::new(&mut scratch);
            match Pin::new(&mut *stream).poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() && *thrown < MOST => {
                    *thrown = thrown.saturating_add(buffer.filled().len());
                }
                Poll::Ready(_) => return Poll::Ready(Ok(())),
                Poll::Pending => return end.as_mut().poll(context).map(Ok),
            }
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
