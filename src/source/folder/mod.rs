//! A folder of files: what is in it, and each file as a draft of an article.

mod beneath;
mod walk;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use url::Url;

use crate::config::{Source, SourceKind};
use crate::model::article::{Author, Draft, Problem, Severity};

pub use super::locators::Locators;
pub use beneath::LARGEST;
pub(super) use walk::globs;
pub use walk::{Walked, is_fresh, is_young, walk};

/// Number of the reading rules: another number reads every file anew, without calling it an edit.
pub const PIPELINE: u32 = 2;

/// What reading a folder needs to know.
#[derive(Debug, Clone)]
pub struct FolderSettings {
    /// The source's own section.
    pub source: Source,
    /// The site that the articles are published on, with a trailing slash.
    pub site_url: Url,
    /// The site's name: never part of an article's title.
    pub site_title: String,
    /// Feeds show what the author wrote in Markdown: it is kept beside the HTML.
    pub keeps_markdown: bool,
    /// Who wrote an article that names nobody.
    pub site_author: Option<Author>,
    /// Folders that other parts write into: never looked at.
    pub outputs: Vec<PathBuf>,
    /// When this scan began: decides what has expired and what lies too far ahead.
    pub now: DateTime<Utc>,
}

impl FolderSettings {
    /// A text that changes when stored articles must be read again: `PIPELINE:hash of the settings`.
    pub fn fingerprint(&self) -> String {
        let source = &self.source;
        let said = format!(
            "{:?}",
            (
                (
                    &source.permalink,
                    &source.time_zone,
                    &source.language,
                    &source.languages,
                    &source.map,
                    &source.authors
                ),
                (
                    source.shortcodes,
                    source.raw_templates,
                    source.title_html,
                    &source.split_spaces,
                    &source.assets
                ),
                (&source.body_selector, &source.strip_selectors, source.words_per_minute),
                own_rules(source),
                self.keeps_markdown.then_some("markdown"),
                &source.embeds,
                (&self.site_url, &self.site_title, &self.site_author),
            )
        );
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, said.as_bytes());
        format!("{PIPELINE}:{}", data_encoding::HEXLOWER.encode(&hash.as_ref()[..16]))
    }
}

/// What a kind adds to the reading rules; nothing for a folder.
fn own_rules(source: &Source) -> Option<String> {
    match &source.kind {
        SourceKind::Folder => None,
        SourceKind::Site(site) => Some(format!("{site:?}")),
        SourceKind::Feed(feed) => Some(feed.url.to_string()),
        SourceKind::Table(table) => Some(format!("{} {}", table.database, table.query)),
    }
}

/// A file that may be an article.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Candidate {
    /// Path under the root, with `/`.
    pub locator: String,
    /// Bytes.
    pub size: u64,
    /// Nanoseconds since 1970.
    pub mtime_ns: i64,
    /// Inode.
    pub file_id: u64,
}

/// What came of a file.
#[derive(Debug)]
pub enum Reading {
    /// An article, or what will be one.
    Draft(Box<Draft>),
    /// A part of a template, a page without text.
    NotAnArticle,
    /// It could not be read.
    Problem(Problem),
}

/// The bytes of a file, or that it is being written at this moment.
#[derive(Debug)]
pub enum Bytes {
    /// All of it.
    Whole(Vec<u8>),
    /// Size or time changed while it was read: the next scan reads it.
    Changing,
}

/// What keeps a folder from being looked at.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The root.
    #[error("open {path}: {error}; check that the folder exists and may be read")]
    Root {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        error: String,
    },
    /// A glob of the config file.
    #[error("read the glob `{glob}`: {error}; correct `include` or `exclude` of the source")]
    Glob {
        /// As written.
        glob: String,
        /// What is wrong.
        error: String,
    },
    /// A folder below the root.
    #[error("list the folder: {0}; check its rights")]
    Walk(#[from] walkdir::Error),
}

