//! Asks a source what changed and writes articles: identity, states, what may be mailed.
//!
//! A scan gathers what a source has (`gather`, one file per kind: a folder is walked, a site's feed and pages are looked
//! at, a feed is fetched, a table queried), reads what changed, and writes in batches of 200 articles a transaction. Which stored
//! article a file is, is decided here alone (`identity`). New articles are written as `undecided`; the last
//! transaction of the scan decides for all of them at once, because only then is it known how many there are: baseline
//! (first scan), held (bulk fuse) or mailable. A scan that breaks off decides nothing, and the next one goes on.
//! A scan that finds nothing new writes nothing.
//!
//! `bring_in` comes before all scans: it writes the export of another platform into a folder that a source reads then.

mod bring_in;
mod choose;
mod due;
mod elsewhere;
mod finish;
mod gather;
mod identity;
mod list;
mod one_at_a_time;
mod overview;
mod own_id;
mod read;
mod record;
mod refusal;
mod report;
mod row;
mod scan;
mod settings;
mod stillness;
mod take_over;
mod watch;

pub use bring_in::{BringIn, BringInError, BroughtIn, ImportProblem, WrittenFile, bring_in};
pub use choose::{Approval, EvenIf, approve, dismiss};
pub use due::{is_scanned, next_due, publish_due};
pub use gather::{Example, Trial, accept_vanished, scan_all, scan_due, scan_source, try_sources};
pub use list::{ArticleRow, Shown, list, problems, show};
pub use overview::{Overview, overview};
pub use report::{IngestError, ProblemRow, ScanReport};
pub use scan::Progress;
pub use take_over::{Rejected, TakenOver, take_over};
pub use watch::{Changed, Watch};
