//! Everything of an entry that an article needs (`sources.md` FE6).

use feed_rs::model::{self, FeedType, Link, MediaObject, Person};
use url::Url;

use super::{ForeignEntry, Raw};
use crate::model::article::{Author, Enclosure};
use crate::model::slug::slug;
use crate::model::text::one_line;
use crate::source::{html, title};

/// Bytes of a summary that is looked at.
const LONGEST_LEAD: usize = 256 << 10;

/// A feed with all that its entries hold.
#[derive(Debug, Clone, Default)]
pub struct WholeFeed {
    /// In its order.
    pub entries: Vec<WholeEntry>,
    /// Where older entries are.
    pub older: Vec<Url>,
    /// What its entries are written in, as the feed says.
    pub language: Option<String>,
    /// How long a copy may be kept, in minutes.
    pub ttl: Option<u32>,
    /// Its bytes were no Unicode and said nothing of themselves: they were read as Windows-1252.
    pub guessed: bool,
}

/// An entry with all that it holds.
#[derive(Debug, Clone)]
pub struct WholeEntry {
    /// Id, link, title and dates.
    pub entry: ForeignEntry,
    /// The longer one of content and summary.
    pub body: Option<Text>,
    /// The other one.
    pub summary: Option<Text>,
    /// The body is what the feed calls content, not a summary alone.
    pub is_full: bool,
    /// In the order of the feed; the feed's own where the entry names none.
    pub authors: Vec<Author>,
    /// As written.
    pub terms: Vec<String>,
    /// Recordings and the like.
    pub enclosures: Vec<Enclosure>,
    /// The entry's own picture.
    pub image: Option<String>,
    /// A BCP 47 tag, as written.
    pub language: Option<String>,
    /// `xml:base` of the entry's content.
    pub base: Option<String>,
}

/// A text of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text {
    /// Every character stands for itself.
    Plain(String),
    /// With markup, not yet safe.
    Html(String),
}

impl Text {
    /// As it is written.
    pub fn written(&self) -> &str {
        match self {
            Self::Plain(text) | Self::Html(text) => text,
        }
    }

    /// Its words without markup; none of HTML that is deeper or wider than it may be.
    pub(in crate::source) fn words(&self) -> String {
        match self {
            Self::Plain(text) => one_line(text),
            Self::Html(html) if html::guard(html, LONGEST_LEAD).is_ok() => {
                let document = dom_query::Document::from(html.as_str());
                document.select("script, style").remove();
                one_line(&document.text())
            }
            Self::Html(_) => String::new(),
        }
    }
}

/// Terms of one entry that are looked at.
const MOST_TERMS: usize = 64;
/// Authors and files of one entry that are looked at.
const MOST_PARTS: usize = 32;

/// What all entries of a document share.
pub(super) struct Shared<'a> {
    pub(super) address: Option<&'a Url>,
    pub(super) kind: FeedType,
    pub(super) authors: Vec<Author>,
}

impl Shared<'_> {
    pub(super) fn entry(&self, entry: model::Entry, raw: Raw) -> WholeEntry {
        let (body, summary, is_full) = bodies(entry.content.as_ref(), entry.summary.as_ref(), &self.kind);
        let mut authors = people(&entry.authors);
        if authors.is_empty() {
            authors.clone_from(&self.authors);
        }
        let link = self.link(&entry.links);
        let terms = entry.categories.iter().map(|term| {
            let written = if self.kind == FeedType::Atom {
                term.label.as_ref()
            } else {
                None
            };
            one_line(written.unwrap_or(&term.term))
        });
        let terms = terms.chain(raw.subjects.iter().map(|subject| one_line(subject)));
        let is_address = |id: &str| id.starts_with("http://") || id.starts_with("https://");
        let is_permalink = raw.is_permalink && raw.id.as_deref().is_some_and(is_address);
        // An Atom id that is an address is a link for want of any (RFC 4287 section 4.2.6 says nothing against it).
        let by_id = raw
            .id
            .clone()
            .filter(|id| is_permalink || (self.kind == FeedType::Atom && is_address(id)));
        WholeEntry {
            body,
            summary,
            is_full,
            authors,
            terms: terms.filter(|term| !term.is_empty()).take(MOST_TERMS).collect(),
            enclosures: enclosures(&entry.links, &entry.media, link.as_deref()),
            image: picture(&entry.media),
            language: entry.language,
            base: entry.base,
            entry: ForeignEntry {
                link: link.or(by_id),
                title: entry
                    .title
                    .and_then(|text| heading(&text, &self.kind))
                    .or_else(|| title::title(&raw.title?, true)),
                published: entry.published,
                updated: entry.updated,
                id: raw.id,
                is_permalink,
            },
        }
    }

    fn link(&self, links: &[Link]) -> Option<String> {
        let page = |link: &&Link| link.rel.as_deref().is_none_or(|rel| rel == "alternate");
        let link = links.iter().find(page)?.href.trim();
        let absolute = self.address.and_then(|base| base.join(link).ok());
        Some(absolute.map_or_else(|| link.to_owned(), String::from)).filter(|link| !link.is_empty())
    }
}

