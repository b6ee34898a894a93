//! The feeds that this process holds in memory, swapped as a whole.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use arc_swap::{ArcSwap, ArcSwapOption};
use tokio::sync::Mutex;

use crate::model::clock::from_micros;
use crate::model::feed_date::FeedDate;
use crate::model::feed_key::{FeedKey, Format, Scope};
use crate::model::feed_meta::Chain;

use super::{Allowance, Meters, OwnFeeds, Prepared, Readers, Strangers, TermIndex};

/// Bytes of prepared documents that stay in memory; the main feed always does.
const BUDGET: usize = 64 << 20;

/// Every feed: what it holds, and its documents as far as they are rendered. A request takes one look into it.
#[derive(Debug, Default)]
pub struct FeedSet {
    shelf: ArcSwap<Shelf>,
    scanned: AtomicBool,
    uses: AtomicU64,
    asked: AtomicU64,
    /// What networks took of each document lately.
    pub allowance: Allowance,
    /// Who read which feed today.
    pub readers: Readers,
    /// Proxies that the config does not name.
    pub strangers: Strangers,
    /// Counts for those who watch over the service.
    pub meters: Meters,
    /// People's own feeds.
    pub own: OwnFeeds,
    /// Which article has which terms; held by whoever brings the feeds up to date, one at a time.
    pub index: Mutex<TermIndex>,
}

impl FeedSet {
    /// The feeds as they are now.
    pub fn shelf(&self) -> Arc<Shelf> {
        self.shelf.load_full()
    }

    /// Puts newer feeds in the place of the old ones.
    pub fn replace(&self, newer: Shelf) {
        self.shelf.store(Arc::new(newer));
        self.keep_within_budget();
    }

    /// Notes that every source has been scanned once since this process started.
    pub fn note_scanned(&self) {
        self.scanned.store(true, Ordering::Relaxed);
    }

    /// Whether every source has been scanned once.
    pub fn is_scanned(&self) -> bool {
        self.scanned.load(Ordering::Relaxed)
    }

    /// Whether there are feeds to serve.
    pub fn is_rendered(&self) -> bool {
        self.shelf.load().version.is_some()
    }

    /// Notes that somebody asked for a slot: the one that was asked for longest ago leaves memory first.
    pub fn note_use(&self, slot: &Slot) {
        slot.used
            .store(self.uses.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
    }

    /// Notes that a document was asked for.
    pub fn note_asked(&self) {
        self.asked.fetch_add(1, Ordering::Relaxed);
    }

    /// How many documents were asked for since this process started.
    pub fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }

    /// A document that readers get with a `br` body that could be smaller.
    pub fn loose(&self) -> Option<Arc<Prepared>> {
        let current = self.shelf.load();
        let others = current.others.values().cloned();
        let feeds = current.slots.values().filter_map(|slot| slot.fresh());
        let mut all = feeds.flat_map(|documents| Documents::clone(&documents)).chain(others);
        all.find(|document| document.bodies().is_loose())
    }

    /// Lets documents go that nobody asked for lately, until the rest fits; people's own feeds have a budget of theirs.
    pub fn keep_within_budget(&self) {
        self.own.keep_within_budget();
        let current = self.shelf.load();
        let mut held: Vec<(u64, usize, &Slot)> = current
            .slots
            .values()
            .filter_map(|slot| Some((slot.used.load(Ordering::Relaxed), slot.size()?, &**slot)))
            .collect();
        let mut total: usize = held.iter().map(|(_, size, _)| size).sum();
        held.sort_by_key(|(used, ..)| *used);
        // What cannot be made anew is not let go.
        let may_go = |(.., slot): &(u64, usize, &Slot)| slot.plan.scope != Scope::All && !slot.is_stale();
        for (_, size, slot) in held.into_iter().filter(may_go) {
            if total <= BUDGET {
                break;
            }
            slot.documents.store(None);
            total -= size;
        }
    }
}

/// The feeds at one moment.
#[derive(Debug, Default)]
pub struct Shelf {
    /// The content version that they show; `None` before the first rendering.
    pub version: Option<i64>,
    /// The settings that they were rendered with.
    pub settings: String,
    /// When the next article is known to come out, microseconds.
    pub next_publication: Option<i64>,
    /// Terms that got another name: whose feed is which now.
    pub renamed: HashMap<Scope, Scope>,
    slots: BTreeMap<Scope, Arc<Slot>>,
    paths: HashMap<String, (Arc<Slot>, Format)>,
    others: HashMap<&'static str, Arc<Prepared>>,
}

