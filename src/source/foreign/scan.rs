//! RSS and Atom before they are parsed: limits, ids as they are written, and where older entries are.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};

use super::{ForeignError, MOST_ENTRIES, Raw, Scanned};

const DEEPEST: usize = 256;
const MOST_ATTRIBUTES: usize = 64;

/// What is open while a document is looked through.
#[derive(Default)]
struct Walk {
    /// Names as they are written.
    open: Vec<String>,
    scanned: Scanned,
    /// How deep the entry lies that is open.
    entry: Option<usize>,
    /// The part of the entry that is open, and its text.
    part: Option<(Part, String)>,
    /// Prefixes that stand for Dublin Core.
    dublin: Vec<String>,
}

/// A part of an entry that is taken as it is written, for the parser changes it or leaves it out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// With the flag of RSS.
    Id { is_permalink: bool },
    /// Dublin Core's.
    Title,
    /// Dublin Core's word for a tag.
    Subject,
}

const DUBLIN_CORE: &str = "http://purl.org/dc/elements/1.1/";
/// Subjects of one entry that are looked at.
const MOST_SUBJECTS: usize = 64;

fn unreadable(why: impl Into<String>) -> ForeignError {
    ForeignError::Unreadable(why.into())
}

/// Looks a document through.
pub(super) fn scan(text: &str) -> Result<Scanned, ForeignError> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().allow_dangling_amp = true;
    let mut walk = Walk::default();
    loop {
        let event = reader.read_event().map_err(|error| unreadable(error.to_string()))?;
        match event {
            Event::Start(start) => {
                walk.start(&start)?;
            }
            Event::Empty(start) => {
                walk.start(&start)?;
                walk.end();
            }
            Event::End(_) => walk.end(),
            Event::Text(text) => walk.text(&text),
            Event::CData(text) => walk.text(&text),
            Event::GeneralRef(reference) => {
                let written = format!("&{};", &*reference);
                let resolved = unescape(&written).map_or_else(|_| written.clone(), Cow::into_owned);
                walk.text(&resolved);
            }
            Event::DocType(text) if text.contains('[') => {
                return Err(unreadable("its DOCTYPE declares entities, which can be an attack"));
            }
            Event::Eof => return Ok(walk.scanned),
            _ => {}
        }
    }
}

impl Walk {
    fn start(&mut self, start: &BytesStart<'_>) -> Result<(), ForeignError> {
        if self.open.len() >= DEEPEST {
            return Err(unreadable(format!("its elements lie more than {DEEPEST} deep")));
        }
        let mut attributes = Vec::new();
        let mut iterator = start.attributes();
        for attribute in iterator.with_checks(false) {
            if attributes.len() >= MOST_ATTRIBUTES {
                return Err(unreadable(format!(
                    "an element has more than {MOST_ATTRIBUTES} attributes"
                )));
            }
            let attribute = attribute.map_err(|error| unreadable(error.to_string()))?;
            let value = unescape(&attribute.value).map_or_else(|_| attribute.value.to_string(), Cow::into_owned);
            attributes.push((attribute.key.as_ref().to_owned(), value));
        }
        let name = start.name().as_ref().to_owned();
        let dublin = attributes.iter().filter(|(_, value)| value == DUBLIN_CORE);
        let prefixes = dublin.filter_map(|(key, _)| key.strip_prefix("xmlns:").map(str::to_owned));
        if self.dublin.len() < MOST_ATTRIBUTES {
            self.dublin.extend(prefixes);
        }
        let attribute = |wanted: &str| {
            attributes
                .iter()
                .find(|(key, _)| key == wanted)
                .map(|(_, value)| value.as_str())
        };
        if self.is_entry(&name) {
            if self.scanned.entries.len() >= MOST_ENTRIES {
                return Err(unreadable(format!("it has more than {MOST_ENTRIES} entries")));
            }
            self.entry = Some(self.open.len());
            // RSS 1.0 has no guid: an item is known by this.
            let id = attribute("rdf:about").map(|id| id.trim().to_owned());
            self.scanned.entries.push(Raw { id, ..Raw::default() });
        } else if self.is_id(&name) {
            let is_permalink =
                local(&name) == "guid" && attribute("isPermaLink").is_none_or(|flag| flag.trim() != "false");
            self.part = Some((Part::Id { is_permalink }, String::new()));
        } else if let Some(part) = self.dublin_part(&name) {
            self.part = Some((part, String::new()));
        } else if local(&name) == "link" && self.is_of_feed() {
            let rel = attribute("rel").unwrap_or_default();
            if let Some(href) = attribute("href").filter(|_| matches!(rel, "prev-archive" | "next")) {
                self.scanned.older.push(href.to_owned());
            }
        }
        self.open.push(name);
        Ok(())
    }

    /// An item or entry where one may stand.
    fn is_entry(&self, name: &str) -> bool {
        let parent = self.open.last().map_or("", |name| local(name));
        match local(name) {
            "item" => self.entry.is_none() && matches!(parent, "channel" | "RDF" | "rss"),
            "entry" => self.entry.is_none() && parent == "feed" && self.open.len() == 1,
            _ => false,
        }
    }

    /// The id of the open entry; what other vocabularies call so has a prefix of its own.
    fn is_id(&self, name: &str) -> bool {
        let Some(entry) = self.entry.filter(|entry| *entry + 1 == self.open.len()) else {
            return false;
        };
        let holder = &self.open[entry];
        let wanted = if local(holder) == "item" { "guid" } else { "id" };
        local(name) == wanted && prefix(name) == prefix(holder)
    }

    /// A title or subject of Dublin Core in the open entry.
    fn dublin_part(&self, name: &str) -> Option<Part> {
        self.entry.filter(|entry| *entry + 1 == self.open.len())?;
        let part = match local(name) {
            "title" => Part::Title,
            "subject" => Part::Subject,
            _ => return None,
        };
        self.dublin.iter().any(|known| known == prefix(name)).then_some(part)
    }

    fn is_of_feed(&self) -> bool {
        self.entry.is_none()
            && self
                .open
                .last()
                .is_some_and(|name| matches!(local(name), "channel" | "feed"))
    }

    fn text(&mut self, text: &str) {
        if let Some((_, written)) = &mut self.part {
            written.push_str(text);
        }
    }

    fn end(&mut self) {
        self.open.pop();
        let depth = self.open.len();
        if self.entry.is_some_and(|entry| entry + 1 == depth)
            && let Some((part, text)) = self.part.take()
            && let Some(raw) = self.scanned.entries.last_mut()
            && !text.trim().is_empty()
        {
            let text = text.trim().to_owned();
            match part {
                Part::Id { is_permalink } => (raw.id, raw.is_permalink) = (Some(text), is_permalink),
                Part::Title => raw.title = Some(text),
                Part::Subject if raw.subjects.len() < MOST_SUBJECTS => raw.subjects.push(text),
                Part::Subject => {}
            }
        }
        if self.entry == Some(depth) {
            self.entry = None;
            self.part = None;
        }
    }
}

fn local(name: &str) -> &str {
    name.split_once(':').map_or(name, |(_, local)| local)
}

fn prefix(name: &str) -> &str {
    name.split_once(':').map_or("", |(prefix, _)| prefix)
}
