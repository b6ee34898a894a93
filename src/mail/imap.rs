//! A mailbox on another machine (IMAP4rev1, RFC 3501), from which mails are read once: what is new is handed out, and marked
//! as seen after it was dealt with, so that a crash in between reads it again.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_imap::error::Error;
use async_imap::types::Fetch;
use async_imap::{Client, Session};
use futures_util::TryStreamExt;
use rustls::pki_types::ServerName;
use secrecy::ExposeSecret;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::stream::Stream;
use super::trust::client_config;
use crate::config::{Imap, Tls};

/// What one step may take: a server that says nothing must not hold up the others that wait.
const PATIENCE: Duration = Duration::from_secs(60);
/// Bytes of a mail that are asked for; a report is never longer.
const LARGEST: u32 = 1 << 20;
/// Mails of one visit at most.
const MOST: usize = 1_000;

/// Why a mailbox was not read.
#[derive(Debug, thiserror::Error)]
#[error("read the mailbox {mailbox}: {step}: {said}; check `bounces.imap`, nothing is lost meanwhile")]
pub struct ImapError {
    /// `FOLDER at HOST`
    mailbox: String,
    /// What was being done.
    step: &'static str,
    /// What the server or the system said.
    said: String,
}

impl ImapError {
    /// What was being done, and what the server or the system said.
    pub fn said(&self) -> String {
        format!("{}: {}", self.step, self.said)
    }
}

/// A mail as it lies in the mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Stands for it in this mailbox.
    pub uid: u32,
    /// Its bytes; `None` when it is larger than a report may be.
    pub bytes: Option<Vec<u8>>,
}

/// An open mailbox, and the new mails in it.
#[derive(Debug)]
pub struct Mailbox {
    session: Session<Stream>,
    name: String,
    waiting: VecDeque<u32>,
}

impl Mailbox {
    /// Connects, signs in and looks what is new.
    ///
    /// # Errors
    /// With what the server said.
    pub async fn open(settings: &Imap) -> Result<Self, ImapError> {
        let name = format!("{} at {}", settings.folder, settings.host);
        let step = Steps(&name);
        let stream = connect(settings, step).await?;
        let client = step.of("greet", greeted(stream)).await?;
        let client = if settings.tls == Tls::StartTls {
            upgrade(client, settings, step).await?
        } else {
            client
        };
        let signing_in = async {
            let session = client.login(&settings.username, settings.password.expose_secret());
            session.await.map_err(|(error, _)| error)
        };
        let mut session = step.of("sign in", signing_in).await?;
        step.of("open the folder", session.select(&settings.folder)).await?;
        let found = step.of("look for new mails", session.uid_search("UNSEEN")).await?;
        let mut found: Vec<u32> = found.into_iter().collect();
        found.sort_unstable();
        found.truncate(MOST);
        Ok(Self {
            session,
            waiting: found.into(),
            name,
        })
    }

    /// The next new mail; `None` when there is none left.
    ///
    /// # Errors
    /// With what the server said. What was handed out stays as it was.
    pub async fn next(&mut self) -> Result<Option<Mail>, ImapError> {
        while let Some(uid) = self.waiting.pop_front() {
            let Some(size) = self.fetch(uid, "(UID RFC822.SIZE)").await?.and_then(|mail| mail.size) else {
                // Somebody else took it meanwhile.
                continue;
            };
            if size > LARGEST {
                return Ok(Some(Mail { uid, bytes: None }));
            }
            // Looking must not mark it: it is dealt with when its effects are stored.
            let fetched = self.fetch(uid, "(UID BODY.PEEK[])").await?;
            if let Some(bytes) = fetched.as_ref().and_then(Fetch::body) {
                let bytes = Some(bytes.to_vec());
                return Ok(Some(Mail { uid, bytes }));
            }
        }
        Ok(None)
    }

    async fn fetch(&mut self, uid: u32, what: &str) -> Result<Option<Fetch>, ImapError> {
        let Self { session, name, .. } = self;
        let fetching = async {
            let answers = session.uid_fetch(uid.to_string(), what).await?;
            let answers: Vec<Fetch> = answers.try_collect().await?;
            // Servers tell of other mails in between.
            let wanted = answers.into_iter().find(|answer| answer.uid == Some(uid));
            if wanted.is_none() {
                // The library ends the list of answers without an error when the connection is lost.
                session.noop().await?;
            }
            Ok(wanted)
        };
        Steps(name).of("fetch a mail", fetching).await
    }

