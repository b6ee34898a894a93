//! Waits until the files of a source hold still.

use crate::model::clock::Clock;
use crate::source::folder::{self, FolderSettings, Walked};

/// Editors write in pieces: files that changed a moment ago are looked at again until they hold still (at most 2 s).
pub(super) fn walk_when_quiet(settings: &FolderSettings, clock: &dyn Clock) -> Result<Walked, folder::SourceError> {
    let mut walked = folder::walk(settings)?;
    for _ in 0..10 {
        let now = clock.now().timestamp_nanos_opt().unwrap_or(i64::MAX);
        if !folder::is_fresh(&walked.candidates, now) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(200));
        let again = folder::walk(settings)?;
        let still = again == walked;
        walked = again;
        if still {
            break;
        }
    }
    Ok(walked)
}

/// Builds replace everything: a site is looked at when nothing in it changed for 2 s; one that is never still, after 10 s.
pub(super) fn wait_until_built(settings: &FolderSettings, clock: &dyn Clock) -> Result<(), folder::SourceError> {
    for _ in 0..50 {
        let walked = folder::walk(settings)?;
        let now = clock.now().timestamp_nanos_opt().unwrap_or(i64::MAX);
        if !folder::is_young(&walked.candidates, now, 2_000_000_000) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    Ok(())
}
