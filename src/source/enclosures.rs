//! Files that go with an article: a recording, a film, a paper.

use std::path::{Component, Path};

use crate::model::article::{Enclosure, UNKNOWN_MEDIA, media_type};
use crate::model::text::truncate_at_word;

use super::fields::Fields;
use super::folder::FolderSettings;
use super::header::{Value, normal_key};
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
            let local = size_beside(settings, locator, &file.url);
            let Some(url) = links.picture(&file.url).filter(|url| url.starts_with("http")) else {
                continue;
            };
            file.url = url;
            file.bytes = local.or(file.bytes);
            if file.media_type.is_empty() {
                type_by_name(&file.url).clone_into(&mut file.media_type);
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
            let is_file = |url: &&str| url.contains("://") || type_by_name(url) != UNKNOWN_MEDIA;
            Some(Enclosure {
                url: lines.next().filter(is_file)?.to_owned(),
                bytes: lines.next().and_then(|bytes| bytes.parse().ok()),
                media_type: lines.next().and_then(media_type).unwrap_or_default(),
                ..Enclosure::default()
            })
        }
        Value::Map(pairs) => {
            let find = |names: &[&str]| {
                let mut pairs = pairs.iter();
                let found = pairs.find(|(key, _)| names.contains(&normal_key(key).as_str()));
                found.and_then(|(_, value)| value.text()).map(str::trim)
            };
            let title = find(&["title", "name", "caption"]).unwrap_or_default();
            Some(Enclosure {
                url: find(&["url", "href", "src", "file", "path"])?.to_owned(),
                media_type: find(&["type", "mime", "mime_type", "mimetype", "media_type"])
                    .and_then(media_type)
                    .unwrap_or_default(),
                bytes: find(&["length", "size", "bytes", "size_in_bytes"]).and_then(|text| text.parse().ok()),
                seconds: find(&["duration", "seconds", "duration_in_seconds"]).and_then(seconds),
                title: truncate_at_word(title, LONGEST_TITLE),
            })
        }
        _ => None,
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

/// Bytes of a file that lies beside the article, or in the folder of the source.
fn size_beside(settings: &FolderSettings, locator: &str, written: &str) -> Option<u64> {
    if written.contains("://") {
        return None;
    }
    let root = &settings.source.path;
    let (folder, relative) = match written.strip_prefix('/') {
        Some(relative) => (root.as_path(), relative),
        None => (&*root.join(Path::new(locator).parent()?), written),
    };
    let relative = Path::new(relative.trim_start_matches("./"));
    let stays_inside = relative.components().all(|part| matches!(part, Component::Normal(_)));
    let found = std::fs::symlink_metadata(folder.join(relative))
        .ok()
        .filter(|_| stays_inside)?;
    found.is_file().then_some(found.len())
}

fn type_by_name(url: &str) -> &'static str {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let ending = path
        .rsplit_once('.')
        .map_or("", |(_, ending)| ending)
        .to_ascii_lowercase();
    match ending.as_str() {
        "mp3" => "audio/mpeg",
        "m4a" | "m4b" => "audio/mp4",
        "aac" => "audio/aac",
        "ogg" | "oga" | "opus" => "audio/ogg",
        "flac" => "audio/flac",
        "wav" => "audio/wav",
        "mp4" | "m4v" => "video/mp4",
        "mov" => "video/quicktime",
        "webm" => "video/webm",
        "pdf" => "application/pdf",
        "epub" => "application/epub+zip",
        "zip" => "application/zip",
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "webp" => "image/webp",
        "txt" => "text/plain",
        _ => UNKNOWN_MEDIA,
    }
}
