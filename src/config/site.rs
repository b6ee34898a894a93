//! `[site]`: the author's site, and how letters and pages look.

use config::Value;
use url::Url;

use super::section::Section;
use super::value::{Read, base_address, colour, email, filled, language, one_of, text, web_address};
use crate::model::address::EmailAddress;

/// `[site]`
#[derive(Debug, Clone)]
pub struct Site {
    /// The site's name.
    pub title: String,
    /// One or two sentences; empty when not given.
    pub description: String,
    /// The author's site, with a trailing slash; Letterpress itself lives at `http.public_url`.
    pub url: Url,
    /// BCP 47 tag.
    pub language: String,
    /// Who writes.
    pub author: SiteAuthor,
    /// `[site.theme]`: colours and type of letters and pages.
    pub theme: Theme,
}

/// `site.author`
#[derive(Debug, Clone, Default)]
pub struct SiteAuthor {
    /// The author's name.
    pub name: String,
    /// Where answers and notices go; stays out of feeds.
    pub email: Option<EmailAddress>,
    /// The author's page.
    pub url: Option<Url>,
    /// One or two sentences at the end of a letter; empty for none.
    pub note: String,
}

/// `[site.theme]`. Colours are `#rrggbb`.
#[derive(Debug, Clone)]
pub struct Theme {
    /// Links and buttons.
    pub accent: String,
    /// The same in the dark.
    pub accent_dark: String,
    /// `serif` or `sans`.
    pub font: String,
    /// Absolute URL of a picture; `None` prints the title instead.
    pub logo: Option<String>,
    /// Postal address or imprint, in every letter's footer; empty for none.
    pub footer_address: String,
}

impl Default for Theme {
    fn default() -> Self {
        Self {
            accent: "#8a3b12".to_owned(),
            accent_dark: "#f0a878".to_owned(),
            font: "serif".to_owned(),
            logo: None,
            footer_address: String::new(),
        }
    }
}

/// Reads `[site]`; without `url` the site is taken to be where this service is.
pub(super) fn read(mut section: Section<'_>, public_url: &Url, has_sources: bool) -> Site {
    let url = if has_sources {
        let remedy = "write the address of your site: links to articles are made from it";
        section.require("url", remedy, base_address)
    } else {
        section.get("url", base_address)
    };
    let url = url.unwrap_or_else(|| public_url.clone());
    let site = Site {
        title: section
            .get("title", filled)
            .unwrap_or_else(|| url.host_str().unwrap_or("Letterpress").to_owned()),
        description: section.get("description", text).unwrap_or_default(),
        language: section.get("language", language).unwrap_or_else(|| "en".to_owned()),
        author: read_author(section.section("author")),
        theme: read_theme(section.section("theme")),
        url,
    };
    section.close();
    site
}

fn read_author(mut section: Section<'_>) -> SiteAuthor {
    let author = SiteAuthor {
        name: section.get("name", filled).unwrap_or_default(),
        email: section.get("email", email),
        url: section.get("url", web_address),
        note: section.get("note", text).unwrap_or_default(),
    };
    section.close();
    author
}

fn read_theme(mut section: Section<'_>) -> Theme {
    let built_in = Theme::default();
    let theme = Theme {
        accent: section.get("accent", colour).unwrap_or(built_in.accent),
        accent_dark: section.get("accent_dark", colour).unwrap_or(built_in.accent_dark),
        font: section.get("font", font).unwrap_or(built_in.font),
        logo: section.get("logo", web_address).map(String::from),
        footer_address: section.get("footer_address", text).unwrap_or_default(),
    };
    section.close();
    theme
}

fn font(value: &Value) -> Read<String> {
    one_of(&[("serif", "serif"), ("sans", "sans")])(value).map(str::to_owned)
}
