//! Articles to RSS, Atom, JSON Feed and OPML: the only importer of `rss` and `atom_syndication`.
//!
//! Both crates are typed writers here and never parse anything. What they get wrong is put right in `element` (names
//! and attributes of foreign elements), `rss` and `atom`; every string reaches them through the types of
//! [`crate::model::entry`], which hold nothing that breaks XML. Each work-around has a test that asserts the defect:
//! when such a test fails after an upgrade, delete the work-around.

mod allowance;
mod atom;
mod bodies;
mod body;
pub mod check;
mod element;
mod json;
mod meters;
mod opml;
mod own;
mod podcast;
mod prepared;
mod readers;
mod rss;
mod self_check;
mod set;
mod strangers;
mod terms;
mod words;

pub use allowance::Allowance;
pub use bodies::{Bodies, Coding};
pub use body::is_too_long;
pub use meters::Meters;
pub use opml::{Outline, outlines};
pub use own::OwnFeeds;
pub use prepared::{Kind, Prepared};
pub use readers::{Readers, Reading};
pub use self_check::self_check;
pub use set::{Documents, FeedSet, Plan, Shelf, Slot};
pub use strangers::Strangers;
pub use terms::TermIndex;
pub use words::{Words, words};

use std::sync::Arc;

use crate::config::{Feeds, FullOrSummary};
use crate::model::entry::Entry;
use crate::model::feed_meta::FeedMeta;

/// Raised with every intended change of what the writers print.
pub const RENDERER: i64 = 5;

/// The style of an opened feed.
pub const STYLE: &str = include_str!("feeds.css");

const GENERATOR: &str = "Letterpress";
const MAJOR_VERSION: &str = env!("CARGO_PKG_VERSION_MAJOR");

/// Why a document could not be written.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The RSS writer.
    #[error("write an RSS document: {0}; this is a defect, please report it")]
    Rss(#[from] ::rss::Error),
    /// The Atom writer.
    #[error("write an Atom document: {0}; this is a defect, please report it")]
    Atom(#[from] atom_syndication::Error),
    /// The JSON writer.
    #[error("write a JSON Feed document: {0}; this is a defect, please report it")]
    Json(#[from] serde_json::Error),
    /// A prefix that no namespace belongs to makes strict readers drop the whole feed.
    #[error("write a document with the prefix `{0}`: it has no namespace; this is a defect, please report it")]
    Prefix(String),
    /// A writer's output is not what the adapter expects.
    #[error("write a document: {0}; this is a defect, please report it")]
    Shape(&'static str),
    /// A document that readers could not read: its format, and what is wrong.
    #[error("write the {0} document: {1}; this is a defect, please report it")]
    IllFormed(&'static str, String),
    /// Readers would take two articles for one.
    #[error("write a document: the id {0} stands twice in it; give one of the two articles another `id` in its header")]
    Twice(String),
    /// Articles exist, and none of them can be an entry.
    #[error("write a document: none of its {0} articles can be printed; the log says why")]
    Unprintable(usize),
}

/// How much of each article a document holds, and how long it may be.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Whole articles or summaries.
    pub content: FullOrSummary,
    /// Bytes of one document; at least one entry always stays.
    pub max_bytes: usize,
    /// A longer article appears as summary and link.
    pub max_entry_bytes: usize,
}

impl Limits {
    /// As the author set them.
    pub fn of(feeds: &Feeds) -> Self {
        Self {
            content: feeds.content,
            max_bytes: feeds.max_bytes,
            max_entry_bytes: feeds.max_entry_bytes,
        }
    }
}

/// The three documents of one scope, as text: RSS, Atom, JSON Feed.
pub type Texts = [String; 3];

/// Writes the three documents from one list of entries. All three are cut at the same entry, so that they hold the same
/// ids: the longest list with which none is longer than `limits.max_bytes`.
///
/// Also returns how many entries that are. An archive is never cut: what it leaves out would be nowhere.
pub fn write(meta: &FeedMeta, entries: &[Arc<Entry>], limits: Limits) -> Result<(Texts, usize), RenderError> {
    let whole = write_all(meta, entries, limits)?;
    if fits(&whole, limits) || entries.len() < 2 || meta.is_archive() {
        return Ok((whole, entries.len()));
    }
    let (mut good, mut bad) = (1, entries.len());
    let mut best = write_all(meta, &entries[..good], limits)?;
    while bad - good > 1 {
        let middle = usize::midpoint(good, bad);
        let texts = write_all(meta, &entries[..middle], limits)?;
        if fits(&texts, limits) {
            (good, best) = (middle, texts);
        } else {
            bad = middle;
        }
    }
    Ok((best, good))
}

fn fits(texts: &Texts, limits: Limits) -> bool {
    texts.iter().all(|text| text.len() <= limits.max_bytes)
}

fn write_all(meta: &FeedMeta, entries: &[Arc<Entry>], limits: Limits) -> Result<Texts, RenderError> {
    let bodies: Vec<body::Body<'_>> = entries.iter().map(|entry| body::of(entry, meta, limits)).collect();
    let items: Vec<Item<'_>> = entries
        .iter()
        .zip(&bodies)
        .map(|(entry, body)| Item { entry, body })
        .collect();
    Ok([
        rss::document(meta, &items)?,
        atom::document(meta, &items)?,
        json::document(meta, &items)?,
    ])
}

/// An entry with the HTML that stands for it.
#[derive(Debug, Clone, Copy)]
struct Item<'a> {
    entry: &'a Entry,
    body: &'a body::Body<'a>,
}

/// Declaration and style of an XML document: the crates write no processing instructions, and Atom's no encoding.
fn prolog(meta: &FeedMeta) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<?xml-stylesheet type=\"text/css\" href=\"{}\"?>\n",
        escape(&meta.under_base("feeds.css"))
    )
}

/// Text as content or attribute of XML and HTML.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

/// Text as content of HTML. Quotes stay: a browser that shows a feed's source as text shows no references for them.
fn escape_content(text: &str) -> String {
    escape(text).replace("&quot;", "\"")
}

#[cfg(test)]
mod canaries;
#[cfg(test)]
mod speed;
#[cfg(test)]
mod tests;