/// Reads a file beneath the root: regular, at most 5 MiB, no link that leads out.
pub fn read(settings: &FolderSettings, candidate: &Candidate) -> Result<Bytes, Problem> {
    beneath::read(&settings.source.path, candidate)
}

/// Reads a file beneath the root by its path; `None` when there is none.
pub(super) fn read_at(settings: &FolderSettings, locator: &str) -> Result<Option<Bytes>, Problem> {
    match beneath::candidate(&settings.source.path, locator) {
        Some(candidate) => beneath::read(&settings.source.path, &candidate).map(Some),
        None => Ok(None),
    }
}

/// Makes a draft of a file's bytes; a panic inside becomes the problem `unreadable`.
pub fn parse_guarded(settings: &FolderSettings, candidate: &Candidate, bytes: &[u8], locators: &Locators) -> Reading {
    let parse = AssertUnwindSafe(|| super::draft::draft(settings, candidate, bytes, locators));
    catch_unwind(parse).unwrap_or_else(|_| Reading::Problem(defect(&candidate.locator)))
}

/// A panic while something was read.
pub(super) fn defect(locator: &str) -> Problem {
    Problem {
        locator: locator.to_owned(),
        line: None,
        code: "unreadable".to_owned(),
        message: "reading it ended in a defect of this program".to_owned(),
        remedy: "please report it with the file; the other articles are not affected".to_owned(),
        severity: Severity::Error,
    }
}

#[cfg(test)]
pub(in crate::source) mod tests_support {
    use super::*;
    use crate::config::{Baseline, Shortcodes, Watch};
    use std::collections::BTreeMap;
    use std::time::Duration;

    /// Plain settings of a folder, changed as a test needs.
    pub(in crate::source) fn settings_with(change: impl FnOnce(&mut Source)) -> FolderSettings {
        let mut source = Source {
            id: "folder".to_owned(),
            kind: crate::config::SourceKind::Folder,
            path: PathBuf::from("/nowhere"),
            include: vec!["**/*".to_owned()],
            exclude: Vec::new(),
            permalink: None,
            time_zone: chrono_tz::Tz::UTC,
            language: "en".to_owned(),
            languages: Vec::new(),
            map: BTreeMap::new(),
            authors: BTreeMap::new(),
            shortcodes: Shortcodes::Strip,
            raw_templates: false,
            title_html: false,
            embeds: Vec::new(),
            split_spaces: Vec::new(),
            assets: None,
            body_selector: None,
            strip_selectors: Vec::new(),
            fuse: 5,
            baseline: Baseline::Feeds,
            vanish_after: Duration::from_mins(10),
            every: Duration::from_secs(30),
            watch: Watch::Poll,
            look_back: Duration::from_hours(90 * 24),
            words_per_minute: 225,
        };
        change(&mut source);
        FolderSettings {
            source,
            site_url: Url::parse("https://example.org/").unwrap(),
            site_title: "Workshop Notes".to_owned(),
            keeps_markdown: false,
            site_author: None,
            outputs: Vec::new(),
            now: DateTime::from_timestamp(1_798_761_600, 0).unwrap(),
        }
    }

    /// The draft of a text under a name.
    pub(in crate::source) fn draft_of(settings: &FolderSettings, locator: &str, text: &str) -> Draft {
        match reading_of(settings, locator, text.as_bytes()) {
            Reading::Draft(draft) => *draft,
            other => panic!("{locator} is no article: {other:?}"),
        }
    }

    /// What comes of some bytes under a name.
    pub(in crate::source) fn reading_of(settings: &FolderSettings, locator: &str, bytes: &[u8]) -> Reading {
        let candidate = Candidate {
            locator: locator.to_owned(),
            size: bytes.len() as u64,
            mtime_ns: 0,
            file_id: 0,
        };
        let locators = Locators::new(std::slice::from_ref(&candidate));
        parse_guarded(settings, &candidate, bytes, &locators)
    }
}
