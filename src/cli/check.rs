//! `check`: every problem of config, templates, sources and database, with line and remedy.

use std::path::Path;

use serde::Serialize;

use super::output::{json, line};
use super::schedule::{coming, say_next};
use super::{Code, Session};
use crate::app::{App, AppError, SystemClock};
use crate::config::{Problem, Settings, Severity, SourceKind};
use crate::feed::check::Weight;
use crate::ingest::Trial;
use crate::model::article::Severity as ArticleSeverity;
use crate::model::clock::Clock;
use crate::template::{TemplateError, Templates};
use crate::{ingest, syndicate};

/// Occurrences that show how a rule was understood.
const NEXT: usize = 5;

#[derive(Debug, Serialize)]
struct Report {
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
    /// What sites, feeds and tables would give.
    sources: Vec<Trial>,
}

/// Runs every check; exit code 1 when there is a problem.
pub(super) async fn run(session: &Session) -> anyhow::Result<Code> {
    let (found, settings, sources) = match session.settings() {
        Err(problems) => (problems.0, None, Vec::new()),
        Ok(settings) => {
            let mut found = settings.findings.clone();
            found.extend(templates(&settings));
            let (more, sources) = store_and_sources(&settings).await;
            found.extend(more);
            (found, Some(settings), sources)
        }
    };
    let (problems, warnings): (Vec<_>, Vec<_>) = found
        .into_iter()
        .partition(|problem| problem.severity == Severity::Error);
    let code = Code::from(!problems.is_empty());
    let report = Report {
        problems,
        warnings,
        sources,
    };
    if session.json {
        json(&report)?;
    } else {
        say(&report, settings.as_ref())?;
    }
    Ok(code)
}

fn say(report: &Report, settings: Option<&Settings>) -> anyhow::Result<()> {
    for problem in report.problems.iter().chain(&report.warnings) {
        line(&format!("{problem}\n"))?;
    }
    for trial in &report.sources {
        say_source(trial)?;
    }
    if let Some(settings) = settings {
        say_schedules(settings)?;
    }
    line(&match report.problems.len() {
        0 => "No problems found.".to_owned(),
        1 => "1 problem found.".to_owned(),
        count => format!("{count} problems found."),
    })
}

/// What a source would give: that its addresses are right is for a person to see.
fn say_source(trial: &Trial) -> anyhow::Result<()> {
    let more = if trial.more { " and more" } else { "" };
    let (source, kind, found) = (&trial.source, trial.kind, trial.found);
    line(&format!("{source} ({kind}): {found}{more} found; nothing was written"))?;
    for example in &trial.examples {
        let date = example.published_at.as_deref().unwrap_or("no date");
        line(&format!("  {date}  {}  {}", example.url, example.title))?;
    }
    Ok(())
}

/// How each schedule was understood: a rule is easily written that means something else.
fn say_schedules(settings: &Settings) -> anyhow::Result<()> {
    let now = SystemClock.now();
    for newsletter in &settings.newsletters {
        for schedule in &newsletter.schedules {
            let (rule, next) = coming(newsletter, schedule, now, NEXT);
            let zone = newsletter.time_zone.name();
            line(&format!("{}/{}: {rule} ({zone})", newsletter.id, schedule.id))?;
            say_next(&next)?;
        }
    }
    Ok(())
}

fn error(key: &str, message: String, remedy: &str) -> Problem {
    Problem {
        file: None,
        line: None,
        column: None,
        key: key.to_owned(),
        message,
        remedy: remedy.to_owned(),
        severity: Severity::Error,
    }
}

fn templates(settings: &Settings) -> Vec<Problem> {
    let dir = settings.templates.as_deref();
    let problem = |found: TemplateError| Problem {
        file: Some(within(dir, &found.file)),
        line: found.line,
        ..error("", found.message, &found.remedy)
    };
    let slow = Templates::slow_places(dir).into_iter().map(|found| Problem {
        severity: Severity::Warning,
        ..problem(found)
    });
    let wrong = Templates::check(dir).into_iter().map(problem);
    wrong.chain(slow).collect()
}

