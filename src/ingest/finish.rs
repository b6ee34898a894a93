//! The end of a scan: what vanished, what may be mailed, and the sign to render anew.

use crate::model::article::{Problem, Severity, Visibility};
use crate::model::author_notice::{AuthorNotice, NamedArticle};
use crate::model::clock::micros;
use crate::store::articles::{self, Known};
use crate::store::{Conn, StoreError, notices, sources};

use super::report::{IngestError, ProblemRow, ScanReport};
use super::row::was_public;
use super::scan::Scan;

/// Code of the problem that a list names articles which nobody gives.
pub(super) const NOT_GIVEN: &str = "rows_not_given";
/// New articles of so long together trip the bulk fuse, in microseconds: 10 minutes.
const FUSE_WINDOW: i64 = 600_000_000;
/// Why an article is gone whose file, row or entry is another one's now.
const REPLACED: &str = "its file holds another article";
/// Most held articles that a letter to the author names.
const TOLD: i64 = 25;
/// After so long the author is told again, in microseconds: 6 hours.
const TOLD_AGAIN: i64 = 6 * 3_600_000_000;

/// Why an article whose file is missing is gone: its entry in feeds is taken back where readers may have seen it.
fn vanished(known: &Known) -> &'static str {
    if was_public(known) {
        "the file is gone"
    } else {
        articles::UNSEEN
    }
}

/// As [`vanished`], of an article whose place another one has taken.
fn replaced(known: &Known) -> &'static str {
    if was_public(known) { REPLACED } else { articles::UNSEEN }
}

