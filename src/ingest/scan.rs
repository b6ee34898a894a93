//! One scan of a source: walk, read what changed, write. What it comes to is decided in `finish`.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use futures_util::StreamExt;

use crate::app::App;
use crate::config::{Shortcodes, Source};
use crate::model::article::{Problem, Severity, Visibility};
use crate::model::clock::{micros, to_micros};
use crate::source::folder::{Candidate, FolderSettings, Locators, Walked};
use crate::store::articles::{self, Known};
use crate::store::{Conn, StoreError, sources};

use super::identity::Index;
use super::one_at_a_time::Turn;
use super::read::{Outcome, Reader};
use super::record::{self, Scene, Writing};
use super::report::{IngestError, ProblemRow, ScanReport};
use super::row::stamp;
use super::settings::folder_settings;
use super::stillness::walk_when_quiet;

/// Readings that are written in one transaction.
const BATCH: usize = 200;
/// Files that one thread reads at a time.
const PIECE: usize = 20;
/// So many pieces are read ahead, or the reading threads would rest whenever a batch is written. Each file costs memory.
const AHEAD: usize = 8;
/// Files whose stamp is as young as the last scan are read again each time; above this many the scan's time is noted
/// instead, which ends that.
const CHEAP_TO_READ_AGAIN: usize = 1_000;
/// Unknown template tags that may go without a person looking.
const LEFTOVERS: u32 = 3;

/// Told as a scan goes on: files done, files in all.
pub type Progress<'a> = &'a (dyn Fn(u64, u64) + Send + Sync);

/// Scans every source, one after the other. A second scan waits for the first, also in another process.
pub async fn scan_all(app: &App, progress: Progress<'_>) -> Result<ScanReport, IngestError> {
    scan_each(app, false, progress).await
}

/// As [`scan_all`], and believes that files which are missing are meant to be, however many they are.
pub async fn accept_vanished(app: &App, progress: Progress<'_>) -> Result<ScanReport, IngestError> {
    scan_each(app, true, progress).await
}

async fn scan_each(app: &App, accept_vanished: bool, progress: Progress<'_>) -> Result<ScanReport, IngestError> {
    let _turn = Turn::wait(app).await?;
    let mut report = ScanReport::default();
    for source in &app.settings().sources {
        report.add(scan(app, source, accept_vanished, progress).await?);
    }
    Ok(report)
}

/// Scans one source.
pub async fn scan_source(app: &App, source: &Source, progress: Progress<'_>) -> Result<ScanReport, IngestError> {
    let _turn = Turn::wait(app).await?;
    scan(app, source, false, progress).await
}

async fn scan(
    app: &App,
    source: &Source,
    accept_vanished: bool,
    progress: Progress<'_>,
) -> Result<ScanReport, IngestError> {
    let settings = Arc::new(folder_settings(&app.settings(), source, app.clock.now()));
    let walked = tokio::task::spawn_blocking({
        let (settings, clock) = (Arc::clone(&settings), Arc::clone(&app.clock));
        move || walk_when_quiet(&settings, &*clock)
    })
    .await?;
    let walked = match walked {
        Ok(walked) => walked,
        Err(error) => return root_is_away(app, source, &error.to_string()).await,
    };
    let mut scan = Scan::begin(app, source, settings, walked).await?;
    scan.accept_vanished = accept_vanished;
    scan.read_and_write(progress).await?;
    scan.finish().await
}

async fn root_is_away(app: &App, source: &Source, error: &str) -> Result<ScanReport, IngestError> {
    let problem = Problem {
        locator: String::new(),
        line: None,
        code: "mass_vanish".to_owned(),
        message: format!("the folder of source {} cannot be read: failed to {error}", source.id),
        remedy: "check the path and its rights; nothing is withdrawn meanwhile".to_owned(),
        severity: Severity::Error,
    };
    let mut conn = app.database.begin().await?;
    sources::add_problem(&mut conn, &source.id, &problem, to_micros(app.clock.now())).await?;
    conn.commit().await?;
    let problems = vec![ProblemRow::new(&source.id, problem)];
    Ok(ScanReport {
        problems,
        ..ScanReport::default()
    })
}

/// A scan under way.
pub(super) struct Scan<'a> {
    pub(super) app: &'a App,
    pub(super) source: &'a Source,
    settings: Arc<FolderSettings>,
    pub(super) settings_hash: String,
    pub(super) walked: Walked,
    pub(super) index: Index,
    pub(super) row: sources::SourceRow,
    pub(super) now: i64,
    to_read: Vec<Candidate>,
    /// What is noted about each file; the empty path is the source as a whole.
    pub(super) problems: BTreeMap<String, Vec<Problem>>,
    pub(super) report: ScanReport,
    writing: Writing,
    /// Anything was written before the end.
    pub(super) wrote: bool,
    pub(super) accept_vanished: bool,
}

