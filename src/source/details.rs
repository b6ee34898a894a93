//! The smaller fields of an article: summary, picture, reading time, ids, times.

use chrono::{DateTime, Utc};

use crate::model::article::{Content, Image, Problem};
use crate::model::text::{Length, excerpt, truncate_at_word};

use super::beside;
use super::dates;
use super::fields::Fields;
use super::folder::FolderSettings;
use super::header::{Value, normal_key};
use super::html::Links;
use super::page::Page;
use super::page::byline::reading_minutes;
use super::prose::Prose;
use super::title::reduced;

/// Characters of a summary that the author wrote, and of one that we take from the text.
const LONGEST: usize = 500;
const EXCERPT: usize = 300;

/// The summary, and where it came from: `key`, `marker`, `excerpt`, `none`.
pub(super) fn summary(
    fields: &Fields<'_>,
    page: Option<&Page>,
    prose: &Prose,
    problems: &mut Vec<Problem>,
) -> (String, &'static str) {
    let names = [
        "description",
        "summary",
        "excerpt",
        "desc",
        "subtitle",
        "lead",
        "spoiler",
        "teaser",
    ];
    let written = fields.text("summary", &names, problems).map(|text| reduced(text, true));
    let written = written.or_else(|| page.and_then(|page| page.metadata.summary.clone()));
    if let Some(text) = written.filter(|text| !text.is_empty()) {
        return (truncate_at_word(&text, LONGEST), "key");
    }
    if let Some(text) = prose.before_more.as_deref().filter(|text| !text.trim().is_empty()) {
        return (excerpt(text, LONGEST), "marker");
    }
    let text = excerpt(&prose.opening, EXCERPT);
    if text.is_empty() {
        (text, "none")
    } else {
        (text, "excerpt")
    }
}

/// The picture that the header names, else the page's.
pub(super) fn image(
    fields: &Fields<'_>,
    page: Option<&Page>,
    (settings, locator): (&FolderSettings, &str),
    links: &Links<'_>,
) -> Option<Image> {
    let names = [
        "image",
        "cover",
        "images",
        "thumbnail",
        "og_image",
        "featured_image",
        "feature_image",
        "cover_image",
        "hero_image",
        "banner",
    ];
    let field = fields.first("image", &names);
    let written = field.and_then(|field| match field.value {
        Value::List(items) => items.first().and_then(one_image),
        one => one_image(one),
    });
    let mut image = written.or_else(|| page.and_then(|page| page.metadata.image.clone()))?;
    let file = beside::path(settings, locator, &image.url);
    (image.width, image.height) = file.and_then(|file| beside::pixels(&file)).unzip();
    image.url = links.picture(&image.url).filter(|url| !url.starts_with("data:"))?;
    let own_alt = fields
        .first("image_alt", &["image_alt", "cover_alt", "alt"])
        .and_then(|field| field.value.text());
    if let Some(alt) = own_alt.filter(|_| image.alt.is_empty()) {
        alt.clone_into(&mut image.alt);
    }
    image.alt = truncate_at_word(&image.alt, 500);
    Some(image)
}

fn one_image(value: &Value) -> Option<Image> {
    match value {
        Value::Text(url) => Some(Image {
            url: url.trim().to_owned(),
            ..Image::default()
        }),
        Value::Map(pairs) => {
            let find = |names: &[&str]| {
                pairs
                    .iter()
                    .find(|(key, _)| names.contains(&normal_key(key).as_str()))
                    .and_then(|(_, value)| value.text())
            };
            let url = find(&["url", "src", "path", "image", "file", "feature", "teaser"])?;
            Some(Image {
                url: url.to_owned(),
                alt: find(&["alt", "caption", "title"]).unwrap_or("").to_owned(),
                ..Image::default()
            })
        }
        _ => None,
    }
}

/// Words and minutes; a stated time wins.
pub(super) fn measure(content: &mut Content, settings: &FolderSettings, fields: &Fields<'_>, stated: Option<u32>) {
    let length = Length::of(&content.body_text);
    content.words = length.words;
    let names = ["reading_time", "readingtime", "read_time", "readtime", "minutes"];
    let from_header = fields.first("reading_time", &names).and_then(|field| {
        let text = field.value.text()?;
        text.trim()
            .parse::<u32>()
            .ok()
            .filter(|minutes| (1..=240).contains(minutes))
            .or_else(|| reading_minutes(text))
    });
    let (minutes, origin) = match from_header.or(stated) {
        Some(minutes) => (minutes, "stated"),
        None => (length.minutes(settings.source.words_per_minute), "computed"),
    };
    content.reading_minutes = minutes;
    origin.clone_into(&mut content.reading_from);
}

/// When the author last changed it, as the header or the page says.
pub(super) fn updated(
    settings: &FolderSettings,
    fields: &Fields<'_>,
    page: Option<&Page>,
    problems: &mut Vec<Problem>,
) -> Option<DateTime<Utc>> {
    let names = [
        "updated",
        "lastmod",
        "modified",
        "last_modified_at",
        "updated_at",
        "date_modified",
        "last_modified",
    ];
    for field in fields.all("updated", &names) {
        let Some(text) = field.value.text() else { continue };
        if let Some(moment) = dates::parse(text, settings.source.time_zone) {
            return Some(moment.at);
        }
        if field.value.truth().is_none() {
            let message = format!("`{}: {text}` is no date", field.key);
            problems.push(fields.problem(
                field.key,
                "bad_date",
                message,
                "write the date as 2024-09-12 or leave it out",
            ));
        }
    }
    page.and_then(|page| page.metadata.updated)
}

/// The page where people talk about an article: an address, or a path on the article's page. `comments: true` is none.
pub(super) fn comments_url(fields: &Fields<'_>, permalink: &url::Url) -> Option<String> {
    let names = ["comments_url", "comments", "discussion", "discuss"];
    let field = fields.all("comments", &names).into_iter().find_map(|field| {
        let text = field.value.text()?.trim();
        (text.contains("://") || text.starts_with(['/', '#'])).then_some(text)
    })?;
    let url = permalink.join(field).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.to_string())
}

/// The page elsewhere that an article comments on.
pub(super) fn external_url(fields: &Fields<'_>) -> Option<String> {
    let text = fields
        .first("external_url", &["external_url", "link_to"])?
        .value
        .text()?;
    let url = url::Url::parse(text.trim()).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.to_string())
}

/// `ltr` or `rtl`: as stated, else by the language.
pub(super) fn direction(fields: &Fields<'_>, page: Option<&Page>, language: &str) -> String {
    let stated = fields
        .first("direction", &["dir", "direction"])
        .and_then(|field| field.value.text())
        .map(str::to_lowercase);
    let stated = stated.or_else(|| page.and_then(|page| page.metadata.direction.clone()));
    if let Some(direction) = stated.filter(|direction| matches!(direction.as_str(), "ltr" | "rtl")) {
        return direction;
    }
    let first = language.split('-').next().unwrap_or("");
    let from_right = matches!(
        first,
        "ar" | "arc" | "ckb" | "dv" | "fa" | "he" | "ks" | "ps" | "sd" | "ug" | "ur" | "yi"
    );
    if from_right { "rtl".to_owned() } else { "ltr".to_owned() }
}
