//! `articles`: one scan, what is known, why something was or was not announced.

use std::collections::BTreeMap;

use clap::{Args, Subcommand};

use super::import_articles::ImportArticles;
use super::output::{self, confirmed, json, line};
use super::progress::Progress;
use super::{Code, Session};
use crate::feedback;
use crate::ingest::{self, EvenIf, Overview, ProblemRow, ScanReport};
use crate::model::article::Severity;
use crate::syndicate;

/// `articles …`
#[derive(Debug, Subcommand)]
pub(super) enum Articles {
    /// Read what changed in every source. The first scan is the baseline: in the feeds, not mailed
    #[command(
        after_help = "Examples:\n  letterpress articles scan\n  letterpress articles scan --json\n  \
                            letterpress articles scan --accept-vanished    after you deleted many articles on purpose"
    )]
    Scan {
        /// Believe that missing files are meant to be gone, however many they are
        #[arg(long)]
        accept_vanished: bool,
    },
    /// List all articles, newest first
    List,
    /// Show one article, and why it was or was not announced
    Show {
        /// Its id, as `articles list` prints it
        id: String,
    },
    /// List files that could not be read, or not in full
    Problems,
    /// Let letters carry articles that the bulk fuse holds
    #[command(after_help = "Held articles are in the feeds already; this is only about mail.\n\n\
                            Examples:\n  letterpress articles approve 01KA4C…\n  letterpress articles approve --all --yes")]
    Approve(Decide),
    /// Pass over articles that the bulk fuse holds: they are never mailed
    #[command(after_help = "They stay in the feeds.\n\n\
                            Examples:\n  letterpress articles dismiss 01KA4C…\n  letterpress articles dismiss --all")]
    Dismiss(Decide),
    /// Write the export of another platform as Markdown or HTML files into a folder
    #[command(
        after_help = "Reads WordPress (WXR), Ghost (JSON), Medium, Substack, Buttondown, beehiiv, Wix, Blogger, Squarespace, \
                            Letterdrop and Jekyll: the archive as it was downloaded, its folder, or one file. Nothing is \
                            overwritten; what is no public article is left out and counted by reason. Articles that were \
                            mailed there are marked, and no letter carries them again.\n\n\
                            Examples:\n  letterpress articles import export.zip --into content --dry-run\n  \
                            letterpress articles import site.wordpress.xml --into content/old\n  \
                            letterpress articles import backup.json --format ghost --into content --drafts --json"
    )]
    Import(ImportArticles),
}

