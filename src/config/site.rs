//! `[site]`: the author's site, and how letters and pages look.

use url::Url;

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
