//! A scan under way: read what changed, write. What there is to scan is gathered in `gather`, what it comes to is decided
//! in `finish`.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use futures_util::StreamExt;

use crate::app::App;
use crate::config::{Shortcodes, Source};
use crate::model::article::{Problem, Visibility};
use crate::model::clock::{micros, to_micros};
use crate::source::folder::{Candidate, FolderSettings, Locators};
use crate::store::articles::{self, Known};
use crate::store::{Conn, StoreError, sources};

use super::elsewhere::{self, Elsewhere};
use super::identity::Index;
use super::read::{Found, Outcome, Reader};
use super::record::{self, Scene, Writing};
use super::report::{IngestError, ScanReport};
use super::row::stamp;

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

/// What is known of a source before anything in it is read.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Locators that are there; `None`: every stored one may still be.
    pub(super) present: Option<HashSet<String>>,
    /// What is not present has vanished (`sources.md` 2.6).
    pub(super) deletes: bool,
    /// Everything that there is will be handed in.
    pub(super) complete: bool,
    /// Files in formats that are not read, by extension: how many, and the first of them.
    pub(super) unsupported: BTreeMap<String, (u64, String)>,
    /// Files that links may lead to.
    pub(super) files: Vec<Candidate>,
    /// What is wrong with the source as a whole.
    pub(super) problems: Vec<Problem>,
}

/// A scan under way.
pub(super) struct Scan<'a> {
    pub(super) app: &'a App,
    pub(super) source: &'a Source,
    pub(super) settings_hash: String,
    pub(super) plan: Plan,
    pub(super) index: Index,
    pub(super) row: sources::SourceRow,
    pub(super) now: i64,
    /// Locators that were handed in.
    pub(super) seen: HashSet<String>,
    read: usize,
    reader: Arc<Reader>,
    elsewhere: Elsewhere,
    /// What is noted about each file; the empty path is the source as a whole.
    pub(super) problems: BTreeMap<String, Vec<Problem>>,
    pub(super) report: ScanReport,
    writing: Writing,
    /// Anything was written before the end.
    pub(super) wrote: bool,
    pub(super) accept_vanished: bool,
    /// What is present is a list of what is published.
    lists_published: bool,
}

impl<'a> Scan<'a> {
    pub(super) async fn begin(
        app: &'a App,
        source: &'a Source,
        settings: Arc<FolderSettings>,
        plan: Plan,
    ) -> Result<Self, IngestError> {
        let mut conn = app.database.read().await?;
        conn.be_patient();
        let row = sources::one(&mut conn, &source.id).await?;
        let known = articles::known(&mut conn, &source.id).await?;
        let mut problems: BTreeMap<String, Vec<Problem>> = BTreeMap::new();
        for problem in sources::problems_of(&mut conn, &source.id).await? {
            problems.entry(problem.locator.clone()).or_default().push(problem);
        }
        let waiting = super::take_over::waiting(&mut conn).await?;
        let gone_since = to_micros(settings.now) - elsewhere::MATCHABLE;
        let others = articles::of_others(&mut conn, &source.id, gone_since).await?;
        drop(conn);
        // Engines sort texts by rules of their own.
        for of_file in problems.values_mut() {
            of_file.sort_by(|one, other| one.code.cmp(&other.code));
        }
        let now = to_micros(settings.now);
        let settings_hash = settings.fingerprint();
        let locators = Locators::new(&plan.files);
        let same_rules = row.settings_hash == settings_hash;
        let reader = Reader::new(Arc::clone(&settings), locators, &known, same_rules);
        let index = Index::new(known, plan.present.as_ref(), row.baseline_at.is_none(), now);
        let app_settings = app.settings();
        let configured = app_settings.sources.iter().map(|source| source.id.as_str());
        let elsewhere = Elsewhere::of(others, &configured.collect());
        Ok(Self {
            app,
            source,
            settings_hash,
            plan,
            index,
            row,
            now,
            seen: HashSet::new(),
            read: 0,
            reader: Arc::new(reader),
            elsewhere,
            problems,
            report: ScanReport::default(),
            writing: Writing::with(waiting),
            wrote: false,
            accept_vanished: false,
            lists_published: false,
        })
    }

