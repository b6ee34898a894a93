//! `[feeds]`: what feeds hold and how long readers may keep them.

use std::time::Duration;

use url::Url;

use super::section::Section;
use super::value::{base_address, one_of, size, some_time, text, web_address, whole};

/// `[feeds]`
#[derive(Debug, Clone)]
pub struct Feeds {
    /// Entries in a document; default 20.
    pub limit: usize,
    /// Whole articles or summaries.
    pub content: FullOrSummary,
    /// Where the feeds are found, with a trailing slash; default `http.public_url`.
    pub base_url: Url,
    /// Bytes of one document before compression; default 512 KiB.
    pub max_bytes: usize,
    /// A longer article appears as summary and link; default 256 KiB.
    pub max_entry_bytes: usize,
    /// How long readers may keep a copy; default 15 m.
    pub max_age: Duration,
    /// Rights, printed as they are; empty for none.
    pub copyright: String,
    /// URL of a square picture.
    pub icon: Option<String>,
}

/// `full` or `summary`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FullOrSummary {
    /// Whole articles.
    Full,
    /// Summary and link.
    Summary,
}

/// `content`: what may be written for it.
pub(super) const CONTENT: &[(&str, FullOrSummary)] =
    &[("full", FullOrSummary::Full), ("summary", FullOrSummary::Summary)];

/// Reads `[feeds]`.
pub(super) fn read(mut section: Section<'_>, public_url: &Url) -> Feeds {
    let feeds = Feeds {
        limit: section.get("limit", whole(1)).unwrap_or(20),
        content: section.get("content", one_of(CONTENT)).unwrap_or(FullOrSummary::Full),
        base_url: section
            .get("base_url", base_address)
            .unwrap_or_else(|| public_url.clone()),
        max_bytes: section.get("max_bytes", size).unwrap_or(512 << 10),
        max_entry_bytes: section.get("max_entry_bytes", size).unwrap_or(256 << 10),
        max_age: section
            .get("max_age", some_time)
            .unwrap_or(Duration::from_secs(15 * 60)),
        copyright: section.get("copyright", text).unwrap_or_default(),
        icon: section.get("icon", web_address).map(String::from),
    };
    section.close();
    feeds
}
