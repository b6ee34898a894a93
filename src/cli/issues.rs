//! `issues`: look at issues and operate them.

use clap::Subcommand;

use super::Session;
use super::output::{self, confirmed, json, line};
use crate::deliver::{self, IssueReport};

/// `issues …`
#[derive(Debug, Subcommand)]
pub(super) enum Issues {
    /// List issues, newest first
    List {
        /// How many
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Show one issue with its proof: candidates = accepted + failed + skipped + unknown + open
    #[command(
        after_help = "accepted: the relay took the letter. failed: it refused for good. skipped: the person left or may not \
                      be mailed. unknown: the connection broke before the relay answered. open: still to be sent, deferred ones \
                      among them.\n\nExample:\n  letterpress issues show 01KA4C… --json"
    )]
    Show {
        /// Its id, as `issues list` prints it
        id: String,
    },
    /// Stop sending an issue; letters under way are finished
    #[command(after_help = "Example:\n  letterpress issues pause 01KA4C…\n  letterpress issues resume 01KA4C…")]
    Pause {
        /// Its id
        id: String,
    },
    /// Go on sending a paused issue
    Resume {
        /// Its id
        id: String,
    },
    /// Send no further letter of an issue; its articles count as handled
    Cancel {
        /// Its id
        id: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

impl Issues {
    pub(super) async fn run(self, session: &Session) -> anyhow::Result<()> {
        let app = session.open().await?;
        match &self {
            Self::List { limit } => list(session, &deliver::list(&app, i64::from(*limit)).await?)?,
            Self::Show { id } => show(session, &deliver::show(&app, id).await?)?,
            Self::Pause { id } => {
                deliver::pause(&app, id, "by_hand").await?;
                line("Paused. `issues resume` goes on.")?;
            }
            Self::Resume { id } => {
                deliver::resume(&app, id).await?;
                line("Goes on; a running `letterpress serve` sends it.")?;
            }
            Self::Cancel { id, yes } => {
                let (_, counts) = deliver::counts(&app, id).await?;
                let question = format!("Cancel {} letters that have not gone out?", counts.open);
                if confirmed(&question, *yes)? {
                    let skipped = deliver::cancel(&app, id).await?;
                    line(&format!("Cancelled: {skipped} letters will not go out."))?;
                }
            }
        }
        app.database.close().await;
        Ok(())
    }
}

fn list(session: &Session, issues: &[IssueReport]) -> anyhow::Result<()> {
    if session.json {
        return json(&issues);
    }
    let rows: Vec<[String; 7]> = issues
        .iter()
        .map(|issue| {
            let counts = &issue.counts;
            [
                issue.id.clone(),
                format!("{}/{}", issue.newsletter, issue.schedule),
                issue.state.clone(),
                counts.candidates.to_string(),
                counts.accepted.to_string(),
                (counts.failed + counts.skipped + counts.unknown).to_string(),
                counts.open.to_string(),
            ]
        })
        .collect();
    let headings = ["id", "schedule", "state", "people", "accepted", "not accepted", "open"];
    output::table(
        headings,
        &rows,
        "No issue yet: `letterpress plan` shows what is coming.",
    )
}

fn show(session: &Session, issue: &IssueReport) -> anyhow::Result<()> {
    if session.json {
        return json(issue);
    }
    let counts = &issue.counts;
    let reason = issue
        .pause_reason
        .as_ref()
        .map_or_else(String::new, |reason| format!(" ({reason})"));
    line(&format!("issue      {}", issue.id))?;
    line(&format!(
        "schedule   {}/{}, {}",
        issue.newsletter, issue.schedule, issue.occurrence
    ))?;
    line(&format!("state      {}{reason}", issue.state))?;
    for article in &issue.articles {
        line(&format!("article    {}", article.title))?;
    }
    line(&format!(
        "proof      {} candidates = {} accepted + {} failed + {} skipped + {} unknown + {} open ({} deferred)",
        counts.candidates, counts.accepted, counts.failed, counts.skipped, counts.unknown, counts.open, counts.deferred
    ))?;
    if !counts.add_up() {
        line("THE PROOF DOES NOT ADD UP: please report this defect.")?;
    }
    for doubt in &issue.unknowns {
        let at = doubt.attempted_at.as_deref().unwrap_or("-");
        line(&format!(
            "unknown    subscriber {} at {at}: {}",
            doubt.subscriber, doubt.detail
        ))?;
    }
    Ok(())
}
