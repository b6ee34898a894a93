//! `subscribers`: the people who get letters.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};

use super::output::{self, confirmed, json, line};
use super::people_files::Import;
use super::{Code, Session};
use crate::app::App;
use crate::subscribe::{self, Add};

/// `subscribers …`
#[derive(Debug, Subcommand)]
pub(super) enum Subscribers {
    /// List people, newest first
    List,
    /// Show everything that is kept about one person
    #[command(after_help = "Example:\n  letterpress subscribers show reader@example.org --json")]
    Show {
        /// Address or number
        who: String,
    },
    /// Add one person: asked by a confirmation letter, or active at once with --active
    Add(AddOne),
    /// Take people from lists: our own CSV, exports of other programs, or one address per line
    #[command(
        after_help = "Our own CSV has the columns email, name, status, newsletter, schedule, topics (all but email \
                            optional). Exports of Substack, Mailchimp, Buttondown, Ghost, Kit, beehiiv, listmonk, MailerLite, \
                            MailPoet, phpList, Keila, Brevo, ActiveCampaign, Constant Contact, Jetpack and Mailtrain are \
                            recognised by their columns. Give all files of one export in one call: what speaks against a \
                            person in any of them wins.\n\n\
                            Without a status that is understood a person is pending and is not mailed. People who left or who \
                            are suppressed stay out, whatever the file says. Run it again after an interruption: it goes on \
                            where it was.\n\n\
                            Examples:\n  letterpress subscribers import people.csv --consent \"signed up on the old site\" --dry-run\n  \
                            letterpress subscribers import subscribed.csv unsubscribed.csv cleaned.csv --consent \"Mailchimp, double opt-in\"\n  \
                            letterpress subscribers import old.csv --status active --map \"vip=active\" --consent \"asked in 2024\"\n  \
                            letterpress subscribers import - --consent \"paper list at the fair\" < people.csv"
    )]
    Import(Box<Import>),
    /// Write everybody into a CSV file that `import` takes back without loss
    #[command(after_help = "Example:\n  letterpress subscribers export people.csv")]
    Export {
        /// The file; `-` for standard output
        file: PathBuf,
    },
    /// End a person's subscriptions
    Unsubscribe {
        /// Address or number
        who: String,
        /// Only this newsletter
        #[arg(long)]
        newsletter: Option<String>,
    },
    /// Erase a person: address and name go at once, only a key stays that keeps them from being mailed again
    Erase {
        /// Address or number
        who: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

/// `subscribers add`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  letterpress subscribers add reader@example.org --schedule weekly\n  \
                  letterpress subscribers add reader@example.org --active --note \"asked me at the fair\""
)]
pub(super) struct AddOne {
    /// The address
    email: String,
    /// The person's name
    #[arg(long)]
    name: Option<String>,
    /// Which newsletter [default: the first of the config]
    #[arg(long)]
    newsletter: Option<String>,
    /// Which schedule of it [default: its default]
    #[arg(long)]
    schedule: Option<String>,
    /// A category or tag; may be given several times [default: all]
    #[arg(long = "topic", value_name = "TOPIC")]
    topics: Vec<String>,
    /// Active at once: you vouch that the person agreed
    #[arg(long, requires = "note")]
    active: bool,
    /// How the person agreed
    #[arg(long)]
    note: Option<String>,
    /// Even if the person complained or was suppressed by hand
    #[arg(long = "override")]
    override_suppression: bool,
}

impl Subscribers {
    pub(super) async fn run(self, session: &Session) -> anyhow::Result<Code> {
        let app = session.open().await?;
        let code = match self {
            Self::List => list(session, &app).await?,
            Self::Show { who } => show(session, &app, &who).await?,
            Self::Add(one) => add(session, &app, one).await?,
            Self::Import(import) => import.run(session, &app).await?,
            Self::Export { file } => export(&app, &file).await?,
            Self::Unsubscribe { who, newsletter } => {
                let ended = subscribe::unsubscribe(&app, &who, newsletter.as_deref()).await?;
                line(&format!("{ended} subscriptions ended."))?;
                0
            }
            Self::Erase { who, yes } => {
                if confirmed("Erase this person? This cannot be undone.", yes)? {
                    let id = subscribe::erase(&app, &who).await?;
                    line(&format!(
                        "Subscriber {id} is erased. Backups keep the data until they expire."
                    ))?;
                }
                0
            }
        };
        app.database.close().await;
        Ok(code)
    }
}

async fn list(session: &Session, app: &App) -> anyhow::Result<Code> {
    let people = subscribe::list(app).await?;
    if session.json {
        json(&people)?;
        return Ok(0);
    }
    let rows: Vec<[String; 4]> = people
        .iter()
        .map(|person| {
            let choices: Vec<String> = person
                .subscriptions
                .iter()
                .map(|one| format!("{}/{}", one.newsletter, one.schedule))
                .collect();
            let status = serde_json::to_value(person.status).ok();
            let status = status
                .as_ref()
                .and_then(|word| word.as_str())
                .unwrap_or_default()
                .to_owned();
            [person.id.to_string(), person.email.clone(), status, choices.join(", ")]
        })
        .collect();
    output::table(
        ["id", "email", "status", "schedules"],
        &rows,
        "Nobody yet: `subscribers add` or `subscribers import`.",
    )?;
    Ok(0)
}

async fn show(session: &Session, app: &App, who: &str) -> anyhow::Result<Code> {
    let shown = subscribe::show(app, who).await?;
    if session.json {
        json(&shown)?;
        return Ok(0);
    }
    let value = serde_json::to_value(&shown)?;
    for (name, value) in value.as_object().into_iter().flatten() {
        match value.as_array() {
            Some(items) => items.iter().try_for_each(|item| line(&format!("{name:>14}  {item}")))?,
            None => line(&format!(
                "{name:>14}  {}",
                value.as_str().map_or_else(|| value.to_string(), str::to_owned)
            ))?,
        }
    }
    Ok(0)
}

async fn add(session: &Session, app: &App, one: AddOne) -> anyhow::Result<Code> {
    let wish = Add {
        email: one.email,
        name: one.name,
        newsletter: one.newsletter,
        schedule: one.schedule,
        topics: one.topics,
        active: one.active,
        note: one.note,
        lift_suppressions: one.override_suppression,
    };
    let added = subscribe::add(app, &wish).await?;
    if session.json {
        json(&serde_json::json!({ "id": added.id, "state": added.state.word(), "changed": added.changed }))?;
    } else {
        line(&format!("Subscriber {} is {}.", added.id, added.state.word()))?;
    }
    Ok(0)
}

async fn export(app: &App, path: &Path) -> anyhow::Result<Code> {
    if path == Path::new("-") {
        subscribe::export(app, &mut std::io::stdout()).await?;
        return Ok(0);
    }
    // Whole or not at all: an export that broke off must not look like one.
    let draft = path.with_extension("tmp");
    let file = File::create(&draft).with_context(|| format!("write {}", draft.display()))?;
    let mut out = BufWriter::new(file);
    let rows = subscribe::export(app, &mut out).await?;
    out.flush()?;
    out.get_ref().sync_all()?;
    std::fs::rename(&draft, path).with_context(|| format!("write {}", path.display()))?;
    eprintln!("{rows} rows in {}", path.display());
    Ok(0)
}
