//! Our own SMTP connection.

use crate::config;
use crate::mail::Gate;
use crate::model::letter::Envelope;
use crate::model::verdict::{Cause, Phase, Verdict};

/// A relay.
#[derive(Debug, Clone)]
pub struct Smtp {
    settings: config::Smtp,
}

impl Smtp {
    /// The relay that the settings name.
    pub fn new(settings: &config::Smtp) -> Self {
        Self {
            settings: settings.clone(),
        }
    }

    /// How many connections may be open at once.
    pub fn connections(&self) -> usize {
        self.settings.connections.max(1)
    }

    /// Opens a connection.
    pub async fn connect(&self) -> Result<Idle, Verdict> {
        Err(Verdict::cause(Phase::Connect, Cause::Io("not built yet".to_owned())))
    }
}

/// An open connection with nothing under way.
#[derive(Debug)]
pub struct Idle;

impl Idle {
    /// Hands one message over.
    pub async fn deliver(self, _envelope: &Envelope, _message: &[u8], _gate: Gate<'_>) -> (Verdict, Option<Self>) {
        (Verdict::cause(Phase::Connect, Cause::Closed), None)
    }

    /// Says goodbye.
    pub async fn quit(self) {}
}
