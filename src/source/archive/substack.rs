//! Substack: `posts.csv`, and a text for each of its rows in `posts`.

use dom_query::Document;

use super::container::Shelf;
use super::entities::{text_of as plain_text, title_of};
use super::rows::{Row, rows};
use super::{ArchiveError, Flaw, Imported, LARGEST_PAGE, Piece, Text, filled, medium, names_ending, nothing, text_of};

/// What the table of articles has and the list of subscribers has not.
const COLUMNS: [&[&str]; 2] = [&["postid"], &["ispublished"]];
/// What Substack puts between the paragraphs to win subscribers.
const FURNITURE: &str = ".subscription-widget-wrap, .subscription-widget-wrap-editor, .subscription-widget, \
                         .button-wrapper, .captioned-button-wrap, .subscribe-widget, .install-substack-app-embed";

/// Reads the table and its texts.
pub(super) fn read(shelf: &mut Shelf, take: &mut dyn FnMut(Piece)) -> Result<(), ArchiveError> {
    let tables: Vec<String> = names_ending(shelf, &[".csv"])
        .into_iter()
        .filter(|name| name.ends_with("posts.csv") || !name.contains('/'))
        .collect();
    let mut found = false;
    for table in tables {
        let folder = table
            .rsplit_once('/')
            .map_or(String::new(), |(folder, _)| format!("{folder}/"));
        found |= rows(shelf, &table, &COLUMNS, take, &mut |shelf, row, take| {
            take(piece(shelf, row, &table, &folder));
        })?;
    }
    if found { Ok(()) } else { Err(nothing("table posts.csv")) }
}

fn piece(shelf: &mut Shelf, row: &Row<'_>, table: &str, folder: &str) -> Piece {
    let is_draft = !row.cell("is_published").eq_ignore_ascii_case("true");
    match row.cell("type") {
        "newsletter" | "podcast" | "" => {}
        "page" => return Piece::Other("page"),
        "thread" => return Piece::Other("thread"),
        _ => return Piece::Other("own type"),
    }
    if !matches!(row.cell("audience"), "everyone" | "") {
        return Piece::Other("not for everyone");
    }
    let id = row.cell("post_id");
    let names = [format!("{folder}posts/{id}.html"), format!("{folder}{id}.html")];
    let name = names.iter().find(|name| shelf.has(name));
    let html = match name.map(|name| text_of(shelf, name, LARGEST_PAGE)) {
        Some(Ok(html)) => html,
        Some(Err(_)) => return Piece::Bad(medium::too_large(&names[0])),
        None if is_draft => return Piece::Other("draft without text"),
        None => {
            return Piece::Bad(Flaw {
                file: table.to_owned(),
                line: row.line,
                message: format!("the text of this article, {}, is not in the export", names[0]),
                remedy: "give the whole archive as it was downloaded, not the table alone",
            });
        }
    };
    let slug = id.split_once('.').map_or(id, |(_, slug)| slug);
    Piece::Article(Box::new(Imported {
        title: filled(title_of(row.cell("title"))),
        url: filled(slug).map(|slug| format!("/p/{slug}")),
        slug: filled(slug),
        date: row.filled("post_date"),
        summary: filled(plain_text(row.cell("subtitle"))),
        enclosure: row.filled("podcast_url").filter(|url| url.starts_with("http")),
        already_mailed: row.filled("email_sent_at"),
        is_draft,
        text: Text::Html(without_furniture(&html)),
        from: name.cloned().unwrap_or_default(),
        ..Imported::default()
    }))
}

fn without_furniture(html: &str) -> String {
    if crate::source::html::guard(html, usize::try_from(LARGEST_PAGE).unwrap_or(usize::MAX)).is_err() {
        return html.to_owned();
    }
    let document = Document::fragment(html);
    let furniture = document.select(FURNITURE);
    if furniture.is_empty() {
        return html.to_owned();
    }
    furniture.remove();
    medium::inner(&document)
}
