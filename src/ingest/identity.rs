//! Same article or new? Identity is minted once and survives edits, renames and moves (`sources.md` 2.3).

use std::collections::{HashMap, HashSet};

use crate::model::article::{Draft, Visibility};
use crate::model::clock::to_micros;
use crate::store::articles::Known;

/// How long a vanished article can be found again, in microseconds: 30 days.
const MATCHABLE: i64 = 30 * 86_400_000_000;
/// Vanished articles with one title or date that are compared with a newcomer.
const MOST_COMPARED: usize = 50;

/// Which stored article a draft is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Identity {
    /// None: it was never seen.
    New,
    /// The same file as before.
    Same(usize),
    /// The same article at another place or address.
    Moved(usize),
    /// A copy of an article that is still there: published only when the other goes.
    Duplicate(usize),
    /// Its address belongs to another article.
    UrlTaken(usize),
    /// Two articles could be meant: no guess.
    Ambiguous(usize, usize),
}

/// What a scan knows of a source's stored articles, by everything that can identify one.
#[derive(Debug)]
pub(super) struct Index {
    pub(super) known: Vec<Known>,
    by_locator: HashMap<String, usize>,
    by_url: HashMap<String, usize>,
    by_former: HashMap<String, Vec<usize>>,
    by_header: HashMap<String, usize>,
    by_body: HashMap<Vec<u8>, Vec<usize>>,
    missing_by_title: HashMap<String, Vec<usize>>,
    missing_by_date: HashMap<i64, Vec<usize>>,
    missing: HashSet<usize>,
    claimed: HashSet<usize>,
    replaced: HashSet<usize>,
    new_urls: HashMap<String, String>,
    first_scan: bool,
}

impl Index {
    /// An index over `known` (in the order of paths), given the locators that are there; `None`: all are.
    pub(super) fn new(known: Vec<Known>, present: Option<&HashSet<String>>, first_scan: bool, now: i64) -> Self {
        let mut index = Self {
            by_locator: HashMap::with_capacity(known.len()),
            by_url: HashMap::with_capacity(known.len()),
            by_former: HashMap::new(),
            by_header: HashMap::new(),
            by_body: HashMap::with_capacity(known.len()),
            missing_by_title: HashMap::new(),
            missing_by_date: HashMap::new(),
            missing: HashSet::new(),
            claimed: HashSet::new(),
            replaced: HashSet::new(),
            new_urls: HashMap::new(),
            first_scan,
            known,
        };
        for at in 0..index.known.len() {
            index.add(at, present, now);
        }
        index
    }

    fn add(&mut self, at: usize, present: Option<&HashSet<String>>, now: i64) {
        let article = self.known[at].clone();
        let live = article.visibility != Visibility::Gone;
        if live || !self.by_url.contains_key(&article.url) {
            self.by_url.insert(article.url.clone(), at);
        }
        if let Some(id) = &article.header_id {
            self.by_header.insert(id.clone(), at);
        }
        if live || !self.by_locator.contains_key(&article.locator) {
            self.by_locator.insert(article.locator.clone(), at);
        }
        for former in article.former_urls {
            self.by_former.entry(former).or_default().push(at);
        }
        let forgotten = !live && article.missing_since.is_some_and(|since| now - since > MATCHABLE);
        if forgotten {
            return;
        }
        self.by_body.entry(article.body_hash).or_default().push(at);
        // What is gone is gone, also where nobody says what is there.
        if present.map_or(!live, |present| !present.contains(&article.locator)) {
            self.miss(at);
        }
    }

    fn miss(&mut self, at: usize) {
        let article = &self.known[at];
        self.missing.insert(at);
        self.missing_by_title.entry(article.title.clone()).or_default().push(at);
        self.missing_by_date.entry(article.published_at).or_default().push(at);
    }

    /// The stored article whose file had this path at the last scan.
    pub(super) fn at_locator(&self, locator: &str) -> Option<usize> {
        self.by_locator.get(locator).copied()
    }

