//! Medium: a page for each article, marked up as an h-entry.

use dom_query::{Document, Selection};

use super::container::Shelf;
use super::entities::one_line;
use super::{ArchiveError, Flaw, Imported, LARGEST_PAGE, Piece, Text, filled, names_ending, nothing, text_of};

/// Reads every page that is an entry.
pub(super) fn read(shelf: &mut Shelf, take: &mut dyn FnMut(Piece)) -> Result<(), ArchiveError> {
    let mut found = false;
    for name in names_ending(shelf, &[".html", ".htm"]) {
        let page = match text_of(shelf, &name, LARGEST_PAGE) {
            Ok(page) => page,
            Err(ArchiveError::File { .. } | ArchiveError::Document { .. }) => {
                found = true;
                take(Piece::Bad(too_large(&name)));
                continue;
            }
            Err(error) => return Err(error),
        };
        // Lists of claps, bookmarks and sessions lie beside the articles.
        if !page.contains("h-entry") {
            continue;
        }
        found = true;
        if let Err(why) = crate::source::html::guard(&page, usize::try_from(LARGEST_PAGE).unwrap_or(usize::MAX)) {
            take(Piece::Bad(Flaw {
                message: why,
                ..too_large(&name)
            }));
            continue;
        }
        take(piece(&page, &name));
    }
    if found {
        Ok(())
    } else {
        Err(nothing("page of an article as Medium writes them"))
    }
}

/// A page that is no text, or too much of it.
pub(super) fn too_large(name: &str) -> Flaw {
    Flaw {
        file: name.to_owned(),
        line: None,
        message: "the page is larger than 5 MiB, or no text".to_owned(),
        remedy: "take pictures that stand inside the text out of it, or leave the page out",
    }
}

fn piece(page: &str, name: &str) -> Piece {
    let document = Document::from(page);
    let text_of = |selector: &str| one_line(&document.select(selector).first().text());
    let title = text_of(".p-name");
    let summary = text_of("[data-field=subtitle], .p-summary");
    let body = document.select("[data-field=body], .e-content").first();
    if body.is_empty() {
        return Piece::Bad(Flaw {
            file: name.to_owned(),
            line: None,
            message: "the page breaks off before its text".to_owned(),
            remedy: "export anew, and download the whole archive",
        });
    }
    // What was said below somebody else's article has no title but its own first words.
    if one_line(&body.text()) == title {
        return Piece::Other("reply");
    }
    without_heading(&body, &title, &summary);
    let canonical = document
        .select("a.p-canonical")
        .first()
        .attr("href")
        .map(|url| url.to_string());
    let date = document
        .select("time.dt-published")
        .first()
        .attr("datetime")
        .map(|date| date.to_string());
    let each = |selector: &str| -> Vec<String> {
        let found = document.select(selector);
        found
            .iter()
            .map(|one| one_line(&one.text()))
            .filter(|text| !text.is_empty())
            .collect()
    };
    Piece::Article(Box::new(Imported {
        slug: canonical.as_deref().and_then(slug),
        is_draft: date.is_none() && canonical.is_none(),
        is_hosted: true,
        title: filled(title),
        url: canonical,
        date,
        summary: filled(summary),
        authors: each(".p-author"),
        tags: each(".p-tag"),
        text: Text::Html(body.inner_html().to_string()),
        from: name.to_owned(),
        ..Imported::default()
    }))
}

/// The title and subtitle stand in the header of what we write, and not once more in the text; the line above them is
/// furniture.
fn without_heading(body: &Selection<'_>, title: &str, summary: &str) {
    for (selector, words) in [(".graf--title", title), (".graf--subtitle", summary)] {
        for heading in &body.select(selector) {
            if one_line(&heading.text()) == words {
                heading.remove();
            }
        }
    }
    body.select(".section--first .section-divider, .section--body:first-child > .section-divider")
        .remove();
}

/// The name in the address of an article: Medium puts a number behind it, and sometimes nothing before.
fn slug(url: &str) -> Option<String> {
    let last = url.split(['?', '#']).next()?.trim_end_matches('/').rsplit('/').next()?;
    let (name, number) = last.rsplit_once('-')?;
    let is_number = number.len() >= 8 && number.bytes().all(|byte| byte.is_ascii_hexdigit());
    filled(if is_number { name } else { last })
}

/// The HTML of a fragment that was changed.
pub(super) fn inner(fragment: &Document) -> String {
    let root = fragment.root();
    let html = root
        .first_child()
        .filter(|child| child.is_element() && child.node_name().as_deref() == Some("html"));
    html.map_or_else(|| root.inner_html(), |html| html.inner_html())
        .to_string()
}
