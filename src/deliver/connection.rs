//! One connection: takes a job, records the attempt, hands the letter over, keeps the outcome for the next record.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::mail::transport::Idle;
use crate::model::clock::{from_micros, to_micros};
use crate::model::letter::Envelope;
use crate::model::verdict::Verdict;
use crate::store::deliveries::{self, Attempt, Due, Refusal, Settled};
use crate::store::notices::{DueNotice, Settlement};

use super::gate::Gate;
use super::lanes::{DeliveryJob, Job, Lanes, Ticket};
use super::notice;
use super::operate;
use super::outcome::{Doubt, Outcome, judge};
use super::pace::Pace;
use super::relay::{Alarm, Relay};
use super::writer::{Answer, Op, WriteError, Writer};

/// An open connection that has nothing to do is closed after this long.
const IDLE: Duration = Duration::from_secs(20);

/// What all connections of a sender share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) app: Arc<App>,
    pub(super) node: i64,
    pub(super) gate: Gate,
    pub(super) writer: Writer,
    pub(super) lanes: Lanes,
    pub(super) relay: Relay,
    pub(super) pace: Pace,
    pub(super) stop: CancellationToken,
}

/// One of the sender's connections to the relay.
#[derive(Debug)]
pub(super) struct Connection {
    shared: Arc<Shared>,
    idle: Option<Idle>,
    /// Outcomes that are not durable yet; they travel with the next attempt.
    owing: Vec<Op>,
    tickets: Vec<Ticket>,
    buffer: Vec<u8>,
}

