//! A row as an item (`sources.md` TA1).

use std::collections::HashSet;

use serde_json::Value as Json;

use super::connection::{Cell, Column, Rows};
use super::{Page, Place, TableError};
use crate::model::article::DateOrigin;
use crate::source::header::Value;
use crate::source::item::{Body, Item};

/// Columns that mean something.
pub(super) const COLUMNS: [&str; 18] = [
    "id",
    "slug",
    "title",
    "html",
    "markdown",
    "text",
    "url",
    "published_at",
    "updated_at",
    "status",
    "tags",
    "categories",
    "author",
    "authors",
    "summary",
    "image",
    "image_alt",
    "language",
];
/// One more, of which its readers' programs know.
const GUID: &str = "guid";
const BODIES: [&str; 3] = ["html", "markdown", "text"];

/// Whether a query has the columns that it may and must have.
pub(super) fn examine(columns: &[Column]) -> Result<(), TableError> {
    let is_known = |name: &str| {
        COLUMNS
            .iter()
            .chain([&GUID])
            .any(|known| name.eq_ignore_ascii_case(known))
    };
    let unknown: Vec<&str> = columns
        .iter()
        .map(|column| column.name.as_str())
        .filter(|name| !is_known(name))
        .collect();
    if !unknown.is_empty() {
        return Err(TableError::Unknown(unknown.join(", ")));
    }
    if place(columns, "id").is_none() {
        return Err(TableError::NoId);
    }
    match BODIES.iter().filter(|body| place(columns, body).is_some()).count() {
        1 => Ok(()),
        _ => Err(TableError::Body),
    }
}

/// Where a column stands.
pub(super) fn place(columns: &[Column], name: &str) -> Option<usize> {
    columns.iter().position(|column| column.name.eq_ignore_ascii_case(name))
}

/// The rows as items, each id once.
pub(super) fn page(columns: &[Column], found: &Rows) -> Page {
    let id = place(columns, "id").unwrap_or_default();
    let updated = place(columns, "updated_at");
    let last = found.rows.last().and_then(|row| row.get(id)).cloned();
    let mut page = Page {
        items: Vec::with_capacity(found.rows.len()),
        next: last.filter(|cell| found.more && *cell != Cell::Null).map(Place),
        latest: None,
        has_undated: updated.is_none(),
        nameless: 0,
    };
    let mut seen = HashSet::new();
    for row in &found.rows {
        match updated.and_then(|at| row.get(at)).and_then(Cell::text) {
            Some(at) => page.latest = super::later(page.latest.take(), Some(at.to_owned())),
            None => page.has_undated = true,
        }
        match row.get(id).and_then(Cell::text).filter(|id| !id.trim().is_empty()) {
            Some(id) if seen.insert(id.to_owned()) => page.items.push(item(columns, id, row)),
            Some(_) => {}
            None => page.nameless += 1,
        }
    }
    page
}

fn item(columns: &[Column], id: &str, row: &[Cell]) -> Item {
    let mut item = Item::new(id, DateOrigin::Table);
    for (column, cell) in columns.iter().zip(row) {
        let Some(text) = cell.text() else { continue };
        let name = column.name.to_ascii_lowercase();
        match name.as_str() {
            "id" => {}
            "html" => item.body = Body::Html(text.to_owned()),
            "markdown" => item.body = Body::Markdown(text.to_owned()),
            "text" => item.body = Body::Text(text.to_owned()),
            "tags" | "categories" | "authors" => match listed(text) {
                Some(values) => item.say_all(&name, values),
                None => item.say(&name, text.to_owned()),
            },
            _ => item.say(&name, text.to_owned()),
        }
    }
    item
}

/// A list as JSON has it; anything else is text.
fn listed(text: &str) -> Option<Vec<Value>> {
    let Json::Array(items) = text
        .trim()
        .starts_with('[')
        .then(|| serde_json::from_str(text).ok())??
    else {
        return None;
    };
    let named = |value: Json| match value {
        Json::String(text) => Some(Value::Text(text)),
        Json::Number(number) => Some(Value::Text(number.to_string())),
        Json::Object(fields) => {
            let pairs = fields.into_iter().filter_map(|(key, value)| match value {
                Json::String(text) => Some((key, Value::Text(text))),
                _ => None,
            });
            Some(Value::Map(pairs.collect()))
        }
        _ => None,
    };
    Some(items.into_iter().take(256).filter_map(named).collect())
}
