//! How many people read the feeds: counted in memory, kept as numbers, shown to the author.
//!
//! ```text
//! request ──▶ [note] hashes in memory, with the day's salt ──▶ [count_readers] numbers ──▶ rows ──▶ [audience]
//! ```

use aws_lc_rs::digest;
use data_encoding::HEXLOWER;

use crate::app::App;
use crate::feed::Reading;
use crate::model::clock::to_micros;
use crate::model::readers::{Audience, audiences, day_of};
use crate::store::{StoreError, readers};

/// How long numbers are kept, in days.
const KEPT: i64 = 90;
/// Days that are shown, the day at hand among them.
const SHOWN: i64 = 30;

/// Counts whoever was answered from memory. Touches memory only.
pub fn note(app: &App, reading: Reading<'_>) {
    app.feeds.readers.note(reading, today(app), &*app.chance);
}

/// Writes the numbers that changed, and forgets the salt of a day that is over, and old numbers; says whether anything
/// was written.
pub async fn count_readers(app: &App) -> Result<bool, StoreError> {
    let (held, day) = (&app.feeds.readers, today(app));
    held.turn(day, &*app.chance);
    let counts = held.unwritten();
    if counts.is_empty() {
        return Ok(false);
    }
    let node = node(app);
    let mut conn = app.database.begin().await?;
    for count in &counts {
        readers::put(&mut conn, &node, count).await?;
    }
    readers::forget(&mut conn, day - KEPT).await?;
    conn.commit().await?;
    held.note_written(&counts);
    Ok(true)
}

fn today(app: &App) -> i64 {
    day_of(to_micros(app.clock.now()))
}

/// The same after a restart, and another one on every node: its place, and where it listens.
fn node(app: &App) -> String {
    let host = || std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let place = app.place.id().unwrap_or_else(host);
    let named = format!("{} {}", place.trim(), app.settings().http.listen);
    HEXLOWER.encode(&digest::digest(&digest::SHA256, named.as_bytes()).as_ref()[..8])
}

/// How many people read each feed that somebody read in the last thirty days; the feed of all first, then the largest.
pub async fn audience(app: &App) -> Result<Vec<Audience>, StoreError> {
    let today = today(app);
    let mut conn = app.database.read().await?;
    let counts = readers::since(&mut conn, today - SHOWN + 1).await?;
    Ok(audiences(&counts, today))
}
