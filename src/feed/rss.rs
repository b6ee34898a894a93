//! RSS 2.0, written with the crate `rss`.

use std::collections::BTreeMap;

use ::rss::extension::atom::{AtomExtension, Link};
use ::rss::extension::dublincore::DublinCoreExtension;
use ::rss::{Category, Channel, Enclosure, Guid, Image};

use crate::model::feed_key::Format;
use crate::model::feed_meta::FeedMeta;
use crate::model::feed_url::FeedUrl;

use super::element::{self, Element};
use super::{GENERATOR, Item, MAJOR_VERSION, RenderError, escape_content, podcast, prolog};

/// The RSS document of one scope.
pub(super) fn document(meta: &FeedMeta, items: &[Item<'_>]) -> Result<String, RenderError> {
    let mut foreign = channel_elements(meta);
    foreign.extend(podcast::head(meta, items));
    let mut namespaces = element::namespaces(&foreign)?;
    let mut written = Vec::with_capacity(items.len());
    for entry in items {
        let elements = item_elements(meta, *entry);
        namespaces.extend(element::namespaces(&elements)?);
        written.push(item(*entry, elements));
    }
    let room: usize = items.iter().map(|item| 1_024 + item.body.html.len()).sum();
    let mut out = Vec::with_capacity(room + room / 8);
    out.extend_from_slice(prolog(meta).as_bytes());
    let prolog = out.len();
    let out = channel(meta, written, foreign, namespaces).write_to(out)?;
    let mut text = String::from_utf8(out).map_err(|_| RenderError::Shape("RSS is no UTF-8"))?;
    let (_, body) = text[prolog..]
        .split_once("?>")
        .ok_or(RenderError::Shape("RSS has no declaration"))?;
    let body = text.len() - body.trim_start().len();
    text.replace_range(prolog..body, "");
    text.truncate(text.trim_end().len());
    text.push('\n');
    Ok(text)
}

fn channel(
    meta: &FeedMeta,
    items: Vec<::rss::Item>,
    foreign: Vec<Element>,
    namespaces: BTreeMap<String, String>,
) -> Channel {
    let title = meta.title.as_str().to_owned();
    Channel {
        link: meta.home.to_string(),
        description: meta
            .description
            .as_ref()
            .map_or_else(|| title.clone(), |d| d.as_str().to_owned()),
        language: meta.language.as_ref().map(|tag| tag.as_str().to_owned()),
        copyright: meta.rights.as_ref().map(|rights| rights.as_str().to_owned()),
        managing_editor: meta
            .email
            .as_ref()
            .map(|email| format!("{} ({})", email.as_str(), meta.author.name.as_str())),
        webmaster: None,
        pub_date: None,
        last_build_date: Some(meta.updated.mail_style()),
        categories: Vec::new(),
        generator: Some(format!("{GENERATOR} {MAJOR_VERSION}")),
        docs: None,
        cloud: None,
        rating: None,
        ttl: meta.minutes.map(|minutes| minutes.to_string()),
        image: meta
            .icon
            .as_ref()
            .filter(|icon| is_old_picture(icon))
            .map(|icon| Image {
                url: icon.to_string(),
                title: title.clone(),
                link: meta.home.to_string(),
                width: None,
                height: None,
                description: None,
            }),
        text_input: None,
        skip_hours: Vec::new(),
        skip_days: Vec::new(),
        items,
        extensions: element::for_rss(foreign),
        atom_ext: Some(AtomExtension { links: links(meta) }),
        itunes_ext: None,
        dublin_core_ext: None,
        syndication_ext: None,
        namespaces,
        title,
    }
}

fn links(meta: &FeedMeta) -> Vec<Link> {
    let own = ("self", meta.address(Format::Rss), Format::Rss);
    let others = meta
        .others(Format::Rss)
        .map(|format| ("alternate", meta.address(format), format));
    let neighbours = meta
        .neighbours(Format::Rss)
        .into_iter()
        .map(|(rel, href)| (rel, href, Format::Rss));
    let link = |rel: &str, href, mime_type| Link {
        href,
        rel: rel.to_owned(),
        hreflang: None,
        mime_type,
        title: None,
        length: None,
    };
    std::iter::once(own)
        .chain(others)
        .chain(neighbours)
        .map(|(rel, href, format)| link(rel, href, Some(format.media_type().to_owned())))
        .chain(meta.hubs.iter().map(|hub| link("hub", hub.to_string(), None)))
        .collect()
}

/// RSS 2.0 knows GIF, JPEG and PNG; an address without an ending may be any.
fn is_old_picture(icon: &FeedUrl) -> bool {
    let ending = icon.as_str().rsplit_once('.').map_or("", |(_, ending)| ending);
    let is_ending = !ending.is_empty() && ending.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let is_known = ["gif", "jpeg", "jpg", "png"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(ending));
    is_known || !is_ending
}

/// The crate's own `sy` element prints a malformed `updateBase` that cannot be left out.
fn channel_elements(meta: &FeedMeta) -> Vec<Element> {
    let mut elements = vec![element::hint(meta)];
    if let Some(minutes) = meta.minutes {
        let (period, length) = match minutes {
            0..=60 => ("hourly", 60),
            61..=1_440 => ("daily", 1_440),
            _ => ("weekly", 10_080),
        };
        let frequency = (length / minutes.max(1)).max(1);
        elements.push(Element::new("sy:updatePeriod").text(period));
        elements.push(Element::new("sy:updateFrequency").text(frequency.to_string()));
    }
    elements.extend(element::archive(meta));
    elements
}

fn item_elements(meta: &FeedMeta, Item { entry, body }: Item<'_>) -> Vec<Element> {
    let mut elements = element::picture(entry);
    elements.extend(podcast::item(meta.podcast.as_ref(), entry));
    if let Some(markdown) = body.markdown.filter(|_| body.printed) {
        elements.push(Element::new("source:markdown").text(markdown.as_str()));
    }
    if let Some(edited) = entry.edited {
        elements.push(Element::new("atom:updated").text(edited.iso()));
    }
    elements
}

fn item(Item { entry, body }: Item<'_>, foreign: Vec<Element>) -> ::rss::Item {
    // RSS 2.0 wants a title or a description in every item, the RSS Advisory Board's profile a description before content.
    let words = entry
        .summary
        .as_ref()
        .or((entry.title.is_none() || body.printed).then_some(&entry.heading));
    let creators: Vec<String> = entry
        .authors
        .iter()
        .map(|author| author.name.as_str().to_owned())
        .collect();
    let category = |name: &str| Category {
        name: name.to_owned(),
        domain: None,
    };
    ::rss::Item {
        title: entry.title.as_ref().map(|title| title.as_str().to_owned()),
        link: Some(entry.url.to_string()),
        description: words.map(|text| escape_content(text.as_str())),
        // <author> must be an e-mail address, and addresses stay out of feeds: names go into dc:creator.
        author: None,
        categories: entry.labels().into_iter().map(|name| category(name.as_str())).collect(),
        comments: entry.comments.as_ref().map(ToString::to_string),
        // Readers know one enclosure, and RSS 2.0 wants its length: 0 where nobody knows it.
        enclosure: entry.files.first().map(|file| Enclosure {
            url: file.url.to_string(),
            length: file.bytes.unwrap_or(0).to_string(),
            mime_type: file.media_type.as_str().to_owned(),
        }),
        guid: Some(Guid {
            value: entry.id.as_str().to_owned(),
            // The crate leaves the flag out where it is true, which is what RSS says of a guid without one.
            permalink: entry.is_permalink,
        }),
        pub_date: Some(entry.published.mail_style()),
        source: None,
        content: body.printed.then(|| body.html.clone().into_owned()),
        extensions: element::for_rss(foreign),
        atom_ext: None,
        itunes_ext: None,
        dublin_core_ext: (!creators.is_empty()).then(|| DublinCoreExtension {
            creators,
            ..DublinCoreExtension::default()
        }),
    }
}
