//! Ghost: its whole database as JSON. Only articles and who and what stands on them is looked at; `settings` hold keys, and
//! people's addresses are nobody's business here.

use std::collections::HashMap;

use serde_json::Value;

use super::container::Shelf;
use super::entities::{text_of as plain_text, title_of};
use super::{ArchiveError, Flaw, Imported, Piece, Text, filled, json_of, names_ending, nothing};

/// Stands for the address of the site in every link.
const SITE: &str = "__GHOST_URL__";

/// The tables that say something of an article, by id.
#[derive(Debug, Default)]
struct Tables {
    tags: HashMap<String, String>,
    people: HashMap<String, String>,
    /// Article → tags and people, in order.
    tags_of: HashMap<String, Vec<(i64, String)>>,
    people_of: HashMap<String, Vec<(i64, String)>>,
    alts: HashMap<String, String>,
    mailed: HashMap<String, String>,
}

/// Reads every document.
pub(super) fn read(shelf: &mut Shelf, take: &mut dyn FnMut(Piece)) -> Result<(), ArchiveError> {
    let mut found = false;
    for name in names_ending(shelf, &[".json"]) {
        let value = json_of(shelf, &name)?;
        let data = match &value["db"][0]["data"] {
            Value::Null => &value["data"],
            data => data,
        };
        let data = if data.is_null() { &value } else { data };
        let Some(posts) = data["posts"].as_array() else {
            continue;
        };
        found = true;
        let tables = Tables::of(data);
        for post in posts {
            take(piece(post, &tables, &name));
        }
    }
    if found {
        Ok(())
    } else {
        Err(nothing("list `posts` as Ghost writes it"))
    }
}

impl Tables {
    fn of(data: &Value) -> Self {
        let rows = |table: &str| data[table].as_array().into_iter().flatten();
        let mut tables = Self::default();
        for tag in rows("tags") {
            let name = text(tag, "name");
            let is_internal = text(tag, "visibility") == "internal" || name.starts_with('#');
            if !is_internal {
                tables.tags.insert(id(tag, "id"), plain_text(&name));
            }
        }
        for person in rows("users") {
            tables
                .people
                .insert(id(person, "id"), plain_text(&text(person, "name")));
        }
        let order = |row: &Value| row["sort_order"].as_i64().unwrap_or(0);
        for row in rows("posts_tags") {
            let tag = (order(row), id(row, "tag_id"));
            tables.tags_of.entry(id(row, "post_id")).or_default().push(tag);
        }
        for row in rows("posts_authors") {
            let person = (order(row), id(row, "author_id"));
            tables.people_of.entry(id(row, "post_id")).or_default().push(person);
        }
        for row in rows("posts_meta") {
            tables.alts.insert(id(row, "post_id"), text(row, "feature_image_alt"));
        }
        for row in rows("emails").filter(|row| text(row, "status") != "failed") {
            let at = ["submitted_at", "created_at"]
                .iter()
                .find_map(|key| filled(text(row, key)));
            tables
                .mailed
                .insert(id(row, "post_id"), at.unwrap_or_else(|| "true".to_owned()));
        }
        let lists = tables.tags_of.values_mut().chain(tables.people_of.values_mut());
        lists.for_each(|list| list.sort());
        tables
    }

    fn names(list: Option<&Vec<(i64, String)>>, names: &HashMap<String, String>) -> Vec<String> {
        let ids = list.into_iter().flatten();
        ids.filter_map(|(_, id)| filled(names.get(id)?)).collect()
    }
}

fn piece(post: &Value, tables: &Tables, name: &str) -> Piece {
    let is_page =
        text(post, "type") == "page" || post["page"].as_bool() == Some(true) || post["page"].as_i64() == Some(1);
    if is_page {
        return Piece::Other("page");
    }
    if !matches!(text(post, "visibility").as_str(), "" | "public") {
        return Piece::Other("not for everyone");
    }
    let status = text(post, "status");
    // What only letters carried stands on no page there.
    if status == "sent" {
        return Piece::Other("only mailed");
    }
    let (key, title) = (id(post, "id"), text(post, "title"));
    let html = text(post, "html");
    if html.is_empty() && (!text(post, "mobiledoc").is_empty() || !text(post, "lexical").is_empty()) {
        return Piece::Bad(Flaw {
            file: name.to_owned(),
            line: None,
            message: format!("\"{title}\" has no HTML in this export, only the editor's own form"),
            remedy: "open and save the article in Ghost, or update Ghost, then export anew",
        });
    }
    let mut authors = Tables::names(tables.people_of.get(&key), &tables.people);
    if authors.is_empty() {
        authors.extend(tables.people.get(&id(post, "author_id")).cloned());
    }
    let is_draft = status != "published";
    let slug = text(post, "slug");
    Piece::Article(Box::new(Imported {
        title: filled(title_of(&title)),
        url: filled(&slug).map(|slug| format!("/{slug}/")),
        slug: filled(&slug),
        date: date(post, "published_at").or_else(|| date(post, "created_at").filter(|_| !is_draft)),
        updated: date(post, "updated_at"),
        summary: filled(plain_text(&text(post, "custom_excerpt"))),
        authors,
        tags: Tables::names(tables.tags_of.get(&key), &tables.tags),
        image: filled(text(post, "feature_image").replace(SITE, "")),
        image_alt: tables.alts.get(&key).and_then(filled),
        language: filled(text(post, "locale")),
        already_mailed: mailed(post, tables.mailed.get(&key), is_draft),
        is_draft,
        text: Text::Html(html.replace(SITE, "")),
        from: name.to_owned(),
        ..Imported::default()
    }))
}

/// When a letter carried it. Only backups hold the table of letters; an export names the newsletter that an article was sent to.
fn mailed(post: &Value, by_table: Option<&String>, is_draft: bool) -> Option<String> {
    let is_sent = !is_draft && !id(post, "newsletter_id").is_empty();
    let by_newsletter = || is_sent.then(|| date(post, "published_at").unwrap_or_else(|| "true".to_owned()));
    by_table.cloned().or_else(by_newsletter)
}

fn text(row: &Value, key: &str) -> String {
    row[key].as_str().unwrap_or("").trim().to_owned()
}

/// Ids are texts, and numbers in old exports.
fn id(row: &Value, key: &str) -> String {
    match &row[key] {
        Value::String(id) => id.clone(),
        Value::Number(id) => id.to_string(),
        _ => String::new(),
    }
}

/// Times are texts, and milliseconds in old exports.
fn date(row: &Value, key: &str) -> Option<String> {
    filled(id(row, key))
}
