//! Import of a list of people (X1 to X5): streaming, a transaction per 500 rows, and a second run changes nothing more.
//!
//! What is not understood is not mailed: a row with an unknown newsletter or schedule is refused with a reason, one with
//! an unknown status or none becomes pending. Nobody who left, bounced, complained or was erased is brought back.
//!
//! `decoded` and `table` read rows of named cells, `platform` knows which program wrote them, `status` and `origin` what
//! they say, `row` makes people of them, `known`, `fresh` and `write` keep them, `report` counts.

mod decoded;
mod fresh;
mod known;
mod origin;
mod platform;
mod report;
mod row;
mod status;
mod table;
mod write;

use std::collections::HashMap;
use std::io::Read;

use self::known::{Known, Terms};
pub use self::origin::DateOrder;
use self::platform::Platform;
pub use self::report::{FileRead, ImportReport, Rejected, SampleRow, UnknownWord};
use self::row::{Reading, Refused, Row};
use self::status::Ladder;
pub use self::status::Said;
use self::table::Table;
use super::{SubscribeError, newsletter_named, now, sign_up};
use crate::app::App;
use crate::config::Newsletter;
use crate::model::subscriber::Suppressed;
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
    /// Which program wrote the files; `None`: their columns say so.
    pub format: Option<String>,
    /// For people of whom the files say nothing.
    pub status: Option<Said>,
    /// Words of the status column and what they mean.
    pub map: Vec<(String, Said)>,
    /// How dates with slashes are read; `None`: such rows are refused.
    pub dates: Option<DateOrder>,
}

/// A file of people.
pub struct PeopleFile<'a> {
    /// Its name, which may say something of everybody in it; `None` for standard input.
    pub name: Option<String>,
    /// What stands in it.
    pub content: Box<dyn Read + Send + 'a>,
}

/// Reads one list of people without a name; see [`import_files`].
///
/// # Errors
/// As [`import_files`].
pub async fn import(
    app: &App,
    file: impl Read + Send,
    options: &ImportOptions,
    progress: impl FnMut(u64) + Send,
) -> Result<ImportReport, SubscribeError> {
    let file = PeopleFile {
        name: None,
        content: Box::new(file),
    };
    import_files(app, vec![file], options, progress).await
}

/// Reads lists of people as if they were one; `progress` is told how many rows have been read. A run that was
/// interrupted is simply repeated. A dry run gives the same sums and writes nothing.
///
/// # Errors
/// `File` when one is no list of people, `UnknownNewsletter`, `UnknownFormat`, and failures of the database: what was
/// committed before stays. `CutOff` says how many rows that were.
pub async fn import_files(
    app: &App,
    files: Vec<PeopleFile<'_>>,
    options: &ImportOptions,
    mut progress: impl FnMut(u64) + Send,
) -> Result<ImportReport, SubscribeError> {
    let settings = app.settings();
    let newsletter = newsletter_named(&settings, options.newsletter.as_deref())?;
    let format = match options.format.as_deref() {
        Some(name) => Some(Platform::named(name).ok_or_else(|| SubscribeError::UnknownFormat {
            name: name.to_owned(),
            known: Platform::names(),
        })?),
        None => None,
    };
    // All files are opened before anything is written, and those that end subscriptions come first.
    let mut opened = Vec::new();
    for file in files {
        let table = Table::open(file.content, format)?;
        let by_file = said_by_file(&table, file.name.as_deref());
        opened.push((table, file.name, by_file));
    }
    opened.sort_by_key(|(_, _, by_file)| !matches!(by_file, Some(Said::Not(_))));
    let mut run = Run::new(app, options);
    let read = run.all(opened, options, newsletter, &mut progress).await;
    match read {
        Err(why) if run.committed > 0 => Err(SubscribeError::CutOff {
            rows: run.committed,
            why: Box::new(why),
        }),
        Err(why) => Err(why),
        Ok(()) => run.finish().await,
    }
}

/// What a file as a whole says of everybody in it: Mailchimp writes one for each status, and the columns differ.
fn said_by_file(table: &Table<'_>, name: Option<&str>) -> Option<Said> {
    let by_columns = match table.has {
        _ if table.platform != Platform::Mailchimp => None,
        (_, true) => Some(Said::Not(Suppressed::Bounce)),
        (true, _) => Some(Said::Not(Suppressed::Left)),
        (false, false) => None,
    };
    by_columns.or_else(|| Said::of_file_name(name?))
}

/// A file whose beginning was read, its name, and what it says of everybody in it.
type OpenedFile<'a> = (Table<'a>, Option<String>, Option<Said>);

