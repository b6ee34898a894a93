//! A reader of XML that takes what blog programs write: a bare `&`, undeclared references, unclosed elements.
//!
//! It makes a small tree of each element that was asked for and forgets the rest. No entity is ever expanded, no DOCTYPE
//! read, and depth and attributes are capped (H1).

use super::entities::{decoded, one_line, title_of};

/// Depth of one wanted element at most.
const DEEPEST: usize = 64;
/// Elements inside one wanted element at most.
const MOST_INSIDE: usize = 20_000;
/// Bytes of a tag in which quotes are minded.
const LONGEST_TAG: usize = 64 * 1024;
/// Attributes of one element at most.
const MOST_ATTRIBUTES: usize = 64;

/// An element with what stands in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Element {
    /// With its prefix, as written: `wp:status`.
    pub(super) name: String,
    attributes: Vec<(String, String)>,
    /// Text and CDATA, references of the text decoded.
    text: String,
    has_cdata: bool,
    pub(super) children: Vec<Element>,
    /// Line of the document on which it begins.
    pub(super) line: u32,
}

impl Element {
    /// The first child of this name.
    pub(super) fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// All children of this name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of a child as it stands there, which may be HTML; empty where there is none.
    pub(super) fn raw(&self, name: &str) -> &str {
        self.child(name).map_or("", |child| child.text.trim())
    }

    /// The text of a child for people: what stood in CDATA is HTML, and its references are decoded.
    pub(super) fn plain(&self, name: &str) -> String {
        self.child(name).map_or_else(String::new, Element::own_plain)
    }

    /// A title in a child: the same without tags of emphasis.
    pub(super) fn title(&self, name: &str) -> String {
        let child = self.child(name);
        child.map_or_else(String::new, |child| {
            if child.has_cdata {
                title_of(&child.text)
            } else {
                one_line(&child.text)
            }
        })
    }

    /// The text of the element for people.
    pub(super) fn own_plain(&self) -> String {
        let text = self.text.trim();
        if self.has_cdata { decoded(text) } else { text.to_owned() }
    }

    /// An attribute.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// What was found in a document.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The elements that were asked for, in order, without those inside others of them.
    pub(super) elements: Vec<Element>,
    /// Line of a wanted element that the document ends in.
    pub(super) breaks_off_in: Option<u32>,
}

/// Finds every element with one of these names.
pub(super) fn elements(text: &str, wanted: &[&str]) -> Found {
    let mut scan = Scan {
        rest: text,
        after_last_end: text.len() - text.rfind('>').map_or(0, |at| at + 1),
        line: 1,
        wanted,
        open: Vec::new(),
        inside: 0,
        found: Found::default(),
    };
    while scan.step() {}
    scan.found.breaks_off_in = scan.open.first().map(|element| element.line);
    scan.found
}

struct Scan<'t> {
    rest: &'t str,
    /// Bytes of the document behind its last `>`.
    after_last_end: usize,
    line: u32,
    wanted: &'t [&'t str],
    /// The wanted element and what is open inside it.
    open: Vec<Element>,
    /// Elements inside the wanted one so far.
    inside: usize,
    found: Found,
}

impl<'t> Scan<'t> {
    /// One text, tag, comment or section; `false` at the end.
    fn step(&mut self) -> bool {
        if self.rest.is_empty() {
            return false;
        }
        let at = self.rest.find('<').unwrap_or(self.rest.len());
        if at > 0 {
            let text = self.take(at);
            self.text(text);
            return true;
        }
        if let Some(cdata) = self.rest.strip_prefix("<![CDATA[") {
            let end = cdata.find("]]>");
            let text = self.take(end.map_or(self.rest.len(), |end| end + 12));
            if let Some(element) = self.open.last_mut() {
                element.text.push_str(&text[9..end.map_or(text.len(), |end| end + 9)]);
                element.has_cdata = true;
            }
            return end.is_some();
        }
        for (start, end) in [("<!--", "-->"), ("<?", "?>"), ("<!", ">")] {
            if self.rest.starts_with(start) {
                let length = self.rest.find(end).map_or(self.rest.len(), |at| at + end.len());
                self.take(length);
                return true;
            }
        }
        self.tag();
        true
    }