    /// Stored articles whose file this scan misses and that nothing claimed.
    pub(super) fn unclaimed_missing(&self) -> Vec<usize> {
        let mut left: Vec<usize> = self.missing.difference(&self.claimed).copied().collect();
        left.sort_unstable();
        left
    }

    /// Only these are there, as it turned out.
    pub(super) fn only(&mut self, present: &HashSet<String>) {
        for at in 0..self.known.len() {
            let article = &self.known[at];
            let live = article.visibility != Visibility::Gone;
            if live && !self.missing.contains(&at) && !present.contains(&article.locator) {
                self.miss(at);
            }
        }
    }

    /// Whether an article waits for its date that is not among these.
    pub(super) fn has_scheduled_beside(&self, listed: &HashSet<String>) -> bool {
        let waits = |known: &Known| known.visibility == Visibility::Scheduled && !listed.contains(&known.locator);
        self.known.iter().any(waits)
    }

    /// Whether an article that is not gone was last seen at this path.
    pub(super) fn is_live(&self, locator: &str) -> bool {
        self.at_locator(locator)
            .is_some_and(|at| self.known[at].visibility != Visibility::Gone)
    }

    /// The file of this article holds another one now.
    pub(super) fn replace(&mut self, at: usize) {
        self.replaced.insert(at);
        self.miss(at);
    }

    /// Whether the file of this article holds another one now.
    pub(super) fn is_replaced(&self, at: usize) -> bool {
        self.replaced.contains(&at)
    }