impl Shelf {
    /// Feeds in the formats that are served, and other documents (path without leading slash → document).
    pub fn new(
        version: i64,
        settings: String,
        slots: Vec<Arc<Slot>>,
        formats: &[Format],
        others: HashMap<&'static str, Arc<Prepared>>,
    ) -> Self {
        let key = |slot: &Slot, format| FeedKey {
            scope: slot.plan.scope.clone(),
            format,
        };
        let paths = slots
            .iter()
            .flat_map(|slot| {
                let path = |format: &Format| (key(slot, *format).path(), (Arc::clone(slot), *format));
                formats.iter().map(path)
            })
            .collect();
        Self {
            version: Some(version),
            settings,
            next_publication: None,
            renamed: HashMap::new(),
            slots: slots.into_iter().map(|slot| (slot.plan.scope.clone(), slot)).collect(),
            paths,
            others,
        }
    }

    /// The feed at a path without leading slash.
    pub fn feed(&self, path: &str) -> Option<(&Arc<Slot>, Format)> {
        self.paths.get(path).map(|(slot, format)| (slot, *format))
    }

    /// The list, page or style at a path without leading slash.
    pub fn other(&self, path: &str) -> Option<&Arc<Prepared>> {
        self.others.get(path)
    }

    /// Paths and documents that are no feeds, in order.
    pub fn others(&self) -> BTreeMap<&'static str, &Arc<Prepared>> {
        self.others.iter().map(|(path, document)| (*path, document)).collect()
    }

    /// Whether a feed could not be brought up to date, so that readers get what was good before.
    pub fn is_stale(&self) -> bool {
        self.slots.values().any(|slot| slot.is_stale())
    }

    /// The feed of one scope.
    pub fn slot(&self, scope: &Scope) -> Option<&Arc<Slot>> {
        self.slots.get(scope)
    }

    /// Every scope, the main feed first.
    pub fn slots(&self) -> impl Iterator<Item = &Arc<Slot>> {
        self.slots.values()
    }
}

/// What one scope holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Whose articles.
    pub scope: Scope,
    /// The term's name; empty for all articles.
    pub term: String,
    /// Tag URI, minted once.
    pub feed_id: String,
    /// When an entry was added, edited or removed last, microseconds.
    pub updated_at: i64,
    /// Ids of the articles, in order, at most as many as a document may hold.
    pub members: Vec<String>,
    /// Equal when the members, what they say, and the settings are equal.
    pub mark: String,
    /// Entry ids of articles that were taken back lately, each with the moment (microseconds).
    pub deleted: Vec<(String, i64)>,
    /// The archives beside it.
    pub chain: Chain,
    /// The content version that this follows from.
    pub version: i64,
    /// What the Podcast Index calls it, where that is wanted.
    pub podcast_guid: Option<String>,
}

impl Plan {
    /// Whether a document made for `other` would be the same.
    pub fn prints_like(&self, other: &Self) -> bool {
        self.mark == other.mark
            && self.updated_at == other.updated_at
            && self.feed_id == other.feed_id
            && self.term == other.term
            && self.podcast_guid == other.podcast_guid
    }

    /// The feed-level time.
    pub fn updated(&self) -> FeedDate {
        FeedDate::new(from_micros(self.updated_at))
    }
}

/// The three documents of one scope: RSS, Atom, JSON Feed.
pub type Documents = [Arc<Prepared>; 3];

/// A scope and its documents, as far as they are rendered.
#[derive(Debug)]
pub struct Slot {
    /// What it holds.
    pub plan: Plan,
    documents: ArcSwapOption<Documents>,
    fresh: AtomicBool,
    used: AtomicU64,
    stale: AtomicBool,
    /// Planned articles up to the last one that is printed.
    reach: AtomicUsize,
    /// Held by the one that renders; everybody else waits for it.
    pub flight: Mutex<()>,
}

impl Slot {
    /// A slot that still shows what `before` showed, until it is rendered.
    pub fn new(plan: Plan, before: Option<&Slot>) -> Self {
        Self {
            plan,
            documents: ArcSwapOption::new(before.and_then(Slot::last_good)),
            fresh: AtomicBool::new(false),
            used: AtomicU64::new(before.map_or(0, |slot| slot.used.load(Ordering::Relaxed))),
            stale: AtomicBool::new(false),
            reach: AtomicUsize::new(usize::MAX),
            flight: Mutex::new(()),
        }
    }

    /// The planned articles for which the documents have no room: those behind the last one that is printed. Articles that
    /// cannot be printed take none.
    pub fn cut_off(&self) -> &[String] {
        self.plan
            .members
            .get(self.reach.load(Ordering::Relaxed)..)
            .unwrap_or_default()
    }

