//! One item of RSS.

use std::collections::BTreeSet;

use url::Url;

use super::content::{self, Html};
use super::dates::{self, Style};
use super::entries::Seen;
use super::tree::{Element, Space, Tree};
use super::values::{self, For};
use super::{Notes, shown};

/// Elements that stand once in an item.
const ONCE: [&str; 5] = ["title", "link", "description", "guid", "pubDate"];

/// Examines an item.
pub(super) fn examine(tree: &Tree, at: usize, notes: &mut Notes) -> Seen {
    let item = &tree.elements[at];
    let one = |name: &'static str| tree.named(at, item.space, name).next();
    for name in ONCE {
        if let Some(second) = tree.named(at, item.space, name).nth(1) {
            let message = format!("the item has more than one <{name}>");
            notes.error(Some(second.line), "doubled", message, "keep one of them");
        }
    }
    words(tree, at, notes);
    let link = one("link");
    if let Some(link) = link {
        values::address(
            notes,
            Some(link.line),
            "the <link> of the item",
            &link.text,
            For::People,
        );
    }
    let id = match item.space {
        Space::Rss1 => about(item, notes),
        _ => guid(one("guid"), link, item, notes),
    };
    let date = date(tree, at, notes);
    people(tree, at, notes);
    enclosures(tree, at, notes);
    categories(tree, at, notes);
    if let Some(source) = one("source")
        && source.attribute("url").is_none()
    {
        notes.error(
            Some(source.line),
            "source",
            "<source> has no url",
            "add url=\"…\" with the address of that feed",
        );
    }
    if let Some(comments) = one("comments") {
        values::address(notes, Some(comments.line), "<comments>", &comments.text, For::People);
    }
    Seen {
        line: Some(item.line),
        id,
        link: link.map(|link| link.text.trim().to_owned()),
        date,
    }
}

fn words(tree: &Tree, at: usize, notes: &mut Notes) {
    let item = &tree.elements[at];
    let title = tree.named(at, item.space, "title").next();
    let description = tree.named(at, item.space, "description").next();
    let whole = tree.named(at, Space::Content, "encoded").next();
    if let Some(title) = title {
        values::title(notes, Some(title.line), "the title of the item", &title.text, false);
    }
    if title.is_none() && description.is_none() {
        let remedy = "RSS requires one of them in every item";
        notes.error(
            Some(item.line),
            "missing",
            "the item has neither title nor description",
            remedy,
        );
    }
    let has_text = |one: Option<&Element>| one.is_some_and(|one| !one.text.trim().is_empty());
    if !has_text(description) && !has_text(whole) {
        let remedy = "print the article in <content:encoded>, or a summary in <description>";
        notes.warning(Some(item.line), "content", "the item has no text", remedy);
    }
    for element in [description, whole].into_iter().flatten() {
        let html = Html {
            text: &element.text,
            line: Some(element.text_line),
            has_base: false,
        };
        content::examine(notes, html);
    }
    if let Some(misplaced) = tree.children(at).find(|(_, one)| one.is(Space::None, "encoded")) {
        let remedy = "write <content:encoded> and declare xmlns:content=\"http://purl.org/rss/1.0/modules/content/\"";
        notes.error(
            Some(misplaced.1.line),
            "namespace",
            "<encoded> has no namespace",
            remedy,
        );
    }
    let wrong = tree.children(at).find(|(_, one)| one.is(Space::Other, "encoded"));
    if let Some((_, wrong)) = wrong {
        let remedy = "declare xmlns:content=\"http://purl.org/rss/1.0/modules/content/\", letter for letter";
        notes.error(
            Some(wrong.line),
            "namespace",
            "<content:encoded> has a namespace that nobody knows",
            remedy,
        );
    }
}

fn about(item: &Element, notes: &mut Notes) -> Option<String> {
    let about = item.attribute("rdf:about");
    if about.is_none() {
        let remedy = "add rdf:about with the item's address";
        notes.error(Some(item.line), "id", "the item has no rdf:about", remedy);
    }
    about.map(str::to_owned)
}

