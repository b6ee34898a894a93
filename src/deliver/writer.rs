//! The one task that writes attempts and outcomes: everything queued while a commit ran goes into the next one.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::disk::Disk;
use crate::faults;
use crate::store::deliveries::{self, Attempt, Settled};
use crate::store::notices::{self, Settlement, Started};
use crate::store::{Conn, Database, StoreError, nodes};

/// Most operations in one transaction.
const GROUP: usize = 256;
/// How often a transaction is tried before the node gives up.
const TRIES: u32 = 5;

/// A transition of one row. Each is idempotent, so that a commit whose answer was lost can be tried again.
#[derive(Debug, Clone)]
pub(super) enum Op {
    /// An attempt of a delivery begins.
    Begin(Attempt),
    /// An attempt of a delivery ended.
    Settle(Settled),
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

/// The database did not take the group, several times over.
#[derive(Debug, Clone, thiserror::Error)]
#[error("record attempts and outcomes: {0}; sending stops until the database answers")]
pub(super) struct WriteError(Arc<StoreError>);

type Bundle = (Vec<Op>, oneshot::Sender<Result<Vec<Answer>, WriteError>>);

/// A handle on the writer; the task ends when the last one is dropped.
#[derive(Debug, Clone)]
pub(super) struct Writer(mpsc::Sender<Bundle>);

impl Writer {
    /// Starts the task.
    pub(super) fn start(database: Database, disk: Arc<Disk>) -> Self {
        let (sender, receiver) = mpsc::channel(GROUP * 2);
        tokio::spawn(write_groups(database, disk, receiver));
        Self(sender)
    }

    /// Hands operations over together and waits until they are durable: one answer each, in order.
    pub(super) async fn write(&self, ops: Vec<Op>) -> Result<Vec<Answer>, WriteError> {
        if cfg!(feature = "without_ledger") {
            return Ok(vec![Answer::Done; ops.len()]);
        }
        let gone = || {
            WriteError(Arc::new(StoreError::Corrupt {
                what: "the writer",
                value: "ended".to_owned(),
            }))
        };
        let (answer, answered) = oneshot::channel();
        self.0.send((ops, answer)).await.map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}

async fn write_groups(database: Database, disk: Arc<Disk>, mut bundles: mpsc::Receiver<Bundle>) {
    // Noted once: starts that come to nothing are told from a loop that makes progress.
    let mut got_somewhere = false;
    while let Some(first) = bundles.recv().await {
        let mut size = first.0.len();
        let mut group = vec![first];
        while size < GROUP
            && let Ok(next) = bundles.try_recv()
        {
            size += next.0.len();
            group.push(next);
        }
        let result = write_patiently((&database, &disk), &group, &mut got_somewhere).await;
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
async fn write_patiently(
    (database, disk): (&Database, &Disk),
    group: &[Bundle],
    got_somewhere: &mut bool,
) -> Result<Vec<Answer>, WriteError> {
    let mut pause = Duration::from_millis(50);
    for turn in 1.. {
        match write_once(database, group, got_somewhere).await {
            Ok(answers) => return Ok(answers),
            Err(error) if turn < TRIES && (error.is_passing() || error.is_full()) => {
                if error.is_full() {
                    disk.is_full();
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

async fn write_once(
    database: &Database,
    group: &[Bundle],
    got_somewhere: &mut bool,
) -> Result<Vec<Answer>, StoreError> {
    let mut conn = database.begin().await?;
    let mut answers = Vec::with_capacity(group.len() * 2);
    for op in group.iter().flat_map(|(ops, _)| ops) {
        answers.push(run(&mut conn, op).await?);
    }
    let outcome_of = if *got_somewhere { None } else { node_with_outcome(group) };
    if let Some(node) = outcome_of {
        nodes::note_outcome(&mut conn, node).await?;
    }
    let ops = || group.iter().flat_map(|(ops, _)| ops);
    mark(ops(), ["attempt.written", "outcome.written", "notice.written"]);
    conn.commit().await?;
    mark(ops(), ["attempt.committed", "outcome.committed", "notice.committed"]);
    *got_somewhere |= outcome_of.is_some();
    Ok(answers)
}

/// The node that reports an outcome in a group, if one does.
fn node_with_outcome(group: &[Bundle]) -> Option<i64> {
    group.iter().flat_map(|(ops, _)| ops).find_map(|op| match op {
        Op::Settle(settled) => Some(settled.owner),
        Op::SettleNotice { key, .. } => Some(key.2),
        _ => None,
    })
}

/// Passes the fault points of what a transaction holds.
fn mark<'a>(ops: impl Iterator<Item = &'a Op>, [attempt, outcome, notice]: [&str; 3]) {
    for op in ops {
        match op {
            Op::Begin(_) => faults::point(attempt),
            Op::Settle(_) => faults::point(outcome),
            Op::BeginNotice { .. } => faults::point(notice),
            _ => {}
        }
    }
}

async fn run(conn: &mut Conn, op: &Op) -> Result<Answer, StoreError> {
    let changed = match op {
        Op::Begin(attempt) => deliveries::attempt(conn, attempt).await?,
        Op::Settle(settled) => deliveries::settle(conn, settled).await?,
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
    Ok(if changed { Answer::Done } else { Answer::Refused })
}
