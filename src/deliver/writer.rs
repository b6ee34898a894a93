//! The one task that writes attempts and outcomes: everything queued while a commit ran goes into the next one.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::disk::Disk;
use super::journal::Journal;
use super::ops::{Answer, Op, run_all};
use crate::app::App;
use crate::faults;
use crate::model::clock::{Clock, to_micros};
use crate::store::deliveries::{self, Entry};
use crate::store::{Conn, Database, Engine, StoreError, nodes};

/// Most operations in one transaction.
const GROUP: usize = 256;
/// Groups begin this far apart, unless enough letters wait: a commit costs the same however many it is for.
const APART: Duration = Duration::from_millis(1);
/// How often a transaction is tried before the node gives up.
const TRIES: u32 = 5;

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
            enough: app.transport.connections().div_ceil(2),
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
    /// So many bundles are not made to wait for others.
    enough: usize,
    /// Noted once: starts that come to nothing are told from a loop that makes progress.
    got_somewhere: bool,
}

impl Scribe {
    async fn write_groups(mut self, mut bundles: mpsc::Receiver<Bundle>) {
        let mut earliest = Instant::now();
        while let Some(first) = bundles.recv().await {
            let group = self.gather(first, &mut bundles, earliest).await;
            earliest = Instant::now() + APART;
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

    /// The first bundle and what comes until the next group may begin, or until enough of the connections wait for it.
    async fn gather(&self, first: Bundle, bundles: &mut mpsc::Receiver<Bundle>, earliest: Instant) -> Vec<Bundle> {
        // Those who were answered just now have the next letter at hand: a moment makes one group of two.
        tokio::task::yield_now().await;
        let mut size = first.0.len();
        let mut group = vec![first];
        while size < GROUP {
            let next = match bundles.try_recv() {
                Ok(next) => Some(next),
                Err(_) if group.len() >= self.enough => None,
                Err(_) => timeout_at(earliest, bundles.recv()).await.ok().flatten(),
            };
            let Some(next) = next else { break };
            size += next.0.len();
            group.push(next);
        }
        group
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
