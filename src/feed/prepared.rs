//! A finished document: bytes in four encodings, and what its headers say.

use std::io::Write;
use std::sync::Arc;

use aws_lc_rs::digest;
use data_encoding::BASE32_NOPAD;

use crate::model::feed_date::FeedDate;
use crate::model::feed_key::Format;

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

/// One document as bytes: plain, and compressed for the codings that readers ask for.
#[derive(Debug, Clone)]
pub struct Bodies {
    /// As it is.
    pub identity: Arc<[u8]>,
    /// `gzip`, level 9, without time or file name.
    pub gzip: Arc<[u8]>,
    /// `br`, quality 5.
    pub brotli: Arc<[u8]>,
    /// `zstd`, level 12, in a window that every reader must take (RFC 9659).
    pub zstd: Arc<[u8]>,
    /// Base32 of the first 128 bits of SHA-256 over `identity`.
    pub tag: String,
}

impl Bodies {
    /// Compresses a document.
    ///
    /// # Errors
    /// Only when the compressors fail on memory, which they never do.
    pub fn of(text: &str) -> std::io::Result<Self> {
        let bytes = text.as_bytes();
        let mut gzip = flate2::write::GzEncoder::new(Vec::with_capacity(bytes.len() / 3), flate2::Compression::best());
        gzip.write_all(bytes)?;
        let mut brotli = brotli::CompressorWriter::new(Vec::with_capacity(bytes.len() / 3), 4096, 5, 22);
        brotli.write_all(bytes)?;
        brotli.flush()?;
        let zstd = zstd::bulk::compress(bytes, 12)?;
        Ok(Self {
            zstd: zstd.into(),
            gzip: gzip.finish()?.into(),
            brotli: brotli.into_inner().into(),
            tag: BASE32_NOPAD.encode(&digest::digest(&digest::SHA256, bytes).as_ref()[..16]),
            identity: bytes.into(),
        })
    }

    fn len(&self) -> usize {
        self.identity.len() + self.gzip.len() + self.brotli.len() + self.zstd.len()
    }
}

/// A document that can be served: never changes, shared by every request.
#[derive(Debug)]
pub struct Prepared {
    kind: Kind,
    bodies: Bodies,
    changed: FeedDate,
    link: Option<String>,
    topic: Option<String>,
    is_settled: bool,
}

impl Prepared {
    /// A document of which this is the first byte since `changed`; `address` is its own, where it announces one.
    pub fn new(kind: Kind, bodies: Bodies, changed: FeedDate, address: Option<&str>) -> Self {
        Self {
            kind,
            bodies,
            changed,
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

    /// When these bytes came into being: the same on every node and after every restart.
    pub fn changed(&self) -> FeedDate {
        self.changed
    }

    /// The `Link` header.
    pub fn link(&self) -> Option<&str> {
        self.link.as_deref()
    }

    /// Bytes held in memory.
    pub(super) fn size(&self) -> usize {
        self.bodies.len()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn every_reader_gets_the_same_words_whatever_it_asks_for() {
        let text = "<rss>ünï</rss>\n".repeat(500);
        let bodies = Bodies::of(&text).unwrap();
        let mut plain = String::new();
        flate2::read::GzDecoder::new(&*bodies.gzip)
            .read_to_string(&mut plain)
            .unwrap();
        assert_eq!(plain, text);
        plain.clear();
        brotli::Decompressor::new(&*bodies.brotli, 4096)
            .read_to_string(&mut plain)
            .unwrap();
        assert_eq!(plain, text);
        assert_eq!(zstd::decode_all(&*bodies.zstd).unwrap(), text.as_bytes());
        assert_eq!(bodies.tag.len(), 26);
        assert_eq!(Bodies::of(&text).unwrap().gzip, bodies.gzip);
    }
}
