//! `issues`: look at issues and operate them.

use clap::Subcommand;

use super::Session;
use super::output::{self, confirmed, json, line};
use crate::deliver::{self, IssueReport, Resolution, Unsent, Which};
use crate::feedback::{self, RatedArticle};

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
        /// Also when it is later than max_lateness
        #[arg(long)]
        late: bool,
    },
    /// Try letters again that failed; people who got the articles with a later issue are left out
    #[command(
        after_help = "Example:\n  letterpress issues retry 01KA4C…\n  letterpress issues retry 01KA4C… --subscriber 7"
    )]
    Retry {
        /// Its id
        id: String,
        /// Only the letter to this subscriber; may be given several times
        #[arg(long)]
        subscriber: Vec<i64>,
    },
    /// Decide about letters that the relay may or may not have taken
    #[command(
        after_help = "`issues show` lists them. Nobody but you can decide: ask the relay's log.\n\n\
                      Examples:\n  letterpress issues resolve 01KA4C… --accept --all\n  \
                      letterpress issues resolve 01KA4C… --resend 7 12"
    )]
    Resolve {
        /// Its id
        id: String,
        /// Send them once more
        #[arg(long, conflicts_with = "accept", required_unless_present = "accept")]
        resend: bool,
        /// They arrived
        #[arg(long)]
        accept: bool,
        /// Numbers of the subscribers
        #[arg(required_unless_present = "all")]
        subscribers: Vec<i64>,
        /// Every letter of the issue that is in doubt
        #[arg(long, conflicts_with = "subscribers")]
        all: bool,
    },
    /// Send no further letter of an issue; its articles count as handled
    Cancel {
        /// Its id
        id: String,
        /// The articles are still owed and go with the next issue
        #[arg(long)]
        requeue: bool,
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
            Self::Show { id } => {
                let issue = deliver::show(&app, id).await?;
                show(session, &issue, &feedback::report(&app, None, Some(id)).await?)?;
            }
            Self::Pause { id } => {
                deliver::pause(&app, id, "by_hand").await?;
                line("Paused. `issues resume` goes on.")?;
            }
            Self::Resume { id, late } => {
                deliver::resume(&app, id, *late).await?;
                line("Goes on; a running `letterpress serve` sends it.")?;
            }
            Self::Retry { id, subscriber } => {
                let which = which(subscriber, subscriber.is_empty());
                let count = deliver::retry(&app, id, &which).await?;
                line(&format!(
                    "{count} letters are tried again; a running `letterpress serve` sends them."
                ))?;
            }
            Self::Resolve {
                id,
                resend,
                subscribers,
                all,
                ..
            } => {
                let resolution = if *resend {
                    Resolution::Resend
                } else {
                    Resolution::Accept
                };
                let count = deliver::resolve(&app, id, &which(subscribers, *all), resolution).await?;
                line(&format!("Decided about {count} letters."))?;
            }
            Self::Cancel { id, requeue, yes } => {
                let (_, counts) = deliver::counts(&app, id).await?;
                let question = format!("Cancel {} letters that have not gone out?", counts.open);
                if confirmed(&question, *yes)? {
                    let unsent = if *requeue { Unsent::Owed } else { Unsent::Handled };
                    let skipped = deliver::cancel(&app, id, unsent).await?;
                    line(&format!("Cancelled: {skipped} letters will not go out."))?;
                }
            }
        }
        app.database.close().await;
        Ok(())
    }
}

fn which(subscribers: &[i64], all: bool) -> Which {
    if all {
        Which::All
    } else {
        Which::Of(subscribers.to_vec())
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

fn show(session: &Session, issue: &IssueReport, opinions: &[RatedArticle]) -> anyhow::Result<()> {
    if session.json {
        let mut value = serde_json::to_value(issue)?;
        if let Some(fields) = value.as_object_mut() {
            fields.insert("feedback".to_owned(), serde_json::to_value(opinions)?);
        }
        return json(&value);
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
    for breaker in &issue.breakers {
        line(&format!(
            "left alone {} until {}: {}; it is asked again by itself",
            breaker.scope, breaker.until, breaker.reason
        ))?;
    }
    for doubt in &issue.unknowns {
        let at = doubt.attempted_at.as_deref().unwrap_or("-");
        line(&format!(
            "unknown    subscriber {} at {at}: {}",
            doubt.subscriber, doubt.detail
        ))?;
    }
    for rated in opinions {
        line(&format!(
            "rated      {:.1} of 5 by {}: {}",
            rated.all.mean, rated.all.count, rated.title
        ))?;
    }
    Ok(())
}
