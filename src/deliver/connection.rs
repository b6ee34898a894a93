//! One connection: takes a job, records the attempt, hands the letter over, keeps the outcome for the next record.

use std::sync::Arc;
use std::time::Duration;

use crate::mail::transport::Idle;
use crate::model::clock::{from_micros, to_micros};
use crate::model::letter::Envelope;
use crate::model::verdict::Verdict;
use crate::store::notices::DueNotice;

use super::admission::Seat;
use super::author;
use super::entries;
use super::lanes::{DeliveryJob, Next, Serves, Ticket};
use super::letters::IssueLetters;
use super::notice;
use super::ops::{Answer, Op};
use super::outcome::{Doubt, Outcome, judge};
use super::recording::Recording;
use super::relay::{Alarm, May};
use super::shared::Shared;
use super::writer::WriteError;

/// An open connection that has nothing to do is closed after this long.
const IDLE: Duration = Duration::from_secs(20);

/// How often a connection that waits for the relay looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// A letter that the ledger refuses costs its connection if the relay already has half of it, and such letters come
/// together: many left, or the issue was paused.
const WARY: u32 = 50;

/// Something to do, with its place in the queue of its domain.
enum Work {
    Delivery(Box<DeliveryJob>, Seat),
    Notice(Box<DueNotice>, Seat),
}

/// One of the sender's connections to the relay.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) shared: Arc<Shared>,
    serves: Serves,
    idle: Option<Idle>,
    /// Outcomes that are not durable yet; they travel with the next attempt.
    pub(super) owing: Vec<Op>,
    pub(super) tickets: Vec<Ticket>,
    buffer: Vec<u8>,
    /// For so many more letters the ledger's answer is awaited before the relay hears of them.
    wary: u32,
}

impl Connection {
    pub(super) fn new(shared: Arc<Shared>, serves: Serves) -> Self {
        Self {
            shared,
            serves,
            idle: None,
            owing: Vec::new(),
            tickets: Vec::new(),
            buffer: Vec::new(),
            wary: 0,
        }
    }

    /// Works until the lanes are closed.
    pub(super) async fn run(mut self) -> Result<(), WriteError> {
        while let Some(next) = self.next().await? {
            if self.connect().await? {
                match next {
                    Work::Delivery(job, seat) => self.delivery(*job, seat).await?,
                    Work::Notice(due, seat) => self.notice(&due, seat).await?,
                }
            }
        }
        self.flush().await?;
        self.hang_up().await;
        Ok(())
    }

    /// What to do next; nothing when the lanes are closed. Whoever waits owes nothing meanwhile.
    async fn next(&mut self) -> Result<Option<Work>, WriteError> {
        let shared = Arc::clone(&self.shared);
        loop {
            // Registered before the look, so that what comes between look and sleep is not missed.
            let woken = shared.lanes.woken();
            tokio::pin!(woken);
            woken.as_mut().enable();
            let now = shared.now();
            match shared.lanes.take(self.serves, &shared.admission, now) {
                Next::Notice(due, seat) => return Ok(Some(Work::Notice(due, seat))),
                Next::Delivery(job, seat) => return Ok(Some(Work::Delivery(job, seat))),
                Next::Postpone(job, until) => self.postpone(*job, until - now),
                Next::Buy(domain, waiting) => {
                    self.flush().await?;
                    shared.buy(&domain, waiting).await;
                }
                Next::Wait(until) => {
                    self.flush().await?;
                    let pause = Duration::from_micros(u64::try_from(until - now).unwrap_or(0));
                    let _ = tokio::time::timeout(pause, woken).await;
                }
                Next::Nothing if shared.lanes.is_closed() => return Ok(None),
                Next::Nothing => {
                    self.flush().await?;
                    if tokio::time::timeout(IDLE, woken).await.is_err() {
                        self.hang_up().await;
                    }
                }
            }
        }
    }

    async fn hang_up(&mut self) {
        if let Some(idle) = self.idle.take() {
            idle.quit().await;
        }
    }

