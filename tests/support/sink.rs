//! A small SMTP server that keeps what it takes: who got which letter, counted at the moment when the dot arrives.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What the sink has taken: recipient → Message-IDs, in the order of arrival.
pub(crate) type Taken = BTreeMap<String, Vec<String>>;

/// A running sink on a loopback port of its own; it ends with the test's runtime.
#[derive(Debug, Clone)]
pub(crate) struct Sink {
    address: SocketAddr,
    taken: Arc<Mutex<Taken>>,
}

impl Sink {
    /// Starts a sink that answers each dot after `pause`.
    pub(crate) async fn start(pause: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sink = Self {
            address: listener.local_addr().unwrap(),
            taken: Arc::default(),
        };
        let serving = sink.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let sink = serving.clone();
                // A client that is killed breaks its connection: nothing to report.
                tokio::spawn(async move { sink.talk(stream, pause).await });
            }
        });
        sink
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// What it has taken so far.
    pub(crate) fn taken(&self) -> Taken {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn talk(&self, stream: TcpStream, pause: Duration) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read);
        write.write_all(b"220 sink\r\n").await?;
        let mut recipient = String::new();
        let mut line = Vec::new();
        loop {
            line.clear();
            if lines.read_until(b'\n', &mut line).await? == 0 {
                return Ok(());
            }
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            let word = text.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            let answer: &[u8] = match word.as_str() {
                "EHLO" => b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n",
                "RCPT" => {
                    recipient = text.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                    b"250 2.1.5 ok\r\n"
                }
                "DATA" => {
                    write.write_all(b"354 go on\r\n").await?;
                    let Some(id) = message_id_of(&mut lines).await? else {
                        return Ok(());
                    };
                    self.keep(&recipient, id);
                    tokio::time::sleep(pause).await;
                    b"250 2.0.0 taken\r\n"
                }
                "QUIT" => {
                    write.write_all(b"221 bye\r\n").await?;
                    return Ok(());
                }
                _ => b"250 ok\r\n",
            };
            write.write_all(answer).await?;
        }
    }

    fn keep(&self, recipient: &str, id: String) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.entry(recipient.to_owned()).or_default().push(id);
    }
}

/// Reads a message up to its dot; `None` when the client went away before.
async fn message_id_of(lines: &mut (impl AsyncBufReadExt + Unpin)) -> std::io::Result<Option<String>> {
    let mut id = String::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        if lines.read_until(b'\n', &mut line).await? == 0 {
            return Ok(None);
        }
        if line == b".\r\n" {
            return Ok(Some(id));
        }
        if id.is_empty()
            && let Some(value) = line.strip_prefix(b"Message-ID: ")
        {
            id = String::from_utf8_lossy(value).trim_end().to_owned();
        }
    }
}
