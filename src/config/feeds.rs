//! `[feeds]`: what feeds hold and how long readers may keep them.

use std::time::Duration;

use url::Url;

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
