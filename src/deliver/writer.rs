//! The one task that writes attempts and outcomes: everything queued while a commit ran goes into the next one.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::disk::Disk;
use super::journal::Journal;
use crate::app::App;
use crate::faults;
use crate::model::clock::{Clock, to_micros};
use crate::store::bounces::{self, Bounce};
use crate::store::deliveries::{self, Changed, Entry};
use crate::store::notices::{self, Settlement, Started};
use crate::store::{Conn, Database, Engine, StoreError, nodes};

/// Most operations in one transaction.
const GROUP: usize = 256;
/// How often a transaction is tried before the node gives up.
const TRIES: u32 = 5;

/// A transition of one row. Each is idempotent, so that a commit whose answer was lost can be tried again.
#[derive(Debug, Clone)]
pub(super) enum Op {
    /// An attempt of a delivery begins, or ended.
    Record(Entry),
    /// A delivery is not wanted any more.
    Skip {
        issue_id: String,
        subscriber_id: i64,
        reason: &'static str,
        now: i64,
    },
    /// A delivery cannot be made, or is too late.
    Fail {
        issue_id: String,
        subscriber_id: i64,
        code: &'static str,
        detail: String,
        now: i64,
    },
    /// A delivery waits, without an attempt: its domain turns us away.
    Postpone {
        issue_id: String,
        subscriber_id: i64,
        until: i64,
        now: i64,
    },
    /// A refusal says something about the person, which is judged later.
    Came(Bounce),
    /// An attempt of a notice begins.
    BeginNotice {
        id: i64,
        attempt_no: i64,
        owner: i64,
        now: i64,
    },
    /// An attempt of a notice ended.
    SettleNotice {
        key: (i64, i64, i64),
        settlement: Settlement,
        detail: String,
        now: i64,
    },
}

/// What the database said to an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// The row changed.
    Done,
    /// A guard refused: something newer, or somebody else.
    Refused,
    /// A notice that nobody wants any more was closed.
    Closed,
}

impl Answer {
    fn of(changed: bool) -> Self {
        if changed { Self::Done } else { Self::Refused }
    }
}

/// The database did not take the group, several times over.
#[derive(Debug, Clone, thiserror::Error)]
#[error("record attempts and outcomes: {0}; sending stops until the database answers")]
pub(super) struct WriteError(Arc<StoreError>);

impl WriteError {
    fn ended() -> Self {
        Self(Arc::new(StoreError::Corrupt {
            what: "the writer",
            value: "ended".to_owned(),
        }))
    }
}

type Bundle = (Vec<Op>, oneshot::Sender<Result<Vec<Answer>, WriteError>>);

/// A handle on the writer; the task ends when the last one is dropped.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    queue: mpsc::Sender<Bundle>,
    went_back: CancellationToken,
}

impl Writer {
    /// Starts the task.
    pub(super) fn start(app: &App, node: i64, disk: Arc<Disk>) -> Self {
        let (queue, receiver) = mpsc::channel(GROUP * 2);
        let went_back = CancellationToken::new();
        let database = app.database.clone();
        let scribe = Scribe {
            journal: (database.engine() == Engine::Postgres).then(|| Journal::new(node)),
            database,
            ledger: None,
            disk,
            clock: Arc::clone(&app.clock),
            went_back: went_back.clone(),
            got_somewhere: false,
        };
        tokio::spawn(scribe.write_groups(receiver));
        Self { queue, went_back }
    }

    /// Waits until the database turns out to have forgotten what was committed. It has been told again by then; what
    /// this node believes to own is for a new one to find out.
    pub(super) async fn went_back(&self) {
        self.went_back.cancelled().await;
    }

    /// Queues operations that are to become durable together.
    pub(super) async fn submit(&self, ops: Vec<Op>) -> Result<Receipt, WriteError> {
        let (answer, answered) = oneshot::channel();
        if cfg!(feature = "without_ledger") {
            let _ = answer.send(Ok(vec![Answer::Done; ops.len()]));
        } else {
            let queued = self.queue.send((ops, answer)).await;
            queued.map_err(|_| WriteError::ended())?;
        }
        Ok(Receipt(answered))
    }

