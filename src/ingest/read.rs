//! The reading half of a scan: files to drafts, on threads that may block.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::article::{DateOrigin, Draft, Problem, Visibility};
use crate::source::folder::{self, Bytes, Candidate, FolderSettings, Locators, Reading};
use crate::source::item::Item;
use crate::store::articles::Known;

/// What may be an article.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) candidate: Candidate,
    /// What it says itself; `None` for a file.
    pub(super) item: Option<Box<Item>>,
}

impl Found {
    /// Files of a folder.
    pub(super) fn files(candidates: Vec<Candidate>) -> Vec<Self> {
        let file = |candidate| Self { candidate, item: None };
        candidates.into_iter().map(file).collect()
    }

    /// Entries or rows.
    pub(super) fn items(items: Vec<Item>) -> Vec<Self> {
        let one = |item: Item| Self {
            candidate: item.candidate(),
            item: Some(Box::new(item)),
        };
        items.into_iter().map(one).collect()
    }
}

/// A draft with everything that can be computed without the database.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) draft: Draft,
    /// What a reader can see, as the revision stores it.
    pub(super) fields: String,
    /// SHA-256 of what a reader can see.
    pub(super) content_hash: Vec<u8>,
    /// SHA-256 of what identifies the text wherever it lies.
    pub(super) body_hash: Vec<u8>,
}

/// What came of a file.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The bytes are those of the last good read.
    SameBytes,
    /// It is being written: the next scan reads it.
    Changing,
    /// It was read.
    Draft(Box<Prepared>),
    /// It is no article.
    NotAnArticle,
    /// It could not be read.
    Problem(Problem),
}

/// What reading threads share.
#[derive(Debug)]
pub(super) struct Reader {
    settings: Arc<FolderSettings>,
    locators: Locators,
    /// Hash of the bytes at the last good read, by path; empty when the settings changed.
    known_bytes: HashMap<String, Vec<u8>>,
    /// Files that were not empty before: an editor may have cut them off to write them anew.
    were_full: HashMap<String, bool>,
}

/// An empty file that was not empty before is believed after this time, in nanoseconds.
const EMPTY_FOR: i64 = 5_000_000_000;

impl Reader {
    pub(super) fn new(settings: Arc<FolderSettings>, locators: Locators, known: &[Known], same_rules: bool) -> Self {
        let live = known.iter().filter(|known| known.visibility != Visibility::Gone);
        let bytes = |known: &Known| (known.locator.clone(), known.source_hash.clone());
        Self {
            settings,
            locators,
            known_bytes: live.clone().filter(|_| same_rules).map(bytes).collect(),
            were_full: live.map(|known| (known.locator.clone(), known.file_size > 0)).collect(),
        }
    }

    pub(super) fn read_all(&self, found: Vec<Found>) -> Vec<(Candidate, Outcome)> {
        let read = |one: Found| {
            let outcome = self.read(&one);
            (one.candidate, outcome)
        };
        found.into_iter().map(read).collect()
    }

    fn read(&self, Found { candidate, item }: &Found) -> Outcome {
        let now = self.settings.now.timestamp_nanos_opt().unwrap_or(i64::MAX);
        let young = (0..EMPTY_FOR).contains(&(now - candidate.mtime_ns));
        if candidate.size == 0 && young && self.were_full.get(&candidate.locator).copied().unwrap_or(false) {
            return Outcome::Changing;
        }
        let bytes = match item {
            Some(item) => item.bytes(&self.settings),
            None => folder::read(&self.settings, candidate),
        };
        let bytes = match bytes {
            Ok(Bytes::Whole(bytes)) => bytes,
            Ok(Bytes::Changing) => return Outcome::Changing,
            Err(problem) => return Outcome::Problem(problem),
        };
        if self
            .known_bytes
            .get(&candidate.locator)
            .is_some_and(|known| *known == sha256(&[&bytes]))
        {
            return Outcome::SameBytes;
        }
        let reading = match item {
            Some(item) => item.parse_guarded(&self.settings, &bytes, &self.locators),
            None => folder::parse_guarded(&self.settings, candidate, &bytes, &self.locators),
        };
        match reading {
            Reading::Draft(draft) => Outcome::Draft(Box::new(Prepared::new(*draft))),
            Reading::NotAnArticle => Outcome::NotAnArticle,
            Reading::Problem(problem) => Outcome::Problem(problem),
        }
    }
}

impl Prepared {
    fn new(draft: Draft) -> Self {
        let fields = serde_json::to_string(&draft.content).unwrap_or_default();
        let updated = draft
            .updated_at
            .map(|at| at.timestamp())
            .unwrap_or_default()
            .to_string();
        let content_hash = sha256(&[fields.as_bytes(), draft.url.as_bytes(), updated.as_bytes()]);
        Self {
            fields,
            content_hash,
            body_hash: body_hash(&draft),
            draft,
        }
    }
}

/// SHA-256 of what identifies a text wherever it lies: title, words without addresses, terms, and a date that the author
/// wrote.
fn body_hash(draft: &Draft) -> Vec<u8> {
    let content = &draft.content;
    let mut said = String::with_capacity(content.body_text.len() + 256);
    let mut say = |text: &str| {
        said.push_str(text);
        said.push('\0');
    };
    say(content.title.as_deref().unwrap_or(""));
    // Links are absolute, so they change with the place of the file.
    for word in content
        .body_text
        .split_whitespace()
        .filter(|word| !word.contains("://"))
    {
        say(word);
    }
    for term in content.tags.iter().chain(&content.categories) {
        say(&term.slug);
    }
    let written = matches!(
        draft.published_from,
        DateOrigin::Header | DateOrigin::Page | DateOrigin::Feed | DateOrigin::Table
    );
    if let Some(at) = draft.published_at.filter(|_| written) {
        say(&at.timestamp().to_string());
    }
    sha256(&[said.as_bytes()])
}

fn sha256(parts: &[&[u8]]) -> Vec<u8> {
    let mut hash = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    for part in parts {
        hash.update(part);
    }
    hash.finish().as_ref().to_vec()
}
