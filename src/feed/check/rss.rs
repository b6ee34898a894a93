//! RSS 2.0, and its older relatives: what the channel must and should say.

use super::dates::{self, Style};
use super::entries;
use super::rss_item;
use super::tree::{Element, Space, Tree};
use super::values::{self, For};
use super::{Notes, shown};

/// Elements of a channel, of RSS 2.0 itself.
const CHANNEL: [&str; 20] = [
    "title",
    "link",
    "description",
    "language",
    "copyright",
    "managingEditor",
    "webMaster",
    "pubDate",
    "lastBuildDate",
    "category",
    "generator",
    "docs",
    "cloud",
    "ttl",
    "image",
    "rating",
    "textInput",
    "skipHours",
    "skipDays",
    "item",
];
/// Elements of an item, of RSS 2.0 itself.
const ITEM: [&str; 10] = [
    "title",
    "link",
    "description",
    "author",
    "category",
    "comments",
    "enclosure",
    "guid",
    "pubDate",
    "source",
];

/// Examines a document whose first element is `rss` or `RDF`; returns how many items it has.
pub(super) fn examine(tree: &Tree, notes: &mut Notes) -> usize {
    let is_rdf = tree.root().is_some_and(|root| root.name == "RDF");
    version(tree, is_rdf, notes);
    let channels: Vec<(usize, &Element)> = tree.children(0).filter(|(_, one)| one.name == "channel").collect();
    let Some((at, channel)) = channels.first().copied() else {
        let message = "there is no <channel>";
        notes.error(
            Some(tree.line_of_root()),
            "missing",
            message,
            "put title, link, description and the items into <channel>",
        );
        return 0;
    };
    if let Some((_, second)) = channels.get(1) {
        notes.error(
            Some(second.line),
            "missing",
            "there is a second <channel>",
            "make a feed of its own of it",
        );
    }
    let space = channel.space;
    let own = own_link(tree, at);
    notes.scene.is_of_feed_at(own.and_then(|one| one.attribute("href")));
    required(tree, at, space, notes);
    optional(tree, at, space, notes);
    if !is_rdf {
        let href = own.and_then(|one| one.attribute("href"));
        compare(own.map_or(channel.line, |one| one.line), href, notes);
        unknown(tree, at, &CHANNEL, notes);
    }
    let home = if is_rdf { 0 } else { at };
    let mut items: Vec<(usize, &Element)> = tree.children(home).filter(|(_, one)| one.is(space, "item")).collect();
    if !is_rdf {
        let outside: Vec<_> = tree.children(0).filter(|(_, one)| one.name == "item").collect();
        if let Some((_, first)) = outside.first() {
            let message = "an <item> stands outside of <channel>";
            notes.error(
                Some(first.line),
                "item_outside",
                message,
                "put it inside: readers find no items outside",
            );
        }
        items.extend(outside);
    }
    let mut seen = Vec::new();
    for (at, _) in items {
        if !is_rdf {
            unknown(tree, at, &ITEM, notes);
        }
        seen.push(rss_item::examine(tree, at, notes));
    }
    entries::examine(notes, &seen)
}

fn version(tree: &Tree, is_rdf: bool, notes: &mut Notes) {
    let line = Some(tree.line_of_root());
    let version = tree.root().and_then(|root| root.attribute("version"));
    let remedy = "write RSS 2.0 or Atom: newer readers know only some of the old versions";
    match version {
        _ if is_rdf => notes.warning(line, "version", "this is RSS 1.0", remedy),
        Some("2.0") => {}
        Some(other) => {
            notes.warning(line, "version", format!("this is RSS {}", shown(other)), remedy);
        }
        None => notes.error(
            line,
            "version",
            "<rss> does not say its version",
            "write <rss version=\"2.0\">",
        ),
    }
}

fn required(tree: &Tree, at: usize, space: Space, notes: &mut Notes) {
    let line = Some(tree.elements[at].line);
    for name in ["title", "link", "description"] {
        let mut all = tree.named(at, space, name);
        let Some(element) = all.next() else {
            let remedy = "RSS requires title, link and description in <channel>; some readers refuse the feed without";
            notes.error(line, "missing", format!("the channel has no <{name}>"), remedy);
            continue;
        };
        if let Some(second) = all.next() {
            let message = format!("the channel has more than one <{name}>");
            notes.error(Some(second.line), "doubled", message, "keep one of them");
        }
        let value = element.text.trim();
        match name {
            "title" => values::title(notes, Some(element.line), "the title of the channel", value, false),
            "link" => {
                values::address(
                    notes,
                    Some(element.line),
                    "the <link> of the channel",
                    value,
                    For::People,
                );
            }
            _ if value.is_empty() => {
                let message = "the description of the channel is empty";
                notes.warning(
                    Some(element.line),
                    "description",
                    message,
                    "say in a sentence what the feed is about",
                );
            }
            _ => {}
        }
    }
}

