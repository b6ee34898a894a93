//! Proxies that the config does not name: noted by requests, written down for `doctor`, which is another process.

use std::net::IpAddr;

use crate::app::App;
use crate::model::clock::to_micros;
use crate::model::network::{is_trusted, whereabouts};
use crate::store::strangers::{self, Stranger};
use crate::store::{Conn, StoreError};

/// Where nobody came from for so long, the config was mended: a week, in microseconds.
const KEPT: i64 = 7 * 86_400_000_000;
/// From the Internet anybody may send such headers: so many requests are a proxy rather than somebody who tries something.
const MANY: i64 = 20;

/// Notes a request with headers of a proxy, unless that proxy is trusted. Touches memory only.
pub fn note_forwarded(app: &App, peer: IpAddr) {
    if !is_trusted(peer, &app.settings().http.trusted_proxies) {
        app.feeds.strangers.note(peer);
    }
}

/// Writes down what was noted, and forgets what is old; says whether there was anything.
pub async fn write_strangers(app: &App) -> Result<bool, StoreError> {
    let mut taken = app.feeds.strangers.take();
    // In one order on every node, so that none waits for another.
    taken.sort();
    let is_news = !taken.is_empty();
    let from = to_micros(app.clock.now()) - KEPT;
    if !is_news && !strangers::any_before(&mut app.database.read().await?, from).await? {
        return Ok(false);
    }
    let written = write(app, &taken).await;
    if written.is_err() {
        app.feeds.strangers.put_back(taken);
    }
    written.map(|()| is_news)
}

async fn write(app: &App, taken: &[(String, i64)]) -> Result<(), StoreError> {
    let seen_at = to_micros(app.clock.now());
    let mut conn = app.database.begin().await?;
    // First, so that there is room.
    strangers::forget(&mut conn, seen_at - KEPT).await?;
    for (whereabouts, requests) in taken {
        let stranger = Stranger {
            whereabouts: whereabouts.clone(),
            requests: *requests,
            seen_at,
        };
        strangers::add(&mut conn, &stranger).await?;
    }
    conn.commit().await
}

/// Proxies of the last week that the config should perhaps name, the busiest first; `conn` for reading.
pub async fn unlisted_proxies(app: &App, conn: &mut Conn) -> Result<Vec<Stranger>, StoreError> {
    let trusted = &app.settings().http.trusted_proxies;
    let mut found = strangers::since(conn, to_micros(app.clock.now()) - KEPT).await?;
    found.retain(|one| match one.whereabouts.parse() {
        // It may have been named meanwhile.
        Ok(address) => !is_trusted(address, trusted),
        Err(_) => one.requests >= MANY && !trusted.iter().any(|known| whereabouts(*known) == one.whereabouts),
    });
    Ok(found)
}
