//! What templates can say: one struct per letter and page, each able to make samples of itself.
//!
//! Every field is always there (`null` or empty, never absent), because strict rendering takes a missing one for an
//! error. Texts are plain and unescaped; only fields documented as HTML hold HTML.

pub mod footer;
pub mod letters;
pub mod pages;
pub mod theme;

mod samples;

use chrono::{DateTime, FixedOffset, Utc};
use chrono_tz::Tz;
use serde::Serialize;

use crate::config::{self, Settings};

pub use samples::{Sample, Voice};
pub use theme::Theme;

/// A time in the newsletter's zone: templates show it, as `{{date …}}`, in the offset that it carries.
pub type Moment = DateTime<FixedOffset>;

/// The wall-clock time of `at` in `zone`.
pub fn moment(at: DateTime<Utc>, zone: Tz) -> Moment {
    at.with_timezone(&zone).fixed_offset()
}

/// What every letter and page shares.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Frame {
    /// The author's site.
    pub site: Site,
    /// Colours and type.
    pub theme: Theme,
    /// Path under which this service answers, without a trailing slash: empty unless `http.public_url` has a path.
    pub base: String,
    /// Address of the style sheet of pages.
    pub style: String,
}

impl Frame {
    /// The frame of letters and pages in `language` (BCP 47).
    pub fn new(settings: &Settings, language: &str) -> Self {
        let base = settings.http.public_url.path().trim_end_matches('/').to_owned();
        Self {
            site: Site::new(&settings.site, language),
            theme: Theme::new(&settings.site.theme, &settings.site.title),
            style: format!("{base}/pages.css"),
            base,
        }
    }

    /// The frame of a page that stands with the feeds on another host: what only this service has is linked in full.
    pub fn elsewhere(settings: &Settings, language: &str) -> Self {
        Self {
            base: settings.http.public_url.as_str().trim_end_matches('/').to_owned(),
            style: format!("{}pages.css", settings.feeds.base_url),
            ..Self::new(settings, language)
        }
    }
}

/// The author's site and the language of this letter or page.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Site {
    /// The site's name.
    pub title: String,
    /// The author's site.
    pub url: String,
    /// One or two sentences; may be empty.
    pub description: String,
    /// BCP 47 tag of this letter or page.
    pub language: String,
    /// `ltr` or `rtl`.
    pub dir: String,
    /// Where lines begin: `left` or `right`.
    pub start: String,
    /// Where lines end: `right` or `left`.
    pub end: String,
    /// Who writes.
    pub author: Author,
}

impl Site {
    fn new(site: &config::Site, language: &str) -> Self {
        let mut made = Self {
            title: site.title.clone(),
            url: site.url.to_string(),
            description: site.description.clone(),
            language: String::new(),
            dir: String::new(),
            start: String::new(),
            end: String::new(),
            author: Author {
                name: site.author.name.clone(),
                url: site.author.url.as_ref().map(ToString::to_string),
                note: site.author.note.clone(),
            },
        };
        made.set_language(language);
        made
    }

    /// Sets the language, and the direction that goes with it.
    pub fn set_language(&mut self, language: &str) {
        language.clone_into(&mut self.language);
        let (dir, start, end) = if is_right_to_left(language) {
            ("rtl", "right", "left")
        } else {
            ("ltr", "left", "right")
        };
        (self.dir, self.start, self.end) = (dir.to_owned(), start.to_owned(), end.to_owned());
    }
}

/// Whether a language is written from right to left in its usual script.
pub fn is_right_to_left(language: &str) -> bool {
    let main = language.split(['-', '_']).next().unwrap_or("").to_ascii_lowercase();
    let script = language.split(['-', '_']).nth(1).unwrap_or("").to_ascii_lowercase();
    match script.as_str() {
        "arab" | "hebr" | "thaa" | "syrc" | "nkoo" => true,
        "latn" | "cyrl" => false,
        _ => [
            "ar", "arc", "ckb", "dv", "fa", "he", "iw", "ji", "ks", "ku-arab", "nqo", "ps", "sd", "syr", "ug", "ur",
            "yi",
        ]
        .contains(&main.as_str()),
    }
}

/// Who writes.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Author {
    /// The author's name; may be empty.
    pub name: String,
    /// The author's page.
    pub url: Option<String>,
    /// One or two sentences at the end of a letter; empty for none.
    pub note: String,
}

/// A newsletter, and the schedule by which this letter comes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Newsletter {
    /// As in the config.
    pub id: String,
    /// What people see.
    pub name: String,
    /// One sentence; may be empty.
    pub description: String,
    /// The schedule that the person chose, where there is one.
    pub schedule: Option<ScheduleName>,
    /// The public list of issues, if there is one.
    pub archive_url: Option<String>,
    /// Where answers go, to be shown to people.
    pub reply_to: Option<String>,
}

impl Newsletter {
    /// A newsletter of the config; `schedule` as chosen by the person.
    pub fn new(newsletter: &config::Newsletter, schedule: Option<&config::Schedule>) -> Self {
        Self {
            id: newsletter.id.clone(),
            name: newsletter.name.clone(),
            description: newsletter.description.clone(),
            schedule: schedule.map(|schedule| ScheduleName {
                id: schedule.id.clone(),
                name: schedule.name.clone(),
            }),
            archive_url: None,
            reply_to: None,
        }
    }
}

/// A schedule by name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScheduleName {
    /// As in the config.
    pub id: String,
    /// What people see.
    pub name: String,
}
