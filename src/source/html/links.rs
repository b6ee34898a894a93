//! Addresses inside an article: absolute, and of a scheme that is safe (`sources.md` FO14, HT3; `feeds.md` 6.4).

use std::sync::atomic::{AtomicU32, Ordering};

use url::Url;

use crate::source::folder::{FolderSettings, Locators};

/// What a `data:` picture may come to.
const LONGEST_DATA: usize = 4 * 1024;
const LONGEST: usize = 2048;

/// Where the addresses of one article lead.
#[derive(Debug)]
pub(crate) struct Links<'a> {
    settings: &'a FolderSettings,
    locators: &'a Locators,
    locator: &'a str,
    /// What relative addresses are relative to: a `<base>` of the page, else the article's own address.
    base: Url,
    /// Links to files that are no articles.
    pub(crate) lost: AtomicU32,
    /// Pictures inside the text that are too large to carry.
    pub(crate) heavy: AtomicU32,
}

impl<'a> Links<'a> {
    pub(crate) fn new(
        settings: &'a FolderSettings,
        locators: &'a Locators,
        locator: &'a str,
        permalink: &Url,
        base: Option<&str>,
    ) -> Self {
        let base = base
            .and_then(|href| permalink.join(href).ok())
            .unwrap_or_else(|| permalink.clone());
        Self {
            settings,
            locators,
            locator,
            base,
            lost: AtomicU32::new(0),
            heavy: AtomicU32::new(0),
        }
    }

    /// Whether frames of any host may stay.
    pub(crate) fn keeps_frames(&self) -> bool {
        !self.settings.source.embeds.is_empty()
    }

    /// The address of a frame that may stay: of a host that the author named, and encrypted.
    pub(crate) fn frame(&self, src: &str) -> Option<String> {
        let address = self.absolute(&without_tricks(src), &["https"])?;
        let url = Url::parse(&address).ok()?;
        let hosts = &self.settings.source.embeds;
        let is_named = hosts.iter().any(|host| url.host_str() == Some(host));
        (is_named && url.port().is_none()).then_some(address)
    }

    /// An address that a link may have; `None` drops it, its text stays.
    pub(crate) fn link(&self, href: &str) -> Option<String> {
        let href = without_tricks(href);
        if Locators::is_file_link(&href) {
            let found = self.locators.resolve(self.settings, self.locator, &href);
            if found.is_none() {
                self.lost.fetch_add(1, Ordering::Relaxed);
            }
            return found;
        }
        self.absolute(&href, &["http", "https", "mailto", "tel"])
    }

    /// An address that a picture may have.
    pub(crate) fn picture(&self, src: &str) -> Option<String> {
        let src = without_tricks(src);
        if src.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("data:")) {
            return self.data(&src);
        }
        let assets = self.settings.source.assets.as_deref().filter(|_| is_beside(&src));
        let Some(assets) = assets else {
            return self.absolute(&src, &["http", "https"]);
        };
        let folder = self.locator.rsplit_once('/').map_or("", |(folder, _)| folder);
        let published = assets.replace(":path", folder) + "/" + src.trim_start_matches("./");
        let published = self
            .settings
            .site_url
            .join(published.replace("//", "/").trim_start_matches('/'))
            .ok()?;
        Some(published.into()).filter(|url: &String| url.len() <= LONGEST)
    }

    fn data(&self, src: &str) -> Option<String> {
        let kind = src.get(5..)?.split([';', ',']).next()?.to_ascii_lowercase();
        if !matches!(kind.as_str(), "image/png" | "image/jpeg" | "image/gif" | "image/webp") {
            return None;
        }
        if src.len() > LONGEST_DATA {
            self.heavy.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        Some(src.to_owned())
    }

    fn absolute(&self, href: &str, schemes: &[&str]) -> Option<String> {
        let url = self.base.join(href).ok()?;
        let good = schemes.contains(&url.scheme()) && url.as_str().len() <= LONGEST;
        good.then(|| url.into())
    }
}

/// Control characters and blanks around hide a scheme from a careless reader.
fn without_tricks(address: &str) -> String {
    address
        .chars()
        .filter(|c| !c.is_control())
        .collect::<String>()
        .trim()
        .to_owned()
}

/// A picture that lies beside the file, not on a server and not at the site's root.
fn is_beside(src: &str) -> bool {
    !src.is_empty() && !src.starts_with(['/', '#']) && !src.contains(':') && !src.starts_with("..")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::folder::tests_support::settings_with;

    #[test]
    fn a_reader_elsewhere_gets_absolute_addresses_only() {
        let settings = settings_with(|_| {});
        let locators = Locators::new(&[]);
        let permalink = Url::parse("https://example.org/2024/my-article/").unwrap();
        let links = Links::new(&settings, &locators, "a/b.md", &permalink, None);
        for (href, expected) in [
            ("x", Some("https://example.org/2024/my-article/x")),
            ("/about/", Some("https://example.org/about/")),
            ("#fn1", Some("https://example.org/2024/my-article/#fn1")),
            ("//cdn.example/x", Some("https://cdn.example/x")),
            ("mailto:a@example.org", Some("mailto:a@example.org")),
            ("tel:+49", Some("tel:+49")),
            ("java\nscript:alert(1)", None),
            (" JavaScript:alert(1)", None),
            ("data:text/html,x", None),
            ("vbscript:x", None),
            ("missing.md", None),
        ] {
            assert_eq!(links.link(href).as_deref(), expected, "{href:?}");
        }
        assert_eq!(links.lost.load(Ordering::Relaxed), 1);
        assert_eq!(
            links.picture("a b.png").as_deref(),
            Some("https://example.org/2024/my-article/a%20b.png")
        );
        assert!(links.picture("data:image/png;base64,AAAA").is_some());
        assert!(links.picture("data:image/svg+xml,x").is_none());
        assert!(
            links
                .picture(&format!("data:image/png;base64,{}", "A".repeat(5000)))
                .is_none()
        );
        assert_eq!(links.heavy.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn pictures_beside_a_file_follow_the_authors_pattern() {
        let settings = settings_with(|source| source.assets = Some("/assets/:path".to_owned()));
        let locators = Locators::new(&[]);
        let permalink = Url::parse("https://example.org/x/").unwrap();
        let links = Links::new(&settings, &locators, "blog/b.md", &permalink, None);
        assert_eq!(
            links.picture("./a.png").as_deref(),
            Some("https://example.org/assets/blog/a.png")
        );
        assert_eq!(links.picture("/a.png").as_deref(), Some("https://example.org/a.png"));
    }
}
