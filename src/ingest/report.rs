//! What a scan did, and what can stop one.

use serde::Serialize;

use crate::model::article::{Problem, Severity};
use crate::store::StoreError;

/// What a scan did; printed by `articles scan`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ScanReport {
    /// New articles.
    pub added: u64,
    /// Articles that a reader sees differently.
    pub updated: u64,
    /// Articles at another path or address.
    pub moved: u64,
    /// Articles that left the feeds.
    pub withdrawn: u64,
    /// New files that the author's marks keep back.
    pub excluded: u64,
    /// New articles that are held until a person decides.
    pub held: u64,
    /// New articles that the first scan found: in the feeds, not mailed.
    pub baseline: u64,
    /// New articles that letters may carry.
    pub mailable: u64,
    /// Files that were looked at.
    pub files: u64,
    /// Everything that a person should mend, also where this scan found the file unchanged.
    pub problems: Vec<ProblemRow>,
}

/// A problem as commands print it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProblemRow {
    /// The source.
    pub source: String,
    /// Path under the source's root; empty for the source as a whole.
    pub file: String,
    /// 1-based.
    pub line: Option<u32>,
    /// Stable code, see `sources.md` 2.7.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
    /// How bad it is.
    pub severity: Severity,
}

impl ProblemRow {
    /// The problem of a source.
    pub fn new(source: &str, problem: Problem) -> Self {
        Self {
            source: source.to_owned(),
            file: problem.locator,
            line: problem.line,
            code: problem.code,
            message: problem.message,
            remedy: problem.remedy,
            severity: problem.severity,
        }
    }
}

impl ScanReport {
    /// Adds another source's report.
    pub fn add(&mut self, other: Self) {
        self.added += other.added;
        self.updated += other.updated;
        self.moved += other.moved;
        self.withdrawn += other.withdrawn;
        self.excluded += other.excluded;
        self.held += other.held;
        self.baseline += other.baseline;
        self.mailable += other.mailable;
        self.files += other.files;
        self.problems.extend(other.problems);
    }

    /// Whether feeds must be rendered anew.
    pub fn is_change(&self) -> bool {
        self.added + self.updated + self.moved + self.withdrawn > 0
    }
}

/// What stops a scan.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The database.
    #[error("write articles: {0}")]
    Store(#[from] StoreError),
    /// A reading thread ended early.
    #[error("read articles: {0}; this is a defect, please report it")]
    Thread(#[from] tokio::task::JoinError),
    /// The file that keeps scans apart.
    #[error("hold the scan lock {path}: {error}; check that the state folder can be written")]
    Lock {
        /// The file.
        path: std::path::PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// No article has this id.
    #[error("find the article {0}: no article has this id; `articles list` prints them")]
    Unknown(String),
}
