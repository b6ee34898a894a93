//! The last steps of a draft: what keeps an article back, what it lacks, and all that a reader sees of it.

use chrono::Duration;

use crate::model::article::{Content, DateOrigin, Draft, Problem};

use super::basics::{Basics, notice};
use super::body::{Body, warning};
use super::draft::{Format, Given};
use super::enclosures::enclosures;
use super::episode::episode;
use super::fields::Fields;
use super::folder::{FolderSettings, Locators};
use super::html::Links;
use super::page::Page;
use super::page::byline::Byline;
use super::prose::{Prose, prose};
use super::{address, details, people};

/// Days ahead beyond which a date is a slip.
const FAR_AHEAD: i64 = 5 * 366;
/// Unknown template tags that may go without a person looking.
const LEFTOVERS: u32 = 3;

/// What the last steps look at.
pub(super) struct File<'a> {
    pub(super) settings: &'a FolderSettings,
    pub(super) locators: &'a Locators,
    pub(super) given: &'a Given<'a>,
    pub(super) fields: &'a Fields<'a>,
    pub(super) page: Option<&'a Page>,
}

impl File<'_> {
    pub(super) fn finish(
        &self,
        basics: Basics,
        body: Body,
        title: Option<String>,
        excluded: Option<String>,
        mut problems: Vec<Problem>,
    ) -> Draft {
        let prose = prose(&body.html);
        let excluded = excluded.or_else(|| self.by_content(&basics, &body, &prose, &mut problems));
        self.note_what_is_missing(&basics, title.as_deref(), &body, &mut problems);
        let updated_at = details::updated(self.settings, self.fields, self.page, &mut problems);
        let (url, leftovers) = (basics.url.to_string(), body.leftovers);
        let (published_at, published_from) = (basics.date.map(|moment| moment.at), self.origin(&basics));
        let date_only = basics.date.is_some_and(|moment| moment.date_only);
        let mut aliases = address::aliases(self.settings, self.fields);
        aliases.retain(|alias| *alias != url);
        let content = self.content(basics, body, prose, title, &mut problems);
        Draft {
            locator: self.given.locator.to_owned(),
            header_id: self.header_id(),
            guid: self.given.item.and_then(|item| item.guid.clone()),
            url,
            aliases,
            content,
            published_at,
            published_from,
            date_only,
            updated_at,
            excluded,
            mail: self
                .fields
                .first("mail", &["mail"])
                .and_then(|field| field.value.truth())
                .unwrap_or(true),
            already_mailed: self
                .fields
                .first("already_mailed", &["already_mailed"])
                .is_some_and(|field| field.value.truth() != Some(false)),
            source_hash: self.given.source_hash,
            leftovers,
            problems,
        }
    }

    /// What the source itself says: of an article that is no file, its date does not stand in a header.
    fn origin(&self, basics: &Basics) -> DateOrigin {
        match (basics.origin, self.given.item) {
            (DateOrigin::Header, Some(item)) => item.origin,
            (origin, _) => origin,
        }
    }

    fn header_id(&self) -> Option<String> {
        let guid = self.given.item.and_then(|item| item.guid.as_ref());
        guid.map(|guid| guid.id.clone())
            .or_else(|| self.text(&["id", "guid", "uuid"]))
    }

    fn text(&self, names: &[&str]) -> Option<String> {
        let text = self.fields.first(names[0], names)?.value.text()?.trim();
        (text.len() <= 1024).then(|| text.to_owned())
    }

    /// An article that has nothing to read, or whose date is a slip, is kept back.
    fn by_content(&self, basics: &Basics, body: &Body, prose: &Prose, problems: &mut Vec<Problem>) -> Option<String> {
        if self.page.is_some_and(|page| page.metadata.noindex) {
            return Some("noindex".to_owned());
        }
        if basics
            .date
            .is_some_and(|moment| moment.at > self.settings.now + Duration::days(FAR_AHEAD))
        {
            problems.push(warning(
                self.given.locator,
                "future_far",
                "its date lies more than five years ahead".to_owned(),
                "correct the date",
            ));
            return Some("future_far".to_owned());
        }
        if !body.is_empty(&prose.text) {
            return None;
        }
        let (code, message) = if body.had_tags {
            ("template_only", "without its template tags nothing is left of it")
        } else {
            ("empty_body", "it has no text")
        };
        problems.push(notice(
            self.given.locator,
            code,
            message,
            "write the text, or exclude the file",
        ));
        Some(code.to_owned())
    }

    fn note_what_is_missing(&self, basics: &Basics, title: Option<&str>, body: &Body, problems: &mut Vec<Problem>) {
        if title.is_none() {
            problems.push(notice(
                self.given.locator,
                "no_title",
                "it has no title; its first words stand in for one",
                "write `title:` into its header",
            ));
        }
        if basics.date.is_none() {
            problems.push(notice(
                self.given.locator,
                "no_date",
                "it has no date; the moment of first sight counts",
                "write `date:` into its header",
            ));
        }
        if body.leftovers > LEFTOVERS {
            let message = format!(
                "{} template tags that nobody knows were taken out; it is not mailed until you approve it",
                body.leftovers
            );
            problems.push(warning(
                self.given.locator,
                "template_leftovers",
                message,
                "look at the article in the feed, then run `articles approve`",
            ));
        }
        if self.page.is_some_and(|page| page.tail_uncertain) {
            let message = "where the article ends and the page goes on is not clear; nothing was cut".to_owned();
            problems.push(warning(
                self.given.locator,
                "tail_uncertain",
                message,
                "set `body_selector` or `strip_selectors` of the source",
            ));
        }
    }

    fn content(
        &self,
        basics: Basics,
        body: Body,
        prose: Prose,
        title: Option<String>,
        problems: &mut Vec<Problem>,
    ) -> Content {
        let (summary, summary_from) = details::summary(self.fields, self.page, &prose, problems);
        let links = Links::new(self.settings, self.locators, self.given.locator, &basics.url, None);
        let mut tags = people::tags(self.settings, self.fields);
        if let Some(page) = self.page.filter(|_| tags.is_empty()) {
            tags = people::unique(page.metadata.tags.clone(), 32);
        }
        let place = (self.settings, self.given.locator);
        let files = enclosures(self.fields, place, &links);
        let mut content = Content {
            title,
            body_html: body.into_stored(),
            body_text: prose.text,
            summary,
            summary_from: summary_from.to_owned(),
            authors: self.authors(problems),
            tags,
            direction: details::direction(self.fields, self.page, &basics.language),
            categories: basics.categories,
            language: basics.language,
            image: details::image(self.fields, self.page, place, &links),
            external_url: details::external_url(self.fields),
            comments_url: details::comments_url(self.fields, &basics.url),
            markdown: self.markdown(),
            episode: episode(self.fields, &files, &links),
            enclosures: files,
            ..Content::default()
        };
        let stated = self.page.and_then(|page| page.byline.minutes);
        details::measure(&mut content, self.settings, self.fields, stated);
        content
    }

    /// The body as it was written, where somebody will read that.
    fn markdown(&self) -> Option<String> {
        let is_wanted = self.settings.keeps_markdown && self.given.format == Format::Markdown && self.page.is_none();
        is_wanted.then(|| self.given.body.trim().to_owned())
    }

    /// Header, metadata, byline, and the site's author for want of any.
    fn authors(&self, problems: &mut Vec<Problem>) -> Vec<crate::model::article::Author> {
        let named = people::authors(self.settings, self.fields, problems);
        if !named.is_empty() {
            return named;
        }
        let of_page = self.page.map(|page| match &page.byline {
            Byline { author: Some(name), .. } if page.metadata.authors.is_empty() => vec![people::named(name)],
            _ => page.metadata.authors.clone(),
        });
        of_page
            .filter(|authors| !authors.is_empty())
            .unwrap_or_else(|| self.settings.site_author.iter().cloned().collect())
    }
}
