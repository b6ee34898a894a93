//! What there is to scan, per kind of source. Each kind hands the same to [`Scan`]: candidates, then drafts or problems.

mod feed;
mod site;
mod table;
mod trial;

use std::sync::Arc;

use chrono::Duration as Span;

use crate::app::App;
use crate::config::{Source, SourceKind};
use crate::model::article::{Problem, Severity};
use crate::model::clock::{from_micros, to_micros};
use crate::store::visits::{self, Visit};
use crate::store::{StoreError, sources};

pub use trial::{Example, Trial, try_sources};

use super::one_at_a_time::Turn;
use super::read::Found;
use super::report::{IngestError, ProblemRow, ScanReport};
use super::scan::{Plan, Progress, Scan};
use super::settings::folder_settings;
use super::stillness::walk_when_quiet;

/// How a scan came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Wish {
    /// A person asked: sources are asked whether it is time or not.
    by_hand: bool,
    /// What is missing is believed to be meant, however much it is.
    accept_vanished: bool,
}

/// Scans every source, one after the other. A second scan waits for the first, also in another process.
pub async fn scan_all(app: &App, progress: Progress<'_>) -> Result<ScanReport, IngestError> {
    scan_each(
        app,
        Wish {
            by_hand: true,
            accept_vanished: false,
        },
        progress,
    )
    .await
}

/// As [`scan_all`], but feeds and tables that were asked a short while ago are left alone: for a service that runs.
pub async fn scan_due(app: &App, progress: Progress<'_>) -> Result<ScanReport, IngestError> {
    scan_each(
        app,
        Wish {
            by_hand: false,
            accept_vanished: false,
        },
        progress,
    )
    .await
}

/// As [`scan_all`], and believes that files which are missing are meant to be, however many they are.
pub async fn accept_vanished(app: &App, progress: Progress<'_>) -> Result<ScanReport, IngestError> {
    scan_each(
        app,
        Wish {
            by_hand: true,
            accept_vanished: true,
        },
        progress,
    )
    .await
}

async fn scan_each(app: &App, wish: Wish, progress: Progress<'_>) -> Result<ScanReport, IngestError> {
    let _turn = Turn::wait(app).await?;
    let mut report = ScanReport::default();
    let settings = app.settings();
    // What lies on this machine first: a saved file does not wait for a server that does not answer.
    let (near, far): (Vec<&Source>, Vec<&Source>) =
        settings.sources.iter().partition(|source| source.kind.has_folder());
    for source in near.into_iter().chain(far) {
        let found = match scan(app, source, wish, progress).await {
            Ok(found) => found,
            Err(error) => broke_off(app, source, &error).await?,
        };
        report.add(found);
    }
    Ok(report)
}

/// One source that cannot be scanned does not keep the others from it; without a database there is nothing to note, and
/// the error is the caller's.
async fn broke_off(app: &App, source: &Source, error: &IngestError) -> Result<ScanReport, IngestError> {
    tracing::error!(source = source.id, %error, "a scan broke off");
    let problem = Problem {
        locator: String::new(),
        line: None,
        code: "unreadable".to_owned(),
        message: format!("the scan broke off: failed to {error}"),
        remedy: "articles that were read before stay; the next scan goes on".to_owned(),
        severity: Severity::Error,
    };
    note_failure(app, source, None, problem).await
}

/// Scans one source.
pub async fn scan_source(app: &App, source: &Source, progress: Progress<'_>) -> Result<ScanReport, IngestError> {
    let _turn = Turn::wait(app).await?;
    scan(
        app,
        source,
        Wish {
            by_hand: true,
            accept_vanished: false,
        },
        progress,
    )
    .await
}

async fn scan(app: &App, source: &Source, wish: Wish, progress: Progress<'_>) -> Result<ScanReport, IngestError> {
    match &source.kind {
        SourceKind::Feed(feed) => feed::scan(app, source, feed, wish, progress).await,
        SourceKind::Table(table) => table::scan(app, source, table, wish, progress).await,
        SourceKind::Site(site) => site::scan(app, source, site, wish, progress).await,
        SourceKind::Folder => folder(app, source, wish, progress).await,
    }
}

