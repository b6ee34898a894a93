//! Reads XML strictly: every fault of form is a finding with its line, and reading goes on behind it where it can.

use std::collections::HashMap;

use quick_xml::Reader;
use quick_xml::errors::Error;
use quick_xml::escape::unescape;
use quick_xml::events::attributes::AttrError;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::text::{FORBIDDEN, Lines, characters, is_allowed};
use super::tree::{Element, Space, Tree};
use super::{Notes, shown};

const DEEPEST: usize = 256;
const MOST_ATTRIBUTES: usize = 64;
const MOST_ELEMENTS: usize = 300_000;

const RULE: &str = "well_formed";
const ESCAPE: &str = "write it as &amp; &lt; or a character of its own: a strict reader drops the whole feed";
const WRITER: &str = "let a library write the XML: a strict reader drops the whole feed";

/// What is open while reading goes on.
struct Walk<'a> {
    lines: Lines,
    notes: &'a mut Notes,
    tree: Tree,
    open: Vec<(usize, String)>,
    spaces: HashMap<String, Vec<(usize, Space)>>,
    ended: bool,
}

/// Reads a document; what could not be read is a finding.
pub(super) fn read(text: &str, notes: &mut Notes) -> Tree {
    let lines = Lines::of(text);
    characters(text, &lines, notes);
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let mut walk = Walk {
        lines,
        notes,
        tree: Tree::default(),
        open: Vec::new(),
        spaces: HashMap::new(),
        ended: false,
    };
    loop {
        let at = place(reader.buffer_position());
        match reader.read_event() {
            Ok(Event::Eof) => break,
            Ok(event) => {
                if walk.event(event, at).is_err() {
                    break;
                }
            }
            Err(error) => {
                let line = walk.lines.at(place(reader.error_position()));
                walk.notes.error(Some(line), RULE, broken(&error), WRITER);
                if !matches!(error, Error::IllFormed(_)) || place(reader.buffer_position()) <= at {
                    break;
                }
            }
        }
    }
    walk.finish()
}

fn place(position: u64) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

fn broken(error: &Error) -> String {
    format!("it is broken XML: {}", shown(&error.to_string()))
}

/// The rest of the document is not read.
struct Enough;

