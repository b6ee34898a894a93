//! A full disk: a ballast file gives room for the last outcomes, and issues pause until there is room again
//! (`delivery.md` 16).
//!
//! An attempt is recorded before it is made, so on a full disk no letter goes out unrecorded: none goes out.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{FallocateFlags, fallocate, statvfs};

use crate::app::App;
use crate::store::Engine;

use super::author;
use super::operate::{self, OperateError};

/// Bytes of the ballast.
const BALLAST: u64 = 16 << 20;
/// With less room than this, issues pause.
const LOW: u64 = 32 << 20;
/// With more room than this they go on, and the ballast comes back.
const ENOUGH: u64 = 96 << 20;
/// Why issues are paused.
const REASON: &str = "disk";

/// The disk under an SQLite database; a server looks after its own.
#[derive(Debug)]
pub(super) struct Disk {
    ballast: Option<PathBuf>,
    /// A write failed for want of room since the last look.
    was_full: AtomicBool,
}

/// What is to be done about the room that there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Room {
    Low,
    Some,
    Enough,
}

impl Room {
    fn of(free: u64) -> Self {
        match free {
            ..LOW => Self::Low,
            LOW..ENOUGH => Self::Some,
            ENOUGH.. => Self::Enough,
        }
    }
}

impl Disk {
    /// The disk of the application's database.
    pub(super) fn of(app: &App) -> Self {
        let in_a_file = app.database.engine() == Engine::Sqlite;
        Self {
            ballast: in_a_file.then(|| app.settings().state.dir.join("ballast")),
            was_full: AtomicBool::new(false),
        }
    }

    /// A write failed for want of room: the ballast goes, so that the outcomes in flight can be written.
    pub(super) fn is_full(&self) {
        self.was_full.store(true, Ordering::Relaxed);
        self.make_room();
    }

    fn make_room(&self) {
        if let Some(ballast) = &self.ballast {
            match std::fs::remove_file(ballast) {
                Ok(()) => tracing::error!("the disk is full: the ballast file makes room for the last outcomes"),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => tracing::error!(%error, "the disk is full, and the ballast file cannot be removed"),
            }
        }
    }

    /// Looks how much room there is: pauses every issue when there is little, and lets them go on when there is enough.
    pub(super) async fn look(&self, app: &App) -> Result<(), OperateError> {
        let Some(ballast) = &self.ballast else { return Ok(()) };
        let room = match free(ballast) {
            Ok(free) => Room::of(free),
            Err(error) => {
                tracing::warn!(%error, "cannot see how much room the disk has");
                Room::Some
            }
        };
        if self.was_full.swap(false, Ordering::Relaxed) || room == Room::Low {
            self.make_room();
            let paused = operate::pause_all(app, REASON).await?;
            if paused > 0 {
                author::tell_paused(app, REASON, None, "").await?;
                tracing::error!(
                    paused,
                    "the disk is full: issues pause until there is room, {} MB",
                    ENOUGH >> 20
                );
            }
        } else if room == Room::Enough {
            if let Err(error) = keep(ballast) {
                tracing::warn!(%error, "the ballast file cannot be made");
            }
            let resumed = operate::resume_all(app, REASON).await?;
            if resumed > 0 {
                tracing::info!(resumed, "there is room on the disk again: issues go on");
            }
        }
        Ok(())
    }
}

/// Bytes that are free where a file lies.
fn free(file: &Path) -> io::Result<u64> {
    let folder = file.parent().unwrap_or(file);
    let found = statvfs(folder)?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

/// Makes the ballast, with blocks of its own and not a hole, if it is not there.
fn keep(ballast: &Path) -> io::Result<()> {
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(ballast);
    match made {
        Ok(file) => fallocate(&file, FallocateFlags::empty(), 0, BALLAST).or_else(|error| {
            // Better none than one that gives no room.
            std::fs::remove_file(ballast)?;
            Err(error.into())
        }),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn the_ballast_takes_real_room_and_is_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let ballast = folder.path().join("ballast");
        keep(&ballast).unwrap();
        keep(&ballast).unwrap();
        let made = std::fs::metadata(&ballast).unwrap();
        assert_eq!((made.len(), made.mode() & 0o777), (BALLAST, 0o600));
        assert!(made.blocks() * 512 >= BALLAST, "a hole gives no room");
        assert!(free(&ballast).unwrap() > 0);
    }

    #[test]
    fn issues_that_paused_for_want_of_room_need_more_to_go_on() {
        assert_eq!(Room::of(LOW - 1), Room::Low);
        assert_eq!(Room::of(ENOUGH - 1), Room::Some);
        assert_eq!(Room::of(ENOUGH), Room::Enough);
    }
}
