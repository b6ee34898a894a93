//! Letterdrop: the answer of its API.

use serde_json::Value;

use super::container::Shelf;
use super::entities::text_of as plain_text;
use super::{ArchiveError, Imported, Piece, Text, filled, json_of, names_ending, nothing};

/// Reads every document.
pub(super) fn read(shelf: &mut Shelf, take: &mut dyn FnMut(Piece)) -> Result<(), ArchiveError> {
    let mut found = false;
    for name in names_ending(shelf, &[".json"]) {
        let value = json_of(shelf, &name)?;
        let posts = value["posts"].as_array().or_else(|| value.as_array());
        for post in posts.into_iter().flatten() {
            found = true;
            take(Piece::Article(Box::new(article(post, &name))));
        }
    }
    if found {
        Ok(())
    } else {
        Err(nothing("list of articles as Letterdrop answers it"))
    }
}

fn article(post: &Value, name: &str) -> Imported {
    let text = |key: &str| filled(post[key].as_str().unwrap_or(""));
    let plain = |key: &str| text(key).and_then(|text| filled(plain_text(&text)));
    let tags = post["tags"].as_array().into_iter().flatten();
    Imported {
        title: plain("title"),
        slug: text("slug"),
        url: text("url"),
        date: text("publishedOn"),
        is_draft: text("publishedOn").is_none(),
        updated: text("updated"),
        summary: plain("subtitle").or_else(|| plain("metaDescription")),
        authors: filled(plain_text(post["author"]["name"].as_str().unwrap_or("")))
            .into_iter()
            .collect(),
        tags: tags.filter_map(|tag| filled(plain_text(tag.as_str()?))).collect(),
        image: text("coverImage").or_else(|| text("thumbnail")),
        text: Text::Html(text("body").unwrap_or_default()),
        from: name.to_owned(),
        ..Imported::default()
    }
}
