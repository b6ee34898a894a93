//! `Key: value` lines at the head of a text or in an HTML comment.

use super::forms::line_number;
use super::{Header, Value, normal_key};

/// Keys that make lines of `Key: value` a header.
const KNOWN: &[&str] = &[
    "title",
    "date",
    "author",
    "authors",
    "tags",
    "tag",
    "category",
    "categories",
    "keywords",
    "slug",
    "summary",
    "description",
    "status",
    "draft",
    "published",
    "lang",
    "language",
    "url",
    "permalink",
    "modified",
    "updated",
    "subtitle",
    "layout",
    "id",
    "guid",
    "name",
    "newstitle",
    "headline",
    "publish_date",
    "pubdate",
    "created",
    "created_at",
    "by",
];

pub(super) fn is_known(key: &str) -> bool {
    KNOWN.contains(&normal_key(key).as_str())
}

/// A line `Key: value`; the key is one word.
pub(super) fn pair(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(':')?;
    let key = key.trim_matches(['"', '\'']);
    let good = !key.is_empty()
        && key.len() <= 40
        && key.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    (good && (value.is_empty() || value.starts_with([' ', '\t']))).then(|| (key, value.trim()))
}

/// Lines of `Key: value` up to an empty line, at least two of them with known keys.
pub(super) fn lines(text: &str, start: usize) -> Option<Header> {
    pair(text[start..].lines().next()?)?;
    let end = text[start..].find("\n\n").map_or(text.len(), |at| start + at + 1);
    let raw = &text[start..end];
    let pairs = read(raw)?;
    let known = pairs.iter().filter(|(key, _)| is_known(key)).count();
    let body = (end + 1).min(text.len());
    (known >= 2).then(|| Header::new(pairs, raw, line_number(text, start), body))
}

/// An HTML comment of `Key: value` lines, at least one of them with a known key.
pub(super) fn comment(text: &str, start: usize) -> Option<Header> {
    let inner = text[start..].strip_prefix("<!--")?;
    let end = inner.find("-->")?;
    let pairs = read(&inner[..end])?;
    let known = pairs.iter().any(|(key, _)| is_known(key));
    known.then(|| Header::new(pairs, &inner[..end], line_number(text, start), start + 4 + end + 3))
}

fn read(raw: &str) -> Option<Vec<(String, Value)>> {
    let mut pairs: Vec<(String, Value)> = Vec::new();
    for line in raw.lines().filter(|line| !line.trim().is_empty()) {
        if line.starts_with([' ', '\t']) && !pairs.is_empty() && pair(line.trim()).is_none() {
            if let Some((_, Value::Text(value))) = pairs.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
            continue;
        }
        let (key, value) = pair(line.trim())?;
        let quoted = value.len() >= 2
            && (value.starts_with('"') && value.ends_with('"') || value.starts_with('\'') && value.ends_with('\''));
        let value = if quoted { &value[1..value.len() - 1] } else { value };
        pairs.push((key.to_owned(), Value::Text(value.to_owned())));
    }
    (!pairs.is_empty()).then_some(pairs)
}