    /// The documents, when they show the newest articles.
    pub fn fresh(&self) -> Option<Arc<Documents>> {
        self.fresh.load(Ordering::Acquire).then(|| self.last_good()).flatten()
    }

    /// The documents, however old.
    pub fn last_good(&self) -> Option<Arc<Documents>> {
        self.documents.load_full()
    }

    /// Puts rendered documents in, which have room for the first `reach` planned articles.
    pub fn fill(&self, documents: Documents, reach: usize) {
        self.reach.store(reach, Ordering::Relaxed);
        self.documents.store(Some(Arc::new(documents)));
        self.stale.store(false, Ordering::Relaxed);
        self.fresh.store(true, Ordering::Release);
    }

    /// Rendering failed: what was good before stays until an article changes.
    pub fn keep_last_good(&self) {
        self.stale.store(true, Ordering::Relaxed);
        self.fresh.store(true, Ordering::Release);
    }

    /// Whether rendering failed, so that readers get what was good before, if anything was.
    pub fn is_stale(&self) -> bool {
        self.stale.load(Ordering::Relaxed)
    }

    /// Bytes in memory, with compressed copies; `None` while it is not rendered.
    pub fn size(&self) -> Option<usize> {
        let documents = self.documents.load();
        Some(documents.as_ref()?.iter().map(|document| document.size()).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::{Bodies, Kind};

    fn slot(scope: Scope) -> Arc<Slot> {
        let plan = Plan {
            term: String::new(),
            feed_id: "tag:example.org,2026-11-25:feed".to_owned(),
            updated_at: 0,
            members: Vec::new(),
            mark: String::new(),
            deleted: Vec::new(),
            chain: Chain::default(),
            version: 1,
            podcast_guid: None,
            scope,
        };
        Arc::new(Slot::new(plan, None))
    }

    /// Documents that hardly can be packed: about a third of a megabyte.
    fn documents() -> Documents {
        let mut state = 7_u64;
        let mut letter = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            char::from(b' ' + u8::try_from((state >> 33) % 94).unwrap())
        };
        let text: String = (0..140_000).map(|_| letter()).collect();
        let document = Arc::new(Prepared::new(Kind::Feed(Format::Rss), Bodies::of(&text), None, None));
        [Arc::clone(&document), Arc::clone(&document), document]
    }

    #[test]
    fn of_five_hundred_tags_those_that_are_read_stay_in_memory_and_the_main_feed_always_does() {
        let documents = documents();
        let main = slot(Scope::All);
        let tags: Vec<Arc<Slot>> = (0..500)
            .map(|number| slot(Scope::Tag(format!("tag-{number:03}"))))
            .collect();
        let set = FeedSet::default();
        for one in std::iter::once(&main).chain(&tags) {
            one.fill(documents.clone(), usize::MAX);
            set.note_use(one);
        }
        // The first tag is asked for again; the second one cannot be made anew.
        set.note_use(&tags[0]);
        tags[1].keep_last_good();
        let all = std::iter::once(Arc::clone(&main))
            .chain(tags.iter().map(Arc::clone))
            .collect();
        set.replace(Shelf::new(1, String::new(), all, &Format::ALL, HashMap::new()));
        let held = |slot: &Arc<Slot>| slot.fresh().is_some();
        let kept: usize = tags.iter().chain([&main]).filter_map(|slot| slot.size()).sum();
        assert!((BUDGET / 2..=BUDGET).contains(&kept), "{kept}");
        assert!(held(&main) && held(&tags[0]) && held(&tags[1]) && held(&tags[499]));
        assert!(!held(&tags[2]) && !held(&tags[100]), "nobody asked for them lately");
        assert_eq!(set.shelf().slots().count(), 501, "whoever asks for them gets them made");
    }

    #[test]
    fn a_feed_that_cannot_be_rendered_shows_what_was_good_until_an_article_changes() {
        let before = slot(Scope::All);
        before.fill(documents(), usize::MAX);
        let after = Slot::new(before.plan.clone(), Some(&before));
        assert!(after.fresh().is_none() && !after.is_stale());
        after.keep_last_good();
        assert!(Arc::ptr_eq(&after.fresh().unwrap()[0], &before.fresh().unwrap()[0]));
        assert!(after.is_stale());
        let next = Slot::new(before.plan.clone(), Some(&after));
        assert!(next.fresh().is_none() && !next.is_stale(), "it is tried again");
        let new = slot(Scope::All);
        new.keep_last_good();
        assert!(new.fresh().is_none() && new.is_stale(), "there is nothing to show");
    }
}
