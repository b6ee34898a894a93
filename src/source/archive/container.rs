//! What an export comes in: one file, a folder, a zip or a tar archive, under the limits of H8.
//!
//! Names inside an archive are keys to look files up by. No path is ever made of one.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use flate2::read::MultiGzDecoder;
use walkdir::WalkDir;

use super::ArchiveError;
use super::tar;
use super::zip::{self, ZipEntry};

/// Files in one export at most (H8).
pub(super) const MOST_ENTRIES: u64 = 10_000;
/// Bytes of all files at most, unpacked (H8).
pub(super) const MOST_BYTES: u64 = 1024 * 1024 * 1024;
/// How many times larger than packed a file may be (H8).
pub(super) const MOST_RATIO: u64 = 100;
/// Bytes of one file at most: a table, a feed or a database.
pub(super) const LARGEST_FILE: u64 = 256 * 1024 * 1024;
/// Extensions of the files that may matter, in lower case.
const MATTER: [&str; 8] = ["xml", "json", "csv", "html", "htm", "md", "markdown", "atom"];

/// Where the bytes of a file are.
#[derive(Debug)]
enum Place {
    Disk(PathBuf),
    Zip(ZipEntry),
    Memory(Vec<u8>),
}

/// The files of an export by name, with `/` between folders.
#[derive(Debug)]
pub(super) struct Shelf {
    files: BTreeMap<String, Place>,
    zip: Option<File>,
}

impl Shelf {
    /// Opens an export.
    pub(super) fn open(path: &Path) -> Result<Self, ArchiveError> {
        let meta = std::fs::metadata(path)?;
        if meta.is_dir() {
            return Self::folder(path);
        }
        if !meta.is_file() {
            return Err(ArchiveError::Container("it is neither a file nor a folder".to_owned()));
        }
        let mut file = File::open(path)?;
        let mut head = Vec::new();
        file.by_ref().take(4).read_to_end(&mut head)?;
        file.seek(SeekFrom::Start(0))?;
        match head.as_slice() {
            [] => Err(ArchiveError::Empty),
            [b'P', b'K', 3 | 5, ..] => Self::zip(file),
            [0x1F, 0x8B, ..] => Self::tar(file),
            _ => Self::single(path),
        }
    }

    /// The names of the files that may matter, in order.
    pub(super) fn names(&self) -> Vec<String> {
        self.files.keys().cloned().collect()
    }

