//! Articles that are no files of their own: entries of a feed, rows of a table, pages that a feed lists.
//!
//! An item has the fields that a header would have, and a body, and goes through the same rules as a file.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Serialize;

use crate::model::article::{DateOrigin, Guid, Problem, Severity};
use crate::model::text::xml_safe;

use super::decode;
use super::draft::{self, Format, Given, hash};
use super::folder::{self, Bytes, Candidate, FolderSettings, Locators, Reading};
use super::header::{Header, Value};
use super::html::escape;

/// An article that is no file.
#[derive(Debug, Clone, Serialize)]
pub struct Item {
    /// Id of the entry or row, or the path of its page; at most 1,024 bytes.
    pub locator: String,
    /// What readers of the feed know it by.
    pub guid: Option<Guid>,
    /// Where a date among the fields comes from.
    pub(super) origin: DateOrigin,
    pub(super) fields: Vec<(String, Value)>,
    pub(super) body: Body,
    /// Relative addresses start here; `None`: at the article's own address.
    pub(super) base: Option<String>,
    /// What was wrong with it before it was read.
    #[serde(skip)]
    pub problems: Vec<Problem>,
}

/// What there is to read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) enum Body {
    /// Nothing.
    #[default]
    None,
    Html(String),
    Markdown(String),
    /// Paragraphs between empty lines; every character stands for itself.
    Text(String),
    /// A page of the site, read when the article is.
    Page(Page),
}

/// A page beneath the root of a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Page {
    /// As the walk found it; its stamp is part of the item's.
    #[serde(skip)]
    pub(super) file: Candidate,
    /// It is an article only with a title and a date, for no feed lists it.
    pub(super) must_prove_itself: bool,
}

/// Longest text that identifies an item, in bytes.
const LONGEST_LOCATOR: usize = 1024;

impl Item {
    /// An item without anything; a locator that is too long is replaced by its hash.
    pub(super) fn new(locator: &str, origin: DateOrigin) -> Self {
        Self {
            locator: short_locator(&xml_safe(locator)),
            guid: None,
            origin,
            fields: Vec::new(),
            body: Body::None,
            base: None,
            problems: Vec::new(),
        }
    }

    /// Adds a field that is not empty.
    pub(super) fn say(&mut self, key: &str, value: impl Into<Option<String>>) {
        if let Some(text) = value.into().filter(|text| !text.trim().is_empty()) {
            self.fields.push((key.to_owned(), Value::Text(xml_safe(&text))));
        }
    }

    /// Adds a list that is not empty.
    pub(super) fn say_all(&mut self, key: &str, values: Vec<Value>) {
        if !values.is_empty() {
            self.fields.push((key.to_owned(), Value::List(values)));
        }
    }

    pub(super) fn base(&self) -> Option<&str> {
        self.base.as_deref()
    }

    /// Titles of feeds are text by the time they are here; those of a table are written like those of files.
    pub(super) fn has_plain_title(&self) -> bool {
        self.origin != DateOrigin::Table
    }

    /// What a scan compares: another stamp means that something changed.
    pub fn candidate(&self) -> Candidate {
        let own = hash(&self.canonical());
        let mut short = [0; 8];
        short.copy_from_slice(&own[..8]);
        let own = u64::from_le_bytes(short);
        match &self.body {
            Body::Page(page) => Candidate {
                locator: self.locator.clone(),
                file_id: page.file.file_id ^ own,
                ..page.file
            },
            _ => Candidate {
                locator: self.locator.clone(),
                size: self.canonical().len() as u64,
                mtime_ns: 0,
                file_id: own,
            },
        }
    }

    /// The same bytes for the same article.
    fn canonical(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// What it is made of, for a hash that says whether anything changed; with its page where it has one.
    ///
    /// # Errors
    /// The page cannot be read.
    pub fn bytes(&self, settings: &FolderSettings) -> Result<Bytes, Problem> {
        let mut bytes = self.canonical();
        let Body::Page(page) = &self.body else {
            return Ok(Bytes::Whole(bytes));
        };
        bytes.push(b'\n');
        match folder::read(settings, &page.file)? {
            Bytes::Changing => Ok(Bytes::Changing),
            Bytes::Whole(page) => {
                bytes.extend(page);
                Ok(Bytes::Whole(bytes))
            }
        }
    }

    /// Makes a draft of it; `bytes` are its own. A panic inside becomes the problem `unreadable`.
    pub fn parse_guarded(&self, settings: &FolderSettings, bytes: &[u8], locators: &Locators) -> Reading {
        let parse = AssertUnwindSafe(|| self.parse(settings, bytes, locators));
        match catch_unwind(parse) {
            Ok(Ok(reading)) => reading,
            Ok(Err(problem)) => Reading::Problem(problem),
            Err(_) => Reading::Problem(folder::defect(&self.locator)),
        }
    }

    fn parse(&self, settings: &FolderSettings, bytes: &[u8], locators: &Locators) -> Result<Reading, Problem> {
        let header = Header::of(self.fields.clone());
        let (text, format) = match &self.body {
            Body::None => (String::new(), Format::Html),
            Body::Html(html) => (html.clone(), Format::Html),
            Body::Markdown(text) => (text.clone(), Format::Markdown),
            Body::Text(text) => (paragraphs(text), Format::Html),
            Body::Page(_) => (self.page_text(bytes)?, Format::Page),
        };
        let given = Given {
            locator: &self.locator,
            header: &header,
            body: &text,
            format,
            source_hash: hash(bytes),
            item: Some(self),
        };
        let draft = draft::compose(settings, locators, &given, self.problems.clone())?;
        if let Body::Page(page) = &self.body
            && page.must_prove_itself
            && (draft.content.title.is_none() || draft.published_at.is_none())
        {
            return Ok(Reading::NotAnArticle);
        }
        Ok(Reading::Draft(Box::new(draft)))
    }

    /// The page behind the canonical form.
    fn page_text(&self, bytes: &[u8]) -> Result<String, Problem> {
        let page = bytes.get(self.canonical().len() + 1..).unwrap_or_default();
        let decoded = decode::decode(page).map_err(|_| Problem {
            locator: self.locator.clone(),
            line: None,
            code: "not_utf8".to_owned(),
            message: "its page is no text: neither UTF-8 nor UTF-16".to_owned(),
            remedy: "let your generator write UTF-8".to_owned(),
            severity: Severity::Error,
        })?;
        Ok(decoded.text)
    }
}

pub(super) fn short_locator(locator: &str) -> String {
    if locator.len() <= LONGEST_LOCATOR {
        return locator.to_owned();
    }
    format!("sha256:{}", data_encoding::HEXLOWER.encode(&hash(locator.as_bytes())))
}

/// Text as HTML: empty lines part paragraphs, other line ends break lines.
pub(super) fn paragraphs(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut html = String::with_capacity(text.len() + 64);
    for paragraph in text.split("\n\n").map(str::trim).filter(|part| !part.is_empty()) {
        let lines: Vec<String> = paragraph.lines().map(|line| escape(line.trim())).collect();
        html.push_str("<p>");
        html.push_str(&lines.join("<br>\n"));
        html.push_str("</p>\n");
    }
    html
}
