//! JSON Feed 1.1 and 1.0.

use serde_json::{Map, Value};

use super::entries;
use super::json_item;
use super::values::{self, For};
use super::{Notes, rss, shown};

const VERSIONS: [&str; 2] = ["https://jsonfeed.org/version/1.1", "https://jsonfeed.org/version/1"];
const KNOWN: [&str; 15] = [
    "version",
    "title",
    "home_page_url",
    "feed_url",
    "description",
    "user_comment",
    "next_url",
    "icon",
    "favicon",
    "author",
    "authors",
    "language",
    "expired",
    "hubs",
    "items",
];

/// Examines a JSON document; returns how many items it has. A line is known where the syntax ends.
pub(super) fn examine(text: &str, notes: &mut Notes) -> usize {
    let value: Value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(error) => {
            let message = format!("it is broken JSON: {}", shown(&error.to_string()));
            let remedy = "let a library write the JSON: no reader takes the feed";
            notes.error(Some(error.line().max(1)), "well_formed", message, remedy);
            return 0;
        }
    };
    let Value::Object(feed) = value else {
        let message = "the document is a list, not an object";
        notes.error(
            Some(1),
            "no_feed",
            message,
            "write {\"version\": …, \"title\": …, \"items\": […]}",
        );
        return 0;
    };
    notes.scene.is_of_feed_at(feed.get("feed_url").and_then(Value::as_str));
    version(&feed, notes);
    head(&feed, notes);
    json_item::people(&feed, "the feed", notes);
    let items = match feed.get("items") {
        Some(Value::Array(items)) => items.as_slice(),
        other => {
            let message = if other.is_some() {
                "items is no list"
            } else {
                "the feed has no items"
            };
            notes.error(None, "missing", message, "write \"items\": […]; JSON Feed requires it");
            return 0;
        }
    };
    let mut seen = Vec::new();
    for (place, item) in items.iter().enumerate() {
        let number = place + 1;
        match item {
            Value::Object(item) => seen.push(json_item::examine(item, number, notes)),
            _ => notes.error(
                None,
                "well_formed",
                format!("item {number} is no object"),
                "write {\"id\": …}",
            ),
        }
    }
    authors(&feed, items, notes);
    entries::examine(notes, &seen)
}

fn authors(feed: &Map<String, Value>, items: &[Value], notes: &mut Notes) {
    let mut all = std::iter::once(feed).chain(items.iter().filter_map(Value::as_object));
    if !all.any(|one| one.contains_key("authors") || one.contains_key("author")) {
        let remedy = "write \"authors\": [{\"name\": \"…\"}]";
        notes.warning(None, "author", "nobody is named as author", remedy);
    }
}

fn version(feed: &Map<String, Value>, notes: &mut Notes) {
    let remedy =
        "write \"version\": \"https://jsonfeed.org/version/1.1\", letter for letter: readers know the format by it";
    match feed.get("version").and_then(Value::as_str) {
        Some(known) if VERSIONS.contains(&known) => {
            if known == VERSIONS[1] && feed.contains_key("authors") {
                let message = "authors is of version 1.1, the feed calls itself version 1";
                notes.warning(None, "version", message, remedy);
            }
        }
        Some(other) => {
            notes.error(
                None,
                "version",
                format!("nobody knows the version “{}”", shown(other)),
                remedy,
            );
        }
        None => notes.error(None, "version", "the feed does not say its version", remedy),
    }
}

fn head(feed: &Map<String, Value>, notes: &mut Notes) {
    match feed.get("title") {
        Some(Value::String(title)) => values::title(notes, None, "the title of the feed", title, false),
        _ => notes.error(
            None,
            "missing",
            "the feed has no title",
            "write \"title\": \"…\"; JSON Feed requires it",
        ),
    }
    for (key, required) in [
        ("home_page_url", true),
        ("icon", false),
        ("favicon", false),
        ("next_url", false),
    ] {
        match feed.get(key) {
            Some(Value::String(value)) => {
                values::address(notes, None, key, value, For::People);
            }
            Some(_) => wrong_type(notes, key, "text"),
            None if required => {
                let remedy = "write it: readers show the site by it";
                notes.warning(None, "missing", format!("the feed has no {key}"), remedy);
            }
            None => {}
        }
    }
    rss::compare(None, feed.get("feed_url").and_then(Value::as_str), notes);
    match feed.get("language") {
        Some(Value::String(language)) => values::language(notes, None, Some(language)),
        Some(_) => wrong_type(notes, "language", "text"),
        None => values::language(notes, None, None),
    }
    if feed.get("expired").is_some_and(|value| !value.is_boolean()) {
        wrong_type(notes, "expired", "true or false");
    }
    for key in feed
        .keys()
        .filter(|key| !key.starts_with('_') && !KNOWN.contains(&key.as_str()))
    {
        let message = format!("JSON Feed has no “{}” here", shown(key));
        notes.warning(None, "unknown", message, "take it out; extensions begin with _");
    }
}

/// Something has another type than JSON Feed says.
pub(super) fn wrong_type(notes: &mut Notes, what: &str, right: &str) {
    let message = format!("{what} is no {right}");
    notes.error(
        None,
        "type",
        message,
        "write the type that JSON Feed says: typed readers drop the whole feed",
    );
}
