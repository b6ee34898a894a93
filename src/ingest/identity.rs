//! Same article or new? Identity is minted once and survives edits, renames and moves (`sources.md` 2.3).

use std::collections::{HashMap, HashSet};

use crate::model::article::{DateOrigin, Draft, Visibility};
use crate::store::articles::Known;

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
    missing: HashSet<usize>,
    claimed: HashSet<usize>,
    new_urls: HashMap<String, String>,
    first_scan: bool,
}

impl Index {
    /// An index over `known` (in the order of paths), given the locators that this scan found.
    pub(super) fn new(known: Vec<Known>, present: &HashSet<&str>, first_scan: bool) -> Self {
        let mut index = Self {
            by_locator: HashMap::with_capacity(known.len()),
            by_url: HashMap::with_capacity(known.len()),
            by_former: HashMap::new(),
            by_header: HashMap::new(),
            by_body: HashMap::with_capacity(known.len()),
            missing: HashSet::new(),
            claimed: HashSet::new(),
            new_urls: HashMap::new(),
            first_scan,
            known,
        };
        for at in 0..index.known.len() {
            index.add(at, present);
        }
        index
    }

    fn add(&mut self, at: usize, present: &HashSet<&str>) {
        let article = &self.known[at];
        let live = article.visibility != Visibility::Gone;
        if live || !self.by_url.contains_key(&article.url) {
            self.by_url.insert(article.url.clone(), at);
        }
        for former in &article.former_urls {
            self.by_former.entry(former.clone()).or_default().push(at);
        }
        if let Some(id) = &article.header_id {
            self.by_header.insert(id.clone(), at);
        }
        self.by_body.entry(article.body_hash.clone()).or_default().push(at);
        if live || !self.by_locator.contains_key(&article.locator) {
            self.by_locator.insert(article.locator.clone(), at);
        }
        if !present.contains(article.locator.as_str()) {
            self.missing.insert(at);
        }
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

    /// Notes that a draft is this stored article, so that no other draft can be.
    pub(super) fn claim(&mut self, at: usize) {
        self.claimed.insert(at);
    }

    /// Notes the address of a new article.
    pub(super) fn claim_url(&mut self, url: &str, locator: &str) {
        self.new_urls.insert(url.to_owned(), locator.to_owned());
    }

    /// Which new article of this scan has this address already.
    pub(super) fn url_claimed_by(&self, url: &str) -> Option<&str> {
        self.new_urls.get(url).map(String::as_str)
    }

    /// Decides by the rules of `sources.md` 2.3, the first that matches; `reused` says whether a path is used again.
    pub(super) fn identify(&self, draft: &Draft, body_hash: &[u8], reused: bool) -> Identity {
        if let Some(at) = draft.header_id.as_ref().and_then(|id| self.by_header.get(id)).copied() {
            return self.found(at, draft);
        }
        let by_url = self.by_url.get(&draft.url).copied().filter(|at| self.may_claim(*at));
        if let Some(at) = self.at_locator(&draft.locator).filter(|at| !self.claimed.contains(at)) {
            let swapped = by_url.is_some_and(|other| other != at) || self.is_former_of_another(&draft.url, at);
            if !swapped && !reused {
                return self.found(at, draft);
            }
        }
        if let Some(at) = by_url {
            // A file that is still there keeps its address; the newcomer is told so.
            let present = !self.missing.contains(&at) && self.known[at].locator != draft.locator;
            let taken = present && self.at_locator(&draft.locator).is_none();
            return if taken { Identity::UrlTaken(at) } else { Identity::Moved(at) };
        }
        if let Some(at) = self.former(&draft.url) {
            return Identity::Moved(at);
        }
        self.by_content(body_hash).or_else(|| self.by_alias(draft)).unwrap_or(Identity::New)
    }

    fn found(&self, at: usize, draft: &Draft) -> Identity {
        let same_place = self.known[at].locator == draft.locator && self.known[at].url == draft.url;
        if same_place { Identity::Same(at) } else { Identity::Moved(at) }
    }

    fn may_claim(&self, at: usize) -> bool {
        !self.claimed.contains(&at)
    }

    fn is_former_of_another(&self, url: &str, at: usize) -> bool {
        self.former(url).is_some_and(|other| other != at)
    }

    fn former(&self, url: &str) -> Option<usize> {
        self.by_former.get(url)?.iter().copied().find(|at| self.may_claim(*at))
    }

    fn by_content(&self, body_hash: &[u8]) -> Option<Identity> {
        let same = self.by_body.get(body_hash)?;
        let gone: Vec<usize> = same.iter().copied().filter(|at| self.missing.contains(at) && self.may_claim(*at)).collect();
        match gone.as_slice() {
            // Several vanished and as many came, all alike: paired in the order of paths.
            [first, ..] => Some(Identity::Moved(*first)),
            [] if self.first_scan => None,
            [] => same
                .iter()
                .copied()
                .find(|at| !self.missing.contains(at) && self.known[*at].visibility == Visibility::Public)
                .map(Identity::Duplicate),
        }
    }

    fn by_alias(&self, draft: &Draft) -> Option<Identity> {
        let mut named: Vec<usize> = draft
            .aliases
            .iter()
            .filter_map(|alias| self.by_url.get(alias).copied())
            .filter(|at| self.missing.contains(at) && self.may_claim(*at))
            .collect();
        named.dedup();
        match named.as_slice() {
            [] => None,
            [one] => Some(Identity::Moved(*one)),
            [one, other, ..] => Some(Identity::Ambiguous(*one, *other)),
        }
    }
}

/// SHA-256 of what identifies a text wherever it lies: title, words without addresses, terms, and a date that the author wrote.
pub(super) fn body_hash(draft: &Draft) -> Vec<u8> {
    let mut hash = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    let content = &draft.content;
    let mut part = |text: &str| {
        hash.update(text.as_bytes());
        hash.update(b"\0");
    };
    part(content.title.as_deref().unwrap_or(""));
    // Links are absolute, so they change with the place of the file.
    for word in content.body_text.split_whitespace().filter(|word| !word.contains("://")) {
        part(word);
    }
    for term in content.tags.iter().chain(&content.categories) {
        part(&term.slug);
    }
    let written = matches!(draft.published_from, DateOrigin::Header | DateOrigin::Page | DateOrigin::Feed | DateOrigin::Table);
    if let Some(at) = draft.published_at.filter(|_| written) {
        part(&at.timestamp().to_string());
    }
    hash.finish().as_ref().to_vec()
}

/// SHA-256 of everything that a reader can see.
pub(super) fn content_hash(draft: &Draft) -> Vec<u8> {
    let mut hash = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    hash.update(serde_json::to_string(&draft.content).unwrap_or_default().as_bytes());
    hash.update(draft.url.as_bytes());
    hash.update(draft.updated_at.map(|at| at.timestamp()).unwrap_or_default().to_string().as_bytes());
    hash.finish().as_ref().to_vec()
}

/// Share of four-word runs that two texts have in common (Jaccard): 0 to 1.
pub(super) fn likeness(one: &str, other: &str) -> f64 {
    fn shingles(text: &str) -> HashSet<Vec<&str>> {
        let words: Vec<&str> = text.split_whitespace().collect();
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