async fn folder(app: &App, source: &Source, wish: Wish, progress: Progress<'_>) -> Result<ScanReport, IngestError> {
    let settings = Arc::new(folder_settings(&app.settings(), source, app.clock.now()));
    let walked = tokio::task::spawn_blocking({
        let (settings, clock) = (Arc::clone(&settings), Arc::clone(&app.clock));
        move || walk_when_quiet(&settings, &*clock)
    })
    .await?;
    let walked = match walked {
        Ok(walked) => walked,
        Err(error) => return root_is_away(app, source, &error.to_string()).await,
    };
    let plan = Plan {
        present: Some(walked.candidates.iter().map(|one| one.locator.clone()).collect()),
        deletes: true,
        complete: true,
        unsupported: walked.unsupported,
        files: walked.candidates.clone(),
        problems: Vec::new(),
    };
    let mut scan = Scan::begin(app, source, settings, plan).await?;
    scan.accept_vanished = wish.accept_vanished;
    scan.take(Found::files(walked.candidates), progress).await?;
    scan.finish().await
}

async fn root_is_away(app: &App, source: &Source, error: &str) -> Result<ScanReport, IngestError> {
    let problem = Problem {
        locator: String::new(),
        line: None,
        code: "mass_vanish".to_owned(),
        message: format!("the folder of source {} cannot be read: failed to {error}", source.id),
        remedy: "check the path and its rights; nothing is withdrawn meanwhile".to_owned(),
        severity: Severity::Error,
    };
    let mut conn = app.database.begin().await?;
    sources::add_problem(&mut conn, &source.id, &problem, to_micros(app.clock.now())).await?;
    conn.commit().await?;
    Ok(only(source, problem))
}

/// A scan that came to nothing but a problem.
fn only(source: &Source, problem: Problem) -> ScanReport {
    ScanReport {
        problems: vec![ProblemRow::new(&source.id, problem)],
        ..ScanReport::default()
    }
}

/// Whether it is time to ask a source that is asked over a network; notes that it is.
fn is_due(app: &App, source: &Source, visit: &Visit, wish: Wish) -> bool {
    let now = app.clock.now();
    let mut asked = app.asked.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let every = Span::from_std(source.every).unwrap_or(Span::days(1));
    // Up to a tenth sooner, or all who start at once would ask at once.
    let mut byte = [0];
    app.chance.fill(&mut byte);
    let every = every * 9 / 10 + every * i32::from(byte[0]) / 2_550;
    let rested = asked
        .get(&source.id)
        .is_none_or(|last| now - *last >= every || *last > now);
    let allowed = visit.not_before.is_none_or(|at| from_micros(at) <= now) && !visit.is_gone;
    let due = wish.by_hand || (rested && allowed);
    if due {
        asked.insert(source.id.clone(), now);
    }
    due
}

/// Notes what keeps a source from being read, in place of what was noted of it as a whole, and when to try again.
async fn note_failure(
    app: &App,
    source: &Source,
    visit: Option<&Visit>,
    problem: Problem,
) -> Result<ScanReport, IngestError> {
    let now = to_micros(app.clock.now());
    let mut conn = app.database.begin().await?;
    let noted = sources::problems_of(&mut conn, &source.id).await?;
    let of_all = noted.iter().filter(|known| known.locator.is_empty());
    if of_all.clone().count() != 1 || !of_all.clone().any(|known| *known == problem) {
        sources::clear_problems(&mut conn, &source.id, "").await?;
        sources::add_problem(&mut conn, &source.id, &problem, now).await?;
    }
    if let Some(visit) = visit {
        visits::write(&mut conn, &source.id, visit).await?;
    }
    conn.commit().await?;
    Ok(only(source, problem))
}

/// What is remembered of a source for this place, and whether its articles were read by the rules as they are now.
async fn remembered(app: &App, source: &Source, place: &str, fingerprint: &str) -> Result<(Visit, bool), StoreError> {
    let mut conn = app.database.read().await?;
    let visit = visits::one(&mut conn, &source.id, place).await?;
    let row = sources::one(&mut conn, &source.id).await?;
    Ok((visit, row.baseline_at.is_some() && row.settings_hash == fingerprint))
}

/// The report of a source in which nothing changed, with what is noted of it.
async fn as_noted(app: &App, source: &Source) -> Result<ScanReport, IngestError> {
    let mut conn = app.database.read().await?;
    let noted = sources::problems_of(&mut conn, &source.id).await?;
    let rows = noted.into_iter().map(|problem| ProblemRow::new(&source.id, problem));
    Ok(ScanReport {
        problems: rows.collect(),
        ..ScanReport::default()
    })
}
