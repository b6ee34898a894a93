//! What the folder of a site says of itself: which generator makes the site, and what its config knows that ours asks for.
//!
//! `kinds` tells generators apart by their config files and layout, `values` reads those files as data, `literal` takes single
//! values out of configs that are programs, `layout` finds the articles, `permalink` translates the generator's pattern.
//! Nothing is run, and no name of a project or theme decides anything.

mod kinds;
mod layout;
mod literal;
mod permalink;
#[cfg(test)]
mod tests;
mod values;

use std::path::Path;

use chrono_tz::Tz;
use url::Url;

pub use kinds::Generator;
use kinds::Recognised;
use values::Values;

use crate::model::address::EmailAddress;

/// What was found. What is missing is `None` or empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Who makes the site.
    pub generator: Generator,
    /// The file or folder that says so.
    pub because: String,
    /// The site's name.
    pub title: Option<String>,
    /// The site's address.
    pub url: Option<String>,
    /// Its language.
    pub language: Option<String>,
    /// Who writes.
    pub author: Option<String>,
    /// Where answers go.
    pub email: Option<String>,
    /// Zone of dates without one.
    pub time_zone: Option<String>,
    /// The folder with the articles, below the site's folder; `.` for that folder itself.
    pub path: String,
    /// Patterns of the articles below that folder; empty: all.
    pub include: Vec<String>,
    /// How addresses are made.
    pub permalink: Option<String>,
    /// Languages beside the first.
    pub languages: Vec<String>,
    /// Keys whose text is split at blanks.
    pub split_spaces: bool,
    /// Articles that were counted.
    pub articles: usize,
    /// What the author should look at.
    pub notes: Vec<String>,
}

/// Looks at a site's folder.
///
/// # Errors
/// When the folder cannot be read.
pub fn look(site: &Path) -> std::io::Result<Found> {
    let Recognised {
        mut generator,
        mut because,
        base,
        files,
    } = kinds::recognise(site)?;
    let mut notes = Vec::new();
    let values = Values::read(&base, generator, &files, &mut notes);
    let inner = layout::find(site, &base, generator, &values, &mut notes);
    if let Some(other) = kinds::by_layout(&inner.path, &inner.include).filter(|_| generator == Generator::Plain) {
        (generator, because) = (other, format!("the folder {}", inner.path));
    }
    let permalink = permalink::of(generator, &values, &inner, &mut notes);
    let mut found = Found {
        generator,
        because,
        title: values.text(generator.keys().title).filter(|title| title.len() <= 200),
        url: address(&values, generator, &mut notes),
        language: language(&values, generator, &mut notes),
        author: values
            .text(generator.keys().author)
            .filter(|author| author.len() <= 120),
        email: values
            .text(generator.keys().email)
            .filter(|email| EmailAddress::parse(email).is_ok()),
        time_zone: time_zone(&values, generator, &mut notes),
        path: inner.path,
        include: inner.include,
        permalink,
        languages: languages(&values, generator),
        split_spaces: generator == Generator::Jekyll,
        articles: inner.articles,
        notes,
    };
    let own = found.language.clone().unwrap_or_else(|| "en".to_owned());
    found.languages.retain(|language| *language != own);
    found.note_what_is_missing();
    Ok(found)
}

impl Found {
    fn note_what_is_missing(&mut self) {
        if self.url.is_none() {
            self.notes
                .push("the address of the site was not found: write it at site.url".to_owned());
        }
        if self.title.is_none() {
            self.notes
                .push("the name of the site was not found: write it at site.title".to_owned());
        }
        if self.articles == 0 {
            self.notes
                .push("no articles were found: correct `path` of [[sources]]".to_owned());
        }
        if self.generator == Generator::Plain {
            let note = "no generator was recognised: compare the addresses in `articles list` with your site, and set `permalink` \
                        where they differ";
            self.notes.push(note.to_owned());
        }
    }
}

/// The address of the site, whole: Jekyll and Hexo write the folder on the host apart.
fn address(values: &Values, generator: Generator, notes: &mut Vec<String>) -> Option<String> {
    let written = values.text(generator.keys().url)?;
    let folder = values.text(&["baseurl", "root"]).unwrap_or_default();
    let apart = matches!(generator, Generator::Jekyll | Generator::Hexo) && folder.starts_with('/') && folder.len() > 1;
    let whole = if apart && Url::parse(&written).is_ok_and(|url| url.path() == "/") {
        format!("{}{folder}", written.trim_end_matches('/'))
    } else {
        written.clone()
    };
    let is_public = |url: &Url| {
        let host = url.host_str().unwrap_or("");
        matches!(url.scheme(), "http" | "https") && host.contains('.') && url.username().is_empty()
    };
    match Url::parse(&whole).ok().filter(is_public) {
        Some(url) => Some(url.to_string()),
        None => {
            notes.push(format!(
                "the address `{}` of the generator's config is none on the web",
                shown(&written)
            ));
            None
        }
    }
}

fn language(values: &Values, generator: Generator, notes: &mut Vec<String>) -> Option<String> {
    let written = values.text(generator.keys().language)?;
    let tag = written.replace('_', "-");
    if is_language(&tag) {
        return Some(tag);
    }
    notes.push(format!(
        "the language `{}` is no tag such as en or pt-BR",
        shown(&written)
    ));
    None
}

fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let first = parts.next().unwrap_or("");
    (2..=3).contains(&first.len())
        && first.bytes().all(|byte| byte.is_ascii_alphabetic())
        && parts.all(|part| (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

fn time_zone(values: &Values, generator: Generator, notes: &mut Vec<String>) -> Option<String> {
    let written = values.text(generator.keys().time_zone)?;
    if written.parse::<Tz>().is_ok() {
        return Some(written);
    }
    notes.push(format!(
        "the time zone `{}` is not one such as Europe/Berlin",
        shown(&written)
    ));
    None
}

fn languages(values: &Values, generator: Generator) -> Vec<String> {
    let mut tags = values.names(generator.keys().languages);
    tags.retain(|tag| is_language(tag));
    tags.truncate(32);
    tags
}

/// A value of somebody's config, short and on one line.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(80).collect()
}
