//! What an address needs: date, language, slug, categories (`sources.md` FO5, FO7, FO8, FO10).

use url::Url;

use crate::config::SourceKind;
use crate::model::article::{DateOrigin, Problem, Severity, Term};

use super::address::{self, Parts};
use super::dates::{self, Moment};
use super::fields::Fields;
use super::folder::FolderSettings;
use super::naming::{Naming, is_language, tidy_language};
use super::page::Page;
use super::people;

/// Fields that say when an article was published.
pub(super) const DATE: &[&str] = &[
    "date",
    "published_at",
    "publish_date",
    "publishdate",
    "pubdate",
    "date_published",
    "created_at",
    "created",
    "posted",
    "published",
];

/// The part of a draft that its address is made of.
#[derive(Debug)]
pub(super) struct Basics {
    pub(super) url: Url,
    pub(super) date: Option<Moment>,
    pub(super) origin: DateOrigin,
    pub(super) language: String,
    pub(super) categories: Vec<Term>,
}

impl Basics {
    pub(super) fn read(
        settings: &FolderSettings,
        fields: &Fields<'_>,
        locator: &str,
        page: Option<&Page>,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let naming = Naming::of(locator);
        let (mut date, mut origin) = when(settings, fields, &naming, page, problems);
        if date.is_none() && matches!(settings.source.kind, SourceKind::Site(_)) {
            date = dated_path(locator, settings.source.time_zone);
            origin = date.map_or(origin, |_| DateOrigin::Path);
        }
        let language = language(settings, fields, &naming, page, problems);
        let categories = categories(settings, fields, page);
        let slug = fields
            .text("slug", &["slug", "basename"], problems)
            .map(|slug| slug.trim_matches('/'));
        let parts = Parts {
            naming: &naming,
            date: date.map(|moment| moment.at),
            language: &language,
            slug: slug.filter(|slug| !slug.is_empty()),
            categories: &categories,
        };
        let url = canonical(settings, page, fields)
            .or_else(|| address::of_page(settings, fields, locator))
            .unwrap_or_else(|| address::address(settings, fields, &parts, problems));
        Self {
            url,
            date,
            origin,
            language,
            categories,
        }
    }
}

/// The address that a page gives itself, if it lies on the site and the header says none.
fn canonical(settings: &FolderSettings, page: Option<&Page>, fields: &Fields<'_>) -> Option<Url> {
    let written = page?.metadata.url.as_deref()?;
    if fields
        .first("url", &["url", "permalink", "path", "canonical_url"])
        .is_some()
    {
        return None;
    }
    let url = settings.site_url.join(written).ok()?;
    let own = url.host_str() == settings.site_url.host_str() && matches!(url.scheme(), "http" | "https");
    (own && url.as_str().len() <= 2048).then_some(url)
}

/// The first origin that gives a date: header, page, path in an address, file name.
fn when(
    settings: &FolderSettings,
    fields: &Fields<'_>,
    naming: &Naming<'_>,
    page: Option<&Page>,
    problems: &mut Vec<Problem>,
) -> (Option<Moment>, DateOrigin) {
    let zone = settings.source.time_zone;
    for field in fields.all("date", DATE) {
        let Some(text) = field.value.text() else { continue };
        if let Some(moment) = dates::parse(text, zone) {
            return (Some(moment), DateOrigin::Header);
        }
        // `published: true` is a mark, not a date.
        if field.value.truth().is_none() {
            let message = format!("`{}: {text}` is no date", field.key);
            problems.push(fields.problem(
                field.key,
                "bad_date",
                message,
                "write the date as 2024-09-12 or 2024-09-12T08:30:00+02:00",
            ));
        }
    }
    let from_page = page.and_then(|page| page.metadata.published.or(page.byline.date));
    if from_page.is_some() {
        return (from_page, DateOrigin::Page);
    }
    let addresses = fields.all("url", &["path", "url", "permalink"]);
    if let Some(moment) = addresses
        .iter()
        .filter_map(|field| field.value.text())
        .find_map(|text| dated_path(text, zone))
    {
        return (Some(moment), DateOrigin::Path);
    }
    match naming.moment(zone) {
        Some(moment) => (Some(moment), DateOrigin::FileName),
        None => (None, DateOrigin::FirstSeen),
    }
}

/// `YYYY/MM/DD` inside a path.
fn dated_path(path: &str, zone: chrono_tz::Tz) -> Option<Moment> {
    let parts: Vec<&str> = path.split('/').collect();
    let number = |text: &str, width: usize| text.parse::<u32>().ok().filter(|_| text.len() <= width);
    parts.windows(3).find_map(|window| {
        let year = number(window[0], 4).filter(|_| window[0].len() == 4)?;
        dates::day(
            i32::try_from(year).ok()?,
            number(window[1], 2)?,
            number(window[2], 2)?,
            zone,
        )
    })
}

fn language(
    settings: &FolderSettings,
    fields: &Fields<'_>,
    naming: &Naming<'_>,
    page: Option<&Page>,
    problems: &mut Vec<Problem>,
) -> String {
    if let Some(field) = fields.first("language", &["lang", "language", "locale"]) {
        if let Some(tag) = field.value.text().and_then(tidy_language) {
            return tag;
        }
        let message = format!("`{}` is no language tag", field.key);
        let remedy = "write a tag such as en or pt-BR";
        problems.push(fields.problem(field.key, "language_unknown", message, remedy));
    }
    let folder = naming.folders.first().filter(|folder| {
        is_language(folder)
            && settings
                .source
                .languages
                .iter()
                .any(|known| known.eq_ignore_ascii_case(folder))
    });
    let tags = [
        naming.language,
        folder.copied(),
        page.and_then(|page| page.metadata.language.as_deref()),
    ];
    tags.into_iter()
        .flatten()
        .find_map(tidy_language)
        .unwrap_or_else(|| settings.source.language.clone())
}

fn categories(settings: &FolderSettings, fields: &Fields<'_>, page: Option<&Page>) -> Vec<Term> {
    let own = people::categories(settings, fields);
    let Some(page) = page.filter(|_| own.is_empty()) else {
        return own;
    };
    let mut texts = page.metadata.categories.clone();
    if texts.is_empty() {
        texts.extend(page.category.clone());
    }
    people::unique(texts, 16)
}

/// Problems that say what was missing and what stands in its place.
pub(super) fn notice(locator: &str, code: &str, message: &str, remedy: &str) -> Problem {
    Problem {
        locator: locator.to_owned(),
        line: None,
        code: code.to_owned(),
        message: message.to_owned(),
        remedy: remedy.to_owned(),
        severity: Severity::Notice,
    }
}
