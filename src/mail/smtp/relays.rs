//! Several relays in the author's order: the next one is asked while the ones before it cannot be reached or turn us away.
//!
//! Only a connection moves on, never a letter: what one relay refused, or may have taken, is not offered to another.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::{Idle, Smtp};
use crate::config;
use crate::model::verdict::{Cause, Class, Phase, Trouble, Verdict};

/// How long a relay that failed is passed over: doubling from the first to the second.
const REST: (Duration, Duration) = (Duration::from_secs(30), Duration::from_mins(10));

/// The relay of `[mail.smtp]` and those of `[[mail.fallbacks]]`. Clones share what was learnt.
#[derive(Debug, Clone)]
pub struct Relays(Arc<Vec<Relay>>);

#[derive(Debug)]
struct Relay {
    smtp: Smtp,
    name: String,
    rest: Mutex<Rest>,
}

#[derive(Debug, Default)]
struct Rest {
    failures: u32,
    until: Option<Instant>,
}

impl Relays {
    /// In the order in which they are asked; connects to nothing yet.
    pub fn new(mail: &config::Mail) -> Self {
        let relays = std::iter::once(&mail.smtp).chain(&mail.fallbacks);
        Self::of(relays.map(|settings| (Smtp::new(settings), settings)))
    }

    fn of<'a>(relays: impl Iterator<Item = (Smtp, &'a config::Smtp)>) -> Self {
        let relay = |(smtp, settings): (Smtp, &config::Smtp)| Relay {
            smtp,
            name: format!("{}:{}", settings.host, settings.port),
            rest: Mutex::default(),
        };
        Self(Arc::new(relays.map(relay).collect()))
    }

    /// How many connections the first one takes: as many workers are worth starting.
    pub fn connections(&self) -> usize {
        self.0.first().map_or(1, |relay| relay.smtp.connections())
    }

    /// A connection to the first relay that gives one. If none does, the first one's trouble is told.
    ///
    /// # Errors
    /// A verdict of the class "not tried".
    pub async fn connect(&self) -> Result<Connected, Verdict> {
        let mut first = None;
        // All of them rest: then each is asked after all, because nothing else is left to try.
        let all_rest = self.0.iter().all(Relay::rests);
        for (index, relay) in self.0.iter().enumerate() {
            if relay.rests() && !all_rest {
                continue;
            }
            match relay.smtp.connect().await {
                Ok(idle) => {
                    relay.is_well();
                    return Ok(Connected {
                        idle,
                        relays: self.clone(),
                        index,
                    });
                }
                Err(verdict) => {
                    self.failed(index, &verdict);
                    first.get_or_insert(verdict);
                }
            }
        }
        Err(first.unwrap_or_else(|| Verdict::cause(Phase::Connect, Cause::Stopped)))
    }

    fn failed(&self, index: usize, verdict: &Verdict) {
        let (Some(relay), 2..) = (self.0.get(index), self.0.len()) else {
            return;
        };
        relay.fails();
        tracing::warn!(
            relay = relay.name,
            detail = verdict.detail(),
            "this relay is passed over for a while"
        );
    }
}

impl Relay {
    fn lock(&self) -> MutexGuard<'_, Rest> {
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rests(&self) -> bool {
        self.lock().until.is_some_and(|until| until > Instant::now())
    }

    fn is_well(&self) {
        // A new connection is no sign that letters are taken; failures are forgotten once its rest was long over.
        self.lock().until = None;
    }

    fn fails(&self) {
        let mut rest = self.lock();
        let pause = REST.0.saturating_mul(1 << rest.failures.min(6)).min(REST.1);
        rest.failures += 1;
        rest.until = Some(Instant::now() + pause);
    }

    fn takes_letters(&self) {
        *self.lock() = Rest::default();
    }
}

/// A connection, and which relay it leads to.
#[derive(Debug)]
pub struct Connected {
    idle: Idle,
    relays: Relays,
    index: usize,
}

impl Connected {
    /// As [`Idle::deliver`]. A relay that turns us away over an open connection is passed over, too; its letter was not
    /// tried, and goes over the next connection.
    pub async fn deliver(
        self,
        envelope: &crate::model::letter::Envelope,
        message: &[u8],
        gate: &dyn crate::mail::Gate,
    ) -> (Verdict, Option<Self>) {
        let Self { idle, relays, index } = self;
        let (verdict, idle) = idle.deliver(envelope, message, gate).await;
        match verdict.class() {
            Class::NotTried(Trouble::Relay | Trouble::Login | Trouble::Setup) => relays.failed(index, &verdict),
            Class::Accepted => relays.0[index].takes_letters(),
            _ => {}
        }
        (verdict, idle.map(|idle| Self { idle, relays, index }))
    }

    /// Says goodbye; waits a few seconds at most.
    pub async fn quit(self) {
        self.idle.quit().await;
    }
}
