//! The feeds that a page announces: `<link rel="alternate">` in its head, as readers look for them.

use dom_query::Document;
use url::Url;

use crate::model::feed_key::Format;

/// A feed that a page announces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    /// As it is written.
    pub href: String,
    /// Where that leads; `None` when it is no address.
    pub url: Option<Url>,
    /// `application/rss+xml` and its like, in lower case.
    pub media_type: String,
    /// What readers show; may be empty.
    pub title: String,
}

impl Announced {
    /// Whether the address stands there whole.
    pub fn is_absolute(&self) -> bool {
        Url::parse(&self.href).is_ok()
    }
}

/// The feeds that a page announces, in its order; `address` is where the page was read.
pub fn announced(page: &str, address: &Url) -> Vec<Announced> {
    let document = Document::from(page);
    let base = document.select("base[href]");
    let base = base.attr("href").and_then(|href| address.join(href.trim()).ok());
    let base = base.as_ref().unwrap_or(address);
    let links = document.select("link[rel][type][href]");
    let found = links.iter().filter_map(|link| {
        let is_alternate = link
            .attr_or("rel", "")
            .split_ascii_whitespace()
            .any(|rel| rel.eq_ignore_ascii_case("alternate"));
        let media_type = link
            .attr_or("type", "")
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        let href = link.attr_or("href", "").trim().to_owned();
        (is_alternate && is_feed(&media_type)).then(|| Announced {
            url: base.join(&href).ok(),
            title: link.attr_or("title", "").trim().to_owned(),
            media_type,
            href,
        })
    });
    found.collect()
}

/// WordPress announces its API as plain JSON, so that is no feed.
fn is_feed(media_type: &str) -> bool {
    Format::ALL.iter().any(|format| format.media_type() == media_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_as_readers_read_it() {
        let page = r#"<head><base href="/blog/">
            <link rel="alternate" type="application/rss+xml" title="Notes" href="rss.xml">
            <link rel="Alternate Home" type="Application/Atom+XML; charset=utf-8" href="https://feeds.example.org/atom">
            <link rel="alternate" type="application/json" href="/wp-json/1">
            <link rel="alternate" hreflang="de" href="/de/">
            <link rel="stylesheet" type="text/css" href="a.css">
            <link rel="alternate" type="application/feed+json" href="http://[">"#;
        let found = announced(page, &"https://example.org/about/".parse().unwrap());
        let seen: Vec<(&str, Option<&str>, bool)> = found
            .iter()
            .map(|one| (one.title.as_str(), one.url.as_ref().map(Url::as_str), one.is_absolute()))
            .collect();
        assert_eq!(
            seen,
            [
                ("Notes", Some("https://example.org/blog/rss.xml"), false),
                ("", Some("https://feeds.example.org/atom"), true),
                ("", None, false),
            ]
        );
    }
}
