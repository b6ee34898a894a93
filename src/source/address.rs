//! The address of an article: header, pattern, path (`sources.md` FO8).

use chrono::{DateTime, Datelike, Utc};
use unicode_normalization::UnicodeNormalization;
use url::Url;

use crate::model::article::{Problem, Term};

use super::fields::Fields;
use super::folder::FolderSettings;
use super::naming::Naming;

/// Bytes of an address at most.
const LONGEST: usize = 2048;

/// What an address is made of, beside the header.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    pub(super) naming: &'a Naming<'a>,
    pub(super) date: Option<DateTime<Utc>>,
    pub(super) language: &'a str,
    /// Header `slug` or `basename`.
    pub(super) slug: Option<&'a str>,
    pub(super) categories: &'a [Term],
}

/// The first address that is good: header, pattern, path. Addresses that are not are problems.
pub(super) fn address(
    settings: &FolderSettings,
    fields: &Fields<'_>,
    parts: &Parts<'_>,
    problems: &mut Vec<Problem>,
) -> Url {
    for field in fields.all("url", &["url", "permalink", "path", "canonical_url"]) {
        let Some(text) = field.value.text() else { continue };
        let canonical = super::header::normal_key(field.key) == "canonical_url";
        match from_header(settings, parts, text.trim(), canonical) {
            Ok(Some(url)) => return url,
            Ok(None) => {}
            Err(why) => {
                let message = format!("`{}: {text}` is no address of an article: {why}", field.key);
                problems.push(fields.problem(field.key, "bad_url", message, "write a path such as /2024/my-article/"));
            }
        }
    }
    let pattern = settings.source.permalink.as_deref().map_or("/:path/", preset);
    expand(pattern, settings, parts)
        .and_then(|path| beneath_site(&settings.site_url, &path).ok())
        .or_else(|| expand("/:path/", settings, parts).and_then(|path| beneath_site(&settings.site_url, &path).ok()))
        .unwrap_or_else(|| settings.site_url.clone())
}

/// Where a page of a site lies that no field gives an address: its path, without `index.html`.
pub(super) fn of_page(settings: &FolderSettings, fields: &Fields<'_>, locator: &str) -> Option<Url> {
    let is_site = matches!(settings.source.kind, crate::config::SourceKind::Site(_));
    if !is_site
        || !fields
            .all("url", &["url", "permalink", "path", "canonical_url"])
            .is_empty()
    {
        return None;
    }
    let path: Vec<String> = locator.split('/').map(encode).collect();
    let path = path.join("/");
    let path = path.strip_suffix("index.html").unwrap_or(&path);
    beneath_site(&settings.site_url, path).ok()
}

/// Earlier addresses that the header names, absolute; those that are none are passed over.
pub(super) fn aliases(settings: &FolderSettings, fields: &Fields<'_>) -> Vec<String> {
    let fields = fields.all("aliases", &["aliases", "alias", "redirect_from"]);
    let texts = fields.iter().flat_map(|field| super::people::texts(field.value));
    texts
        .filter_map(|text| from_path_or_url(settings, &text, true).ok())
        .map(String::from)
        .take(64)
        .collect()
}

fn from_header(
    settings: &FolderSettings,
    parts: &Parts<'_>,
    text: &str,
    canonical: bool,
) -> Result<Option<Url>, &'static str> {
    if !text.contains("://") && text.contains(':') {
        return match expand(text, settings, parts) {
            Some(path) => from_path_or_url(settings, &path, canonical).map(Some),
            None => Ok(None),
        };
    }
    from_path_or_url(settings, text, canonical).map(Some)
}

fn from_path_or_url(settings: &FolderSettings, text: &str, any_host: bool) -> Result<Url, &'static str> {
    let text: String = text.nfc().collect();
    if text.contains("://") {
        climbs(text.split("://").nth(1).unwrap_or(""))?;
        let url = Url::parse(&text).map_err(|_| "it cannot be read")?;
        if !matches!(url.scheme(), "http" | "https") || !url.username().is_empty() || url.password().is_some() {
            return Err("only http and https addresses without a login are taken");
        }
        if !any_host && url.host_str() != settings.site_url.host_str() {
            return Err("it lies on another host than `site.url`");
        }
        return short_enough(url);
    }
    beneath_site(&settings.site_url, &text)
}