    /// Marks a mail as seen, and flags one that could not be read.
    ///
    /// # Errors
    /// With what the server said: the mail is then read once more.
    pub async fn put_away(&mut self, mail: &Mail, unreadable: bool) -> Result<(), ImapError> {
        let Self { session, name, .. } = self;
        let flags = if unreadable {
            "+FLAGS.SILENT (\\Seen \\Flagged)"
        } else {
            "+FLAGS.SILENT (\\Seen)"
        };
        let marking = session.run_command_and_check_ok(format!("UID STORE {} {flags}", mail.uid));
        Steps(name).of("mark a mail", marking).await
    }

    /// How many mails nobody has seen.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Says good-bye.
    pub async fn close(mut self) {
        // Everything is done by now.
        let _ = timeout(PATIENCE, self.session.logout()).await;
    }
}

/// Names what goes wrong on the way.
#[derive(Debug, Clone, Copy)]
struct Steps<'a>(&'a str);

impl Steps<'_> {
    async fn of<T>(self, step: &'static str, doing: impl Future<Output = Result<T, Error>>) -> Result<T, ImapError> {
        match timeout(PATIENCE, doing).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => Err(self.failed(step, &plain(error))),
            Err(_) => Err(self.failed(step, &format!("no answer within {} s", PATIENCE.as_secs()))),
        }
    }

    fn failed(self, step: &'static str, said: &dyn std::fmt::Display) -> ImapError {
        ImapError {
            mailbox: self.0.to_owned(),
            step,
            said: said.to_string(),
        }
    }
}

/// The server's words, without the library's form around them.
fn plain(error: Error) -> String {
    match error {
        Error::No(said) | Error::Bad(said) => said,
        other => other.to_string(),
    }
}

async fn connect(settings: &Imap, step: Steps<'_>) -> Result<Stream, ImapError> {
    let connecting = async {
        let found = lookup_host((settings.host.as_str(), settings.port)).await?;
        // A password in clear does not leave this machine, whatever the name leads to.
        let is_allowed = |address: &std::net::SocketAddr| settings.tls != Tls::None || address.ip().is_loopback();
        let addresses: Vec<_> = found.filter(is_allowed).collect();
        let nowhere = std::io::Error::other("its name has no address that may be used without TLS");
        let mut last = nowhere;
        for address in addresses {
            match TcpStream::connect(address).await {
                Ok(socket) => return Ok(socket),
                Err(error) => last = error,
            }
        }
        Err(Error::Io(last))
    };
    let socket = step.of("connect", connecting).await?;
    if settings.tls == Tls::Implicit {
        return secure(socket, settings, step).await;
    }
    Ok(Stream::Clear(socket))
}

async fn secure(socket: TcpStream, settings: &Imap, step: Steps<'_>) -> Result<Stream, ImapError> {
    let config = client_config(settings.ca_file.as_deref()).map_err(|said| step.failed("set up TLS", &said))?;
    let name = ServerName::try_from(settings.host.clone()).map_err(|error| step.failed("set up TLS", &error))?;
    let securing = async { Ok(TlsConnector::from(Arc::clone(&config)).connect(name, socket).await?) };
    Ok(Stream::Tls(Box::new(step.of("set up TLS", securing).await?)))
}

async fn greeted(stream: Stream) -> Result<Client<Stream>, Error> {
    let mut client = Client::new(stream);
    client.read_response().await?.ok_or(Error::ConnectionLost)?;
    Ok(client)
}

/// STARTTLS (RFC 3501 §6.2.1): nothing that was said before counts.
async fn upgrade(mut client: Client<Stream>, settings: &Imap, step: Steps<'_>) -> Result<Client<Stream>, ImapError> {
    let asking = client.run_command_and_check_ok("STARTTLS", None);
    step.of("ask for TLS", asking).await?;
    match client.into_inner() {
        Stream::Clear(socket) => Ok(Client::new(secure(socket, settings, step).await?)),
        Stream::Tls(_) => Err(step.failed("ask for TLS", &"it is there already")),
    }
}
