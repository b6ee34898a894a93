//! A Maildir that another program delivers into: new mails are read once and then stand among those that were seen.

use std::fs;
use std::path::{Path, PathBuf};

use super::BouncesError;

/// Most mails of one turn.
const MOST: usize = 500;

/// A mail of a Maildir.
#[derive(Debug, Clone)]
pub struct Message {
    /// Where it lies.
    pub path: PathBuf,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Whether a folder is a Maildir: it has `new` and `cur`.
pub fn is_maildir(folder: &Path) -> bool {
    folder.join("new").is_dir() && folder.join("cur").is_dir()
}

/// The next mails that nobody read, oldest name first; with `all` also those that were seen.
///
/// # Errors
/// When the folder cannot be read. A mail that vanished meanwhile is left out.
pub fn new_messages(folder: &Path, all: bool) -> Result<Vec<Message>, BouncesError> {
    let mut paths = names(&folder.join("new"))?;
    if all {
        paths.extend(names(&folder.join("cur"))?);
    } else {
        paths.truncate(MOST);
    }
    let read = |path: PathBuf| fs::read(&path).ok().map(|bytes| Message { path, bytes });
    Ok(paths.into_iter().filter_map(read).collect())
}

fn names(folder: &Path) -> Result<Vec<PathBuf>, BouncesError> {
    let fail = |error| BouncesError::File {
        path: folder.display().to_string(),
        error,
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_file && !entry.file_name().to_string_lossy().starts_with('.') {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

/// Moves a mail from `new` to `cur`, marked as seen, and as flagged when it could not be read.
///
/// # Errors
/// When it cannot be moved; one that is gone was moved by somebody else.
pub fn put_away(folder: &Path, message: &Message, unreadable: bool) -> Result<(), BouncesError> {
    let Some(name) = message.path.file_name().map(|name| name.to_string_lossy().into_owned()) else {
        return Ok(());
    };
    let base = name.split(":2,").next().unwrap_or(&name);
    let flags = if unreadable { "FS" } else { "S" };
    let to = folder.join("cur").join(format!("{base}:2,{flags}"));
    match fs::rename(&message.path, to) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(BouncesError::File {
            path: message.path.display().to_string(),
            error,
        }),
        _ => Ok(()),
    }
}
