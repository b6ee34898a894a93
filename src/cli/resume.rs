//! `resume --after-restore`: a person has looked, and mail goes on.

use anyhow::bail;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use clap::Args;

use super::Session;
use super::output::{json, line};
use crate::model::clock::to_micros;
use crate::retain;

/// `resume`
#[derive(Debug, Args)]
#[command(
    after_help = "Mail is put on hold when the database may know less than what was sent: after `restore`, when an old file, a snapshot \
                  or a copy of the machine came into its place, or when it was moved to another place or public_url. \
                  `letterpress schedule` says why.\n\n\
                  Examples:\n  \
                  letterpress resume --after-restore                              everything until now counts as sent\n  \
                  letterpress resume --after-restore --since 2026-03-01T08:00:00Z  articles after that are still mailed\n  \
                  letterpress resume --after-restore --continue --since 1970-01-01 nothing was sent elsewhere: leave nothing out"
)]
pub(super) struct Resume {
    /// Says that you have looked at what was sent
    #[arg(long, required = true)]
    after_restore: bool,
    /// Open issues go on; otherwise they count as sent and are cancelled
    #[arg(long = "continue")]
    keep_issues: bool,
    /// Articles that became mailable after this time are still owed: RFC 3339, or a day (UTC)
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<DateTime<Utc>>,
}

fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Ok(at.to_utc());
    }
    match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        Ok(day) => Ok(day.and_time(NaiveTime::MIN).and_utc()),
        Err(_) => Err("write a time such as 2026-03-01T08:00:00Z, or a day such as 2026-03-01".to_owned()),
    }
}

impl Resume {
    pub(super) async fn run(self, session: &Session) -> anyhow::Result<()> {
        if !self.after_restore {
            bail!("resume: say `--after-restore`");
        }
        let app = session.open().await?;
        let wish = retain::Resume {
            keep_issues: self.keep_issues,
            since: self.since.map(to_micros),
        };
        let done = retain::resume(&app, wish).await;
        app.database.close().await;
        let done = done?;
        if session.json {
            return json(&done);
        }
        line(&format!(
            "Mail goes on. Issues cancelled: {}; articles taken as sent: {}.",
            done.cancelled, done.passed_over
        ))
    }
}
