//! A table of a database: what changed, page by page, and every now and then everything (`sources.md` 3.5).

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use crate::app::App;
use crate::config::{Source, TableSource};
use crate::model::article::{Problem, Severity};
use crate::model::clock::{micros, to_micros};
use crate::source::table::{MOST_ROWS, Place, Table, TableError, later, reached};
use crate::store::visits::{self, Visit};

use super::super::finish::NOT_GIVEN;
use super::super::read::Found;
use super::super::report::{IngestError, ScanReport};
use super::super::scan::{Plan, Progress, Scan};
use super::super::settings::folder_settings;
use super::{Wish, is_due, note_failure, remembered};

/// The longest time between two tries of a database that does not answer.
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);

/// What one scan of a table looks at.
struct Look {
    /// From where on rows are read; `None`: all.
    cursor: Option<String>,
    /// Everything that is live is listed.
    lists_all: bool,
}

pub(super) async fn scan(
    app: &App,
    source: &Source,
    table: &TableSource,
    wish: Wish,
    progress: Progress<'_>,
) -> Result<ScanReport, IngestError> {
    let settings = Arc::new(folder_settings(&app.settings(), source, app.clock.now()));
    let (visit, same_rules) = remembered(app, source, &table.database, &settings.fingerprint()).await?;
    if !is_due(app, source, &visit, wish) {
        return Ok(ScanReport::default());
    }
    let mut open = match Table::open(table).await {
        Ok(open) => open,
        Err(error) => return failed(app, source, &visit, &error).await,
    };
    let mut look = look(app, table, &open, &visit, (wish, same_rules));
    let listed = if look.lists_all {
        open.ids().await
    } else {
        Ok(Vec::new())
    };
    let listed = match listed {
        Ok(listed) => listed,
        Err(error) => {
            open.close().await;
            return failed(app, source, &visit, &error).await;
        }
    };
    let mut scan = Scan::begin(app, source, settings, Plan::default()).await?;
    scan.accept_vanished = wish.accept_vanished;
    prepare(&mut scan, table, &mut look, listed);
    let read = match read(&mut scan, &mut open, &look, progress).await? {
        Ok(read) => read,
        Err(error) => {
            open.close().await;
            return failed(app, source, &visit, &error).await;
        }
    };
    let reads_all = !open.has_parameter();
    open.close().await;
    if let Some(problem) = nothing_given(&scan, table, reads_all) {
        return note_failure(app, source, None, problem).await;
    }
    if look.cursor.is_none() && !read.truncated {
        scan.plan.problems.extend(not_given(&scan, table));
        scan.know_what_is_there();
    }
    let report = scan.finish().await?;
    remember(app, source, &visit, (wish, &look), read).await?;
    Ok(report)
}

/// Notes how far the table was read.
async fn remember(
    app: &App,
    source: &Source,
    visit: &Visit,
    (wish, look): (Wish, &Look),
    read: Read,
) -> Result<(), IngestError> {
    // What a look at everything did not show is no reason to look no earlier.
    let before = look.cursor.as_ref().and(visit.cursor.clone());
    let now = app.clock.now();
    let next = Visit {
        cursor: reached(later(before, read.latest).filter(|_| read.is_dated), now),
        full_at: if look.lists_all {
            Some(to_micros(now))
        } else {
            visit.full_at
        },
        place: visit.place.clone(),
        ..Visit::default()
    };
    // A look at everything that found nothing new is not worth a row each time.
    let is_news = next.cursor != visit.cursor || visit.full_at.is_none() || visit.failures > 0;
    if is_news || (look.lists_all && !wish.by_hand) {
        let mut conn = app.database.begin().await?;
        visits::write(&mut conn, &source.id, &next).await?;
        conn.commit().await?;
    }
    Ok(())
}

/// Notes what keeps a table from being read. A database that is away is asked less and less often: every source waits
/// for its answer.
async fn failed(app: &App, source: &Source, visit: &Visit, error: &TableError) -> Result<ScanReport, IngestError> {
    if !matches!(error, TableError::Open(_) | TableError::Query(_)) {
        return note_failure(app, source, None, problem(error)).await;
    }
    let failures = visit.failures.saturating_add(1);
    let doubled = 1 << u32::try_from(failures.min(10)).unwrap_or(10);
    let wait = source.every.saturating_mul(doubled).min(LONGEST_WAIT.max(source.every));
    let next = Visit {
        failures,
        not_before: Some(to_micros(app.clock.now()) + micros(wait)),
        ..visit.clone()
    };
    note_failure(app, source, Some(&next), problem(error)).await
}

fn look(app: &App, table: &TableSource, open: &Table, visit: &Visit, (wish, same_rules): (Wish, bool)) -> Look {
    let now = to_micros(app.clock.now());
    let long_ago = visit
        .full_at
        .is_none_or(|at| now - at >= micros(table.full_every) || at > now);
    let lists_all = wish.by_hand || long_ago || !same_rules;
    let can_ask = open.has_cursor() && same_rules && visit.cursor.is_some();
    // Without a list of keys, reading everything is the only way to see what went.
    let reads_all = !can_ask || wish.by_hand || (lists_all && table.keys.is_none());
    Look {
        cursor: visit.cursor.clone().filter(|_| !reads_all),
        lists_all: lists_all || reads_all,
    }
}