/// A path from the site's root; the site may itself lie in a folder of its host.
fn beneath_site(site: &Url, path: &str) -> Result<Url, &'static str> {
    climbs(path)?;
    let inside = path.strip_prefix(site.path()).unwrap_or(path).trim_start_matches('/');
    // Without the leading `./`, a first segment with a colon would be read as a scheme.
    let url = site.join(&format!("./{inside}")).map_err(|_| "it cannot be read")?;
    short_enough(url)
}

fn short_enough(url: Url) -> Result<Url, &'static str> {
    if url.as_str().len() > LONGEST {
        Err("it is longer than 2,048 bytes")
    } else {
        Ok(url)
    }
}

/// Dot segments, raw or encoded, and backslashes would lead out of the site.
fn climbs(path: &str) -> Result<(), &'static str> {
    if path.contains('\\') || path.chars().any(char::is_control) {
        return Err("it holds a backslash or a control character");
    }
    let end = path.find(['?', '#']).unwrap_or(path.len());
    let plain = path[..end]
        .to_ascii_lowercase()
        .replace("%2e", ".")
        .replace("%2f", "/")
        .replace("%5c", "/");
    if plain.split('/').any(|segment| segment == ".." || segment == ".") {
        return Err("it holds dot segments");
    }
    Ok(())
}

/// The pattern that a generator uses by default.
fn preset(name: &str) -> &str {
    match name {
        "jekyll" => "/:categories/:year/:month/:day/:title.html",
        "hugo" | "zola" | "eleventy" | "gatsby" => "/:path/",
        "hexo" => "/:year/:month/:day/:title/",
        "pelican" => "/:slug.html",
        "docusaurus" => "/blog/:year/:month/:day/:slug",
        pattern => pattern,
    }
}

/// Fills the placeholders of a pattern; `None` when it asks for a date and there is none.
fn expand(pattern: &str, settings: &FolderSettings, parts: &Parts<'_>) -> Option<String> {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some(at) = rest.find(':') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let length = rest
            .bytes()
            .take_while(|b| b.is_ascii_lowercase() || *b == b'_')
            .count();
        let (name, behind) = placeholder(&rest[..length])?;
        out.push_str(&value_of(name, settings, parts)?);
        rest = &rest[length - behind..];
    }
    out.push_str(rest);
    while out.contains("//") {
        out = out.replace("//", "/");
    }
    Some(out)
}

const PLACEHOLDERS: &[&str] = &[
    "categories",
    "basename",
    "filename",
    "i_month",
    "section",
    "i_day",
    "month",
    "title",
    "slug",
    "year",
    "path",
    "lang",
    "day",
];

/// The longest placeholder at the start of a word, and how many characters of the word are not part of it.
fn placeholder(word: &str) -> Option<(&'static str, usize)> {
    let name = PLACEHOLDERS.iter().find(|name| word.starts_with(**name))?;
    Some((name, word.len() - name.len()))
}

fn value_of(name: &str, settings: &FolderSettings, parts: &Parts<'_>) -> Option<String> {
    let naming = parts.naming;
    let local = || parts.date.map(|at| at.with_timezone(&settings.source.time_zone));
    Some(match name {
        "year" => format!("{:04}", local()?.year()),
        "month" => format!("{:02}", local()?.month()),
        "day" => format!("{:02}", local()?.day()),
        "i_month" => local()?.month().to_string(),
        "i_day" => local()?.day().to_string(),
        "slug" | "basename" => encode(parts.slug.unwrap_or(naming.stem)),
        "title" | "filename" => encode(naming.stem),
        "section" => naming.folders.first().map(|folder| encode(folder)).unwrap_or_default(),
        "lang" => parts.language.to_owned(),
        "path" => {
            let folders = naming.folders.iter().map(|folder| encode(folder));
            folders
                .chain([encode(parts.slug.unwrap_or(naming.stem))])
                .collect::<Vec<_>>()
                .join("/")
        }
        // Jekyll counts the folders before `_posts` as categories.
        _ => {
            let folders = naming
                .folders
                .iter()
                .filter(|folder| !folder.starts_with('_'))
                .map(|folder| encode(folder));
            let terms = parts.categories.iter().map(|term| term.slug.clone());
            folders.chain(terms).collect::<Vec<_>>().join("/")
        }
    })
}