impl Connection {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            idle: None,
            owing: Vec::new(),
            tickets: Vec::new(),
            buffer: Vec::new(),
        }
    }

    /// Works until the lanes are closed.
    pub(super) async fn run(mut self) -> Result<(), WriteError> {
        loop {
            let job = match self.shared.lanes.take() {
                Some(job) => job,
                None => {
                    self.flush().await?;
                    let shared = Arc::clone(&self.shared);
                    match tokio::time::timeout(IDLE, shared.lanes.next()).await {
                        Ok(Some(job)) => job,
                        Ok(None) => break,
                        Err(_) => {
                            self.hang_up().await;
                            continue;
                        }
                    }
                }
            };
            if self.connect().await? {
                match job {
                    Job::Delivery(job) => self.delivery(*job).await?,
                    Job::Notice(due) => self.notice(&due).await?,
                }
            }
        }
        self.flush().await?;
        self.hang_up().await;
        Ok(())
    }

    async fn hang_up(&mut self) {
        if let Some(idle) = self.idle.take() {
            idle.quit().await;
        }
    }

    /// Makes sure that there is a connection: no attempt is recorded before there is one to make it on. `false`: stop,
    /// or an alarm; the job goes back untouched.
    async fn connect(&mut self) -> Result<bool, WriteError> {
        if self.idle.is_some() {
            return Ok(true);
        }
        self.flush().await?;
        let shared = Arc::clone(&self.shared);
        loop {
            let pause = shared.relay.wait(shared.app.clock.since_boot());
            tokio::select! {
                () = shared.stop.cancelled() => return Ok(false),
                () = tokio::time::sleep(pause) => {}
            }
            match shared.app.transport.connect().await {
                Ok(idle) => {
                    self.idle = Some(idle);
                    return Ok(true);
                }
                Err(verdict) => {
                    let alarm = shared.relay.note(&verdict, shared.app.clock.since_boot());
                    tracing::warn!(phase = %verdict.phase, detail = verdict.detail(), "the relay cannot be reached");
                    if let Some(alarm) = alarm {
                        self.raise(alarm, None).await;
                        return Ok(false);
                    }
                }
            }
        }
    }

    /// Makes everything durable that is still owed.
    async fn flush(&mut self) -> Result<(), WriteError> {
        if !self.owing.is_empty() {
            self.shared.writer.write(std::mem::take(&mut self.owing)).await?;
        }
        self.tickets.clear();
        Ok(())
    }

    /// Writes what is owed together with one more operation; returns the answer to that one.
    async fn write(&mut self, op: Op) -> Result<Answer, WriteError> {
        let mut ops = std::mem::take(&mut self.owing);
        ops.push(op);
        let answers = self.shared.writer.write(ops).await?;
        self.tickets.clear();
        Ok(answers.last().copied().unwrap_or(Answer::Refused))
    }

    fn doubt(&self) -> Doubt {
        let settings = self.shared.app.settings();
        Doubt {
            policy: settings.mail.on_unknown,
            delay: settings.mail.unknown_delay,
        }
    }

    async fn delivery(&mut self, job: DeliveryJob) -> Result<(), WriteError> {
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
            return Ok(());
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        let envelope = match letters.write(&app, &due, now, &mut buffer) {
            Ok(envelope) => envelope,
            Err(error) => {
                self.give_up(&due, "render", &error.to_string(), ticket);
                return Ok(());
            }
        };
        self.keep_pace().await;
        let attempt = attempt_of(&due, chunk_no, self.shared.node, letters.newsletter(), to_micros(now));
        if self.write(Op::Begin(attempt)).await? != Answer::Done {
            self.refused(&due, to_micros(now), ticket).await;
        } else if let Some(verdict) = self.hand_over(&envelope, &buffer, Some(&due.issue_id)).await {
            let outcome = judge(&verdict, due.deferrals, due.unknowns, self.doubt(), &*app.chance);
            let settled = settled_of(&due, self.shared.node, outcome, app.clock.now());
            self.owing.push(Op::Settle(settled));
            self.tickets.push(ticket);
        }
        self.buffer = buffer;
        Ok(())
    }

    /// Gives a message to the connection; the verdict also tells the relay's health.
    async fn hand_over(&mut self, envelope: &Envelope, message: &[u8], issue: Option<&str>) -> Option<Verdict> {
        let idle = self.idle.take()?;
        let gate = self.shared.gate.clone();
        let (verdict, idle) = idle.deliver(envelope, message, &move || gate.is_open()).await;
        self.idle = idle;
        let alarm = self.shared.relay.note(&verdict, self.shared.app.clock.since_boot());
        if let Some(alarm) = alarm {
            tracing::error!(phase = %verdict.phase, code = verdict.code(), "the relay turns us away");
            self.raise(alarm, issue).await;
        }
        Some(verdict)
    }

    fn give_up(&mut self, due: &Due, code: &'static str, detail: &str, ticket: Ticket) {
        tracing::error!(
            issue = due.issue_id,
            subscriber = due.subscriber_id,
            code,
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
    async fn refused(&mut self, due: &Due, now: i64, ticket: Ticket) {
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

    async fn notice(&mut self, due: &DueNotice) -> Result<(), WriteError> {
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
        self.keep_pace().await;
        if self.write(begin).await? == Answer::Done {
            let outcome = match written {
                Ok(envelope) => self
                    .hand_over(&envelope, &buffer, None)
                    .await
                    .map(|verdict| judge(&verdict, attempt_no - 1, due.unknowns, self.doubt(), &*app.chance)),
                Err(error) => Some(Outcome::render(&error.to_string())),
            };
            if let Some(outcome) = outcome {
                let ended = app.clock.now();
                self.owing.push(Op::SettleNotice {
                    key: (due.id, attempt_no, self.shared.node),
                    settlement: Settlement {
                        state: outcome.state,
                        next_at: outcome.wait.map(|wait| to_micros(ended + wait)),
                    },
                    detail: outcome.detail,
                    now: to_micros(ended),
                });
            }
        }
        self.buffer = buffer;
        Ok(())
    }

    async fn keep_pace(&self) {
        let pause = self.shared.pace.reserve(self.shared.app.clock.since_boot());
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
    }

    async fn raise(&self, alarm: Alarm, issue: Option<&str>) {
        let app = &self.shared.app;
        let done = match (alarm, issue) {
            (Alarm::PauseIssue(reason), Some(issue)) => operate::pause(app, issue, reason).await,
            (Alarm::PauseIssue(_), None) => Ok(()),
            (Alarm::PauseAll(reason), _) => operate::pause_all(app, reason).await.map(drop),
        };
        match done {
            Ok(()) => tracing::error!(?alarm, issue, "sending is paused; `letterpress issues list` shows it"),
            Err(error) => tracing::error!(?alarm, issue, %error, "sending cannot be paused"),
        }
    }
}

fn attempt_of(due: &Due, chunk_no: i64, owner: i64, newsletter: &str, now: i64) -> Attempt {
    Attempt {
        issue_id: due.issue_id.clone(),
        subscriber_id: due.subscriber_id,
        attempt_no: due.attempt_no + 1,
        owner,
        now,
        chunk_no,
        newsletter_id: newsletter.to_owned(),
        address_version: due.address_version,
    }
}

fn settled_of(due: &Due, owner: i64, outcome: Outcome, now: chrono::DateTime<chrono::Utc>) -> Settled {
    Settled {
        issue_id: due.issue_id.clone(),
        subscriber_id: due.subscriber_id,
        attempt_no: due.attempt_no + 1,
        owner,
        state: outcome.state,
        next_at: outcome.wait.map(|wait| to_micros(now + wait)),
        now: to_micros(now),
        code: Some(outcome.code),
        detail: Some(outcome.detail),
        forget_first: outcome.state == "pending" && due.first_at.is_none(),
    }
}
