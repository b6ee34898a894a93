//! Writing commands and reading replies, each within a deadline.

use std::io;
use std::time::Duration;

use futures_util::FutureExt;
use lettre::transport::smtp::response::Response;
use rustix::net::{RecvFlags, recv};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::reply::frame;
use crate::mail::stream::Stream;
use crate::model::verdict::Cause;

/// How much is read at once; nearly every reply is shorter.
const CHUNK: usize = 4 * 1024;
/// How long bytes that are known to be there may take to come through TLS.
const BRIEFLY: Duration = Duration::from_millis(20);

/// A connection and what came over it and was not looked at yet.
#[derive(Debug)]
pub(super) struct Wire {
    stream: Stream,
    inbox: Vec<u8>,
}

/// What came without having been asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    /// Nothing: the connection is as it should be.
    Nothing,
    /// Bytes, in the inbox now.
    Bytes,
    /// The other side is gone.
    Closed,
}

impl Wire {
    pub(super) fn new(stream: Stream) -> Self {
        Self {
            stream,
            inbox: Vec::with_capacity(CHUNK),
        }
    }

    /// The connection beneath.
    pub(super) fn stream(&self) -> &Stream {
        &self.stream
    }

    /// Gives the connection away; whatever was still unread is forgotten.
    pub(super) fn into_stream(self) -> Stream {
        self.stream
    }

    /// Writes a line and reads the reply to it, both within one deadline.
    pub(super) async fn ask(&mut self, line: &[u8], deadline: Duration) -> Result<Response, Cause> {
        within(deadline, async {
            self.write(line).await?;
            self.next_reply().await
        })
        .await
    }

    /// Writes lines whose replies are read later.
    pub(super) async fn send(&mut self, lines: &[u8], deadline: Duration) -> Result<(), Cause> {
        within(deadline, self.write(lines)).await
    }

    /// Reads one reply.
    pub(super) async fn reply(&mut self, deadline: Duration) -> Result<Response, Cause> {
        within(deadline, self.next_reply()).await
    }

    /// Writes much: the deadline is for each piece that gets through, not for all.
    pub(super) async fn pour(&mut self, mut bytes: &[u8], deadline: Duration) -> Result<(), Cause> {
        while !bytes.is_empty() {
            let written = within(deadline, async {
                self.stream.write(bytes).await.map_err(|error| cause_of(&error))
            })
            .await?;
            if written == 0 {
                return Err(Cause::Closed);
            }
            bytes = &bytes[written..];
        }
        within(deadline, async {
            self.stream.flush().await.map_err(|error| cause_of(&error))
        })
        .await
    }

    /// Whether everything that came was asked for and read.
    pub(super) fn has_nothing_unread(&self) -> bool {
        self.inbox.is_empty()
    }

    /// Looks, without waiting, for anything that came unasked.
    ///
    /// The runtime learns of arrived bytes only at its next turn, so the socket itself is asked too.
    pub(super) async fn news(&mut self) -> News {
        if !self.inbox.is_empty() {
            return News::Bytes;
        }
        let found = match self.fill().now_or_never() {
            Some(found) => found,
            None if self.socket_is_silent() => return News::Nothing,
            // Under TLS these may be records of no interest, such as session tickets.
            None => match timeout(BRIEFLY, self.fill()).await {
                Ok(found) => found,
                Err(_) => return News::Nothing,
            },
        };
        if found.is_ok() { News::Bytes } else { News::Closed }
    }

    fn socket_is_silent(&self) -> bool {
        let mut byte = [0_u8];
        let peeked = recv(
            self.stream.socket(),
            &mut byte[..],
            RecvFlags::PEEK | RecvFlags::DONTWAIT,
        );
        matches!(peeked, Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR))
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Cause> {
        self.stream.write_all(bytes).await.map_err(|error| cause_of(&error))?;
        self.stream.flush().await.map_err(|error| cause_of(&error))
    }

    async fn next_reply(&mut self) -> Result<Response, Cause> {
        loop {
            if let Some((response, used)) = frame(&self.inbox)? {
                self.inbox.drain(..used);
                return Ok(response);
            }
            self.fill().await?;
        }
    }

    async fn fill(&mut self) -> Result<(), Cause> {
        self.inbox.reserve(CHUNK);
        match self.stream.read_buf(&mut self.inbox).await {
            Ok(0) => Err(Cause::Closed),
            Ok(_) => Ok(()),
            Err(error) => Err(cause_of(&error)),
        }
    }
}

/// Runs `work`, or gives up at the deadline.
pub(super) async fn within<T>(deadline: Duration, work: impl Future<Output = Result<T, Cause>>) -> Result<T, Cause> {
    timeout(deadline, work).await.unwrap_or(Err(Cause::Deadline))
}

/// The operating system's word for what happened; TLS reports a connection cut short as an unexpected end.
pub(super) fn cause_of(error: &io::Error) -> Cause {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Cause::Closed,
        kind => Cause::Io(kind.to_string()),
    }
}