/// One path segment: NFC, blanks become `-`, everything that means something in an address is percent-encoded.
fn encode(segment: &str) -> String {
    let mut out = String::with_capacity(segment.len());
    for c in segment.nfc() {
        match c {
            c if c.is_whitespace() => out.push('-'),
            '%' | '#' | '?' | '/' | '\\' | '"' | '<' | '>' | '`' | '{' | '}' | '|' | '^' | '[' | ']' | ':' => {
                let mut bytes = [0u8; 4];
                for byte in c.encode_utf8(&mut bytes).bytes() {
                    out.push('%');
                    out.push(char::from(b"0123456789ABCDEF"[usize::from(byte >> 4)]));
                    out.push(char::from(b"0123456789ABCDEF"[usize::from(byte & 15)]));
                }
            }
            c => out.push(c),
        }
    }
    // A name of dots alone would be a dot segment.
    if out.bytes().all(|b| b == b'.') {
        out.replace('.', "-")
    } else {
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::folder::tests_support::settings_with;
    use crate::source::header::split;
    use std::collections::BTreeMap;

    fn made(locator: &str, header: &str, permalink: Option<&str>) -> (String, usize) {
        let text = format!("---\n{header}\n---\n");
        let header = split(&text).unwrap();
        let map = BTreeMap::new();
        let fields = Fields::new(&header, &map, locator);
        let settings = settings_with(|source| source.permalink = permalink.map(str::to_owned));
        let naming = Naming::of(locator);
        let slug = fields.first("slug", &["slug"]).and_then(|field| field.value.text());
        let parts = Parts {
            naming: &naming,
            date: DateTime::from_timestamp(1_726_099_200, 0),
            language: "en",
            slug,
            categories: &[],
        };
        let mut problems = Vec::new();
        (
            address(&settings, &fields, &parts, &mut problems).to_string(),
            problems.len(),
        )
    }

    #[test]
    fn an_address_comes_from_the_header_the_pattern_or_the_path() {
        for (locator, header, pattern, expected) in [
            ("a/b.md", "title: x", None, "https://example.org/a/b/"),
            ("a/2024-01-02-b.md", "title: x", None, "https://example.org/a/b/"),
            ("a/b/index.md", "title: x", None, "https://example.org/a/b/"),
            ("b.md", "url: csv", None, "https://example.org/csv"),
            ("b.md", "permalink: /x/y/", None, "https://example.org/x/y/"),
            (
                "b.md",
                "path: 2024/01/02/x",
                Some("/:slug/"),
                "https://example.org/2024/01/02/x",
            ),
            (
                "b.md",
                "permalink: https://example.org/z",
                None,
                "https://example.org/z",
            ),
            (
                "b.md",
                "canonical_url: https://elsewhere.example/z",
                None,
                "https://elsewhere.example/z",
            ),
            ("b.md", "permalink: /:title", None, "https://example.org/b"),
            (
                "2024-01-02-b.md",
                "title: x",
                Some("/:year/:month/:day/:slug/"),
                "https://example.org/2024/09/12/b/",
            ),
            (
                "b.md",
                "slug: other",
                Some("/:year/:i_month/:slug.html"),
                "https://example.org/2024/9/other.html",
            ),
            (
                "s/b.md",
                "title: x",
                Some("/:lang/:section/:slug/"),
                "https://example.org/en/s/b/",
            ),
        ] {
            assert_eq!(
                made(locator, header, pattern),
                (expected.to_owned(), 0),
                "{locator} {header}"
            );
        }
    }

    #[test]
    fn names_of_any_script_and_with_any_sign_make_good_addresses() {
        for (locator, header, pattern, expected) in [
            (
                "中文.md",
                "title: x",
                Some("/:slug/"),
                "https://example.org/%E4%B8%AD%E6%96%87/",
            ),
            (
                "hash #1 %20+(x).md",
                "title: x",
                Some("/:slug/"),
                "https://example.org/hash-%231-%2520+(x)/",
            ),
            (
                "a/b.md",
                "title: x",
                Some("jekyll"),
                "https://example.org/a/2024/09/12/b.html",
            ),
        ] {
            assert_eq!(
                made(locator, header, pattern),
                (expected.to_owned(), 0),
                "{locator} {header}"
            );
        }
    }

    #[test]
    fn an_address_that_leads_out_of_the_site_is_told_and_passed_over() {
        for header in [
            "permalink: /%2e%2e/%2E./baddie.html",
            "permalink: ../x",
            "permalink: /a\\b",
            "url: https://elsewhere.example/",
            "url: javascript://x",
            "url: https://me:pw@example.org/",
        ] {
            assert_eq!(
                made("a.md", header, None),
                ("https://example.org/a/".to_owned(), 1),
                "{header}"
            );
        }
    }
}
