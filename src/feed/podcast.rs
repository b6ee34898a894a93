//! What directories of podcasts look for in RSS: elements of Apple's namespace and of the Podcast Index.
//!
//! They appear only in a feed that holds a recording, and only all together: a directory, and the W3C validator, want a
//! podcast's category, owner and rating wherever they see one element of the kind.

use crate::model::entry::{Entry, EntryPicture};
use crate::model::feed_meta::FeedMeta;
use crate::model::podcast::{Category, Podcast};

use super::Item;
use super::element::Element;

/// What Apple's directory plays, by the ending of a file's name.
const PLAYABLE: [&str; 5] = ["m4a", "mp3", "mov", "mp4", "m4v"];
/// Pixels of a side of a square picture.
const PICTURE: std::ops::RangeInclusive<u32> = 1_400..=3_000;

/// What stands at the head; nothing where no article has a recording.
pub(super) fn head(meta: &FeedMeta, items: &[Item<'_>]) -> Vec<Element> {
    let Some(podcast) = meta
        .podcast
        .as_ref()
        .filter(|_| items.iter().any(|item| is_episode(item.entry)))
    else {
        return Vec::new();
    };
    let name = meta.author.name.as_str();
    let mut elements = vec![
        Element::new("itunes:author").text(name),
        Element::new("itunes:owner").children(vec![
            Element::new("itunes:name").text(name),
            Element::new("itunes:email").text(podcast.email.as_str()),
        ]),
        category(podcast.category),
        Element::new("itunes:explicit").text(podcast.explicit.to_string()),
    ];
    if let Some(image) = podcast.image.as_ref().or(meta.icon.as_ref()) {
        elements.push(Element::new("itunes:image").attribute("href", image.as_str()));
    }
    if let Some(index) = &podcast.index {
        let locked = if index.locked { "yes" } else { "no" };
        elements.push(Element::new("podcast:guid").text(index.guid.as_str()));
        elements.push(
            Element::new("podcast:locked")
                .attribute("owner", podcast.email.as_str())
                .text(locked),
        );
    }
    elements
}

fn category(category: Category) -> Element {
    let named = |name: &str| Element::new("itunes:category").attribute("text", name);
    let inner = category.part.map(named).into_iter().collect();
    named(category.name).children(inner)
}

/// What an article says of its recording.
pub(super) fn item(podcast: Option<&Podcast>, entry: &Entry) -> Vec<Element> {
    let (Some(podcast), true) = (podcast, is_episode(entry)) else {
        return Vec::new();
    };
    let mut elements = Vec::new();
    let mut put = |name: &'static str, value: Option<String>| {
        elements.extend(value.map(|value| Element::new(name).text(value)));
    };
    let seconds = entry.files.first().and_then(|file| file.seconds);
    put("itunes:duration", seconds.map(|seconds| seconds.to_string()));
    let said = entry.episode.as_ref();
    put(
        "itunes:episode",
        said.and_then(|said| said.number).map(|number| number.to_string()),
    );
    put(
        "itunes:season",
        said.and_then(|said| said.season).map(|season| season.to_string()),
    );
    put(
        "itunes:explicit",
        said.and_then(|said| said.explicit).map(|explicit| explicit.to_string()),
    );
    if let Some(picture) = entry.image.as_ref().filter(|picture| is_square(picture)) {
        elements.push(Element::new("itunes:image").attribute("href", picture.url.as_str()));
    }
    if podcast.index.is_some() {
        for (url, media_type) in said.map(|said| said.transcripts.as_slice()).unwrap_or_default() {
            elements.push(
                Element::new("podcast:transcript")
                    .attribute("url", url.as_str())
                    .attribute("type", media_type.as_str()),
            );
        }
    }
    elements
}

/// RSS carries the first file of an article alone.
fn is_episode(entry: &Entry) -> bool {
    entry.files.first().is_some_and(|file| {
        let path = file.url.as_str().split(['?', '#']).next().unwrap_or_default();
        let ending = path.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
        file.is_played() && ending.is_some_and(|ending| PLAYABLE.contains(&ending.as_str()))
    })
}

/// What Apple takes as the picture of an episode.
fn is_square(picture: &EntryPicture) -> bool {
    let is_fit = |(width, height)| width == height && PICTURE.contains(&width);
    picture.url.as_str().starts_with("https://") && picture.pixels.is_some_and(is_fit)
}
