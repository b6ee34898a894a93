//! What the head and the marked-up parts of a page say, in the order of `sources.md` SI4.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use dom_query::Document;
use serde_json::Value;

use crate::model::article::{Author, Image};
use crate::model::text::one_line;
use crate::source::dates::{self, Moment};
use crate::source::people;

/// Fields of a page; empty where it says nothing.
#[derive(Debug, Default)]
pub(crate) struct Metadata {
    /// JSON-LD, Open Graph, h-entry, the only `h1`, `<title>` without the site's name.
    pub(crate) title: Option<String>,
    pub(crate) published: Option<Moment>,
    pub(crate) updated: Option<DateTime<Utc>>,
    pub(crate) authors: Vec<Author>,
    pub(crate) tags: Vec<String>,
    pub(crate) categories: Vec<String>,
    pub(crate) summary: Option<String>,
    pub(crate) image: Option<Image>,
    /// Canonical address as written.
    pub(crate) url: Option<String>,
    pub(crate) language: Option<String>,
    pub(crate) direction: Option<String>,
    /// `<base href>`.
    pub(crate) base: Option<String>,
    pub(crate) noindex: bool,
}

impl Metadata {
    pub(super) fn read(document: &Document, site_title: &str, zone: Tz) -> Self {
        let linked = linked_data(document);
        let read = Reader {
            document,
            article: linked.as_ref(),
        };
        Self {
            title: read.title(site_title),
            published: read.published(zone),
            updated: first(&[read.linked("dateModified"), read.meta("article:modified_time")])
                .and_then(|text| dates::parse(&text, zone))
                .map(|m| m.at),
            authors: read.authors(),
            tags: read.all(&["meta[property='article:tag']", "[rel~=tag]"]),
            categories: [
                read.all(&["meta[property='article:section']", ".p-category"]),
                read.linked("articleSection").into_iter().collect(),
            ]
            .concat(),
            summary: first(&[read.meta("description"), read.meta("og:description")]),
            image: read.meta("og:image").map(|url| Image {
                url,
                alt: read.meta("og:image:alt").unwrap_or_default(),
                ..Image::default()
            }),
            url: first(&[read.attribute("link[rel=canonical]", "href"), read.meta("og:url")]),
            language: read.attribute("html", "lang"),
            direction: read.attribute("html", "dir"),
            base: read.attribute("base", "href"),
            noindex: read
                .meta("robots")
                .is_some_and(|robots| robots.to_lowercase().contains("noindex")),
        }
    }
}

struct Reader<'a> {
    document: &'a Document,
    article: Option<&'a Value>,
}

impl Reader<'_> {
    fn attribute(&self, selector: &str, name: &str) -> Option<String> {
        self.document
            .select_single(selector)
            .attr(name)
            .map(|value| value.trim().to_owned())
            .filter(|value| !value.is_empty())
    }

    /// `<meta name|property|itemprop=NAME content>`.
    fn meta(&self, name: &str) -> Option<String> {
        ["property", "name", "itemprop"]
            .iter()
            .find_map(|kind| self.attribute(&format!("meta[{kind}='{name}']"), "content"))
            .map(|text| one_line(&text))
    }

    fn linked(&self, key: &str) -> Option<String> {
        self.article?.get(key)?.as_str().map(one_line)
    }

    fn text(&self, selector: &str) -> Option<String> {
        let found = self.document.select_single(selector);
        Some(one_line(&found.text())).filter(|text| found.exists() && !text.is_empty())
    }

    fn all(&self, selectors: &[&str]) -> Vec<String> {
        let nodes = selectors
            .iter()
            .flat_map(|selector| self.document.select(selector).nodes().to_vec());
        nodes
            .map(|node| {
                node.attr("content")
                    .map_or_else(|| one_line(&node.text()), |content| one_line(&content))
            })
            .filter(|text| !text.is_empty())
            .collect()
    }

    fn title(&self, site_title: &str) -> Option<String> {
        let only_h1 = || match self.document.select("h1").nodes() {
            [only] => Some(one_line(&only.text())).filter(|text| !text.is_empty()),
            _ => None,
        };
        let from_head = || self.text("head title").map(|title| without_site(&title, site_title));
        self.linked("headline")
            .or_else(|| self.meta("og:title"))
            .or_else(|| self.text(".h-entry .p-name"))
            .or_else(only_h1)
            .or_else(from_head)
    }

    fn published(&self, zone: Tz) -> Option<Moment> {
        let marked = ["datetime", "content"]
            .iter()
            .find_map(|name| self.attribute("[itemprop=datePublished]", name));
        let texts = [
            marked,
            self.meta("article:published_time"),
            self.linked("datePublished"),
            self.attribute(".dt-published", "datetime"),
            self.attribute("article time[datetime]", "datetime"),
        ];
        texts.iter().flatten().find_map(|text| dates::parse(text, zone))
    }

    fn authors(&self) -> Vec<Author> {
        let linked = self
            .article
            .and_then(|article| article.get("author"))
            .map(linked_authors)
            .unwrap_or_default();
        if !linked.is_empty() {
            return linked;
        }
        let marked = || self.all(&[".p-author", "[rel=author]"]);
        let names = self.meta("author").map_or_else(marked, |name| vec![name]);
        names
            .iter()
            .filter(|name| !name.contains("://") && name.chars().count() <= 120)
            .map(|name| people::named(name))
            .collect()
    }
}