/// The number of a row, and the person or why there is none.
type NumberedRow = (u64, Result<Row, Refused>);

/// An import under way.
struct Run<'a> {
    app: &'a App,
    terms: Terms,
    only_counts: bool,
    /// Rows of the batches that were written.
    committed: usize,
    known: Known,
    /// Names of consent texts that were kept, by language and text.
    texts: HashMap<(String, String), String>,
    report: ImportReport,
}

impl<'a> Run<'a> {
    fn new(app: &'a App, options: &ImportOptions) -> Self {
        let consent = options.consent.as_deref().map(str::trim);
        let note = consent.filter(|text| !text.is_empty()).unwrap_or("undeclared");
        Self {
            app,
            terms: Terms {
                now: now(app),
                note: note.to_owned(),
            },
            only_counts: options.dry_run,
            committed: 0,
            known: Known::default(),
            texts: HashMap::new(),
            report: ImportReport::default(),
        }
    }

    /// Reads every file.
    async fn all(
        &mut self,
        files: Vec<OpenedFile<'_>>,
        options: &ImportOptions,
        newsletter: &Newsletter,
        progress: &mut (impl FnMut(u64) + Send),
    ) -> Result<(), SubscribeError> {
        let app = self.app;
        let settings = app.settings();
        let mut batch = Vec::with_capacity(BATCH);
        for (mut table, name, by_file) in files {
            let reading = Reading {
                settings: &settings,
                keys: &app.keys,
                newsletter,
                ladder: Ladder {
                    platform: table.platform,
                    map: &options.map,
                    by_file,
                    otherwise: options.status,
                },
                dates: options.dates,
            };
            self.begin(&mut table, name);
            while let Some(line) = table.next()? {
                if let Some(row) = self.read(line.map(|line| (line.number, reading.row(&line)))) {
                    batch.push(row);
                }
                if batch.len() == BATCH {
                    self.take(std::mem::take(&mut batch)).await?;
                    progress(self.report.rows);
                }
            }
            self.end(&table);
        }
        self.take(batch).await?;
        progress(self.report.rows);
        Ok(())
    }

    /// Begins a file.
    fn begin(&mut self, table: &mut Table<'_>, name: Option<String>) {
        for column in std::mem::take(&mut table.unused) {
            if !self.report.unused_columns.contains(&column) {
                self.report.unused_columns.push(column);
            }
        }
        self.report.files.push(FileRead {
            file: name,
            format: table.platform.name().to_owned(),
            because: std::mem::take(&mut table.because),
            rows: 0,
        });
    }

    /// Counts a row of the file that was begun; the person, if the row can be used.
    fn read(&mut self, line: Result<NumberedRow, (u64, String)>) -> Option<Row> {
        self.report.rows += 1;
        let file = self.report.files.last_mut().map(|file| {
            file.rows += 1;
            file.file.clone()
        });
        let (row, refused) = match line {
            Ok((number, Ok(row))) => {
                self.report.show(number, &row);
                return Some(row);
            }
            Ok((number, Err(refused))) => (number, refused),
            Err((number, reason)) => (number, Refused { email: None, reason }),
        };
        self.report.rejected.push(Rejected {
            file: file.flatten(),
            row,
            email: refused.email,
            reason: refused.reason,
        });
        None
    }

    /// Ends a file.
    fn end(&mut self, table: &Table<'_>) {
        let file = self.report.files.last().and_then(|file| file.file.as_deref());
        let file = file.map_or_else(String::new, |name| format!("{name}: "));
        if table.ragged > 0 {
            let rows = table.ragged;
            let warning =
                format!("{file}{rows} rows have more or fewer cells than the first; missing ones count as empty");
            self.report.warnings.push(warning);
        }
        if table.foreign_bytes > 0 {
            let rows = table.foreign_bytes;
            let warning =
                format!("{file}{rows} rows are not in UTF-8 and were read as Windows-1252; look at the names");
            self.report.warnings.push(warning);
        }
    }

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
        self.committed += rows.len();
        Ok(())
    }

    fn merge(&mut self, rows: &[Row]) -> Result<(), StoreError> {
        for row in rows {
            let is_new = !self.known.has_heard_of(row);
            let became = self.known.merge(row, &self.terms)?;
            self.report.count(became);
            self.report.smtputf8 += u64::from(is_new && row.address().is_some_and(|address| !address.is_ascii()));
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

    async fn finish(mut self) -> Result<ImportReport, SubscribeError> {
        self.report.count_people(&self.known);
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
