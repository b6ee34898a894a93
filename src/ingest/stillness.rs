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
