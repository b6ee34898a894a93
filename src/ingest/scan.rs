//! One scan of a source: walk, read what changed, write, decide.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures_util::StreamExt;

use crate::app::App;
use crate::config::Source;
use crate::model::article::{Problem, Severity, Visibility};
use crate::model::clock::to_micros;
use crate::source::folder::{self, Candidate, FolderSettings, Locators, Reading};
use crate::store::articles::{self, Known};
use crate::store::{Conn, StoreError, sources};

use super::identity::Index;
use super::record::{self, Scene};
use super::settings::folder_settings;

const BATCH: usize = 200;

/// What a scan did; printed by `articles scan`.
#[derive(Debug, Clone, Default, serde::Serialize)]
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
    /// New articles that the bulk fuse holds.
    pub held: u64,
    /// New articles that the first scan found: in the feeds, not mailed.
    pub baseline: u64,
    /// New articles that letters may carry.
    pub mailable: u64,
    /// Files that were looked at.
    pub files: u64,
    /// What a person should mend.
    pub problems: Vec<Problem>,
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

    fn changed(&self) -> bool {
        self.added + self.updated + self.moved + self.withdrawn > 0
    }
}

/// Told as a scan goes on: files done, files in all.
pub type Progress<'a> = &'a (dyn Fn(u64, u64) + Send + Sync);

/// What stops a scan.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The database.
    #[error("write articles: {0}")]
    Store(#[from] StoreError),
    /// A reading thread ended early.
    #[error("read articles: {0}; this is a defect, please report it")]
    Thread(#[from] tokio::task::JoinError),
}

/// Scans every source, one after the other.
pub async fn scan_all(app: &App, progress: Progress<'_>) -> Result<ScanReport, IngestError> {
    let _one_at_a_time = app.scanning.lock().await;
    let mut report = ScanReport::default();
    for source in &app.settings().sources {
        report.add(scan_source(app, source, progress).await?);
    }
    Ok(report)
}

/// Scans one source.
pub async fn scan_source(app: &App, source: &Source, progress: Progress<'_>) -> Result<ScanReport, IngestError> {
    let settings = Arc::new(folder_settings(&app.settings(), source, app.clock.now()));
    let walked = tokio::task::spawn_blocking({
        let settings = Arc::clone(&settings);
        move || walk_when_quiet(&settings)
    })
    .await?;
    let candidates = match walked {
        Ok(candidates) => candidates,
        Err(error) => return root_is_away(app, source, &error.to_string()).await,
    };
    let mut scan = Scan::begin(app, source, settings, candidates).await?;
    scan.read_and_write(progress).await?;
    Ok(scan.finish().await?)
}

/// Editors write in pieces: files that changed a moment ago are looked at again until they hold still (at most 2 s).
fn walk_when_quiet(settings: &FolderSettings) -> Result<Vec<Candidate>, folder::SourceError> {
    let mut candidates = folder::walk(settings)?;
    for _ in 0..10 {
        if !folder::is_fresh(&candidates) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(200));
        let again = folder::walk(settings)?;
        let still = again == candidates;
        candidates = again;
        if still {
            break;
        }
    }
    Ok(candidates)
}

async fn root_is_away(app: &App, source: &Source, error: &str) -> Result<ScanReport, IngestError> {
    let problem = Problem {
        locator: String::new(),
        line: None,
        code: "mass_vanish".to_owned(),
        message: format!("the folder of source {} cannot be read: {error}", source.id),
        remedy: "check the path and its rights; nothing is withdrawn meanwhile".to_owned(),
        severity: Severity::Error,
    };
    let mut conn = app.database.begin().await?;
    sources::add_problem(&mut conn, &source.id, &problem, to_micros(app.clock.now())).await?;
    conn.commit().await?;
    Ok(ScanReport { problems: vec![problem], ..ScanReport::default() })
}

struct Scan<'a> {
    app: &'a App,
    source: &'a Source,
    settings: Arc<FolderSettings>,
    settings_hash: String,
    candidates: Vec<Candidate>,
    index: Index,
    first: bool,
    now: i64,
    to_read: Vec<Candidate>,
    with_problems: HashSet<String>,
    report: ScanReport,
}

