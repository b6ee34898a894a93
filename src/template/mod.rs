//! Letters and pages: Handlebars templates, typed contexts, helpers, CSS inlining.
//!
//! ```text
//!  files (built in, overridden) ──▶ [guard] ──▶ registries: html, plain
//!                                                  │
//!  context + sentinels ──▶ render ──▶ inline ──▶ [shorten] ──▶ [split] ──▶ Letter (fixed and slot segments)
//! ```
//!
//! A letter is rendered once per variant. What differs per recipient is a sentinel word while templates and inliner work
//! and a slot afterwards (`email.md` 4). Where a recipient's values decide what is said, it is rendered for each of them
//! ([`recipe`]).

mod adapt;
mod calls;
pub mod context;
mod files;
mod guard;
mod letter;
pub mod lint;
#[cfg(test)]
mod proofs;
pub mod recipe;
mod registry;
mod shorten;
mod split;
#[cfg(test)]
mod two_ways;
mod words;

use std::path::Path;

use aws_lc_rs::digest::{Context as Hash, SHA256};
use data_encoding::HEXLOWER;
use serde::Serialize;

use crate::config;
use crate::model::date_words::DateWords;
use crate::model::letter::MissingSlot;
use context::footer::Footer;
use context::letters::{
    AlreadyLetter, ConfirmationLetter, IssueLetter, LinkLetter, NewAddressLetter, NoticeLetter, UnsubscribedLetter,
    WelcomeLetter,
};
use context::pages::Page;
use context::{Sample, Theme};
use files::Files;
use registry::Registries;

/// Why templates cannot be used, or why one cannot be filled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("use the template {file}{}: {message}; {remedy}", place(*.line, *.column))]
pub struct TemplateError {
    /// Path under the template folder.
    pub file: String,
    /// 1-based.
    pub line: Option<usize>,
    /// 1-based.
    pub column: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

fn place(line: Option<usize>, column: Option<usize>) -> String {
    match (line, column) {
        (Some(line), Some(column)) => format!(", line {line}, column {column}"),
        (Some(line), None) => format!(", line {line}"),
        _ => String::new(),
    }
}

impl TemplateError {
    fn new(file: &str, line: Option<usize>, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            line,
            column: None,
            message: message.into(),
            remedy: remedy.into(),
        }
    }
}

impl From<MissingSlot> for TemplateError {
    fn from(slot: MissingSlot) -> Self {
        Self::new("(compiled letter)", None, slot.to_string(), "report this as a defect")
    }
}

/// What stands under every article in feeds: built in, it says nothing.
const FOOTER: &str = "feeds/footer.html.hbs";

/// Letters and pages, ready to be filled.
#[derive(Debug)]
pub struct Templates {
    registries: Registries,
    files: Files,
    hash: String,
    has_footer: bool,
}

impl Templates {
    /// The built-in templates, with those under `dir` in the place of their namesakes.
    pub fn load(dir: Option<&Path>) -> Result<Self, TemplateError> {
        Self::of(Files::read(dir)?)
    }

    fn of(files: Files) -> Result<Self, TemplateError> {
        let mut hash = Hash::new(&SHA256);
        for (path, text) in files.iter() {
            hash.update(path.as_bytes());
            hash.update(b"\0");
            hash.update(text.as_bytes());
            hash.update(b"\0");
        }
        Ok(Self {
            registries: Registries::new(&files)?,
            hash: HEXLOWER.encode(&hash.finish().as_ref()[..16]),
            has_footer: files.get(FOOTER) != Files::built_in().get(FOOTER).map(String::as_str),
            files,
        })
    }

    /// Changes when any template does: an issue remembers with which one its letters were compiled.
    pub fn hash(&self) -> String {
        self.hash.clone()
    }

    /// The style sheet of all pages, in the colours and the type of the author's theme.
    pub fn css(&self, theme: &config::Theme) -> String {
        let css = self.files.get("pages/pages.css").unwrap_or_default();
        format!("{css}\n{}", Theme::new(theme, "").page_style())
    }

    /// How the letters of a language write dates.
    pub fn dates(&self, language: &str) -> DateWords {
        self.registries.dates(language)
    }

    /// A page.
    pub fn page<P: Page>(&self, page: &P) -> Result<String, TemplateError> {
        self.registries.html(&format!("pages/{}.html.hbs", P::TEMPLATE), page)
    }

    /// What stands under an article in feeds, as HTML; `None` where the author wrote nothing for it.
    pub fn footer(&self, context: impl FnOnce() -> Footer) -> Result<Option<String>, TemplateError> {
        if !self.has_footer {
            return Ok(None);
        }
        let html = self.registries.html(FOOTER, &context())?;
        Ok(Some(html.trim().to_owned()).filter(|html| !html.is_empty()))
    }

    /// The template of [`Templates::footer`]: another one makes other feeds.
    pub fn footer_hash(&self) -> Option<&str> {
        // It may include any other file.
        self.has_footer.then_some(self.hash.as_str())
    }

    /// The built-in templates as `(path, text)`: what `init` writes for the author to edit.
    pub fn defaults() -> Vec<(String, String)> {
        Files::built_in().into_iter().collect()
    }

