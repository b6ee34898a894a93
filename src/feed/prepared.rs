//! A finished document: its bytes, and what its headers say.

use crate::model::feed_date::FeedDate;
use crate::model::feed_key::Format;

use super::Bodies;

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A feed.
    Feed(Format),
    /// The list of feeds for readers.
    Outlines,
    /// The style of an opened feed.
    Style,
    /// The page of feeds for people.
    Page,
}

impl Kind {
    /// The media type; feeds are shown as plain XML to a browser that opens them as a page, because it would offer
    /// a download or ignore the style otherwise.
    pub fn content_type(self, opened_as_page: bool) -> &'static str {
        match self {
            Self::Feed(Format::Rss | Format::Atom) if opened_as_page => "application/xml; charset=utf-8",
            Self::Feed(Format::Rss) => "application/rss+xml; charset=utf-8",
            Self::Feed(Format::Atom) => "application/atom+xml; charset=utf-8",
            Self::Feed(Format::Json) => "application/feed+json",
            Self::Outlines => "text/x-opml; charset=utf-8",
            Self::Style => "text/css; charset=utf-8",
            Self::Page => "text/html; charset=utf-8",
        }
    }
}

/// A document that can be served: never changes, shared by every request.
#[derive(Debug)]
pub struct Prepared {
    kind: Kind,
    bodies: Bodies,
    changed: Option<FeedDate>,
    link: Option<String>,
    topic: Option<String>,
    is_settled: bool,
}

impl Prepared {
    /// A document of which this is the first byte since `changed`; `address` is its own, where it announces one.
    pub fn new(kind: Kind, bodies: Bodies, changed: impl Into<Option<FeedDate>>, address: Option<&str>) -> Self {
        Self {
            kind,
            bodies,
            changed: changed.into(),
            link: address.map(|address| format!("<{address}>; rel=\"self\"")),
            topic: None,
            is_settled: false,
        }
    }

    /// One whose new bytes these hubs tell of; `address` is its own (WebSub §4).
    #[must_use]
    pub fn announced(self, address: &str, hubs: &[String]) -> Self {
        if hubs.is_empty() {
            return self;
        }
        let hubs: String = hubs.iter().map(|hub| format!(", <{hub}>; rel=\"hub\"")).collect();
        Self {
            link: Some(format!("<{address}>; rel=\"self\"{hubs}")),
            topic: Some(address.to_owned()),
            ..self
        }
    }

    /// Its own address, where hubs tell of its new bytes.
    pub fn topic(&self) -> Option<&str> {
        self.topic.as_deref()
    }

    /// One that hardly ever changes: readers may keep it for a day.
    #[must_use]
    pub fn settled(self, is_settled: bool) -> Self {
        Self { is_settled, ..self }
    }

    /// Whether readers may keep it for a day.
    pub fn is_settled(&self) -> bool {
        self.is_settled
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The bytes.
    pub fn bodies(&self) -> &Bodies {
        &self.bodies
    }

    /// The entity tag without `W/` and quotes.
    pub fn tag(&self) -> &str {
        &self.bodies.tag
    }

    /// When these bytes came into being: the same on every node and after every restart. `None` where nobody notes it.
    pub fn changed(&self) -> Option<FeedDate> {
        self.changed
    }

    /// The `Link` header.
    pub fn link(&self) -> Option<&str> {
        self.link.as_deref()
    }

    /// Bytes held in memory.
    pub(super) fn size(&self) -> usize {
        self.bodies.size()
    }
}