impl<'a> Scan<'a> {
    async fn begin(
        app: &'a App,
        source: &'a Source,
        settings: Arc<FolderSettings>,
        walked: Walked,
    ) -> Result<Self, IngestError> {
        let mut conn = app.database.read().await?;
        let row = sources::one(&mut conn, &source.id).await?;
        let known = articles::known(&mut conn, &source.id).await?;
        let mut problems: BTreeMap<String, Vec<Problem>> = BTreeMap::new();
        for problem in sources::problems_of(&mut conn, &source.id).await? {
            problems.entry(problem.locator.clone()).or_default().push(problem);
        }
        let waiting = super::take_over::waiting(&mut conn).await?;
        drop(conn);
        // Engines sort texts by rules of their own.
        for of_file in problems.values_mut() {
            of_file.sort_by(|one, other| one.code.cmp(&other.code));
        }
        let now = to_micros(settings.now);
        let settings_hash = settings.fingerprint();
        let to_read = changed_files(&walked.candidates, &known, &row, &settings_hash);
        let present: HashSet<&str> = walked.candidates.iter().map(|c| c.locator.as_str()).collect();
        let mut index = Index::new(known, &present, row.baseline_at.is_none(), now);
        let reading: HashSet<&str> = to_read.iter().map(|c| c.locator.as_str()).collect();
        for candidate in walked
            .candidates
            .iter()
            .filter(|c| !reading.contains(c.locator.as_str()))
        {
            if let Some(at) = index.at_locator(&candidate.locator) {
                index.claim(at);
            }
        }
        let report = ScanReport {
            files: walked.candidates.len() as u64,
            ..ScanReport::default()
        };
        let (wrote, accept_vanished) = (false, false);
        Ok(Self {
            app,
            source,
            settings,
            settings_hash,
            walked,
            index,
            row,
            now,
            to_read,
            problems,
            report,
            writing: Writing::with(waiting),
            wrote,
            accept_vanished,
        })
    }

    /// The first complete scan seals the baseline.
    pub(super) fn is_first(&self) -> bool {
        self.row.baseline_at.is_none()
    }

    fn reader(&self) -> Reader {
        let same_rules = self.row.settings_hash == self.settings_hash;
        let live = self
            .index
            .known
            .iter()
            .filter(|known| known.visibility != Visibility::Gone);
        let known_bytes: HashMap<String, Vec<u8>> = if same_rules {
            live.clone()
                .map(|known| (known.locator.clone(), known.source_hash.clone()))
                .collect()
        } else {
            HashMap::new()
        };
        Reader {
            settings: Arc::clone(&self.settings),
            locators: Locators::new(&self.walked.candidates),
            known_bytes,
            were_full: live.map(|known| (known.locator.clone(), known.file_size > 0)).collect(),
        }
    }

