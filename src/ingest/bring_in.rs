//! The export of another platform as files in a folder (`sources.md` 3.6): the folder stays the only truth.
//!
//! Names of files are made of slugs alone, nothing is overwritten, and the same article is written once, however often
//! the export or several of them hold it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::source::archive::{self, ArchiveError, ArticleFile, Format, Imported, Piece, article_file};

/// Bytes of a file at most, which the folder source reads (H7).
const LARGEST_FILE: usize = 5 * 1024 * 1024;

/// What is to be brought in.
#[derive(Debug, Clone, Default)]
pub struct BringIn {
    /// Files, folders or archives.
    pub from: Vec<PathBuf>,
    /// The folder that the articles go into; it is made where it is missing.
    pub into: PathBuf,
    /// Whose export it is; `None`: its files say so.
    pub format: Option<String>,
    /// Also drafts, marked as such.
    pub drafts: bool,
    /// Letters may carry those that no letter carried before: nothing says `mail: false`.
    pub mailable: bool,
    /// Only count.
    pub dry_run: bool,
}

/// What was brought in: `articles` is the sum of `written`, `already_there` and `doubles` without drafts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct BroughtIn {
    /// Whose export it is.
    pub format: String,
    /// What says so.
    pub because: String,
    /// Published articles in the export.
    pub articles: u64,
    /// Drafts in the export.
    pub drafts: u64,
    /// Files that were written, or would be.
    pub written: u64,
    /// Articles whose file was there before: it was left as it is.
    pub already_there: u64,
    /// Articles that the export holds more than once.
    pub doubles: u64,
    /// Published articles that letters carried there.
    pub already_mailed: u64,
    /// Published articles of which nobody says when.
    pub undated: u64,
    /// What was left out, by reason.
    pub left_out: BTreeMap<String, u64>,
    /// The files.
    pub files: Vec<WrittenFile>,
    /// Pieces that could not be read or written.
    pub problems: Vec<ImportProblem>,
}

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WrittenFile {
    /// Its name in the folder.
    pub file: String,
    /// The title of the article.
    pub title: Option<String>,
    /// Where it stood in the export.
    pub from: String,
}

/// A piece of an export that could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImportProblem {
    /// The file of the export.
    pub file: String,
    /// 1-based, where there is one.
    pub line: Option<u32>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

/// Why nothing, or no more, was brought in.
#[derive(Debug, thiserror::Error)]
pub enum BringInError {
    /// The export.
    #[error("bring in {path}: {why}", path = .path.display())]
    Export {
        /// What was given.
        path: PathBuf,
        /// Why.
        why: ArchiveError,
    },
    /// No platform of that name is known.
    #[error("know the format `{name}`: write one of {known}, or leave --format out")]
    UnknownFormat {
        /// What was written.
        name: String,
        /// What can be written.
        known: String,
    },
    /// The folder.
    #[error("write into {path}: {why}; check the path, the rights and the room on the disk", path = .path.display())]
    Folder {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        why: std::io::Error,
    },
}

/// Brings an export in; `progress` is told how many pieces have been read.
///
/// # Errors
/// When it cannot be opened or is nobody's that we know, or the folder cannot be written: what was written before stays.
pub fn bring_in(wish: &BringIn, mut progress: impl FnMut(u64)) -> Result<BroughtIn, BringInError> {
    let format = match wish.format.as_deref() {
        None => None,
        Some(name) => Some(Format::named(name).ok_or_else(|| BringInError::UnknownFormat {
            name: name.to_owned(),
            known: Format::names(),
        })?),
    };
    let mut run = Run {
        wish,
        report: BroughtIn::default(),
        seen: HashSet::new(),
        taken: HashSet::new(),
        numbers: HashMap::new(),
        addresses: HashSet::new(),
        pieces: 0,
        failed: None,
    };
    if !wish.dry_run {
        fs::create_dir_all(&wish.into).map_err(|why| BringInError::Folder {
            path: wish.into.clone(),
            why,
        })?;
    }
    for path in &wish.from {
        let read = archive::read(path, format, &mut |piece| {
            run.take(piece);
            progress(run.pieces);
        });
        let (format, because) = read.map_err(|why| BringInError::Export {
            path: path.clone(),
            why,
        })?;
        format.name().clone_into(&mut run.report.format);
        run.report.because = because;
        if let Some(failed) = run.failed {
            return Err(failed);
        }
    }
    Ok(run.report)
}