impl Walk<'_> {
    fn event(&mut self, event: Event<'_>, at: usize) -> Result<(), Enough> {
        match event {
            Event::Start(start) => self.start(&start, at)?,
            Event::Empty(start) => {
                self.start(&start, at)?;
                self.close(self.open.len().saturating_sub(1));
            }
            Event::End(end) => self.end(end.name().as_ref(), at),
            Event::Text(text) => self.text(&text, at),
            Event::CData(text) => self.append(&text, at),
            Event::GeneralRef(reference) => self.reference(&reference, at),
            Event::Comment(text) if text.contains("--") => {
                let message = "a comment holds --, which ends it for strict readers";
                self.error(at, RULE, message, "take the comment out");
            }
            Event::Decl(_) if at > 0 => {
                let message = "something stands before the XML declaration";
                self.error(
                    at,
                    RULE,
                    message,
                    "let the document begin with <?xml, without blank or line before it",
                );
            }
            Event::DocType(text) => self.doctype(&text, at),
            _ => {}
        }
        Ok(())
    }

    fn error(&mut self, at: usize, rule: &'static str, message: impl Into<String>, remedy: &'static str) {
        let line = self.lines.at(at);
        self.notes.error(Some(line), rule, message, remedy);
    }

    fn doctype(&mut self, text: &str, at: usize) {
        if text.contains('[') {
            let message = "its DOCTYPE declares entities: readers refuse such a document, it can be an attack";
            self.error(
                at,
                "doctype",
                message,
                "take the DOCTYPE out; write characters instead of entities",
            );
        } else {
            let line = self.lines.at(at);
            let remedy = "take the DOCTYPE out: no reader of today needs it, and some refuse it";
            self.notes.warning(Some(line), "doctype", "it has a DOCTYPE", remedy);
        }
    }

    fn start(&mut self, start: &BytesStart<'_>, at: usize) -> Result<(), Enough> {
        let depth = self.open.len();
        if depth >= DEEPEST {
            let message = format!("elements lie more than {DEEPEST} deep; the rest was not examined");
            self.error(at, "depth", message, "close what is open: readers give up, some crash");
            return Err(Enough);
        }
        if self.tree.elements.len() >= MOST_ELEMENTS {
            let message = format!("there are more than {MOST_ELEMENTS} elements; the rest was not examined");
            self.error(at, "size", message, "keep the newest 20 to 50 entries in the feed");
            return Err(Enough);
        }
        if depth == 0 && self.ended {
            self.error(
                at,
                RULE,
                "a second element stands behind the end of the document",
                WRITER,
            );
        }
        let name = start.name().as_ref().to_owned();
        if !is_name(&name) {
            self.error(at, RULE, format!("<{}> is no name of an element", shown(&name)), WRITER);
        }
        let attributes = self.attributes(start, at)?;
        self.declare(&attributes, depth, at);
        let (prefix, local) = name.split_once(':').unwrap_or(("", &name));
        let space = self.space(prefix, &name, at);
        for (key, _) in &attributes {
            if let Some((prefix, _)) = key.split_once(':')
                && !matches!(prefix, "xml" | "xmlns")
            {
                self.space(prefix, key, at);
            }
        }
        let line = self.lines.at(at);
        self.tree.elements.push(Element {
            name: local.to_owned(),
            space,
            line,
            text_line: line,
            text: String::new(),
            attributes,
            depth,
            parent: self.open.last().map(|(parent, _)| *parent),
            end: 0,
        });
        self.open.push((self.tree.elements.len() - 1, name));
        Ok(())
    }

    fn attributes(&mut self, start: &BytesStart<'_>, at: usize) -> Result<Vec<(String, String)>, Enough> {
        let mut attributes: Vec<(String, String)> = Vec::new();
        let mut iterator = start.attributes();
        for attribute in iterator.with_checks(false) {
            if attributes.len() >= MOST_ATTRIBUTES {
                let message =
                    format!("an element has more than {MOST_ATTRIBUTES} attributes; the rest was not examined");
                self.error(at, "attributes", message, WRITER);
                return Err(Enough);
            }
            match attribute {
                Ok(attribute) => {
                    let key = attribute.key.as_ref().to_owned();
                    if attributes.iter().any(|(known, _)| *known == key) {
                        self.error(at, RULE, format!("the attribute {} stands twice", shown(&key)), WRITER);
                    }
                    let value = self.value(&attribute.value, at);
                    attributes.push((key, value));
                }
                Err(error) => {
                    self.error(at, RULE, in_words(&error), WRITER);
                    break;
                }
            }
        }
        Ok(attributes)
    }

    /// An attribute's value, with its references resolved.
    fn value(&mut self, raw: &str, at: usize) -> String {
        if raw.contains('<') {
            self.error(at, RULE, "an attribute holds a bare <", ESCAPE);
        }
        match unescape(raw) {
            Ok(value) => {
                if value.chars().any(|c| !is_allowed(c)) && raw.chars().all(is_allowed) {
                    self.error(
                        at,
                        "character",
                        "a reference stands for a character that XML forbids",
                        FORBIDDEN,
                    );
                }
                value.into_owned()
            }
            Err(_) => {
                let message = format!("a bare & or an unknown entity in the attribute “{}”", shown(raw));
                self.error(at, RULE, message, ESCAPE);
                raw.to_owned()
            }
        }
    }

    fn declare(&mut self, attributes: &[(String, String)], depth: usize, at: usize) {
        for (key, address) in attributes {
            let prefix = match key.split_once(':') {
                None if key == "xmlns" => "",
                Some(("xmlns", prefix)) => prefix,
                _ => continue,
            };
            if !prefix.is_empty() && address.is_empty() {
                self.error(at, "prefix", format!("xmlns:{} is empty", shown(prefix)), WRITER);
            }
            let space = Space::of(address);
            self.spaces.entry(prefix.to_owned()).or_default().push((depth, space));
        }
    }

    fn space(&mut self, prefix: &str, name: &str, at: usize) -> Space {
        match self.spaces.get(prefix).and_then(|all| all.last()) {
            Some((_, space)) => *space,
            None if prefix.is_empty() => Space::None,
            None if prefix == "xml" => Space::Other,
            None => {
                let message = format!("no namespace belongs to the prefix of {}", shown(name));
                let remedy =
                    "declare it on the first element (xmlns:content=\"…\"), else strict readers drop the whole feed";
                self.error(at, "prefix", message, remedy);
                well_known(prefix)
            }
        }
    }

    /// An end tag closes the nearest element of its name, and what was left open in that.
    fn end(&mut self, name: &str, at: usize) {
        let Some(own) = self.open.iter().rposition(|(_, open)| open == name) else {
            let message = format!("</{}> ends what never began", shown(name));
            self.error(at, RULE, message, WRITER);
            return;
        };
        let left: Vec<(usize, String)> = self.open[own + 1..].to_vec();
        for (element, name) in left {
            self.unclosed(element, &name);
        }
        self.close(own);
    }

    fn unclosed(&mut self, element: usize, name: &str) {
        let line = self.tree.elements[element].line;
        let message = format!("<{}> is never closed", shown(name));
        self.notes.error(Some(line), RULE, message, WRITER);
    }

    /// Closes everything from a place of the stack on.
    fn close(&mut self, from: usize) {
        let end = self.tree.elements.len();
        for (element, _) in self.open.drain(from..) {
            let depth = self.tree.elements[element].depth;
            self.tree.elements[element].end = end;
            let declared: Vec<&str> = self.tree.elements[element]
                .attributes
                .iter()
                .filter_map(|(key, _)| key.strip_prefix("xmlns"))
                .collect();
            for prefix in declared {
                let all = self.spaces.get_mut(prefix.strip_prefix(':').unwrap_or(""));
                if let Some(all) = all {
                    all.retain(|(declared, _)| *declared < depth);
                }
            }
        }
        self.ended = self.open.is_empty();
    }

    fn text(&mut self, text: &str, at: usize) {
        if let Some(amp) = text.find('&') {
            let snippet = shown(text[amp..].split_whitespace().next().unwrap_or("&"));
            self.error(at + amp, RULE, format!("a bare & in the text: “{snippet}”"), ESCAPE);
        }
        if let Some(end) = text.find("]]>") {
            self.error(at + end, RULE, "]]> stands in the text", "write it as ]]&gt;");
        }
        if self.open.is_empty() {
            if let Some(word) = text.find(|c: char| !c.is_ascii_whitespace()) {
                let message = format!("text outside of the document: “{}”", shown(text[word..].trim()));
                let remedy = "see what the server or the generator prints besides the feed, such as a warning";
                self.error(at + word, RULE, message, remedy);
            }
            return;
        }
        self.append(text, at);
    }

    fn append(&mut self, text: &str, at: usize) {
        let Some((open, _)) = self.open.last() else { return };
        let element = &mut self.tree.elements[*open];
        if element.text.is_empty() {
            element.text_line = self.lines.at(at);
        }
        element.text.push_str(text);
    }

    fn reference(&mut self, reference: &BytesRef<'_>, at: usize) {
        let name: &str = reference;
        let known = match reference.resolve_char_ref() {
            Ok(Some(c)) if is_allowed(c) => Some(c),
            Ok(Some(_)) | Err(_) => {
                let message = format!("&{}; stands for a character that XML forbids", shown(name));
                self.error(at, "character", message, FORBIDDEN);
                return;
            }
            Ok(None) => match name {
                "amp" => Some('&'),
                "lt" => Some('<'),
                "gt" => Some('>'),
                "quot" => Some('"'),
                "apos" => Some('\''),
                _ => None,
            },
        };
        match known {
            Some(c) => self.append(c.encode_utf8(&mut [0; 4]), at),
            None => {
                let message = format!("XML does not know the entity &{};", shown(name));
                self.error(at, RULE, message, ESCAPE);
            }
        }
    }

    fn finish(mut self) -> Tree {
        for (element, name) in self.open.clone() {
            self.unclosed(element, &name);
        }
        self.close(0);
        self.tree
    }
}

/// What an author meant who forgot to declare a usual prefix: the rest can be examined all the same.
fn well_known(prefix: &str) -> Space {
    match prefix {
        "content" => Space::Content,
        "dc" => Space::Dc,
        "atom" => Space::Atom,
        "rdf" => Space::Rdf,
        _ => Space::Other,
    }
}

fn in_words(error: &AttrError) -> &'static str {
    match error {
        AttrError::UnquotedValue(_) => "an attribute's value has no quotes",
        AttrError::ExpectedQuote(..) => "an attribute's value is not closed",
        AttrError::Duplicated(..) => "an attribute stands twice",
        _ => "an attribute has no value",
    }
}

fn is_name(name: &str) -> bool {
    let first = name.chars().next();
    first.is_some_and(|c| c.is_alphabetic() || c == '_')
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || !c.is_ascii() || matches!(c, '_' | '-' | '.' | ':'))
        && name.matches(':').count() < 2
}