fn first(texts: &[Option<String>]) -> Option<String> {
    texts.iter().flatten().find(|text| !text.is_empty()).cloned()
}

/// `Title | Site` and `Site - Title` without the site's name.
fn without_site(title: &str, site_title: &str) -> String {
    for mark in [" | ", " – ", " — ", " - ", " · ", " :: ", " « ", " » "] {
        if let Some((first, last)) = title.rsplit_once(mark)
            && last.trim().eq_ignore_ascii_case(site_title)
        {
            return first.trim().to_owned();
        }
        if let Some((first, last)) = title.split_once(mark)
            && first.trim().eq_ignore_ascii_case(site_title)
        {
            return last.trim().to_owned();
        }
    }
    title.to_owned()
}

/// The first article among the page's linked data; parts that are no JSON are passed over.
fn linked_data(document: &Document) -> Option<Value> {
    document
        .select("script[type='application/ld+json']")
        .nodes()
        .iter()
        .find_map(|node| {
            let value: Value = serde_json::from_str(node.text().trim()).ok()?;
            find_article(&value, 0).cloned()
        })
}

fn find_article(value: &Value, depth: usize) -> Option<&Value> {
    if depth > 8 {
        return None;
    }
    match value {
        Value::Array(items) => items.iter().find_map(|item| find_article(item, depth + 1)),
        Value::Object(map) => {
            let is_article = |kind: &Value| {
                kind.as_str()
                    .is_some_and(|kind| kind.ends_with("Article") || kind.ends_with("Posting"))
            };
            let kinds = map.get("@type");
            let found = kinds.is_some_and(|kinds| {
                is_article(kinds) || kinds.as_array().is_some_and(|all| all.iter().any(is_article))
            });
            if found {
                Some(value)
            } else {
                find_article(map.get("@graph").or_else(|| map.get("mainEntity"))?, depth + 1)
            }
        }
        _ => None,
    }
}

fn linked_authors(value: &Value) -> Vec<Author> {
    match value {
        Value::Array(items) => items.iter().flat_map(linked_authors).take(16).collect(),
        Value::String(name) => vec![people::named(&one_line(name))],
        Value::Object(map) => {
            let Some(name) = map.get("name").and_then(Value::as_str) else {
                return Vec::new();
            };
            let url = map
                .get("url")
                .and_then(Value::as_str)
                .filter(|url| url.starts_with("http"))
                .map(str::to_owned);
            vec![Author {
                url,
                ..people::named(&one_line(name))
            }]
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(html: &str) -> Metadata {
        Metadata::read(&Document::from(html), "Workshop Notes", Tz::UTC)
    }

    #[test]
    fn linked_data_comes_first_and_broken_data_is_passed_over() {
        let metadata = read(
            "<script type='application/ld+json'>{broken</script><script type='application/ld+json'>{\"@graph\": [{\"@type\": \"WebSite\", \"datePublished\": \"2001-01-01\"}, \
             {\"@type\": \"BlogPosting\", \"headline\": \"Linked\", \"datePublished\": \"2024-05-03\", \"author\": [{\"name\": \"Jane Doe\", \"url\": \"https://jane.example/\"}]}]}</script>\
             <meta property='og:title' content='Other'><meta name=robots content='noindex, follow'>",
        );
        assert_eq!(metadata.title.as_deref(), Some("Linked"));
        assert_eq!(metadata.published.unwrap().at.format("%F").to_string(), "2024-05-03");
        assert_eq!(metadata.authors[0].url.as_deref(), Some("https://jane.example/"));
        assert!(metadata.noindex);
    }

    #[test]
    fn the_sites_name_is_no_part_of_a_title() {
        for (title, expected) in [
            ("On shelves | Workshop Notes", "On shelves"),
            ("Workshop Notes - On shelves", "On shelves"),
            ("A - B", "A - B"),
        ] {
            assert_eq!(
                read(&format!("<title>{title}</title>")).title.as_deref(),
                Some(expected)
            );
        }
    }
}
