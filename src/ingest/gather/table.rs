//! A table of a database: what changed, page by page, and every now and then everything (`sources.md` 3.5).

use std::collections::HashSet;
use std::sync::Arc;

use crate::app::App;
use crate::config::{Source, TableSource};
use crate::model::article::{Problem, Severity};
use crate::model::clock::{micros, to_micros};
use crate::source::table::{MOST_ROWS, Place, Table, TableError, later};
use crate::store::visits::{self, Visit};

use super::super::read::Found;
use super::super::report::{IngestError, ScanReport};
use super::super::scan::{Plan, Progress, Scan};
use super::super::settings::folder_settings;
use super::{Wish, is_due, note_failure, remembered};

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
        Err(error) => return note_failure(app, source, None, problem(&error)).await,
    };
    let look = look(app, table, &open, &visit, (wish, same_rules));
    let keys = if look.lists_all { open.keys().await } else { Ok(None) };
    let keys = match keys {
        Ok(keys) => keys,
        Err(error) => return note_failure(app, source, None, problem(&error)).await,
    };
    let plan = plan(keys, &look);
    let mut scan = Scan::begin(app, source, settings, plan).await?;
    scan.accept_vanished = wish.accept_vanished;
    let read = read(&mut scan, &mut open, &look, progress).await?;
    open.close().await;
    let read = match read {
        Ok(read) => read,
        Err(error) => return note_failure(app, source, None, problem(&error)).await,
    };
    if look.lists_all {
        // Without a list of keys, what was read is the list.
        let is_list = table.keys.is_none() && look.cursor.is_none() && !read.truncated;
        scan.know_what_is_missing(is_list);
    }
    let report = scan.finish().await?;
    let next = Visit {
        cursor: later(visit.cursor.clone(), read.latest).filter(|_| read.is_dated),
        full_at: if look.lists_all {
            Some(to_micros(app.clock.now()))
        } else {
            visit.full_at
        },
        place: visit.place.clone(),
        ..Visit::default()
    };
    // A look at everything that found nothing new is not worth a row each time.
    if next.cursor != visit.cursor || visit.full_at.is_none() || (look.lists_all && !wish.by_hand) {
        let mut conn = app.database.begin().await?;
        visits::write(&mut conn, &source.id, &next).await?;
        conn.commit().await?;
    }
    Ok(report)
}

fn look(app: &App, table: &TableSource, open: &Table, visit: &Visit, (wish, same_rules): (Wish, bool)) -> Look {
    let now = to_micros(app.clock.now());
    let every = micros(table.full_every);
    let long_ago = visit.full_at.is_none_or(|at| now - at >= every || at > now);
    let lists_all = wish.by_hand || long_ago || !same_rules;
    let can_ask = open.has_cursor() && same_rules && visit.cursor.is_some();
    // Without a list of keys, reading everything is the only way to see what went.
    let reads_all = !can_ask || (lists_all && table.keys.is_none());
    Look {
        cursor: visit.cursor.clone().filter(|_| !reads_all),
        lists_all: lists_all || reads_all,
    }
}

fn plan(keys: Option<Vec<String>>, look: &Look) -> Plan {
    let mut plan = Plan {
        complete: look.cursor.is_none(),
        ..Plan::default()
    };
    match keys {
        Some(keys) if keys.len() > MOST_ROWS => plan.problems.push(truncated()),
        Some(keys) => plan.present = Some(keys.into_iter().collect::<HashSet<String>>()),
        None => {}
    }
    plan
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
