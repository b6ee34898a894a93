//! What time alone brings about, and whether there is anything to show yet.

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::model::clock::{from_micros, to_micros};
use crate::store::{articles, sources};

use super::report::IngestError;

/// Scheduled articles whose time has come become public; says whether there were any.
pub async fn publish_due(app: &App) -> Result<bool, IngestError> {
    let now = app.clock.now();
    if next_due(app).await?.is_none_or(|due| due > now) {
        return Ok(false);
    }
    let mut conn = app.database.begin().await?;
    let due = articles::publish_due(&mut conn, to_micros(now)).await?;
    if due > 0 {
        articles::bump_version(&mut conn, now).await?;
    }
    conn.commit().await?;
    Ok(due > 0)
}

/// When the next scheduled article falls due.
pub async fn next_due(app: &App) -> Result<Option<DateTime<Utc>>, IngestError> {
    let mut conn = app.database.read().await?;
    Ok(articles::next_due(&mut conn).await?.map(from_micros))
}

/// Whether every source has been scanned completely once.
pub async fn is_scanned(app: &App) -> Result<bool, IngestError> {
    let mut conn = app.database.read().await?;
    for source in &app.settings().sources {
        if sources::one(&mut conn, &source.id).await?.baseline_at.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}
