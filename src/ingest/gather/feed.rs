//! A feed on another server: asked when it is time, read where it changed (`sources.md` 3.4).

use std::collections::HashSet;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use crate::app::App;
use crate::config::{FeedSource, Source};
use crate::model::clock::{micros, to_micros};
use crate::source::feed::{Answer, Failure, Question, Received, ask};
use crate::source::fetch::{Caps, Fetcher, Reach};
use crate::store::sources;
use crate::store::visits::{self, Visit};

use super::super::read::Found;
use super::super::report::{IngestError, ScanReport};
use super::super::scan::{Plan, Progress, Scan};
use super::super::settings::folder_settings;
use super::{Wish, is_due, note_failure, remembered};

/// The longest time between two tries.
const LONGEST_WAIT: Duration = Duration::from_secs(86_400);

pub(super) async fn scan(
    app: &App,
    source: &Source,
    feed: &FeedSource,
    wish: Wish,
    progress: Progress<'_>,
) -> Result<ScanReport, IngestError> {
    let settings = Arc::new(folder_settings(&app.settings(), source, app.clock.now()));
    let (visit, same_rules) = remembered(app, source, feed.url.as_str(), &settings.fingerprint()).await?;
    if !is_due(app, source, &visit, wish) {
        return Ok(ScanReport::default());
    }
    wait_for_host(app, feed).await;
    let answer = match Fetcher::new(Reach::public(feed.allow_private.clone()), Caps::default()) {
        _ if is_own(app, feed) => Answer::Failed(own_feed()),
        Ok(fetcher) => ask(&fetcher, &question(app, feed, &visit, same_rules), app.clock.now()).await,
        Err(error) => Answer::Failed(Failure::of(&error)),
    };
    match answer {
        Answer::Failed(failure) => {
            let next = after_failure(app, source, visit, &failure);
            note_failure(app, source, Some(&next), failure.problem).await
        }
        Answer::Unchanged(delay) => unchanged(app, source, visit, delay).await,
        Answer::Feed(received) => {
            let next = after_success(app, source, &visit, &received);
            let guids = received.items.iter().map(|item| item.locator.clone());
            let plan = Plan {
                // What left the feed may come back under another id.
                present: Some(guids.collect::<HashSet<String>>()),
                deletes: false,
                complete: true,
                problems: received.problems,
                ..Plan::default()
            };
            let mut scan = Scan::begin(app, source, settings, plan).await?;
            scan.take(Found::items(received.items), progress).await?;
            let report = scan.finish().await?;
            remember(app, source, &visit, &next).await?;
            Ok(report)
        }
    }
}

/// A second between two questions to one server, whichever sources ask.
async fn wait_for_host(app: &App, feed: &FeedSource) {
    const APART: Duration = Duration::from_secs(1);
    let host = format!("host {}", feed.url.host_str().unwrap_or_default());
    let now = app.clock.now();
    let last = {
        let mut asked = app.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.insert(host, now)
    };
    let since = last.and_then(|last| (now - last).to_std().ok());
    if let Some(rest) = since.and_then(|since| APART.checked_sub(since)) {
        tokio::time::sleep(rest).await;
    }
}

/// Validators are of use only where the articles were made of that document by the rules as they are now.
fn question(app: &App, feed: &FeedSource, visit: &Visit, same_rules: bool) -> Question {
    Question {
        url: feed.url.clone(),
        etag: visit.etag.clone().filter(|_| same_rules),
        modified: visit.modified.clone().filter(|_| same_rules),
        contact: app.settings().site.url.to_string(),
    }
}

/// One of our own feeds would feed itself.
pub(super) fn is_own(app: &App, feed: &FeedSource) -> bool {
    let settings = app.settings();
    let own = [settings.feeds.base_url.as_str(), settings.http.public_url.as_str()];
    let name = feed.url.path().rsplit('/').next().unwrap_or_default();
    matches!(name, "rss.xml" | "atom.xml" | "feed.json") && own.iter().any(|own| feed.url.as_str().starts_with(own))
}

pub(super) fn own_feed() -> Failure {
    Failure::invalid(
        "it is one of the feeds that this service prints itself",
        "write the address of the site's own feed, or read its articles from a folder",
    )
}

fn after_failure(app: &App, source: &Source, visit: Visit, failure: &Failure) -> Visit {
    let failures = visit.failures.saturating_add(1);
    let doubled = source
        .every
        .saturating_mul(1 << u32::try_from(failures.min(10)).unwrap_or(10));
    let wait = doubled.max(failure.delay.unwrap_or_default()).min(LONGEST_WAIT);
    Visit {
        failures,
        not_before: Some(to_micros(app.clock.now()) + micros(wait)),
        is_gone: failure.is_gone,
        ..visit
    }
}

/// A server that asks for more patience than the config does gets it.
fn not_before(app: &App, source: &Source, delay: Option<Duration>) -> Option<i64> {
    let wait = delay.filter(|delay| *delay > source.every)?;
    Some(to_micros(app.clock.now()) + micros(wait))
}

fn after_success(app: &App, source: &Source, visit: &Visit, received: &Received) -> Visit {
    Visit {
        place: visit.place.clone(),
        etag: received.etag.clone(),
        modified: received.modified.clone(),
        not_before: not_before(app, source, received.delay),
        ..Visit::default()
    }
}

/// Nothing new; what kept the last visit from its end is over.
async fn unchanged(
    app: &App,
    source: &Source,
    visit: Visit,
    delay: Option<Duration>,
) -> Result<ScanReport, IngestError> {
    let next = Visit {
        failures: 0,
        is_gone: false,
        not_before: not_before(app, source, delay),
        ..visit.clone()
    };
    if visit.failures > 0 || visit.is_gone {
        let mut conn = app.database.begin().await?;
        sources::clear_problems(&mut conn, &source.id, "").await?;
        conn.commit().await?;
    }
    remember(app, source, &visit, &next).await?;
    super::as_noted(app, source).await
}

async fn remember(app: &App, source: &Source, before: &Visit, now: &Visit) -> Result<(), IngestError> {
    if before == now {
        return Ok(());
    }
    let mut conn = app.database.begin().await?;
    visits::write(&mut conn, &source.id, now).await?;
    conn.commit().await?;
    Ok(())
}
