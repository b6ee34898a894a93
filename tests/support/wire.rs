//! The service on a port of its own, spoken to over raw connections because a client library would tidy up.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use letterpress::http;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::Bench;

/// A service that listens.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    pub(crate) stop: CancellationToken,
    pub(crate) task: JoinHandle<Result<(), http::HttpError>>,
}

impl Bench {
    /// Serves on a free port of the loopback interface.
    pub(crate) async fn serve(&self) -> Served {
        self.serve_within(http::Limits::default()).await
    }

    /// As [`Bench::serve`], with patience of another kind.
    pub(crate) async fn serve_within(&self, limits: http::Limits) -> Served {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("the loopback has a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let stop = CancellationToken::new();
        let options = http::Options {
            limits,
            ..http::Options::default()
        };
        let task = tokio::spawn(http::serve(Arc::clone(&self.app), listener, options, stop.clone()));
        Served { address, stop, task }
    }
}

impl Served {
    /// Sends bytes as they are and reads to the end of the connection.
    pub(crate) async fn raw(&self, request: &str) -> Got {
        let mut stream = TcpStream::connect(self.address).await.expect("the service listens");
        stream.write_all(request.as_bytes()).await.expect("the service reads");
        let mut bytes = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut bytes)).await;
        read.expect("the service answers within 20 s")
            .expect("the answer can be read");
        Got::read(&bytes)
    }

    /// One request with these header lines.
    pub(crate) async fn ask(&self, method: &str, path: &str, headers: &[&str]) -> Got {
        let lines = headers.iter().flat_map(|line| [line, "\r\n"]).collect::<String>();
        let head = "HTTP/1.1\r\nHost: letters.example.org\r\nConnection: close\r\n";
        self.raw(&format!("{method} {path} {head}{lines}\r\n")).await
    }

    /// A GET with these header lines.
    pub(crate) async fn get(&self, path: &str, headers: &[&str]) -> Got {
        self.ask("GET", path, headers).await
    }
}

/// An answer, byte by byte; names of headers in lower case.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Got {
    fn read(bytes: &[u8]) -> Self {
        let end = bytes
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .expect("an answer has a head");
        let head = std::str::from_utf8(&bytes[..end]).expect("a head is plain text");
        let mut lines = head.split("\r\n");
        let status = lines
            .next()
            .and_then(|line| line.split(' ').nth(1))
            .and_then(|code| code.parse().ok());
        let headers = lines
            .map(|line| line.split_once(": ").unwrap_or((line, "")))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        Self {
            status: status.expect("an answer has a status"),
            headers,
            body: bytes[end + 4..].to_vec(),
        }
    }

    /// The value of a header that must not stand there twice.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(known, _)| known == name);
        let value = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "{name} stands there twice");
        value
    }

    /// The body as text.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is text")
    }
}
