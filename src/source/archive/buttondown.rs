//! Buttondown: a table or list of letters, and a text for each of them in `emails`.

use std::collections::HashSet;

use serde_json::Value;

use super::container::Shelf;
use super::entities::{text_of as plain_text, title_of};
use super::rows::{Row, rows};
use super::{
    ArchiveError, Flaw, Imported, LARGEST_PAGE, Piece, Text, filled, json_of, medium, names_ending, nothing, text_of,
};

/// What a table of letters has and a list of subscribers has not.
const COLUMNS: [&[&str]; 2] = [&["subject"], &["slug", "id"]];

/// A letter as a table or list describes it.
#[derive(Debug, Default)]
struct Letter {
    id: String,
    subject: String,
    slug: String,
    date: Option<String>,
    status: String,
    kind: String,
    description: String,
    image: Option<String>,
    body: Option<String>,
    line: Option<u32>,
}

/// Reads the table, else the list: they say the same.
pub(super) fn read(shelf: &mut Shelf, take: &mut dyn FnMut(Piece)) -> Result<(), ArchiveError> {
    let mut seen = HashSet::new();
    let (tables, documents) = (names_ending(shelf, &[".csv"]), names_ending(shelf, &[".json"]));
    let mut found = false;
    for table in tables {
        found |= rows(shelf, &table, &COLUMNS, take, &mut |shelf, row, take| {
            let letter = of_row(row);
            if seen.insert(letter.id.clone()) {
                take(piece(shelf, letter, &table));
            }
        })?;
    }
    for name in documents {
        let value = json_of(shelf, &name)?;
        let letters = value.as_array().or_else(|| value["results"].as_array());
        let Some(letters) = letters else {
            return Err(nothing("list of letters"));
        };
        found = true;
        for letter in letters {
            // A list of subscribers stands beside it.
            if letter["subject"].is_null() {
                take(Piece::Other("no letter"));
                continue;
            }
            let letter = of_value(letter);
            if seen.insert(letter.id.clone()) {
                take(piece(shelf, letter, &name));
            }
        }
    }
    if found {
        Ok(())
    } else {
        Err(nothing("table emails.csv"))
    }
}

fn of_row(row: &Row<'_>) -> Letter {
    let cell = |name| row.cell(name).to_owned();
    Letter {
        id: row.filled("id").unwrap_or_else(|| cell("slug")),
        subject: cell("subject"),
        slug: cell("slug"),
        date: row.filled("publish_date").or_else(|| row.filled("creation_date")),
        status: cell("status"),
        kind: cell("email_type"),
        description: cell("description"),
        image: row.filled("image"),
        body: row.filled("body"),
        line: row.line,
    }
}

fn of_value(value: &Value) -> Letter {
    let text = |name: &str| value[name].as_str().unwrap_or("").trim().to_owned();
    Letter {
        id: filled(text("id")).unwrap_or_else(|| text("slug")),
        subject: text("subject"),
        slug: text("slug"),
        date: filled(text("publish_date")).or_else(|| filled(text("creation_date"))),
        status: text("status"),
        kind: text("email_type"),
        description: text("description"),
        image: filled(text("image")),
        body: filled(text("body")),
        line: None,
    }
}

fn piece(shelf: &mut Shelf, letter: Letter, table: &str) -> Piece {
    if matches!(letter.kind.as_str(), "private" | "hidden" | "premium" | "premium_only") {
        return Piece::Other("not for everyone");
    }
    if matches!(
        letter.status.as_str(),
        "deleted" | "errored" | "suppressed" | "managed_by_rss"
    ) {
        return Piece::Other("not sent");
    }
    let is_sent = matches!(
        letter.status.as_str(),
        "" | "sent" | "resending" | "throttled" | "in_flight"
    );
    let is_published = is_sent || letter.status == "imported";
    let folder = table
        .rsplit_once('/')
        .map_or(String::new(), |(folder, _)| format!("{folder}/"));
    let names = [letter.slug.as_str(), letter.id.as_str()].map(|name| format!("{folder}emails/{name}.md"));
    let name = names.iter().find(|name| shelf.has(name));
    let text = match (&letter.body, name.map(|name| text_of(shelf, name, LARGEST_PAGE))) {
        (Some(body), _) => body.clone(),
        (None, Some(Ok(text))) => text,
        (None, Some(Err(_))) => return Piece::Bad(medium::too_large(&names[0])),
        (None, None) => {
            return Piece::Bad(Flaw {
                file: table.to_owned(),
                line: letter.line,
                message: format!("the text of \"{}\", {}, is not in the export", letter.subject, names[0]),
                remedy: "give the whole archive as it was downloaded, not the table alone",
            });
        }
    };
    Piece::Article(Box::new(Imported {
        title: filled(title_of(&letter.subject)),
        slug: filled(&letter.slug),
        already_mailed: is_sent.then(|| letter.date.clone().unwrap_or_else(|| "true".to_owned())),
        date: letter.date,
        summary: filled(plain_text(&letter.description)),
        image: letter.image.filter(|url| url.starts_with("http")),
        is_draft: !is_published,
        text: text_in(&text),
        from: name.cloned().unwrap_or_else(|| table.to_owned()),
        ..Imported::default()
    }))
}

/// The editor writes its name in front: the fancy one makes HTML, the other Markdown.
fn text_in(text: &str) -> Text {
    let text = text.trim_start();
    let (mode, rest) = match text
        .strip_prefix("<!-- buttondown-editor-mode:")
        .and_then(|rest| rest.split_once("-->"))
    {
        Some((mode, rest)) => (mode.trim(), rest),
        None => ("", text),
    };
    if mode == "fancy" {
        Text::Html(rest.to_owned())
    } else {
        Text::Markdown(rest.trim_start().to_owned())
    }
}
