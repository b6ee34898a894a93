//! The entries that a connection makes in the ledger.

use chrono::{DateTime, Utc};

use super::ops::Op;
use super::outcome::Outcome;
use crate::model::bounce::{Class, Judgement};
use crate::model::clock::to_micros;
use crate::model::verdict::Verdict;
use crate::store::bounces::Bounce;
use crate::store::deliveries::{Attempt, Due, Entry, Settled};
use crate::store::notices::Settlement;

/// What became of an attempt of a notice: its id, the attempt's number, this node.
pub(super) fn notice_settled(key: (i64, i64, i64), outcome: Outcome, now: DateTime<Utc>) -> Op {
    Op::SettleNotice {
        key,
        settlement: Settlement {
            state: outcome.state,
            next_at: outcome.wait.map(|wait| to_micros(now + wait)),
        },
        detail: outcome.detail,
        now: to_micros(now),
    }
}

/// An attempt begins, now in microseconds.
pub(super) fn begun(due: &Due, chunk_no: i64, owner: i64, newsletter: &str, now: i64) -> Op {
    Op::Record(Entry::Begin(Attempt {
        issue_id: due.issue_id.clone(),
        subscriber_id: due.subscriber_id,
        attempt_no: due.attempt_no + 1,
        owner,
        now,
        chunk_no,
        newsletter_id: newsletter.to_owned(),
        address_version: due.address_version,
    }))
}

/// What became of an attempt that began and ended at these moments.
pub(super) fn settled(due: &Due, owner: i64, outcome: Outcome, (began, now): (DateTime<Utc>, DateTime<Utc>)) -> Op {
    Op::Record(Entry::Settle(Settled {
        issue_id: due.issue_id.clone(),
        subscriber_id: due.subscriber_id,
        attempt_no: due.attempt_no + 1,
        owner,
        state: outcome.state,
        next_at: outcome.wait.map(|wait| to_micros(now + wait)),
        now: to_micros(now),
        attempted_at: to_micros(began),
        code: Some(outcome.code),
        detail: Some(outcome.detail),
        forget_first: outcome.state == "pending" && due.first_at.is_none(),
    }))
}

/// What a refusal for good says about the person, for `bounces` to judge; the text goes into the ledger alone, because it
/// may quote the address.
pub(super) fn came(due: &Due, verdict: &Verdict, now: DateTime<Utc>) -> Option<Op> {
    let Judgement {
        class,
        certain,
        status,
        reply,
        ..
    } = verdict.judgement()?;
    let code = status.map(|status| status.to_string());
    let code = code.or_else(|| reply.map(|code| code.to_string()));
    Some(came_back(due, class, (certain, code), now))
}

/// A letter that could not be handed over in all the time it had.
pub(super) fn expired(due: &Due, now: DateTime<Utc>) -> Op {
    came_back(due, Class::Expired, (false, None), now)
}

fn came_back(due: &Due, class: Class, (certain, code): (bool, Option<String>), now: DateTime<Utc>) -> Op {
    Op::Came(Bounce {
        event_key: format!("smtp/{}/{}/{}", due.issue_id, due.subscriber_id, due.attempt_no + 1),
        subscriber_id: due.subscriber_id,
        issue_id: Some(due.issue_id.clone()),
        source: "smtp".to_owned(),
        class: class.word().to_owned(),
        certain: i64::from(certain),
        code,
        detail: None,
        effect: "new".to_owned(),
        at: to_micros(now),
    })
}
