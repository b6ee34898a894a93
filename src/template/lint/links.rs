//! Links that lead nowhere, or not where they say.

use dom_query::{Document, Selection};
use url::{Host, Url};

use super::Flaw;

/// Services that hide where a link leads: senders of spam use them, and filters know.
const SHORTENERS: &[&str] = &[
    "bit.ly",
    "tinyurl.com",
    "t.co",
    "goo.gl",
    "ow.ly",
    "is.gd",
    "buff.ly",
    "cutt.ly",
    "rb.gy",
    "t.ly",
];

/// Looks at every link of a letter.
pub(super) fn look(document: &Document) -> Vec<Flaw> {
    document
        .select("a[href]")
        .iter()
        .filter_map(|link| flaw_of(document, &link))
        .collect()
}

/// The addresses on the web that a letter leads to, in order, none twice; jumps inside a page are left off.
pub fn targets(html: &str) -> Vec<String> {
    let document = Document::from(html);
    let mut found: Vec<String> = Vec::new();
    for link in &document.select("a[href]") {
        let Ok(mut url) = Url::parse(link.attr_or("href", "").trim()) else {
            continue;
        };
        url.set_fragment(None);
        if matches!(url.scheme(), "http" | "https") && !found.iter().any(|known| *known == url.as_str()) {
            found.push(url.into());
        }
    }
    found
}

fn flaw_of(document: &Document, link: &Selection<'_>) -> Option<Flaw> {
    let href = link.attr_or("href", "").trim().to_owned();
    let said = link.text().trim().to_owned();
    if said.is_empty() && !has_picture_that_speaks(link) {
        let remedy = "give it words, or its picture an alt text";
        return Some(Flaw::error("links", format!("the link to {href} says nothing"), remedy));
    }
    if let Some(target) = href.strip_prefix('#') {
        let is_there = !target.is_empty() && document.select(&format!("[id='{target}'], [name='{target}']")).exists();
        return (!is_there).then(|| {
            let remedy = "take the jump out, or lead it to the article on your site";
            Flaw::warning("links", format!("the jump {href} leads nowhere"), remedy)
        });
    }
    if href.starts_with("mailto:") || href.starts_with("tel:") {
        return None;
    }
    match Url::parse(&href) {
        Ok(url) => target_flaw(&href, &url, &said),
        Err(_) => {
            let remedy = "write whole addresses: a letter lies on no site that they could be relative to";
            Some(Flaw::error("links", format!("the link {href} is not absolute"), remedy))
        }
    }
}

/// What is wrong with where a link leads, or with what it says about that.
fn target_flaw(href: &str, url: &Url, said: &str) -> Option<Flaw> {
    if !matches!(url.scheme(), "http" | "https") {
        let remedy = "use https: mail programs take other schemes for an attack";
        return Some(Flaw::error(
            "links",
            format!("the link {href} cannot be followed"),
            remedy,
        ));
    }
    if is_inside(url) {
        let remedy = "write the public address";
        return Some(Flaw::error(
            "links",
            format!("the link {href} works on this machine only"),
            remedy,
        ));
    }
    if url.scheme() == "http" {
        let remedy = "use https where the site has it";
        return Some(Flaw::warning(
            "links",
            format!("the link {href} is without encryption"),
            remedy,
        ));
    }
    let host = url.host_str().unwrap_or("").trim_start_matches("www.");
    if SHORTENERS.contains(&host) {
        let remedy = "write the address itself: filters distrust what hides it";
        return Some(Flaw::warning(
            "links",
            format!("the link {href} hides where it leads"),
            remedy,
        ));
    }
    another_name(said, host).map(|named| {
        let message = format!("a link says {named} and leads to {host}");
        Flaw::warning("links", message, "let it say where it leads: this is how thieves write")
    })
}

fn has_picture_that_speaks(link: &Selection<'_>) -> bool {
    link.select("img")
        .iter()
        .any(|image| !image.attr_or("alt", "").trim().is_empty())
}

/// Whether an address means nothing outside of the machine or the network of whoever wrote it.
fn is_inside(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost"
                || [".localhost", ".local", ".internal", ".invalid", ".test", ".lan"]
                    .iter()
                    .any(|end| name.ends_with(end))
        }
        Some(Host::Ipv4(address)) => address.is_loopback() || address.is_private() || address.is_unspecified(),
        Some(Host::Ipv6(address)) => address.is_loopback() || address.is_unspecified(),
        None => true,
    }
}

/// A host that the words of a link name, when it is not the one that the link leads to.
fn another_name(said: &str, host: &str) -> Option<String> {
    if said.split_whitespace().count() != 1 {
        return None;
    }
    let named = match Url::parse(said) {
        Ok(url) => url.host_str()?.to_owned(),
        Err(_) if said.starts_with("www.") => said.split('/').next()?.to_owned(),
        Err(_) => return None,
    };
    let named = named.trim_start_matches("www.").to_ascii_lowercase();
    let belongs = named == host || host.ends_with(&format!(".{named}")) || named.ends_with(&format!(".{host}"));
    (!belongs).then_some(named)
}
