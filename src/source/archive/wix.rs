//! Wix: one table; the text is a tree of nodes in JSON, else plain.

use serde_json::Value;

use super::container::Shelf;
use super::entities::{text_of as plain_text, title_of};
use super::rows::{Row, articles_of_tables};
use super::{ArchiveError, Imported, Piece, Text, filled};
use crate::source::html::escape;

/// Depth of a text's tree at most.
const DEEPEST: usize = 64;
/// Bytes of HTML at most: what comes after is refused anyway.
const MOST: usize = 4 * 1024 * 1024;
/// Where Wix keeps its pictures.
const PICTURES: &str = "https://static.wixstatic.com/media/";

/// What a table of articles has.
const COLUMNS: [&[&str]; 2] = [&["title"], &["richcontent", "plaincontent"]];

/// Reads every table of articles.
pub(super) fn read(shelf: &mut Shelf, take: &mut dyn FnMut(Piece)) -> Result<(), ArchiveError> {
    articles_of_tables(shelf, &COLUMNS, take, piece)
}

fn piece(row: &Row<'_>, table: &str) -> Piece {
    let date = row.filled("Published Date");
    let categories = [row.cell("Main Category"), row.cell("Categories")];
    let mut categories: Vec<String> = categories
        .iter()
        .flat_map(|cell| super::rows::list(cell, ','))
        .collect();
    categories.dedup();
    Piece::Article(Box::new(Imported {
        title: filled(title_of(row.cell("Title"))),
        slug: row.filled("Slug"),
        url: row.filled("Post Page URL"),
        is_draft: date.is_none(),
        date,
        updated: row.filled("Last Published Date"),
        summary: filled(plain_text(row.cell("Excerpt"))),
        authors: row.filled("Author").into_iter().collect(),
        // Tags are numbers here, and the table with their names is in no export.
        categories,
        image: picture(row.cell("Cover Image")),
        text: Text::Html(text(row)),
        from: table.to_owned(),
        ..Imported::default()
    }))
}

fn text(row: &Row<'_>) -> String {
    let rich = serde_json::from_str::<Value>(row.cell("Rich Content")).ok();
    if let Some(nodes) = rich.as_ref().and_then(|rich| rich["nodes"].as_array()) {
        let mut html = String::new();
        for node in nodes {
            write(node, 0, &mut html);
        }
        if !html.trim().is_empty() {
            return html;
        }
    }
    let paragraphs = row
        .cell("Plain Content")
        .split("\n\n")
        .map(str::trim)
        .filter(|text| !text.is_empty());
    paragraphs
        .map(|text| format!("<p>{}</p>\n", escape(text).replace('\n', "<br>")))
        .collect()
}

/// A node of Wix's rich text as HTML.
fn write(node: &Value, depth: usize, html: &mut String) {
    if depth > DEEPEST || html.len() > MOST {
        return;
    }
    let tag = match node["type"].as_str().unwrap_or("") {
        "TEXT" => return html.push_str(&words(node)),
        "IMAGE" => return html.push_str(&image(&node["imageData"])),
        "DIVIDER" => return html.push_str("<hr>\n"),
        "VIDEO" | "LINK_PREVIEW" | "EMBED" | "AUDIO" => return html.push_str(&link_to(node)),
        "PARAGRAPH" => "p",
        "HEADING" => match node["headingData"]["level"].as_u64() {
            Some(1 | 2) => "h2",
            Some(4..) => "h4",
            _ => "h3",
        },
        "BULLETED_LIST" => "ul",
        "ORDERED_LIST" => "ol",
        "LIST_ITEM" => "li",
        "BLOCKQUOTE" => "blockquote",
        "CODE_BLOCK" => "pre",
        "TABLE" => "table",
        "TABLE_ROW" => "tr",
        "TABLE_CELL" => "td",
        _ => "",
    };
    let children = node["nodes"].as_array();
    if !tag.is_empty() {
        html.push_str(&format!("<{tag}>"));
    }
    for child in children.into_iter().flatten() {
        write(child, depth + 1, html);
    }
    if !tag.is_empty() {
        html.push_str(&format!("</{tag}>\n"));
    }
}

fn words(node: &Value) -> String {
    let data = &node["textData"];
    let mut html = escape(data["text"].as_str().unwrap_or("")).replace('\n', "<br>");
    for decoration in data["decorations"].as_array().into_iter().flatten() {
        let tag = match decoration["type"].as_str().unwrap_or("") {
            "BOLD" => "strong",
            "ITALIC" => "em",
            "LINK" => {
                if let Some(url) = decoration["linkData"]["link"]["url"].as_str() {
                    html = format!("<a href=\"{}\">{html}</a>", escape(url));
                }
                continue;
            }
            _ => continue,
        };
        html = format!("<{tag}>{html}</{tag}>");
    }
    html
}

fn image(data: &Value) -> String {
    let source = &data["image"]["src"];
    let named = source["id"]
        .as_str()
        .or_else(|| source["url"].as_str())
        .and_then(picture);
    let Some(url) = named else { return String::new() };
    let alt = escape(data["altText"].as_str().unwrap_or(""));
    format!("<p><img src=\"{}\" alt=\"{alt}\"></p>\n", escape(&url))
}

/// A link in the place of what a script would show.
fn link_to(node: &Value) -> String {
    let places = [
        &node["videoData"]["video"]["src"]["url"],
        &node["linkPreviewData"]["link"]["url"],
        &node["embedData"]["src"],
        &node["audioData"]["audio"]["src"]["url"],
    ];
    let url = places
        .iter()
        .find_map(|value| value.as_str())
        .filter(|url| url.starts_with("http"));
    url.map_or_else(String::new, |url| {
        let url = escape(url);
        format!("<p><a href=\"{url}\">{url}</a></p>\n")
    })
}

/// `wix:image://v1/NAME/…` and a bare name as the address of the picture.
fn picture(written: &str) -> Option<String> {
    let written = written.trim();
    if written.starts_with("http") {
        return filled(written);
    }
    let name = match written.strip_prefix("wix:image://v1/") {
        Some(rest) => rest.split(['/', '#']).next()?,
        None => written,
    };
    let is_name = !name.is_empty() && !name.contains(['/', ' ', ':']) && name.contains('.');
    is_name.then(|| format!("{PICTURES}{name}"))
}