    /// Files are read and parsed on every core, in order, while the batch before is being written.
    async fn read_and_write(&mut self, progress: Progress<'_>) -> Result<(), IngestError> {
        let all = self.to_read.len() as u64;
        if all == 0 {
            return Ok(());
        }
        let reader = Arc::new(self.reader());
        let batches: Vec<Vec<Candidate>> = self.to_read.chunks(PIECE).map(<[Candidate]>::to_vec).collect();
        let mut readings = futures_util::stream::iter(batches)
            .map(move |batch| {
                let reader = Arc::clone(&reader);
                tokio::task::spawn_blocking(move || reader.read_all(batch))
            })
            .buffered(AHEAD);
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

    async fn write(&mut self, mut readings: Vec<(Candidate, Outcome)>) -> Result<(), IngestError> {
        readings.retain(|(candidate, outcome)| self.is_news(candidate, outcome));
        if readings.is_empty() {
            return Ok(());
        }
        let mut conn = self.app.database.begin().await?;
        for (candidate, outcome) in readings {
            let problems = self.write_one(&mut conn, &candidate, outcome).await?;
            if let Some(problems) = problems {
                self.note(&mut conn, &candidate.locator, problems).await?;
            }
        }
        self.writing.newcomers(&mut conn, self.now).await?;
        conn.commit().await?;
        Ok(())
    }

    /// Whether a reading needs a transaction; what needs none is taken note of here.
    fn is_news(&mut self, candidate: &Candidate, outcome: &Outcome) -> bool {
        let at = self.index.at_locator(&candidate.locator);
        match outcome {
            Outcome::SameBytes | Outcome::Changing => {
                let Some(at) = at else { return false };
                self.index.claim(at);
                let known = &self.index.known[at];
                let noted = (known.file_size, known.file_mtime, known.file_id) == stamp(candidate);
                matches!(outcome, Outcome::SameBytes) && !(noted && known.missing_since.is_none())
            }
            Outcome::NotAnArticle => self.problems.contains_key(&candidate.locator),
            Outcome::Problem(problem) => {
                // What was public keeps its last good revision: the file is there, it only cannot be read.
                if let Some(at) = at {
                    self.index.claim(at);
                }
                self.problems
                    .get(&candidate.locator)
                    .is_none_or(|known| known.as_slice() != std::slice::from_ref(problem))
            }
            Outcome::Draft(_) => true,
        }
    }

    /// Writes one reading; returns the file's problems, or nothing when they are as they were.
    async fn write_one(
        &mut self,
        conn: &mut Conn,
        candidate: &Candidate,
        outcome: Outcome,
    ) -> Result<Option<Vec<Problem>>, StoreError> {
        match outcome {
            Outcome::Draft(prepared) => {
                let scene = Scene {
                    app: self.app,
                    source_id: &self.source.id,
                    now: self.now,
                    look_back: micros(self.source.look_back),
                    most_leftovers: if self.source.shortcodes == Shortcodes::Hold {
                        0
                    } else {
                        LEFTOVERS
                    },
                    baseline: self.row.baseline_at.is_none() && !self.source.baseline.mails(),
                    legacy_ids: self
                        .app
                        .settings()
                        .feeds
                        .legacy_ids
                        .filter(|legacy| self.now < to_micros(legacy.before))
                        .map(|legacy| legacy.mode),
                };
                let recorded = record::draft(
                    &scene,
                    conn,
                    &mut self.index,
                    &mut self.writing,
                    candidate,
                    *prepared,
                    &mut self.report,
                )
                .await?;
                self.wrote |= recorded.wrote;
                Ok(Some(recorded.problems))
            }
            Outcome::SameBytes => {
                if let Some(at) = self.index.at_locator(&candidate.locator) {
                    let known = &self.index.known[at];
                    self.wrote |= record::same_bytes(conn, known, candidate, &known.source_hash).await?;
                }
                Ok(None)
            }
            Outcome::Changing => Ok(None),
            Outcome::NotAnArticle => Ok(Some(Vec::new())),
            Outcome::Problem(problem) => Ok(Some(vec![problem])),
        }
    }

    /// Replaces what is noted about a file, if it is different.
    pub(super) async fn note(
        &mut self,
        conn: &mut Conn,
        locator: &str,
        mut problems: Vec<Problem>,
    ) -> Result<(), StoreError> {
        problems.sort_by(|one, other| one.code.cmp(&other.code));
        // One of a kind is enough for a file: the table's key says so.
        problems.dedup_by(|one, other| one.code == other.code);
        let known = self.problems.get(locator).map_or(&[][..], Vec::as_slice);
        if known == problems.as_slice() {
            return Ok(());
        }
        sources::clear_problems(conn, &self.source.id, locator).await?;
        for problem in &problems {
            sources::add_problem(conn, &self.source.id, problem, self.now).await?;
        }
        if problems.is_empty() {
            self.problems.remove(locator);
        } else {
            self.problems.insert(locator.to_owned(), problems);
        }
        self.wrote = true;
        Ok(())
    }

    /// Whether so many files are as young as the last scan that its time should be noted anew.
    pub(super) fn reads_much_again(&self) -> bool {
        self.to_read.len() > CHEAP_TO_READ_AGAIN
    }
}

/// What must be read: new files, other stamps, and everything when the settings changed.
fn changed_files(
    candidates: &[Candidate],
    known: &[Known],
    row: &sources::SourceRow,
    settings_hash: &str,
) -> Vec<Candidate> {
    if row.settings_hash != settings_hash {
        return candidates.to_vec();
    }
    // A file whose stamp is as young as the last scan may have changed again within the same tick of its clock.
    let too_young = row
        .scanned_at
        .map_or(0, |at| at.saturating_sub(2_000_000).saturating_mul(1000));
    let live = known.iter().filter(|known| known.visibility != Visibility::Gone);
    let stamps: HashMap<&str, &Known> = live.map(|known| (known.locator.as_str(), known)).collect();
    let changed = |candidate: &&Candidate| {
        let Some(known) = stamps.get(candidate.locator.as_str()) else {
            return true;
        };
        (known.file_size, known.file_mtime, known.file_id) != stamp(candidate)
            || known.file_mtime > too_young
            || known.missing_since.is_some()
    };
    candidates.iter().filter(changed).cloned().collect()
}
