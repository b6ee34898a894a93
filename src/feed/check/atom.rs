//! Atom 1.0 (RFC 4287).

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use url::Url;

use super::atom_text::{is_xhtml, texts};
use super::dates::{self, Style};
use super::entries::{self, Seen};
use super::tree::{Element, Space, Tree};
use super::values::{self, For};
use super::{Notes, rss, shown};

const ONCE: [&str; 9] = [
    "id",
    "title",
    "updated",
    "published",
    "subtitle",
    "summary",
    "content",
    "icon",
    "logo",
];
const KNOWN: [&str; 17] = [
    "id",
    "title",
    "updated",
    "published",
    "author",
    "contributor",
    "category",
    "link",
    "rights",
    "subtitle",
    "summary",
    "content",
    "icon",
    "logo",
    "generator",
    "source",
    "entry",
];
const REQUIRED: &str = "RFC 4287 requires id, title and updated in the feed and in every entry";

/// Examines a document whose first element is `feed`; returns how many entries it has.
pub(super) fn examine(tree: &Tree, notes: &mut Notes) -> usize {
    let space = namespace(tree, notes);
    let line = tree.line_of_root();
    let own = tree
        .named(0, space, "link")
        .find(|link| link.attribute("rel") == Some("self"));
    let own_address = own.and_then(|one| one.attribute("href"));
    notes.scene.is_of_feed_at(own_address);
    common(tree, 0, "the feed", notes);
    values::language(notes, Some(line), tree.inherited(0, "xml:lang"));
    rss::compare(own.map_or(line, |one| one.line), own_address, notes);
    let has_page = tree.named(0, space, "link").any(is_alternate);
    if !has_page {
        let remedy = "add <link rel=\"alternate\" type=\"text/html\" href=\"…\"> with the address of the site";
        notes.warning(Some(line), "missing", "the feed does not name its site", remedy);
    }
    for name in ["icon", "logo"] {
        for picture in tree.named(0, space, name) {
            values::address(
                notes,
                Some(picture.line),
                &format!("<{name}>"),
                &picture.text,
                For::People,
            );
        }
    }
    let has_author = tree.named(0, space, "author").next().is_some();
    let mut seen = Vec::new();
    for (at, element) in tree.children(0).filter(|(_, one)| one.is(space, "entry")) {
        seen.push(entry(tree, at, notes));
        let inside = tree
            .children(at)
            .any(|(_, one)| one.is(space, "author") || one.is(space, "source"));
        if !has_author && !inside {
            let message = "nobody is named as author of the entry";
            notes.error(
                Some(element.line),
                "author",
                message,
                "write <author><name>…</name></author> into the feed",
            );
        }
    }
    entries::examine(notes, &seen)
}

fn namespace(tree: &Tree, notes: &mut Notes) -> Space {
    let space = tree.root().map_or(Space::None, |root| root.space);
    let message = match space {
        Space::Atom => return space,
        Space::Atom03 => "this is Atom 0.3, a draft that was given up in 2005",
        Space::None => "<feed> has no namespace",
        _ => "<feed> has a namespace that is not Atom's",
    };
    let remedy = "write <feed xmlns=\"http://www.w3.org/2005/Atom\">, letter for letter";
    notes.error(Some(tree.line_of_root()), "namespace", message, remedy);
    space
}

fn is_alternate(link: &Element) -> bool {
    matches!(link.attribute("rel"), None | Some("alternate"))
}

/// What feed and entry have in common; returns id and `updated`.
fn common(tree: &Tree, at: usize, what: &str, notes: &mut Notes) -> (Option<String>, Option<DateTime<Utc>>) {
    let element = &tree.elements[at];
    let (space, line) = (element.space, Some(element.line));
    let mut updated = None;
    for name in ["id", "title", "updated"] {
        let Some(one) = tree.named(at, space, name).next() else {
            notes.error(line, "missing", format!("{what} has no <{name}>"), REQUIRED);
            continue;
        };
        match name {
            "title" if is_xhtml(one) => {}
            "title" => {
                let is_html = one.attribute("type") == Some("html");
                values::title(
                    notes,
                    Some(one.line),
                    &format!("the title of {what}"),
                    &one.text,
                    is_html,
                );
            }
            "updated" => {
                let what = format!("<updated> of {what}");
                updated = dates::read(notes, Some(one.line), &what, &one.text, Style::Iso);
            }
            _ => {}
        }
    }
    let id = tree
        .named(at, space, "id")
        .next()
        .and_then(|id| is_iri(id, what, notes));
    for name in ONCE {
        if let Some(second) = tree.named(at, space, name).nth(1) {
            let message = format!("{what} has more than one <{name}>");
            notes.error(Some(second.line), "doubled", message, "keep one of them");
        }
    }
    for (_, child) in tree.children(at).filter(|(_, one)| one.space == space) {
        if !KNOWN.contains(&child.name.as_str()) {
            let message = format!("Atom has no <{}> here", shown(&child.name));
            let remedy = "take it out, or give it the namespace that it belongs to";
            notes.warning(Some(child.line), "unknown", message, remedy);
        }
    }
    links(tree, at, notes);
    people(tree, at, notes);
    categories(tree, at, notes);
    texts(tree, at, notes);
    (id, updated)
}

