//! Import of a list of people (X1 to X5): streaming, a transaction per 500 rows, and a second run changes nothing more.
//!
//! What is not understood is not mailed: a row with an unknown status, newsletter or schedule is refused with a reason,
//! one without a status becomes pending. Nobody who left, bounced, complained or was erased is brought back.

mod known;
mod row;
mod table;
mod write;

use std::collections::HashMap;
use std::io::Read;

use serde::Serialize;

use self::known::{Became, Known, Terms};
use self::row::{Reading, Row};
use self::table::Table;
use super::{SubscribeError, newsletter_named, now, sign_up};
use crate::app::App;
use crate::store::audit::{self, Act};
use crate::store::{Conn, StoreError};

/// Rows per transaction.
const BATCH: usize = 500;

/// How to import.
#[derive(Debug, Clone, Default)]
pub struct ImportOptions {
    /// How the people agreed, in the operator's words; `None` is written down as `undeclared`.
    pub consent: Option<String>,
    /// Only count.
    pub dry_run: bool,
    /// For rows that name no newsletter; `None`: the first of the config.
    pub newsletter: Option<String>,
}

/// What became of the rows: `rows` is the sum of the others.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// Rows read, without the heading.
    pub rows: u64,
    /// New subscriptions.
    pub added: u64,
    /// Subscriptions that a row changed.
    pub updated: u64,
    /// Rows that said nothing new, or less than the person's own choice.
    pub unchanged: u64,
    /// Rows about people who must not be mailed, as the file or we know.
    pub suppressed: u64,
    /// Rows that could not be used.
    pub rejected: Vec<Rejected>,
    /// Columns that mean nothing to us.
    pub unused_columns: Vec<String>,
}

impl ImportReport {
    fn count(&mut self, became: Became) {
        match became {
            Became::Added => self.added += 1,
            Became::Updated => self.updated += 1,
            Became::Unchanged => self.unchanged += 1,
            Became::Suppressed => self.suppressed += 1,
        }
    }
}

/// A row that could not be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rejected {
    /// Line of the file, counted from 1.
    pub row: u64,
    /// What stood in the address column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Why.
    pub reason: String,
}

/// Reads a list of people; `progress` is told how many rows have been read. A run that was interrupted is simply
/// repeated. A dry run gives the same sums and writes nothing.
///
/// # Errors
/// `File` when it is no list of people, `UnknownNewsletter`, and failures of the database: what was committed before
/// stays.
pub async fn import(
    app: &App,
    file: impl Read + Send,
    options: &ImportOptions,
    mut progress: impl FnMut(u64) + Send,
) -> Result<ImportReport, SubscribeError> {
    let settings = app.settings();
    let newsletter = newsletter_named(&settings, options.newsletter.as_deref())?;
    let reading = Reading {
        settings: &settings,
        keys: &app.keys,
        newsletter,
    };
    let note = options
        .consent
        .as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .unwrap_or("undeclared");
    let mut table = Table::open(file)?;
    let mut run = Run {
        app,
        terms: Terms {
            now: now(app),
            note: note.to_owned(),
        },
        only_counts: options.dry_run,
        known: Known::default(),
        texts: HashMap::new(),
        report: ImportReport {
            unused_columns: std::mem::take(&mut table.unused),
            ..ImportReport::default()
        },
    };
    let mut batch = Vec::with_capacity(BATCH);
    while let Some(line) = table.next()? {
        run.report.rows += 1;
        match line.map(|line| (line.number, reading.row(&line))) {
            Ok((_, Ok(row))) => batch.push(row),
            Ok((row, Err(refused))) => {
                run.report.rejected.push(Rejected {
                    row,
                    email: refused.email,
                    reason: refused.reason,
                });
            }
            Err((row, reason)) => run.report.rejected.push(Rejected {
                row,
                email: None,
                reason,
            }),
        }
        if batch.len() == BATCH {
            run.take(std::mem::take(&mut batch)).await?;
            progress(run.report.rows);
        }
    }
    run.take(batch).await?;
    progress(run.report.rows);
    run.finish().await
}

/// An import under way.
struct Run<'a> {
    app: &'a App,
    terms: Terms,
    only_counts: bool,
    known: Known,
    /// Names of consent texts that were kept, by language and text.
    texts: HashMap<(String, String), String>,
    report: ImportReport,
}

impl Run<'_> {
    async fn take(&mut self, mut rows: Vec<Row>) -> Result<(), SubscribeError> {
        if rows.is_empty() {
            return Ok(());
        }
        if self.only_counts {
            // What earlier rows would have written is remembered instead.
            let mut conn = self.app.database.read().await?;
            self.known.load(&mut conn, &rows, false).await?;
            return Ok(self.merge(&rows)?);
        }
        let mut conn = self.app.database.begin().await?;
        self.keep_texts(&mut conn, &mut rows).await?;
        self.known.load(&mut conn, &rows, true).await?;
        self.merge(&rows)?;
        write::write(&mut conn, &mut self.known).await?;
        self.known.clear();
        conn.commit().await?;
        Ok(())
    }

    fn merge(&mut self, rows: &[Row]) -> Result<(), StoreError> {
        for row in rows {
            let became = self.known.merge(row, &self.terms)?;
            self.report.count(became);
        }
        Ok(())
    }

    /// Keeps the words that people were shown, and puts the names of those texts in their place.
    async fn keep_texts(&mut self, conn: &mut Conn, rows: &mut [Row]) -> Result<(), StoreError> {
        for consent in rows.iter_mut().filter_map(|row| row.own.consent.as_mut()) {
            let shown = (
                consent.language.clone().unwrap_or_default(),
                std::mem::take(&mut consent.text),
            );
            if !self.texts.contains_key(&shown) {
                let name = sign_up::keep_text(conn, &shown.1, &shown.0).await?;
                self.texts.insert(shown.clone(), name);
            }
            consent.text.clone_from(&self.texts[&shown]);
        }
        Ok(())
    }

    async fn finish(self) -> Result<ImportReport, SubscribeError> {
        let ImportReport {
            rows,
            added,
            updated,
            unchanged,
            suppressed,
            rejected,
            ..
        } = &self.report;
        if !self.only_counts {
            let rejected = rejected.len();
            let detail = format!(
                "{rows} rows: {added} added, {updated} updated, {unchanged} unchanged, {suppressed} suppressed, \
                 {rejected} rejected; consent: {}",
                self.terms.note
            );
            let mut conn = self.app.database.begin().await?;
            let act = Act {
                actor: "operator",
                action: "import",
                subject: "subscribers",
                detail: &detail,
            };
            audit::note(&mut conn, &act, self.terms.now).await?;
            conn.commit().await?;
        }
        Ok(self.report)
    }
}
