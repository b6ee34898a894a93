//! A subscriber of feeds, or a hub of somebody else: a real web server that remembers what it heard.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// How a subscriber answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Wants what it is asked about, takes what it is sent.
    Willing,
    /// Does not want it: 404.
    Unwilling,
    /// Says something else than the challenge.
    Vague,
    /// Says the challenge and more.
    Talkative,
    /// Says the challenge with an error.
    Failing,
    /// Says where else to ask.
    Elsewhere,
    /// Never answers.
    Silent,
    /// Wants what it is asked about, and answers this status to what it is sent.
    Refusing(u16),
    /// As before, but what it is sent is answered only after it has got another manner.
    Pondering(u16),
    /// Takes what it is sent, and says much about it.
    Gushing,
}

/// A request that came.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Heard {
    /// The first header of a name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The field of the query.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        let (_, query) = self.target.split_once('?')?;
        let mut fields = url::form_urlencoded::parse(query.as_bytes());
        fields
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.into_owned())
    }
}

/// The server.
#[derive(Clone)]
pub(crate) struct Subscriber {
    port: u16,
    heard: Arc<Mutex<Vec<Heard>>>,
    manner: Arc<Mutex<Manner>>,
    news: Arc<Notify>,
}

impl Subscriber {
    /// Starts one on a free port of the loopback interface.
    pub(crate) async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("the loopback has a free port");
        let subscriber = Self {
            port: listener.local_addr().expect("a listener has an address").port(),
            heard: Arc::default(),
            manner: Arc::new(Mutex::new(manner)),
            news: Arc::default(),
        };
        let own = subscriber.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(own.clone().listen(stream));
            }
        });
        subscriber
    }

    /// An address of its own; `path` with its leading slash.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// From now on it answers so.
    pub(crate) fn become_(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    /// What it heard since it was asked last.
    pub(crate) fn heard(&self) -> Vec<Heard> {
        std::mem::take(&mut *self.heard.lock().unwrap())
    }

    /// Waits until it has heard something.
    pub(crate) async fn listens(&self) {
        while self.heard.lock().unwrap().is_empty() {
            self.news.notified().await;
        }
    }

    async fn listen(self, mut stream: TcpStream) {
        let Some(heard) = read(&mut stream).await else { return };
        let manner = *self.manner.lock().unwrap();
        let challenge = heard.field("hub.challenge");
        self.heard.lock().unwrap().push(heard);
        self.news.notify_waiters();
        self.news.notify_one();
        let (status, body) = match (manner, challenge) {
            (Manner::Silent, _) => return std::future::pending().await,
            (Manner::Willing | Manner::Refusing(_) | Manner::Pondering(_) | Manner::Gushing, Some(challenge)) => {
                ("200 OK".to_owned(), challenge)
            }
            (Manner::Talkative, Some(challenge)) => ("200 OK".to_owned(), challenge + "\n"),
            (Manner::Vague, Some(_)) => ("200 OK".to_owned(), "yes".to_owned()),
            (Manner::Failing, Some(challenge)) => ("500 Internal Server Error".to_owned(), challenge),
            (Manner::Elsewhere, Some(challenge)) => (
                format!("302 Found\r\nLocation: /there?hub.challenge={challenge}"),
                challenge,
            ),
            (Manner::Unwilling, Some(_)) => ("404 Not Found".to_owned(), String::new()),
            (Manner::Refusing(code), None) => (format!("{code} No"), String::new()),
            (Manner::Pondering(code), None) => {
                while *self.manner.lock().unwrap() == manner {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                (format!("{code} No"), String::new())
            }
            (Manner::Gushing, None) => ("200 OK".to_owned(), "thanks ".repeat(100_000)),
            (_, None) => ("204 No Content".to_owned(), String::new()),
        };
        let length = body.len();
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
        let _ = stream.write_all(answer.as_bytes()).await;
    }
}

async fn read(stream: &mut TcpStream) -> Option<Heard> {
    let mut bytes = Vec::new();
    let end = loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ').map(str::to_owned);
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    let mut body = bytes.split_off(end + 4);
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some(Heard {
        method: first.next()?,
        target: first.next()?,
        headers,
        body,
    })
}
