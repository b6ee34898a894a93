//! Colours and type of letters and pages, worked out from the few that the author sets.

use serde::Serialize;

use crate::config;

const SERIF: &str = "Charter, 'Bitstream Charter', 'Iowan Old Style', Georgia, Cambria, serif";
const SANS: &str = "-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";

/// Colours (`#rrggbb`), type and logo. The pairs of text and background have a contrast of at least 4.5 : 1 in both
/// schemes, and no colour is pure white or black, so that plain inversion in a mail program keeps them readable.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Theme {
    /// Links and buttons.
    pub accent: String,
    /// The same in the dark.
    pub accent_dark: String,
    /// Text on a button.
    pub on_accent: String,
    /// The same in the dark.
    pub on_accent_dark: String,
    /// Around the sheet.
    pub background: String,
    /// The same in the dark.
    pub background_dark: String,
    /// The sheet that the text stands on.
    pub surface: String,
    /// The same in the dark.
    pub surface_dark: String,
    /// Text.
    pub text: String,
    /// The same in the dark.
    pub text_dark: String,
    /// Bylines and footers.
    pub muted: String,
    /// The same in the dark.
    pub muted_dark: String,
    /// Rules and frames.
    pub border: String,
    /// The same in the dark.
    pub border_dark: String,
    /// CSS font stack.
    pub font: String,
    /// Picture in place of the title.
    pub logo: Option<Logo>,
    /// Postal address or imprint, line by line; may be empty.
    pub footer_address: Vec<String>,
}

/// A picture in place of the title.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Logo {
    /// Absolute.
    pub url: String,
    /// The site's title.
    pub alt: String,
}

impl Theme {
    /// The theme of the settings; `title` is what a logo says to those who cannot see it.
    pub fn new(theme: &config::Theme, title: &str) -> Self {
        let defaults = config::Theme::default();
        let accent = colour(&theme.accent).unwrap_or(defaults.accent);
        let accent_dark = colour(&theme.accent_dark).unwrap_or(defaults.accent_dark);
        Self {
            on_accent: text_on(&accent),
            on_accent_dark: text_on(&accent_dark),
            accent,
            accent_dark,
            background: "#f4f0e8".to_owned(),
            background_dark: "#171513".to_owned(),
            surface: "#fefcf8".to_owned(),
            surface_dark: "#211e1b".to_owned(),
            text: "#28231e".to_owned(),
            text_dark: "#e9e2d8".to_owned(),
            muted: "#675e54".to_owned(),
            muted_dark: "#aaa194".to_owned(),
            border: "#e2dacd".to_owned(),
            border_dark: "#3b3630".to_owned(),
            font: font_stack(&theme.font).to_owned(),
            logo: theme.logo.as_ref().map(|url| Logo {
                url: url.clone(),
                alt: title.to_owned(),
            }),
            footer_address: theme
                .footer_address
                .lines()
                .map(|line| line.trim().to_owned())
                .collect(),
        }
    }
}

impl Theme {
    /// The variables of `pages.css` that the author's theme decides.
    pub(crate) fn page_style(&self) -> String {
        let variables = |accent: &str, on_accent: &str| format!("--accent: {accent}; --on-accent: {on_accent};");
        format!(
            ":root {{ {} --font: {}; }}\n@media (prefers-color-scheme: dark) {{ :root {{ {} }} }}\n",
            variables(&self.accent, &self.on_accent),
            self.font,
            variables(&self.accent_dark, &self.on_accent_dark),
        )
    }
}

fn font_stack(word: &str) -> &'static str {
    if word == "sans" { SANS } else { SERIF }
}

/// The colour in lower case when it is `#rrggbb`; anything else never reaches a style sheet.
fn colour(text: &str) -> Option<String> {
    let digits = text.strip_prefix('#')?;
    (digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit())).then(|| text.to_ascii_lowercase())
}

/// Near-white or near-black, whichever is easier to read on `background`.
fn text_on(background: &str) -> String {
    let (light, dark) = ("#fefcf8", "#1b1713");
    let better = if contrast(background, light) >= contrast(background, dark) {
        light
    } else {
        dark
    };
    better.to_owned()
}

/// Contrast of two colours (WCAG 2.2, 1.4.3), 1 to 21; `#rrggbb` both.
pub(crate) fn contrast(one: &str, other: &str) -> f64 {
    let (a, b) = (luminance(one), luminance(other));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn luminance(colour: &str) -> f64 {
    let part = |at: usize| {
        let value = colour.get(at..at + 2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        let share = f64::from(value.unwrap_or(0)) / 255.0;
        if share <= 0.04045 {
            share / 12.92
        } else {
            ((share + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_can_read_the_default_colours_by_day_and_by_night() {
        let theme = Theme::new(&config::Theme::default(), "");
        for (text, ground) in [
            (&theme.text, &theme.surface),
            (&theme.muted, &theme.surface),
            (&theme.muted, &theme.background),
            (&theme.accent, &theme.surface),
            (&theme.accent, &theme.background),
            (&theme.on_accent, &theme.accent),
            (&theme.text_dark, &theme.surface_dark),
            (&theme.muted_dark, &theme.surface_dark),
            (&theme.muted_dark, &theme.background_dark),
            (&theme.accent_dark, &theme.surface_dark),
            (&theme.accent_dark, &theme.background_dark),
            (&theme.on_accent_dark, &theme.accent_dark),
        ] {
            assert!(contrast(text, ground) >= 4.5, "{text} on {ground}");
        }
    }

    #[test]
    fn a_colour_that_is_none_never_reaches_a_style_sheet() {
        let hostile = config::Theme {
            accent: "red;}body{display:none".to_owned(),
            ..config::Theme::default()
        };
        assert_eq!(Theme::new(&hostile, "").accent, config::Theme::default().accent);
    }
}
