//! Exports of other platforms as articles of ours (`sources.md` 3.6): one file per platform.
//!
//! `container` opens a folder, a file or an archive (`zip`, `tar`), `recognise` says whose export it is, the file of that
//! platform makes [`Imported`] articles of it, and `file` writes one as Markdown or HTML with a header that our own folder
//! source reads. `xml`, `rows` and `entities` read what several platforms write.

mod beehiiv;
mod blogger;
mod buttondown;
mod container;
mod entities;
mod file;
mod ghost;
mod jekyll;
mod letterdrop;
mod medium;
mod recognise;
mod rows;
mod squarespace;
mod substack;
mod tar;
#[cfg(test)]
mod tests;
mod wix;
mod wordpress;
mod wordpress_text;
mod xml;
mod zip;

use std::path::Path;

use container::Shelf;
pub use file::{ArticleFile, article_file};

/// Bytes of a text at most: a longer one is refused by the folder source (HT1).
const LARGEST_TEXT: usize = 2 * 1024 * 1024;
/// Bytes of a file with one text at most (H7).
const LARGEST_PAGE: u64 = 5 * 1024 * 1024;

/// Whose export it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// WordPress, as WXR.
    WordPress,
    /// Ghost, as JSON.
    Ghost,
    /// Medium, as pages.
    Medium,
    /// Substack, as a table and texts.
    Substack,
    /// Buttondown, as a table and texts.
    Buttondown,
    /// beehiiv, as a table.
    Beehiiv,
    /// Wix, as a table.
    Wix,
    /// Blogger, as Atom or as the answer of its API.
    Blogger,
    /// Squarespace, as WXR.
    Squarespace,
    /// Letterdrop, as the answer of its API.
    Letterdrop,
    /// A Jekyll tree.
    Jekyll,
}

const NAMES: [(Format, &str); 11] = [
    (Format::WordPress, "wordpress"),
    (Format::Ghost, "ghost"),
    (Format::Medium, "medium"),
    (Format::Substack, "substack"),
    (Format::Buttondown, "buttondown"),
    (Format::Beehiiv, "beehiiv"),
    (Format::Wix, "wix"),
    (Format::Blogger, "blogger"),
    (Format::Squarespace, "squarespace"),
    (Format::Letterdrop, "letterdrop"),
    (Format::Jekyll, "jekyll"),
];

impl Format {
    /// The word of `--format`.
    pub fn name(self) -> &'static str {
        let found = NAMES.iter().find(|(format, _)| *format == self);
        found.map_or("", |(_, name)| name)
    }

    /// What a word of `--format` means.
    pub fn named(word: &str) -> Option<Self> {
        let word = word.to_ascii_lowercase();
        let known = NAMES.iter().find(|(_, name)| *name == word).map(|(format, _)| *format);
        known.or(match word.as_str() {
            "wxr" | "wordpress-wxr" => Some(Self::WordPress),
            "blogspot" => Some(Self::Blogger),
            _ => None,
        })
    }

    /// All words of `--format`.
    pub fn names() -> String {
        NAMES.map(|(_, name)| name).join(", ")
    }
}

/// The text of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text {
    /// HTML, as the platform wrote it.
    Html(String),
    /// Markdown.
    Markdown(String),
}

impl Default for Text {
    fn default() -> Self {
        Self::Html(String::new())
    }
}

/// An article of an export. Texts are plain, references decoded; what is missing is `None` or empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// Its title.
    pub title: Option<String>,
    /// The name in its address.
    pub slug: Option<String>,
    /// Its address there: absolute, or from the root of the site.
    pub url: Option<String>,
    /// The address belongs to the platform and goes with it.
    pub is_hosted: bool,
    /// The id of its entry in the platform's feed.
    pub guid: Option<String>,
    /// When it was published, in a spelling that the folder source reads.
    pub date: Option<String>,
    /// When it was changed, likewise.
    pub updated: Option<String>,
    /// Its summary.
    pub summary: Option<String>,
    /// Who wrote it.
    pub authors: Vec<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its categories.
    pub categories: Vec<String>,
    /// Its picture.
    pub image: Option<String>,
    /// What is to be seen on the picture.
    pub image_alt: Option<String>,
    /// A recording that goes with it.
    pub enclosure: Option<String>,
    /// Its language.
    pub language: Option<String>,
    /// When letters carried it there.
    pub already_mailed: Option<String>,
    /// No letter is to carry it here.
    pub never_mail: bool,
    /// When it stops being public, as its author wrote it.
    pub expires: Option<String>,
    /// Not published there.
    pub is_draft: bool,
    /// Its text.
    pub text: Text,
    /// The file of the export that it came from.
    pub from: String,
}

/// What stands in an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// An article, or a draft of one.
    Article(Box<Imported>),
    /// Something that is no article, in one or two words: `page`, `attachment`, `reply`.
    Other(&'static str),
    /// Something that could not be read.
    Bad(Flaw),
}

/// Why a piece of an export could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// The file of the export.
    pub file: String,
    /// 1-based, where there is one.
    pub line: Option<u32>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub remedy: &'static str,
}