fn optional(tree: &Tree, at: usize, space: Space, notes: &mut Notes) {
    let text_of = |name: &'static str| tree.named(at, space, name).next();
    let dc = tree.named(at, Space::Dc, "language").next();
    let language = text_of("language").or(dc);
    let line = language.map_or(tree.elements[at].line, |one| one.line);
    values::language(notes, Some(line), language.map(|one| one.text.as_str()));
    for name in ["pubDate", "lastBuildDate"] {
        if let Some(date) = text_of(name) {
            dates::read(
                notes,
                Some(date.line),
                &format!("<{name}> of the channel"),
                &date.text,
                Style::Mail,
            );
        }
    }
    for name in ["managingEditor", "webMaster"] {
        if let Some(person) = text_of(name).filter(|person| !values::has_mailbox(&person.text)) {
            let message = format!("<{name}> has no e-mail address: “{}”", shown(person.text.trim()));
            notes.warning(
                Some(person.line),
                "author",
                message,
                "leave it out, or write name@example.org (Name)",
            );
        }
    }
    if let Some(ttl) = text_of("ttl").filter(|ttl| ttl.text.trim().parse::<u32>().is_err()) {
        let message = format!("<ttl> is no number of minutes: “{}”", shown(ttl.text.trim()));
        notes.error(Some(ttl.line), "ttl", message, "write whole minutes, such as 60");
    }
    let image = tree
        .children(at)
        .find(|(_, one)| one.is(space, "image") && space == Space::None);
    if let Some((image, element)) = image {
        for name in ["url", "title", "link"] {
            match tree.named(image, space, name).next() {
                Some(part) if name != "title" => {
                    let what = format!("<{name}> of the channel's image");
                    values::address(notes, Some(part.line), &what, &part.text, For::People);
                }
                Some(_) => {}
                None => {
                    let message = format!("the channel's <image> has no <{name}>");
                    notes.error(
                        Some(element.line),
                        "image",
                        message,
                        "write url, title and link into it",
                    );
                }
            }
        }
    }
}

/// The feed's own address in it: readers that are given a copy find the original by it.
fn own_link(tree: &Tree, at: usize) -> Option<&Element> {
    tree.named(at, Space::Atom, "link")
        .find(|link| link.attribute("rel") == Some("self"))
}

/// Compares the feed's own address with where it was read.
pub(super) fn compare(line: impl Into<Option<usize>>, href: Option<&str>, notes: &mut Notes) {
    let line = line.into();
    let Some(href) = href else {
        let remedy = "add <atom:link rel=\"self\" href=\"…\"> with the feed's own address; in JSON Feed it is feed_url";
        notes.warning(line, "self_link", "the feed does not say its own address", remedy);
        return;
    };
    if values::address(notes, line, "the feed's own address", href, For::People)
        && let Some(address) = &notes.scene.address
        && url::Url::parse(href.trim()).is_ok_and(|own| own != *address)
    {
        let message = format!(
            "it calls itself {}, it was read at {}",
            shown(href),
            shown(address.as_str())
        );
        let remedy = "write the address that readers shall keep, and let other addresses redirect there";
        notes.warning(line, "self_link", message, remedy);
    }
}

/// Elements that RSS has not, or writes otherwise.
fn unknown(tree: &Tree, of: usize, known: &[&str], notes: &mut Notes) {
    for (_, element) in tree.children(of).filter(|(_, one)| one.space == Space::None) {
        let name = element.name.as_str();
        if known.contains(&name) {
            continue;
        }
        let line = Some(element.line);
        if let Some(right) = known.iter().find(|right| right.eq_ignore_ascii_case(name)) {
            let message = format!("<{}> is written <{right}>", shown(name));
            notes.error(
                line,
                "spelling",
                message,
                "write the name with the right capital letters: XML tells them apart",
            );
        } else {
            let message = format!("RSS has no <{}> here", shown(name));
            let remedy = "take it out, or give it the namespace that it belongs to";
            notes.warning(line, "unknown", message, remedy);
        }
    }
}