fn guid(guid: Option<&Element>, page: Option<&Element>, item: &Element, notes: &mut Notes) -> Option<String> {
    let Some(guid) = guid else {
        let remedy = "write a <guid> that stays when title, address or text change: readers know an entry again by it";
        if page.is_some() {
            notes.warning(
                Some(item.line),
                "id",
                "the item has no <guid>; readers take its link",
                remedy,
            );
        } else {
            notes.error(Some(item.line), "id", "the item has neither <guid> nor <link>", remedy);
        }
        return None;
    };
    let line = Some(guid.line);
    let id = guid.text.trim();
    if id.is_empty() {
        let message = "the <guid> is empty";
        notes.error(
            line,
            "id",
            message,
            "write an id that no other item has, or leave the element out",
        );
        return None;
    }
    match guid.attribute("isPermaLink") {
        None | Some("true") => {
            if !Url::parse(id).is_ok_and(|url| matches!(url.scheme(), "http" | "https")) {
                let message = format!("the <guid> counts as address and is none: {}", shown(id));
                notes.error(
                    line,
                    "permalink",
                    message,
                    "add isPermaLink=\"false\": without it readers open the guid",
                );
            }
        }
        Some("false") => {}
        Some(other) => {
            let message = format!("isPermaLink is neither true nor false: “{}”", shown(other));
            notes.error(line, "permalink", message, "write true or false, in small letters");
        }
    }
    Some(id.to_owned())
}

fn date(tree: &Tree, at: usize, notes: &mut Notes) -> Option<chrono::DateTime<chrono::Utc>> {
    let item = &tree.elements[at];
    let published = match tree.named(at, item.space, "pubDate").next() {
        Some(date) => dates::read(notes, Some(date.line), "<pubDate>", &date.text, Style::Mail),
        None => match tree.named(at, Space::Dc, "date").next() {
            Some(date) => dates::read(notes, Some(date.line), "<dc:date>", &date.text, Style::Short),
            None => {
                let remedy = "write <pubDate>: some readers date an item without one “now”, at every visit";
                notes.warning(Some(item.line), "date", "the item has no date", remedy);
                None
            }
        },
    };
    if let Some(edited) = tree.named(at, Space::Atom, "updated").next() {
        let updated = dates::read(notes, Some(edited.line), "<atom:updated>", &edited.text, Style::Iso);
        dates::in_order(notes, Some(edited.line), published, updated);
    }
    published
}

fn people(tree: &Tree, at: usize, notes: &mut Notes) {
    for author in tree.named(at, Space::None, "author") {
        let text = author.text.trim();
        let remedy = "write the name into <dc:creator>: <author> is for e-mail addresses";
        if text.is_empty() {
            notes.warning(Some(author.line), "author", "<author> is empty", remedy);
        } else if !values::has_mailbox(text) {
            let message = format!("<author> has no e-mail address: “{}”", shown(text));
            notes.warning(Some(author.line), "author", message, remedy);
        }
    }
    for creator in tree
        .named(at, Space::Dc, "creator")
        .filter(|one| one.text.trim().is_empty())
    {
        notes.warning(
            Some(creator.line),
            "author",
            "<dc:creator> is empty",
            "write the name, or leave the element out",
        );
    }
}

fn enclosures(tree: &Tree, at: usize, notes: &mut Notes) {
    for (place, enclosure) in tree.named(at, Space::None, "enclosure").enumerate() {
        let line = Some(enclosure.line);
        if place == 1 {
            let remedy = "put the others into the text as links: most readers take one, some the first, some the last";
            notes.warning(line, "enclosure", "the item has more than one <enclosure>", remedy);
        }
        match enclosure.attribute("url") {
            Some(url) => {
                values::address(notes, line, "the url of <enclosure>", url, For::People);
            }
            None => notes.error(
                line,
                "enclosure",
                "<enclosure> has no url",
                "add url=\"…\" with the file's address",
            ),
        }
        let length = enclosure.attribute("length");
        if length.is_none_or(|length| length.trim().parse::<u64>().is_err()) {
            let message = "<enclosure> does not say its length in bytes";
            notes.error(
                line,
                "enclosure",
                message,
                "add length=\"…\" with the size of the file, 0 if it is not known",
            );
        }
        let media_type = enclosure.attribute("type");
        if !media_type.is_some_and(values::is_media_type) {
            let message = "<enclosure> does not say its media type";
            notes.error(line, "enclosure", message, "add type=\"…\", such as audio/mpeg");
        }
    }
}

fn categories(tree: &Tree, at: usize, notes: &mut Notes) {
    let mut seen = BTreeSet::new();
    for category in tree.named(at, tree.elements[at].space, "category") {
        let name = category.text.trim();
        let line = Some(category.line);
        if name.is_empty() {
            notes.warning(line, "category", "a <category> is empty", "leave it out");
        } else if !seen.insert((name, category.attribute("domain"))) {
            let message = format!("the category “{}” stands twice", shown(name));
            notes.warning(line, "category", message, "print it once");
        }
    }
}