    /// Whether a file has this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.files.contains_key(name)
    }

    /// The bytes of a file, at most `limit` of them.
    pub(super) fn bytes(&mut self, name: &str, limit: u64) -> Result<Vec<u8>, ArchiveError> {
        let limit = limit.min(LARGEST_FILE);
        let missing = || ArchiveError::Container(format!("there is no file {name} in it"));
        let bytes = match self.files.get(name).ok_or_else(missing)? {
            Place::Memory(bytes) => bytes.clone(),
            Place::Disk(path) => {
                let mut bytes = Vec::new();
                File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
                bytes
            }
            Place::Zip(entry) => match &mut self.zip {
                Some(file) => zip::read(file, entry, limit)?,
                None => return Err(missing()),
            },
        };
        if bytes.len() as u64 > limit {
            return Err(ArchiveError::File {
                name: name.to_owned(),
                megabytes: limit / (1024 * 1024),
            });
        }
        Ok(bytes)
    }

    fn folder(root: &Path) -> Result<Self, ArchiveError> {
        let (mut files, mut count, mut total) = (BTreeMap::new(), 0, 0);
        // Links are not followed: they could lead anywhere.
        for entry in WalkDir::new(root).max_depth(16).sort_by_file_name() {
            let entry = entry.map_err(std::io::Error::from)?;
            if !entry.file_type().is_file() {
                continue;
            }
            let name: Vec<_> = entry
                .path()
                .strip_prefix(root)
                .unwrap_or(entry.path())
                .components()
                .map(|part| part.as_os_str().to_string_lossy().into_owned())
                .collect();
            let name = name.join("/");
            if !matters(&name) {
                continue;
            }
            count += 1;
            total += entry.metadata().map_or(0, |meta| meta.len());
            limits(count, total)?;
            files.insert(name, Place::Disk(entry.into_path()));
        }
        Ok(Self { files, zip: None })
    }

    /// One file, and what stands beside a table: the folders with the texts of its rows.
    fn single(path: &Path) -> Result<Self, ArchiveError> {
        let name = path
            .file_name()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let mut files = BTreeMap::from([(name.clone(), Place::Disk(path.to_owned()))]);
        let is_table = [".csv", ".json"]
            .iter()
            .any(|end| name.to_ascii_lowercase().ends_with(end));
        for folder in ["posts", "emails"] {
            let beside = path.with_file_name(folder);
            if is_table && beside.is_dir() {
                for (inner, place) in Self::folder(&beside)?.files {
                    files.insert(format!("{folder}/{inner}"), place);
                }
            }
        }
        Ok(Self { files, zip: None })
    }

    fn zip(mut file: File) -> Result<Self, ArchiveError> {
        let entries = zip::entries(&mut file)?;
        let (mut files, mut total) = (BTreeMap::new(), 0);
        for entry in entries {
            total += entry.size;
            limits(0, total)?;
            if matters(&entry.name) {
                files.insert(entry.name.clone(), Place::Zip(entry));
            }
        }
        Ok(Self { files, zip: Some(file) })
    }

    fn tar(file: File) -> Result<Self, ArchiveError> {
        let packed = Rc::new(Cell::new(0));
        let counted = Counted {
            inner: file,
            count: Rc::clone(&packed),
        };
        let mut guarded = Guarded {
            inner: MultiGzDecoder::new(counted),
            packed,
            unpacked: 0,
        };
        let files = tar::files(&mut guarded, &matters)?;
        let files = files.into_iter().map(|(name, bytes)| (name, Place::Memory(bytes)));
        Ok(Self {
            files: files.collect(),
            zip: None,
        })
    }
}

fn limits(count: u64, total: u64) -> Result<(), ArchiveError> {
    if count > MOST_ENTRIES {
        return Err(ArchiveError::TooMany(count));
    }
    if total > MOST_BYTES {
        return Err(ArchiveError::TooLarge);
    }
    Ok(())
}

/// A name as a key: UTF-8, `/` between folders, no folder that stands for another one.
pub(super) fn name_of(bytes: impl AsRef<[u8]>) -> String {
    let name = String::from_utf8_lossy(bytes.as_ref()).replace('\\', "/");
    let is_folder = name.ends_with('/');
    let parts: Vec<&str> = name
        .split('/')
        .filter(|part| !matches!(*part, "" | "." | ".."))
        .collect();
    parts.join("/") + if is_folder { "/" } else { "" }
}

/// Whether a file may belong to an export: macOS and editors leave others beside them.
fn matters(name: &str) -> bool {
    let is_hidden = name.split('/').any(|part| part.starts_with('.') || part == "__MACOSX");
    let extension = name
        .rsplit_once('.')
        .map(|(_, extension)| extension.to_ascii_lowercase());
    !is_hidden && extension.is_some_and(|extension| MATTER.contains(&extension.as_str()))
}

/// Counts what is read.
struct Counted<R> {
    inner: R,
    count: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let length = self.inner.read(out)?;
        self.count.set(self.count.get() + length as u64);
        Ok(length)
    }
}

/// Stops where what comes out is too many times what went in.
struct Guarded<R> {
    inner: R,
    packed: Rc<Cell<u64>>,
    unpacked: u64,
}

impl<R: Read> Read for Guarded<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let length = self.inner.read(out)?;
        self.unpacked += length as u64;
        let is_bomb = self.unpacked > self.packed.get().max(1) * MOST_RATIO + 1024 * 1024;
        if is_bomb || self.unpacked > MOST_BYTES + 64 * 1024 * 1024 {
            return Err(std::io::ErrorKind::QuotaExceeded.into());
        }
        Ok(length)
    }
}
