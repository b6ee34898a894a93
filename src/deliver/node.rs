//! This process as a node: its row is the fencing epoch of everything it owns, its lock says who may send from here.

use std::sync::Arc;
use std::time::Duration;

use crate::app::{App, Lock, PlaceError};
use crate::config::OnUnknown;
use crate::faults;
use crate::model::clock::{micros, mint_ulid, to_micros};
use crate::store::chunks::Chunk;
use crate::store::nodes::{self, NewNode};
use crate::store::{Conn, StoreError, audience, chunks, counters, deliveries, instance, invariants, issues, notices};

use super::author;
use super::gate::Gate;

/// A lease is renewed so many times before it would run out.
const BEATS: u32 = 6;

/// Why this process cannot send.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// The state folder, or the lock in it.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The database file.
    #[error("send: the database file is damaged ({0}); feeds go on; stop the service and restore a backup")]
    Damaged(String),
    /// The database.
    #[error("register this node: {0}")]
    Store(#[from] StoreError),
}

/// A registered sender.
#[derive(Debug)]
pub(super) struct Node {
    /// Fencing epoch.
    pub(super) id: i64,
    pub(super) gate: Gate,
    lease: Duration,
    _lock: Lock,
}

impl Node {
    /// Takes the lock, registers, and takes over what an earlier process of this place left behind.
    pub(super) async fn start(app: &App) -> Result<Self, NodeError> {
        let lease = app.settings().state.lease;
        let lock = app.place.lock(|| mint_ulid(&*app.clock, &*app.chance))?;
        check_file(app).await?;
        let gate = Gate::new(Arc::clone(&app.clock));
        let asked_at = app.clock.since_boot();
        let mut conn = app.database.begin().await?;
        let now = conn.shared_time(to_micros(app.clock.now())).await?;
        let id = counters::next(&mut conn, "nodes", 1).await?;
        let row = NewNode {
            name: name_of_process(),
            place_id: lock.place_id.clone(),
            boot_id: boot_id(),
        };
        nodes::start(&mut conn, id, &row, now, now + micros(lease)).await?;
        // Whoever holds the lock knows that earlier processes of this place are gone, whatever their leases say.
        nodes::end_place(&mut conn, &lock.place_id, id, now).await?;
        break_loop(app, &mut conn, id, now).await?;
        let epoch = if app.held(&mut conn).await?.is_some() {
            None
        } else {
            instance::beat(&mut conn, now).await?;
            Some(instance::raise(&mut conn).await?)
        };
        conn.commit().await?;
        if let Some(epoch) = epoch {
            app.remember(epoch);
        }
        gate.extend(asked_at, lease);
        let node = Self {
            id,
            gate,
            lease,
            _lock: lock,
        };
        node.sweep(app).await?;
        Ok(node)
    }

    /// How often the lease is renewed.
    pub(super) fn heartbeat(&self) -> Duration {
        self.lease / BEATS
    }

    /// Renews the lease. `false`: it was lost, and no dot is written any more.
    pub(super) async fn beat(&self, app: &App) -> Result<bool, NodeError> {
        let asked_at = app.clock.since_boot();
        let mut conn = app.database.begin().await?;
        let now = conn.shared_time(to_micros(app.clock.now())).await?;
        let alive = nodes::beat(&mut conn, self.id, now + micros(self.lease), now).await?;
        // The last sign of life before a hold is when what happened elsewhere began.
        if app.last_hold().is_none() {
            instance::beat(&mut conn, now).await?;
        }
        conn.commit().await?;
        if alive {
            self.gate.extend(asked_at, self.lease);
        } else {
            self.gate.close();
        }
        Ok(alive)
    }

    /// Takes over the chunks of dead nodes: what they were attempting is `unknown` from now on. Returns how many rows.
    pub(super) async fn sweep(&self, app: &App) -> Result<u64, NodeError> {
        let mut conn = app.database.read().await?;
        let now = conn.shared_time(to_micros(app.clock.now())).await?;
        let mut dead = nodes::dead_owners(&mut conn, now).await?;
        dead.extend(notices::dead_owners(&mut conn, now).await?);
        drop(conn);
        dead.sort_unstable();
        dead.dedup();
        let mut doubtful = 0;
        for owner in dead {
            let mut conn = app.database.begin().await?;
            doubtful += take_over(&mut conn, (self.id, owner), now, resend_at(app, now)).await?;
            conn.commit().await?;
        }
        if doubtful > 0 {
            tracing::warn!(doubtful, "a process ended before it knew what became of these letters");
        }
        Ok(doubtful)
    }

