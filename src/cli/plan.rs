//! `plan`: what the next issues would hold, and for how many people.

use chrono::{DateTime, Utc};
use clap::Args;

use super::Session;
use super::output::{json, line};
use crate::compose;

/// `plan`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  letterpress plan\n  letterpress plan --at 2027-01-04T08:00:00Z --json")]
pub(super) struct Plan {
    /// Plan as of this moment, RFC 3339 [default: now]
    #[arg(long, value_name = "TIME")]
    at: Option<DateTime<Utc>>,
}

impl Plan {
    pub(super) async fn run(self, session: &Session) -> anyhow::Result<()> {
        let app = session.open().await?;
        let at = self.at.unwrap_or_else(|| app.clock.now());
        let planned = compose::plan(&app, at).await?;
        app.database.close().await;
        if session.json {
            return json(&planned);
        }
        if planned.is_empty() {
            return line("Nothing is planned: the config has no schedule with a next time.");
        }
        for issue in &planned {
            line(&format!("{}/{} due {}", issue.newsletter, issue.schedule, issue.due_at))?;
            if issue.variants.is_empty() {
                line("  nothing: nobody is owed an article")?;
            }
            for variant in &issue.variants {
                line(&format!("  {} recipients get:", variant.recipients))?;
                for article in &variant.articles {
                    line(&format!("    {}", article.title))?;
                }
                for article in &variant.listed {
                    line(&format!("    (named only) {}", article.title))?;
                }
            }
        }
        Ok(())
    }
}