impl<'a> Scan<'a> {
    async fn begin(
        app: &'a App,
        source: &'a Source,
        settings: Arc<FolderSettings>,
        candidates: Vec<Candidate>,
    ) -> Result<Self, IngestError> {
        let mut conn = app.database.read().await?;
        let row = sources::one(&mut conn, &source.id).await?;
        let known = articles::known(&mut conn, &source.id).await?;
        let with_problems: HashSet<String> = sources::files_with_problems(&mut conn, &source.id).await?.into_iter().collect();
        drop(conn);
        let settings_hash = settings.fingerprint();
        let to_read = changed_files(&candidates, &known, &row, &settings_hash, &with_problems);
        let present: HashSet<&str> = candidates.iter().map(|c| c.locator.as_str()).collect();
        let mut index = Index::new(known, &present, row.baseline_at.is_none());
        let reading: HashSet<&str> = to_read.iter().map(|c| c.locator.as_str()).collect();
        for candidate in candidates.iter().filter(|c| !reading.contains(c.locator.as_str())) {
            if let Some(at) = index.at_locator(&candidate.locator) {
                index.claim(at);
            }
        }
        let report = ScanReport { files: candidates.len() as u64, ..ScanReport::default() };
        let now = to_micros(app.clock.now());
        let first = row.baseline_at.is_none();
        Ok(Self { app, source, settings, settings_hash, candidates, index, first, now, to_read, with_problems, report })
    }

    /// Files are read and parsed on every core, in order, while the batch before is being written.
    async fn read_and_write(&mut self, progress: Progress<'_>) -> Result<(), IngestError> {
        let all = self.to_read.len() as u64;
        let locators = Arc::new(Locators::new(&self.settings, &self.candidates));
        let batches: Vec<Vec<Candidate>> = self.to_read.chunks(BATCH / 4).map(<[Candidate]>::to_vec).collect();
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let settings = Arc::clone(&self.settings);
        let mut readings = futures_util::stream::iter(batches)
            .map(move |batch| {
                let (settings, locators) = (Arc::clone(&settings), Arc::clone(&locators));
                tokio::task::spawn_blocking(move || read_batch(&settings, &locators, batch))
            })
            .buffered(cores + 1);
        let mut done = 0;
        let mut waiting = Vec::new();
        while let Some(batch) = readings.next().await {
            waiting.extend(batch?);
            if waiting.len() >= BATCH {
                done += waiting.len() as u64;
                self.write(std::mem::take(&mut waiting)).await?;
                progress(done, all);
            }
        }
        done += waiting.len() as u64;
        self.write(waiting).await?;
        progress(done, all);
        Ok(())
    }

    async fn write(&mut self, readings: Vec<(Candidate, Reading)>) -> Result<(), IngestError> {
        if readings.is_empty() {
            return Ok(());
        }
        let look_back = i64::try_from(self.source.look_back.as_micros()).unwrap_or(i64::MAX);
        let scene = Scene { app: self.app, source_id: &self.source.id, now: self.now, look_back };
        let mut conn = self.app.database.begin().await?;
        for (candidate, reading) in readings {
            let problems = match reading {
                Reading::Draft(draft) => {
                    record::draft(&scene, &mut conn, &mut self.index, &candidate, *draft, &mut self.report).await?
                }
                Reading::NotAnArticle => Vec::new(),
                Reading::Problem(problem) => {
                    // What was public keeps its last good revision: the file is there, it only cannot be read.
                    if let Some(at) = self.index.at_locator(&candidate.locator) {
                        self.index.claim(at);
                    }
                    vec![problem]
                }
            };
            if self.with_problems.contains(&candidate.locator) {
                sources::clear_problems(&mut conn, &self.source.id, &candidate.locator).await?;
            }
            for problem in problems {
                sources::add_problem(&mut conn, &self.source.id, &problem, self.now).await?;
                self.report.problems.push(problem);
            }
        }
        conn.commit().await?;
        Ok(())
    }

    /// The last transaction: what vanished, what may be mailed, and the sign to render anew.
    async fn finish(mut self) -> Result<ScanReport, StoreError> {
        let mut conn = self.app.database.begin().await?;
        sources::clear_problems(&mut conn, &self.source.id, "").await?;
        for locator in self.stale_problem_files() {
            sources::clear_problems(&mut conn, &self.source.id, &locator).await?;
        }
        self.vanish(&mut conn).await?;
        self.decide(&mut conn).await?;
        let due = articles::publish_due(&mut conn, self.now).await?;
        let count = i64::try_from(self.candidates.len()).unwrap_or(i64::MAX);
        sources::scanned(&mut conn, &self.source.id, self.now, &self.settings_hash, count).await?;
        if self.report.changed() || due > 0 || self.first {
            articles::bump_version(&mut conn, self.app.clock.now()).await?;
        }
        conn.commit().await?;
        Ok(self.report)
    }