struct Run<'a> {
    wish: &'a BringIn,
    report: BroughtIn,
    /// What makes two pieces the same article.
    seen: HashSet<[Option<String>; 3]>,
    /// Names of files that are given away.
    taken: HashSet<String>,
    /// The last number that was put behind a name.
    numbers: HashMap<String, u32>,
    /// Addresses that are given away.
    addresses: HashSet<String>,
    pieces: u64,
    /// The folder could not be written: nothing more is tried.
    failed: Option<BringInError>,
}

impl Run<'_> {
    fn take(&mut self, piece: Piece) {
        self.pieces += 1;
        match piece {
            Piece::Article(mut article) => {
                // A draft is not published yet: it is mailed like any other when it is.
                let is_old = !article.is_draft && article.already_mailed.is_none();
                article.never_mail |= is_old && !self.wish.mailable;
                self.article(&article);
            }
            Piece::Other(why) => self.leave_out(why),
            Piece::Bad(flaw) => self.report.problems.push(ImportProblem {
                file: flaw.file,
                line: flaw.line,
                message: flaw.message,
                remedy: flaw.remedy.to_owned(),
            }),
        }
    }

    fn leave_out(&mut self, why: &str) {
        *self.report.left_out.entry(why.to_owned()).or_default() += 1;
    }

    fn article(&mut self, article: &Imported) {
        if article.is_draft {
            self.report.drafts += 1;
            if !self.wish.drafts {
                return self.leave_out("draft");
            }
        } else {
            self.report.articles += 1;
            self.report.already_mailed += u64::from(article.already_mailed.is_some());
        }
        let place = article.url.clone().or_else(|| article.slug.clone());
        let what = [place, article.date.clone(), article.title.clone()];
        // Of what says nothing of itself nobody knows whether it was there before.
        let says_something = what.iter().any(Option::is_some);
        if says_something && !self.seen.insert(what) {
            self.report.doubles += 1;
            return;
        }
        let file = self.free_file(article);
        self.report.undated += u64::from(!file.is_dated && !article.is_draft);
        if file.content.len() > LARGEST_FILE {
            self.report.problems.push(ImportProblem {
                file: article.from.clone(),
                line: None,
                message: format!(
                    "\"{}\" comes to more than 5 MiB",
                    article.title.as_deref().unwrap_or("")
                ),
                remedy: "split the article".to_owned(),
            });
            return;
        }
        let name = format!("{}.{}", file.stem, file.extension);
        if fs::symlink_metadata(self.wish.into.join(&name)).is_ok() {
            self.report.already_there += 1;
            return;
        }
        if self.failed.is_none() && !self.wish.dry_run {
            self.failed = write(&self.wish.into, &name, &file.content).err();
        }
        self.report.written += 1;
        self.report.files.push(WrittenFile {
            file: name,
            title: article.title.clone(),
            from: article.from.clone(),
        });
    }

    /// The file of an article; two articles of one export share neither its name nor its address.
    fn free_file(&mut self, article: &Imported) -> ArticleFile {
        let mut file = article_file(article, 1);
        let first = file.stem.clone();
        while self.taken.contains(&file.stem) || self.addresses.contains(&file.address) {
            let number = self.numbers.entry(first.clone()).or_insert(1);
            *number += 1;
            file = article_file(article, *number);
        }
        self.taken.insert(file.stem.clone());
        self.addresses.insert(file.address.clone());
        file
    }
}

/// Writes a file whole or not at all: a half one must not become an article.
fn write(folder: &Path, name: &str, content: &str) -> Result<(), BringInError> {
    let draft = folder.join(format!(".{name}.tmp"));
    let whole = || -> std::io::Result<()> {
        let mut file = File::create(&draft)?;
        file.write_all(content.as_bytes())?;
        file.sync_all()?;
        drop(file);
        // A link fails where something stands under the name already; a rename would put it away.
        match fs::hard_link(&draft, folder.join(name)) {
            Ok(()) => fs::remove_file(&draft),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Err(error),
            Err(_) => fs::rename(&draft, folder.join(name)),
        }
    };
    whole().map_err(|why| {
        // Nothing is lost if it stays: names with a dot in front are passed over.
        let _ = fs::remove_file(&draft);
        BringInError::Folder {
            path: folder.join(name),
            why,
        }
    })
}