/// Which articles a decision is about.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
#[derive(Debug, Args)]
pub(super) struct Decide {
    /// Ids, as `articles list` prints them
    #[arg(value_name = "ID", required_unless_present = "all")]
    ids: Vec<String>,
    /// All that are held
    #[arg(long, conflicts_with = "ids")]
    all: bool,
    /// Also articles of the first scan, and old ones
    #[arg(long)]
    even_old: bool,
    /// Also articles that an import marks as mailed before
    #[arg(long)]
    even_mailed: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

impl Articles {
    pub(super) async fn run(self, session: &Session) -> anyhow::Result<Code> {
        match self {
            Self::Scan { accept_vanished } => scan(session, accept_vanished).await,
            Self::List => list(session).await,
            Self::Show { id } => show(session, &id).await,
            Self::Problems => problems(session).await,
            Self::Approve(decide) => self::decide(session, decide, true).await,
            Self::Dismiss(decide) => self::decide(session, decide, false).await,
            Self::Import(import) => import.run(session),
        }
    }
}

async fn scan(session: &Session, accept_vanished: bool) -> anyhow::Result<Code> {
    let app = session.open().await?;
    let progress = Progress::new("articles read");
    let tell = |done, all| progress.at(done, all);
    let report = if accept_vanished {
        ingest::accept_vanished(&app, &tell).await?
    } else {
        ingest::scan_all(&app, &tell).await?
    };
    drop(progress);
    let overview = if report.baseline > 0 && !session.json {
        Some(ingest::overview(&app).await?)
    } else {
        None
    };
    app.database.close().await;
    if session.json {
        json(&report)?;
    } else {
        say(&report, overview.as_ref())?;
    }
    Ok(0)
}

fn say(report: &ScanReport, overview: Option<&Overview>) -> anyhow::Result<()> {
    line(&format!(
        "{} files: {} added, {} updated, {} moved, {} withdrawn, {} excluded",
        report.files, report.added, report.updated, report.moved, report.withdrawn, report.excluded
    ))?;
    if report.baseline > 0 {
        line(&format!(
            "First scan: {} articles go into the feeds, 0 will be mailed.",
            report.baseline
        ))?;
        overview.map(say_overview).transpose()?;
    } else if report.held > 0 {
        line(&format!(
            "{} articles came at once and are held; `articles approve` mails them, `articles dismiss` does not.",
            report.held
        ))?;
    } else {
        line(&format!("{} will be mailed.", report.mailable))?;
    }
    say_problems(&report.problems)
}

/// What an author compares with the site after the first scan.
fn say_overview(overview: &Overview) -> anyhow::Result<()> {
    let counts = |of: &BTreeMap<String, u64>| {
        let parts: Vec<String> = of
            .iter()
            .map(|(name, count)| format!("{} {count}", name.replace('_', " ")))
            .collect();
        parts.join(" · ")
    };
    line(&format!("  states      {}", counts(&overview.states)))?;
    line(&format!("  dates from  {}", counts(&overview.dates)))?;
    line(&format!("  languages   {}", counts(&overview.languages)))?;
    if !overview.newest.is_empty() {
        line("Open one of these to see that the address is right:")?;
    }
    overview
        .newest
        .iter()
        .try_for_each(|address| line(&format!("  {address}")))
}

fn say_problems(problems: &[ProblemRow]) -> anyhow::Result<()> {
    for problem in problems {
        let at = problem.line.map_or_else(String::new, |line| format!(":{line}"));
        let kind = if problem.severity == Severity::Error {
            ""
        } else {
            problem.severity.word()
        };
        let kind = if kind.is_empty() {
            String::new()
        } else {
            format!("{kind}: ")
        };
        line(&format!(
            "{}{at}: {kind}{}\n  {}",
            place(problem),
            problem.message,
            problem.remedy
        ))?;
    }
    Ok(())
}

/// The file, or the source where the whole of it is meant.
fn place(problem: &ProblemRow) -> String {
    if problem.file.is_empty() {
        format!("source {}", problem.source)
    } else {
        problem.file.clone()
    }
}

async fn list(session: &Session) -> anyhow::Result<Code> {
    let app = session.open().await?;
    let rows = ingest::list(&app).await?;
    app.database.close().await;
    if session.json {
        json(&rows)?;
        return Ok(0);
    }
    let rows: Vec<[String; 4]> = rows
        .into_iter()
        .map(|row| {
            let title = if row.title.is_empty() { row.locator } else { row.title };
            [
                row.id,
                row.published_at.chars().take(10).collect(),
                row.status.to_owned(),
                title,
            ]
        })
        .collect();
    output::table(
        ["id", "published", "status", "title"],
        &rows,
        "No articles yet: run `letterpress articles scan`.",
    )?;
    Ok(0)
}

async fn show(session: &Session, id: &str) -> anyhow::Result<Code> {
    let app = session.open().await?;
    let shown = ingest::show(&app, id).await?;
    let report = feedback::report(&app, Some(id), None).await?;
    app.database.close().await;
    let mut value = serde_json::to_value(&shown)?;
    if let Some(fields) = value.as_object_mut() {
        fields.insert("feedback".to_owned(), serde_json::to_value(report.first())?);
    }
    if session.json {
        json(&value)?;
        return Ok(0);
    }
    for (name, value) in value
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, value)| !(name.starts_with("body_") || *name == "feedback" && value.is_null()))
    {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        line(&format!("{name:>16}  {text}"))?;
    }
    Ok(0)
}

async fn problems(session: &Session) -> anyhow::Result<Code> {
    let app = session.open().await?;
    let problems = ingest::problems(&app).await?;
    app.database.close().await;
    if session.json {
        json(&problems)?;
    } else if problems.is_empty() {
        line("Every file could be read.")?;
    } else {
        say_problems(&problems)?;
    }
    Ok(0)
}

async fn decide(session: &Session, decide: Decide, approve: bool) -> anyhow::Result<Code> {
    let app = session.open().await?;
    let verb = if approve { "Mail" } else { "Never mail" };
    let what = if decide.all {
        "all held articles".to_owned()
    } else {
        decide.ids.join(", ")
    };
    if !confirmed(&format!("{verb} {what}?"), decide.yes)? {
        return Ok(1);
    }
    let even = EvenIf {
        old: decide.even_old,
        mailed: decide.even_mailed,
    };
    let decided = if approve {
        ingest::approve(&app, &decide.ids, even).await?
    } else {
        ingest::dismiss(&app, &decide.ids).await?
    };
    syndicate::refresh(&app).await?;
    app.database.close().await;
    if session.json {
        json(&decided)?;
        return Ok(0);
    }
    for one in &decided {
        let outcome = if one.done { "done" } else { one.why_not.as_str() };
        line(&format!("{}  {}: {outcome}", one.id, one.title))?;
    }
    Ok(0)
}
