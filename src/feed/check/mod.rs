//! Examines any feed, ours or foreign: RSS, Atom, JSON Feed.
//!
//! This reader is its own: it never takes a document for read that a strict reader refuses, and it knows the line of
//! everything that it finds. It works on bytes with caps and without recursion: a document that means harm costs no more
//! than a long one.

mod atom;
mod atom_text;
mod content;
mod dates;
mod entries;
mod json;
mod json_item;
mod markup;
mod rss;
mod rss_item;
mod text;
mod tree;
mod values;
mod well_formed;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use url::Url;

pub use crate::model::flaw::{Flaw, Weight};

/// A longer document is not examined: no reader takes it.
pub const MOST_BYTES: usize = 10 << 20;
/// From here on readers cut, refuse or poll less often.
const LARGE: usize = 512 << 10;
/// Findings of one rule that are listed.
const LISTED: usize = 50;

/// Something that is wrong with a feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Counted from 1; `None` where nothing has a line.
    pub line: Option<usize>,
    /// What is wrong there.
    #[serde(flatten)]
    pub flaw: Flaw,
}

/// The format of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// RSS 2.0 and 0.9x.
    Rss,
    /// RSS 1.0 and 0.90, which are RDF.
    Rdf,
    /// Atom 1.0 and 0.3.
    Atom,
    /// JSON Feed.
    Json,
}

impl Dialect {
    /// As people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rss => "RSS",
            Self::Rdf => "RSS 1.0",
            Self::Atom => "Atom",
            Self::Json => "JSON Feed",
        }
    }
}

/// A document and what is known of it.
#[derive(Debug, Clone, Copy)]
pub struct Specimen<'a> {
    /// As they came.
    pub bytes: &'a [u8],
    /// Where it was read, if that is an address.
    pub address: Option<&'a Url>,
    /// The charset that HTTP said: it counts more than what the document says.
    pub charset: Option<&'a str>,
    /// Later dates lie in the future.
    pub now: DateTime<Utc>,
}

/// What an examination found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examination {
    /// `None` when it is no feed.
    pub dialect: Option<Dialect>,
    /// How many it holds.
    pub entries: usize,
    /// In the order of lines.
    pub findings: Vec<Finding>,
}

/// Examines a document.
pub fn examine(specimen: Specimen<'_>) -> Examination {
    let mut notes = Notes {
        scene: Scene {
            address: specimen.address.cloned(),
            now: specimen.now,
            is_local: specimen.address.is_some_and(values::is_own_machine),
        },
        findings: Vec::new(),
        counts: BTreeMap::new(),
    };
    let (dialect, entries) = look(specimen, &mut notes);
    Examination {
        dialect,
        entries,
        findings: notes.finish(),
    }
}

fn look(specimen: Specimen<'_>, notes: &mut Notes) -> (Option<Dialect>, usize) {
    let length = specimen.bytes.len();
    if length > MOST_BYTES {
        let message = format!("it has {} MB and was not examined", length >> 20);
        notes.error(None, "size", message, "keep the newest 20 to 50 entries in the feed");
        return (None, 0);
    }
    if length > LARGE {
        let message = format!("it has {} kB", length / 1000);
        let remedy = "keep the newest 20 to 50 entries in the feed, or print summaries: every reader fetches all of it";
        notes.warning(None, "size", message, remedy);
    }
    let Some(text) = text::decoded(specimen, notes) else {
        return (None, 0);
    };
    let start = text.trim_start();
    if start.is_empty() {
        notes.error(
            Some(1),
            "empty",
            "the document is empty",
            "see why the server or the generator wrote nothing",
        );
        return (None, 0);
    }
    if start.starts_with('{') || start.starts_with('[') {
        return (Some(Dialect::Json), json::examine(&text, notes));
    }
    if is_page(start) {
        let remedy = "give the address of the feed: see the links in the page's head, or the site's footer";
        notes.error(Some(1), "no_feed", "this is an HTML page, no feed", remedy);
        return (None, 0);
    }
    let tree = well_formed::read(&text, notes);
    match tree.root().map(|root| (root.name.as_str(), root.space)) {
        Some(("rss", _)) => (Some(Dialect::Rss), rss::examine(&tree, notes)),
        Some(("RDF", _)) => (Some(Dialect::Rdf), rss::examine(&tree, notes)),
        Some(("feed", _)) => (Some(Dialect::Atom), atom::examine(&tree, notes)),
        Some((other, _)) => {
            let message = format!("the document begins with <{}>, so it is no feed", shown(other));
            let remedy = "give the address of an RSS, Atom or JSON Feed document";
            notes.error(Some(tree.line_of_root()), "no_feed", message, remedy);
            (None, 0)
        }
        None => {
            notes.error(
                Some(1),
                "no_feed",
                "there is no element in it",
                "give the address of a feed",
            );
            (None, 0)
        }
    }
}

/// Whether a text is an HTML page.
pub fn is_page(text: &str) -> bool {
    let start: String = text
        .trim_start()
        .chars()
        .take(200)
        .collect::<String>()
        .to_ascii_lowercase();
    start.starts_with("<!doctype html") || start.starts_with("<html")
}

/// What every rule may ask.
#[derive(Debug)]
struct Scene {
    address: Option<Url>,
    now: DateTime<Utc>,
    /// The feed is meant for this machine alone, such as that of a demo: its addresses may lead there.
    is_local: bool,
}

impl Scene {
    /// Notes the feed's own address.
    fn is_of_feed_at(&mut self, own: Option<&str>) {
        let own = own.and_then(|own| Url::parse(own).ok());
        self.is_local |= self.address.is_none() && own.as_ref().is_some_and(values::is_own_machine);
    }
}

/// What is known of the feed, and the findings; of each rule only so many that a hostile document fills no memory.
#[derive(Debug)]
struct Notes {
    scene: Scene,
    findings: Vec<Finding>,
    counts: BTreeMap<&'static str, usize>,
}

impl Notes {
    fn error(&mut self, line: Option<usize>, rule: &'static str, message: impl Into<String>, remedy: &'static str) {
        self.add(line, Flaw::error(rule, message, remedy));
    }

    fn warning(&mut self, line: Option<usize>, rule: &'static str, message: impl Into<String>, remedy: &'static str) {
        self.add(line, Flaw::warning(rule, message, remedy));
    }

    fn add(&mut self, line: Option<usize>, flaw: Flaw) {
        let count = self.counts.entry(flaw.rule).or_default();
        *count += 1;
        if *count <= LISTED {
            self.findings.push(Finding { line, flaw });
        }
    }

    fn finish(mut self) -> Vec<Finding> {
        self.findings.sort_by_key(|finding| finding.line);
        for (rule, count) in self.counts {
            if count > LISTED {
                let message = format!("{} more like these", count - LISTED);
                let remedy = "correct what makes the feed: the same is wrong in many places";
                let flaw = Flaw::warning(rule, message, remedy);
                self.findings.push(Finding { line: None, flaw });
            }
        }
        self.findings
    }
}

/// A foreign text as a message may show it: short, and without what moves a terminal's cursor.
fn shown(text: &str) -> String {
    const MOST: usize = 80;
    let mut words: String = text
        .chars()
        .take(MOST)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if text.chars().nth(MOST).is_some() {
        words.push('…');
    }
    words
}

#[cfg(test)]
mod tests;
