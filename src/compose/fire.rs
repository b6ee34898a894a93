//! The fire loop: which occurrences are due, and what becomes of those that were missed (`delivery.md` 4.3).

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;

use crate::app::App;
use crate::config::{Cadence, CatchUp, Newsletter, Schedule};
use crate::model::clock::{from_micros, micros, to_micros};
use crate::model::schedule::{self, CronRule, OccurrenceKey};
use crate::store::occurrences::{self, Anchor, Occurrence};
use crate::store::{Conn, articles, audience};

use super::ComposeError;
use super::draft::Audience;
use super::due::Due;
use super::issue::{Composed, compose};

/// Between two catch-up letters.
const A_DAY: Duration = Duration::from_secs(86_400);

/// One round over every schedule; returns how many issues it made.
pub(super) async fn round(app: &App) -> Result<usize, ComposeError> {
    let settings = app.settings();
    let mut made = 0;
    for newsletter in &settings.newsletters {
        for schedule in &newsletter.schedules {
            let anchor = anchor(app, newsletter, schedule).await?;
            made += match &schedule.cadence {
                Cadence::Cron(rule) => fire_cron(app, newsletter, schedule, rule, anchor).await?,
                Cadence::Instant => fire_instant(app, newsletter, schedule, anchor).await?,
            };
        }
    }
    Ok(made)
}

/// Notes when each schedule was first seen.
pub(super) async fn note_schedules(app: &App) -> Result<(), ComposeError> {
    let settings = app.settings();
    for newsletter in &settings.newsletters {
        for schedule in &newsletter.schedules {
            anchor(app, newsletter, schedule).await?;
        }
    }
    Ok(())
}

/// A new schedule, or one whose rule or zone changed, starts with now: editing 08:00 to 07:00 fires nothing today.
async fn anchor(app: &App, newsletter: &Newsletter, schedule: &Schedule) -> Result<Anchor, ComposeError> {
    let rule = match &schedule.cadence {
        Cadence::Cron(rule) => rule.to_string(),
        Cadence::Instant => "instant".to_owned(),
    };
    let text = format!("{rule}\n{}", newsletter.time_zone.name());
    let rule_hash = HEXLOWER.encode(&digest(&SHA256, text.as_bytes()).as_ref()[..16]);
    let mut conn = app.database.read().await?;
    let known = occurrences::anchor(&mut conn, &newsletter.id, &schedule.id).await?;
    drop(conn);
    let now = to_micros(app.clock.now());
    let fresh = match known {
        Some(anchor) if anchor.rule_hash == rule_hash => return Ok(anchor),
        Some(anchor) => Anchor {
            rule_hash,
            anchor_at: now,
            started_at: anchor.started_at,
        },
        None => Anchor {
            rule_hash,
            anchor_at: now,
            started_at: now,
        },
    };
    let mut conn = app.database.begin().await?;
    occurrences::set_anchor(
        &mut conn,
        &newsletter.id,
        &schedule.id,
        newsletter.time_zone.name(),
        &fresh,
    )
    .await?;
    conn.commit().await?;
    Ok(fresh)
}

