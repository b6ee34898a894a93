//! `schedule`: the next occurrences, and what became of past ones.

use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::{IANA_TZDB_VERSION, Tz};
use clap::Args;
use serde::Serialize;

use super::Session;
use super::output::{json, line};
use crate::app::App;
use crate::config::{self, Cadence, CatchUp, Newsletter};
use crate::model::hold::Hold;
use crate::model::schedule as rules;
use crate::store::occurrences::{self, Occurrence};

/// Past occurrences that are shown.
const PAST: i64 = 10;

/// `schedule`
#[derive(Debug, Args)]
#[command(
    after_help = "Past occurrences are shown with what became of them: fired, empty (nobody was owed an article), missed, \
                        merged, quiet (it fell into a quiet time and goes out with the one at its end), gap (the clock skipped it), flood (so many articles at once that a person has to decide).\n\n\
                        Examples:\n  letterpress schedule --next 10\n  letterpress schedule --json"
)]
pub(super) struct Schedule {
    /// How many of the next occurrences
    #[arg(long, default_value_t = 5, value_name = "N")]
    next: usize,
}

#[derive(Debug, Serialize)]
struct Row {
    newsletter: String,
    schedule: String,
    rule: String,
    zone: String,
    next: Vec<Next>,
    past: Vec<Past>,
    /// Why nothing is composed and sent, although it may be due.
    #[serde(skip_serializing_if = "Option::is_none")]
    held: Option<&'static str>,
}

/// One occurrence to come, RFC 3339.
#[derive(Debug, Serialize)]
pub(super) struct Next {
    local: String,
    utc: String,
    /// When it goes out, if that is later: the end of a quiet time.
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_until: Option<String>,
}

#[derive(Debug, Serialize)]
struct Past {
    occurrence: String,
    outcome: String,
    reason: Option<String>,
    count: i64,
}

impl Schedule {
    pub(super) async fn run(self, session: &Session) -> anyhow::Result<()> {
        let app = session.open().await?;
        let mut rows = Vec::new();
        for newsletter in &app.settings().newsletters {
            for schedule in &newsletter.schedules {
                rows.push(self.row(&app, newsletter, schedule).await?);
            }
        }
        app.database.close().await;
        if session.json {
            return json(&rows);
        }
        if rows.is_empty() {
            return line("The config has no newsletter yet: add [[newsletters]].");
        }
        if let Some(hold) = app.last_hold() {
            line(&format!("MAIL IS ON HOLD: {hold}.\n"))?;
        }
        rows.iter().try_for_each(say)?;
        line(&format!("Time zones as of {IANA_TZDB_VERSION}."))
    }

    async fn row(&self, app: &App, newsletter: &Newsletter, schedule: &config::Schedule) -> anyhow::Result<Row> {
        let (rule, next) = coming(newsletter, schedule, app.clock.now(), self.next);
        let mut conn = app.database.read().await?;
        let past = occurrences::past(&mut conn, &newsletter.id, &schedule.id, PAST).await?;
        Ok(Row {
            newsletter: newsletter.id.clone(),
            schedule: schedule.id.clone(),
            rule,
            zone: newsletter.time_zone.name().to_owned(),
            next,
            held: app.last_hold().map(Hold::word),
            past: past.into_iter().map(|past| outcome(past, schedule)).collect(),
        })
    }
}

/// The reading of a schedule in words, and its next occurrences.
pub(super) fn coming(
    newsletter: &Newsletter,
    schedule: &config::Schedule,
    now: DateTime<Utc>,
    count: usize,
) -> (String, Vec<Next>) {
    let zone = newsletter.time_zone;
    match &schedule.cadence {
        Cadence::Cron(rule) => {
            let next = rules::next(rule, zone, now, count);
            let moments = next.iter().map(|next| Next {
                waits_until: schedule.quiet.until(next.at, zone).map(|end| moment(end, zone).local),
                ..moment(next.at, zone)
            });
            (rule.in_words(), moments.collect())
        }
        Cadence::Instant => (
            "a letter per article, once it has stopped changing".to_owned(),
            Vec::new(),
        ),
    }
}

fn moment(at: DateTime<Utc>, zone: Tz) -> Next {
    Next {
        local: at.with_timezone(&zone).to_rfc3339_opts(SecondsFormat::Secs, false),
        utc: at.to_rfc3339_opts(SecondsFormat::Secs, true),
        waits_until: None,
    }
}

/// What became of an occurrence, why, and what can be done about it.
fn outcome(past: Occurrence, schedule: &config::Schedule) -> Past {
    let by_hand = format!(
        "letterpress send {} --schedule {}",
        past.newsletter_id, past.schedule_id
    );
    let said = past.reason.unwrap_or_default();
    let reason = match past.state.as_str() {
        "fired" => past.issue_id.map(|id| format!("issue {id}")),
        "empty" => Some("nobody was owed an article".to_owned()),
        "short" => Some("there were fewer articles than min_articles; they wait for the next occurrence".to_owned()),
        "missed" if schedule.cadence == Cadence::Instant => Some(said),
        "missed" if schedule.catch_up == CatchUp::Skip => {
            Some(format!("{said}; what it would have carried is not mailed (catch_up)"))
        }
        "missed" => Some(format!(
            "{said}; what it would have carried goes out with the next one, or now with `{by_hand}`"
        )),
        "flood" => Some(format!("{said}; if that is meant, send them with `{by_hand}`")),
        _ => Some(said).filter(|said| !said.is_empty()),
    };
    Past {
        occurrence: past.occurrence,
        outcome: past.state,
        reason,
        count: past.count,
    }
}

/// Prints the next occurrences, one line each.
pub(super) fn say_next(next: &[Next]) -> anyhow::Result<()> {
    next.iter().try_for_each(|next| {
        let waits = next.waits_until.as_ref();
        let waits = waits.map_or_else(String::new, |end| format!("   quiet: goes out at {end}"));
        line(&format!("  next  {}   {}{waits}", next.local, next.utc))
    })
}

fn say(row: &Row) -> anyhow::Result<()> {
    line(&format!(
        "{}/{}: {} ({})",
        row.newsletter, row.schedule, row.rule, row.zone
    ))?;
    say_next(&row.next)?;
    for past in &row.past {
        let reason = past
            .reason
            .as_ref()
            .map_or_else(String::new, |reason| format!(": {reason}"));
        let times = if past.count > 1 {
            format!(" ×{}", past.count)
        } else {
            String::new()
        };
        line(&format!(
            "  past  {}   {}{times}{reason}",
            past.occurrence, past.outcome
        ))?;
    }
    Ok(())
}
