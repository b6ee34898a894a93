//! `send`: an issue now, or one test letter.

use std::sync::Arc;

use clap::Args;
use tokio_util::sync::CancellationToken;

use super::output::{confirmed, json, line};
use super::preview::recipient;
use super::progress::Progress;
use super::{Code, Session};
use crate::app::App;
use crate::bounces;
use crate::compose::{self, Composed};
use crate::deliver;
use crate::model::clock::to_micros;
use crate::store::audience;

/// More people than this are many: `send` asks first.
const MANY: i64 = 1_000;

/// `send`
#[derive(Debug, Args)]
#[command(
    after_help = "Everybody of the schedule gets what they are owed: articles that they have not been mailed yet.\n\
                        Nobody gets an article twice, however often this is run.\n\n\
                        Examples:\n  letterpress send notes --test you@example.org\n  \
                        letterpress send notes --schedule weekly\n  letterpress send notes --schedule weekly --wait"
)]
pub(super) struct Send {
    /// Id of the newsletter
    newsletter: String,
    /// Id of the schedule [default: the newsletter's default]
    #[arg(long)]
    schedule: Option<String>,
    /// Send one test letter to this address instead; nothing is recorded
    #[arg(long, value_name = "ADDRESS")]
    test: Option<String>,
    /// Do not ask, however many people it reaches
    #[arg(long)]
    yes: bool,
    /// Send it from here and wait until nothing is open; without this a running `serve` sends it
    #[arg(long)]
    wait: bool,
}

impl Send {
    pub(super) async fn run(self, session: &Session, stop: CancellationToken) -> anyhow::Result<Code> {
        let app = session.open().await?;
        let code = match &self.test {
            Some(address) => self.send_test(&app, address).await?,
            None => self.send_issue(session, &app, &stop).await?,
        };
        app.database.close().await;
        Ok(code)
    }

    async fn send_test(&self, app: &App, address: &str) -> anyhow::Result<Code> {
        let preview = compose::preview(app, &self.newsletter, self.schedule.as_deref()).await?;
        let to = recipient(app, Some(address))?;
        let letter = deliver::test_letter(app, &preview.newsletter, &preview.letter, &to).await?;
        deliver::send_test(app, &letter).await?;
        line(&format!("The relay accepted “{}”.", letter.subject))?;
        Ok(0)
    }

    /// Before many letters leave somebody who sits at a terminal is asked.
    async fn is_meant(&self, app: &App, schedule: &str) -> anyhow::Result<bool> {
        let mut conn = app.database.read().await?;
        let now = to_micros(app.clock.now());
        let people = audience::count(&mut conn, (&self.newsletter, schedule), now).await?;
        drop(conn);
        let question = format!("Send to up to {people} people of {}/{schedule}?", self.newsletter);
        Ok(people <= MANY || confirmed(&question, self.yes)?)
    }

    async fn send_issue(&self, session: &Session, app: &Arc<App>, stop: &CancellationToken) -> anyhow::Result<Code> {
        let schedule = match &self.schedule {
            Some(schedule) => schedule.clone(),
            None => default_schedule(app, &self.newsletter)?,
        };
        if !self.is_meant(app, &schedule).await? {
            return Ok(1);
        }
        let (id, candidates) = match compose::send_now(app, &self.newsletter, &schedule).await? {
            Composed::Issue { id, candidates } => (id, candidates),
            Composed::Empty => {
                say(
                    session,
                    &serde_json::json!({ "issue": null }),
                    "Nobody is owed an article: nothing to send.",
                )?;
                return Ok(0);
            }
            Composed::Flood(_) | Composed::Taken => anyhow::bail!("compose the issue: another process was faster"),
        };
        if !self.wait {
            let text = format!("Issue {id} for {candidates} people; a running `letterpress serve` sends it.");
            say(
                session,
                &serde_json::json!({ "issue": id, "candidates": candidates }),
                &text,
            )?;
            return Ok(0);
        }
        let progress = Progress::new("letters");
        let (state, counts) = deliver::send_issue(app, &id, stop, &|counts| {
            let all = u64::try_from(counts.candidates).unwrap_or(0);
            progress.at(all.saturating_sub(u64::try_from(counts.open).unwrap_or(0)), all);
        })
        .await?;
        drop(progress);
        bounces::settle(app).await?;
        let text = format!(
            "Issue {id} is {state}: {} accepted, {} failed, {} skipped, {} unknown, {} open.",
            counts.accepted, counts.failed, counts.skipped, counts.unknown, counts.open
        );
        say(
            session,
            &serde_json::json!({ "issue": id, "state": state, "counts": counts }),
            &text,
        )?;
        Ok(Code::from(state != "finished"))
    }
}

fn say(session: &Session, value: &serde_json::Value, text: &str) -> anyhow::Result<()> {
    if session.json { json(value) } else { line(text) }
}

fn default_schedule(app: &App, newsletter: &str) -> anyhow::Result<String> {
    let settings = app.settings();
    let found = settings
        .newsletter(newsletter)
        .and_then(crate::config::Newsletter::default_schedule);
    found.map(|schedule| schedule.id.clone()).ok_or_else(|| {
        anyhow::anyhow!("find newsletter `{newsletter}` in the config; `letterpress schedule` lists all")
    })
}