/// Tells the scan what is listed. Where that says that the cursor passed something over, everything is read.
fn prepare(scan: &mut Scan<'_>, table: &TableSource, look: &mut Look, listed: Vec<String>) {
    if look.lists_all && listed.len() > MOST_ROWS {
        scan.plan.problems.push(truncated());
    } else if look.lists_all {
        let listed: HashSet<String> = listed.into_iter().collect();
        let passed_over = listed.iter().any(|id| !scan.index.is_live(id)) || scan.index.has_scheduled_beside(&listed);
        let refused = |problem: &Problem| !problem.locator.is_empty() && problem.severity == Severity::Error;
        if passed_over || scan.problems.values().flatten().any(refused) {
            look.cursor = None;
        }
        scan.know_what_is_listed(listed, table.keys.is_some());
    }
    scan.plan.complete = look.cursor.is_none();
}

/// A first look that came to nothing, where there may be rows all the same: it says nothing about what is old.
fn nothing_given(scan: &Scan<'_>, table: &TableSource, reads_all: bool) -> Option<Problem> {
    let nothing_listed = scan.plan.present.as_ref().is_some_and(HashSet::is_empty);
    let is_believed = nothing_listed && (table.keys.is_some() || reads_all);
    (scan.is_first() && scan.seen.is_empty() && !is_believed).then(|| Problem {
        code: "query_failed".to_owned(),
        message: "`query` gives no row yet, so what it gives first will not be mailed".to_owned(),
        remedy: "if there are rows, look at `cursor_type` (numbers are `epoch`) and at rows without `updated_at`; if there are \
                 none, write `keys`, which says so"
            .to_owned(),
        severity: Severity::Warning,
        ..truncated()
    })
}

/// Keys whose rows a look at everything did not show.
fn not_given(scan: &Scan<'_>, table: &TableSource) -> Option<Problem> {
    let listed = scan.plan.present.as_ref().filter(|_| table.keys.is_some())?;
    let mut missing: Vec<&String> = listed.difference(&scan.seen).collect();
    missing.sort_unstable();
    let first = missing.first()?;
    Some(Problem {
        code: NOT_GIVEN.to_owned(),
        message: format!(
            "`keys` lists {} row(s) that `query` does not give; the first is {first}",
            missing.len()
        ),
        remedy:
            "let both choose the same rows; where `updated_at` can be empty, write COALESCE(updated_at, published_at)"
                .to_owned(),
        severity: Severity::Warning,
        ..truncated()
    })
}

/// What reading came to.
#[derive(Default)]
struct Read {
    latest: Option<String>,
    is_dated: bool,
    truncated: bool,
}

async fn read(
    scan: &mut Scan<'_>,
    open: &mut Table,
    look: &Look,
    progress: Progress<'_>,
) -> Result<Result<Read, TableError>, IngestError> {
    let mut read = Read {
        is_dated: open.has_cursor(),
        ..Read::default()
    };
    let (mut rows, mut nameless) = (0, 0);
    let mut after: Option<Place> = None;
    loop {
        let page = match open.page(look.cursor.as_deref(), after.as_ref()).await {
            Ok(page) => page,
            Err(error) => return Ok(Err(error)),
        };
        rows += page.items.len();
        nameless += page.nameless;
        read.is_dated &= !page.has_undated || page.items.is_empty();
        read.latest = later(read.latest.take(), page.latest);
        scan.take(Found::items(page.items), progress).await?;
        after = page.next;
        if after.is_none() {
            break;
        }
        if rows >= MOST_ROWS {
            read.truncated = true;
            scan.plan.complete = false;
            scan.plan.problems.push(truncated());
            break;
        }
    }
    if nameless > 0 {
        scan.plan.problems.push(Problem {
            code: "bad_header".to_owned(),
            message: format!("{nameless} row(s) have no id and are no articles"),
            remedy: "choose a column as `id` that is never empty".to_owned(),
            severity: Severity::Warning,
            ..truncated()
        });
    }
    Ok(Ok(read))
}

fn truncated() -> Problem {
    Problem {
        locator: String::new(),
        line: None,
        code: "truncated".to_owned(),
        message: format!("the table has more than {MOST_ROWS} rows; the others are not read, and none is missed"),
        remedy: "narrow `query` and `keys` down to what is published".to_owned(),
        severity: Severity::Error,
    }
}

pub(super) fn problem(error: &TableError) -> Problem {
    Problem {
        code: "query_failed".to_owned(),
        message: format!("failed to {error}"),
        remedy: "look at `database`, `query` and `keys` of the source; articles that were read before stay".to_owned(),
        ..truncated()
    }
}
