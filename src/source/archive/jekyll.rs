//! A Jekyll tree: articles that are files with headers already. What the file's name and place say goes into the header.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::container::Shelf;
use super::{ArchiveError, Flaw, Imported, LARGEST_PAGE, Piece, Text, filled, medium, names_ending, nothing, text_of};
use crate::source::dates;
use crate::source::fields::Fields;
use crate::source::header::{self, Header, Value};
use crate::source::marks::{self, Whence};
use crate::source::naming::Naming;

/// Folders of Jekyll that hold no articles.
const OTHER_FOLDERS: [&str; 7] = [
    "_layouts",
    "_includes",
    "_site",
    "_data",
    "_sass",
    "assets",
    "node_modules",
];

/// Reasons of [`marks::excluded`] that an article loses when it is published.
const DRAFTS: [&str; 6] = [
    "draft",
    "unpublished",
    "drafts folder",
    "status draft",
    "status pending",
    "status unpublished",
];

/// Reads `_posts` and `_drafts`, else every text of the folder.
pub(super) fn read(shelf: &mut Shelf, take: &mut dyn FnMut(Piece)) -> Result<(), ArchiveError> {
    let names = names_ending(shelf, &[".md", ".markdown", ".html", ".htm"]);
    let is_in =
        |name: &str, folder: &str| name.starts_with(&format!("{folder}/")) || name.contains(&format!("/{folder}/"));
    let is_tree = names.iter().any(|name| is_in(name, "_posts"));
    let is_outside = |name: &str| OTHER_FOLDERS.iter().any(|folder| is_in(name, folder));
    let wanted = names.into_iter().filter(|name| {
        let is_article = is_in(name, "_posts") || is_in(name, "_drafts");
        is_article || !is_tree && !is_outside(name)
    });
    let wanted: Vec<String> = wanted.collect();
    if wanted.is_empty() {
        return Err(nothing("text in a folder _posts"));
    }
    for name in wanted {
        let text = match text_of(shelf, &name, LARGEST_PAGE) {
            Ok(text) => text,
            Err(ArchiveError::File { .. } | ArchiveError::Document { .. }) => {
                take(Piece::Bad(medium::too_large(&name)));
                continue;
            }
            Err(error) => return Err(error),
        };
        match header::split(&text) {
            Ok(header) => take(piece(&header, &text[header.body..], &name, is_in(&name, "_drafts"))),
            Err(why) => take(Piece::Bad(Flaw {
                file: name,
                line: Some(why.line),
                message: why.message,
                remedy: why.remedy,
            })),
        }
    }
    Ok(())
}

fn piece(header: &Header, body: &str, name: &str, is_in_drafts: bool) -> Piece {
    if !header.present {
        return Piece::Other("without header");
    }
    let naming = Naming::of(name);
    let text = |keys: &[&str]| keys.iter().find_map(|key| filled(header.named(key)?.1.text()?));
    let truth = |key: &str| header.named(key).and_then(|(_, value)| value.truth());
    let kept_back = match kept_back(header, name) {
        Ok(reason) => reason,
        Err(flaw) => return Piece::Bad(flaw),
    };
    let is_draft = is_in_drafts || kept_back.as_deref().is_some_and(|reason| DRAFTS.contains(&reason));
    if kept_back.is_some() && !is_draft {
        return Piece::Other("kept back");
    }
    let named_day = naming
        .date
        .map(|(year, month, day)| format!("{year:04}-{month:02}-{day:02}"));
    let is_html = name.to_ascii_lowercase().ends_with("html") || name.to_ascii_lowercase().ends_with("htm");
    let slug = text(&["slug", "basename"]).or_else(|| filled(naming.stem));
    Piece::Article(Box::new(Imported {
        title: text(&["title"]),
        url: text(&["permalink"]).filter(|url| !url.contains(':')),
        slug,
        guid: text(&["guid", "id"]).filter(|guid| guid.contains(':')),
        date: text(&["date"])
            .filter(|date| dates::parse(date, Tz::UTC).is_some())
            .or(named_day),
        updated: text(&["last_modified_at", "updated", "lastmod"]),
        summary: text(&["description", "summary", "excerpt", "subtitle"]),
        authors: names(header, &["authors", "author"], None),
        tags: names(header, &["tags", "tag"], Some(' ')),
        categories: names(header, &["categories", "category"], Some(' ')),
        image: text(&["image", "cover", "thumbnail"]).or_else(|| picture(header)),
        image_alt: text(&["image_alt"]),
        language: text(&["lang", "language"]),
        already_mailed: header
            .named("already_mailed")
            .filter(|(_, value)| value.truth() != Some(false))
            .map(|(_, value)| value.text().and_then(filled).unwrap_or_else(|| "true".to_owned())),
        never_mail: truth("mail") == Some(false),
        expires: text(&["expirydate", "expiry_date", "unpublishdate", "unpublish_date"]),
        is_draft,
        text: if is_html {
            Text::Html(body.to_owned())
        } else {
            Text::Markdown(body.to_owned())
        },
        from: name.to_owned(),
        ..Imported::default()
    }))
}

/// What keeps an article back, by the same marks that hold in our own folders. When it expires goes into the new header, where
/// it is minded at each scan.
fn kept_back(header: &Header, name: &str) -> Result<Option<String>, Flaw> {
    let own_names = BTreeMap::new();
    let fields = Fields::new(header, &own_names, name);
    marks::excluded(&fields, Whence::File(name), Tz::UTC, DateTime::<Utc>::MIN_UTC).map_err(|unclear| Flaw {
        file: name.to_owned(),
        line: unclear.line,
        message: unclear.message,
        remedy: "write true or false there, then import again",
    })
}

/// The picture of a header that says more of it than its address.
fn picture(header: &Header) -> Option<String> {
    let Value::Map(pairs) = &header.named("image")?.1 else {
        return None;
    };
    let is_address = |key: &str| ["path", "url", "src"].contains(&key);
    let found = pairs.iter().find(|(key, _)| is_address(key))?;
    filled(found.1.text()?)
}

/// The names under one of these keys, united; Jekyll parts a text at blanks, and takes `category` and `tag` as one name.
fn names(header: &Header, keys: &[&str], separator: Option<char>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for key in keys {
        let Some((_, value)) = header.named(key) else { continue };
        let found: Vec<String> = match value {
            Value::Text(text) => match separator.filter(|_| key.ends_with('s')) {
                Some(separator) => text.split(separator).filter_map(filled).collect(),
                None => filled(text).into_iter().collect(),
            },
            Value::List(items) => items.iter().filter_map(name_in).collect(),
            value => name_in(value).into_iter().collect(),
        };
        for name in found {
            if !all.iter().any(|known| known.to_lowercase() == name.to_lowercase()) {
                all.push(name);
            }
        }
        if separator.is_none() && !all.is_empty() {
            break;
        }
    }
    all
}

fn name_in(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => filled(text),
        Value::Map(pairs) => filled(pairs.iter().find(|(key, _)| key == "name")?.1.text()?),
        _ => None,
    }
}
