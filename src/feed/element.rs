//! Elements of other namespaces, for both crates.
//!
//! The crates declare only some of the prefixes that they print (and `rss` prints `sy` elements only when somebody else
//! declared the prefix), and `atom_syndication` prints attributes of foreign elements unescaped. Here names come from
//! one table, prefixes are collected from what is really printed, and a prefix without a namespace is an error.

use std::collections::BTreeMap;

use crate::model::entry::Entry;
use crate::model::feed_meta::FeedMeta;
use crate::model::media;

use super::{RenderError, escape, words};

const NAMESPACES: [(&str, &str); 11] = [
    ("at", "http://purl.org/atompub/tombstones/1.0"),
    ("atom", "http://www.w3.org/2005/Atom"),
    ("content", "http://purl.org/rss/1.0/modules/content/"),
    ("dc", "http://purl.org/dc/elements/1.1/"),
    ("fh", "http://purl.org/syndication/history/1.0"),
    ("itunes", "http://www.itunes.com/dtds/podcast-1.0.dtd"),
    ("media", "http://search.yahoo.com/mrss/"),
    ("podcast", "https://podcastindex.org/namespace/1.0"),
    ("source", "http://source.scripting.com/"),
    ("sy", "http://purl.org/rss/1.0/modules/syndication/"),
    ("xhtml", "http://www.w3.org/1999/xhtml"),
];

/// An element with a prefix.
#[derive(Debug, Clone)]
pub(super) struct Element {
    name: &'static str,
    text: Option<String>,
    attributes: Vec<(&'static str, String)>,
    children: Vec<Element>,
}

impl Element {
    pub(super) fn new(name: &'static str) -> Self {
        Self {
            name,
            text: None,
            attributes: Vec::new(),
            children: Vec::new(),
        }
    }

    pub(super) fn text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    pub(super) fn attribute(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.attributes.push((name, value.into()));
        self
    }

    pub(super) fn children(mut self, children: Vec<Self>) -> Self {
        self.children = children;
        self
    }

    fn prefix(&self) -> &'static str {
        self.name.split_once(':').map_or("", |(prefix, _)| prefix)
    }

    fn into_rss(self) -> ::rss::extension::Extension {
        ::rss::extension::Extension {
            name: self.name.to_owned(),
            value: self.text,
            attrs: self
                .attributes
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            children: in_order(self.children, Self::into_rss),
        }
    }

    fn into_atom(self) -> atom_syndication::extension::Extension {
        atom_syndication::extension::Extension {
            name: self.name.to_owned(),
            value: self.text,
            attrs: self
                .attributes
                .into_iter()
                .map(|(name, value)| (name.to_owned(), escape(&value)))
                .collect(),
            children: in_order(self.children, Self::into_atom),
        }
    }
}

/// The crates keep children in a map by name and print them in the order of its keys, which are otherwise unused.
fn in_order<T>(children: Vec<Element>, make: impl Fn(Element) -> T) -> BTreeMap<String, Vec<T>> {
    let numbered = children.into_iter().enumerate();
    numbered
        .map(|(at, child)| (format!("{at:04}"), vec![make(child)]))
        .collect()
}

/// The crates' map of foreign elements, which print in the order of `elements`.
type Map<T> = BTreeMap<String, BTreeMap<String, Vec<T>>>;

/// Foreign elements for the crate `rss`.
pub(super) fn for_rss(elements: Vec<Element>) -> Map<::rss::extension::Extension> {
    BTreeMap::from([(String::new(), in_order(elements, Element::into_rss))])
}

/// Foreign elements for the crate `atom_syndication`.
pub(super) fn for_atom(elements: Vec<Element>) -> Map<atom_syndication::extension::Extension> {
    BTreeMap::from([(String::new(), in_order(elements, Element::into_atom))])
}

/// The namespaces that `elements` and those in them need.
pub(super) fn namespaces<'a>(
    elements: impl IntoIterator<Item = &'a Element>,
) -> Result<BTreeMap<String, String>, RenderError> {
    let mut found = BTreeMap::new();
    for element in elements {
        let prefix = element.prefix();
        let (_, uri) = NAMESPACES
            .iter()
            .find(|(known, _)| *known == prefix)
            .ok_or_else(|| RenderError::Prefix(prefix.to_owned()))?;
        found.insert(prefix.to_owned(), (*uri).to_owned());
        found.extend(namespaces(&element.children)?);
    }
    Ok(found)
}

/// The sentence for people who open a feed in a browser.
pub(super) fn hint(meta: &FeedMeta) -> Element {
    let words = words(meta.language.as_ref());
    let link = |text: &str, href: &str| Element::new("xhtml:a").attribute("href", href).text(text);
    let links = Element::new("xhtml:p").children(vec![
        link(words.site, meta.home.as_str()),
        link(words.feeds, &meta.under_base("feeds")),
        link(words.sign_up, meta.sign_up.as_str()),
    ]);
    Element::new("xhtml:div").children(vec![Element::new("xhtml:p").text(words.hint), links])
}

/// What says that a document is an archive (RFC 5005 §4 and Appendix B).
pub(super) fn archive(meta: &FeedMeta) -> Option<Element> {
    meta.is_archive().then(|| Element::new("fh:archive"))
}

/// Entries that are no more (RFC 6721 §3).
pub(super) fn deleted(meta: &FeedMeta) -> impl Iterator<Item = Element> {
    meta.deleted.iter().map(|(id, when)| {
        Element::new("at:deleted-entry")
            .attribute("ref", id.iri(&meta.authority))
            .attribute("when", when.iso())
    })
}

/// The picture that stands for an entry.
pub(super) fn picture(entry: &Entry) -> Vec<Element> {
    let Some(picture) = &entry.image else {
        return Vec::new();
    };
    let sized = |name: &'static str| {
        let element = Element::new(name).attribute("url", picture.url.as_str());
        match picture.pixels {
            Some((width, height)) => element
                .attribute("width", width.to_string())
                .attribute("height", height.to_string()),
            None => element,
        }
    };
    let mut content = sized("media:content").attribute("medium", "image");
    let known = media::by_name(picture.url.as_str()).filter(|known| known.starts_with("image/"));
    if let Some(media_type) = known {
        content = content.attribute("type", media_type);
    }
    vec![sized("media:thumbnail"), content]
}
