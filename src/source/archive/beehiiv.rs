//! beehiiv: one table with a letter in each row.

use dom_query::Document;

use super::container::Shelf;
use super::entities::{says_something, text_of as plain_text, title_of};
use super::rows::{Row, articles_of_tables, list};
use super::{ArchiveError, Imported, LARGEST_PAGE, Piece, Text, filled, medium};

/// What a table of articles has.
const COLUMNS: [&[&str]; 1] = [&["contenthtml"]];

/// Reads every table of articles.
pub(super) fn read(shelf: &mut Shelf, take: &mut dyn FnMut(Piece)) -> Result<(), ArchiveError> {
    articles_of_tables(shelf, &COLUMNS, take, piece)
}

fn piece(row: &Row<'_>, table: &str) -> Piece {
    let is_draft = match row.cell("status") {
        "confirmed" | "published" => false,
        "archived" => return Piece::Other("archived"),
        _ => true,
    };
    // "Both" is a public page with more for those who pay.
    if matches!(row.cell("audience"), "premium" | "paid") {
        return Piece::Other("not for everyone");
    }
    let url = row.filled("url");
    let date = [
        "displayed_date",
        "publish_date",
        "published_at",
        "scheduled_at",
        "created_at",
    ];
    let date = date.iter().find_map(|name| row.filled(name));
    let title = [row.cell("web_title"), row.cell("email_subject_line")]
        .into_iter()
        .find(|title| !title.is_empty());
    let summary = [row.cell("web_subtitle"), row.cell("email_preview_text")]
        .into_iter()
        .find(|text| !text.is_empty());
    let slug = row
        .filled("slug")
        .or_else(|| filled(url.as_deref()?.trim_end_matches('/').rsplit('/').next()?));
    let is_sent = !is_draft && !row.cell("email_subject_line").is_empty();
    Piece::Article(Box::new(Imported {
        title: title.and_then(|title| filled(title_of(title))),
        summary: summary.and_then(|summary| filled(plain_text(summary))),
        slug,
        url,
        already_mailed: is_sent.then(|| date.clone().unwrap_or_else(|| "true".to_owned())),
        date,
        tags: list(row.cell("content_tags"), ';'),
        // Others are paths of a store that nobody sees.
        image: row.filled("thumbnail_url").filter(|url| url.starts_with("http")),
        is_draft,
        text: Text::Html(content(row.cell("content_html"))),
        from: table.to_owned(),
        ..Imported::default()
    }))
}

/// The text of a letter: what its layout marks as such, else all of it.
fn content(html: &str) -> String {
    if crate::source::html::guard(html, usize::try_from(LARGEST_PAGE).unwrap_or(usize::MAX)).is_err() {
        return html.to_owned();
    }
    let document = Document::from(html);
    let marked = document.select("#content-blocks").first().inner_html().to_string();
    if says_something(&marked) {
        return marked;
    }
    document
        .body()
        .map_or_else(|| medium::inner(&document), |body| body.inner_html().to_string())
}
