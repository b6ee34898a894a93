//! A site's output: scanned when it holds still (`sources.md` 3.3).

use std::collections::HashSet;
use std::sync::Arc;

use crate::app::App;
use crate::config::{SiteSource, Source};
use crate::model::article::{DateOrigin, Problem, Severity, Visibility};
use crate::source::site::{Site, WITHOUT_PAGE, look};
use crate::store::articles;

use super::super::read::Found;
use super::super::report::{IngestError, ScanReport};
use super::super::scan::{Plan, Progress, Scan};
use super::super::settings::folder_settings;
use super::super::stillness::wait_until_built;
use super::{Wish, note_failure, root_is_away};

pub(super) async fn scan(
    app: &App,
    source: &Source,
    site: &SiteSource,
    wish: Wish,
    progress: Progress<'_>,
) -> Result<ScanReport, IngestError> {
    let settings = Arc::new(folder_settings(&app.settings(), source, app.clock.now()));
    let mut conn = app.database.read().await?;
    conn.be_patient();
    let known = articles::known(&mut conn, &source.id).await?;
    drop(conn);
    let live = known.into_iter().filter(|known| known.visibility != Visibility::Gone);
    let live: Vec<articles::Known> = live.collect();
    let was_read = !live.is_empty();
    let (mut of_feed, mut kept) = (HashSet::new(), HashSet::new());
    for known in live {
        // A feed is cut off at a limit: what left it is no less published.
        if known.locator.starts_with(WITHOUT_PAGE) {
            kept.insert(known.locator);
        } else if known.published_from == DateOrigin::Feed.word() {
            of_feed.insert(known.locator);
        }
    }
    let looked = tokio::task::spawn_blocking({
        let (settings, clock, site) = (Arc::clone(&settings), Arc::clone(&app.clock), site.clone());
        move || {
            wait_until_built(&settings, &*clock)?;
            look(&settings, &site, &|page| of_feed.contains(page))
        }
    })
    .await?;
    let looked = match looked {
        Ok(looked) => looked,
        Err(error) => return root_is_away(app, source, &error.to_string()).await,
    };
    // Where `include` alone says what an article is, and there were some, they may all have been taken away.
    let is_away = !looked.problems.is_empty() || !was_read;
    let nothing_to_read = looked.feed.is_none() && looked.items.is_empty() && is_away;
    if nothing_to_read && !(was_read && wish.accept_vanished) {
        return nothing_read(app, source, looked, was_read).await;
    }
    let mut present: HashSet<String> = looked.pages.iter().map(|page| page.locator.clone()).collect();
    if !present.is_empty() {
        present.extend(kept);
    }
    present.extend(looked.items.iter().map(|item| item.locator.clone()));
    let plan = Plan {
        present: Some(present),
        deletes: true,
        complete: true,
        problems: looked.problems,
        ..Plan::default()
    };
    let mut scan = Scan::begin(app, source, settings, plan).await?;
    scan.accept_vanished = wish.accept_vanished;
    scan.take(Found::items(looked.items), progress).await?;
    scan.finish().await
}

/// Neither a feed nor a page that is an article: such a look says nothing about what is old, and ends nothing.
async fn nothing_read(app: &App, source: &Source, looked: Site, was_read: bool) -> Result<ScanReport, IngestError> {
    if looked.pages.is_empty() && was_read {
        return root_is_away(app, source, "find a page below it").await;
    }
    let nothing = || Problem {
        locator: String::new(),
        line: None,
        code: "feed_invalid".to_owned(),
        message: "the site has no feed, and no page is one that `include` names".to_owned(),
        remedy: "let your generator write a feed, or correct `include`".to_owned(),
        severity: Severity::Warning,
    };
    let problem = looked.problems.into_iter().next().unwrap_or_else(nothing);
    note_failure(app, source, None, problem).await
}
