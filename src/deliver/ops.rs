//! What connections have written: one operation changes one row.

use crate::store::bounces::{self, Bounce};
use crate::store::deliveries::{self, Changed, Entry};
use crate::store::notices::{self, Settlement, Started};
use crate::store::{Conn, StoreError};

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
    pub(super) fn of(changed: bool) -> Self {
        if changed { Self::Done } else { Self::Refused }
    }
}

/// Runs operations: nearly all are entries about deliveries, and these are one statement. No two of a group concern the
/// same delivery, because whoever holds one waits until its record is durable.
pub(super) async fn run_all(conn: &mut Conn, ops: &[&Op]) -> Result<Vec<Answer>, StoreError> {
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
