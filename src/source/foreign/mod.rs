//! Feeds of others, and our own from before: RSS, Atom and JSON Feed to entries with their ids letter for letter.
//!
//! A document is looked through before it is parsed (`scan`): the parser gets nothing that is nested, wide or long beyond
//! measure, and it runs where a panic ends that one reading. What the parser changes, the ids, is taken from the scan.

mod json;
mod repair;
mod scan;
mod second_try;
mod text;
mod walk;
mod whole;

use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::{DateTime, Utc};
use url::Url;

use whole::Shared;

pub use walk::{Walked, walk};
pub use whole::{Text, WholeEntry, WholeFeed};

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
    /// Of Dublin Core, which the parser leaves out.
    title: Option<String>,
    subjects: Vec<String>,
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
    let whole = read_whole(bytes, address, charset)?;
    Ok(ForeignFeed {
        older: whole.older,
        entries: whole.entries.into_iter().map(|whole| whole.entry).collect(),
    })
}

/// As [`read`], with all that the entries hold.
///
/// # Errors
/// As [`read`].
pub fn read_whole(bytes: &[u8], address: Option<&Url>, charset: Option<&str>) -> Result<WholeFeed, ForeignError> {
    if bytes.len() > MOST_BYTES {
        let most = MOST_BYTES >> 20;
        return Err(ForeignError::Unreadable(format!("it has more than {most} MB")));
    }
    let text::Decoded { text, guessed } = text::decoded(bytes, charset)?;
    let (scanned, clean) = if text.starts_with('{') {
        json::scan(&text, address)?
    } else {
        let clean = repair::repaired(text::without_declaration(&text));
        (scan::scan(&clean)?, clean)
    };
    // One entry that is not as it should be must not cost the others.
    let mended = |error| match second_try::without_offence(&clean) {
        Some(mended) => parsed(mended, address).map_err(|_| error),
        None => Err(error),
    };
    let parsed = parsed(clean.clone(), address).or_else(mended)?;
    let older = scanned.older.iter().filter_map(|href| match address {
        Some(address) => address.join(href).ok(),
        None => Url::parse(href).ok(),
    });
    let shared = Shared {
        address,
        kind: parsed.feed_type,
        authors: whole::people(&parsed.authors),
    };
    Ok(WholeFeed {
        older: older.collect(),
        entries: paired(parsed.entries, &scanned.entries, &shared),
        language: parsed.language,
        ttl: parsed.ttl,
        guessed,
    })
}

/// The parser may need more stack than a thread usually has.
const STACK: usize = 16 << 20;

fn parsed(text: String, address: Option<&Url>) -> Result<feed_rs::model::Feed, ForeignError> {
    let address = address.map(Url::to_string);
    let reading = move || {
        let parser = feed_rs::parser::Builder::new().base_uri(address.as_deref());
        parser.build().parse(text.as_bytes())
    };
    let thread = std::thread::Builder::new()
        .stack_size(STACK)
        .spawn(move || catch_unwind(AssertUnwindSafe(reading)));
    let thread = thread.map_err(|error| ForeignError::Unreadable(error.to_string()))?;
    match thread.join() {
        Ok(Ok(Ok(feed))) => Ok(feed),
        Ok(Ok(Err(error))) => Err(ForeignError::Unreadable(error.to_string())),
        Ok(Err(_)) | Err(_) => Err(ForeignError::Unreadable("the parser gave up".to_owned())),
    }
}

/// Puts ids as they are written to the entries that the parser made.
fn paired(entries: Vec<feed_rs::model::Entry>, raws: &[Raw], shared: &Shared<'_>) -> Vec<WholeEntry> {
    let same_length = entries.len() == raws.len();
    let pairs = entries.into_iter().enumerate().map(|(place, entry)| {
        let raw = if same_length {
            raws.get(place)
        } else {
            // The parser left some out: the id says which one this is.
            raws.iter().find(|raw| raw.id.as_deref() == Some(entry.id.trim()))
        };
        shared.entry(entry, raw.cloned().unwrap_or_default())
    });
    pairs.collect()
}

#[cfg(test)]
mod tests;
