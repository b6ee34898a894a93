//! Brings a backup back, on hold: what was sent since it was made is not in its ledger.

use std::io;
use std::path::{Path, PathBuf};

use chrono::SecondsFormat;

use crate::app::{Place, PlaceError};
use crate::config::Settings;
use crate::model::clock::{Chance, Clock, mint_ulid, to_micros};
use crate::model::hold::{Hold, Remembered};
use crate::store::{Database, StoreError, backups, instance};

use super::backup::{keys_beside, only_for_its_owner};

/// Why a backup was not brought back. The database in use is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// A server keeps its own backups.
    #[error(
        "restore a PostgreSQL database: use its own tools (`pg_restore`); the next start notices that it is older and holds mail"
    )]
    Server,
    /// The backup itself.
    #[error("restore {path}: it is damaged ({damage}); use another backup")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What the engine said.
        damage: String,
    },
    /// It is something else.
    #[error("restore {0}: it is no backup that `letterpress backup` made")]
    NoBackup(PathBuf),
    /// Links in letters would stop working.
    #[error(
        "restore: the keys in {here} are not those of the backup; move {here} away if those of {backup} are wanted"
    )]
    OtherKeys {
        /// The keys in use.
        here: PathBuf,
        /// Those of the backup.
        backup: PathBuf,
    },
    /// Without its keys no link in a letter works.
    #[error("restore: {0} is missing, and so are keys of our own; put the keys that belong to the backup there")]
    NoKeys(PathBuf),
    /// Another process.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The files.
    #[error("write {path}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The backup's database.
    #[error("restore: {0}")]
    Store(#[from] StoreError),
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Restored {
    /// The database in use from now on, on hold.
    pub database: PathBuf,
    /// Where the one before was moved.
    pub before: Option<PathBuf>,
}

fn fail(path: &Path) -> impl FnOnce(io::Error) -> RestoreError {
    let path = path.to_owned();
    move |error| RestoreError::File { path, error }
}

/// Puts the backup `file` in the place of the database of `settings`, with mail on hold. Nothing else may be running.
pub async fn restore(
    settings: &Settings,
    file: &Path,
    clock: &dyn Clock,
    chance: &dyn Chance,
) -> Result<Restored, RestoreError> {
    let database = settings.database.file().ok_or(RestoreError::Server)?;
    let place = Place::new(&settings.state.dir);
    let _lock = place.lock(|| mint_ulid(clock, chance))?;
    check_keys(file, &settings.state.dir.join("keys"))?;
    let draft = database.with_extension("restore.tmp");
    remove_with_logs(&draft);
    std::fs::copy(file, &draft).map_err(fail(file))?;
    let memory = match held_copy(file, &draft, clock).await {
        Ok(memory) => memory,
        Err(error) => {
            remove_with_logs(&draft);
            return Err(error);
        }
    };
    take_keys(file, &settings.state.dir.join("keys"))?;
    let before = move_aside(&database, clock)?;
    std::fs::rename(&draft, &database).map_err(fail(&database))?;
    place.remember(&memory)?;
    Ok(Restored { database, before })
}

/// Looks whether the copy is whole, and puts it on hold before anybody can find it.
async fn held_copy(file: &Path, draft: &Path, clock: &dyn Clock) -> Result<Remembered, RestoreError> {
    only_for_its_owner(draft).map_err(fail(draft))?;
    let (database, damage) = backups::open_copy(draft).await?;
    if !damage.is_empty() {
        let (path, damage) = (file.to_owned(), damage.join("; "));
        return Err(RestoreError::Damaged { path, damage });
    }
    let memory = hold(&database, clock).await?;
    database.close().await;
    only_for_its_owner(draft).map_err(fail(draft))?;
    memory.ok_or_else(|| RestoreError::NoBackup(file.to_owned()))
}

async fn hold(database: &Database, clock: &dyn Clock) -> Result<Option<Remembered>, StoreError> {
    let mut conn = database.begin().await?;
    let Some(row) = instance::one(&mut conn).await? else {
        return Ok(None);
    };
    instance::hold(&mut conn, Hold::Restored, to_micros(clock.now())).await?;
    conn.commit().await?;
    Ok(Some(Remembered {
        instance_id: row.known.instance_id,
        epoch: row.known.epoch,
    }))
}

/// The keys of the backup must be ours, or we must have none.
fn check_keys(file: &Path, here: &Path) -> Result<(), RestoreError> {
    let backup = keys_beside(file);
    match (std::fs::read(&backup).ok(), std::fs::read(here).ok()) {
        (Some(theirs), Some(ours)) if theirs != ours => Err(RestoreError::OtherKeys {
            here: here.to_owned(),
            backup,
        }),
        (None, None) => Err(RestoreError::NoKeys(backup)),
        _ => Ok(()),
    }
}

fn take_keys(file: &Path, here: &Path) -> Result<(), RestoreError> {
    if here.exists() {
        return Ok(());
    }
    std::fs::copy(keys_beside(file), here).map_err(fail(here))?;
    only_for_its_owner(here).map_err(fail(here))
}

/// Log files of SQLite lie beside the file under its name.
fn with_logs(file: &Path) -> [PathBuf; 3] {
    ["", "-wal", "-shm"].map(|ending| {
        let mut name = file.as_os_str().to_owned();
        name.push(ending);
        name.into()
    })
}

fn remove_with_logs(file: &Path) {
    for path in with_logs(file) {
        drop(std::fs::remove_file(path));
    }
}

fn move_aside(database: &Path, clock: &dyn Clock) -> Result<Option<PathBuf>, RestoreError> {
    if !database.exists() {
        return Ok(None);
    }
    let now = clock.now().to_rfc3339_opts(SecondsFormat::Secs, true).replace(':', "");
    let mut name = database.as_os_str().to_owned();
    name.push(format!(".before-{now}"));
    let before = PathBuf::from(name);
    // The logs first: a log without its file is ignored, a file without its log lacks the last commits.
    let pairs = with_logs(database).into_iter().zip(with_logs(&before));
    for (from, to) in pairs.rev().filter(|(from, _)| from.exists()) {
        std::fs::rename(&from, &to).map_err(fail(&from))?;
    }
    Ok(Some(before))
}
