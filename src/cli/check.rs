//! `check`: every problem of config, templates, sources and database, with line and remedy.

use serde::Serialize;

use super::output::{json, line};
use super::{Code, Session};
use crate::app::App;
use crate::config::{Problem, Settings, Severity};
use crate::ingest;
use crate::model::article::Severity as ArticleSeverity;
use crate::template::Templates;

#[derive(Debug, Serialize)]
struct Report {
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
}

/// Runs every check; exit code 1 when there is a problem.
pub(super) async fn run(session: &Session) -> anyhow::Result<Code> {
    let mut found = match session.settings() {
        Err(problems) => problems.0,
        Ok(settings) => {
            let mut found = settings.findings.clone();
            found.extend(templates(&settings));
            found.extend(store_and_sources(settings).await);
            found
        }
    };
    found.dedup();
    let (problems, warnings): (Vec<_>, Vec<_>) = found
        .into_iter()
        .partition(|problem| problem.severity == Severity::Error);
    let code = Code::from(!problems.is_empty());
    if session.json {
        json(&Report { problems, warnings })?;
        return Ok(code);
    }
    for problem in problems.iter().chain(&warnings) {
        line(&format!("{problem}\n"))?;
    }
    let count = problems.len();
    line(&match count {
        0 => "No problems found.".to_owned(),
        1 => "1 problem found.".to_owned(),
        _ => format!("{count} problems found."),
    })?;
    Ok(code)
}

fn problem(file: Option<String>, line: Option<usize>, key: &str, message: String, remedy: String) -> Problem {
    Problem {
        file,
        line,
        column: None,
        key: key.to_owned(),
        message,
        remedy,
        severity: Severity::Error,
    }
}

fn templates(settings: &Settings) -> Vec<Problem> {
    let dir = settings.templates.as_deref();
    Templates::check(dir)
        .into_iter()
        .map(|error| {
            let file = dir.map_or_else(|| error.file.clone(), |dir| dir.join(&error.file).display().to_string());
            problem(Some(file), error.line, "", error.message, error.remedy)
        })
        .collect()
}

async fn store_and_sources(settings: Settings) -> Vec<Problem> {
    let sources: Vec<_> = settings
        .sources
        .iter()
        .map(|source| (source.id.clone(), source.path.clone()))
        .collect();
    let app = match App::open(settings).await {
        Ok(app) => app,
        Err(error) => {
            let remedy = "correct database.url, or the server that it names".to_owned();
            return vec![problem(None, None, "database.url", error.to_string(), remedy)];
        }
    };
    let rows = match ingest::problems(&app).await {
        Ok(rows) => rows,
        Err(error) => {
            return vec![problem(
                None,
                None,
                "",
                error.to_string(),
                "see the database".to_owned(),
            )];
        }
    };
    app.database.close().await;
    rows.into_iter()
        .map(|row| {
            let root = sources.iter().find(|(id, _)| *id == row.source).map(|(_, path)| path);
            let file = root.map_or_else(|| row.file.clone(), |root| root.join(&row.file).display().to_string());
            let severity = if row.severity == ArticleSeverity::Error {
                Severity::Error
            } else {
                Severity::Warning
            };
            let line = row.line.and_then(|line| usize::try_from(line).ok());
            Problem {
                severity,
                ..problem(Some(file), line, "", row.message, row.remedy)
            }
        })
        .collect()
}