    /// The first complete scan seals the baseline.
    pub(super) fn is_first(&self) -> bool {
        self.row.baseline_at.is_none()
    }

    /// These are there. Where only published ones are listed, drafts and what has a later date need not be among them.
    pub(super) fn know_what_is_listed(&mut self, listed: HashSet<String>, only_published: bool) {
        let mut there = listed.clone();
        let hidden = |known: &&Known| matches!(known.visibility, Visibility::Excluded | Visibility::Scheduled);
        let unlisted = self.index.known.iter().filter(|known| only_published && hidden(known));
        there.extend(unlisted.map(|known| known.locator.clone()));
        self.index.only(&there);
        self.plan.present = Some(listed);
        self.lists_published = only_published;
        self.plan.deletes = true;
    }

    /// Everything that is there was handed in; what was only listed may still be.
    pub(super) fn know_what_is_there(&mut self) {
        match &self.plan.present {
            Some(listed) => self.index.only(&self.seen.union(listed).cloned().collect()),
            None => self.index.only(&self.seen),
        }
        self.plan.deletes = true;
    }

    /// Reads and writes what changed among these.
    pub(super) async fn take(&mut self, mut found: Vec<Found>, progress: Progress<'_>) -> Result<(), IngestError> {
        found.retain(|one| !self.is_unlisted(&one.candidate));
        self.report.files += found.len() as u64;
        self.seen.extend(found.iter().map(|one| one.candidate.locator.clone()));
        let mut to_read = Vec::new();
        for one in found {
            if self.has_changed(&one.candidate) {
                to_read.push(one);
            } else if let Some(at) = self.index.at_locator(&one.candidate.locator) {
                self.index.claim(at);
            }
        }
        self.read += to_read.len();
        self.read_and_write(to_read, progress).await
    }

    /// The list of what is published leaves out an article that was public, and nothing in it says why.
    fn is_unlisted(&self, candidate: &Candidate) -> bool {
        let listed = self.plan.present.as_ref().filter(|_| self.lists_published);
        let Some(at) = self.index.at_locator(&candidate.locator) else {
            return false;
        };
        let known = &self.index.known[at];
        listed.is_some_and(|listed| !listed.contains(&candidate.locator))
            && matches!(known.visibility, Visibility::Public | Visibility::Gone)
            && (known.file_size, known.file_mtime, known.file_id) == stamp(candidate)
    }

    /// A new file, another stamp, or anything at all when the settings changed.
    fn has_changed(&self, candidate: &Candidate) -> bool {
        if self.row.settings_hash != self.settings_hash {
            return true;
        }
        // A file whose stamp is as young as the last scan may have changed again within the same tick of its clock.
        let too_young = self
            .row
            .scanned_at
            .map_or(0, |at| at.saturating_sub(2_000_000).saturating_mul(1000));
        let known = self
            .index
            .at_locator(&candidate.locator)
            .map(|at| &self.index.known[at])
            .filter(|known| known.visibility != Visibility::Gone);
        known.is_none_or(|known| {
            (known.file_size, known.file_mtime, known.file_id) != stamp(candidate)
                || known.file_mtime > too_young
                || known.missing_since.is_some()
        })
    }

    /// Files are read and parsed on every core, in order, while the batch before is being written.
    async fn read_and_write(&mut self, mut to_read: Vec<Found>, progress: Progress<'_>) -> Result<(), IngestError> {
        let all = to_read.len() as u64;
        if all == 0 {
            return Ok(());
        }
        let reader = Arc::clone(&self.reader);
        let mut batches = Vec::with_capacity(to_read.len().div_ceil(PIECE));
        while !to_read.is_empty() {
            let rest = to_read.split_off(PIECE.min(to_read.len()));
            batches.push(std::mem::replace(&mut to_read, rest));
        }
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
                    elsewhere: &self.elsewhere,
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
        self.read > CHEAP_TO_READ_AGAIN
    }
}
