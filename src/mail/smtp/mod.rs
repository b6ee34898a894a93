//! Our own SMTP connection, with lettre's type for replies.
//!
//! Every operation takes a connection by value and gives it back only after a complete reply that fits, with nothing
//! unread; a future that is dropped half-way drops the socket. So no letter can be given the reply to another one, and
//! each verdict says whether a byte of the final dot may have left.
//!
//! With PIPELINING a letter costs two round trips: MAIL, RCPT and DATA in one write, content and dot in the next.

mod auth;
mod content;
mod deadlines;
mod dial;
mod envelope;
mod learnt;
mod offers;
mod relays;
mod reply;
mod session;
mod wire;

use std::sync::{Arc, Mutex, PoisonError};

use rustls::ClientConfig;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep};

pub use deadlines::Deadlines;
pub use relays::{Connected, Relays};

use content::{Survey, is_settled};
use envelope::Commands;
use learnt::Learnt;
use offers::Offers;
use session::Opening;
use wire::{News, Wire};

use crate::config::{self, Tls};
use crate::mail::{Gate, trust};
use crate::model::letter::Envelope;
use crate::model::verdict::{Cause, Phase, Told, Verdict};

/// A relay: its settings and what its connections have taught. Clones share both.
#[derive(Debug, Clone)]
pub struct Smtp(Arc<Relay>);

#[derive(Debug)]
struct Relay {
    settings: config::Smtp,
    deadlines: Deadlines,
    open: Arc<Semaphore>,
    tls: Mutex<Option<Arc<ClientConfig>>>,
    learnt: Learnt,
}

impl Smtp {
    /// The relay that the settings name; connects to nothing yet.
    pub fn new(settings: &config::Smtp) -> Self {
        Self::with_deadlines(settings, Deadlines::default())
    }

    /// As [`Smtp::new`], with other deadlines: for tests.
    pub fn with_deadlines(settings: &config::Smtp, deadlines: Deadlines) -> Self {
        Self(Arc::new(Relay {
            settings: settings.clone(),
            deadlines,
            open: Arc::new(Semaphore::new(settings.connections.max(1))),
            tls: Mutex::default(),
            learnt: Learnt::default(),
        }))
    }

    /// How many connections may be open at once.
    pub fn connections(&self) -> usize {
        self.0.settings.connections.max(1)
    }

    /// Opens a connection, after waiting while as many as allowed are open.
    pub async fn connect(&self) -> Result<Idle, Verdict> {
        let permit = Arc::clone(&self.0.open)
            .acquire_owned()
            .await
            .map_err(|_| Verdict::cause(Phase::Connect, Cause::Stopped))?;
        let session = self.0.open().await?;
        Ok(Idle {
            relay: Arc::clone(&self.0),
            session,
            permit,
        })
    }
}

/// 421 in answer to MAIL, or the end of the connection before an answer: nothing of the letter was taken.
fn says_goodbye(verdict: &Verdict) -> bool {
    verdict.phase == Phase::Mail && (verdict.code() == Some(421) || verdict.told == Told::Cause(Cause::Closed))
}

impl Relay {
    async fn open(&self) -> Result<Session, Verdict> {
        let addresses = dial::addresses(&self.settings, self.deadlines.connect).await?;
        if !addresses.iter().all(|address| address.ip().is_loopback()) {
            sleep(self.learnt.turn(self.deadlines.spacing)).await;
        }
        let opening = Opening {
            relay: &self.settings,
            deadlines: &self.deadlines,
            tls: self.tls()?,
        };
        let socket = dial::dial(&addresses, self.deadlines.connect).await?;
        let (wire, offers) = opening.open(socket).await?;
        let now = Instant::now();
        Ok(Session {
            wire,
            offers,
            opened: now,
            rested_since: now,
            letters: 0,
            scratch: Vec::new(),
        })
    }

    /// Certificates are read once; what could not be read is tried again the next time.
    fn tls(&self) -> Result<Option<Arc<ClientConfig>>, Verdict> {
        if self.settings.tls == Tls::None {
            return Ok(None);
        }
        let mut kept = self.tls.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.is_none() {
            let read = trust::client_config(self.settings.ca_file.as_deref());
            *kept = Some(read.map_err(|said| Verdict::cause(Phase::Tls, Cause::Tls(said)))?);
        }
        Ok(kept.clone())
    }
}

/// An open connection with nothing under way.
#[derive(Debug)]
pub struct Idle {
    relay: Arc<Relay>,
    session: Session,
    permit: OwnedSemaphorePermit,
}

/// A conversation that is in step.
#[derive(Debug)]
struct Session {
    wire: Wire,
    offers: Offers,
    opened: Instant,
    rested_since: Instant,
    letters: u32,
    scratch: Vec<u8>,
}

impl Idle {
    /// Hands one message over; see [`transport::Idle::deliver`](crate::mail::transport::Idle::deliver).
    ///
    /// A connection that rested too long, or that the relay closed meanwhile, is replaced first: nothing of this letter
    /// was said over it.
    pub async fn deliver(self, envelope: &Envelope, message: &[u8], gate: &dyn Gate) -> (Verdict, Option<Self>) {
        let mut idle = match self.refreshed().await {
            Ok(idle) => idle,
            Err(verdict) => return (verdict, None),
        };
        let survey = Survey::of(message);
        let was_used = idle.session.letters > 0;
        let prepared = survey
            .check()
            .and_then(|()| Commands::new(envelope, message, &idle.session.offers));
        let commands = match prepared {
            Ok(commands) => commands,
            Err(verdict) => return (verdict, Some(idle)),
        };
        let (verdict, in_step) = idle.transact(&commands, survey, message, gate).await;
        if was_used && says_goodbye(&verdict) {
            return idle.once_more(envelope, message, gate).await;
        }
        idle.rest(verdict, in_step)
    }