    /// Makes sure that there is a connection: no attempt is recorded before there is one to make it on. `false`: stop,
    /// or an alarm; the job goes back untouched.
    async fn connect(&mut self) -> Result<bool, WriteError> {
        let shared = Arc::clone(&self.shared);
        if self.idle.is_some() && shared.relay.may_be_used(shared.app.clock.since_boot()) {
            return Ok(true);
        }
        self.flush().await?;
        // While the relay backs off an open connection is of no use, and many relays count them.
        self.hang_up().await;
        loop {
            if shared.stop.is_cancelled() {
                return Ok(false);
            }
            if let May::Wait(pause) = shared.relay.may_connect(shared.app.clock.since_boot()) {
                tokio::select! {
                    () = shared.stop.cancelled() => {}
                    // Another connection, or another node, may find out earlier that the relay is back.
                    () = tokio::time::sleep(pause.min(LOOK_AGAIN)) => {}
                }
                continue;
            }
            match shared.app.transport.connect().await {
                Ok(idle) => {
                    shared.relay.connected();
                    self.idle = Some(idle);
                    return Ok(true);
                }
                Err(verdict) => {
                    let alarm = shared.relay.note(&verdict, shared.app.clock.since_boot());
                    tracing::warn!(phase = %verdict.phase, detail = verdict.detail(), "the relay cannot be reached");
                    if let Some(alarm) = alarm {
                        self.shared.raise(alarm, None, &verdict.detail()).await;
                        if matches!(alarm, Alarm::PauseAll(_) | Alarm::PauseIssue(_)) {
                            return Ok(false);
                        }
                    }
                }
            }
        }
    }

    /// What could not be recorded is for a take-over to find: from then on this node gives no chunk back.
    fn or_close<T>(&self, answer: Result<T, WriteError>) -> Result<T, WriteError> {
        if answer.is_err() {
            self.shared.gate.close();
        }
        answer
    }

    /// Makes everything durable that is still owed.
    async fn flush(&mut self) -> Result<(), WriteError> {
        if !self.owing.is_empty() {
            let written = self.shared.writer.write(std::mem::take(&mut self.owing)).await;
            self.or_close(written)?;
        }
        self.tickets.clear();
        Ok(())
    }

    /// Sends an attempt to the ledger, together with what is owed.
    async fn record(&mut self, begin: Op) -> Result<Recording, WriteError> {
        let mut ops = std::mem::take(&mut self.owing);
        ops.push(begin);
        let submitted = self.shared.writer.submit(ops).await;
        let receipt = self.or_close(submitted)?;
        let recording = Recording::new(receipt, self.shared.gate.clone());
        if self.wary > 0 {
            self.or_close(recording.answer().await)?;
        }
        Ok(recording)
    }

    /// Whether the attempt became durable; with it everything that was owed before.
    async fn recorded(&mut self, recording: &Recording) -> Result<bool, WriteError> {
        let began = self.or_close(recording.answer().await)? == Answer::Done;
        self.tickets.clear();
        self.wary = if began { self.wary.saturating_sub(1) } else { WARY };
        Ok(began)
    }

    fn doubt(&self) -> Doubt {
        let settings = self.shared.app.settings();
        Doubt {
            policy: settings.mail.on_unknown,
            delay: settings.mail.unknown_delay,
        }
    }

    async fn delivery(&mut self, job: DeliveryJob, seat: Seat) -> Result<(), WriteError> {
        let app = Arc::clone(&self.shared.app);
        let now = app.clock.now();
        let DeliveryJob {
            due,
            chunk_no,
            letters,
            ticket,
        } = job;
        let expires = app.settings().mail.expire_after;
        if due.first_at.is_some_and(|first| from_micros(first) + expires <= now) {
            self.give_up(&due, "expired", "it could not be handed over in time", ticket);
            self.owing.push(entries::expired(&due, now));
            return Ok(());
        }
        // The letter is written, signed and handed over while its attempt is committed.
        let begun = entries::begun(&due, chunk_no, self.shared.node, letters.newsletter(), to_micros(now));
        let recording = self.record(begun).await?;
        let mut buffer = std::mem::take(&mut self.buffer);
        let told = match letters.write(&app, &due, now, &mut buffer).await {
            Ok(envelope) => Ok(self
                .hand_over(&envelope, &buffer, &recording, Some(&due.issue_id))
                .await),
            Err(error) => Err(error),
        };
        self.buffer = buffer;
        if !self.recorded(&recording).await? {
            self.refused(&due, to_micros(now), ticket).await;
            return Ok(());
        }
        let node = self.shared.node;
        let settled = |outcome| entries::settled(&due, node, outcome, (now, app.clock.now()));
        match told {
            Ok(Some(verdict)) => {
                self.note(&verdict, &seat, Some((&due.issue_id, &letters))).await;
                let outcome = judge(&verdict, due.deferrals, due.unknowns, self.doubt(), &*app.chance);
                self.owing.push(settled(outcome));
                self.owing.extend(entries::came(&due, &verdict, now));
                self.tickets.push(ticket);
            }
            Ok(None) => {}
            Err(error) => {
                let outcome = self.unwritten(&due, &letters, &error, ticket).await;
                self.owing.insert(0, settled(outcome));
            }
        }
        Ok(())
    }

