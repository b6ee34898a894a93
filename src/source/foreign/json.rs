//! JSON Feed before it is parsed.

use serde_json::{Map, Value};
use url::Url;

use super::{ForeignError, MOST_ENTRIES, Raw, Scanned};

/// Looks a document through; returns it repaired as the parser wants it (`sources.md` FE3). The library that reads JSON
/// refuses what is nested more than 128 deep.
pub(super) fn scan(text: &str, address: Option<&Url>) -> Result<(Scanned, String), ForeignError> {
    let unreadable = |error: serde_json::Error| ForeignError::Unreadable(error.to_string());
    let mut feed: Value = serde_json::from_str(text).map_err(unreadable)?;
    let mut scanned = Scanned::default();
    if let Some(next) = feed.get("next_url").and_then(Value::as_str) {
        scanned.older.push(next.to_owned());
    }
    // The parser demands a title, and nobody here asks for it.
    if let Some(feed) = feed.as_object_mut() {
        let host = address.and_then(Url::host_str).unwrap_or_default();
        if !feed.get("title").is_some_and(Value::is_string) {
            feed.insert("title".to_owned(), Value::String(host.to_owned()));
        }
    }
    let items = feed.get_mut("items").and_then(Value::as_array_mut);
    for item in items.into_iter().flatten() {
        if scanned.entries.len() >= MOST_ENTRIES {
            return Err(ForeignError::Unreadable(format!(
                "it has more than {MOST_ENTRIES} entries"
            )));
        }
        // Numbers are wrong, and were written by many: readers take them as text.
        let id = match item.get("id") {
            Some(Value::String(id)) => Some(id.trim().to_owned()).filter(|id| !id.is_empty()),
            Some(Value::Number(id)) => Some(id.to_string()),
            _ => None,
        };
        if let Some(item) = item.as_object_mut() {
            repair(item, id.as_ref());
        }
        scanned.entries.push(Raw { id, ..Raw::default() });
    }
    Ok((scanned, feed.to_string()))
}

/// One wrong field in one item would cost the whole feed.
fn repair(item: &mut Map<String, Value>, id: Option<&String>) {
    let id = id.map_or_else(String::new, Clone::clone);
    item.insert("id".to_owned(), Value::String(id));
    for text in [
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
        "language",
    ] {
        if item.get(text).is_some_and(|value| !value.is_string()) {
            item.remove(text);
        }
    }
    if let Some(tags) = item.get_mut("tags") {
        match tags.as_array_mut() {
            Some(list) => list.retain(Value::is_string),
            None => drop(item.remove("tags")),
        }
    }
    if let Some(files) = item.get_mut("attachments") {
        let text = |file: &Value, key: &str| file.get(key).is_some_and(Value::is_string);
        match files.as_array_mut() {
            Some(list) => list.retain(|file| text(file, "url") && text(file, "mime_type")),
            None => drop(item.remove("attachments")),
        }
    }
}
