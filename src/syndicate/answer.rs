//! What a path means to a reader: a document, a move, or nothing.

use std::sync::Arc;
use std::time::Duration;

use crate::app::App;
use crate::config::{MaxAge, Settings};
use crate::feed::{Plan, Prepared, Shelf, Slot};
use crate::model::clock::to_micros;
use crate::model::feed_key::{FeedKey, Format, Scope};
use crate::model::feed_paths::{self, PAGES};
use crate::model::feed_url::percent_decode;
use crate::model::hold::Hold;

use super::{private, render};

/// How long the feed of a term without articles is served before it is gone: 30 days, in microseconds.
const EMPTY_FOR: i64 = 30 * 24 * 60 * 60 * 1_000_000;

/// Bounds of an age that follows the next article, and the age while none is known to come.
const LEAST_AGE: Duration = Duration::from_secs(300);
const MOST_AGE: Duration = Duration::from_secs(6 * 3_600);
const USUAL_AGE: Duration = Duration::from_secs(15 * 60);

/// What to answer.
#[derive(Debug, Clone)]
pub enum Answer {
    /// This document.
    Document(Arc<Prepared>),
    /// This document, which is one person's alone.
    Private(Arc<Prepared>),
    /// It is at this path now, and stays there.
    Moved(String),
    /// It was there and will not come back.
    Gone,
    /// It will be there in a moment.
    NotYet,
    /// No feed has this path.
    NotFound,
}

/// What the path of a request means; `path` as it came, percent-encoded, with its leading slash.
///
/// Touches memory only, except for the first request of a feed that nobody read before, and for a person's own feed.
pub async fn answer(app: &App, path: &str) -> Answer {
    let Some(path) = path_of(path) else {
        return Answer::NotFound;
    };
    if let Some(rest) = path.strip_prefix(private::PREFIX) {
        return private::answer(app, rest).await;
    }
    let shelf = app.feeds.shelf();
    let found = shelf.feed(&path);
    if let Some((slot, format)) = found.filter(|(slot, _)| !is_deserted(slot)) {
        return feed(app, slot, format).await;
    }
    if let Some(document) = shelf.other(&path) {
        return Answer::Document(Arc::clone(document));
    }
    let settings = app.settings();
    if settings.feeds.retired.contains(&path) {
        return Answer::Gone;
    }
    if let Some(now_at) = moved(&shelf, &settings, &path) {
        return Answer::Moved(format!("{}{now_at}", settings.feeds.base_url.path()));
    }
    if let Some((slot, format)) = found {
        return feed(app, slot, format).await;
    }
    let is_served = |key: FeedKey| settings.feeds.formats.contains(&key.format);
    let expected = FeedKey::from_path(&path).is_some_and(is_served) || PAGES.contains(&path.as_str());
    if expected && shelf.version.is_none() {
        Answer::NotYet
    } else {
        Answer::NotFound
    }
}

/// The path of a request as feeds have theirs: decoded, without leading slash; `None` where it is no text.
pub fn path_of(path: &str) -> Option<String> {
    percent_decode(path.trim_start_matches('/'))
}

/// The document at a path, if it lies ready; looks at memory only.
pub fn at_hand(app: &App, path: &str) -> Option<Arc<Prepared>> {
    let path = path.strip_prefix('/')?;
    let shelf = app.feeds.shelf();
    if let Some((slot, format)) = shelf.feed(path) {
        let documents = slot
            .fresh()
            .filter(|_| !is_deserted(slot) && !is_over(&slot.plan, app))?;
        app.feeds.note_use(slot);
        return Some(Arc::clone(&documents[format as usize]));
    }
    shelf.other(path).map(Arc::clone)
}

/// Where the path of a request is now, without leading slash: elsewhere, if it is an alias or was renamed, else where it was.
pub fn now_at(app: &App, path: &str) -> String {
    let (shelf, settings) = (app.feeds.shelf(), app.settings());
    let elsewhere = path_of(path).and_then(|path| {
        let is_here = shelf.feed(&path).is_some_and(|(slot, _)| !is_deserted(slot)) || shelf.other(&path).is_some();
        let stays = is_here || settings.feeds.retired.contains(&path);
        moved(&shelf, &settings, &path).filter(|_| !stays)
    });
    elsewhere.unwrap_or_else(|| path.trim_start_matches('/').to_owned())
}

