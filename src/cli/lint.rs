//! `lint`: examines the letters that would go out next.

use clap::Args;
use serde::Serialize;

use super::output::{json, line};
use super::preview::recipient;
use super::{Code, Session};
use crate::app::App;
use crate::template::lint::{Finished, Flaw, Weight, lint};
use crate::{compose, deliver};

/// `lint`
#[derive(Debug, Args)]
#[command(
    after_help = "Examines what people of each schedule are owed now, or the latest articles: size against the limit at which \
                  Gmail cuts, alt texts, contrast, links, pictures, what mail programs do not know, the subject.\n\
                  Exit code 1 when something is an error; warnings alone are exit code 0.\n\n\
                  Examples:\n  letterpress lint\n  letterpress lint notes --schedule weekly"
)]
pub(super) struct Lint {
    /// Id of the newsletter [default: all]
    newsletter: Option<String>,
    /// Id of the schedule [default: all]
    #[arg(long)]
    schedule: Option<String>,
}

/// A letter and its flaws.
#[derive(Debug, Serialize)]
struct Linted {
    newsletter: String,
    schedule: String,
    subject: String,
    html_bytes: usize,
    flaws: Vec<Flaw>,
}

impl Lint {
    pub(super) async fn run(self, session: &Session) -> anyhow::Result<Code> {
        let app = session.open().await?;
        let mut all = Vec::new();
        for (newsletter, schedule) in self.chosen(&app)? {
            all.push(examined(&app, &newsletter, &schedule).await?);
        }
        app.database.close().await;
        let flaws = || all.iter().flat_map(|one| &one.flaws);
        let code = Code::from(flaws().any(|flaw| flaw.weight == Weight::Error));
        if session.json {
            json(&all)?;
        } else {
            all.iter().try_for_each(say)?;
            line(&match flaws().count() {
                0 => "Nothing to find fault with.".to_owned(),
                1 => "1 thing to look at.".to_owned(),
                count => format!("{count} things to look at."),
            })?;
        }
        Ok(code)
    }

    fn chosen(&self, app: &App) -> anyhow::Result<Vec<(String, String)>> {
        let settings = app.settings();
        let mut chosen = Vec::new();
        for newsletter in &settings.newsletters {
            let schedules = newsletter.schedules.iter().map(|schedule| schedule.id.clone());
            chosen.extend(schedules.map(|schedule| (newsletter.id.clone(), schedule)));
        }
        chosen.retain(|(newsletter, schedule)| {
            self.newsletter.as_ref().is_none_or(|wanted| wanted == newsletter)
                && self.schedule.as_ref().is_none_or(|wanted| wanted == schedule)
        });
        if chosen.is_empty() {
            anyhow::bail!("find a schedule to examine; `letterpress schedule` lists all");
        }
        Ok(chosen)
    }
}

async fn examined(app: &App, newsletter: &str, schedule: &str) -> anyhow::Result<Linted> {
    let preview = compose::preview(app, newsletter, Some(schedule)).await?;
    let letter = deliver::test_letter(app, newsletter, &preview.letter, &recipient(app, None)?)?;
    let flaws = lint(Finished {
        subject: &letter.subject,
        html: &letter.html,
        text: &letter.text,
        leave: &letter.leave,
    });
    Ok(Linted {
        newsletter: newsletter.to_owned(),
        schedule: schedule.to_owned(),
        html_bytes: letter.html.len(),
        subject: letter.subject,
        flaws,
    })
}

fn say(one: &Linted) -> anyhow::Result<()> {
    let kilobytes = one.html_bytes / 1_000;
    line(&format!(
        "{}/{}: “{}”, {kilobytes} kB of HTML",
        one.newsletter, one.schedule, one.subject
    ))?;
    for flaw in &one.flaws {
        let word = match flaw.weight {
            Weight::Error => "error  ",
            Weight::Warning => "warning",
        };
        line(&format!(
            "  {word}  {}: {}\n           {}",
            flaw.rule, flaw.message, flaw.remedy
        ))?;
    }
    line("")
}