    /// Gives a message to the connection; the verdict also tells the relay's health. Nothing goes out when the ledger
    /// already refused.
    async fn hand_over(
        &mut self,
        envelope: &Envelope,
        message: &[u8],
        recording: &Recording,
        issue: Option<&str>,
    ) -> Option<Verdict> {
        if recording.is_refused() {
            return None;
        }
        let idle = self.idle.take()?;
        let (verdict, idle) = idle.deliver(envelope, message, recording).await;
        self.idle = idle;
        let alarm = self.shared.relay.note(&verdict, self.shared.app.clock.since_boot());
        if let Some(alarm) = alarm {
            if alarm != Alarm::Back {
                tracing::error!(phase = %verdict.phase, code = verdict.code(), "the relay turns us away");
            }
            self.shared.raise(alarm, issue, &verdict.detail()).await;
        }
        Some(verdict)
    }

    /// What a verdict says about the recipient's domain and about the issue as a whole.
    async fn note(&self, verdict: &Verdict, seat: &Seat, issue: Option<(&str, &IssueLetters)>) {
        let shared = &self.shared;
        if shared.admission.note(seat.domain(), verdict, shared.now()) {
            shared.leave_alone(seat.domain(), verdict).await;
        }
        if let Some((issue, letters)) = issue
            && letters.note(verdict.class())
        {
            let said = verdict.detail();
            self.shared
                .raise(Alarm::PauseIssue("failures"), Some(issue), &said)
                .await;
        }
    }

    async fn notice(&mut self, due: &DueNotice, seat: Seat) -> Result<(), WriteError> {
        let app = Arc::clone(&self.shared.app);
        let now = app.clock.now();
        let mut buffer = std::mem::take(&mut self.buffer);
        let written = notice::write(&app, due, now, &mut buffer).await;
        let attempt_no = due.attempt_no + 1;
        let begin = Op::BeginNotice {
            id: due.id,
            attempt_no,
            owner: self.shared.node,
            now: to_micros(now),
        };
        let recording = self.record(begin).await?;
        let outcome = match written {
            Ok(envelope) => {
                let verdict = self.hand_over(&envelope, &buffer, &recording, None).await;
                verdict.map(|verdict| {
                    let outcome = judge(&verdict, attempt_no - 1, due.unknowns, self.doubt(), &*app.chance);
                    (Some(verdict), outcome)
                })
            }
            Err(error) => {
                let said = error.to_string();
                tracing::error!(
                    kind = due.kind,
                    subscriber = due.subscriber_id,
                    said,
                    "a letter cannot be written"
                );
                let outcome = if error.may_pass() {
                    author::tell_unwritten(&app, due, &said).await;
                    Outcome::unwritten(attempt_no - 1, &said, &*app.chance)
                } else {
                    Outcome::render(&said)
                };
                Some((None, outcome))
            }
        };
        self.buffer = buffer;
        if self.recorded(&recording).await?
            && let Some((verdict, outcome)) = outcome
        {
            if let Some(verdict) = &verdict {
                self.note(verdict, &seat, None).await;
            }
            let key = (due.id, attempt_no, self.shared.node);
            self.owing.push(entries::notice_settled(key, outcome, app.clock.now()));
        }
        Ok(())
    }
}
