//! A relay that follows a script: it behaves, except where a test tells it not to.
//!
//! Every connection starts with the same rules. A rule names a moment of the conversation and what the relay does
//! there instead of answering well; rules for one moment are used one after the other, the last one for good if it is
//! to stay.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;

/// When a rule applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum When {
    Greeting,
    Ehlo,
    Helo,
    StartTls,
    Auth,
    Mail,
    Rcpt,
    Data,
    /// Content is coming: before any of it is read.
    Content,
    Dot,
    /// The reply to the dot is out.
    AfterDot,
    Rset,
}

/// What the relay does.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// Answers with these bytes.
    Say(Vec<u8>),
    /// Answers with these bytes, one at a time.
    Dribble(Vec<u8>, Duration),
    /// Answers well, in one packet with the next answer.
    Hold,
    /// Answers well, but later.
    After(Duration),
    /// Says nothing and waits for ever.
    Silence,
    /// Answers and closes.
    SayAndClose(Vec<u8>),
    /// Closes; with content, after reading so many bytes of it.
    Close(usize),
    /// As `Close`, by RST.
    Reset(usize),
    /// Ends TCP under TLS without the farewell that TLS wants.
    Cut,
    /// Forgets everything that was sent together with this command, and answers well.
    Flush,
}

impl Act {
    /// Answers with this line.
    pub(crate) fn say(line: &str) -> Self {
        Self::Say(format!("{line}\r\n").into_bytes())
    }

    /// Answers with this line and closes.
    pub(crate) fn bye(line: &str) -> Self {
        Self::SayAndClose(format!("{line}\r\n").into_bytes())
    }
}

/// A letter whose dot arrived.
#[derive(Debug, Clone)]
pub(crate) struct Arrived {
    /// Which connection, from 1.
    pub(crate) connection: usize,
    pub(crate) from: String,
    pub(crate) to: String,
    /// With dots still doubled.
    pub(crate) content: Vec<u8>,
}

/// What the relay saw.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) connections: usize,
    /// Every command line, of all connections.
    pub(crate) lines: Vec<String>,
    pub(crate) arrived: Vec<Arrived>,
    /// Most command lines that came in one read.
    pub(crate) most_together: usize,
}

#[derive(Debug, Default)]
struct Rules {
    once: HashMap<When, Vec<Act>>,
    always: HashMap<When, Act>,
}

/// A running relay; it ends with the test's runtime.
#[derive(Debug, Clone)]
pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    offers: Vec<&'static str>,
    implicit: bool,
    tls: Option<Arc<ServerConfig>>,
    rules: Mutex<Rules>,
    seen: Mutex<Seen>,
}

impl Relay {
    /// A relay in clear with these EHLO keywords.
    pub(crate) async fn start(offers: &[&'static str]) -> Self {
        Self::start_with(offers, None, false).await
    }

    /// A relay with a certificate, for STARTTLS or from the first byte.
    pub(crate) async fn start_tls(offers: &[&'static str], certificate: &Certificate, implicit: bool) -> Self {
        Self::start_with(offers, Some(certificate.server_config()), implicit).await
    }

    async fn start_with(offers: &[&'static str], tls: Option<Arc<ServerConfig>>, implicit: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let relay = Self {
            address: listener.local_addr().unwrap(),
            shared: Arc::new(Shared {
                offers: offers.to_vec(),
                implicit,
                tls,
                rules: Mutex::default(),
                seen: Mutex::default(),
            }),
        };
        let shared = Arc::clone(&relay.shared);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                shared.seen().connections += 1;
                let number = shared.seen().connections;
                tokio::spawn(answer(socket, number, Arc::clone(&shared)));
            }
        });
        relay
    }

    /// The next time only; several of them are used in order.
    pub(crate) fn once(&self, when: When, act: Act) -> &Self {
        self.shared.rules().once.entry(when).or_default().push(act);
        self
    }

    /// Every time, after the ones that are meant for once.
    pub(crate) fn always(&self, when: When, act: Act) -> &Self {
        self.shared.rules().always.insert(when, act);
        self
    }

    pub(crate) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.shared.seen()
    }
}

impl Shared {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }

    fn rules(&self) -> MutexGuard<'_, Rules> {
        self.rules.lock().unwrap()
    }

    fn act(&self, when: When) -> Option<Act> {
        let mut rules = self.rules();
        match rules.once.get_mut(&when) {
            Some(acts) if !acts.is_empty() => Some(acts.remove(0)),
            _ => rules.always.get(&when).cloned(),
        }
    }
}

trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// What becomes of a connection.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Close,
    Reset,
    Cut,
    StartTls,
}

struct Conversation<'a, W> {
    wire: &'a mut W,
    inbox: Vec<u8>,
    shared: &'a Shared,
    number: usize,
    from: String,
    to: String,
    has_sender: bool,
    has_recipient: bool,
    said_yes: bool,
    held: Vec<u8>,
}

