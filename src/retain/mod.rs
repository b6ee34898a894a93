//! Keeps what must not be lost, and brings it back.
//!
//! ```text
//!  [backup]   database ──▶ FILE, keys ──▶ FILE.keys
//!  [restore]  FILE ──▶ checked copy, on hold ──▶ database (the old one is kept beside it)
//!  [resume]   a person has looked: what the ledger does not know counts as sent, and mail goes on
//! ```

mod backup;
mod restore;
mod resume;

pub use backup::{Backup, BackupError, backup};
pub use restore::{RestoreError, Restored, restore};
pub use resume::{Resume, ResumeError, Resumed, resume};
