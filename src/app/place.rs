//! The state folder: its lock says who may send from here, its file `place` remembers the database.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use crate::model::hold::Remembered;

/// Why a place cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// Another process holds the lock.
    #[error("work from here: another process sends from this place (it holds {0}); stop it first, or let it send")]
    Locked(PathBuf),
    /// The folder.
    #[error("use the state folder {path}: {error}; check that it exists and can be written")]
    Folder {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

/// The lock of a place: held as long as this lives, and freed by the system however the process ends.
#[derive(Debug)]
pub struct Lock {
    /// ULID of the place.
    pub place_id: String,
    _file: File,
}

/// A state folder.
#[derive(Debug, Clone)]
pub struct Place {
    dir: PathBuf,
}

impl Place {
    /// The state folder `dir`, which need not exist.
    pub fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    /// The file that remembers the database.
    pub fn memory_file(&self) -> PathBuf {
        self.dir.join("place")
    }

    /// What is remembered; `None` when there is no such file, or it makes no sense.
    pub fn remembered(&self) -> Option<Remembered> {
        let text = std::fs::read_to_string(self.memory_file()).ok()?;
        let of = |name: &str| {
            text.lines()
                .filter_map(|line| line.split_once('='))
                .find(|(key, _)| key.trim() == name)
                .map(|(_, value)| value.trim().trim_matches('"').to_owned())
        };
        Some(Remembered {
            instance_id: of("database")?,
            epoch: of("epoch")?.parse().ok()?,
        })
    }

    /// ULID of the place, if a sender ever started here.
    pub fn id(&self) -> Option<String> {
        let id = std::fs::read_to_string(self.dir.join("sender.lock")).ok()?;
        Some(id.trim().to_owned()).filter(|id| !id.is_empty())
    }

    /// Remembers `epoch`, which is committed. Somebody else may have remembered a higher one meanwhile; a lower one is
    /// no harm, because the database counts.
    pub fn remember(&self, memory: &Remembered) -> Result<(), PlaceError> {
        let known = self.remembered();
        let same = known.filter(|known| known.instance_id == memory.instance_id);
        let epoch = same.map_or(memory.epoch, |known| known.epoch.max(memory.epoch));
        let text = format!(
            "# Which database belongs to this place, and how far it had come. Leave it here when you copy the database.\n\
             database = \"{}\"\nepoch = {epoch}\n",
            memory.instance_id
        );
        let path = self.memory_file();
        replace_private(&path, &text).map_err(|error| PlaceError::Folder { path, error })
    }

    /// Locks `sender.lock` and reads, or makes with `mint`, the place's id.
    pub fn lock(&self, mint: impl FnOnce() -> String) -> Result<Lock, PlaceError> {
        let path = self.dir.join("sender.lock");
        let fail = |error: io::Error| PlaceError::Folder {
            path: path.clone(),
            error,
        };
        make_private_folder(&self.dir).map_err(fail)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(fail)?;
        flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|error| match error {
            rustix::io::Errno::WOULDBLOCK => PlaceError::Locked(path.clone()),
            other => fail(other.into()),
        })?;
        let mut place_id = String::new();
        file.read_to_string(&mut place_id).map_err(fail)?;
        if place_id.trim().is_empty() {
            place_id = mint();
            file.write_all(place_id.as_bytes()).map_err(fail)?;
            file.sync_all().map_err(fail)?;
        }
        Ok(Lock {
            place_id: place_id.trim().to_owned(),
            _file: file,
        })
    }
}

/// Makes a folder that only its owner may enter, if it is not there.
fn make_private_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Writes a draft beside `path` that only its owner may read; it is on the disk when this returns.
fn draft(path: &Path, text: &str) -> io::Result<PathBuf> {
    if let Some(folder) = path.parent() {
        make_private_folder(folder)?;
    }
    let draft = path.with_extension(format!("{}.tmp", std::process::id()));
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(draft)
}

/// Replaces a file, whole or not at all.
fn replace_private(path: &Path, text: &str) -> io::Result<()> {
    std::fs::rename(draft(path, text)?, path)
}

/// Writes a file whole or not at all, and never over one that is there.
pub(super) fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let draft = draft(path, text)?;
    match std::fs::hard_link(&draft, path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    std::fs::remove_file(&draft)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(id: &str, epoch: i64) -> Remembered {
        Remembered {
            instance_id: id.to_owned(),
            epoch,
        }
    }

    #[test]
    fn a_place_remembers_the_highest_epoch_of_its_database() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::new(&folder.path().join("state"));
        assert_eq!(place.remembered(), None);
        for (noted, epoch) in [(3, 3), (2, 3), (9, 9)] {
            place.remember(&memory("A", noted)).unwrap();
            assert_eq!(place.remembered(), Some(memory("A", epoch)));
        }
        place.remember(&memory("B", 1)).unwrap();
        assert_eq!(place.remembered(), Some(memory("B", 1)), "another database");
        std::fs::write(place.memory_file(), "rubbish").unwrap();
        assert_eq!(place.remembered(), None);
    }
}