impl Scan<'_> {
    /// The last transaction; none at all when nothing changed.
    pub(super) async fn finish(mut self) -> Result<ScanReport, IngestError> {
        if self.has_something_to_write().await? {
            let mut conn = self.app.database.begin().await?;
            // A first scan decides about everything at once.
            conn.be_patient();
            self.forget_problems_of_gone_files(&mut conn).await?;
            self.vanish(&mut conn).await?;
            self.decide(&mut conn).await?;
            let due = articles::publish_due(&mut conn, self.now).await?;
            let count = i64::try_from(self.report.files).unwrap_or(i64::MAX);
            sources::scanned(&mut conn, &self.source.id, self.now, &self.settings_hash, count).await?;
            if self.report.is_change() || due > 0 || self.is_first() {
                articles::bump_version(&mut conn, self.app.clock.now()).await?;
            }
            conn.commit().await?;
        }
        let problems = std::mem::take(&mut self.problems);
        let rows = problems
            .into_values()
            .flatten()
            .map(|problem| ProblemRow::new(&self.source.id, problem));
        self.report.problems = rows.collect();
        Ok(self.report)
    }

    async fn has_something_to_write(&self) -> Result<bool, StoreError> {
        let known_rules = self.row.settings_hash == self.settings_hash;
        if self.wrote || self.is_first() || !known_rules || self.reads_much_again() {
            return Ok(true);
        }
        let live = |at: &usize| self.index.known[*at].visibility != Visibility::Gone;
        let vanished = self.plan.deletes && self.index.unclaimed_missing().iter().any(live);
        let news = vanished || !self.stale_problem_files().is_empty();
        let about_source = self.problems.get("").map_or(&[][..], Vec::as_slice);
        let changed = about_source != self.about_source().as_slice() || (self.plan.deletes && !about_source.is_empty());
        if news || changed || self.folded_problems().iter().any(|problem| !self.is_noted(problem)) {
            return Ok(true);
        }
        let mut conn = self.app.database.read().await?;
        let due = articles::next_due(&mut conn).await?.is_some_and(|due| due <= self.now);
        Ok(due || articles::is_undecided(&mut conn, &self.source.id).await?)
    }

    fn is_noted(&self, problem: &Problem) -> bool {
        self.problems
            .get(&problem.locator)
            .is_some_and(|known| known.contains(problem))
    }

    /// Files in formats that are not read: one problem per extension.
    fn folded_problems(&self) -> Vec<Problem> {
        let fold = |(extension, (count, first)): (&String, &(u64, String))| Problem {
            locator: format!("*.{extension}"),
            line: None,
            code: "unsupported_format".to_owned(),
            message: format!("{count} file(s) end in .{extension}, which is not read; the first is {first}"),
            remedy: "write articles in Markdown, HTML or plain text, or exclude these files".to_owned(),
            severity: Severity::Warning,
        };
        self.plan.unsupported.iter().map(fold).collect()
    }

    fn stale_problem_files(&self) -> Vec<String> {
        // Where not everything was read, what is listed may still have its problems.
        let listed = match &self.plan.present {
            _ if self.plan.complete => None,
            Some(listed) => Some(listed),
            None => return Vec::new(),
        };
        let may_stay = |file: &str| listed.is_some_and(|listed| listed.contains(file) || self.index.is_live(file));
        let folded = self.folded_problems();
        let stale = |file: &&String| {
            !file.is_empty()
                && !self.seen.contains(file.as_str())
                && !may_stay(file)
                && !folded.iter().any(|problem| problem.locator == **file)
        };
        self.problems.keys().filter(stale).cloned().collect()
    }

    async fn forget_problems_of_gone_files(&mut self, conn: &mut Conn) -> Result<(), StoreError> {
        for locator in self.stale_problem_files() {
            self.note(conn, &locator, Vec::new()).await?;
        }
        for problem in self.folded_problems() {
            let locator = problem.locator.clone();
            self.note(conn, &locator, vec![problem]).await?;
        }
        Ok(())
    }

    /// What is noted about the source as a whole where nothing vanished.
    fn about_source(&self) -> Vec<Problem> {
        let mut about = self.plan.problems.clone();
        if !self.plan.deletes {
            // Only a look at what is there can say that the articles are back, or read.
            let stays = |problem: &&Problem| matches!(problem.code.as_str(), "mass_vanish" | NOT_GIVEN);
            about.extend(self.problems.get("").into_iter().flatten().filter(stays).cloned());
        }
        about.sort_by(|one, other| one.code.cmp(&other.code));
        about.dedup_by(|one, other| one.code == other.code);
        about
    }

    async fn vanish(&mut self, conn: &mut Conn) -> Result<(), StoreError> {
        let mut about = self.about_source();
        if !self.plan.deletes {
            self.replace(conn).await?;
            return self.note(conn, "", about).await;
        }
        let missing: Vec<(usize, Known)> = self
            .index
            .unclaimed_missing()
            .into_iter()
            .map(|at| (at, self.index.known[at].clone()))
            .filter(|(_, known)| known.visibility != Visibility::Gone)
            .collect();
        let public = self
            .index
            .known
            .iter()
            .filter(|k| k.visibility == Visibility::Public)
            .count();
        let gone = missing
            .iter()
            .filter(|(_, k)| k.visibility == Visibility::Public)
            .count();
        let too_many = gone > (public / 5).max(5) || (self.is_empty() && gone > 0);
        if too_many && !self.accept_vanished {
            about.push(mass_vanish(gone));
            return self.note(conn, "", about).await;
        }
        self.note(conn, "", about).await?;
        let patience = micros(self.source.vanish_after);
        for (at, known) in missing {
            articles::missed(conn, &known.id, self.now).await?;
            // Two scans at least, so that a checkout or an atomic save does no harm.
            let long = known.missing_since.is_some_and(|since| self.now - since >= patience);
            let reason = if self.index.is_replaced(at) {
                replaced(&known)
            } else if long || self.accept_vanished {
                vanished(&known)
            } else {
                continue;
            };
            articles::set_visibility(conn, &known.id, Visibility::Gone, Some(reason), self.now).await?;
            self.report.withdrawn += u64::from(known.visibility == Visibility::Public);
            // Its going is a change that feeds show.
        }
        Ok(())
    }

    /// What gave its file, row or entry up for another article is gone at once, whatever else may be missing.
    async fn replace(&mut self, conn: &mut Conn) -> Result<(), StoreError> {
        for at in self.index.unclaimed_missing() {
            let known = &self.index.known[at];
            if self.index.is_replaced(at) && known.visibility != Visibility::Gone {
                articles::missed(conn, &known.id, self.now).await?;
                let reason = replaced(known);
                articles::set_visibility(conn, &known.id, Visibility::Gone, Some(reason), self.now).await?;
                self.report.withdrawn += u64::from(known.visibility == Visibility::Public);
            }
        }
        Ok(())
    }

    /// Nothing at all is there.
    fn is_empty(&self) -> bool {
        self.plan.present.as_ref().unwrap_or(&self.seen).is_empty()
    }

    /// Baseline on the first scan, held above the fuse, else mailable (`sources.md` 2.5).
    async fn decide(&mut self, conn: &mut Conn) -> Result<(), StoreError> {
        let (pending, recent) = articles::undecided(conn, &self.source.id, self.now - FUSE_WINDOW).await?;
        let reason = if self.is_first() {
            (!self.source.baseline.mails()).then_some("baseline")
        } else {
            (pending > 0 && pending + recent > i64::from(self.source.fuse)).then_some("held")
        };
        articles::decide(conn, &self.source.id, reason, self.now).await?;
        let decided = u64::try_from(pending).unwrap_or(0);
        match reason {
            Some("baseline") => self.report.baseline += decided,
            Some(_) => {
                self.report.held += decided;
                self.tell_author(conn).await?;
            }
            None => self.report.mailable += decided,
        }
        Ok(())
    }

    /// A letter to the author about what is held; the next one only after some hours.
    async fn tell_author(&self, conn: &mut Conn) -> Result<(), StoreError> {
        if self.app.settings().site.author.email.is_none() {
            return Ok(());
        }
        let held = articles::held_of(conn, &self.source.id, TOLD).await?;
        let named = held.into_iter().map(|(title, url)| NamedArticle {
            title: if title.is_empty() { url.clone() } else { title },
            url,
        });
        let notice = AuthorNotice::held(self.report.held, named.collect());
        let key = format!("held:{}:{}", self.source.id, self.now / TOLD_AGAIN);
        notices::tell_author(conn, &key, &notice, self.now).await
    }
}

fn mass_vanish(gone: usize) -> Problem {
    Problem {
        locator: String::new(),
        line: None,
        code: "mass_vanish".to_owned(),
        message: format!("{gone} public articles are missing at once; none is withdrawn"),
        remedy: "bring the files back; if they are meant to be gone, run `articles scan --accept-vanished`".to_owned(),
        severity: Severity::Error,
    }
}
