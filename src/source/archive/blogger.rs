//! Blogger: the Atom document of its backup and of Takeout, or the answer of its API.

use serde_json::Value;

use super::container::{LARGEST_FILE, Shelf};
use super::entities::{text_of as plain_text, title_of};
use super::xml::{Element, elements};
use super::{ArchiveError, Flaw, Imported, Piece, Text, filled, json_of, names_ending, nothing, text_of};

/// Reads every document.
pub(super) fn read(shelf: &mut Shelf, take: &mut dyn FnMut(Piece)) -> Result<(), ArchiveError> {
    let mut found = false;
    for name in names_ending(shelf, &[".json"]) {
        let value = json_of(shelf, &name)?;
        let posts = value.as_array().or_else(|| value["items"].as_array());
        for post in posts.into_iter().flatten() {
            found = true;
            take(of_value(post, &name));
        }
    }
    for name in names_ending(shelf, &[".xml", ".atom"]) {
        let text = text_of(shelf, &name, LARGEST_FILE)?;
        let entries = elements(&text, &["entry"]);
        found |= !entries.elements.is_empty();
        for entry in &entries.elements {
            take(of_entry(entry, &name));
        }
        if let Some(line) = entries.breaks_off_in {
            take(Piece::Bad(Flaw {
                file: name.clone(),
                line: Some(line),
                message: "the document breaks off in the entry that begins here".to_owned(),
                remedy: "export anew, and download the whole file",
            }));
        }
    }
    if found {
        Ok(())
    } else {
        Err(nothing("article of Blogger"))
    }
}

fn of_value(post: &Value, name: &str) -> Piece {
    if post["kind"].as_str().is_some_and(|kind| kind != "blogger#post") {
        return Piece::Other("page");
    }
    let text = |key: &str| filled(post[key].as_str().unwrap_or(""));
    let labels = post["labels"].as_array().into_iter().flatten();
    let author = plain_text(post["author"]["displayName"].as_str().unwrap_or(""));
    let number = |value: &Value| value.as_str().and_then(filled);
    let (blog, id) = (number(&post["blog"]["id"]), number(&post["id"]));
    Piece::Article(Box::new(Imported {
        title: text("title").and_then(|title| filled(title_of(&title))),
        url: text("url"),
        guid: blog
            .zip(id)
            .map(|(blog, id)| format!("tag:blogger.com,1999:blog-{blog}.post-{id}")),
        date: text("published"),
        updated: text("updated"),
        authors: filled(author).into_iter().collect(),
        tags: labels.filter_map(|label| filled(plain_text(label.as_str()?))).collect(),
        is_draft: matches!(
            post["status"].as_str(),
            Some("DRAFT" | "draft" | "SCHEDULED" | "scheduled")
        ),
        text: Text::Html(text("content").unwrap_or_default()),
        from: name.to_owned(),
        ..Imported::default()
    }))
}

/// An entry of the backup says by a category what it is, one of Takeout by an element.
fn of_entry(entry: &Element, name: &str) -> Piece {
    let kind = entry
        .all("category")
        .find_map(|category| {
            category
                .attribute("term")?
                .split_once("kind#")
                .map(|(_, kind)| kind.to_owned())
        })
        .or_else(|| filled(entry.raw("blogger:type").to_lowercase()));
    match kind.as_deref() {
        None | Some("post") => {}
        Some("page") => return Piece::Other("page"),
        Some("comment") => return Piece::Other("comment"),
        Some(_) => return Piece::Other("setting"),
    }
    let is_label = |category: &&Element| {
        let scheme = category.attribute("scheme").unwrap_or("");
        scheme.ends_with("atom/ns#") || scheme.contains("tag:blogger.com")
    };
    let tags = entry.all("category").filter(is_label);
    let link = entry
        .all("link")
        .find(|link| link.attribute("rel") == Some("alternate"));
    let is_draft = entry
        .child("app:control")
        .is_some_and(|control| control.raw("app:draft") == "yes")
        || matches!(entry.raw("blogger:status"), "DRAFT" | "SCHEDULED" | "SOFT_TRASHED");
    Piece::Article(Box::new(Imported {
        title: filled(entry.title("title")),
        url: link
            .and_then(|link| filled(link.attribute("href")?))
            .or_else(|| filled(entry.raw("blogger:filename"))),
        guid: filled(entry.plain("id")).filter(|id| id.starts_with("tag:")),
        date: filled(entry.raw("published")),
        updated: filled(entry.raw("updated")),
        authors: entry
            .child("author")
            .and_then(|author| filled(author.plain("name")))
            .into_iter()
            .collect(),
        tags: tags.filter_map(|tag| filled(tag.attribute("term")?)).collect(),
        is_draft,
        text: Text::Html(entry.raw("content").to_owned()),
        from: name.to_owned(),
        ..Imported::default()
    }))
}
