//! Contrast of every text with what it stands on, as written and inverted (WCAG 2.2, 1.4.3).
//!
//! Mail programs that know no dark scheme invert colours plainly. The dark scheme of our own style block is worked out from
//! the theme, which keeps its pairs apart by itself.

use std::collections::BTreeSet;

use dom_query::{Document, NodeRef};

use super::{Flaw, declarations};
use crate::model::palette::{READABLE, contrast, inverted};

/// What a letter stands on when it says nothing.
const PAPER: &str = "#ffffff";
/// And its text.
const INK: &str = "#000000";

/// Text colour and background where the walk is.
#[derive(Debug, Clone)]
struct Scheme {
    ink: String,
    paper: String,
}

/// Looks at every text of a letter.
pub(super) fn look(document: &Document) -> Vec<Flaw> {
    let mut pairs = BTreeSet::new();
    let start = Scheme {
        ink: INK.to_owned(),
        paper: PAPER.to_owned(),
    };
    for body in document.select("body").nodes() {
        walk(body, &start, &mut pairs);
    }
    pairs.iter().flat_map(|(ink, paper)| flaws_of(ink, paper)).collect()
}

fn flaws_of(ink: &str, paper: &str) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    let plain = contrast(ink, paper);
    if plain < READABLE {
        let message = format!("text in {ink} on {paper} has a contrast of {plain:.1}");
        flaws.push(Flaw::error(
            "contrast",
            message,
            "take a darker or lighter colour: 4.5 is the least",
        ));
    } else {
        let turned = contrast(&inverted(ink), &inverted(paper));
        if turned < READABLE {
            let message =
                format!("text in {ink} on {paper} has a contrast of {turned:.1} where a mail program inverts it");
            flaws.push(Flaw::warning(
                "contrast",
                message,
                "take colours that are further apart",
            ));
        }
    }
    flaws
}

fn walk(node: &NodeRef<'_>, above: &Scheme, pairs: &mut BTreeSet<(String, String)>) {
    let mut here = above.clone();
    let style = node.attr_or("style", "").to_ascii_lowercase();
    if let Some(paper) = node.attr("bgcolor").and_then(|colour| hex(&colour)) {
        here.paper = paper;
    }
    for (name, value) in declarations(&style) {
        match name {
            "display" if value.starts_with("none") => return,
            "color" => here.ink = hex(value).unwrap_or(here.ink),
            "background-color" | "background" => here.paper = hex(value).unwrap_or(here.paper),
            _ => {}
        }
    }
    for child in node.children() {
        if child.is_text() && child.text().chars().any(char::is_alphanumeric) {
            pairs.insert((here.ink.clone(), here.paper.clone()));
        } else if child.is_element() && !child.has_name("style") && !child.has_name("script") {
            walk(&child, &here, pairs);
        }
    }
}

/// `#rrggbb` of a CSS colour that is fixed; `None` for what depends on something else.
fn hex(value: &str) -> Option<String> {
    let value = value.trim().trim_end_matches("!important").trim();
    match value {
        "white" => return Some("#ffffff".to_owned()),
        "black" => return Some("#000000".to_owned()),
        _ => {}
    }
    if let Some(digits) = value.strip_prefix('#') {
        return match digits.len() {
            6 => Some(value.to_owned()),
            3 => Some(digits.chars().fold("#".to_owned(), |all, c| format!("{all}{c}{c}"))),
            _ => None,
        };
    }
    let inner = value.strip_prefix("rgb(")?.strip_suffix(')')?;
    let parts: Vec<u8> = inner
        .split([',', ' '])
        .filter(|part| !part.is_empty())
        .map(|part| part.parse().ok())
        .collect::<Option<_>>()?;
    match parts.as_slice() {
        [red, green, blue] => Some(format!("#{red:02x}{green:02x}{blue:02x}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_understood_as_authors_write_them() {
        for (written, meant) in [
            ("#abc", Some("#aabbcc")),
            ("#A0B1C2", Some("#A0B1C2")),
            ("rgb(1, 2, 255)", Some("#0102ff")),
            ("white", Some("#ffffff")),
            ("inherit", None),
            ("rgba(0,0,0,.5)", None),
            ("url(x)", None),
        ] {
            assert_eq!(hex(written).as_deref(), meant, "{written}");
        }
        assert_eq!(inverted("#00ff10"), "#ff00ef");
    }

    #[test]
    fn text_inherits_its_colours_and_hidden_text_counts_for_nothing() {
        let seen = |body: &str| look(&Document::from(format!("<body>{body}</body>")));
        let grey = "<table bgcolor=\"#222222\"><tr><td style=\"color:#eeeeee\"><p>x</p></td></tr></table>";
        assert_eq!(seen(grey), []);
        assert_eq!(seen("<div style=\"background-color:#222222\"><p>x</p></div>").len(), 1);
        assert_eq!(seen("<div style=\"display:none;color:#fff\">x</div>"), []);
    }
}
