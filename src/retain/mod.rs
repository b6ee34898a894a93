//! Keeps what must not be lost, and brings it back.
//!
//! ```text
//!  [backup]   database ──▶ FILE, keys ──▶ FILE.keys
//!  [restore]  FILE ──▶ checked copy, on hold ──▶ database (the old one is kept beside it)
//!  [resume]   a person has looked: what the ledger does not know counts as sent, and mail goes on
//!  [relocate] database ──▶ one of the other engine; the old one is left on hold
//! ```

mod backup;
mod relocate;
mod restore;
mod resume;

pub use backup::{Backup, BackupError, backup};
pub use relocate::{Progress, RelocateError, relocate};
pub use restore::{RestoreError, Restored, restore};
pub use resume::{Resume, ResumeError, Resumed, resume};