    /// The relay had enough letters over the old connection: this one goes over a new one.
    async fn once_more(self, envelope: &Envelope, message: &[u8], gate: &dyn Gate) -> (Verdict, Option<Self>) {
        let Self { relay, session, permit } = self;
        drop(session);
        let session = match relay.open().await {
            Ok(session) => session,
            Err(verdict) => return (verdict, None),
        };
        let mut idle = Self { relay, session, permit };
        let commands = match Commands::new(envelope, message, &idle.session.offers) {
            Ok(commands) => commands,
            Err(verdict) => return (verdict, Some(idle)),
        };
        let (verdict, in_step) = idle.transact(&commands, Survey::of(message), message, gate).await;
        idle.rest(verdict, in_step)
    }

    /// After a letter: the connection, if it may be used again.
    fn rest(mut self, verdict: Verdict, in_step: bool) -> (Verdict, Option<Self>) {
        if !in_step {
            return (verdict, None);
        }
        self.session.rested_since = Instant::now();
        if self.is_spent() {
            tokio::spawn(self.quit());
            return (verdict, None);
        }
        (verdict, Some(self))
    }

    /// What the relay says it can do, keyword by keyword.
    pub fn offers(&self) -> String {
        self.session.offers.to_string()
    }

    /// Says QUIT and waits briefly for the answer.
    pub async fn quit(mut self) {
        let quit_deadline = self.relay.deadlines.quit;
        // Whatever the relay says, the connection ends.
        let _ = self.session.wire.ask(b"QUIT\r\n", quit_deadline).await;
    }

    async fn refreshed(mut self) -> Result<Self, Verdict> {
        let deadlines = self.relay.deadlines;
        let rested_too_long = self.session.rested_since.elapsed() > deadlines.idle;
        let is_sound = match self.session.wire.news().await {
            News::Nothing if rested_too_long || self.session.opened.elapsed() > deadlines.age => {
                let _ = self.session.wire.ask(b"QUIT\r\n", deadlines.quit).await;
                false
            }
            News::Nothing => true,
            News::Closed => false,
            News::Bytes => {
                self.hear_goodbye().await;
                false
            }
        };
        if is_sound {
            return Ok(self);
        }
        let Self { relay, session, permit } = self;
        drop(session);
        let session = relay.open().await?;
        Ok(Self { relay, session, permit })
    }

    /// A 421 between two letters tells how many letters this relay takes per connection.
    async fn hear_goodbye(&mut self) {
        let deadline = self.relay.deadlines.quit;
        if let Ok(response) = self.session.wire.reply(deadline).await
            && response.has_code(421)
        {
            self.relay.learnt.goodbye_after(self.session.letters);
        }
    }

    /// One letter. Says whether the conversation is in step afterwards.
    async fn transact(
        &mut self,
        commands: &Commands,
        survey: Survey,
        message: &[u8],
        gate: &dyn Gate,
    ) -> (Verdict, bool) {
        let Self { relay, session, .. } = self;
        let together = relay.settings.pipelining && session.offers.has("PIPELINING") && !relay.learnt.sends_singly();
        if let Err(refused) = commands.run(&mut session.wire, &relay.deadlines, together).await {
            if together && refused.verdict.told == Told::Cause(Cause::Deadline) {
                relay.learnt.stalled();
            }
            self.learn(&refused.verdict);
            self.session.letters += 1;
            let in_step = refused.in_step && self.reset().await;
            return (refused.verdict, in_step);
        }
        let content = survey.stuffed(message, &mut session.scratch);
        let verdict = content::send(&mut session.wire, content, gate, &relay.deadlines).await;
        self.learn(&verdict);
        self.session.letters += 1;
        let settled = matches!(&verdict.told, Told::Reply(reply) if verdict.phase == Phase::Dot && is_settled(reply));
        let in_step = settled && self.session.wire.has_nothing_unread();
        (verdict, in_step)
    }

    fn learn(&self, verdict: &Verdict) {
        if verdict.code() == Some(421) {
            self.relay.learnt.goodbye_after(self.session.letters);
        }
    }

    /// After a refusal the relay may still hold half an envelope.
    async fn reset(&mut self) -> bool {
        let deadline = self.relay.deadlines.command;
        let wire = &mut self.session.wire;
        let answer = if wire.has_nothing_unread() {
            wire.ask(b"RSET\r\n", deadline).await
        } else {
            return false;
        };
        answer.is_ok_and(|response| response.has_code(250)) && wire.has_nothing_unread()
    }

    fn is_spent(&self) -> bool {
        let most = [
            Some(self.relay.settings.messages_per_connection),
            self.session.offers.most_letters(),
            self.relay.learnt.most_letters(),
        ];
        let most = most.into_iter().flatten().min().unwrap_or(u32::MAX).max(1);
        self.session.letters >= most || self.session.opened.elapsed() > self.relay.deadlines.age
    }
}