async fn fire_cron(
    app: &App,
    newsletter: &Newsletter,
    schedule: &Schedule,
    rule: &CronRule,
    anchor: Anchor,
) -> Result<usize, ComposeError> {
    let now = app.clock.now();
    let zone = newsletter.time_zone;
    if schedule.quiet.until(now, zone).is_some() {
        return Ok(0);
    }
    let passed = schedule::occurrences(rule, newsletter.time_zone, from_micros(anchor.anchor_at), now);
    let Some(newest) = passed.iter().rev().find(|occurrence| occurrence.fires()) else {
        return Ok(0);
    };
    // Late only from the end of the quiet time that it fell into.
    let due_at = schedule.quiet.until(newest.at, zone).unwrap_or(newest.at);
    let late = (now - due_at).to_std().unwrap_or_default();
    let fired = passed.iter().filter(|occurrence| occurrence.fires()).count();
    let mut conn = app.database.begin().await?;
    record_older(&mut conn, newsletter, schedule, &passed, newest, now).await?;
    let made = if late > schedule.max_lateness {
        miss(&mut conn, newsletter, schedule, newest, fired, now).await?;
        move_anchor(&mut conn, newsletter, schedule, anchor, newest.at).await?;
        conn.commit().await?;
        0
    } else {
        conn.commit().await?;
        let due = Due {
            newsletter,
            schedule,
            key: newest.key.as_str().to_owned(),
            due_at: to_micros(due_at),
            now: to_micros(now),
            since: anchor.anchor_at,
            who: Audience::All,
            only: None,
            settle: true,
        };
        let composed = compose(app, &due).await?;
        let mut conn = app.database.begin().await?;
        move_anchor(&mut conn, newsletter, schedule, anchor, newest.at).await?;
        conn.commit().await?;
        usize::from(matches!(composed, Composed::Issue { .. }))
    };
    Ok(made)
}

async fn move_anchor(
    conn: &mut Conn,
    newsletter: &Newsletter,
    schedule: &Schedule,
    anchor: Anchor,
    at: DateTime<Utc>,
) -> Result<(), ComposeError> {
    let moved = Anchor {
        anchor_at: to_micros(at),
        ..anchor
    };
    Ok(occurrences::set_anchor(conn, &newsletter.id, &schedule.id, newsletter.time_zone.name(), &moved).await?)
}

