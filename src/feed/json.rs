//! JSON Feed 1.1.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use crate::model::entry::{Byline, Clean, Language};
use crate::model::entry_file::EntryFile;
use crate::model::feed_date::FeedDate;
use crate::model::feed_key::Format;
use crate::model::feed_meta::FeedMeta;
use crate::model::feed_url::FeedUrl;

use super::{Item, RenderError};

#[derive(Serialize)]
struct Feed<'a> {
    version: &'static str,
    title: &'a str,
    home_page_url: &'a str,
    #[serde(rename = "feed_url")]
    own_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    icon: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    favicon: Option<&'a str>,
    authors: Vec<Author<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hubs: Vec<Hub<'a>>,
    items: Vec<FeedItem<'a>>,
}

#[derive(Serialize)]
struct Hub<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    url: &'a str,
}

#[derive(Serialize)]
struct Author<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar: Option<&'a str>,
}

#[derive(Serialize)]
struct FeedItem<'a> {
    id: &'a str,
    url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    content_html: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'a str>,
    date_published: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    date_modified: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authors: Vec<Author<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Attachment<'a>>,
}

#[derive(Serialize)]
struct Attachment<'a> {
    url: &'a str,
    mime_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size_in_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_in_seconds: Option<u32>,
}

/// The JSON Feed document of one scope.
pub(super) fn document(meta: &FeedMeta, items: &[Item<'_>]) -> Result<String, RenderError> {
    let feed = Feed {
        version: "https://jsonfeed.org/version/1.1",
        title: meta.title.as_str(),
        home_page_url: meta.home.as_str(),
        own_url: meta.address(Format::Json),
        next_url: older(meta),
        description: meta.description.as_ref().map(Clean::as_str),
        icon: meta.icon.as_ref().map(FeedUrl::as_str),
        // Readers scale a square picture down.
        favicon: meta.icon.as_ref().map(FeedUrl::as_str),
        authors: vec![author(meta, &meta.author)],
        language: meta.language.as_ref().map(Language::as_str),
        hubs: meta.hubs.iter().map(hub).collect(),
        items: items.iter().map(|item| feed_item(meta, *item)).collect(),
    };
    let room: usize = items.iter().map(|item| 1_024 + item.body.html.len()).sum();
    let mut out = Vec::with_capacity(room + room / 8);
    feed.serialize(&mut Serializer::with_formatter(&mut out, Embeddable))?;
    out.push(b'\n');
    String::from_utf8(out).map_err(|_| RenderError::Shape("JSON is no UTF-8"))
}

/// Escapes what would end a script element around the document, or a line of older JavaScript.
struct Embeddable;

impl Formatter for Embeddable {
    fn write_string_fragment<W: Write + ?Sized>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let bytes = fragment.as_bytes();
        let mut kept = 0;
        for at in memchr::memchr2_iter(b'<', 0xe2, bytes) {
            let (length, escaped): (usize, &[u8]) = match bytes.get(at + 1..) {
                Some([b'/', ..]) if bytes[at] == b'<' => (2, b"<\\/"),
                Some([0x80, 0xa8, ..]) => (3, b"\\u2028"),
                Some([0x80, 0xa9, ..]) => (3, b"\\u2029"),
                _ => continue,
            };
            writer.write_all(&bytes[kept..at])?;
            writer.write_all(escaped)?;
            kept = at + length;
        }
        writer.write_all(&bytes[kept..])
    }
}

/// JSON Feed knows only what comes next, which is what is older.
fn older(meta: &FeedMeta) -> Option<String> {
    let mut neighbours = meta.neighbours(Format::Json).into_iter();
    neighbours
        .find(|(rel, _)| *rel == "prev-archive")
        .map(|(_, address)| address)
}

fn hub(address: &FeedUrl) -> Hub<'_> {
    Hub {
        kind: "WebSub",
        url: address.as_str(),
    }
}

/// Whose picture is known is the author of the site.
fn author<'a>(meta: &'a FeedMeta, byline: &'a Byline) -> Author<'a> {
    let is_the_sites = byline.name == meta.author.name;
    Author {
        name: byline.name.as_str(),
        url: byline.url.as_ref().map(FeedUrl::as_str),
        avatar: meta.avatar.as_ref().filter(|_| is_the_sites).map(FeedUrl::as_str),
    }
}

fn attachment(file: &EntryFile) -> Attachment<'_> {
    Attachment {
        url: file.url.as_str(),
        mime_type: file.media_type.as_str(),
        title: file.title.as_ref().map(Clean::as_str),
        size_in_bytes: file.bytes,
        duration_in_seconds: file.seconds,
    }
}

fn feed_item<'a>(meta: &'a FeedMeta, Item { entry, body }: Item<'a>) -> FeedItem<'a> {
    FeedItem {
        id: entry.id.as_str(),
        url: entry.url.as_str(),
        external_url: entry.external_url.as_ref().map(FeedUrl::as_str),
        title: entry.title.as_ref().map(Clean::as_str),
        content_html: &body.html,
        summary: entry.summary.as_ref().map(Clean::as_str),
        image: entry.image.as_ref().map(|picture| picture.url.as_str()),
        date_published: entry.published.iso(),
        date_modified: entry.edited.map(FeedDate::iso),
        authors: entry.authors.iter().map(|byline| author(meta, byline)).collect(),
        tags: entry.labels().into_iter().map(Clean::as_str).collect(),
        language: entry.language.as_ref().map(Language::as_str),
        attachments: entry.files.iter().map(attachment).collect(),
    }
}