/// Where an alias, a path in other letter case, or the feed of a term that got another name leads.
pub(super) fn moved(shelf: &Shelf, settings: &Settings, path: &str) -> Option<String> {
    if let Some(target) = settings.feeds.aliases.get(path) {
        return Some(target.clone());
    }
    if let Some(target) = feed_paths::alias(path) {
        return is_there(settings, target).then(|| target.to_owned());
    }
    let lower = path.to_lowercase();
    let (slot, format) = shelf.feed(&lower)?;
    let key = FeedKey {
        scope: heir(shelf, &slot.plan.scope).clone(),
        format,
    };
    (key.path() != path).then(|| key.to_string())
}

/// The scope that has the articles of a term now, in one step however often it got another name; itself if none has.
fn heir<'a>(shelf: &'a Shelf, scope: &'a Scope) -> &'a Scope {
    let mut at = scope;
    for _ in 0..=shelf.renamed.len() {
        if shelf.slot(at).is_some_and(|slot| !is_deserted(slot)) {
            return at;
        }
        match shelf.renamed.get(at) {
            Some(next) => at = next,
            None => break,
        }
    }
    scope
}

/// Whether a term has no article any more.
fn is_deserted(slot: &Slot) -> bool {
    slot.plan.scope.term().is_some() && slot.plan.members.is_empty()
}

/// How long readers may keep a copy of a feed: as the author says, or until the next article that is known to come,
/// within limits.
pub fn max_age(app: &App) -> Duration {
    let until_next = || {
        let due = app.feeds.shelf().next_publication?;
        let left = due.saturating_sub(to_micros(app.clock.now())).max(0);
        Some(Duration::from_secs(left.unsigned_abs().div_ceil(1_000_000)).clamp(LEAST_AGE, MOST_AGE))
    };
    match app.settings().feeds.max_age {
        MaxAge::Fixed(age) => age,
        MaxAge::Adaptive => until_next().unwrap_or(USUAL_AGE),
    }
}

/// Whether the target of a built-in alias is served: one whose format is switched off is not there either.
fn is_there(settings: &Settings, target: &str) -> bool {
    FeedKey::from_path(target).is_none_or(|key| settings.feeds.formats.contains(&key.format))
}

async fn feed(app: &App, slot: &Arc<Slot>, format: Format) -> Answer {
    if is_over(&slot.plan, app) {
        return Answer::Gone;
    }
    app.feeds.note_use(slot);
    let documents = match slot.fresh() {
        Some(documents) => Some(documents),
        None => render::on_demand(app, slot)
            .await
            .inspect_err(|error| tracing::error!(feed = slot.plan.scope.word(), %error, "failed to render a feed"))
            .ok()
            .or_else(|| slot.last_good()),
    };
    documents.map_or(Answer::NotYet, |documents| {
        Answer::Document(Arc::clone(&documents[format as usize]))
    })
}

/// Whether a term has been without articles for so long that its feed is gone.
pub(super) fn is_over(plan: &Plan, app: &App) -> bool {
    plan.scope.term().is_some()
        && plan.members.is_empty()
        && to_micros(app.clock.now()).saturating_sub(plan.updated_at) > EMPTY_FOR
}

/// Whether this process can serve, and what is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readiness {
    /// Everything is there.
    pub ready: bool,
    /// Codes of what is missing: `feeds_not_rendered`, `first_scan_pending`; and of what is not as it should be while
    /// readers are served: `feeds_stale`, why mail is on hold (`held_restored`, …).
    pub reasons: Vec<&'static str>,
}

/// Looks at memory only.
pub fn readiness(app: &App) -> Readiness {
    let shelf = app.feeds.shelf();
    let main = shelf.slot(&Scope::All);
    let checks = [
        (
            main.is_some_and(|slot| slot.last_good().is_some()),
            "feeds_not_rendered",
        ),
        (app.feeds.is_scanned(), "first_scan_pending"),
    ];
    let mut reasons: Vec<&'static str> = checks
        .into_iter()
        .filter(|(done, _)| !done)
        .map(|(_, code)| code)
        .collect();
    let ready = reasons.is_empty();
    // Readers keep what was good before.
    reasons.extend(shelf.is_stale().then_some("feeds_stale"));
    // Feeds and pages go on while mail is on hold.
    reasons.extend(app.last_hold().map(Hold::code));
    reasons.extend(app.clock_doubt().map(|_| "held_clock"));
    Readiness { ready, reasons }
}
