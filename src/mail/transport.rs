//! Hands messages over: to a relay, through the local program, as files into a folder, or into memory.
//!
//! Whatever the transport, delivery sees one shape: [`Transport::connect`] gives an [`Idle`] connection,
//! [`Idle::deliver`] uses it up and gives it back only when it is certain to be clean.

use crate::config::{Mail, TransportKind};
use crate::mail::Gate;
use crate::mail::memory::Memory;
use crate::mail::outbox::Outbox;
use crate::mail::sendmail::{self, Sendmail};
use crate::mail::smtp::{Connected, Relays};
use crate::model::letter::Envelope;
use crate::model::verdict::Verdict;

/// How letters leave. Cheap to clone; clones share what was learnt about the relay.
#[derive(Debug, Clone)]
pub enum Transport {
    /// To a relay, or to one behind it.
    Smtp(Relays),
    /// Through the local program.
    Sendmail(Sendmail),
    /// One file per letter.
    Outbox(Outbox),
    /// Kept in memory: for tests.
    Memory(Memory),
}

impl Transport {
    /// The transport that the settings name; connects to nothing yet.
    pub fn new(mail: &Mail) -> Self {
        match mail.transport {
            TransportKind::Smtp => Self::Smtp(Relays::new(mail)),
            TransportKind::Sendmail => Self::Sendmail(Sendmail::new(&mail.sendmail)),
            TransportKind::Outbox => Self::Outbox(Outbox::new(&mail.outbox)),
        }
    }

    /// How many connections may be open at once, at least 1: as many workers are worth starting.
    pub fn connections(&self) -> usize {
        match self {
            Self::Smtp(smtp) => smtp.connections(),
            Self::Sendmail(_) => sendmail::AT_ONCE,
            Self::Outbox(_) => 1,
            Self::Memory(memory) => memory.connections(),
        }
    }

    /// Opens a connection that is ready for letters. The verdict of a failure is always of the class "not tried".
    pub async fn connect(&self) -> Result<Idle, Verdict> {
        match self {
            Self::Smtp(smtp) => smtp.connect().await.map(Idle::Smtp),
            Self::Sendmail(sendmail) => Ok(Idle::Sendmail(sendmail.clone())),
            Self::Outbox(outbox) => outbox.open().await.map(|()| Idle::Outbox(outbox.clone())),
            Self::Memory(memory) => memory.connect().map(|()| Idle::Memory(memory.clone())),
        }
    }
}

/// An open connection with nothing under way.
#[derive(Debug)]
pub enum Idle {
    /// To a relay.
    Smtp(Connected),
    /// The program is started anew for each letter.
    Sendmail(Sendmail),
    /// To a folder.
    Outbox(Outbox),
    /// Into memory.
    Memory(Memory),
}

impl Idle {
    /// Hands one message over. The connection comes back only after a complete reply that fits, with nothing unread;
    /// without it, the next letter needs a new one.
    ///
    /// `message` has CRLF line ends. Dropping the future closes the connection.
    pub async fn deliver(self, envelope: &Envelope, message: &[u8], gate: &dyn Gate) -> (Verdict, Option<Self>) {
        match self {
            Self::Smtp(idle) => {
                let (verdict, idle) = idle.deliver(envelope, message, gate).await;
                (verdict, idle.map(Self::Smtp))
            }
            Self::Sendmail(sendmail) => (
                sendmail.deliver(envelope, message, gate).await,
                Some(Self::Sendmail(sendmail)),
            ),
            Self::Outbox(outbox) => {
                let (verdict, usable) = outbox.deliver(envelope, message, gate).await;
                (verdict, usable.then_some(Self::Outbox(outbox)))
            }
            Self::Memory(memory) => {
                gate.settled().await;
                let (verdict, usable) = memory.deliver(envelope, message, gate);
                (verdict, usable.then_some(Self::Memory(memory)))
            }
        }
    }

    /// Says goodbye; waits a few seconds at most.
    pub async fn quit(self) {
        if let Self::Smtp(idle) = self {
            idle.quit().await;
        }
    }
}
