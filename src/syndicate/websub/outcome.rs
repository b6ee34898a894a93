//! What came of a job, and what follows from it.

use std::time::Duration;

use url::Url;

use crate::app::App;
use crate::model::clock::micros;
use crate::model::websub::{Kind, SETTLE};
use crate::store::websub::{self, Job, Subscription};
use crate::store::{Conn, StoreError};
use crate::syndicate::SyndicateError;

/// What came of a job.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// There is nothing more to do.
    Done,
    /// The callback has the bytes of this tag.
    Delivered(String),
    /// The callback wants what it was asked about.
    Confirmed,
    /// The subscription that was to end then (microseconds) is over.
    Ended(i64),
    /// It has to be tried again.
    Failed(String),
}

/// Notes what came of a job, and when it is tried again.
pub(super) async fn record(app: &App, job: &Job, outcome: Outcome) -> Result<(), SyndicateError> {
    let mut conn = app.database.begin().await?;
    let now = super::now(app, &mut conn).await?;
    match outcome {
        Outcome::Done => {
            finish(&mut conn, job, now).await?;
        }
        Outcome::Delivered(tag) => {
            websub::sent(&mut conn, &job.key, &tag).await?;
            finish(&mut conn, job, now).await?;
        }
        Outcome::Confirmed => confirm(&mut conn, job, now).await?,
        Outcome::Ended(expires_at) => {
            // The callback may have subscribed anew while it was asked: then it is sent this like any new one.
            if !websub::end_unless_renewed(&mut conn, &job.key, expires_at).await? {
                websub::again(&mut conn, job, 0, now + micros(SETTLE)).await?;
            }
        }
        Outcome::Failed(why) => {
            let failed = job.attempts + 1;
            let next = job.kind.again_at(failed, job.queued_at, now);
            tell(job, failed, &why, next.is_some());
            if let Some(next) = next {
                websub::again(&mut conn, job, failed, next).await?;
            } else {
                finish(&mut conn, job, now).await?;
            }
        }
    }
    conn.commit().await?;
    Ok(())
}

/// Removes a job; what has become newer meanwhile is due soon.
async fn finish(conn: &mut Conn, job: &Job, now: i64) -> Result<bool, StoreError> {
    let is_last = websub::done(conn, job).await?;
    if !is_last {
        websub::again(conn, job, 0, now + micros(SETTLE)).await?;
    }
    Ok(is_last)
}

/// The callback wants it: from now on it is subscribed, or not any more.
async fn confirm(conn: &mut Conn, job: &Job, now: i64) -> Result<(), StoreError> {
    // An answer to an older question says nothing of what is asked by now.
    if !finish(conn, job, now).await? {
        return Ok(());
    }
    if job.kind == Kind::Unsubscribe {
        return websub::end(conn, &job.key).await;
    }
    let subscription = Subscription {
        id: job.key.clone(),
        callback: job.target.clone(),
        topic: job.topic.clone(),
        host: host(&job.target),
        secret: job.secret.clone(),
        expires_at: now + micros(Duration::from_secs(u64::try_from(job.lease_seconds).unwrap_or(0))),
        sent_tag: String::new(),
    };
    websub::put(conn, &subscription).await
}

fn host(target: &str) -> String {
    let host = address(target).and_then(|url| url.host_str().map(str::to_owned));
    host.unwrap_or_default()
}

/// Only the host of a callback is named: its path may be what keeps strangers out of it.
fn tell(job: &Job, failed: i64, why: &str, is_tried_again: bool) {
    let (host, topic) = (host(&job.target), job.topic.as_str());
    match job.kind {
        Kind::Subscribe | Kind::Unsubscribe => {
            tracing::info!(
                host,
                topic,
                why,
                "a callback did not confirm what was asked in its name"
            );
        }
        Kind::Deliver | Kind::Ping if is_tried_again => {
            tracing::debug!(
                host,
                topic,
                why,
                failed,
                "new bytes could not be told and will be again"
            );
        }
        Kind::Deliver => tracing::info!(host, topic, why, failed, "a subscriber was not reached for a day"),
        Kind::Ping => tracing::warn!(
            hub = job.target,
            topic,
            why,
            failed,
            "a hub was not reached; see feeds.websub.hubs"
        ),
    }
}

/// An address that was checked before it was stored.
pub(super) fn address(text: &str) -> Option<Url> {
    Url::parse(text).ok()
}
