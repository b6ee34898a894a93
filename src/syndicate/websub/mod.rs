//! WebSub: whoever wants to know at once is told of the new bytes of a feed.
//!
//! ```text
//! [changes] new bytes ──▶ jobs: a ping for each outside hub, a document for each subscriber of the built-in one
//! http ──▶ [hub] a request ──▶ job: a question for the callback
//! worker ──▶ [courier] takes jobs that are due, asks and tells, and records what came of it
//! ```
//!
//! Jobs are rows, written in the transaction that notes the new bytes, so that a process that dies forgets none; a node has
//! one for a minute, so that of several nodes one does it.

mod courier;
mod hub;
mod outcome;
mod parcel;

use std::collections::HashSet;
use std::sync::Arc;

pub use courier::{Courier, MOST_AT_ONCE, claim, forget_expired};
pub use hub::{HubError, ask};

pub use crate::store::websub::Job;

use crate::app::App;
use crate::config::Settings;
use crate::feed::{Shelf, Slot};
use crate::model::clock::{micros, to_micros};
use crate::model::feed_key::{FeedKey, Scope};
use crate::model::feed_url::percent_decode;
use crate::model::websub::{Kind, SETTLE, pair_key};
use crate::store::{Conn, StoreError, websub};

/// Whether there is a hub at `/websub`.
pub fn is_open(app: &App) -> bool {
    app.settings().own_hub().is_some()
}

/// The time by which jobs and leases go: one for all nodes, and the one that a test has set.
async fn now(app: &App, conn: &mut Conn) -> Result<i64, StoreError> {
    let here = to_micros(app.clock.now());
    if app.clock.is_real() {
        conn.shared_time(here).await
    } else {
        Ok(here)
    }
}

/// Queues what is to be told of a feed that has the bytes of `tag` from now on, in the transaction that notes them.
pub(super) async fn queue(app: &App, conn: &mut Conn, topic: &str, tag: &str) -> Result<(), StoreError> {
    let settings = app.settings();
    let now = now(app, conn).await?;
    let settled = now + micros(SETTLE);
    for hub in settings.outside_hubs() {
        let ping = Job {
            kind: Kind::Ping,
            key: pair_key(&hub, topic),
            target: hub,
            topic: topic.to_owned(),
            tag: tag.to_owned(),
            secret: None,
            lease_seconds: 0,
            queued_at: now,
            attempts: 0,
            lease_until: 0,
        };
        websub::queue(conn, &ping, settled).await?;
    }
    if settings.own_hub().is_some() {
        websub::queue_documents(conn, topic, tag, now, settled).await?;
    }
    Ok(())
}

/// The feeds whose new bytes somebody is told of, so that they are rendered when they change and not when they are read.
#[derive(Debug, Default)]
pub(super) struct Awaited {
    scopes: HashSet<Scope>,
    /// Whom other hubs tell is known to them alone.
    by_others: bool,
}

impl Awaited {
    /// Whether a feed is one of them; `before` are the feeds until now: what changes is what other hubs may have told of.
    pub(super) fn holds(&self, slot: &Arc<Slot>, before: &Shelf) -> bool {
        let has_changed = |old: &Arc<Slot>| !Arc::ptr_eq(old, slot);
        let scope = &slot.plan.scope;
        self.scopes.contains(scope) || (self.by_others && before.slot(scope).is_some_and(has_changed))
    }
}

/// Reads which feeds have subscribers.
pub(super) async fn awaited(app: &App, settings: &Settings) -> Result<Awaited, StoreError> {
    let mut awaited = Awaited {
        by_others: !settings.outside_hubs().is_empty(),
        ..Awaited::default()
    };
    if settings.own_hub().is_some() {
        let mut conn = app.database.read().await?;
        let now = now(app, &mut conn).await?;
        let topics = websub::topics(&mut conn, now).await?;
        awaited.scopes = topics.iter().filter_map(|topic| scope(settings, topic)).collect();
    }
    Ok(awaited)
}

/// Whose articles the feed at an address holds.
fn scope(settings: &Settings, topic: &str) -> Option<Scope> {
    let path = percent_decode(&path(settings, topic)?)?;
    FeedKey::from_path(&path).map(|key| key.scope)
}

/// The path of an address below that of the feeds, without leading slash.
fn path(settings: &Settings, topic: &str) -> Option<String> {
    topic.strip_prefix(settings.feeds.base_url.as_str()).map(str::to_owned)
}
