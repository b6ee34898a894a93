//! How long a connection is kept for a client that sends nothing, or reads nothing.
//!
//! Both protocols are judged alike, from outside: by the heads of requests that arrived, and by the bytes of answers that the
//! client took. hyper has a time-out for heads of HTTP/1 alone, and none for what is written.

use std::io::{Error, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rustix::net::sockopt::set_socket_send_buffer_size;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Bytes that the kernel keeps for one client. More would hide for minutes whether a slow reader still reads.
const SEND_BUFFER: usize = 128 * 1024;
/// Bytes of answers below which a client does not count as reading: more than the pings of HTTP/2 that it may be sent.
const FEWEST: u64 = 4 * 1024;

/// What is held against a slow client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once; further ones wait to be accepted.
    pub connections: usize,
    /// How long the head of a request may take, and how long an idle connection is kept.
    pub head: Duration,
    /// How long a client may read nothing of what waits for it.
    pub stall: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1_024,
            head: Duration::from_secs(10),
            stall: Duration::from_secs(30),
        }
    }
}

/// What a connection has done so far.
#[derive(Debug, Default)]
pub(super) struct Progress {
    heads: AtomicU64,
    taken: AtomicU64,
    waits: AtomicBool,
}

impl Progress {
    /// The head of a request is complete.
    pub(super) fn note_head(&self) {
        self.heads.fetch_add(1, Ordering::Relaxed);
    }
}

/// A stream that notes what its client takes.
#[derive(Debug)]
pub(super) struct Noted {
    stream: TcpStream,
    progress: Arc<Progress>,
}

impl Noted {
    pub(super) fn new(stream: TcpStream, progress: Arc<Progress>) -> Self {
        // Small answers leave at once. Where neither can be set, the stream still works.
        let _ = stream.set_nodelay(true);
        let _ = set_socket_send_buffer_size(&stream, SEND_BUFFER);
        Self { stream, progress }
    }

    fn note(&self, written: Poll<Result<usize, Error>>) -> Poll<Result<usize, Error>> {
        self.progress.waits.store(written.is_pending(), Ordering::Relaxed);
        let bytes = ready!(written)?;
        self.progress.taken.fetch_add(bytes as u64, Ordering::Relaxed);
        Poll::Ready(Ok(bytes))
    }
}

impl AsyncRead for Noted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.stream).poll_read(cx, into)
    }
}

impl AsyncWrite for Noted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize, Error>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.note(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<Result<usize, Error>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.note(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// What becomes of a connection after a look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is left alone.
    Stay,
    /// It takes no further requests; answers that are under way are read to their end.
    Finish,
    /// It is cut off.
    Cut,
}

/// The judge of one connection, who looks at it once in every [`Limits::head`].
#[derive(Debug)]
pub(super) struct Patience {
    progress: Arc<Progress>,
    /// Looks without progress that are too many.
    most: u32,
    heads: u64,
    taken: u64,
    stuck: u32,
    finishes: bool,
}

impl Patience {
    pub(super) fn new(progress: Arc<Progress>, limits: Limits) -> Self {
        let looks = limits.stall.as_millis().div_ceil(limits.head.as_millis().max(1));
        Self {
            progress,
            most: u32::try_from(looks).unwrap_or(u32::MAX).max(1),
            heads: 0,
            taken: 0,
            stuck: 0,
            finishes: false,
        }
    }

    /// One look: no head in the whole time since the last one ends the connection politely, at the first look at once. One
    /// that ends, or whose client does not take what is written, has to move.
    pub(super) fn look(&mut self) -> Verdict {
        let heads = self.progress.heads.load(Ordering::Relaxed);
        if heads == 0 {
            return Verdict::Cut;
        }
        let is_idle = heads == self.heads;
        self.heads = heads;
        if self.is_stuck() {
            return Verdict::Cut;
        }
        if is_idle && !self.finishes {
            self.finishes = true;
            return Verdict::Finish;
        }
        Verdict::Stay
    }

    fn is_stuck(&mut self) -> bool {
        let taken = self.progress.taken.load(Ordering::Relaxed);
        let must_move = self.finishes || self.progress.waits.load(Ordering::Relaxed);
        if must_move && taken < self.taken.saturating_add(FEWEST) {
            self.stuck += 1;
        } else {
            self.stuck = 0;
            self.taken = taken;
        }
        self.stuck >= self.most
    }
}
