//! A web server with one document that a test changes, and that writes down what it was asked.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// What it answers: status line with further headers, and body.
#[derive(Debug, Clone, Default)]
struct Said {
    head: String,
    body: Vec<u8>,
}

/// A running server.
#[derive(Debug, Clone)]
pub(crate) struct Changing {
    port: u16,
    said: Arc<Mutex<Said>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Changing {
    /// Answers 404 until it is told something else.
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("the loopback has a free port");
        let port = listener.local_addr().expect("a listener has an address").port();
        let server = Self {
            port,
            said: Arc::default(),
            asked: Arc::default(),
        };
        server.say("404 Not Found", "");
        let own = server.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut asked = vec![0; 8192];
                let read = stream.read(&mut asked).await.unwrap_or(0);
                let asked = String::from_utf8_lossy(&asked[..read]).into_owned();
                let said = own.said.lock().unwrap_or_else(PoisonError::into_inner).clone();
                let etag = said.head.lines().find_map(|line| line.strip_prefix("ETag: "));
                let known =
                    etag.is_some_and(|etag| asked.to_ascii_lowercase().contains(&format!("if-none-match: {etag}")));
                let (head, body) = if known {
                    ("304 Not Modified", &[][..])
                } else {
                    (said.head.as_str(), &said.body[..])
                };
                own.asked.lock().unwrap_or_else(PoisonError::into_inner).push(asked);
                let length = body.len();
                let head = format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
                let _ = stream.write_all(head.as_bytes()).await;
                let _ = stream.write_all(body).await;
            }
        });
        server
    }

    /// From now on it answers so.
    pub(crate) fn say(&self, head: &str, body: impl Into<Vec<u8>>) {
        let said = Said {
            head: head.to_owned(),
            body: body.into(),
        };
        *self.said.lock().unwrap_or_else(PoisonError::into_inner) = said;
    }

    /// Every request since the last look.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// An address on it.
    pub(crate) fn at(&self, path: &str) -> url::Url {
        format!("http://127.0.0.1:{}{path}", self.port)
            .parse()
            .expect("a port and a path make an address")
    }
}
