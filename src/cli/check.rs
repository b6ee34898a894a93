//! `check`: every problem of config, templates, sources and database, with line and remedy.

use std::path::Path;

use serde::Serialize;

use super::output::{json, line};
use super::schedule::{coming, say_next};
use super::{Code, Session};
use crate::app::{App, AppError, SystemClock};
use crate::config::{Problem, Settings, Severity};
use crate::feed::check::Weight;
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
}

/// Runs every check; exit code 1 when there is a problem.
pub(super) async fn run(session: &Session) -> anyhow::Result<Code> {
    let (found, settings) = match session.settings() {
        Err(problems) => (problems.0, None),
        Ok(settings) => {
            let mut found = settings.findings.clone();
            found.extend(templates(&settings));
            found.extend(store_and_sources(&settings).await);
            (found, Some(settings))
        }
    };
    let (problems, warnings): (Vec<_>, Vec<_>) = found
        .into_iter()
        .partition(|problem| problem.severity == Severity::Error);
    let code = Code::from(!problems.is_empty());
    let report = Report { problems, warnings };
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
    if let Some(settings) = settings {
        say_schedules(settings)?;
    }
    line(&match report.problems.len() {
        0 => "No problems found.".to_owned(),
        1 => "1 problem found.".to_owned(),
        count => format!("{count} problems found."),
    })
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

async fn store_and_sources(settings: &Settings) -> Vec<Problem> {
    // The templates have been looked at: what is wrong with them must not hide the rest.
    let without_templates = Settings {
        templates: None,
        ..settings.clone()
    };
    let app = match App::open(without_templates).await {
        Ok(app) => app,
        Err(found @ AppError::Keys { .. }) => {
            return vec![error(
                "state.dir",
                found.to_string(),
                "make the folder writable for this program",
            )];
        }
        Err(found) => {
            let remedy = "correct database.url, or the server or folder that it names";
            return vec![error("database.url", found.to_string(), remedy)];
        }
    };
    let mut found = articles(&app, settings)
        .await
        .unwrap_or_else(|found| vec![error("database.url", found.to_string(), "look at the database")]);
    found.extend(feeds(&app).await);
    app.database.close().await;
    found
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
    let mut found: Vec<Problem> = ingest::problems(app)
        .await?
        .into_iter()
        .map(|row| {
            let source = settings.sources.iter().find(|source| source.id == row.source);
            let severity = if row.severity == ArticleSeverity::Error {
                Severity::Error
            } else {
                Severity::Warning
            };
            Problem {
                file: Some(within(source.map(|source| source.path.as_path()), &row.file)),
                line: row.line.and_then(|line| usize::try_from(line).ok()),
                severity,
                ..error("", row.message, &row.remedy)
            }
        })
        .collect();
    if !settings.sources.is_empty() && !ingest::is_scanned(app).await? {
        let remedy = "run `letterpress articles scan` to see what is found; `letterpress serve` does it by itself";
        found.push(Problem {
            severity: Severity::Warning,
            ..error("sources", "not every source was read yet".to_owned(), remedy)
        });
    }
    Ok(found)
}
