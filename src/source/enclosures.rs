//! Files that go with an article: a recording, a film, a paper.

use crate::model::article::Enclosure;
use crate::model::media;
use crate::model::text::truncate_at_word;

use super::beside;
use super::fields::Fields;
use super::folder::FolderSettings;
use super::header::Value;
use super::html::Links;

/// Files of one article.
const MOST: usize = 8;
/// Characters of a file's title.
const LONGEST_TITLE: usize = 200;

/// The files that a header names, with their sizes where they lie beside the article or say them.
pub(super) fn enclosures(
    fields: &Fields<'_>,
    (settings, locator): (&FolderSettings, &str),
    links: &Links<'_>,
) -> Vec<Enclosure> {
    let names = ["enclosure", "enclosures", "attachments", "audio", "video", "podcast"];
    let mut found: Vec<Enclosure> = Vec::new();
    for field in fields.all("enclosure", &names) {
        let written = match field.value {
            Value::List(items) => items.iter().filter_map(one).collect(),
            value => Vec::from_iter(one(value)),
        };
        for mut file in written {
            let local = beside::path(settings, locator, &file.url).and_then(|path| beside::size(&path));
            let Some(url) = links.picture(&file.url).filter(|url| url.starts_with("http")) else {
                continue;
            };
            file.url = url;
            file.bytes = local.or(file.bytes);
            if file.media_type.is_empty() {
                media::by_name(&file.url)
                    .unwrap_or(media::UNKNOWN)
                    .clone_into(&mut file.media_type);
            }
            if found.len() < MOST && !found.iter().any(|known| known.url == file.url) {
                found.push(file);
            }
        }
    }
    // A podcast's header says how long its one recording is, beside it.
    if let [only] = found.as_mut_slice() {
        let stated = |name| fields.first(name, &[name]).and_then(|field| field.value.text());
        only.seconds = only.seconds.or_else(|| stated("duration").and_then(seconds));
        only.bytes = only
            .bytes
            .or_else(|| stated("length").and_then(|text| text.trim().parse().ok()));
    }
    found
}

fn one(value: &Value) -> Option<Enclosure> {
    match value {
        // `URL`, or WordPress's three lines: URL, bytes, media type.
        Value::Text(text) => {
            let mut lines = text.lines().map(str::trim);
            // `podcast: true` names no file.
            let is_file = |url: &&str| url.contains("://") || media::by_name(url).is_some();
            Some(Enclosure {
                url: lines.next().filter(is_file)?.to_owned(),
                bytes: lines.next().and_then(|bytes| bytes.parse().ok()),
                media_type: lines.next().and_then(media::parse).unwrap_or_default(),
                ..Enclosure::default()
            })
        }
        map => {
            let find = |names: &[&str]| map.inner(names);
            let title = find(&["title", "name", "caption"]).unwrap_or_default();
            Some(Enclosure {
                url: find(&["url", "href", "src", "file", "path"])?.to_owned(),
                media_type: find(&["type", "mime", "mime_type", "mimetype", "media_type"])
                    .and_then(media::parse)
                    .unwrap_or_default(),
                bytes: find(&["length", "size", "bytes", "size_in_bytes"]).and_then(|text| text.parse().ok()),
                seconds: find(&["duration", "seconds", "duration_in_seconds"]).and_then(seconds),
                title: truncate_at_word(title, LONGEST_TITLE),
            })
        }
    }
}

/// `75`, `1:15` or `01:02:03`.
fn seconds(text: &str) -> Option<u32> {
    let parts: Vec<u32> = text
        .trim()
        .split(':')
        .map(|part| part.parse().ok())
        .collect::<Option<_>>()?;
    if parts.len() > 3 {
        return None;
    }
    let sum = parts
        .iter()
        .try_fold(0_u32, |sum, part| sum.checked_mul(60)?.checked_add(*part))?;
    (sum > 0).then_some(sum)
}
