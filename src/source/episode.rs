//! What an article says of its recording as an episode of a podcast.

use crate::model::article::Enclosure;
use crate::model::media;
use crate::model::podcast::{Episode, Transcript};

use super::fields::Fields;
use super::header::Value;
use super::html::Links;

/// Transcripts of one recording.
const MOST: usize = 4;

/// The episode that an article with a recording is; other articles have seasons that are none.
pub(super) fn episode(fields: &Fields<'_>, files: &[Enclosure], links: &Links<'_>) -> Option<Episode> {
    let is_played = |file: &Enclosure| media::is_played(&file.media_type);
    if !files.iter().any(is_played) {
        return None;
    }
    let number = |names: &[&str]| fields.first(names[0], names)?.value.text()?.trim().parse().ok();
    let positive = |names: &[&str]| number(names).filter(|number| *number > 0);
    let explicit = fields.first("explicit", &["explicit", "itunes_explicit"]);
    let found = Episode {
        number: positive(&["episode", "episode_number", "itunes_episode"]),
        season: positive(&["season", "season_number", "itunes_season"]),
        explicit: explicit.and_then(|field| is_explicit(field.value)),
        transcripts: transcripts(fields, links),
    };
    (found != Episode::default()).then_some(found)
}

/// `clean` is what Apple once called the opposite.
fn is_explicit(value: &Value) -> Option<bool> {
    match value.text().map(str::trim) {
        Some(text) if text.eq_ignore_ascii_case("clean") => Some(false),
        Some(text) if text.eq_ignore_ascii_case("explicit") => Some(true),
        _ => value.truth(),
    }
}

fn transcripts(fields: &Fields<'_>, links: &Links<'_>) -> Vec<Transcript> {
    let mut found: Vec<Transcript> = Vec::new();
    for field in fields.all("transcript", &["transcript", "transcripts"]) {
        let written: Vec<Transcript> = match field.value {
            Value::List(items) => items.iter().filter_map(transcript).collect(),
            value => transcript(value).into_iter().collect(),
        };
        for mut file in written {
            let Some(url) = links.link(&file.url).filter(|url| url.starts_with("http")) else {
                continue;
            };
            file.url = url;
            if found.len() < MOST && found.iter().all(|known| known.url != file.url) {
                found.push(file);
            }
        }
    }
    found
}

/// The kinds that players read.
fn by_name(url: &str) -> Option<&'static str> {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let (_, ending) = path.rsplit_once('.')?;
    match ending.to_ascii_lowercase().as_str() {
        "vtt" => Some("text/vtt"),
        "srt" => Some("application/x-subrip"),
        "json" => Some("application/json"),
        "htm" | "html" => Some("text/html"),
        "txt" => Some("text/plain"),
        _ => None,
    }
}

/// An address, or `{ url, type }`; what kind of file it is, its name must say where nobody else does.
fn transcript(value: &Value) -> Option<Transcript> {
    let (url, stated) = match value {
        Value::Text(text) => (text.trim(), None),
        map => (
            map.inner(&["url", "href", "src", "file"])?,
            map.inner(&["type", "mime_type"]),
        ),
    };
    let media_type = stated
        .and_then(media::parse)
        .or_else(|| by_name(url).map(str::to_owned))?;
    Some(Transcript {
        url: url.to_owned(),
        media_type,
    })
}