    fn take(&mut self, length: usize) -> &'t str {
        let (taken, rest) = self.rest.split_at(length);
        let lines = taken.bytes().filter(|byte| *byte == b'\n').count();
        self.line = self.line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        self.rest = rest;
        taken
    }

    fn text(&mut self, text: &str) {
        if let Some(element) = self.open.last_mut()
            && !text.trim().is_empty()
        {
            element.text.push_str(&decoded(text));
        }
    }

    fn tag(&mut self) {
        let line = self.line;
        let Some(length) = tag_length(self.rest) else {
            // A lone `<` is text; where no tag ends any more, all that is left is.
            let length = if self.rest.len() > self.after_last_end {
                1
            } else {
                self.rest.len()
            };
            let text = self.take(length);
            self.text(text);
            return;
        };
        let tag = self.take(length);
        let inner = &tag[1..tag.len() - 1];
        if let Some(name) = inner.strip_prefix('/') {
            self.close(name.trim());
            return;
        }
        let is_whole = inner.ends_with('/');
        let inner = inner.strip_suffix('/').unwrap_or(inner);
        let (name, attributes) = inner.split_once(char::is_whitespace).unwrap_or((inner, ""));
        if self.open.is_empty() && !self.wanted.contains(&name) {
            return;
        }
        self.inside = if self.open.is_empty() { 0 } else { self.inside + 1 };
        if self.open.len() >= DEEPEST || self.inside > MOST_INSIDE {
            return;
        }
        self.open.push(Element {
            name: name.to_owned(),
            attributes: attributes_of(attributes),
            line,
            ..Element::default()
        });
        if is_whole {
            self.close(name);
        }
    }

    /// Closes the nearest open element of this name, and what was left open inside it.
    fn close(&mut self, name: &str) {
        let Some(at) = self.open.iter().rposition(|element| element.name == name) else {
            return;
        };
        while self.open.len() > at {
            let Some(element) = self.open.pop() else { return };
            match self.open.last_mut() {
                Some(parent) => parent.children.push(element),
                None => self.found.elements.push(element),
            }
        }
    }
}

/// Bytes of a tag with its brackets; `None` if none begins here. A `>` inside quotes does not end it, unless the quote is
/// never closed.
fn tag_length(text: &str) -> Option<usize> {
    let second = text[1..].chars().next()?;
    if !(second.is_alphabetic() || second == '/' || second == '_') {
        return None;
    }
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate().take(LONGEST_TAG).skip(1) {
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            (None, b'>') => return Some(at + 1),
            _ => {}
        }
    }
    text.find('>').map(|at| at + 1)
}

fn attributes_of(mut text: &str) -> Vec<(String, String)> {
    let mut attributes = Vec::new();
    while attributes.len() < MOST_ATTRIBUTES {
        let Some((name, rest)) = text.split_once('=') else {
            break;
        };
        let rest = rest.trim_start();
        let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
            break;
        };
        let Some((value, after)) = rest[1..].split_once(quote) else {
            break;
        };
        attributes.push((name.trim().to_owned(), decoded(value)));
        text = after;
    }
    attributes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_blog_programs_write_is_read() {
        let found = elements(
            "<?xml version='1.0'?><!-- <item> --><rss><item a=\"1 > 0\" b='x &amp; y'>\n<title>Draft & Post &amp; More&mdash;x</title>\
             <c><![CDATA[<p>a & b &amp; c</p>]]></c><empty/><t><![CDATA[Q&amp;A]]></t><p>never closed</item></rss>",
            &["item"],
        );
        let [item] = found.elements.as_slice() else {
            panic!("{found:?}")
        };
        assert_eq!(item.attribute("a"), Some("1 > 0"));
        assert_eq!(item.attribute("b"), Some("x & y"));
        assert_eq!(item.plain("title"), "Draft & Post & More—x");
        assert_eq!(item.raw("c"), "<p>a & b &amp; c</p>");
        assert_eq!(item.plain("t"), "Q&A");
        assert_eq!(item.raw("p"), "never closed");
        assert_eq!((item.raw("empty"), item.raw("absent")), ("", ""));
        assert_eq!(found.breaks_off_in, None);
    }

    #[test]
    fn a_document_that_breaks_off_says_where() {
        for text in [
            "<a>\n<item>\n<title>x",
            "<a>\n<item><c><![CDATA[never",
            "<a>\n<item x='",
            "\n<item>&",
        ] {
            let found = elements(text, &["item"]);
            assert!(found.elements.is_empty());
            assert!(found.breaks_off_in.is_none_or(|line| line == 2), "{text}");
        }
    }

    #[test]
    fn brackets_that_begin_no_tag_are_passed_over_one_by_one() {
        let text = format!("<item>{}>x</item>", "< ".repeat(1_000_000));
        assert!(elements(&text, &["item"]).elements[0].own_plain().ends_with(">x"));
    }

    #[test]
    fn nesting_without_end_takes_no_stack() {
        let deep = format!("<item>{}", "<x>".repeat(200_000));
        assert_eq!(elements(&deep, &["item"]).breaks_off_in, Some(1));
        let wide = format!("<item>{}</item>", "<x/>".repeat(200_000));
        assert_eq!(elements(&wide, &["item"]).elements[0].children.len(), MOST_INSIDE);
    }
}