fn heading(text: &model::Text, kind: &FeedType) -> Option<String> {
    // Atom and JSON say what is text; everything in RSS may be markup.
    let is_plain = text.content_type.as_str() == "text/plain" && matches!(kind, FeedType::Atom | FeedType::JSON);
    if is_plain {
        title::as_text(&text.content)
    } else {
        title::title(&text.content, true)
    }
}

/// Body and summary; the longer one is the body.
fn bodies(
    content: Option<&model::Content>,
    summary: Option<&model::Text>,
    kind: &FeedType,
) -> (Option<Text>, Option<Text>, bool) {
    let content = content.and_then(|content| {
        let body = content.body.as_ref().filter(|body| !body.trim().is_empty())?;
        text(content.content_type.as_str(), body)
    });
    let summary = summary
        .filter(|text| !text.content.trim().is_empty())
        .and_then(|summary| {
            // Descriptions are HTML by use, whatever a parser calls them.
            let is_html = matches!(kind, FeedType::RSS0 | FeedType::RSS1 | FeedType::RSS2);
            let media = if is_html {
                "text/html"
            } else {
                summary.content_type.as_str()
            };
            text(media, &summary.content)
        });
    let is_full = content.is_some();
    match (content, summary) {
        (Some(content), Some(summary)) if summary.written().len() > content.written().len() => {
            (Some(summary), Some(content), is_full)
        }
        (Some(content), summary) => (Some(content), summary, is_full),
        (None, summary) => (summary, None, false),
    }
}

/// A text of a media type that can be read; a picture in its place is none.
fn text(media_type: &str, body: &str) -> Option<Text> {
    let kind = media_type.split(';').next().unwrap_or_default().trim();
    match kind {
        "text/html" | "application/xhtml+xml" => Some(Text::Html(body.to_owned())),
        kind if kind.starts_with("text/") => Some(Text::Plain(body.to_owned())),
        _ => None,
    }
}

pub(super) fn people(people: &[Person]) -> Vec<Author> {
    let named = people.iter().filter_map(|person| {
        let (name, email) = name_and_address(person);
        let name = one_line(&name?);
        (!name.is_empty()).then(|| Author {
            slug: slug(&name),
            url: person.uri.clone().filter(|uri| uri.starts_with("http")),
            email,
            name,
        })
    });
    named.take(MOST_PARTS).collect()
}

/// RSS writes `address (name)` into one field.
fn name_and_address(person: &Person) -> (Option<String>, Option<String>) {
    let name = person.name.clone().filter(|name| !name.trim().is_empty());
    let written = name.clone().or_else(|| person.email.clone());
    let Some(written) = written else { return (None, None) };
    let split = written.trim().strip_suffix(')').and_then(|text| text.split_once('('));
    match split {
        Some((address, name)) if address.contains('@') && !name.trim().is_empty() => {
            (Some(name.trim().to_owned()), Some(address.trim().to_owned()))
        }
        // An address alone is nobody's name, and nothing to print.
        _ if written.contains('@') && !written.trim().contains(' ') => {
            (name.filter(|name| !name.contains('@')), Some(written.trim().to_owned()))
        }
        _ => (name, person.email.clone()),
    }
}

fn enclosures(links: &[Link], media: &[MediaObject], page: Option<&str>) -> Vec<Enclosure> {
    let mut found: Vec<Enclosure> = Vec::new();
    let mut add = |file: Enclosure| {
        if let Some(known) = found.iter_mut().find(|known| known.url == file.url) {
            known.bytes = known.bytes.or(file.bytes);
            known.seconds = known.seconds.or(file.seconds);
        } else if found.len() < MOST_PARTS {
            found.push(file);
        }
    };
    for link in links.iter().filter(|link| link.rel.as_deref() == Some("enclosure")) {
        add(Enclosure {
            url: link.href.clone(),
            media_type: link.media_type.clone().unwrap_or_default(),
            bytes: link.length.filter(|bytes| *bytes > 0),
            title: link.title.clone().unwrap_or_default(),
            ..Enclosure::default()
        });
    }
    for object in media {
        let duration = object.duration;
        for content in &object.content {
            let Some(url) = &content.url else { continue };
            if Some(url.as_str()) == page {
                continue;
            }
            let seconds = content.duration.or(duration).map(|time| time.as_secs());
            add(Enclosure {
                url: url.to_string(),
                media_type: content
                    .content_type
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
                bytes: content.size.filter(|bytes| *bytes > 0),
                seconds: seconds.and_then(|seconds| u32::try_from(seconds).ok()),
                ..Enclosure::default()
            });
        }
    }
    found
}

fn picture(media: &[MediaObject]) -> Option<String> {
    let mut thumbnails = media.iter().flat_map(|object| &object.thumbnails);
    thumbnails.next().map(|thumbnail| thumbnail.image.uri.clone())
}
