//! Turns the ordered list of articles into prepared feed documents.
//!
//! ```text
//! articles ──▶ [scopes] members, ids, times ──▶ [render] entries, documents ──▶ [changes] since when ──▶ FeedSet
//!                                                                                                        │
//!                                            http ◀── [answer] ◀─────────────────────────────────────────┤
//!                                            files ◀── [export] ◀────────────────────────────────────────┘
//!
//! request for a feed ──▶ [readers] ──▶ numbers ──▶ author
//! new bytes ──▶ [changes] ──▶ jobs ──▶ [websub] ──▶ subscribers and other hubs
//! ```
//!
//! A document's bytes are a pure function of content and settings. When they changed is stored, so that every node and
//! every later process answers alike. What fails leaves the last good bytes in service.

mod answer;
mod archives;
mod changes;
mod examine;
mod export;
mod figures;
mod idle;
mod lists;
mod members;
mod private;
mod readers;
mod renames;
mod render;
mod scopes;
mod static_host;
mod strangers;
pub mod websub;

use std::collections::HashMap;
use std::sync::Arc;

pub use answer::{Answer, Readiness, answer, at_hand, max_age, now_at, path_of, readiness};
pub use examine::{Examined, Printable, examine, left_out};
pub use export::{Exported, Progress, export};
pub use figures::{Figures, figures};
pub use idle::Idle;
pub use members::LeftOut;
pub use readers::{audience, count_readers, note};
pub use static_host::{FEED_POLICY, HostSettings, host_settings};
pub use strangers::{note_forwarded, unlisted_proxies, write_strangers};

pub use crate::feed::{Bodies, Coding, Kind, Prepared, Reading};
pub use crate::model::feed_paths::ALIASES;

use crate::app::App;
use crate::config::Settings;
use crate::feed::{Plan, RENDERER, RenderError, STYLE, Shelf, Slot, TermIndex};
use crate::model::clock::to_micros;
use crate::model::feed_key::Scope;
use crate::model::hold::Hold;
use crate::source::fetch::FetchError;
use crate::store::{StoreError, articles, feeds};
use crate::template::TemplateError;
use crate::template::context::Frame;

use websub::Awaited;

/// With at most so many scopes every feed stays rendered; with more, those that nobody asks for wait for a request.
const RESIDENT_SCOPES: usize = 200;

