//! Atom 1.0 (RFC 4287), written with the crate `atom_syndication`.

use std::collections::BTreeMap;

use atom_syndication::{
    Category, Content, Entry as AtomEntry, Feed, FixedDateTime, Generator, Link, Person, Text, WriteConfig,
};

use crate::model::entry::{Byline, Label, Language};
use crate::model::feed_date::FeedDate;
use crate::model::feed_key::Format;
use crate::model::feed_meta::FeedMeta;

use super::element;
use super::{GENERATOR, Item, MAJOR_VERSION, RenderError, prolog};

const PLAIN: WriteConfig = WriteConfig {
    write_document_declaration: false,
    indent_size: None,
};
const END: &str = "</feed>";
const ENTRY: &str = "<entry xmlns=\"http://www.w3.org/2005/Atom\">";

/// The Atom document of one scope. RFC 4287's grammar wants entries last, and the crate writes foreign elements behind
/// them: so the head is written alone, and the entries are put in before its end.
pub(super) fn document(meta: &FeedMeta, items: &[Item<'_>]) -> Result<String, RenderError> {
    let mut elements = vec![element::hint(meta)];
    elements.extend(element::archive(meta));
    elements.extend(element::deleted(meta));
    let mut namespaces = element::namespaces(&elements)?;
    for item in items {
        namespaces.extend(element::namespaces(&element::picture(item.entry))?);
    }
    let head = head(meta, element::for_atom(elements), namespaces).write_with_config(Vec::new(), PLAIN)?;
    let head = utf8(&head)?
        .strip_suffix(END)
        .ok_or(RenderError::Shape("an Atom feed has no end"))?;
    let mut out = String::with_capacity(items.iter().map(room).sum::<usize>() + head.len() + END.len());
    out.push_str(&prolog(meta));
    out.push_str(&plain_dates(head));
    let mut written = Vec::new();
    for item in items {
        written.clear();
        entry(meta, *item).write_with_config(&mut written, PLAIN)?;
        let inside = utf8(&written)?
            .strip_prefix(ENTRY)
            .ok_or(RenderError::Shape("an Atom entry has no start"))?;
        // Dates stand before the content, by far the longest element; text cannot hold this tag, its `<` is escaped.
        let (details, content) = inside.split_at(inside.find("<content").unwrap_or(inside.len()));
        out.push_str("<entry>");
        out.push_str(&plain_dates(details));
        out.push_str(content);
    }
    out.push_str(END);
    out.push('\n');
    Ok(out)
}

/// About as many bytes as an entry takes: escaped markup is a fifth longer than what it stands for.
fn room(item: &Item<'_>) -> usize {
    1_024 + item.body.html.len() + item.body.html.len() / 4
}

fn utf8(bytes: &[u8]) -> Result<&str, RenderError> {
    std::str::from_utf8(bytes).map_err(|_| RenderError::Shape("Atom is no UTF-8"))
}

/// The crate prints an offset where Z is plainer. Text cannot hold these tags, its `<` is escaped.
fn plain_dates(text: &str) -> String {
    text.replace("+00:00</updated>", "Z</updated>")
        .replace("+00:00</published>", "Z</published>")
}

fn moment(date: FeedDate) -> FixedDateTime {
    date.moment().fixed_offset()
}

fn words(text: &str, language: Option<&Language>) -> Text {
    let mut words = Text::plain(text);
    words.lang = language.map(|tag| tag.as_str().to_owned());
    words
}

fn person(byline: &Byline) -> Person {
    Person {
        name: byline.name.as_str().to_owned(),
        email: None,
        uri: byline.url.as_ref().map(ToString::to_string),
        extensions: BTreeMap::new(),
    }
}

fn link(rel: &str, href: String, media_type: Option<&str>) -> Link {
    Link {
        href,
        rel: rel.to_owned(),
        hreflang: None,
        mime_type: media_type.map(str::to_owned),
        title: None,
        length: None,
    }
}

fn head(
    meta: &FeedMeta,
    extensions: atom_syndication::extension::ExtensionMap,
    namespaces: BTreeMap<String, String>,
) -> Feed {
    let mut links = vec![
        link("alternate", meta.home.to_string(), Some("text/html")),
        link("self", meta.address(Format::Atom), Some(Format::Atom.media_type())),
    ];
    for format in meta.others(Format::Atom) {
        links.push(link("alternate", meta.address(format), Some(format.media_type())));
    }
    for (rel, href) in meta.neighbours(Format::Atom) {
        links.push(link(rel, href, Some(Format::Atom.media_type())));
    }
    links.extend(meta.hubs.iter().map(|hub| link("hub", hub.to_string(), None)));
    Feed {
        title: words(meta.title.as_str(), None),
        id: meta.id.as_str().to_owned(),
        updated: moment(meta.updated),
        authors: vec![Person {
            email: meta.email.as_ref().map(|email| email.as_str().to_owned()),
            ..person(&meta.author)
        }],
        categories: Vec::new(),
        contributors: Vec::new(),
        generator: Some(Generator {
            value: GENERATOR.to_owned(),
            uri: None,
            version: Some(MAJOR_VERSION.to_owned()),
        }),
        icon: meta.icon.as_ref().map(ToString::to_string),
        links,
        logo: meta.logo.as_ref().map(ToString::to_string),
        rights: meta.rights.as_ref().map(|rights| words(rights.as_str(), None)),
        subtitle: meta.description.as_ref().map(|text| words(text.as_str(), None)),
        entries: Vec::new(),
        extensions,
        namespaces,
        base: None,
        lang: meta.language.as_ref().map(|tag| tag.as_str().to_owned()),
    }
}

fn entry(meta: &FeedMeta, Item { entry, body }: Item<'_>) -> AtomEntry {
    let language = entry.language.as_ref();
    let mut links = vec![link("alternate", entry.url.to_string(), Some("text/html"))];
    if let Some(elsewhere) = &entry.external_url {
        links.push(link("related", elsewhere.to_string(), None));
    }
    if let Some(comments) = &entry.comments {
        links.push(link("replies", comments.to_string(), Some("text/html")));
    }
    links.extend(entry.files.iter().map(|file| Link {
        title: file.title.as_ref().map(|title| title.as_str().to_owned()),
        length: file.bytes.map(|bytes| bytes.to_string()),
        ..link("enclosure", file.url.to_string(), Some(file.media_type.as_str()))
    }));
    let category = |label: &Label, kind: &str| Category {
        term: label.slug.as_str().to_owned(),
        scheme: Some(meta.under_base(&format!("{kind}/"))),
        label: Some(label.name.as_str().to_owned()),
    };
    let categories = entry.categories.iter().map(|label| category(label, "category"));
    let tags = entry.tags.iter().map(|label| category(label, "tag"));
    AtomEntry {
        title: words(entry.heading.as_str(), language),
        id: entry.id.iri(&meta.authority),
        updated: moment(entry.updated()),
        authors: entry.authors.iter().map(person).collect(),
        categories: categories.chain(tags).collect(),
        contributors: Vec::new(),
        links,
        published: Some(moment(entry.published)),
        rights: None,
        source: None,
        summary: entry.summary.as_ref().map(|text| words(text.as_str(), language)),
        // The crate's entry has no xml:lang and xml:base of its own.
        content: body.printed.then(|| Content {
            base: Some(entry.url.to_string()),
            lang: language.map(|tag| tag.as_str().to_owned()),
            value: Some(body.html.clone().into_owned()),
            src: None,
            content_type: Some("html".to_owned()),
        }),
        extensions: element::for_atom(element::picture(entry)),
        namespaces: BTreeMap::new(),
    }
}
