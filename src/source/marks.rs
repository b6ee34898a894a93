//! The author's marks that keep an article back (`sources.md` FO11).

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::dates;
use super::draft::Given;
use super::fields::Fields;
use super::header::Value;
use crate::model::article::DateOrigin;

/// A mark that is neither yes nor no: the file is not published until it is clear.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unclear {
    pub(super) line: Option<u32>,
    pub(super) message: String,
    pub(super) remedy: &'static str,
}

/// What the marks are found in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whence<'a> {
    /// A file, by its path under the root.
    File(&'a str),
    /// An entry of a feed.
    Entry,
    /// A row of a table.
    Row,
}

impl<'a> Whence<'a> {
    /// Of what is made into a draft.
    pub(super) fn of(given: &Given<'a>) -> Self {
        match given.item {
            None => Self::File(given.locator),
            Some(item) if item.origin == DateOrigin::Table => Self::Row,
            Some(_) => Self::Entry,
        }
    }
}

/// What keeps an article back, as a reason for people; `None` when nothing does.
pub(super) fn excluded(
    fields: &Fields<'_>,
    whence: Whence<'_>,
    zone: Tz,
    now: DateTime<Utc>,
) -> Result<Option<String>, Unclear> {
    if let Some(reason) = by_switches(fields)? {
        return Ok(Some(reason));
    }
    Ok(by_status(fields, whence == Whence::Row)?
        .or_else(|| by_audience(fields))
        .or_else(|| {
            fields
                .first("redirect", &["redirect", "redirect_to"])
                .map(|_| "redirect".to_owned())
        })
        // The id of an entry or a row only looks like a path.
        .or_else(|| match whence {
            Whence::File(locator) if in_drafts_folder(locator) => Some("drafts folder".to_owned()),
            _ => None,
        })
        .or_else(|| expired(fields, zone, now)))
}

fn by_switches(fields: &Fields<'_>) -> Result<Option<String>, Unclear> {
    // Name, the value that keeps the article back, the reason.
    let switches = [
        ("draft", true, "draft"),
        ("published", false, "unpublished"),
        ("publish", false, "unpublished"),
        ("hidden", true, "hidden"),
        ("unlisted", true, "unlisted"),
        ("private", true, "private"),
        ("render", false, "not rendered"),
        ("index", false, "unlisted"),
        ("noindex", true, "unlisted"),
        ("eleventyexcludefromcollections", true, "excluded from collections"),
    ];
    for (name, keeps_back, reason) in switches {
        for field in fields.all(name, &[name]) {
            let Some(truth) = truth_or_harmless(name, field.value, keeps_back) else {
                let message = format!("`{}` is neither true nor false", field.key);
                return Err(Unclear {
                    line: fields.header.line_of(field.key),
                    message,
                    remedy: "write true or false; the article is left as it was until then",
                });
            };
            if truth == keeps_back {
                return Ok(Some(reason.to_owned()));
            }
        }
    }
    Ok(None)
}

/// A date under `published`, or a list of collections, says nothing about visibility.
fn truth_or_harmless(name: &str, value: &Value, keeps_back: bool) -> Option<bool> {
    if let Some(truth) = value.truth() {
        return Some(truth);
    }
    let says_when = matches!(name, "published" | "publish")
        && value.text().is_some_and(|text| dates::parse(text, Tz::UTC).is_some());
    // `index`, `render` and `hidden` hold other things in some stores: lists, names of templates.
    let other_use = matches!(
        name,
        "index" | "render" | "eleventyexcludefromcollections" | "hidden" | "unlisted" | "noindex"
    );
    (says_when || other_use).then_some(!keeps_back)
}

/// A header may say anything else under `status`. In a table the column is there for this, and whose words are not known
/// may be drafts.
fn by_status(fields: &Fields<'_>, is_row: bool) -> Result<Option<String>, Unclear> {
    let Some(field) = fields.first("status", &["status"]) else {
        return Ok(None);
    };
    let status = field.value.text().unwrap_or_default().trim().to_lowercase();
    match status.as_str() {
        "draft" | "hidden" | "private" | "skip" | "pending" | "trash" | "unpublished" => {
            Ok(Some(format!("status {status}")))
        }
        "0" | "false" if is_row => Ok(Some(format!("status {status}"))),
        "" | "published" | "public" | "publish" | "live" | "active" | "1" | "true" => Ok(None),
        _ if !is_row => Ok(None),
        _ => Err(Unclear {
            line: None,
            message: format!("`status` is \"{status}\", which may mean a draft"),
            remedy: "let `query` say what it means, with CASE: `published` or `draft`; the article is left as it was until then",
        }),
    }
}