/// What keeps feeds from being brought up to date. The last good ones stay in service.
#[derive(Debug, thiserror::Error)]
pub enum SyndicateError {
    /// The database.
    #[error("read articles for the feeds: {0}")]
    Store(#[from] StoreError),
    /// A writer.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// The page of feeds.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A rendering thread ended early.
    #[error("render feeds: {0}; this is a defect, please report it")]
    Thread(#[from] tokio::task::JoinError),
    /// A setting that feeds cannot do without.
    #[error("render feeds: `{0}` cannot be used in a feed; correct it in the config file")]
    Setting(&'static str),
    /// A file of the export.
    #[error("write {path}: {error}; check that the folder exists and can be written")]
    File {
        /// Which file.
        path: std::path::PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// The client that tells others of new bytes.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The database may be a copy of another one.
    #[error("tell hubs what is new: {0}")]
    Held(Hold),
    /// A feed has never been rendered.
    #[error("render the feed {0}; the log says why")]
    Unrendered(String),
}

/// Brings the feeds up to date when articles or settings changed, or when there are none yet; says whether it did.
///
/// One article that cannot be printed is left out and logged; a document that cannot be written keeps its last good
/// bytes. Only what changed is rendered.
///
/// # Errors
/// Without the database, or with settings that no feed can be made from; the feeds stay as they were.
pub async fn refresh(app: &App) -> Result<bool, SyndicateError> {
    let done = bring_up_to_date(app).await;
    figures::note(app, done.is_ok());
    done
}

async fn bring_up_to_date(app: &App) -> Result<bool, SyndicateError> {
    let mut index = app.feeds.index.lock().await;
    let settings = app.settings();
    let print = fingerprint(app, &settings);
    let before = app.feeds.shelf();
    let mut conn = app.database.read().await?;
    let now = to_micros(app.clock.now());
    let (version, changed_at) = feeds::content_version(&mut conn).await?.unwrap_or((0, now));
    if before.version == Some(version) && before.settings == print {
        return Ok(false);
    }
    drop(conn);
    let began = app.clock.since_boot();
    let moment = scopes::Moment {
        now,
        version,
        changed_at,
    };
    let awaited = websub::awaited(app, &settings).await?;
    let same_settings = before.settings == print;
    let mut slots: Vec<Arc<Slot>> = Vec::new();
    let (mut rendered, mut room) = (0, None);
    loop {
        let plans = scopes::plan(app, &mut index, moment, room).await?;
        slots = choose(plans, &slots, &before, same_settings);
        let due = due(app, &slots, &before, &awaited);
        render::fill(app, &settings, &due).await?;
        rendered += due.len();
        // What does not fit for its length must be in an archive, like what is too old.
        room = settings.feeds.archives.and_then(|_| lacks_room(slots.first()?, &index));
        if room.is_none() {
            break;
        }
    }
    let others = others(app, &settings, &slots, same_settings.then_some(&*before), version).await?;
    let formats = &settings.feeds.formats;
    let mut shelf = Shelf::new(version, print, slots, formats, others);
    let mut conn = app.database.read().await?;
    shelf.next_publication = articles::next_due(&mut conn).await?;
    shelf.renamed = renames::known(&mut conn).await?;
    drop(conn);
    app.feeds.replace(shelf);
    let took = app.clock.since_boot().saturating_sub(began);
    tracing::debug!(rendered, milliseconds = took.as_millis(), "feeds brought up to date");
    Ok(true)
}

/// A slot for each plan: one that shows the same already, of this bringing up to date or of those before, else a new one
/// with what is served.
fn choose(plans: Vec<Plan>, latest: &[Arc<Slot>], before: &Shelf, same_settings: bool) -> Vec<Arc<Slot>> {
    let latest: HashMap<&Scope, &Arc<Slot>> = latest.iter().map(|slot| (&slot.plan.scope, slot)).collect();
    let slot = |plan: Plan| {
        let served = before.slot(&plan.scope);
        let known = latest.get(&plan.scope).copied().or(served.filter(|_| same_settings));
        match known.filter(|slot| slot.plan.prints_like(&plan)) {
            Some(slot) => Arc::clone(slot),
            None => Arc::new(Slot::new(plan, served.map(|slot| &**slot))),
        }
    };
    plans.into_iter().map(slot).collect()
}

/// How many articles the main feed has room for, if one of those behind them is in no archive yet.
fn lacks_room(main: &Slot, index: &TermIndex) -> Option<usize> {
    let cut_off = main.cut_off();
    let is_nowhere = |article: &String| !index.sealed.contains_key(article);
    cut_off
        .iter()
        .any(is_nowhere)
        .then(|| main.plan.members.len() - cut_off.len())
}

/// The slots to render now: the main feed, and with few terms all of them, with many those that somebody reads, as the
/// archives, and those whose new bytes somebody is told of.
fn due(app: &App, slots: &[Arc<Slot>], before: &Shelf, awaited: &Awaited) -> Vec<Arc<Slot>> {
    let is_archive = |slot: &Slot| matches!(slot.plan.scope, Scope::Archive(_));
    let few = slots.iter().filter(|slot| !is_archive(slot)).count() <= RESIDENT_SCOPES;
    let is_read = |slot: &Slot| slot.plan.scope == Scope::All || slot.last_good().is_some();
    slots
        .iter()
        .filter(|slot| slot.fresh().is_none() && !answer::is_over(&slot.plan, app))
        .filter(|slot| is_read(slot) || (!is_archive(slot) && (few || awaited.holds(slot, before))))
        .cloned()
        .collect()
}

/// The list for readers, the page for people, the style; what names the same feeds as in `before` is taken from there.
async fn others(
    app: &App,
    settings: &Settings,
    slots: &[Arc<Slot>],
    before: Option<&Shelf>,
    version: i64,
) -> Result<HashMap<&'static str, Arc<Prepared>>, SyndicateError> {
    let plans = lists::shown(slots);
    let mut others = HashMap::new();
    if let Some(before) = before.filter(|before| lists::name_the_same(&plans, &lists::shown(before.slots()))) {
        for path in ["feeds", "feeds.css"] {
            others.extend(before.other(path).map(|known| (path, Arc::clone(known))));
        }
    }
    let mut texts = vec![("feeds.opml", Kind::Outlines, lists::outlines(settings, &plans)?)];
    if others.is_empty() {
        texts.push((
            "feeds",
            Kind::Page,
            lists::page(&app.templates, settings, &plans, here(settings))?,
        ));
        texts.push(("feeds.css", Kind::Style, STYLE.to_owned()));
    }
    let mut bodies = Vec::new();
    for (path, kind, text) in texts {
        let made = tokio::task::spawn_blocking(move || Bodies::of(&text)).await?;
        bodies.push((path, kind, made));
    }
    let print = |(path, _, made): &(&str, Kind, Bodies)| changes::Print {
        path: (*path).to_owned(),
        tag: made.tag.clone(),
        version,
        topic: None,
        // The page follows from templates, too.
        inputs: String::new(),
    };
    let prints: Vec<changes::Print> = bodies.iter().map(print).collect();
    let since = changes::since(app, &prints).await?;
    for ((path, kind, made), since) in bodies.into_iter().zip(since) {
        others.insert(path, Arc::new(Prepared::new(kind, made, since, None)));
    }
    Ok(others)
}

/// The page that lists the feeds for people, as HTML.
pub fn feeds_page(app: &App) -> Result<String, SyndicateError> {
    let (shelf, settings) = (app.feeds.shelf(), app.settings());
    lists::page(&app.templates, &settings, &lists::shown(shelf.slots()), here(&settings))
}

fn here(settings: &Settings) -> Frame {
    Frame::new(settings, &settings.site.language)
}

/// Equal settings print equal documents.
fn fingerprint(app: &App, settings: &Settings) -> String {
    let said = format!(
        "{RENDERER} {:?} {:?} {} {:?}",
        settings.site,
        settings.feeds,
        settings.http.public_url,
        app.templates.footer_hash()
    );
    scopes::hash([said.as_bytes()])
}