    /// An orderly end: nothing of this node needs a take-over.
    pub(super) async fn stop(&self, app: &App) -> Result<(), NodeError> {
        self.gate.close();
        let mut conn = app.database.begin().await?;
        let now = conn.shared_time(to_micros(app.clock.now())).await?;
        nodes::stop(&mut conn, self.id, now).await?;
        // What did not get its reply within the grace is doubtful, and nobody else has to find that out.
        let doubtful = take_over(&mut conn, (self.id, self.id), now, resend_at(app, now)).await?;
        conn.commit().await?;
        if doubtful > 0 {
            tracing::warn!(doubtful, "the relay did not answer in time: these letters are in doubt");
        }
        Ok(())
    }
}

/// When a letter in doubt is sent once more, if the author wants that.
fn resend_at(app: &App, now: i64) -> Option<i64> {
    let settings = app.settings();
    matches!(settings.mail.on_unknown, OnUnknown::Resend).then(|| now + micros(settings.mail.unknown_delay))
}

/// Takes over, for the first of `nodes`, what the second one left behind; returns how many letters are in doubt.
async fn take_over(conn: &mut Conn, nodes: (i64, i64), now: i64, resend_at: Option<i64>) -> Result<u64, StoreError> {
    let (here, dead) = nodes;
    let mut doubtful = 0;
    for chunk in chunks::take_over(conn, here, dead, now).await? {
        faults::point("takeover.between");
        doubtful += deliveries::orphans_to_unknown(conn, &chunk, dead, now, resend_at).await?;
        give_back(conn, &chunk, here, now).await?;
        finish(conn, &chunk.issue_id, now).await?;
    }
    Ok(doubtful + notices::abandon(conn, dead, now, resend_at).await?)
}

/// Ends an issue of which nothing is open; whoever did not get it after all waits for a catch-up letter.
pub(super) async fn finish(conn: &mut Conn, issue_id: &str, now: i64) -> Result<(), StoreError> {
    if issues::finish(conn, issue_id, now).await? {
        audience::flag_unserved(conn, issue_id).await?;
        author::tell_of_doubt(conn, issue_id, now).await?;
        tracing::info!(issue = issue_id, "issue finished");
    }
    Ok(())
}

/// Releases a chunk. Of a cancelled issue nothing stays open: what was deferred or not tried meanwhile is cancelled too.
pub(super) async fn give_back(conn: &mut Conn, chunk: &Chunk, owner: i64, now: i64) -> Result<(), StoreError> {
    let issue = issues::one(conn, &chunk.issue_id).await?;
    if let Some(issue) = issue.filter(|issue| issue.state == "cancelled") {
        let reason = issue.pause_reason.as_deref().unwrap_or("cancelled");
        deliveries::cancel(conn, &chunk.issue_id, reason, now).await?;
    }
    chunks::release(conn, chunk, owner).await?;
    Ok(())
}

/// After an end that was not in order: looks through the database file, for a while at most.
async fn check_file(app: &App) -> Result<(), NodeError> {
    let mut conn = app.database.read().await?;
    if instance::ended_in_order(&mut conn).await? {
        return Ok(());
    }
    drop(conn);
    match tokio::time::timeout(CHECK_FOR, invariants::damage(&app.database)).await {
        Ok(damage) => match damage?.first() {
            Some(line) => Err(NodeError::Damaged(line.clone())),
            None => Ok(()),
        },
        Err(_) => {
            tracing::warn!("the database file was not looked through to its end; `letterpress fsck` does that");
            Ok(())
        }
    }
}

/// How long a start may look through the database file.
const CHECK_FOR: Duration = Duration::from_secs(20);
/// Lives shorter than this were over before anything could be sent.
const SHORT_LIFE: Duration = Duration::from_secs(5);

/// Starts that again and again come to nothing pause all issues: a crash that a letter causes would go on for ever, with a
/// doubtful letter each time.
async fn break_loop(app: &App, conn: &mut Conn, id: i64, now: i64) -> Result<(), StoreError> {
    let most = app.settings().mail.restart_breaker;
    if most == 0 {
        return Ok(());
    }
    let barren = nodes::barren_before(conn, id, now, micros(SHORT_LIFE), i64::from(most)).await?;
    if barren < most as usize {
        return Ok(());
    }
    for issue in issues::in_state(conn, "sending").await? {
        issues::change_state(conn, &issue.id, ("sending", "paused"), Some("restart_loop"), None).await?;
        tracing::error!(
            issue = issue.id,
            starts = most,
            "the issue is paused: so many starts in a row sent nothing; see why the process ends, then `letterpress issues resume`"
        );
    }
    Ok(())
}

fn name_of_process() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("{}:{}", host.trim(), std::process::id())
}

fn boot_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .unwrap_or_default()
        .trim()
        .to_owned()
}