/// A file as a person finds it.
fn within(folder: Option<&Path>, file: &str) -> String {
    folder.map_or_else(|| file.to_owned(), |folder| folder.join(file).display().to_string())
}

async fn store_and_sources(settings: &Settings) -> (Vec<Problem>, Vec<Trial>) {
    // The templates have been looked at: what is wrong with them must not hide the rest.
    let without_templates = Settings {
        templates: None,
        ..settings.clone()
    };
    let app = match App::open(without_templates).await {
        Ok(app) => app,
        Err(found @ AppError::Keys { .. }) => {
            let remedy = "make the folder writable for this program";
            return (vec![error("state.dir", found.to_string(), remedy)], Vec::new());
        }
        Err(found) => {
            let remedy = "correct database.url, or the server or folder that it names";
            return (vec![error("database.url", found.to_string(), remedy)], Vec::new());
        }
    };
    let ill = |found: ingest::IngestError| error("database.url", found.to_string(), "look at the database");
    let mut found = articles(&app, settings).await.unwrap_or_else(|found| vec![ill(found)]);
    let trials = ingest::try_sources(&app).await.unwrap_or_else(|error| {
        found.push(ill(error));
        Vec::new()
    });
    let of_trials = trials.iter().flat_map(|trial| &trial.problems);
    found.extend(of_trials.map(|row| of_article(settings, row.clone())));
    found.extend(feeds(&app).await);
    app.database.close().await;
    (found, trials)
}

/// What readers would trip over in the feeds as they would be now.
async fn feeds(app: &App) -> Vec<Problem> {
    let problem = |one: syndicate::Examined| {
        let others = match one.others {
            0 => String::new(),
            others => format!(" (so in {others} more)"),
        };
        let severity = match one.flaw.weight {
            Weight::Error => Severity::Error,
            Weight::Warning => Severity::Warning,
        };
        let article = one.article.map(|article| format!("{article}: ")).unwrap_or_default();
        Problem {
            file: Some(one.path),
            severity,
            ..error("", format!("{article}{}{others}", one.flaw.message), one.flaw.remedy)
        }
    };
    match syndicate::examine(app).await {
        Ok(found) => found.into_iter().map(problem).collect(),
        Err(found) => vec![error(
            "feeds",
            found.to_string(),
            "correct what it names, or look at the database",
        )],
    }
}

/// What the last scan could not read.
async fn articles(app: &App, settings: &Settings) -> Result<Vec<Problem>, ingest::IngestError> {
    // What must be asked is asked anew, so that nothing stands here twice.
    let is_folder = |id: &str| {
        let source = settings.sources.iter().find(|source| source.id == id);
        source.is_none_or(|source| matches!(source.kind, SourceKind::Folder))
    };
    let noted = ingest::problems(app).await?.into_iter();
    let noted = noted.filter(|row| is_folder(&row.source) || row.code == "url_taken");
    let mut found: Vec<Problem> = noted.map(|row| of_article(settings, row)).collect();
    if !settings.sources.is_empty() && !ingest::is_scanned(app).await? {
        let remedy = "run `letterpress articles scan` to see what is found; `letterpress serve` does it by itself";
        found.push(Problem {
            severity: Severity::Warning,
            ..error("sources", "not every source was read yet".to_owned(), remedy)
        });
    }
    Ok(found)
}

/// The problem of an article or a source, where a person finds it.
fn of_article(settings: &Settings, row: ingest::ProblemRow) -> Problem {
    let source = settings.sources.iter().find(|source| source.id == row.source);
    let folder = source
        .filter(|source| source.kind.has_folder())
        .map(|source| source.path.as_path());
    let severity = if row.severity == ArticleSeverity::Error {
        Severity::Error
    } else {
        Severity::Warning
    };
    let message = if folder.is_some() {
        row.message
    } else {
        format!("source {}: {}", row.source, row.message)
    };
    let is_file = folder.is_some() || !row.file.is_empty();
    Problem {
        file: is_file.then(|| within(folder, &row.file)),
        line: row.line.and_then(|line| usize::try_from(line).ok()),
        severity,
        ..error("", message, &row.remedy)
    }
}