async fn answer(mut socket: TcpStream, number: usize, shared: Arc<Shared>) {
    socket.set_nodelay(true).unwrap();
    let acceptor = shared.tls.clone().map(TlsAcceptor::from);
    let end = match &acceptor {
        Some(acceptor) if shared.implicit => return answer_secretly(acceptor, socket, number, &shared, true).await,
        _ => converse(&mut socket, number, &shared, true).await,
    };
    match (end, &acceptor) {
        (End::StartTls, Some(acceptor)) => answer_secretly(acceptor, socket, number, &shared, false).await,
        (End::Reset, _) => reset(&socket),
        _ => {}
    }
}

async fn answer_secretly(acceptor: &TlsAcceptor, socket: TcpStream, number: usize, shared: &Shared, greets: bool) {
    let Ok(mut stream) = acceptor.accept(socket).await else {
        return;
    };
    match converse(&mut stream, number, shared, greets).await {
        End::Cut => {}
        End::Reset => reset(stream.get_ref().0),
        End::Close | End::StartTls => {
            let _ = stream.shutdown().await;
        }
    }
}

fn reset(socket: &TcpStream) {
    socket.set_zero_linger().unwrap();
}

async fn converse<W: Wire>(wire: &mut W, number: usize, shared: &Shared, greets: bool) -> End {
    let mut conversation = Conversation {
        wire,
        inbox: Vec::new(),
        shared,
        number,
        from: String::new(),
        to: String::new(),
        has_sender: false,
        has_recipient: false,
        said_yes: false,
        held: Vec::new(),
    };
    match conversation.run(greets).await {
        Err(end) => end,
        Ok(()) => End::Close,
    }
}

impl<W: Wire> Conversation<'_, W> {
    async fn run(&mut self, greets: bool) -> Result<(), End> {
        if greets {
            self.react(When::Greeting, "220 relay.example.org ESMTP\r\n").await?;
        }
        loop {
            let line = self.line().await?;
            self.shared.seen().lines.push(line.clone());
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            match verb.as_str() {
                "EHLO" => {
                    let hello = self.hello();
                    self.react(When::Ehlo, &hello).await?;
                }
                "HELO" => self.react(When::Helo, "250 relay.example.org\r\n").await?,
                "STARTTLS" => {
                    self.react(When::StartTls, "220 go ahead\r\n").await?;
                    return Err(End::StartTls);
                }
                "AUTH" => self.auth(&line).await?,
                "MAIL" => {
                    self.from = path_of(&line);
                    self.react(When::Mail, "250 2.1.0 ok\r\n").await?;
                    (self.has_sender, self.has_recipient) = (self.said_yes, false);
                }
                "RCPT" if !self.has_sender => self.say(b"503 5.5.1 MAIL first\r\n").await?,
                "RCPT" => {
                    self.to = path_of(&line);
                    self.react(When::Rcpt, "250 2.1.5 ok\r\n").await?;
                    self.has_recipient = self.said_yes;
                }
                "DATA" => self.data().await?,
                "RSET" => {
                    (self.has_sender, self.has_recipient) = (false, false);
                    self.react(When::Rset, "250 2.0.0 ok\r\n").await?;
                }
                "QUIT" => {
                    self.say(b"221 2.0.0 bye\r\n").await?;
                    return Err(End::Close);
                }
                _ => self.say(b"500 5.5.2 what\r\n").await?,
            }
        }
    }

    fn hello(&self) -> String {
        let lines = [&["relay.example.org"][..], &self.shared.offers].concat();
        format!("250-{}\r\n250 HELP\r\n", lines.join("\r\n250-"))
    }

    async fn auth(&mut self, line: &str) -> Result<(), End> {
        if let Some(act) = self.shared.act(When::Auth) {
            return self.perform(act, "").await;
        }
        if line.eq_ignore_ascii_case("AUTH LOGIN") {
            for prompt in ["334 VXNlcm5hbWU6\r\n", "334 UGFzc3dvcmQ6\r\n"] {
                self.say(prompt.as_bytes()).await?;
                let word = self.line().await?;
                self.shared.seen().lines.push(word);
            }
        }
        self.say(b"235 2.7.0 welcome\r\n").await
    }

    async fn data(&mut self) -> Result<(), End> {
        let act = self.shared.act(When::Data);
        if act.is_none() && !self.has_recipient {
            return self.say(b"503 5.5.1 RCPT first\r\n").await;
        }
        let goes_on = match &act {
            Some(Act::Say(reply) | Act::SayAndClose(reply)) => reply.starts_with(b"354"),
            _ => true,
        };
        match act {
            Some(act) => self.perform(act, "354 go on\r\n").await?,
            None => self.say(b"354 go on\r\n").await?,
        }
        if !goes_on {
            return Ok(());
        }
        if let Some(act) = self.shared.act(When::Content) {
            let (bytes, end) = match act {
                Act::Close(bytes) => (bytes, End::Close),
                Act::Reset(bytes) => (bytes, End::Reset),
                Act::Cut => (1, End::Cut),
                other => return self.perform(other, "").await,
            };
            while self.inbox.len() < bytes {
                self.fill().await?;
            }
            return Err(end);
        }
        let content = self.content().await?;
        (self.has_sender, self.has_recipient) = (false, false);
        let arrived = Arrived {
            connection: self.number,
            from: self.from.clone(),
            to: self.to.clone(),
            content,
        };
        self.shared.seen().arrived.push(arrived);
        self.react(When::Dot, "250 2.0.0 queued\r\n").await?;
        match self.shared.act(When::AfterDot) {
            Some(act) => self.perform(act, "").await,
            None => Ok(()),
        }
    }

    async fn content(&mut self) -> Result<Vec<u8>, End> {
        let mut looked_at = 0_usize;
        loop {
            let start = looked_at.saturating_sub(5);
            let found = if self.inbox.starts_with(b".\r\n") {
                Some(0)
            } else {
                let ending = self.inbox[start..].windows(5).position(|window| window == b"\r\n.\r\n");
                ending.map(|at| start + at + 2)
            };
            if let Some(at) = found {
                let content = self.inbox[..at].to_vec();
                self.inbox.drain(..at + 3);
                return Ok(content);
            }
            looked_at = self.inbox.len();
            self.fill().await?;
        }
    }

    async fn react(&mut self, when: When, well: &str) -> Result<(), End> {
        self.said_yes = true;
        match self.shared.act(when) {
            Some(act) => self.perform(act, well).await,
            None => self.say(well.as_bytes()).await,
        }
    }

    async fn perform(&mut self, act: Act, well: &str) -> Result<(), End> {
        match act {
            Act::Say(reply) => {
                self.said_yes = !matches!(reply.first(), Some(b'4' | b'5'));
                self.say(&reply).await
            }
            Act::Dribble(reply, pause) => {
                for byte in reply {
                    self.say(&[byte]).await?;
                    sleep(pause).await;
                }
                Ok(())
            }
            Act::Hold => {
                self.held.extend_from_slice(well.as_bytes());
                Ok(())
            }
            Act::After(pause) => {
                sleep(pause).await;
                self.say(well.as_bytes()).await
            }
            Act::Silence => std::future::pending().await,
            Act::SayAndClose(reply) => {
                self.say(&reply).await?;
                Err(End::Close)
            }
            Act::Close(_) => Err(End::Close),
            Act::Reset(_) => Err(End::Reset),
            Act::Cut => Err(End::Cut),
            Act::Flush => {
                self.inbox.clear();
                self.say(well.as_bytes()).await
            }
        }
    }

    async fn say(&mut self, bytes: &[u8]) -> Result<(), End> {
        self.held.extend_from_slice(bytes);
        let all = std::mem::take(&mut self.held);
        self.wire.write_all(&all).await.map_err(|_| End::Close)?;
        self.wire.flush().await.map_err(|_| End::Close)
    }

    async fn line(&mut self) -> Result<String, End> {
        loop {
            if let Some(at) = self.inbox.windows(2).position(|pair| pair == b"\r\n") {
                let line = String::from_utf8_lossy(&self.inbox[..at]).into_owned();
                self.inbox.drain(..at + 2);
                return Ok(line);
            }
            self.fill().await?;
            let together = self.inbox.windows(2).filter(|pair| pair == b"\r\n").count();
            let mut seen = self.shared.seen();
            seen.most_together = seen.most_together.max(together);
        }
    }

    async fn fill(&mut self) -> Result<(), End> {
        let mut chunk = vec![0; 16 * 1024];
        match self.wire.read(&mut chunk).await {
            Ok(0) | Err(_) => Err(End::Close),
            Ok(read) => {
                self.inbox.extend_from_slice(&chunk[..read]);
                Ok(())
            }
        }
    }
}

