//! Feeds of others, and our own from before: RSS, Atom and JSON Feed to entries with their ids letter for letter.
//!
//! A document is looked through before it is parsed (`scan`): the parser gets nothing that is nested, wide or long beyond
//! measure, and it runs where a panic ends that one reading. What the parser changes, the ids, is taken from the scan.

mod json;
mod scan;
mod text;
mod walk;

use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::{DateTime, Utc};
use url::Url;

use super::title::title;

pub use walk::{Walked, walk};

/// Bytes of a document at most.
pub const MOST_BYTES: usize = 10 << 20;
/// Entries of a document at most.
const MOST_ENTRIES: usize = 5_000;

/// Why a document is not read.
#[derive(Debug, thiserror::Error)]
pub enum ForeignError {
    /// It is not as feeds are.
    #[error("read the feed: {0}; `letterpress feeds check` says more")]
    Unreadable(String),
    /// It could not be had.
    #[error(transparent)]
    Fetch(#[from] super::fetch::FetchError),
    /// The server has something else there.
    #[error("fetch {url}: it answers {status}; give the address of the feed itself")]
    Status {
        /// What was asked.
        url: Url,
        /// Such as 404.
        status: u16,
    },
}

/// An entry of a foreign feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignEntry {
    /// Letter for letter, without white space around it; `None` when the feed says none.
    pub id: Option<String>,
    /// The feed says that the id is the entry's address (RSS `isPermaLink`).
    pub is_permalink: bool,
    /// The entry's page, absolute where the feed or its address allow it.
    pub link: Option<String>,
    /// Plain text.
    pub title: Option<String>,
    /// When it was published.
    pub published: Option<DateTime<Utc>>,
    /// When it was edited.
    pub updated: Option<DateTime<Utc>>,
}

impl ForeignEntry {
    /// By what readers know it again: its id, else its address.
    pub fn identity(&self) -> Option<&str> {
        self.id.as_deref().or(self.link.as_deref())
    }
}

/// A document of a feed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ForeignFeed {
    /// In its order.
    pub entries: Vec<ForeignEntry>,
    /// Where older entries are: `prev-archive` (RFC 5005 section 4), `next` (section 3), JSON Feed's `next_url`.
    pub older: Vec<Url>,
}

/// What a scan takes from an entry as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Raw {
    id: Option<String>,
    is_permalink: bool,
}

/// A document that may be parsed.
#[derive(Debug, Default)]
struct Scanned {
    entries: Vec<Raw>,
    older: Vec<String>,
}

/// Reads a document; `address` is where it came from in the end, `charset` what HTTP said of it.
///
/// # Errors
/// It is no feed, it is broken, or it is deeper, wider or longer than a feed may be.
pub fn read(bytes: &[u8], address: Option<&Url>, charset: Option<&str>) -> Result<ForeignFeed, ForeignError> {
    if bytes.len() > MOST_BYTES {
        let most = MOST_BYTES >> 20;
        return Err(ForeignError::Unreadable(format!("it has more than {most} MB")));
    }
    let text = text::decoded(bytes, charset);
    let is_json = text.trim_start().starts_with('{');
    let (scanned, clean) = if is_json {
        json::scan(&text)?
    } else {
        (scan::scan(&text)?, text::without_declaration(&text).to_owned())
    };
    let parsed = parsed(clean.as_bytes(), address)?;
    let older = scanned.older.iter().filter_map(|href| match address {
        Some(address) => address.join(href).ok(),
        None => Url::parse(href).ok(),
    });
    Ok(ForeignFeed {
        older: older.collect(),
        entries: paired(parsed.entries, &scanned.entries, address),
    })
}

fn parsed(bytes: &[u8], address: Option<&Url>) -> Result<feed_rs::model::Feed, ForeignError> {
    let reading = || {
        let parser = feed_rs::parser::Builder::new().base_uri(address.map(Url::as_str));
        parser.build().parse(bytes)
    };
    match catch_unwind(AssertUnwindSafe(reading)) {
        Ok(Ok(feed)) => Ok(feed),
        Ok(Err(error)) => Err(ForeignError::Unreadable(error.to_string())),
        Err(_) => Err(ForeignError::Unreadable("the parser gave up".to_owned())),
    }
}

/// Puts ids as they are written to the entries that the parser made.
fn paired(entries: Vec<feed_rs::model::Entry>, raws: &[Raw], address: Option<&Url>) -> Vec<ForeignEntry> {
    let same_length = entries.len() == raws.len();
    let pairs = entries.into_iter().enumerate().map(|(place, entry)| {
        let raw = if same_length {
            raws.get(place)
        } else {
            // The parser left some out: the id says which one this is.
            raws.iter().find(|raw| raw.id.as_deref() == Some(entry.id.trim()))
        };
        one(entry, raw.cloned().unwrap_or_default(), address)
    });
    pairs.collect()
}

fn one(entry: feed_rs::model::Entry, raw: Raw, address: Option<&Url>) -> ForeignEntry {
    let page = |link: &&feed_rs::model::Link| link.rel.as_deref().is_none_or(|rel| rel == "alternate");
    let link = entry.links.iter().find(page).map(|link| link.href.trim().to_owned());
    let link = link.map(|link| {
        address
            .and_then(|base| base.join(&link).ok())
            .map_or(link, String::from)
    });
    let is_address = raw
        .id
        .as_deref()
        .is_some_and(|id| id.starts_with("http://") || id.starts_with("https://"));
    let is_permalink = raw.is_permalink && is_address;
    ForeignEntry {
        link: link
            .filter(|link| !link.is_empty())
            .or_else(|| raw.id.clone().filter(|_| is_permalink)),
        title: entry.title.and_then(|text| title(&text.content, true)),
        published: entry.published,
        updated: entry.updated,
        id: raw.id,
        is_permalink,
    }
}

#[cfg(test)]
mod tests;
