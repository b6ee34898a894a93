//! This process as a node: its row is the fencing epoch of everything it owns, its lock says who may send from here.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};

use crate::app::App;
use crate::config::OnUnknown;
use crate::model::clock::{micros, mint_ulid, to_micros};
use crate::store::chunks::Chunk;
use crate::store::nodes::{self, NewNode};
use crate::store::{Conn, StoreError, audience, chunks, counters, deliveries, issues, notices};

use super::gate::Gate;

/// A lease is renewed so many times before it would run out.
const BEATS: u32 = 6;

/// Why this process cannot send.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// Another process holds the lock.
    #[error("send from here: another process does already (it holds {0}); stop it first, or let it send")]
    Locked(PathBuf),
    /// The state folder.
    #[error("use the state folder {path}: {error}; check that it exists and can be written")]
    Folder {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
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
    // Held as long as the node lives; the system frees it however the process ends.
    _lock: File,
}

impl Node {
    /// Takes the lock, registers, and takes over what an earlier process of this place left behind.
    pub(super) async fn start(app: &App) -> Result<Self, NodeError> {
        let dir = app.settings().state.dir.clone();
        let lease = app.settings().state.lease;
        let (lock, place_id) = take_place(app, &dir)?;
        let gate = Gate::new(Arc::clone(&app.clock));
        let asked_at = app.clock.since_boot();
        let mut conn = app.database.begin().await?;
        let now = conn.shared_time(to_micros(app.clock.now())).await?;
        let id = counters::next(&mut conn, "nodes", 1).await?;
        let row = NewNode {
            name: name_of_process(),
            place_id: place_id.clone(),
            boot_id: boot_id(),
        };
        nodes::start(&mut conn, id, &row, now, now + micros(lease)).await?;
        // Whoever holds the lock knows that earlier processes of this place are gone, whatever their leases say.
        nodes::end_place(&mut conn, &place_id, id).await?;
        conn.commit().await?;
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

/// Locks `sender.lock` and reads or makes the place's id.
fn take_place(app: &App, dir: &Path) -> Result<(File, String), NodeError> {
    let path = dir.join("sender.lock");
    let fail = |error: io::Error| NodeError::Folder {
        path: path.clone(),
        error,
    };
    std::fs::create_dir_all(dir).map_err(fail)?;
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(fail)?;
    flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|error| match error {
        rustix::io::Errno::WOULDBLOCK => NodeError::Locked(path.clone()),
        other => fail(other.into()),
    })?;
    let mut place_id = String::new();
    file.read_to_string(&mut place_id).map_err(fail)?;
    if place_id.trim().is_empty() {
        place_id = mint_ulid(&*app.clock, &*app.chance);
        file.write_all(place_id.as_bytes()).map_err(fail)?;
        file.sync_all().map_err(fail)?;
    }
    Ok((file, place_id.trim().to_owned()))
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
