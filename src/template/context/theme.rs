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
    /// Of corners, in pixels.
    pub radius: u32,
    /// Picture in place of the title.
    pub logo: Option<Logo>,
    /// Portrait beside the author's note.
    pub author_photo: Option<String>,
    /// Postal address or imprint, line by line; may be empty.
    pub footer_address: Vec<String>,
}

/// A picture in place of the title.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Logo {
    /// Absolute.
    pub url: String,
    /// Absolute; where the reader's screen is dark.
    pub url_dark: Option<String>,
    /// The site's title.
    pub alt: String,
    /// Pixels; `None`: as wide as it is, up to 240.
    pub width: Option<u32>,
}

impl Theme {
    /// The theme of the settings; `title` is what a logo says to those who cannot see it.
    pub fn new(theme: &config::Theme, title: &str) -> Self {
        let (light, dark) = (theme.light.clone(), theme.dark.clone());
        Self {
            accent: light.accent,
            accent_dark: dark.accent,
            on_accent: light.on_accent,
            on_accent_dark: dark.on_accent,
            background: light.background,
            background_dark: dark.background,
            surface: light.surface,
            surface_dark: dark.surface,
            text: light.text,
            text_dark: dark.text,
            muted: light.muted,
            muted_dark: dark.muted,
            border: light.border,
            border_dark: dark.border,
            font: font_stack(&theme.font).to_owned(),
            radius: theme.radius,
            logo: theme.logo.as_ref().map(|url| Logo {
                url: url.clone(),
                url_dark: theme.logo_dark.clone(),
                alt: title.to_owned(),
                width: theme.logo_width,
            }),
            author_photo: theme.author_photo.clone(),
            footer_address: theme
                .footer_address
                .lines()
                .map(|line| line.trim().to_owned())
                .collect(),
        }
    }

    /// The variables of `pages.css` that the author's theme decides.
    pub(crate) fn page_style(&self) -> String {
        let scheme = |[accent, on_accent, ground, sheet, text, muted, line]: [&String; 7]| {
            format!(
                "--accent: {accent}; --on-accent: {on_accent}; --ground: {ground}; --sheet: {sheet}; --text: {text}; \
                 --muted: {muted}; --line: {line};"
            )
        };
        let day = scheme([
            &self.accent,
            &self.on_accent,
            &self.background,
            &self.surface,
            &self.text,
            &self.muted,
            &self.border,
        ]);
        let night = scheme([
            &self.accent_dark,
            &self.on_accent_dark,
            &self.background_dark,
            &self.surface_dark,
            &self.text_dark,
            &self.muted_dark,
            &self.border_dark,
        ]);
        format!(
            ":root {{ {day} --font: {}; }}\n@media (prefers-color-scheme: dark) {{ :root {{ {night} }} }}\n",
            self.font,
        )
    }
}

/// The stack of a word, or the author's own.
fn font_stack(font: &str) -> &str {
    match font {
        "serif" => SERIF,
        "sans" => SANS,
        own => own,
    }
}
