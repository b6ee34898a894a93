//! The body of a file as safe HTML with what was learnt on the way: one function per format.

use std::sync::atomic::Ordering;

use url::Url;

use crate::model::article::{Problem, Severity};

use super::fields::Fields;
use super::folder::{FolderSettings, Locators};
use super::html::{self, Links, MORE};
use super::markdown;
use super::tags::{self, Scene};

/// Bytes of cleaned HTML at most.
const LARGEST: usize = 2 * 1024 * 1024;

/// A body that is safe, absolute and measured.
#[derive(Debug)]
pub(super) struct Body {
    /// With the mark of the summary's end, if the author set one.
    pub(super) html: String,
    /// The heading of level 1 that opened it.
    pub(super) heading: Option<String>,
    /// Unknown template tags that were removed.
    pub(super) leftovers: u32,
    /// Any template tag was found.
    pub(super) had_tags: bool,
}

/// What every format needs.
#[derive(Debug)]
pub(super) struct Place<'a> {
    pub(super) settings: &'a FolderSettings,
    pub(super) locators: &'a Locators,
    pub(super) locator: &'a str,
    pub(super) permalink: &'a Url,
    /// The title of the header.
    pub(super) title: Option<&'a str>,
}

/// Markdown: template tags, events, clean-up.
pub(super) fn from_markdown(
    place: &Place<'_>,
    text: &str,
    fields: &Fields<'_>,
    problems: &mut Vec<Problem>,
) -> Result<Body, String> {
    let mdx = super::naming::extension(place.locator) == "mdx";
    let separated = at_separator(text, fields);
    let text = separated.as_deref().unwrap_or(text);
    let scene = place.scene(false, mdx);
    let code = if tags::may_hold(text, mdx) {
        tags::in_markdown(text)
    } else {
        Vec::new()
    };
    let resolved = tags::resolve(&scene, text, &code);
    let rendered =
        markdown::render(&resolved.text, place.title).map_err(|_| "it comes to more than 4 MiB of HTML".to_owned())?;
    let html = clean(place, &rendered.html, None, problems)?;
    Ok(Body {
        html,
        heading: rendered.heading,
        leftovers: resolved.unknown,
        had_tags: resolved.any,
    })
}

/// HTML that was taken out of a page, or written as such.
pub(super) fn from_html(
    place: &Place<'_>,
    html: &str,
    base: Option<&str>,
    problems: &mut Vec<Problem>,
) -> Result<Body, String> {
    let marked = markdown::with_more(html);
    let html = marked.as_deref().unwrap_or(html);
    let code = if tags::may_hold(html, false) {
        tags::in_html(html)
    } else {
        Vec::new()
    };
    let resolved = tags::resolve(&place.scene(true, false), html, &code);
    let html = clean(place, &resolved.text, base, problems)?;
    Ok(Body {
        html,
        heading: None,
        leftovers: resolved.unknown,
        had_tags: resolved.any,
    })
}

/// Puts the mark of the summary's end where the header's `excerpt_separator` first stands.
fn at_separator(text: &str, fields: &Fields<'_>) -> Option<String> {
    let separator = fields
        .first("excerpt_separator", &["excerpt_separator"])?
        .value
        .text()?;
    let (before, after) = text.split_once(separator)?;
    let kept = if separator.trim().starts_with("<!--") {
        ""
    } else {
        separator
    };
    Some(format!(
        "{before}\n\n<!--more-->\n\n{}{after}",
        kept.trim_start_matches('\n')
    ))
}

fn clean(place: &Place<'_>, html: &str, base: Option<&str>, problems: &mut Vec<Problem>) -> Result<String, String> {
    html::guard(html, LARGEST)?;
    let links = Links::new(place.settings, place.locators, place.locator, place.permalink, base);
    let cleaned = html::clean(html, &links, &id_prefix(place.permalink));
    if cleaned.len() > LARGEST {
        return Err("its cleaned HTML is longer than 2 MiB".to_owned());
    }
    for (count, code, message, remedy) in [
        (
            &links.lost,
            "bad_url",
            "link(s) to files that are no articles became plain text",
            "correct the link, or remove it",
        ),
        (
            &links.heavy,
            "bad_image",
            "picture(s) inside the text are larger than 4 KiB and were left out",
            "put the picture into a file",
        ),
    ] {
        let count = count.load(Ordering::Relaxed);
        if count > 0 {
            problems.push(warning(place.locator, code, format!("{count} {message}"), remedy));
        }
    }
    Ok(cleaned)
}

pub(super) fn warning(locator: &str, code: &str, message: String, remedy: &str) -> Problem {
    Problem {
        locator: locator.to_owned(),
        line: None,
        code: code.to_owned(),
        message,
        remedy: remedy.to_owned(),
        severity: Severity::Warning,
    }
}

/// Ids of several articles meet on one page: each article has its own prefix.
fn id_prefix(permalink: &Url) -> String {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, permalink.as_str().as_bytes());
    format!("a{}--", data_encoding::HEXLOWER.encode(&hash.as_ref()[..4]))
}

impl Place<'_> {
    fn scene(&self, html: bool, mdx: bool) -> Scene<'_> {
        Scene {
            settings: self.settings,
            locators: self.locators,
            locator: self.locator,
            title: self.title.unwrap_or(""),
            permalink: self.permalink.as_str(),
            html,
            mdx,
        }
    }
}

impl Body {
    /// Nothing to read and nothing to see; a heading that became the title was something to read.
    pub(super) fn is_empty(&self, text: &str) -> bool {
        text.trim().is_empty() && self.heading.is_none() && !self.html.contains("<img")
    }

    /// The HTML as stored, without our mark.
    pub(super) fn into_stored(self) -> String {
        if self.html.contains(MORE) {
            html::without_more(&self.html).trim().to_owned()
        } else {
            self.html
        }
    }
}