fn path_of(line: &str) -> String {
    let inner = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inner.map_or("", |(path, _)| path).to_owned()
}

/// A certificate for a host, and the file of the authority that signed it.
pub(crate) struct Certificate {
    chain: Vec<u8>,
    key: Vec<u8>,
    pub(crate) authority: PathBuf,
}

impl Certificate {
    /// Signed by an authority whose certificate lies in `folder`, good until `last_year`.
    pub(crate) fn signed(folder: &Path, host: &str, last_year: i32) -> Self {
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        authority.distinguished_name.push(DnType::CommonName, "An Authority");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let path = folder.join("authority.pem");
        std::fs::write(&path, issuer.pem()).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = params(host, last_year).signed_by(&key, &issuer).unwrap();
        Self {
            chain: certificate.der().to_vec(),
            key: key.serialize_der(),
            authority: path,
        }
    }

    /// Signed by nobody; the authority's file holds another one.
    pub(crate) fn self_signed(folder: &Path, host: &str) -> Self {
        let other = Self::signed(folder, host, 2100);
        let key = KeyPair::generate().unwrap();
        let certificate = params(host, 2100).self_signed(&key).unwrap();
        Self {
            chain: certificate.der().to_vec(),
            key: key.serialize_der(),
            authority: other.authority,
        }
    }

    fn server_config(&self) -> Arc<ServerConfig> {
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(self.key.clone()));
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![self.chain.clone().into()], key)
            .unwrap();
        Arc::new(config)
    }
}

fn params(host: &str, last_year: i32) -> CertificateParams {
    let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
    params.not_before = date_time_ymd(2000, 1, 1);
    params.not_after = date_time_ymd(last_year, 1, 1);
    params
}
