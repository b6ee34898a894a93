//! `lint`: examines the letters that would go out next.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use futures_util::{StreamExt, stream};
use serde::Serialize;
use url::Url;

use super::output::{json, line};
use super::preview::recipient;
use super::progress::Progress;
use super::{Code, Session};
use crate::app::App;
use crate::source::fetch::{Ask, Caps, FetchError, Fetched, Fetcher, Reach};
use crate::template::lint::{Finished, Flaw, Weight, lint, targets};
use crate::{compose, deliver};

/// Links that are opened side by side.
const AT_ONCE: usize = 8;

/// `lint`
#[derive(Debug, Args)]
#[command(
    after_help = "Examines what people of each schedule are owed now, or the latest articles: size against the limit at which \
                  Gmail cuts, alt texts, contrast, links, pictures, what mail programs do not know, the subject.\n\
                  Exit code 1 when something is an error; warnings alone are exit code 0.\n\n\
                  Examples:\n  letterpress lint\n  letterpress lint notes --schedule weekly\n  letterpress lint --links"
)]
pub(super) struct Lint {
    /// Id of the newsletter [default: all]
    newsletter: Option<String>,
    /// Id of the schedule [default: all]
    #[arg(long)]
    schedule: Option<String>,
    /// Also open every link, and report those that lead nowhere
    #[arg(long)]
    links: bool,
}

/// A letter and its flaws.
#[derive(Debug, Serialize)]
struct Linted {
    newsletter: String,
    schedule: String,
    subject: String,
    html_bytes: usize,
    flaws: Vec<Flaw>,
    #[serde(skip)]
    html: String,
}

impl Lint {
    pub(super) async fn run(self, session: &Session) -> anyhow::Result<Code> {
        let app = session.open().await?;
        let mut all = Vec::new();
        for (newsletter, schedule) in self.chosen(&app)? {
            all.push(examined(&app, &newsletter, &schedule).await?);
        }
        if self.links {
            open_links(&app, &mut all).await?;
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
    let letter = deliver::test_letter(app, newsletter, &preview.letter, &recipient(app, None)?).await?;
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
        html: letter.html,
    })
}

/// Opens each address once, however many letters hold it. A recipient's own links are left alone: they act.
async fn open_links(app: &App, all: &mut [Linted]) -> anyhow::Result<()> {
    let own = app.settings().http.public_url.to_string();
    let links_of = |one: &Linted| -> Vec<String> {
        let targets = targets(&one.html).into_iter();
        targets.filter(|link| !link.starts_with(&own)).collect()
    };
    let wanted: BTreeSet<String> = all.iter().flat_map(links_of).collect();
    let fetcher = Fetcher::new(Reach::Anywhere, Caps::default())?;
    let progress = Progress::new("links opened");
    let (all_links, mut opened) = (wanted.len() as u64, 0);
    let mut dead: BTreeMap<String, String> = BTreeMap::new();
    let mut answers = stream::iter(wanted)
        .map(|link| async { (opens(&fetcher, &link).await, link) })
        .buffer_unordered(AT_ONCE);
    while let Some((answer, link)) = answers.next().await {
        opened += 1;
        progress.at(opened, all_links);
        if let Err(why) = answer {
            dead.insert(link, why);
        }
    }
    for one in all {
        let flaws: Vec<Flaw> = links_of(one)
            .iter()
            .filter_map(|link| {
                let remedy = "correct it in the article, or take it out";
                Some(Flaw::warning("links", format!("{link} {}", dead.get(link)?), remedy))
            })
            .collect();
        one.flaws.extend(flaws);
    }
    Ok(())
}

/// Whether a person who follows a link sees something; else what happens instead.
async fn opens(fetcher: &Fetcher, link: &str) -> Result<(), String> {
    let url: Url = link.parse().map_err(|_| "is no address".to_owned())?;
    // Some servers answer HEAD with an error and GET with the page.
    let mut answer = fetcher.fetch(Ask::head(url.clone())).await;
    if !answer.as_ref().is_ok_and(Fetched::is_success) {
        answer = fetcher.fetch(Ask::get(url)).await;
    }
    match answer {
        Ok(answer) if answer.is_success() => Ok(()),
        // Behind a sign-in or a check for robots: a person may see it all the same.
        Ok(answer) if matches!(answer.status, 401 | 403 | 429) => Ok(()),
        Ok(answer) => Err(format!("answers {}", answer.status)),
        // More than we read of a page is there.
        Err(FetchError::TooLarge { .. }) => Ok(()),
        Err(FetchError::Refused { why, .. } | FetchError::Failed { why, .. }) => {
            Err(format!("cannot be opened: {why}"))
        }
    }
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
