//! The HTML that stands for an article in a feed: all of it, or its summary and a link.

use std::borrow::Cow;

use crate::config::FullOrSummary;
use crate::model::entry::{Clean, Entry, Language};
use crate::model::feed_meta::FeedMeta;

use super::{Limits, escape, words};

/// What a reader reads.
#[derive(Debug, Clone)]
pub(super) struct Body<'a> {
    /// Never empty: JSON Feed demands a body for every item.
    pub(super) html: Cow<'a, str>,
    /// Whether RSS and Atom print it, too; summary feeds do not.
    pub(super) printed: bool,
    /// What the author wrote, where there is room for it beside the article.
    pub(super) markdown: Option<&'a Clean>,
}

/// The body of one entry.
pub(super) fn of<'a>(entry: &'a Entry, meta: &FeedMeta, limits: Limits) -> Body<'a> {
    let whole = entry.body.as_ref().map(Clean::as_str);
    let shortened = is_too_long(entry, limits);
    match whole.filter(|_| limits.content == FullOrSummary::Full) {
        Some(html) if !shortened => Body {
            html: wrapped(footed(html, entry), entry, meta),
            printed: true,
            markdown: markdown(entry, html, limits),
        },
        whole => Body {
            html: wrapped(self::shortened(entry).into(), entry, meta),
            printed: whole.is_some(),
            markdown: None,
        },
    }
}

/// Pictures inside of it, and comments, may make it longer by far than what readers see.
fn markdown<'a>(entry: &'a Entry, html: &str, limits: Limits) -> Option<&'a Clean> {
    let has_room = |markdown: &&Clean| markdown.as_str().len() + html.len() <= limits.max_entry_bytes;
    entry.markdown.as_ref().filter(has_room)
}

/// Whether feeds that hold whole articles show the summary of this one, and a link.
pub fn is_too_long(entry: &Entry, limits: Limits) -> bool {
    let length = entry.body.as_ref().map_or(0, |html| html.as_str().len());
    limits.content == FullOrSummary::Full && length > limits.max_entry_bytes
}

/// The author's footer stands under whole articles.
fn footed<'a>(html: &'a str, entry: &Entry) -> Cow<'a, str> {
    match &entry.footer {
        Some(footer) => format!("{html}\n{}", footer.as_str()).into(),
        None => html.into(),
    }
}

fn shortened(entry: &Entry) -> String {
    let summary = entry
        .summary
        .as_ref()
        .map(|text| format!("<p>{}</p>\n", escape(text.as_str())));
    format!(
        "{}<p><a href=\"{}\">{}: {}</a></p>",
        summary.unwrap_or_default(),
        escape(entry.url.as_str()),
        words(entry.language.as_ref()).continue_reading,
        escape(entry.heading.as_str())
    )
}

/// Readers act on language and direction only where they stand on the content itself.
fn wrapped<'a>(html: Cow<'a, str>, entry: &Entry, meta: &FeedMeta) -> Cow<'a, str> {
    let same_language = match (&entry.language, &meta.language) {
        (Some(own), Some(feed)) => own.as_str().eq_ignore_ascii_case(feed.as_str()),
        (own, _) => own.is_none(),
    };
    if same_language && entry.right_to_left == meta.language.as_ref().is_some_and(Language::is_right_to_left) {
        return html;
    }
    let language = entry.language.as_ref().map(|tag| format!(" lang=\"{}\"", tag.as_str()));
    let direction = if entry.right_to_left { "rtl" } else { "ltr" };
    format!("<div{} dir=\"{direction}\">{html}</div>", language.unwrap_or_default()).into()
}
