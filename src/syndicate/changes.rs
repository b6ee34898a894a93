//! Since when a document has its bytes: stored, so that every node and every later process says the same.

use crate::app::App;
use crate::feed::{Plan, RENDERER};
use crate::model::clock::to_micros;
use crate::model::feed_date::FeedDate;
use crate::store::feeds::{self, ChangeRow};
use crate::store::{Conn, StoreError};

use super::{scopes, websub};

const SECOND: i64 = 1_000_000;

/// A document as it was just rendered.
#[derive(Debug)]
pub(super) struct Print {
    /// Without leading slash.
    pub(super) path: String,
    /// Entity tag.
    pub(super) tag: String,
    /// Content version.
    pub(super) version: i64,
    /// Its own address, where hubs tell of its new bytes.
    pub(super) topic: Option<String>,
    /// Stands for all that it was printed from; empty where that is not known.
    pub(super) inputs: String,
}

/// Stands for all that the documents of a feed are printed from: the same again must give the same bytes.
pub(super) fn inputs(plan: &Plan, settings: &str) -> String {
    let numbers = format!("{RENDERER} {}", plan.updated_at);
    let parts = [
        env!("CARGO_PKG_VERSION"),
        settings,
        &numbers,
        &plan.mark,
        &plan.feed_id,
        &plan.term,
    ];
    scopes::hash(parts.map(str::as_bytes))
}

/// Since when each document has its bytes, in the order of `prints`. New bytes are noted: from now on, and at least one
/// second after the bytes before, because HTTP knows no fractions.
pub(super) async fn since(app: &App, prints: &[Print]) -> Result<Vec<FeedDate>, StoreError> {
    let mut conn = app.database.read().await?;
    let known = stored(&mut conn, prints).await?;
    drop(conn);
    if let Some(known) = known.into_iter().collect::<Option<Vec<FeedDate>>>() {
        return Ok(known);
    }
    let mut conn = app.database.begin().await?;
    let mut dates = Vec::with_capacity(prints.len());
    for print in prints {
        dates.push(note(app, &mut conn, print).await?);
    }
    conn.commit().await?;
    Ok(dates)
}

async fn stored(conn: &mut Conn, prints: &[Print]) -> Result<Vec<Option<FeedDate>>, StoreError> {
    let mut dates = Vec::with_capacity(prints.len());
    for print in prints {
        let row = feeds::change(conn, &print.path).await?;
        dates.push(
            row.filter(|row| row.etag == print.tag)
                .map(|row| FeedDate::from_micros(row.changed_at)),
        );
    }
    Ok(dates)
}

async fn note(app: &App, conn: &mut Conn, print: &Print) -> Result<FeedDate, StoreError> {
    let before = feeds::change(conn, &print.path).await?;
    // Nobody waits for the feed of a term that was not there before; the main feed may have had readers elsewhere.
    let is_awaited = before.is_some() || !print.path.contains('/');
    let is_same = |row: &ChangeRow| !row.inputs.is_empty() && row.inputs == print.inputs && row.etag != print.tag;
    if before.as_ref().is_some_and(is_same) {
        tracing::error!(
            path = print.path,
            version = print.version,
            "the same articles and settings were printed in two ways: readers are sent what they have; please report this defect"
        );
    }
    let now = to_micros(app.clock.now()).div_euclid(SECOND) * SECOND;
    let row = ChangeRow {
        path: print.path.clone(),
        etag: print.tag.clone(),
        changed_at: before.map_or(now, |row| now.max(row.changed_at + SECOND)),
        renderer: RENDERER,
        version: print.version,
        inputs: print.inputs.clone(),
    };
    let is_noted = feeds::put_change(conn, &row).await?;
    if let Some(topic) = print.topic.as_deref().filter(|_| is_noted && is_awaited) {
        websub::queue(app, conn, topic, &print.tag).await?;
    }
    // Another node may have been first, or be ahead: what stands in the row counts.
    let row = feeds::change(conn, &print.path).await?.unwrap_or(row);
    Ok(FeedDate::from_micros(row.changed_at))
}
