//! Context of what stands under every article in feeds (`feeds.md` 6.7).

use serde::Serialize;

use super::letters::Link;
use super::{Moment, Site};
use crate::config;

/// Nothing but the article and the site, so that every node prints the same.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Footer {
    /// The author's site, in the article's language.
    pub site: Site,
    /// The article above it.
    pub article: Above,
}

/// The article above a footer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Above {
    /// Never empty.
    pub title: String,
    /// Absolute.
    pub url: String,
    /// The first category.
    pub category: Option<Link>,
    /// Names of tags.
    pub tags: Vec<String>,
    /// The first author.
    pub author: Option<Link>,
    /// When it was published, UTC.
    pub date: Moment,
    /// BCP 47; may be empty.
    pub language: String,
}

impl Footer {
    /// The footer of an article on the site.
    pub fn new(site: &config::Site, article: Above) -> Self {
        let language = if article.language.is_empty() {
            &site.language
        } else {
            &article.language
        };
        Self {
            site: Site::new(site, language),
            article,
        }
    }
}