    /// Vanished articles with the title or the date of a draft: it may be one of them, moved and edited.
    pub(super) fn like(&self, draft: &Draft) -> Vec<usize> {
        let title = draft.content.title.as_deref().filter(|title| !title.is_empty());
        let by_title = title.and_then(|title| self.missing_by_title.get(title));
        let by_date = draft
            .published_at
            .and_then(|at| self.missing_by_date.get(&to_micros(at)));
        let both = by_title.into_iter().chain(by_date).flatten().copied();
        let mut found: Vec<usize> = both.filter(|at| self.is_free(*at)).take(MOST_COMPARED).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Notes that a draft is this stored article, so that no other draft can be.
    pub(super) fn claim(&mut self, at: usize) {
        self.claimed.insert(at);
    }

    /// Notes the address of an article of this scan.
    pub(super) fn claim_url(&mut self, url: &str, locator: &str) {
        self.new_urls.insert(url.to_owned(), locator.to_owned());
    }

    /// Which article of this scan has this address already.
    pub(super) fn url_claimed_by(&self, url: &str) -> Option<&str> {
        self.new_urls.get(url).map(String::as_str)
    }

    fn is_free(&self, at: usize) -> bool {
        !self.claimed.contains(&at)
    }

    /// Decides by the rules of `sources.md` 2.3, the first that matches; `reused` says whether a path is used again.
    pub(super) fn identify(&self, draft: &Draft, body_hash: &[u8], reused: bool) -> Identity {
        if let Some(at) = draft.header_id.as_ref().and_then(|id| self.by_header.get(id)).copied() {
            let own = self.is_free(at) && (self.missing.contains(&at) || self.known[at].locator == draft.locator);
            return if own {
                self.found(at, draft)
            } else {
                Identity::Duplicate(at)
            };
        }
        let here = self
            .at_locator(&draft.locator)
            .filter(|at| self.is_free(*at) && !reused);
        let owner = self.owner(&draft.url).filter(|owner| Some(*owner) != here);
        match (here, owner) {
            (_, Some(owner)) => self.with_address_of(owner, draft, body_hash),
            (Some(here), None) => match self.former(&draft.url).filter(|other| *other != here) {
                Some(other) => Identity::Moved(other),
                None => self.found(here, draft),
            },
            (None, None) => {
                let former = self.former(&draft.url).map(Identity::Moved);
                let found = former
                    .or_else(|| self.by_content(body_hash))
                    .or_else(|| self.by_alias(draft));
                found.unwrap_or(Identity::New)
            }
        }
    }

    /// The draft has the address of another stored article: files were swapped or renamed, or two claim one address.
    fn with_address_of(&self, owner: usize, draft: &Draft, body_hash: &[u8]) -> Identity {
        let article = &self.known[owner];
        let title = draft.content.title.as_deref().unwrap_or("");
        let resembles = article.body_hash == body_hash || (article.title == title && !title.is_empty());
        let went = self.missing.contains(&owner);
        if self.is_free(owner) && (went || (resembles && self.at_locator(&draft.locator).is_some())) {
            Identity::Moved(owner)
        } else {
            Identity::UrlTaken(owner)
        }
    }

    fn found(&self, at: usize, draft: &Draft) -> Identity {
        let same_place = self.known[at].locator == draft.locator && self.known[at].url == draft.url;
        if same_place {
            Identity::Same(at)
        } else {
            Identity::Moved(at)
        }
    }

    /// The stored article with this address; one whose file was replaced has given it up.
    fn owner(&self, url: &str) -> Option<usize> {
        let at = self.by_url.get(url).copied()?;
        let alive = self.known[at].visibility != Visibility::Gone || self.missing.contains(&at);
        (alive && !self.is_replaced(at)).then_some(at)
    }

    fn former(&self, url: &str) -> Option<usize> {
        let found = self.by_former.get(url)?.iter().copied();
        found
            .into_iter()
            .find(|at| self.is_free(*at) && self.missing.contains(at))
    }

    fn by_content(&self, body_hash: &[u8]) -> Option<Identity> {
        let same = self.by_body.get(body_hash)?;
        let went = same
            .iter()
            .copied()
            .find(|at| self.missing.contains(at) && self.is_free(*at));
        // Several vanished and as many came, all alike: paired in the order of paths.
        if let Some(first) = went {
            return Some(Identity::Moved(first));
        }
        let present = |at: &usize| !self.missing.contains(at) && self.known[*at].visibility == Visibility::Public;
        same.iter()
            .copied()
            .find(present)
            .filter(|_| !self.first_scan)
            .map(Identity::Duplicate)
    }

    fn by_alias(&self, draft: &Draft) -> Option<Identity> {
        let named = draft.aliases.iter().filter_map(|alias| self.by_url.get(alias).copied());
        let mut named: Vec<usize> = named
            .filter(|at| self.missing.contains(at) && self.is_free(*at))
            .collect();
        named.dedup();
        match named.as_slice() {
            [] => None,
            [one] => Some(Identity::Moved(*one)),
            [one, other, ..] => Some(Identity::Ambiguous(*one, *other)),
        }
    }
}

/// Share of four-word runs that two texts have in common (Jaccard): 0 to 1.
pub(super) fn likeness(one: &str, other: &str) -> f64 {
    fn shingles(text: &str) -> HashSet<Vec<&str>> {
        let words: Vec<&str> = text.split_whitespace().filter(|word| !word.contains("://")).collect();
        words.windows(4.min(words.len().max(1))).map(<[&str]>::to_vec).collect()
    }
    let (one, other) = (shingles(one), shingles(other));
    let common = one.intersection(&other).count();
    let all = one.len() + other.len() - common;
    if all == 0 {
        return 1.0;
    }
    #[expect(clippy::cast_precision_loss, reason = "counts of words stay far below 2^52")]
    let share = common as f64 / all as f64;
    share
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_compared_by_runs_of_four_words() {
        let text = "one two three four five six seven eight";
        assert!((likeness(text, text) - 1.0).abs() < f64::EPSILON);
        assert!(likeness(text, "nine ten eleven twelve thirteen") < 0.01);
        assert!((likeness("", "") - 1.0).abs() < f64::EPSILON);
        let moved = "see it (https://example.org/a/) one two three four";
        assert!((likeness(moved, &moved.replace("/a/", "/b/")) - 1.0).abs() < f64::EPSILON);
    }
}
