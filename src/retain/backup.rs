//! A copy of everything that cannot be made again: the database and the keys.

use std::io;
use std::path::{Path, PathBuf};

use crate::app::App;
use crate::store::{Engine, StoreError, backups};

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Something is there already.
    #[error("write a backup to {0}: it exists; choose another name, or remove it")]
    Exists(PathBuf),
    /// A server keeps its own backups.
    #[error(
        "back up a PostgreSQL database: use its own tools (`pg_dump --format=custom`), and keep the file `keys` of the state folder with it"
    )]
    Server,
    /// The files.
    #[error("write {path}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The database.
    #[error("copy the database: {0}")]
    Store(#[from] StoreError),
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Backup {
    /// The copy of the database.
    pub database: PathBuf,
    /// The keys that sign links; without them no link in an old letter works.
    pub keys: PathBuf,
}

/// `FILE.keys`, where the keys of a backup lie.
pub(super) fn keys_beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".keys");
    name.into()
}

/// Writes the database as it is now to `file` and the keys beside it; the service goes on meanwhile.
pub async fn backup(app: &App, file: &Path) -> Result<Backup, BackupError> {
    if app.database.engine() == Engine::Postgres {
        return Err(BackupError::Server);
    }
    let keys = keys_beside(file);
    for path in [file, &keys] {
        if path.exists() {
            return Err(BackupError::Exists(path.to_owned()));
        }
    }
    let fail = |path: &Path| {
        let path = path.to_owned();
        move |error| BackupError::File { path, error }
    };
    // Written under another name first: a file under its own name is whole.
    let draft = file.with_extension(format!("{}.tmp", std::process::id()));
    let copied = backups::copy_to(&app.database, &draft).await;
    if let Err(error) = copied {
        drop(std::fs::remove_file(&draft));
        return Err(error.into());
    }
    only_for_its_owner(&draft).map_err(fail(&draft))?;
    let ring = app.settings().state.dir.join("keys");
    std::fs::copy(&ring, &keys).map_err(fail(&keys))?;
    only_for_its_owner(&keys).map_err(fail(&keys))?;
    std::fs::rename(&draft, file).map_err(fail(file))?;
    Ok(Backup {
        database: file.to_owned(),
        keys,
    })
}

/// Mode 0600, and on the disk.
pub(super) fn only_for_its_owner(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    std::fs::File::open(path)?.sync_all()
}