/// Why an export could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// Reading it.
    #[error("read it: {0}; check the path and the rights")]
    Io(#[from] std::io::Error),
    /// Nothing stands in it.
    #[error("read it: the file is empty; export anew, and download the whole file")]
    Empty,
    /// The archive is damaged or of a kind that we do not read.
    #[error("open the archive: {0}; download it anew, or unpack it and give the folder")]
    Container(String),
    /// H8.
    #[error("read it: it holds {0} files, and 10,000 are taken; unpack it, and give a folder with the articles alone")]
    TooMany(u64),
    /// H8.
    #[error(
        "read it: its files come to more than is taken (1 GiB, 256 MiB in a tar archive); unpack it, and give the folder with the articles alone"
    )]
    TooLarge,
    /// H8.
    #[error(
        "unpack it: a file in it grows to more than 100 times its packed size; if you trust it, unpack it yourself, and give the folder"
    )]
    Bomb,
    /// One file is too large.
    #[error("read {name}: it is larger than {megabytes} MiB; split the export, or leave this file out")]
    File {
        /// Its name in the export.
        name: String,
        /// What is taken.
        megabytes: u64,
    },
    /// Nobody's export that we know.
    #[error("tell whose export this is: {0}; name it with --format")]
    Unknown(String),
    /// A document is not what the format says.
    #[error("read {name}{}: {message}; {remedy}", .line.map_or_else(String::new, |line| format!(", line {line}")))]
    Document {
        /// Its name in the export.
        name: String,
        /// 1-based, where there is one.
        line: Option<u32>,
        /// What is wrong.
        message: String,
        /// What to do.
        remedy: &'static str,
    },
}

/// Reads an export piece by piece; `format` is what the operator says of it. Returns whose export it is and why we think so.
///
/// # Errors
/// When it cannot be opened or is nobody's that we know; a piece that cannot be read is given to `take` like the others.
pub fn read(
    path: &Path,
    format: Option<Format>,
    take: &mut dyn FnMut(Piece),
) -> Result<(Format, String), ArchiveError> {
    let mut shelf = Shelf::open(path)?;
    let (format, because) = match format {
        Some(format) => (format, "--format says so".to_owned()),
        None => recognise::recognise(&mut shelf)?,
    };
    let take: &mut dyn FnMut(Piece) = &mut |piece| {
        let mut piece = checked(piece);
        if let Piece::Article(article) = &mut piece
            && let (Text::Html(html), true) = (&mut article.text, format != Format::Jekyll)
        {
            *html = literal(html);
        }
        take(piece);
    };
    match format {
        Format::WordPress => wordpress::read(&mut shelf, take),
        Format::Squarespace => squarespace::read(&mut shelf, take),
        Format::Ghost => ghost::read(&mut shelf, take),
        Format::Medium => medium::read(&mut shelf, take),
        Format::Substack => substack::read(&mut shelf, take),
        Format::Buttondown => buttondown::read(&mut shelf, take),
        Format::Beehiiv => beehiiv::read(&mut shelf, take),
        Format::Wix => wix::read(&mut shelf, take),
        Format::Blogger => blogger::read(&mut shelf, take),
        Format::Letterdrop => letterdrop::read(&mut shelf, take),
        Format::Jekyll => jekyll::read(&mut shelf, take),
    }?;
    Ok((format, because))
}

/// What every platform's article must be.
fn checked(piece: Piece) -> Piece {
    let Piece::Article(article) = piece else { return piece };
    let length = match &article.text {
        Text::Html(text) | Text::Markdown(text) => text.len(),
    };
    if length > LARGEST_TEXT {
        let named = article.title.as_deref().unwrap_or("an article without a title");
        return Piece::Bad(Flaw {
            message: format!("\"{named}\" is longer than 2 MiB, which no feed or letter carries"),
            remedy: "take pictures that stand inside the text out of it, or split the article",
            file: article.from,
            line: None,
        });
    }
    let is_empty = match &article.text {
        Text::Html(html) => !entities::says_something(html),
        Text::Markdown(text) => text.trim().is_empty(),
    };
    if is_empty && article.enclosure.is_none() {
        return Piece::Other("without text");
    }
    Piece::Article(article)
}

/// HTML in which braces are text: no other platform means our template tags by them.
fn literal(html: &str) -> String {
    let mut html = html.to_owned();
    for (tag, text) in [
        ("{{", "&#123;&#123;"),
        ("{%", "&#123;%"),
        ("{:", "&#123;:"),
        ("{#", "&#123;#"),
        (":::", "&#58;::"),
    ] {
        if html.contains(tag) {
            html = html.replace(tag, text);
        }
    }
    html
}

/// Names of the shelf that end in one of these.
fn names_ending(shelf: &Shelf, ends: &[&str]) -> Vec<String> {
    let fits = |name: &String| {
        let name = name.to_ascii_lowercase();
        ends.iter().any(|end| name.ends_with(end))
    };
    shelf.names().into_iter().filter(fits).collect()
}

/// A whole document as text.
fn text_of(shelf: &mut Shelf, name: &str, limit: u64) -> Result<String, ArchiveError> {
    let bytes = shelf.bytes(name, limit)?;
    let decoded = super::decode::decode(&bytes).map_err(|_| ArchiveError::Document {
        name: name.to_owned(),
        line: None,
        message: "it is no text".to_owned(),
        remedy: "export anew, and do not open it with another program before",
    })?;
    Ok(decoded.text)
}

/// A whole document as JSON.
fn json_of(shelf: &mut Shelf, name: &str) -> Result<serde_json::Value, ArchiveError> {
    let text = text_of(shelf, name, container::LARGEST_FILE)?;
    serde_json::from_str(&text).map_err(|error| {
        let line = u32::try_from(error.line()).ok().filter(|line| *line > 0);
        let message = if error.is_eof() {
            "the JSON breaks off"
        } else {
            "this is no JSON"
        };
        ArchiveError::Document {
            name: name.to_owned(),
            line,
            message: message.to_owned(),
            remedy: "export anew, and download the whole file",
        }
    })
}

/// A value that is there and no empty text.
fn filled(text: impl AsRef<str>) -> Option<String> {
    let text = text.as_ref().trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// The nothing that a format finds where its own documents should be.
fn nothing(what: &str) -> ArchiveError {
    ArchiveError::Unknown(format!("there is no {what} in it"))
}
