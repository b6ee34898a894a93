//! An article of an export as a file that our own folder source reads: a header in YAML, then the text.

use chrono_tz::Tz;
use url::Url;

use super::{Imported, Text};
use crate::model::slug::slug;
use crate::model::text::truncate_at_word;
use crate::source::{dates, title};

/// Characters of a title and of a summary at most, as the folder source takes them.
const LONGEST_TITLE: usize = 512;
const LONGEST_SUMMARY: usize = 500;
/// Characters of a name or term, of an address, and how many of them.
const LONGEST_NAME: usize = 120;
const LONGEST_ADDRESS: usize = 1_024;
const MOST_NAMES: usize = 32;
/// Keys in the query of an address that say which article it is.
const NUMBERS: [&str; 8] = [
    "p",
    "page_id",
    "attachment_id",
    "post",
    "post_id",
    "postid",
    "article",
    "id",
];

/// A file to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArticleFile {
    /// Its name without extension: `2024-01-31-a-slug`, of `[a-z0-9-]` alone.
    pub stem: String,
    /// `md` or `html`.
    pub extension: &'static str,
    /// What stands in it.
    pub content: String,
    /// It says when the article was published.
    pub is_dated: bool,
    /// Its path on the site, or the name that the path is made of, without slashes around it.
    pub address: String,
}

/// The file of an article. A `number` above 1 tells it from others that would have its name or address.
pub fn article_file(article: &Imported, number: u32) -> ArticleFile {
    let date = article.date.as_deref().and_then(readable_date);
    let mut name = name_of(article);
    if number > 1 {
        name = format!("{name}-{number}");
    }
    let path = path_of(article).filter(|_| number == 1);
    let address = path.as_ref().unwrap_or(&name).trim_matches('/').to_owned();
    let stem = match date.as_deref().and_then(|date| dates::parse(date, Tz::UTC)) {
        Some(moment) => format!("{}-{name}", moment.at.format("%Y-%m-%d")),
        None => name.clone(),
    };
    let header = header_of(article, path, name, date.as_deref());
    let (extension, text) = match &article.text {
        Text::Html(html) => ("html", html.as_str()),
        Text::Markdown(text) => ("md", text.as_str()),
    };
    ArticleFile {
        stem,
        extension,
        content: format!("---\n{}---\n{}\n", header.text, text.trim()),
        is_dated: date.is_some(),
        address,
    }
}

fn header_of(article: &Imported, path: Option<String>, name: String, date: Option<&str>) -> Header {
    let mut header = Header::default();
    header.line(
        "title",
        article
            .title
            .as_deref()
            .map(|text| readable(&truncate_at_word(text, LONGEST_TITLE), false)),
    );
    header.line("date", date.map(str::to_owned));
    header.line("updated", article.updated.as_deref().and_then(readable_date));
    match path {
        Some(path) => header.line("url", Some(path)),
        None => header.line("slug", Some(name)),
    }
    header.list("aliases", &old_address(article).into_iter().collect::<Vec<_>>());
    header.line(
        "guid",
        article
            .guid
            .as_deref()
            .filter(|guid| guid.len() <= LONGEST_ADDRESS)
            .map(str::to_owned),
    );
    header.line(
        "summary",
        article
            .summary
            .as_deref()
            .map(|text| readable(&truncate_at_word(text, LONGEST_SUMMARY), true)),
    );
    header.list("authors", &article.authors);
    header.list("tags", &article.tags);
    header.list("categories", &article.categories);
    header.line("image", article.image.as_deref().and_then(address));
    header.line(
        "image_alt",
        article
            .image_alt
            .as_deref()
            .map(|alt| truncate_at_word(alt, LONGEST_SUMMARY)),
    );
    header.line("enclosure", article.enclosure.as_deref().and_then(address));
    header.line("lang", article.language.clone());
    header.line("already_mailed", article.already_mailed.clone());
    header.line("expirydate", article.expires.clone());
    if article.never_mail {
        header.text.push_str("mail: false\n");
    }
    if article.is_draft {
        header.text.push_str("draft: true\n");
    }
    header
}

