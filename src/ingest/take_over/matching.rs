//! Which article an entry is: by its address, else by title and day, else by the id itself.

use std::collections::{HashMap, HashSet};

use crate::model::clock::to_micros;
use crate::model::entry::is_iri;
use crate::model::same_address::comparison_form;
use crate::source::foreign::ForeignEntry;
use crate::store::articles::Adopter;
use crate::store::imported::Imported;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// What an entry is.
#[derive(Debug)]
pub(super) enum Match {
    /// An article that has id and date already.
    Unchanged,
    /// An article, as it will be.
    Article(Box<Adopter>),
    /// No article yet.
    Waiting(Imported),
    /// Why it is not taken over.
    Rejected(String),
}

/// The articles by all that an entry can say of them.
struct Index {
    known: Vec<Adopter>,
    by_address: HashMap<String, usize>,
    by_title: HashMap<String, Vec<usize>>,
    by_id: HashMap<String, usize>,
    /// Articles that an entry was matched to.
    claimed: HashSet<usize>,
    /// Addresses that an entry waits for.
    waiting: HashSet<String>,
    /// Two entries of the feed have them.
    doubled: HashSet<String>,
    now: i64,
}

/// Each entry once, by its id, and what it is.
pub(super) fn matches(known: Vec<Adopter>, entries: &[ForeignEntry], now: i64) -> Vec<(String, Match)> {
    let mut index = Index::new(known, entries, now);
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for entry in entries {
        let id = entry.identity().unwrap_or_default().to_owned();
        // Documents of one feed overlap, so an entry may come again.
        if id.is_empty() || seen.insert((id.clone(), page(entry))) {
            found.push((id, index.find(entry)));
        }
    }
    found
}

fn page(entry: &ForeignEntry) -> Option<String> {
    entry.link.as_deref().and_then(comparison_form)
}

impl Index {
    fn new(known: Vec<Adopter>, entries: &[ForeignEntry], now: i64) -> Self {
        let mut index = Self {
            by_address: HashMap::new(),
            by_title: HashMap::new(),
            by_id: HashMap::new(),
            claimed: HashSet::new(),
            waiting: HashSet::new(),
            doubled: doubled(entries),
            known,
            now,
        };
        for (at, article) in index.known.iter().enumerate() {
            index.by_id.insert(article.entry_id.clone(), at);
            if article.is_gone {
                continue;
            }
            if let Some(form) = comparison_form(&article.url) {
                index.by_address.entry(form).or_insert(at);
            }
            if !article.title.is_empty() {
                index.by_title.entry(article.title.to_lowercase()).or_default().push(at);
            }
        }
        // An address of today counts more than one of before.
        for (at, article) in index.known.iter().enumerate().filter(|(_, article)| !article.is_gone) {
            for form in article.former_urls.iter().filter_map(|url| comparison_form(url)) {
                index.by_address.entry(form).or_insert(at);
            }
        }
        index
    }

    fn find(&mut self, entry: &ForeignEntry) -> Match {
        let Some(id) = entry.identity() else {
            return Match::Rejected("it has neither id nor address".to_owned());
        };
        if self.doubled.contains(id) {
            let why = "another entry of the feed has the same id; give each an id of its own";
            return Match::Rejected(why.to_owned());
        }
        let owner = self.by_id.get(id).copied();
        let form = page(entry);
        let by_address = form.as_ref().and_then(|form| self.by_address.get(form)).copied();
        let found = by_address.or_else(|| self.by_title_and_day(entry)).or(owner);
        if let Some(at) = found {
            return self.article(at, owner, id, entry);
        }
        let Some(address) = form else {
            let why = "it has no address, and no article has its title and day";
            return Match::Rejected(why.to_owned());
        };
        if !self.waiting.insert(address.clone()) {
            let why = "another entry of the feed has the same address";
            return Match::Rejected(why.to_owned());
        }
        Match::Waiting(Imported {
            address,
            entry_id: id.to_owned(),
            is_permalink: entry.is_permalink,
            published_at: self.date(entry),
        })
    }

    fn article(&mut self, at: usize, owner: Option<usize>, id: &str, entry: &ForeignEntry) -> Match {
        let article = &self.known[at];
        let locator = &article.locator;
        if let Some(owner) = owner.filter(|owner| *owner != at) {
            let other = &self.known[owner].locator;
            return Match::Rejected(format!(
                "it is the article {locator}, and the id belongs to {other} already"
            ));
        }
        // A mere word in the header is what an id was minted of, and no id that readers of the old feed know.
        if article.header_id.as_deref().is_some_and(is_iri) && article.entry_id != id {
            return Match::Rejected(format!("the header of {locator} says another id, which counts more"));
        }
        if self.claimed.contains(&at) {
            return Match::Rejected(format!("another entry of the feed is the article {locator}, too"));
        }
        // Feeds print whole seconds.
        let date = self.date(entry);
        let date = date.filter(|date| date.div_euclid(SECOND) != article.published_at.div_euclid(SECOND));
        let is_same = article.entry_id == id && article.is_permalink == entry.is_permalink && date.is_none();
        let found = Adopter {
            entry_id: id.to_owned(),
            is_permalink: entry.is_permalink,
            published_at: date.unwrap_or(article.published_at),
            ..article.clone()
        };
        self.claimed.insert(at);
        if is_same {
            Match::Unchanged
        } else {
            Match::Article(Box::new(found))
        }
    }

    /// The one article with this title that is at most a day away: a date without a time says no more.
    fn by_title_and_day(&self, entry: &ForeignEntry) -> Option<usize> {
        let date = self.date(entry)?;
        let named = self.by_title.get(&entry.title.as_ref()?.to_lowercase())?;
        let free = |at: &&usize| !self.claimed.contains(*at);
        let near = |at: &&usize| (self.known[**at].published_at - date).abs() < DAY;
        let near: Vec<usize> = named.iter().filter(free).filter(near).copied().collect();
        let same_day = |at: &&usize| self.known[**at].published_at.div_euclid(DAY) == date.div_euclid(DAY);
        let same: Vec<usize> = near.iter().filter(same_day).copied().collect();
        match (near.as_slice(), same.as_slice()) {
            ([one], _) | (_, [one]) => Some(*one),
            _ => None,
        }
    }

    /// When readers think that it was published; a date to come would take the article out of the feeds.
    fn date(&self, entry: &ForeignEntry) -> Option<i64> {
        let date = entry.published.or(entry.updated).map(to_micros);
        date.filter(|date| *date <= self.now)
    }
}

/// Ids that entries of different pages have.
fn doubled(entries: &[ForeignEntry]) -> HashSet<String> {
    let mut pages: HashMap<&str, Option<String>> = HashMap::new();
    let mut doubled = HashSet::new();
    for entry in entries {
        let Some(id) = entry.identity() else { continue };
        let page = page(entry);
        match pages.get(id) {
            Some(known) if *known != page => {
                doubled.insert(id.to_owned());
            }
            Some(_) => {}
            None => {
                pages.insert(id, page);
            }
        }
    }
    doubled
}
