//! Letters that a connection does not send: what is recorded in their place.

use super::connection::Connection;
use super::lanes::{DeliveryJob, Ticket};
use super::letters::{IssueLetters, LetterError};
use super::ops::Op;
use super::outcome::Outcome;
use super::relay::Alarm;
use crate::model::clock::to_micros;
use crate::store::deliveries::{self, Due, Refusal};

impl Connection {
    /// The recipient's domain turns us away: the letter waits, without an attempt.
    pub(super) fn postpone(&mut self, job: DeliveryJob, wait: i64) {
        let now = to_micros(self.shared.app.clock.now());
        self.owing.push(Op::Postpone {
            issue_id: job.due.issue_id,
            subscriber_id: job.due.subscriber_id,
            until: now + wait,
            now,
        });
        self.tickets.push(job.ticket);
    }

    /// A letter that cannot be written; says what becomes of its attempt.
    pub(super) async fn unwritten(
        &mut self,
        due: &Due,
        letters: &IssueLetters,
        error: &LetterError,
        ticket: Ticket,
    ) -> Outcome {
        let said = error.to_string();
        let outcome = if error.may_pass() {
            let (issue, subscriber) = (&due.issue_id, due.subscriber_id);
            tracing::error!(issue, subscriber, said, "a letter waits, because it cannot be written");
            self.tickets.push(ticket);
            Outcome::unwritten(due.deferrals, &said, &*self.shared.app.chance)
        } else {
            self.give_up(due, "render", &said, ticket);
            Outcome::not_tried()
        };
        if letters.note_unwritten() {
            let alarm = Alarm::PauseIssue("letter");
            self.shared.raise(alarm, Some(&due.issue_id), &said).await;
        }
        outcome
    }

    pub(super) fn give_up(&mut self, due: &Due, code: &'static str, detail: &str, ticket: Ticket) {
        tracing::error!(
            issue = due.issue_id,
            subscriber = due.subscriber_id,
            code,
            detail,
            "a letter was not sent"
        );
        self.owing.push(Op::Fail {
            issue_id: due.issue_id.clone(),
            subscriber_id: due.subscriber_id,
            code,
            detail: detail.chars().take(500).collect(),
            now: to_micros(self.shared.app.clock.now()),
        });
        self.tickets.push(ticket);
    }

    /// A guard refused the attempt: for the person's sake it is skipped, else the row is left as it is.
    pub(super) async fn refused(&mut self, due: &Due, now: i64, ticket: Ticket) {
        let why = async {
            let mut conn = self.shared.app.database.read().await?;
            deliveries::why_refused(&mut conn, (&due.issue_id, due.subscriber_id), due.address_version, now).await
        };
        match why.await {
            Ok(Refusal::Skip(reason)) => {
                self.owing.push(Op::Skip {
                    issue_id: due.issue_id.clone(),
                    subscriber_id: due.subscriber_id,
                    reason,
                    now,
                });
                self.tickets.push(ticket);
            }
            Ok(Refusal::Leave | Refusal::Reload) => {}
            Err(error) => tracing::warn!(%error, "cannot read why an attempt was refused"),
        }
    }
}
