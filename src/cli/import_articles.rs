//! `articles import`: the export of another platform becomes files in a folder.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use super::output::{confirmed, json, line};
use super::progress::Progress;
use super::{Code, Session};
use crate::ingest::{self, BringIn, BroughtIn};

/// `articles import`
#[derive(Debug, Args)]
pub(super) struct ImportArticles {
    /// The export: a file, a folder, or a zip or tar.gz archive
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The folder that the articles go into
    #[arg(long, value_name = "DIR")]
    into: PathBuf,
    /// Whose export it is, where its files do not say so
    #[arg(long, value_name = "NAME")]
    format: Option<String>,
    #[command(flatten)]
    also: Also,
    /// Count only, write nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// What is not done unless somebody asks for it.
#[derive(Debug, Args)]
struct Also {
    /// Also write drafts, marked `draft: true`
    #[arg(long)]
    drafts: bool,
    /// Let letters carry articles that were not mailed before; else each says `mail: false`
    #[arg(long)]
    mailable: bool,
}

impl ImportArticles {
    pub(super) fn run(self, session: &Session) -> anyhow::Result<Code> {
        let into = self.into.display();
        if !self.dry_run && !confirmed(&format!("Write articles into {into}?"), self.yes)? {
            return Ok(1);
        }
        let wish = BringIn {
            from: self.files,
            into: self.into.clone(),
            format: self.format,
            drafts: self.also.drafts,
            mailable: self.also.mailable,
            dry_run: self.dry_run,
        };
        let progress = Progress::new("articles read");
        let report =
            ingest::bring_in(&wish, |pieces| progress.at(pieces, 0)).context("nothing, or not all, was imported")?;
        drop(progress);
        if session.json {
            json(&report)?;
        } else {
            say(&report, &wish)?;
        }
        Ok(u8::from(!report.problems.is_empty()))
    }
}

fn say(report: &BroughtIn, wish: &BringIn) -> anyhow::Result<()> {
    if wish.dry_run {
        line("Nothing was written (--dry-run).")?;
    }
    line(&format!("Read as {}, because {}.", report.format, report.because))?;
    line(&format!(
        "{} articles: {} written, {} already there, {} doubles; {} were mailed before, {} have no date",
        report.articles, report.written, report.already_there, report.doubles, report.already_mailed, report.undated
    ))?;
    for (why, count) in &report.left_out {
        line(&format!("  left out, {why}: {count}"))?;
    }
    for problem in &report.problems {
        let place = problem.line.map_or_else(String::new, |line| format!(":{line}"));
        line(&format!(
            "{}{place}: {}; {}",
            problem.file, problem.message, problem.remedy
        ))?;
    }
    if report.written > 0 && !wish.dry_run {
        let into = wish.into.display();
        let mails = if wish.mailable {
            "letters may carry those that were not mailed before, once the folder was scanned for the first time"
        } else {
            "they go into the feeds and are not mailed, except drafts when you publish them"
        };
        line(&format!(
            "They are in {into}. Name that folder in [[sources]], then look with `letterpress articles scan`: {mails}."
        ))?;
    }
    Ok(())
}
