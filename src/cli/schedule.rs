//! `schedule`: the next occurrences, and what became of past ones.

use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;
use serde::Serialize;

use super::Session;
use super::output::{json, line};
use crate::app::App;
use crate::config::{self, Cadence, Newsletter};
use crate::model::schedule as rules;
use crate::store::occurrences::{self, Occurrence};

/// Past occurrences that are shown.
const PAST: i64 = 10;

/// `schedule`
#[derive(Debug, Args)]
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
}

#[derive(Debug, Serialize)]
struct Next {
    local: String,
    utc: String,
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
        rows.iter().try_for_each(say)
    }

    async fn row(&self, app: &App, newsletter: &Newsletter, schedule: &config::Schedule) -> anyhow::Result<Row> {
        let zone = newsletter.time_zone;
        let (rule, next) = match &schedule.cadence {
            Cadence::Cron(rule) => (rule.in_words(), rules::next(rule, zone, app.clock.now(), self.next)),
            Cadence::Instant => (
                "a letter per article, once it has stopped changing".to_owned(),
                Vec::new(),
            ),
        };
        let mut conn = app.database.read().await?;
        let past = occurrences::past(&mut conn, &newsletter.id, &schedule.id, PAST).await?;
        Ok(Row {
            newsletter: newsletter.id.clone(),
            schedule: schedule.id.clone(),
            rule,
            zone: zone.name().to_owned(),
            next: next.iter().map(|next| moment(next.at, zone)).collect(),
            past: past.into_iter().map(outcome).collect(),
        })
    }
}

fn moment(at: DateTime<Utc>, zone: chrono_tz::Tz) -> Next {
    Next {
        local: at.with_timezone(&zone).to_rfc3339_opts(SecondsFormat::Secs, false),
        utc: at.to_rfc3339_opts(SecondsFormat::Secs, true),
    }
}

fn outcome(past: Occurrence) -> Past {
    let reason = past.reason.or_else(|| {
        let said = match past.state.as_str() {
            "empty" => "nobody was owed an article",
            "short" => "fewer than min_articles; they wait for more",
            _ => return None,
        };
        Some(said.to_owned())
    });
    Past {
        occurrence: past.occurrence,
        outcome: past.state,
        reason,
        count: past.count,
    }
}

fn say(row: &Row) -> anyhow::Result<()> {
    line(&format!(
        "{}/{}: {} ({})",
        row.newsletter, row.schedule, row.rule, row.zone
    ))?;
    for next in &row.next {
        line(&format!("  next  {}   {}", next.local, next.utc))?;
    }
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
