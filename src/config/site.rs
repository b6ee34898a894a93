//! `[site]`: the author's site, and how letters and pages look.

use config::Value;
use url::Url;

use super::problem::Wrong;
use super::section::Section;
use super::value::{Read, base_address, colour, email, filled, language, text, web_address, whole};
use crate::model::address::EmailAddress;
use crate::model::palette::{Chosen, Faint, Palette};

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

/// `[site.theme]`
#[derive(Debug, Clone)]
pub struct Theme {
    /// The colours by day.
    pub light: Palette,
    /// The colours by night.
    pub dark: Palette,
    /// `serif`, `sans`, or a CSS font stack.
    pub font: String,
    /// Absolute URL of a picture; `None` prints the title instead.
    pub logo: Option<String>,
    /// The picture where the reader's screen is dark.
    pub logo_dark: Option<String>,
    /// Pixels; `None`: as wide as it is, up to 240.
    pub logo_width: Option<u32>,
    /// Absolute URL of a portrait, beside the author's note.
    pub author_photo: Option<String>,
    /// Of corners, in pixels.
    pub radius: u32,
    /// Postal address or imprint, in every letter's footer; empty for none.
    pub footer_address: String,
}

impl Default for Theme {
    fn default() -> Self {
        let none = Chosen::default();
        Self {
            light: Palette::light(&none),
            dark: Palette::dark(&none, &none),
            font: "serif".to_owned(),
            logo: None,
            logo_dark: None,
            logo_width: None,
            author_photo: None,
            radius: 3,
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
    let day = Chosen {
        accent: section.get("accent", colour),
        background: section.get("background", colour),
        text: section.get("text", colour),
    };
    let night = Chosen {
        accent: section.get("accent_dark", colour),
        background: section.get("background_dark", colour),
        text: section.get("text_dark", colour),
    };
    let theme = Theme {
        light: Palette::light(&day),
        dark: Palette::dark(&night, &day),
        font: section.get("font", font).unwrap_or(built_in.font),
        logo: section.get("logo", web_address).map(String::from),
        logo_dark: section.get("logo_dark", web_address).map(String::from),
        logo_width: section.get("logo_width", pixels(16, 552)),
        author_photo: section.get("author_photo", web_address).map(String::from),
        radius: section.get("radius", pixels(0, 40)).unwrap_or(built_in.radius),
        footer_address: section.get("footer_address", text).unwrap_or_default(),
    };
    warn_of_faint(&section, &theme);
    section.close();
    theme
}

/// Colours that people cannot read well are used all the same: they are the author's.
fn warn_of_faint(section: &Section<'_>, theme: &Theme) {
    let schemes = [
        (&theme.light, ["text", "accent"]),
        (&theme.dark, ["text_dark", "accent_dark"]),
    ];
    for (palette, [text, accent]) in schemes {
        for faint in palette.faint() {
            let key = if faint.role == "text" { text } else { accent };
            let Faint {
                colour,
                ground,
                contrast,
                nearest,
                ..
            } = faint;
            let message = format!("{colour} on {ground} has a contrast of {contrast:.1} : 1, and people need 4.5 : 1");
            let remedy = match nearest {
                Some(nearest) => format!("write `{key} = \"{nearest}\"`, the nearest colour that can be read"),
                None => format!("no {key} can be read on this: choose another background"),
            };
            section.warn(key, Wrong::new(message, &remedy));
        }
    }
}

/// `serif`, `sans`, or names of fonts: nothing that could end a declaration.
fn font(value: &Value) -> Read<String> {
    let stack = text(value)?;
    let is_name = |c: char| c.is_alphanumeric() || " ,-_".contains(c);
    let quotes = stack.matches('\'').count();
    if stack.is_empty() || stack.len() > 200 || quotes % 2 == 1 || !stack.chars().all(|c| is_name(c) || c == '\'') {
        return Err(Wrong::new(
            format!("\"{stack}\" is no list of fonts"),
            "write serif, sans, or names of fonts with commas between them, those with blanks in single quotes",
        ));
    }
    Ok(stack)
}

fn pixels(least: i64, most: u32) -> impl Fn(&Value) -> Read<u32> {
    move |value| {
        let read: u32 = whole(least)(value)?;
        if read > most {
            return Err(Wrong::new(
                format!("{read} pixels are too many"),
                format!("write at most {most}"),
            ));
        }
        Ok(read)
    }
}