    fn stale_problem_files(&self) -> Vec<String> {
        let present: HashSet<&str> = self.candidates.iter().map(|c| c.locator.as_str()).collect();
        self.with_problems.iter().filter(|file| !file.is_empty() && !present.contains(file.as_str())).cloned().collect()
    }

    async fn vanish(&mut self, conn: &mut Conn) -> Result<(), StoreError> {
        let missing: Vec<Known> = self
            .index
            .unclaimed_missing()
            .into_iter()
            .map(|at| self.index.known[at].clone())
            .filter(|known| known.visibility != Visibility::Gone)
            .collect();
        let public = self.index.known.iter().filter(|k| k.visibility == Visibility::Public).count();
        let gone = missing.iter().filter(|k| k.visibility == Visibility::Public).count();
        if gone > (public / 5).max(5) || (self.candidates.is_empty() && gone > 0) {
            return self.mass_vanish(conn, gone).await;
        }
        let patience = i64::try_from(self.source.vanish_after.as_micros()).unwrap_or(i64::MAX);
        for known in missing {
            articles::missed(conn, &known.id, self.now).await?;
            let long = known.missing_since.is_some_and(|since| self.now - since >= patience);
            // Two scans at least, so that a checkout or an atomic save does no harm.
            if long || (patience == 0 && known.missing_scans >= 1) {
                articles::set_visibility(conn, &known.id, Visibility::Gone, Some("the file is gone"), self.now).await?;
                self.report.withdrawn += 1;
            }
        }
        Ok(())
    }

    async fn mass_vanish(&mut self, conn: &mut Conn, gone: usize) -> Result<(), StoreError> {
        let problem = Problem {
            locator: String::new(),
            line: None,
            code: "mass_vanish".to_owned(),
            message: format!("{gone} public articles are missing at once; none is withdrawn"),
            remedy: "bring the files back; if they are meant to be gone, run `articles scan --accept-vanished`".to_owned(),
            severity: Severity::Error,
        };
        sources::add_problem(conn, &self.source.id, &problem, self.now).await?;
        self.report.problems.push(problem);
        Ok(())
    }

    /// Baseline on the first scan, held above the fuse, else mailable (`sources.md` 2.5).
    async fn decide(&mut self, conn: &mut Conn) -> Result<(), StoreError> {
        let window = self.now - 600_000_000;
        let (pending, recent) = articles::undecided(conn, &self.source.id, window).await?;
        let fuse = i64::from(self.source.fuse);
        let reason = if self.first && !self.source.baseline.mails() {
            Some("baseline")
        } else if !self.first && pending + recent > fuse {
            Some("held")
        } else {
            None
        };
        articles::decide(conn, &self.source.id, reason).await?;
        let decided = u64::try_from(pending).unwrap_or(0);
        match reason {
            Some("baseline") => self.report.baseline = decided,
            Some(_) => self.report.held = decided,
            None => self.report.mailable = decided,
        }
        Ok(())
    }
}

/// What must be read: new files, other stamps, files with problems, and everything when the settings changed.
fn changed_files(
    candidates: &[Candidate],
    known: &[Known],
    row: &sources::SourceRow,
    settings_hash: &str,
    with_problems: &HashSet<String>,
) -> Vec<Candidate> {
    if row.settings_hash != settings_hash {
        return candidates.to_vec();
    }
    // A file whose stamp is as young as the last scan may have changed again within the same tick of its clock.
    let too_young = row.scanned_at.map_or(0, |at| at.saturating_sub(2_000_000).saturating_mul(1000));
    let stamps: HashMap<&str, &Known> =
        known.iter().filter(|k| k.visibility != Visibility::Gone).map(|k| (k.locator.as_str(), k)).collect();
    candidates
        .iter()
        .filter(|candidate| {
            let Some(known) = stamps.get(candidate.locator.as_str()) else { return true };
            (known.file_size, known.file_mtime, known.file_id) != record::stamp(candidate)
                || known.file_mtime > too_young
                || known.missing_since.is_some()
                || with_problems.contains(&candidate.locator)
        })
        .cloned()
        .collect()
}

fn read_batch(settings: &FolderSettings, locators: &Locators, batch: Vec<Candidate>) -> Vec<(Candidate, Reading)> {
    batch
        .into_iter()
        .map(|candidate| {
            let reading = match folder::read(settings, &candidate) {
                Ok(bytes) => folder::parse_guarded(settings, &candidate, &bytes, locators),
                Err(problem) => Reading::Problem(problem),
            };
            (candidate, reading)
        })
        .collect()
}
