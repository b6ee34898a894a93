//! The texts of Atom, which say of what kind they are: plain, HTML in text, or XHTML as elements.

use super::content::{self, Html};
use super::markup::Tag;
use super::tree::{Element, Space, Tree};
use super::values::{self, For};
use super::{Notes, shown};

/// Whether a text is made of elements.
pub(super) fn is_xhtml(text: &Element) -> bool {
    text.attribute("type") == Some("xhtml")
}

/// Title, summary, content and their like: their type, and the HTML in them.
pub(super) fn texts(tree: &Tree, at: usize, notes: &mut Notes) {
    let space = tree.elements[at].space;
    for (place, text) in tree.children(at).filter(|(_, one)| one.space == space) {
        let is_content = text.name == "content";
        if !is_content && !["title", "summary", "subtitle", "rights"].contains(&text.name.as_str()) {
            continue;
        }
        let has_base = tree.inherited(place, "xml:base").is_some();
        match text.attribute("type") {
            None | Some("text") => {}
            Some("html") => {
                let html = Html {
                    text: &text.text,
                    line: Some(text.text_line),
                    has_base,
                };
                content::examine(notes, html);
            }
            Some("xhtml") => xhtml(tree, place, notes),
            Some(kind) if space == Space::Atom && !(is_content && values::is_media_type(kind)) => {
                let message = format!("<{}> has the type “{}”", text.name, shown(kind));
                notes.error(Some(text.line), "media_type", message, "write text, html or xhtml");
            }
            Some(_) => {}
        }
        if let Some(src) = text.attribute("src").filter(|_| is_content) {
            values::address(notes, Some(text.line), "src of <content>", src, For::People);
        }
    }
}

fn xhtml(tree: &Tree, at: usize, notes: &mut Notes) {
    let text = &tree.elements[at];
    if !tree.children(at).any(|(_, one)| one.is(Space::Xhtml, "div")) {
        let message = format!("<{} type=\"xhtml\"> holds no <div> of XHTML", shown(&text.name));
        let remedy = "put the text into <div xmlns=\"http://www.w3.org/1999/xhtml\">, or write type=\"html\"";
        notes.error(Some(text.line), "namespace", message, remedy);
    }
    let has_base = tree.inherited(at, "xml:base").is_some();
    for element in tree.inside(at) {
        let attributes = element
            .attributes
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let tag = Tag {
            name: &element.name,
            attributes: attributes.collect(),
            at: 0,
        };
        content::element(notes, Some(element.line), &tag, has_base);
    }
}
