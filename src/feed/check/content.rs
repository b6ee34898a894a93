//! The HTML inside an entry: what readers take out of it, and addresses that lead nowhere there.

use super::markup::{Tag, tags};
use super::values::{For, address};
use super::{Notes, shown};

/// Attributes that hold one address, and what it is for.
const ADDRESSES: [(&str, For); 7] = [
    ("href", For::Text),
    ("src", For::Media),
    ("poster", For::Media),
    ("cite", For::Text),
    ("data", For::Media),
    ("action", For::Text),
    ("background", For::Media),
];

const TAKEN_OUT: &str = "leave it out of the feed: readers take it out, and what it would have shown is missing";

/// An HTML text of an entry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Html<'a> {
    /// Decoded.
    pub(super) text: &'a str,
    /// Where it begins; `None` in JSON.
    pub(super) line: Option<usize>,
    /// The document says what relative addresses belong to.
    pub(super) has_base: bool,
}

/// Says what is wrong with an HTML text.
pub(super) fn examine(notes: &mut Notes, html: Html<'_>) {
    let (mut read, mut lines) = (0, 0);
    for tag in tags(html.text) {
        lines += html.text[read..tag.at].matches('\n').count();
        read = tag.at;
        element(notes, html.line.map(|line| line + lines), &tag, html.has_base);
    }
}

/// The same for an element of XHTML.
pub(super) fn element(notes: &mut Notes, line: Option<usize>, tag: &Tag<'_>, has_base: bool) {
    let name = tag.name.to_ascii_lowercase();
    match name.as_str() {
        "script" | "object" | "embed" | "applet" | "form" | "base" | "meta" | "link" => {
            notes.warning(line, "script", format!("the content holds <{name}>"), TAKEN_OUT);
        }
        "iframe" => {
            let remedy = "put a link beside it: many readers take an <iframe> out";
            notes.warning(line, "iframe", "the content holds <iframe>", remedy);
        }
        "style" => notes.warning(line, "style", "the content holds <style>", TAKEN_OUT),
        "img" if !tag.attributes.iter().any(|(name, _)| name.eq_ignore_ascii_case("alt")) => {
            let remedy = "describe the picture in alt=\"…\", or write alt=\"\" for an ornament";
            notes.warning(line, "alt", "a picture has no alternative text", remedy);
        }
        _ => {}
    }
    for (attribute, value) in &tag.attributes {
        let attribute = attribute.to_ascii_lowercase();
        if attribute.len() > 2 && attribute.starts_with("on") && attribute.bytes().all(|b| b.is_ascii_alphabetic()) {
            let message = format!("the content runs a script on {attribute} of <{}>", shown(&name));
            notes.warning(line, "script", message, TAKEN_OUT);
        }
        if attribute == "style" && says_much(value) {
            let message = format!("a style that moves or hides <{}>: “{}”", shown(&name), shown(value));
            notes.warning(line, "style", message, TAKEN_OUT);
        }
        let what = format!("{attribute} of <{}>", shown(&name));
        if let Some((_, purpose)) = ADDRESSES.iter().find(|(known, _)| *known == attribute) {
            link(notes, line, &what, value, *purpose, has_base);
        } else if attribute == "srcset" || attribute == "imagesrcset" {
            for one in candidates(value) {
                link(notes, line, &what, one, For::Media, has_base);
            }
        }
    }
}

/// What of a style breaks the page of a reader; colours and sizes are harmless.
fn says_much(style: &str) -> bool {
    let style: String = style
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect::<String>()
        .to_ascii_lowercase();
    ["position:", "display:none", "url(", "@import", "expression("]
        .iter()
        .any(|word| style.contains(word))
}

fn link(notes: &mut Notes, line: Option<usize>, what: &str, value: &str, purpose: For, has_base: bool) {
    let is_relative = url::Url::parse(value.trim()) == Err(url::ParseError::RelativeUrlWithoutBase);
    if is_relative && has_base && !value.trim().is_empty() {
        let message = format!("{what} hangs on xml:base: {}", shown(value));
        let remedy = "write the whole address: many readers do not know xml:base";
        notes.warning(line, "relative_url", message, remedy);
        return;
    }
    if value.trim().is_empty() && purpose == For::Text {
        return;
    }
    address(notes, line, what, &value.replace("&amp;", "&"), purpose);
}

/// The addresses of a `srcset`, which may hold commas themselves.
fn candidates(value: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = value;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == ',');
        if rest.is_empty() || found.len() >= 64 {
            return found;
        }
        let end = rest.find(|c: char| c.is_ascii_whitespace()).unwrap_or(rest.len());
        let url = &rest[..end];
        found.push(url.trim_end_matches(','));
        rest = &rest[end..];
        if !url.ends_with(',') {
            rest = rest.split_once(',').map_or("", |(_, rest)| rest);
        }
    }
}
