//! WordPress: WXR, an RSS document with everything in it.

use std::collections::HashMap;

use super::container::{LARGEST_FILE, Shelf};
use super::entities::text_of as plain_text;
use super::wordpress_text::paragraphs;
use super::xml::{Element, elements};
use super::{ArchiveError, Flaw, Imported, Piece, Text, filled, names_ending, nothing, text_of};

/// Pictures and people that articles name by number and login.
#[derive(Debug, Default)]
struct Known {
    /// Number of an attachment → address and what is to be seen.
    pictures: HashMap<String, (String, Option<String>)>,
    /// Login → name.
    people: HashMap<String, String>,
}

/// Reads every document of the shelf.
pub(super) fn read(shelf: &mut Shelf, take: &mut dyn FnMut(Piece)) -> Result<(), ArchiveError> {
    read_with(shelf, take, &paragraphs)
}

/// The same with another way to make HTML of a text.
pub(super) fn read_with(
    shelf: &mut Shelf,
    take: &mut dyn FnMut(Piece),
    html: &dyn Fn(&str) -> String,
) -> Result<(), ArchiveError> {
    let names = names_ending(shelf, &[".xml"]);
    let mut known = Known::default();
    let mut found = false;
    // Pictures stand after the articles that show them, and in files of their own.
    for name in &names {
        let text = text_of(shelf, name, LARGEST_FILE)?;
        for element in elements(&text, &["item", "wp:author"]).elements {
            known.learn(&element);
        }
    }
    for name in &names {
        let text = text_of(shelf, name, LARGEST_FILE)?;
        let items = elements(&text, &["item"]);
        found |= !items.elements.is_empty() || text.contains("<channel");
        for item in &items.elements {
            take(piece(item, &known, name, html));
        }
        if let Some(line) = items.breaks_off_in {
            take(Piece::Bad(Flaw {
                file: name.clone(),
                line: Some(line),
                message: "the document breaks off in the item that begins here".to_owned(),
                remedy: "export anew, and download the whole file",
            }));
        }
    }
    if found {
        Ok(())
    } else {
        Err(nothing("WXR document of WordPress"))
    }
}

impl Known {
    fn learn(&mut self, element: &Element) {
        if element.name == "wp:author" {
            let name = filled(element.plain("wp:author_display_name"));
            if let Some(name) = name.filter(|name| !name.contains('@')) {
                self.people.insert(element.plain("wp:author_login"), name);
            }
            return;
        }
        if element.raw("wp:post_type") == "attachment"
            && let Some(url) = filled(element.plain("wp:attachment_url"))
        {
            let alt = meta(element, "_wp_attachment_image_alt").map(|alt| plain_text(&alt));
            self.pictures.insert(element.raw("wp:post_id").to_owned(), (url, alt));
        }
    }

    /// The people who wrote an item: guests of Co-Authors Plus, else who owns it.
    fn authors(&self, item: &Element) -> Vec<String> {
        let guests: Vec<String> = item
            .all("category")
            .filter(|category| category.attribute("domain") == Some("author"))
            .filter_map(|category| filled(category.own_plain()))
            .map(|name| self.people.get(&name).cloned().unwrap_or(name))
            .collect();
        if !guests.is_empty() {
            return guests;
        }
        let login = item.plain("dc:creator");
        let name = self.people.get(&login).cloned().or_else(|| filled(&login));
        // An address is nothing for readers.
        name.filter(|name| !name.contains('@')).into_iter().collect()
    }
}

fn piece(item: &Element, known: &Known, file: &str, html: &dyn Fn(&str) -> String) -> Piece {
    match item.raw("wp:post_type") {
        "post" | "" => {}
        "page" => return Piece::Other("page"),
        "attachment" => return Piece::Other("attachment"),
        _ => return Piece::Other("own type"),
    }
    if !item.raw("wp:post_password").is_empty() {
        return Piece::Other("with a password");
    }
    let is_draft = match item.raw("wp:status") {
        "publish" | "" => false,
        "private" => return Piece::Other("private"),
        "trash" => return Piece::Other("trash"),
        "inherit" | "auto-draft" => return Piece::Other("revision"),
        _ => true,
    };
    let picture = meta(item, "_thumbnail_id").and_then(|number| known.pictures.get(number.trim()).cloned());
    let terms = |domain: &str| -> Vec<String> {
        let of_domain = item
            .all("category")
            .filter(|term| term.attribute("domain") == Some(domain));
        of_domain.filter_map(|term| filled(term.own_plain())).collect()
    };
    let mut categories = terms("category");
    categories.retain(|name| name != "Uncategorized");
    Piece::Article(Box::new(Imported {
        title: filled(item.title("title")),
        slug: filled(item.plain("wp:post_name")),
        url: filled(item.plain("link")),
        guid: filled(item.plain("guid")).filter(|guid| guid.contains(':')),
        date: date(item, "wp:post_date_gmt", "wp:post_date").or_else(|| filled(item.plain("pubDate"))),
        updated: date(item, "wp:post_modified_gmt", "wp:post_modified"),
        summary: filled(plain_text(item.raw("excerpt:encoded"))),
        authors: known.authors(item),
        tags: terms("post_tag"),
        categories,
        image_alt: picture.as_ref().and_then(|(_, alt)| alt.clone()),
        image: picture.map(|(url, _)| url),
        enclosure: enclosure(item),
        is_draft,
        text: Text::Html(html(item.raw("content:encoded"))),
        from: file.to_owned(),
        ..Imported::default()
    }))
}

/// The value of a meta field.
fn meta(item: &Element, key: &str) -> Option<String> {
    let found = item.all("wp:postmeta").find(|meta| meta.raw("wp:meta_key") == key)?;
    filled(found.raw("wp:meta_value"))
}

/// The time in UTC, else the local one; WordPress writes zeros for none.
fn date(item: &Element, utc: &str, local: &str) -> Option<String> {
    let stated = |name: &str| filled(item.raw(name)).filter(|date| !date.starts_with("0000"));
    stated(utc)
        .map(|date| format!("{}Z", date.replacen(' ', "T", 1)))
        .or_else(|| stated(local))
}

/// The recording of a podcast: an element of the feed, or a field whose first line is its address.
fn enclosure(item: &Element) -> Option<String> {
    let of_feed = item.child("enclosure").and_then(|child| child.attribute("url"));
    let of_field = || meta(item, "enclosure").and_then(|value| filled(value.lines().next().unwrap_or("")));
    of_feed
        .and_then(filled)
        .or_else(of_field)
        .filter(|url| url.starts_with("http"))
}
