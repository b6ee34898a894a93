//! JSON Feed before it is parsed.

use serde_json::Value;

use super::{ForeignError, MOST_ENTRIES, Raw, Scanned};

/// Looks a document through; returns it with ids as text, as the parser wants them. The library that reads JSON refuses
/// what is nested more than 128 deep.
pub(super) fn scan(text: &str) -> Result<(Scanned, String), ForeignError> {
    let unreadable = |error: serde_json::Error| ForeignError::Unreadable(error.to_string());
    let mut feed: Value = serde_json::from_str(text).map_err(unreadable)?;
    let mut scanned = Scanned::default();
    if let Some(next) = feed.get("next_url").and_then(Value::as_str) {
        scanned.older.push(next.to_owned());
    }
    // The parser demands a title, and nobody here asks for it.
    if let Some(feed) = feed.as_object_mut() {
        feed.entry("title").or_insert_with(|| Value::String(String::new()));
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
        if let (Some(id), Some(item)) = (&id, item.as_object_mut()) {
            item.insert("id".to_owned(), Value::String(id.clone()));
        }
        scanned.entries.push(Raw {
            id,
            is_permalink: false,
        });
    }
    Ok((scanned, feed.to_string()))
}
