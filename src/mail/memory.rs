//! A transport that keeps letters in memory and can be told what to answer: for tests.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::mail::Gate;
use crate::model::letter::Envelope;
use crate::model::verdict::{Cause, Class, Phase, Reply, Verdict};

/// A letter that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Who it is for.
    pub envelope: Envelope,
    /// Its bytes.
    pub message: Vec<u8>,
}

type Rule = dyn Fn(&Envelope) -> Option<Verdict> + Send + Sync;

/// Shared by all clones.
#[derive(Clone)]
pub struct Memory {
    connections: usize,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    letters: Vec<Kept>,
    away: Option<Verdict>,
    rule: Option<Box<Rule>>,
}

impl Memory {
    /// Takes every letter, over as many connections as are asked for.
    pub fn new(connections: usize) -> Self {
        Self {
            connections: connections.max(1),
            state: Arc::default(),
        }
    }

    /// The letters taken so far, in order.
    pub fn letters(&self) -> Vec<Kept> {
        self.state().letters.clone()
    }

    /// From now on `rule` decides about each letter; `None` accepts it.
    ///
    /// A letter whose verdict is of the class "accepted" or "unknown" is kept: the second stands for one that arrived
    /// although its reply was lost.
    pub fn answer(&self, rule: impl Fn(&Envelope) -> Option<Verdict> + Send + Sync + 'static) {
        self.state().rule = Some(Box::new(rule));
    }

    /// From now on connecting fails with this verdict, or works again.
    pub fn go_away(&self, verdict: Option<Verdict>) {
        self.state().away = verdict;
    }

    pub(super) fn connections(&self) -> usize {
        self.connections
    }

    pub(super) fn connect(&self) -> Result<(), Verdict> {
        self.state().away.clone().map_or(Ok(()), Err)
    }

    /// The verdict, and whether the connection may be used again.
    pub(super) fn deliver(&self, envelope: &Envelope, message: &[u8], gate: &dyn Gate) -> (Verdict, bool) {
        if !gate.is_open() {
            return (Verdict::cause(Phase::Content, Cause::Stopped), false);
        }
        let mut state = self.state();
        let verdict = state
            .rule
            .as_ref()
            .and_then(|rule| rule(envelope))
            .unwrap_or_else(|| Verdict::reply(Phase::Dot, Reply::new(250, "2.0.0 kept in memory")));
        if matches!(verdict.class(), Class::Accepted | Class::Unknown) {
            state.letters.push(Kept {
                envelope: envelope.clone(),
                message: message.to_vec(),
            });
        }
        let usable = !matches!(verdict.class(), Class::NotTried(_) | Class::Unknown);
        (verdict, usable)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Shows how many letters there are, never the letters.
impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory")
            .field("connections", &self.connections)
            .field("letters", &self.state().letters.len())
            .finish_non_exhaustive()
    }
}
