//! An attempt on its way into the ledger: its letter travels meanwhile, and only the dot waits.

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};

use super::gate::Gate;
use super::ops::Answer;
use super::writer::{Receipt, WriteError};
use crate::mail;

/// The gate of one letter: open once its attempt is durable, as long as the node may send.
#[derive(Debug)]
pub(super) struct Recording {
    record: Shared<BoxFuture<'static, Result<Answer, WriteError>>>,
    gate: Gate,
}

impl Recording {
    /// The attempt is the last operation of what was handed to the writer.
    pub(super) fn new(receipt: Receipt, gate: Gate) -> Self {
        let last = async {
            let answers = receipt.answers().await?;
            Ok(answers.last().copied().unwrap_or(Answer::Refused))
        };
        Self {
            record: last.boxed().shared(),
            gate,
        }
    }

    /// What the database said to the attempt.
    pub(super) async fn answer(&self) -> Result<Answer, WriteError> {
        self.record.clone().await
    }

    /// Whether it is known already that the attempt is not to be made.
    pub(super) fn is_refused(&self) -> bool {
        matches!(self.record.peek(), Some(Ok(Answer::Refused | Answer::Closed) | Err(_)))
    }
}

impl mail::Gate for Recording {
    fn settled(&self) -> BoxFuture<'_, ()> {
        self.answer().map(drop).boxed()
    }

    fn is_open(&self) -> bool {
        matches!(self.record.peek(), Some(Ok(Answer::Done))) && self.gate.is_open()
    }
}
