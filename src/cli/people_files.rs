//! `subscribers import`: lists of people from files.

use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, ValueEnum};

use super::output::{confirmed, json, line};
use super::progress::Progress;
use super::{Code, Session};
use crate::app::App;
use crate::subscribe::{self, DateOrder, ImportOptions, ImportReport, PeopleFile, Said};

/// `subscribers import`
#[derive(Debug, Args)]
pub(super) struct Import {
    /// The files, all of one export together; `-` for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// How these people agreed to get letters
    #[arg(long, value_name = "TEXT")]
    consent: Option<String>,
    /// For rows that name no newsletter [default: the first of the config]
    #[arg(long)]
    newsletter: Option<String>,
    /// Which program wrote the files, where the columns do not say so
    #[arg(long, value_name = "NAME")]
    format: Option<String>,
    /// What people are of whom the files say nothing: active only if you know that they agreed
    #[arg(long, value_name = "STATE", value_parser = state)]
    status: Option<Said>,
    /// What a word of the status column means, such as `vip=active`; may be given several times
    #[arg(long, value_name = "WORD=STATE", value_parser = mapped)]
    map: Vec<(String, Said)>,
    /// How dates such as 03/04/2021 are read
    #[arg(long, value_name = "ORDER")]
    dates: Option<Order>,
    /// Write every row that could not be used into this file, with the reason
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// Count only, write nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// Day or month first.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Order {
    /// 31/12/2026
    Dmy,
    /// 12/31/2026
    Mdy,
}

fn state(word: &str) -> Result<Said, String> {
    Said::from_word(&word.trim().to_lowercase().replace('-', "_"))
        .ok_or_else(|| "write active, unconfirmed, unsubscribed, bounced, complained, by_hand or unknown".to_owned())
}

fn mapped(text: &str) -> Result<(String, Said), String> {
    let (word, meaning) = text.rsplit_once('=').ok_or("write WORD=STATE, such as `vip=active`")?;
    Ok((word.trim().to_lowercase(), state(meaning)?))
}

impl Import {
    pub(super) async fn run(self, session: &Session, app: &App) -> anyhow::Result<Code> {
        let files = self
            .files
            .iter()
            .map(|path| opened(path))
            .collect::<anyhow::Result<Vec<_>>>()?;
        if !self.dry_run && !confirmed("Import these people?", self.yes)? {
            return Ok(1);
        }
        let options = ImportOptions {
            consent: self.consent.clone(),
            dry_run: self.dry_run,
            newsletter: self.newsletter.clone(),
            format: self.format.clone(),
            status: self.status,
            map: self.map.clone(),
            dates: self.dates.map(|order| match order {
                Order::Dmy => DateOrder::DayFirst,
                Order::Mdy => DateOrder::MonthFirst,
            }),
        };
        let progress = Progress::new("rows read");
        let report = subscribe::import_files(app, files, &options, |rows| progress.at(rows, 0)).await?;
        drop(progress);
        if let Some(path) = &self.rejects {
            write_rejects(path, &report)?;
        }
        if session.json {
            json(&report)?;
        } else {
            self.say(&report)?;
        }
        Ok(0)
    }

    fn say(&self, report: &ImportReport) -> anyhow::Result<()> {
        if self.dry_run {
            line("Nothing was written (--dry-run).")?;
        }
        for file in &report.files {
            let name = file.file.as_deref().unwrap_or("standard input");
            line(&format!(
                "{name}: {} rows, read as {}, because {}",
                file.rows, file.format, file.because
            ))?;
        }
        say_sums(report)?;
        for one in report.unknown_words.iter().take(20) {
            let word = if one.word.is_empty() {
                "no status"
            } else {
                one.word.as_str()
            };
            line(&format!("  not mailed, because of \"{word}\": {}", one.people))?;
        }
        for row in report.rejected.iter().take(20) {
            line(&format!("  row {}: {}", row.row, row.reason))?;
        }
        if self.dry_run {
            for row in &report.sample {
                line(&format!("  row {}: {} {}", row.row, row.email, row.status))?;
            }
        }
        if !report.unused_columns.is_empty() {
            let columns = report.unused_columns.join(", ");
            line(&format!("Columns that were not used: {columns}"))?;
        }
        if report.smtputf8 > 0 {
            let people = report.smtputf8;
            line(&format!(
                "{people} addresses have letters beyond ASCII before the @ and need a relay with SMTPUTF8."
            ))?;
        }
        for warning in &report.warnings {
            eprintln!("warning: {warning}");
        }
        if self.consent.is_none() {
            eprintln!(
                "warning: the consent of these people is recorded as undeclared; say how they agreed with --consent"
            );
        }
        Ok(())
    }
}

fn say_sums(report: &ImportReport) -> anyhow::Result<()> {
    let rejected = report.rejected.len();
    let ImportReport {
        rows,
        active,
        unconfirmed,
        left,
        bounce,
        complaint,
        by_hand,
        unknown,
        merged,
        added,
        updated,
        unchanged,
        suppressed,
        ..
    } = report;
    line(&format!(
        "{rows} rows: {active} active, {unconfirmed} unconfirmed, {left} left, {bounce} bounce, {complaint} complaint, \
         {by_hand} by hand, {unknown} unknown, {rejected} rejected, {merged} merged"
    ))?;
    line(&format!(
        "{rows} rows: {added} added, {updated} updated, {unchanged} unchanged, {suppressed} suppressed, {rejected} rejected"
    ))
}

fn opened(path: &Path) -> anyhow::Result<PeopleFile<'static>> {
    let content: Box<dyn Read + Send> = if path == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(File::open(path).with_context(|| format!("open {}", path.display()))?)
    };
    let name = path.file_name().filter(|_| path != Path::new("-"));
    Ok(PeopleFile {
        name: name.map(|name| name.to_string_lossy().into_owned()),
        content,
    })
}

fn write_rejects(path: &Path, report: &ImportReport) -> anyhow::Result<()> {
    let file = File::create(path).with_context(|| format!("write {}", path.display()))?;
    let mut out = csv::Writer::from_writer(BufWriter::new(file));
    out.write_record(["file", "row", "email", "reason"])?;
    for row in &report.rejected {
        // A quote in front keeps a spreadsheet from taking the cell for a formula.
        let email = row.email.clone().unwrap_or_default();
        let email = if email.starts_with(['=', '+', '-', '@']) {
            format!("'{email}")
        } else {
            email
        };
        out.write_record([
            row.file.as_deref().unwrap_or(""),
            &row.row.to_string(),
            &email,
            &row.reason,
        ])?;
    }
    out.into_inner()
        .map_err(|error| anyhow::anyhow!("write {}: {error}", path.display()))?
        .flush()?;
    Ok(())
}
