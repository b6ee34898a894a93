//! One item of JSON Feed.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::content::{self, Html};
use super::dates::{self, Style};
use super::entries::Seen;
use super::json::wrong_type;
use super::values::{self, For};
use super::{Notes, shown};

const KNOWN: [&str; 17] = [
    "id",
    "url",
    "external_url",
    "title",
    "content_html",
    "content_text",
    "summary",
    "image",
    "banner_image",
    "date_published",
    "date_modified",
    "author",
    "authors",
    "tags",
    "language",
    "attachments",
    "comments_url",
];

/// Examines an item; `number` counts from 1.
pub(super) fn examine(item: &Map<String, Value>, number: usize, notes: &mut Notes) -> Seen {
    let what = format!("item {number}");
    let id = id(item, &what, notes);
    for key in ["url", "external_url", "image", "banner_image"] {
        match item.get(key) {
            Some(Value::String(value)) => {
                values::address(notes, None, &format!("{key} of {what}"), value, For::People);
            }
            Some(_) => wrong_type(notes, &format!("{key} of {what}"), "text"),
            None => {}
        }
    }
    match item.get("title") {
        Some(Value::String(title)) => values::title(notes, None, &format!("the title of {what}"), title, false),
        Some(_) => wrong_type(notes, &format!("title of {what}"), "text"),
        None => {}
    }
    text(item, &what, notes);
    let date = |key: &str, notes: &mut Notes| match item.get(key) {
        Some(Value::String(value)) => dates::read(notes, None, &format!("{key} of {what}"), value, Style::Iso),
        Some(_) => {
            wrong_type(notes, &format!("{key} of {what}"), "text");
            None
        }
        None => None,
    };
    let (published, modified) = (date("date_published", notes), date("date_modified", notes));
    if !item.contains_key("date_published") {
        let remedy = "write date_published: some readers date an item without one “now”";
        notes.warning(None, "date", format!("{what} has no date"), remedy);
    }
    dates::in_order(notes, None, published, modified);
    people(item, &what, notes);
    tags(item, &what, notes);
    attachments(item, &what, notes);
    if let Some(language) = item.get("language").and_then(Value::as_str) {
        values::language(notes, None, Some(language));
    }
    for key in item
        .keys()
        .filter(|key| !key.starts_with('_') && !KNOWN.contains(&key.as_str()))
    {
        let message = format!("JSON Feed has no “{}” in an item", shown(key));
        notes.warning(None, "unknown", message, "take it out; extensions begin with _");
    }
    Seen {
        line: None,
        id,
        link: item.get("url").and_then(Value::as_str).map(str::to_owned),
        date: published,
    }
}

fn id(item: &Map<String, Value>, what: &str, notes: &mut Notes) -> Option<String> {
    let remedy = "write \"id\" as text that never changes: readers know an entry again by it";
    match item.get("id") {
        Some(Value::String(id)) if !id.trim().is_empty() => Some(id.clone()),
        Some(Value::String(_)) => {
            notes.error(None, "id", format!("the id of {what} is empty"), remedy);
            None
        }
        Some(Value::Number(id)) => {
            let remedy = "write the id in quotes: typed readers drop the whole feed";
            notes.error(None, "id", format!("the id of {what} is a number"), remedy);
            Some(id.to_string())
        }
        Some(_) => {
            notes.error(None, "id", format!("the id of {what} is no text"), remedy);
            None
        }
        None => {
            notes.error(None, "id", format!("{what} has no id"), remedy);
            None
        }
    }
}

fn text(item: &Map<String, Value>, what: &str, notes: &mut Notes) {
    for key in ["content_html", "content_text", "summary"] {
        if item.get(key).is_some_and(|value| !value.is_string()) {
            wrong_type(notes, &format!("{key} of {what}"), "text");
        }
    }
    let read = |key: &str| {
        item.get(key)
            .and_then(Value::as_str)
            .filter(|text| !text.trim().is_empty())
    };
    if read("content_html").is_none() && read("content_text").is_none() {
        let message = format!("{what} has neither content_html nor content_text");
        notes.error(None, "content", message, "write one of them; JSON Feed requires it");
    }
    if let Some(text) = read("content_html") {
        let html = Html {
            text,
            line: None,
            has_base: false,
        };
        content::examine(notes, html);
    }
}

/// `authors`, and `author` of version 1, of a feed or an item.
pub(super) fn people(of: &Map<String, Value>, what: &str, notes: &mut Notes) {
    let remedy = "write \"authors\": [{\"name\": \"…\", \"url\": \"…\"}]";
    let people = match of.get("authors") {
        Some(Value::Array(people)) => people.as_slice(),
        Some(_) => {
            notes.error(None, "author", format!("authors of {what} is no list"), remedy);
            return;
        }
        None => of.get("author").map_or(&[][..], std::slice::from_ref),
    };
    for person in people {
        let Value::Object(person) = person else {
            notes.error(None, "author", format!("an author of {what} is no object"), remedy);
            continue;
        };
        if !["name", "url", "avatar"]
            .iter()
            .any(|key| person.get(*key).is_some_and(Value::is_string))
        {
            notes.error(None, "author", format!("an author of {what} has no name"), remedy);
        }
        for key in ["url", "avatar"] {
            if let Some(value) = person.get(key).and_then(Value::as_str) {
                values::address(notes, None, &format!("{key} of an author of {what}"), value, For::Text);
            }
        }
    }
}

fn tags(item: &Map<String, Value>, what: &str, notes: &mut Notes) {
    let tags = match item.get("tags") {
        Some(Value::Array(tags)) => tags,
        Some(_) => return wrong_type(notes, &format!("tags of {what}"), "list"),
        None => return,
    };
    let mut seen = BTreeSet::new();
    for tag in tags {
        match tag.as_str().map(str::trim) {
            None => wrong_type(notes, &format!("a tag of {what}"), "text"),
            Some("") => notes.warning(None, "category", format!("a tag of {what} is empty"), "leave it out"),
            Some(tag) if !seen.insert(tag) => {
                let message = format!("the tag “{}” of {what} stands twice", shown(tag));
                notes.warning(None, "category", message, "print it once");
            }
            Some(_) => {}
        }
    }
}

fn attachments(item: &Map<String, Value>, what: &str, notes: &mut Notes) {
    let attachments = match item.get("attachments") {
        Some(Value::Array(attachments)) => attachments,
        Some(_) => return wrong_type(notes, &format!("attachments of {what}"), "list"),
        None => return,
    };
    for attachment in attachments {
        match attachment.get("url").and_then(Value::as_str) {
            Some(url) => {
                values::address(notes, None, &format!("an attachment of {what}"), url, For::People);
            }
            None => {
                let message = format!("an attachment of {what} has no url");
                notes.error(
                    None,
                    "enclosure",
                    message,
                    "write \"url\": \"…\" with the file's address",
                );
            }
        }
        let media_type = attachment.get("mime_type").and_then(Value::as_str);
        if !media_type.is_some_and(values::is_media_type) {
            let message = format!("an attachment of {what} has no mime_type");
            notes.error(
                None,
                "enclosure",
                message,
                "write \"mime_type\": \"…\", such as audio/mpeg",
            );
        }
        if attachment.get("size_in_bytes").is_some_and(|size| !size.is_u64()) {
            wrong_type(
                notes,
                &format!("size_in_bytes of an attachment of {what}"),
                "whole number",
            );
        }
    }
}