/// Lines of YAML.
#[derive(Default)]
struct Header {
    text: String,
}

impl Header {
    fn line(&mut self, key: &str, value: Option<String>) {
        if let Some(value) = value.filter(|value| !value.trim().is_empty()) {
            self.text.push_str(&format!("{key}: {}\n", quoted(&value)));
        }
    }

    fn list(&mut self, key: &str, values: &[String]) {
        let values: Vec<String> = values
            .iter()
            .map(|value| one_name(value, key == "aliases"))
            .filter(|value| !value.is_empty())
            .take(MOST_NAMES)
            .map(|value| quoted(&value))
            .collect();
        if !values.is_empty() {
            self.text.push_str(&format!("{key}: [{}]\n", values.join(", ")));
        }
    }
}

fn one_name(value: &str, is_address: bool) -> String {
    if is_address {
        return value.to_owned();
    }
    truncate_at_word(value.trim().trim_start_matches('#'), LONGEST_NAME)
}

/// A text on one line in double quotes: what JSON escapes, YAML reads.
fn quoted(text: &str) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    serde_json::Value::from(clean.trim()).to_string()
}

/// Titles and summaries are read as a line of Markdown: what would be taken for marks gets a backslash.
fn readable(text: &str, is_html: bool) -> String {
    if title::reduced(text, is_html) == text {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if "\\*_`[]<>&!#~".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A date as it stands there, if the folder source reads it.
fn readable_date(date: &str) -> Option<String> {
    dates::parse(date, Tz::UTC).map(|_| date.trim().to_owned())
}

/// The name of an article, of `[a-z0-9-]` alone.
fn name_of(article: &Imported) -> String {
    let named = article.slug.as_deref().map(percent_decoded);
    let named = named.map(|name| name.trim_end_matches(".html").trim_end_matches(".htm").to_owned());
    let named = named.filter(|name| name.chars().any(char::is_alphanumeric));
    slug(
        &named
            .or_else(|| article.title.clone())
            .unwrap_or_else(|| "article".to_owned()),
    )
}

fn percent_decoded(text: &str) -> String {
    let pairs = format!("x={}", text.replace('+', "%2B").replace('&', "%26"));
    let decoded = url::form_urlencoded::parse(pairs.as_bytes()).next();
    decoded.map_or_else(|| text.to_owned(), |(_, value)| value.into_owned())
}

/// The path of the old address, which the article keeps on the author's own site.
fn path_of(article: &Imported) -> Option<String> {
    let written = article.url.as_deref().filter(|_| !article.is_hosted)?.trim();
    let base = Url::parse("https://site.invalid/").ok()?;
    let url = base
        .join(written)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))?;
    // `/blog/?p=123` is one of many articles of the same path: the number alone tells them apart.
    if url.query_pairs().any(|(key, _)| NUMBERS.contains(&key.as_ref())) {
        return None;
    }
    let path = url.path();
    let is_one = path.len() > 1 && path.len() <= LONGEST_ADDRESS && !path.contains('\\');
    is_one.then(|| path.replace(':', "%3A"))
}

/// The whole old address, so that whoever knew the article by it finds it.
fn old_address(article: &Imported) -> Option<String> {
    article
        .url
        .as_deref()
        .and_then(address)
        .filter(|url| url.starts_with("http"))
}

/// An address that can be read, absolute or from the root.
fn address(text: &str) -> Option<String> {
    let text = text.trim();
    let is_absolute =
        Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.username().is_empty());
    let is_one = is_absolute || text.starts_with('/') && !text.starts_with("//");
    (is_one && text.len() <= LONGEST_ADDRESS && !text.contains(char::is_whitespace)).then(|| text.to_owned())
}