    /// Writes operations together and waits until they are durable: one answer each, in order.
    pub(super) async fn write(&self, ops: Vec<Op>) -> Result<Vec<Answer>, WriteError> {
        self.submit(ops).await?.answers().await
    }
}

/// What was queued: the answers come when it is durable.
#[derive(Debug)]
pub(super) struct Receipt(oneshot::Receiver<Result<Vec<Answer>, WriteError>>);

impl Receipt {
    /// One answer to each operation, in order.
    pub(super) async fn answers(self) -> Result<Vec<Answer>, WriteError> {
        self.0.await.map_err(|_| WriteError::ended())?
    }
}

/// The task behind a [`Writer`].
struct Scribe {
    database: Database,
    /// SQLite's connection for entries, once one was written.
    ledger: Option<Conn>,
    disk: Arc<Disk>,
    clock: Arc<dyn Clock>,
    journal: Option<Journal>,
    went_back: CancellationToken,
    /// Noted once: starts that come to nothing are told from a loop that makes progress.
    got_somewhere: bool,
}

impl Scribe {
    async fn write_groups(mut self, mut bundles: mpsc::Receiver<Bundle>) {
        while let Some(first) = bundles.recv().await {
            // Those who were answered just now have the next letter at hand: a moment makes one group of two.
            tokio::task::yield_now().await;
            let mut size = first.0.len();
            let mut group = vec![first];
            while size < GROUP
                && let Ok(next) = bundles.try_recv()
            {
                size += next.0.len();
                group.push(next);
            }
            let result = self.write_patiently(&group).await;
            let mut answers = result.map(Vec::into_iter);
            for (ops, waiting) in group {
                let _ = waiting.send(match &mut answers {
                    Ok(all) => Ok(all.take(ops.len()).collect()),
                    Err(error) => Err(error.clone()),
                });
            }
        }
    }

    /// Every try takes a new connection: the old one may hang on a lost answer.
    async fn write_patiently(&mut self, group: &[Bundle]) -> Result<Vec<Answer>, WriteError> {
        let mut pause = Duration::from_millis(50);
        for turn in 1.. {
            match self.write_once(group).await {
                Ok(answers) => return Ok(answers),
                Err(error) if turn < TRIES && (error.is_passing() || error.is_full()) => {
                    if error.is_full() {
                        self.disk.is_full();
                    }
                    tracing::warn!(turn, %error, "writing outcomes again");
                    tokio::time::sleep(pause).await;
                    pause *= 4;
                }
                Err(error) => {
                    tracing::error!(%error, "outcomes cannot be written");
                    return Err(WriteError(Arc::new(error)));
                }
            }
        }
        unreachable!("the loop above returns")
    }

    async fn write_once(&mut self, group: &[Bundle]) -> Result<Vec<Answer>, StoreError> {
        let ops: Vec<&Op> = group.iter().flat_map(|(ops, _)| ops).collect();
        let outcome_of = if self.got_somewhere {
            None
        } else {
            node_with_outcome(&ops)
        };
        if outcome_of.is_none()
            && let Some(entries) = entries_alone(&ops)
            && self.record_all(&entries).await?
        {
            mark(&ops, COMMITTED);
            return Ok(vec![Answer::Done; ops.len()]);
        }
        let mut conn = self.database.begin().await?;
        let told_again = match &self.journal {
            Some(journal) => journal.open(&mut conn, to_micros(self.clock.now())).await?,
            None => None,
        };
        let answers = run_all(&mut conn, &ops).await?;
        if let Some(node) = outcome_of {
            nodes::note_outcome(&mut conn, node).await?;
        }
        mark(&ops, WRITTEN);
        conn.commit().await?;
        mark(&ops, COMMITTED);
        self.got_somewhere |= outcome_of.is_some();
        if let Some(journal) = &mut self.journal {
            journal.close(ops.iter().copied().zip(&answers));
        }
        if let Some(letters) = told_again {
            tracing::error!(
                letters,
                "the database had forgotten what was committed and was told again"
            );
            self.went_back.cancel();
        }
        Ok(answers)
    }