fn is_iri(id: &Element, what: &str, notes: &mut Notes) -> Option<String> {
    let (value, line) = (id.text.trim(), Some(id.line));
    let remedy = "write an absolute IRI that never changes, such as tag:example.org,2026:name (RFC 4287 section 4.2.6)";
    if value.is_empty() {
        notes.error(line, "id", format!("the <id> of {what} is empty"), remedy);
        return None;
    }
    if Url::parse(value).is_err() || value.contains(char::is_whitespace) {
        let message = format!("the <id> of {what} is no absolute IRI: {}", shown(value));
        notes.error(line, "id", message, remedy);
    }
    Some(value.to_owned())
}

fn entry(tree: &Tree, at: usize, notes: &mut Notes) -> Seen {
    let element = &tree.elements[at];
    let space = element.space;
    let (id, updated) = common(tree, at, "the entry", notes);
    let published = tree.named(at, space, "published").next();
    let date = published.and_then(|date| dates::read(notes, Some(date.line), "<published>", &date.text, Style::Iso));
    dates::in_order(notes, published.map(|date| date.line), date, updated);
    let page = tree.named(at, space, "link").find(|link| is_alternate(link));
    let content = tree.children(at).find(|(_, one)| one.is(space, "content"));
    let summary = tree.named(at, space, "summary").next();
    if content.is_none() && page.is_none() {
        let remedy = "write <content>, or <link rel=\"alternate\"> with the address of the article";
        notes.error(
            Some(element.line),
            "content",
            "the entry has neither content nor page",
            remedy,
        );
    } else if let Some((place, content)) = content {
        let is_elsewhere = content.attribute("src").is_some();
        if is_elsewhere && summary.is_none() {
            let message = "the content lies elsewhere and there is no summary";
            notes.error(
                Some(content.line),
                "content",
                message,
                "add <summary> (RFC 4287 section 4.1.2)",
            );
        } else if !is_elsewhere && content.text.trim().is_empty() && tree.inside(place).is_empty() {
            let message = "the content of the entry is empty";
            notes.warning(
                Some(content.line),
                "content",
                message,
                "print the article, or leave the element out",
            );
        }
    } else if summary.is_none() {
        let message = "the entry has no text";
        notes.warning(
            Some(element.line),
            "content",
            message,
            "print the article in <content>, or a <summary>",
        );
    }
    Seen {
        line: Some(element.line),
        id,
        link: page.and_then(|link| link.attribute("href")).map(str::to_owned),
        date: date.or(updated),
    }
}

fn links(tree: &Tree, at: usize, notes: &mut Notes) {
    let mut pages = BTreeSet::new();
    for link in tree.named(at, tree.elements[at].space, "link") {
        let line = Some(link.line);
        let Some(href) = link.attribute("href") else {
            notes.error(
                line,
                "url",
                "a <link> has no href",
                "add href=\"…\"; Atom has no address in the text of <link>",
            );
            continue;
        };
        let rel = link.attribute("rel").unwrap_or("alternate");
        if rel != "self" {
            values::address(
                notes,
                line,
                &format!("<link rel=\"{}\">", shown(rel)),
                href,
                For::People,
            );
        }
        let media_type = link.attribute("type");
        if let Some(value) = media_type.filter(|value| !values::is_media_type(value)) {
            let message = format!("“{}” is no media type", shown(value));
            notes.error(line, "media_type", message, "write one such as text/html");
        }
        if rel == "alternate" && !pages.insert((media_type, link.attribute("hreflang"))) {
            let message = "there are two alternate links of one type and language";
            notes.error(line, "doubled", message, "keep one of them (RFC 4287 section 4.1.1)");
        }
        if rel == "enclosure" && (link.attribute("length").is_none() || media_type.is_none()) {
            let message = "an enclosure does not say its length and type";
            notes.warning(
                line,
                "enclosure",
                message,
                "add length=\"…\" in bytes and type=\"…\", such as audio/mpeg",
            );
        }
    }
}

fn people(tree: &Tree, at: usize, notes: &mut Notes) {
    let space = tree.elements[at].space;
    let people = tree
        .children(at)
        .filter(|(_, one)| one.is(space, "author") || one.is(space, "contributor"));
    for (place, person) in people {
        let name = tree.named(place, space, "name").next();
        if name.is_none_or(|name| name.text.trim().is_empty()) {
            let message = format!("an <{}> has no <name>", person.name);
            notes.error(
                Some(person.line),
                "author",
                message,
                "write <author><name>…</name></author>",
            );
        }
        if let Some(uri) = tree.named(place, space, "uri").next() {
            values::address(notes, Some(uri.line), "<uri> of a person", &uri.text, For::Text);
        }
        if let Some(email) = tree
            .named(place, space, "email")
            .next()
            .filter(|one| !values::has_mailbox(&one.text))
        {
            let message = format!("<email> holds no e-mail address: “{}”", shown(email.text.trim()));
            notes.error(
                Some(email.line),
                "author",
                message,
                "leave it out: addresses in feeds are collected by spammers",
            );
        }
    }
}

fn categories(tree: &Tree, at: usize, notes: &mut Notes) {
    let mut seen = BTreeSet::new();
    for category in tree.named(at, tree.elements[at].space, "category") {
        let line = Some(category.line);
        match category.attribute("term").filter(|term| !term.trim().is_empty()) {
            None => notes.error(
                line,
                "category",
                "a <category> has no term",
                "write the name into term=\"…\"",
            ),
            Some(term) if !seen.insert((term, category.attribute("scheme"))) => {
                let message = format!("the category “{}” stands twice", shown(term));
                notes.warning(line, "category", message, "print it once");
            }
            Some(_) => {}
        }
    }
}
