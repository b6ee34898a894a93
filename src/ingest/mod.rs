//! Asks a source what changed and writes articles: identity, states, what may be mailed.
//!
//! A scan walks the folder, reads what changed, and writes in batches of 200 articles a transaction. Which stored
//! article a file is, is decided here alone (`identity`). New articles are written as `undecided`; the last
//! transaction of the scan decides for all of them at once, because only then is it known how many there are: baseline
//! (first scan), held (bulk fuse) or mailable. A scan that breaks off decides nothing, and the next one goes on.
//! A scan that finds nothing new writes nothing.

mod choose;
mod due;
mod finish;
mod gather;
mod identity;
mod list;
mod one_at_a_time;
mod read;
mod record;
mod report;
mod row;
mod scan;
mod settings;
mod stillness;
mod take_over;
mod watch;

pub use choose::{Approval, EvenIf, approve, dismiss};
pub use due::{is_scanned, next_due, publish_due};
pub use gather::{accept_vanished, scan_all, scan_due, scan_source};
pub use list::{ArticleRow, Shown, list, problems, show};
pub use report::{IngestError, ProblemRow, ScanReport};
pub use scan::Progress;
pub use take_over::{Rejected, TakenOver, take_over};
pub use watch::{Changed, Watch};
