//! Quiet times: an issue that runs into one pauses, and goes on by itself when it is over (`delivery.md` 4.3).

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::config::Settings;
use crate::store::StoreError;
use crate::store::issues::{self, Issue};

use super::operate;

/// Why such an issue is paused.
const REASON: &str = "quiet";

/// Whether any schedule has quiet times.
pub(super) fn is_wanted(settings: &Settings) -> bool {
    let mut schedules = settings.newsletters.iter().flat_map(|newsletter| &newsletter.schedules);
    schedules.any(|schedule| !schedule.quiet.is_empty())
}

/// Pauses what runs into its quiet time, and lets go on what waited for the end of one; returns how many issues changed.
pub async fn keep_quiet(app: &App) -> Result<usize, StoreError> {
    let (settings, now) = (app.settings(), app.clock.now());
    let mut conn = app.database.read().await?;
    let mut to_pause = issues::in_state(&mut conn, "sending").await?;
    to_pause.retain(|issue| is_quiet(&settings, issue, now));
    let mut to_resume = issues::in_state(&mut conn, "paused").await?;
    to_resume.retain(|issue| issue.pause_reason.as_deref() == Some(REASON) && !is_quiet(&settings, issue, now));
    drop(conn);
    if to_pause.is_empty() && to_resume.is_empty() {
        return Ok(0);
    }
    let mut conn = app.database.begin().await?;
    let changed = operate::turn(&mut conn, &to_pause, ("sending", "paused"), Some(REASON)).await?
        + operate::turn(&mut conn, &to_resume, ("paused", "sending"), None).await?;
    conn.commit().await?;
    Ok(changed)
}

fn is_quiet(settings: &Settings, issue: &Issue, now: DateTime<Utc>) -> bool {
    settings.newsletter(&issue.newsletter_id).is_some_and(|newsletter| {
        let schedule = newsletter.schedule(&issue.schedule_id);
        schedule.is_some_and(|schedule| schedule.quiet.until(now, newsletter.time_zone).is_some())
    })
}
