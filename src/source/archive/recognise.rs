//! Whose export it is, by its files and what they begin with.

use super::container::{LARGEST_FILE, Shelf};
use super::rows::columns;
use super::{ArchiveError, Format, names_ending};

/// Bytes of a file that are looked at.
const LOOK: usize = 256 * 1024;
/// Files that are looked at, of each kind.
const MOST: usize = 20;

/// Whose a file is, by what it begins with.
type Recogniser = fn(&str) -> Option<Format>;

/// Whose export it is, and what says so.
pub(super) fn recognise(shelf: &mut Shelf) -> Result<(Format, String), ArchiveError> {
    if shelf.names().is_empty() {
        return Err(ArchiveError::Unknown(
            "it holds no file that an export is made of (xml, json, csv, html, md)".to_owned(),
        ));
    }
    let kinds: [(&[&str], Recogniser); 4] = [
        (&[".csv"], of_table),
        (&[".xml", ".atom"], of_xml),
        (&[".json"], of_json),
        (&[".html", ".htm"], of_page),
    ];
    for (ends, of) in kinds {
        for name in names_ending(shelf, ends).into_iter().take(MOST) {
            let head = head_of(shelf, &name)?;
            if let Some(format) = of(&head) {
                return Ok((format, format!("{name} looks like one of theirs")));
            }
        }
    }
    let texts = names_ending(shelf, &[".md", ".markdown", ".html"]);
    let is_dated = |name: &String| {
        let name = name.rsplit('/').next().unwrap_or(name);
        let digits = name.bytes().take(4).filter(u8::is_ascii_digit).count();
        digits == 4 && name.as_bytes().get(4) == Some(&b'-')
    };
    if let Some(name) = texts.iter().find(|name| name.contains("_posts/") || is_dated(name)) {
        return Ok((Format::Jekyll, format!("{name} is named as Jekyll names articles")));
    }
    let some: Vec<String> = shelf.names().into_iter().take(3).collect();
    Err(ArchiveError::Unknown(format!(
        "no program that we know writes files such as {}",
        some.join(", ")
    )))
}

fn head_of(shelf: &mut Shelf, name: &str) -> Result<String, ArchiveError> {
    let mut bytes = shelf.bytes(name, LARGEST_FILE)?;
    bytes.truncate(LOOK);
    let text = match crate::source::decode::decode(&bytes) {
        Ok(decoded) => decoded.text,
        Err(_) => String::from_utf8_lossy(&bytes).into_owned(),
    };
    Ok(text)
}

fn of_table(head: &str) -> Option<Format> {
    let columns = columns(head);
    let has = |names: &[&str]| names.iter().all(|name| columns.iter().any(|column| column == name));
    [
        (Format::Substack, &["postid", "ispublished", "type"] as &[&str]),
        (Format::Beehiiv, &["webtitle", "contenthtml"]),
        (Format::Wix, &["richcontent", "title", "plaincontent"]),
        (Format::Wix, &["internalid", "postpageurl"]),
        (Format::Buttondown, &["subject", "publishdate", "slug"]),
    ]
    .into_iter()
    .find(|(_, names)| has(names))
    .map(|(format, _)| format)
}

fn of_xml(head: &str) -> Option<Format> {
    let is_blogger = head.contains("blogger.com") || head.contains("schemas.google.com/blogger");
    if head.contains("<feed") && is_blogger {
        return Some(Format::Blogger);
    }
    let is_wxr = head.contains("wordpress.org/export/") || head.contains("<wp:wxr_version");
    let is_squarespace = head.contains("squarespace") || head.contains("sqs-") || head.contains("sqsp");
    is_wxr.then_some(if is_squarespace {
        Format::Squarespace
    } else {
        Format::WordPress
    })
}

fn of_json(head: &str) -> Option<Format> {
    let has = |name: &str| head.contains(&format!("\"{name}\""));
    if has("posts") && (has("mobiledoc") || has("lexical") || has("posts_tags") || has("db")) {
        return Some(Format::Ghost);
    }
    if has("db") && has("meta") && has("exported_on") {
        return Some(Format::Ghost);
    }
    if head.contains("blogger#post") {
        return Some(Format::Blogger);
    }
    if has("posts") && has("publishedOn") {
        return Some(Format::Letterdrop);
    }
    (has("subject") && has("publish_date")).then_some(Format::Buttondown)
}

fn of_page(head: &str) -> Option<Format> {
    let is_medium = head.contains("h-entry") && head.contains("data-field=\"body\"");
    is_medium.then_some(Format::Medium)
}