fn by_audience(fields: &Fields<'_>) -> Option<String> {
    let word = fields
        .first("audience", &["visibility", "audience", "access"])?
        .value
        .text()?
        .trim()
        .to_lowercase();
    (!matches!(word.as_str(), "public" | "everyone" | "all" | "free")).then(|| format!("audience {word}"))
}

fn in_drafts_folder(locator: &str) -> bool {
    let folders = locator.rsplit_once('/').map_or("", |(folders, _)| folders);
    folders
        .split('/')
        .any(|folder| folder.eq_ignore_ascii_case("_drafts") || folder.eq_ignore_ascii_case("drafts"))
}

fn expired(fields: &Fields<'_>, zone: Tz, now: DateTime<Utc>) -> Option<String> {
    let text = fields
        .first(
            "expires",
            &["expirydate", "expiry_date", "unpublishdate", "unpublish_date"],
        )?
        .value
        .text()?;
    dates::parse(text, zone)
        .is_some_and(|end| end.at <= now)
        .then(|| "expired".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::header::{Header, split};
    use crate::source::item::Item;
    use std::collections::BTreeMap;

    fn reason(header: &str) -> Result<Option<String>, Unclear> {
        let text = format!("---\n{header}\n---\n");
        let header = split(&text).unwrap();
        let map = BTreeMap::new();
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        excluded(&Fields::new(&header, &map, "a.md"), Whence::File("a.md"), Tz::UTC, now)
    }

    fn of_item(id: &str, origin: DateOrigin, status: &str) -> Result<Option<String>, Unclear> {
        let mut item = Item::new(id, origin);
        item.say("status", status.to_owned());
        let header = Header::of(item.fields.clone());
        let map = BTreeMap::new();
        let whence = if origin == DateOrigin::Table {
            Whence::Row
        } else {
            Whence::Entry
        };
        excluded(&Fields::new(&header, &map, id), whence, Tz::UTC, DateTime::UNIX_EPOCH)
    }

    #[test]
    fn a_row_is_public_only_if_its_status_is_known_to_say_so() {
        for status in ["published", "Live", "1", "true", ""] {
            assert_eq!(of_item("7", DateOrigin::Table, status), Ok(None), "{status}");
        }
        for status in ["draft", "0", "false"] {
            assert!(of_item("7", DateOrigin::Table, status).unwrap().is_some(), "{status}");
        }
        for status in ["2", "in review"] {
            assert!(of_item("7", DateOrigin::Table, status).is_err(), "{status}");
            assert_eq!(of_item("7", DateOrigin::Feed, status), Ok(None), "{status}");
        }
    }

    #[test]
    fn the_id_of_an_entry_is_no_folder() {
        assert_eq!(of_item("https://example.org/drafts/y/", DateOrigin::Feed, ""), Ok(None));
    }

    #[test]
    fn whatever_mark_an_author_uses_keeps_the_article_back() {
        for header in [
            "draft: true",
            "Draft: yes",
            "published: false",
            "publish: off",
            "status: Draft",
            "hidden: 1",
            "unlisted: true",
            "private: true",
            "render: false",
            "noindex: true",
            "eleventyExcludeFromCollections: true",
            "redirect_to: /x",
            "expirydate: 2020-01-01",
            "visibility: paid",
            "audience: subscribers",
        ] {
            assert!(reason(header).unwrap().is_some(), "{header}");
        }
    }

    #[test]
    fn an_article_without_such_marks_is_public() {
        for header in [
            "draft: false",
            "published: true",
            "published: 2020-01-01",
            "status: published",
            "visibility: Public",
            "title: x",
            "draft:",
            "expirydate: 2090-01-01",
            "index: [a, b]",
        ] {
            assert_eq!(reason(header), Ok(None), "{header}");
        }
    }

    #[test]
    fn a_draft_mark_that_is_not_clear_keeps_the_file_back_and_names_its_line() {
        let unclear = reason("title: x\ndraft: maybe").unwrap_err();
        assert_eq!(unclear.line, Some(3));
    }

    #[test]
    fn a_file_in_a_drafts_folder_is_a_draft() {
        assert!(
            in_drafts_folder("_drafts/a.md") && in_drafts_folder("x/Drafts/a.md") && !in_drafts_folder("drafts.md")
        );
    }
}