    /// Every problem of the templates under `dir`: each template is filled with each sample of its context.
    pub fn check(dir: Option<&Path>) -> Vec<TemplateError> {
        let mut problems = match Files::read(dir) {
            Ok(files) => files.problems(),
            Err(error) => vec![error],
        };
        // What the guard refuses is never filled.
        let Ok(templates) = Self::load(dir) else {
            return problems;
        };
        templates.check_letters(&mut problems);
        templates.check_pages(&mut problems);
        for (_, footer) in Footer::samples() {
            problems.extend(templates.footer(|| footer).err());
        }
        problems.dedup();
        problems
    }

    /// Where the templates under `dir` look at a recipient's value, so that a letter is rendered anew for each recipient:
    /// allowed, and slower by far than filling slots.
    pub fn slow_places(dir: Option<&Path>) -> Vec<TemplateError> {
        Files::read(dir).map_or_else(|_| Vec::new(), |files| files.findings().looks)
    }

    fn check_letters(&self, problems: &mut Vec<TemplateError>) {
        for (_, letter) in IssueLetter::samples() {
            for web in [false, true] {
                let letter = IssueLetter { web, ..letter.clone() };
                problems.extend(self.letter(&letter).err());
            }
        }
        for (_, letter) in ConfirmationLetter::samples() {
            problems.extend(self.confirmation(&letter).err());
        }
        for (_, letter) in WelcomeLetter::samples() {
            problems.extend(self.welcome(&letter).err());
        }
        for (_, letter) in AlreadyLetter::samples() {
            problems.extend(self.already(&letter).err());
        }
        for (_, letter) in LinkLetter::samples() {
            problems.extend(self.link(&letter).err());
        }
        for (_, letter) in NewAddressLetter::samples() {
            problems.extend(self.new_address(&letter).err());
        }
        for (_, letter) in UnsubscribedLetter::samples() {
            problems.extend(self.unsubscribed(&letter).err());
        }
        for (_, letter) in NoticeLetter::samples() {
            problems.extend(self.notice(&letter).err());
        }
    }

    fn check_pages(&self, problems: &mut Vec<TemplateError>) {
        use context::pages as p;
        self.check_page::<p::SignUp>(problems);
        self.check_page::<p::CheckMailbox>(problems);
        self.check_page::<p::Confirm>(problems);
        self.check_page::<p::Confirmed>(problems);
        self.check_page::<p::Preferences>(problems);
        self.check_page::<p::Saved>(problems);
        self.check_page::<p::Renewed>(problems);
        self.check_page::<p::Unsubscribe>(problems);
        self.check_page::<p::Left>(problems);
        self.check_page::<p::Undone>(problems);
        self.check_page::<p::FeedbackForm>(problems);
        self.check_page::<p::FeedbackThanks>(problems);
        self.check_page::<p::LinkSent>(problems);
        self.check_page::<p::Data>(problems);
        self.check_page::<p::Erased>(problems);
        self.check_page::<p::NewAddress>(problems);
        self.check_page::<p::AddressAsked>(problems);
        self.check_page::<p::AddressChanged>(problems);
        self.check_page::<p::FeedbackUnknown>(problems);
        self.check_page::<p::BadLink>(problems);
        self.check_page::<p::NotFound>(problems);
        self.check_page::<p::Failure>(problems);
        self.check_page::<p::Issues>(problems);
        self.check_page::<p::IssueTitles>(problems);
        self.check_page::<p::Feeds>(problems);
        self.check_page::<p::Home>(problems);
        self.check_page::<p::Outbox>(problems);
        self.check_page::<p::OutboxLetter>(problems);
    }

    fn check_page<P: Page + Sample + Serialize>(&self, problems: &mut Vec<TemplateError>) {
        for (_, page) in P::samples() {
            problems.extend(self.page(&page).err());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_can_be_made_of_every_sample() {
        let mut problems = Vec::new();
        Templates::load(None).unwrap().check_pages(&mut problems);
        assert!(problems.is_empty(), "{problems:#?}");
    }

    /// Writes every sample as a file, to be looked at: `LETTERPRESS_LOOK=DIR cargo test samples_to_look_at -- --ignored`.
    #[test]
    #[ignore = "for eyes: writes files"]
    fn samples_to_look_at() {
        use crate::model::letter::{SlotName, SlotValues, fill};
        let dir = std::path::PathBuf::from(std::env::var("LETTERPRESS_LOOK").unwrap());
        let templates = Templates::load(None).unwrap();
        let mut values = SlotValues::new();
        for name in [
            SlotName::Unsubscribe,
            SlotName::Preferences,
            SlotName::Confirm,
            SlotName::Feedback,
        ] {
            values.set(name, "https://letters.example.org/x");
        }
        values
            .set(SlotName::Since, "3 May 2026")
            .set(SlotName::Expires, "6 May 2026");
        values
            .set(SlotName::Name, "")
            .set(SlotName::Email, "reader@example.org");
        for place in 0..9 {
            values.set(SlotName::ArticleFeedback(place), "https://letters.example.org/x");
        }
        for (voice, letter) in IssueLetter::samples() {
            let made = templates.letter(&letter).unwrap();
            let name = format!("{}-{voice}", letter.kind.word());
            std::fs::write(dir.join(format!("{name}.html")), fill(&made.html, &values).unwrap()).unwrap();
            std::fs::write(dir.join(format!("{name}.txt")), fill(&made.text, &values).unwrap()).unwrap();
        }
    }
}