fn row(
    newsletter: &Newsletter,
    schedule: &Schedule,
    key: &OccurrenceKey,
    at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Occurrence {
    Occurrence {
        newsletter_id: newsletter.id.clone(),
        schedule_id: schedule.id.clone(),
        occurrence: key.as_str().to_owned(),
        due_at: to_micros(at),
        zone: newsletter.time_zone.name().to_owned(),
        state: String::new(),
        reason: None,
        count: 1,
        issue_id: None,
        decided_at: to_micros(now),
    }
}

/// Older occurrences are merged into the newest: never more than one issue per schedule and round.
async fn record_older(
    conn: &mut Conn,
    newsletter: &Newsletter,
    schedule: &Schedule,
    passed: &[schedule::Occurrence],
    newest: &schedule::Occurrence,
    now: DateTime<Utc>,
) -> Result<(), ComposeError> {
    let older: Vec<_> = passed
        .iter()
        .filter(|o| o.key != newest.key && o.at <= newest.at)
        .collect();
    let Some(last) = older.last() else { return Ok(()) };
    let mut merged = row(newsletter, schedule, &last.key, last.at, now);
    let swallowed = older.len() == 1 && matches!(last.note, schedule::Note::Gap);
    let zone = newsletter.time_zone;
    let quiet = older.iter().all(|o| schedule.quiet.until(o.at, zone).is_some());
    let (state, reason) = match (swallowed, quiet) {
        (true, _) => ("gap", "the clock skipped this time".to_owned()),
        (_, true) => ("quiet", format!("in quiet time, so it goes out with {}", newest.key)),
        _ => ("merged", format!("merged into {}", newest.key)),
    };
    state.clone_into(&mut merged.state);
    merged.count = i64::try_from(older.len()).unwrap_or(i64::MAX);
    merged.reason = Some(reason);
    occurrences::insert(conn, &merged).await?;
    Ok(())
}

async fn miss(
    conn: &mut Conn,
    newsletter: &Newsletter,
    schedule: &Schedule,
    newest: &schedule::Occurrence,
    fired: usize,
    now: DateTime<Utc>,
) -> Result<(), ComposeError> {
    let mut missed = row(newsletter, schedule, &newest.key, newest.at, now);
    "missed".clone_into(&mut missed.state);
    missed.count = i64::try_from(fired).unwrap_or(1);
    missed.reason = Some("the service was away for longer than max_lateness".to_owned());
    if !occurrences::insert(conn, &missed).await? || schedule.catch_up == CatchUp::Merge {
        return Ok(());
    }
    let at = to_micros(newest.at);
    let from = at.saturating_sub(micros(newsletter.look_back));
    for article in articles::mailable(conn, at, from, at, &newsletter.id, &schedule.id).await? {
        occurrences::pass_over(
            conn,
            (&newsletter.id, &schedule.id),
            &article.id,
            "catch_up",
            to_micros(now),
        )
        .await?;
    }
    Ok(())
}

/// One issue per article, once it has stopped changing; and once a day the catch-up letter (`delivery.md` 4.5).
async fn fire_instant(
    app: &App,
    newsletter: &Newsletter,
    schedule: &Schedule,
    anchor: Anchor,
) -> Result<usize, ComposeError> {
    let (quiet, zone) = (&schedule.quiet, newsletter.time_zone);
    if quiet.until(app.clock.now(), zone).is_some() {
        return Ok(0);
    }
    let now = to_micros(app.clock.now());
    let mut conn = app.database.read().await?;
    let from = now
        .saturating_sub(micros(newsletter.look_back))
        .max(anchor.started_at - 1);
    let settled = now - micros(schedule.settle);
    let found = articles::mailable(&mut conn, now, from, settled, &newsletter.id, &schedule.id).await?;
    let mut open = Vec::new();
    for article in found {
        let key = OccurrenceKey::article(&article.id);
        if !occurrences::is_decided(&mut conn, &newsletter.id, &schedule.id, key.as_str()).await? {
            open.push((key, article));
        }
    }
    drop(conn);
    let mut made = 0;
    for (key, article) in open {
        let settled_at = article.mailable_at.max(article.changed_at) + micros(schedule.settle);
        let due_at = quiet.until(from_micros(settled_at), zone).map_or(settled_at, to_micros);
        if now - due_at > micros(schedule.max_lateness) {
            miss_instant(app, newsletter, schedule, &key, due_at).await?;
            continue;
        }
        let due = Due {
            newsletter,
            schedule,
            key: key.as_str().to_owned(),
            due_at,
            now,
            since: now,
            who: Audience::All,
            only: Some(article.id.clone()),
            settle: true,
        };
        made += usize::from(matches!(compose(app, &due).await?, Composed::Issue { .. }));
    }
    Ok(made + catch_up(app, newsletter, schedule, now).await?)
}

async fn miss_instant(
    app: &App,
    newsletter: &Newsletter,
    schedule: &Schedule,
    key: &OccurrenceKey,
    due_at: i64,
) -> Result<(), ComposeError> {
    let mut conn = app.database.begin().await?;
    let mut missed = row(newsletter, schedule, key, from_micros(due_at), app.clock.now());
    "missed".clone_into(&mut missed.state);
    missed.reason =
        Some("the service was away for longer than max_lateness; the next catch-up letter carries it".to_owned());
    occurrences::insert(&mut conn, &missed).await?;
    audience::flag_all(&mut conn, (&newsletter.id, &schedule.id)).await?;
    conn.commit().await?;
    Ok(())
}

async fn catch_up(app: &App, newsletter: &Newsletter, schedule: &Schedule, now: i64) -> Result<usize, ComposeError> {
    let local = from_micros(now).with_timezone(&newsletter.time_zone);
    if local.time() < schedule.catch_up_at {
        return Ok(0);
    }
    let mut conn = app.database.read().await?;
    let key = OccurrenceKey::owed(local.date_naive());
    let names = (newsletter.id.as_str(), schedule.id.as_str());
    let waiting = audience::waiting_for_catch_up(&mut conn, names).await?;
    if waiting == 0 || occurrences::is_decided(&mut conn, names.0, names.1, key.as_str()).await? {
        return Ok(0);
    }
    drop(conn);
    let due = Due {
        newsletter,
        schedule,
        key: key.as_str().to_owned(),
        due_at: now,
        now,
        since: now - micros(A_DAY),
        who: Audience::Waiting,
        only: None,
        settle: true,
    };
    Ok(usize::from(matches!(compose(app, &due).await?, Composed::Issue { .. })))
}