    /// On SQLite: one statement that is its own transaction. `false` when a guard refused some of the entries, or on
    /// PostgreSQL: writing them again changes nothing that stands, and tells which.
    async fn record_all(&mut self, entries: &[&Entry]) -> Result<bool, StoreError> {
        if self.ledger.is_none() {
            self.ledger = self.database.ledger().await?;
        }
        let Some(ledger) = &mut self.ledger else {
            return Ok(false);
        };
        for entry in entries {
            mark_entry(entry, WRITTEN);
        }
        let recorded = deliveries::record_all(ledger, entries).await;
        if recorded.is_err() {
            self.ledger = None;
        }
        Ok(recorded? == Some(true))
    }
}

/// The entries of a group that holds nothing else, as nearly every one.
fn entries_alone<'a>(ops: &[&'a Op]) -> Option<Vec<&'a Entry>> {
    ops.iter()
        .map(|op| match op {
            Op::Record(entry) => Some(entry),
            _ => None,
        })
        .collect()
}

/// The node that reports an outcome in a group, if one does.
fn node_with_outcome(ops: &[&Op]) -> Option<i64> {
    ops.iter().find_map(|op| match op {
        Op::Record(Entry::Settle(settled)) => Some(settled.owner),
        Op::SettleNotice { key, .. } => Some(key.2),
        _ => None,
    })
}

/// The fault points before a commit: of an attempt, an outcome, a notice.
const WRITTEN: [&str; 3] = ["attempt.written", "outcome.written", "notice.written"];
/// The fault points after a commit.
const COMMITTED: [&str; 3] = ["attempt.committed", "outcome.committed", "notice.committed"];

/// Passes the fault points of what a transaction holds.
fn mark(ops: &[&Op], points: [&str; 3]) {
    for op in ops {
        match op {
            Op::Record(entry) => mark_entry(entry, points),
            Op::BeginNotice { .. } => faults::point(points[2]),
            _ => {}
        }
    }
}

fn mark_entry(entry: &Entry, [attempt, outcome, _]: [&str; 3]) {
    faults::point(match entry {
        Entry::Begin(_) => attempt,
        Entry::Settle(_) => outcome,
    });
}

/// Runs operations: nearly all are entries about deliveries, and these are one statement. No two of a group concern the
/// same delivery, because whoever holds one waits until its record is durable.
async fn run_all(conn: &mut Conn, ops: &[&Op]) -> Result<Vec<Answer>, StoreError> {
    let entries: Vec<&Entry> = ops
        .iter()
        .filter_map(|op| match op {
            Op::Record(entry) => Some(entry),
            _ => None,
        })
        .collect();
    let mut recorded = Changed::default();
    if !entries.is_empty() {
        recorded = deliveries::record(conn, &entries).await?;
    }
    let mut answers = Vec::new();
    for op in ops {
        answers.push(match op {
            Op::Record(entry) => Answer::of(recorded.has(entry)),
            other => run(conn, other).await?,
        });
    }
    Ok(answers)
}

async fn run(conn: &mut Conn, op: &Op) -> Result<Answer, StoreError> {
    let changed = match op {
        Op::Record(_) => unreachable!("these run together, in `run_all`"),
        Op::Skip {
            issue_id,
            subscriber_id,
            reason,
            now,
        } => deliveries::skip(conn, issue_id, *subscriber_id, reason, *now).await?,
        Op::Fail {
            issue_id,
            subscriber_id,
            code,
            detail,
            now,
        } => deliveries::fail(conn, (issue_id, *subscriber_id), code, detail, *now).await?,
        Op::Postpone {
            issue_id,
            subscriber_id,
            until,
            now,
        } => deliveries::postpone(conn, (issue_id, *subscriber_id), *until, *now).await?,
        Op::Came(bounce) => bounces::insert(conn, bounce).await?,
        Op::BeginNotice {
            id,
            attempt_no,
            owner,
            now,
        } => {
            return Ok(
                match notices::start_attempt(conn, *id, *attempt_no, *owner, *now).await? {
                    Started::Go => Answer::Done,
                    Started::Refused => Answer::Closed,
                    Started::Elsewhere => Answer::Refused,
                },
            );
        }
        Op::SettleNotice {
            key,
            settlement,
            detail,
            now,
        } => notices::settle(conn, *key, settlement, detail, *now).await?,
    };
    Ok(Answer::of(changed))
}
