//! What a path means to a reader: a document, a move, or nothing.

use std::sync::Arc;

use crate::app::App;
use crate::config::Settings;
use crate::feed::{Plan, Prepared, Shelf, Slot};
use crate::model::clock::to_micros;
use crate::model::feed_key::{FeedKey, Format};
use crate::model::feed_url::percent_decode;
use crate::model::hold::Hold;

use super::render;

/// Paths that readers guess, and that other programs used, each with the path that it moved to; none has a leading slash.
pub const ALIASES: [(&str, &str); 14] = [
    ("feed", "rss.xml"),
    ("feed/", "rss.xml"),
    ("feed.xml", "rss.xml"),
    ("feed.rss", "rss.xml"),
    ("rss", "rss.xml"),
    ("rss/", "rss.xml"),
    ("rss/feed.xml", "rss.xml"),
    ("index.rss", "rss.xml"),
    ("index.xml", "rss.xml"),
    ("atom", "atom.xml"),
    ("feed.atom", "atom.xml"),
    ("index.atom", "atom.xml"),
    ("index.json", "feed.json"),
    ("feeds/", "feeds"),
];

/// Documents that exist beside the feeds.
const OTHERS: [&str; 3] = ["feeds", "feeds.css", "feeds.opml"];

/// How long the feed of a term without articles is served before it is gone: 30 days, in microseconds.
const EMPTY_FOR: i64 = 30 * 24 * 60 * 60 * 1_000_000;

/// What to answer.
#[derive(Debug, Clone)]
pub enum Answer {
    /// This document.
    Document(Arc<Prepared>),
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
/// Touches memory only, except for the first request of a feed that nobody read before.
pub async fn answer(app: &App, path: &str) -> Answer {
    let Some(path) = percent_decode(path.trim_start_matches('/')) else {
        return Answer::NotFound;
    };
    let shelf = app.feeds.shelf();
    if let Some((slot, format)) = shelf.feed(&path) {
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
    let is_served = |key: FeedKey| settings.feeds.formats.contains(&key.format);
    let expected = FeedKey::from_path(&path).is_some_and(is_served) || OTHERS.contains(&path.as_str());
    if expected && shelf.version.is_none() {
        Answer::NotYet
    } else {
        Answer::NotFound
    }
}

/// Where an alias, or a path in other letter case, leads.
fn moved(shelf: &Shelf, settings: &Settings, path: &str) -> Option<String> {
    if let Some(target) = settings.feeds.aliases.get(path) {
        return Some(target.clone());
    }
    if let Some((_, target)) = ALIASES.iter().find(|(alias, _)| *alias == path) {
        return is_there(settings, target).then(|| (*target).to_owned());
    }
    let lower = path.to_lowercase();
    let (slot, format) = shelf.feed(&lower)?;
    let key = FeedKey {
        scope: slot.plan.scope.clone(),
        format,
    };
    Some(key.to_string())
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
    /// Codes of what is missing: `feeds_not_rendered`, `first_scan_pending`; and why mail is on hold: `held_restored`, ….
    pub reasons: Vec<&'static str>,
}

/// Looks at memory only.
pub fn readiness(app: &App) -> Readiness {
    let checks = [
        (app.feeds.is_rendered(), "feeds_not_rendered"),
        (app.feeds.is_scanned(), "first_scan_pending"),
    ];
    let mut reasons: Vec<&'static str> = checks
        .into_iter()
        .filter(|(done, _)| !done)
        .map(|(_, code)| code)
        .collect();
    let ready = reasons.is_empty();
    // Feeds and pages go on while mail is on hold.
    reasons.extend(app.last_hold().map(Hold::code));
    reasons.extend(app.clock_doubt().map(|_| "held_clock"));
    Readiness { ready, reasons }
}
