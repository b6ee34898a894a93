//! `bounces`: what came back.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};

use super::output::{self, json, line};
use super::{Code, Session};
use crate::app::App;
use crate::bounces::{self, Line};
use crate::worker;

/// `bounces …`
#[derive(Debug, Subcommand)]
pub(super) enum Bounces {
    /// Read reports of letters that came back, complaints, and mails that ask to leave
    Ingest(Ingest),
    /// List domains that refused so many at once that nobody is given up until you decide
    Incidents,
    /// Believe what a domain said: give up everybody it called unknown
    Apply {
        /// The domain, as `incidents` lists it
        domain: String,
    },
    /// Forget what a domain said: everybody stays
    Drop {
        /// The domain, as `incidents` lists it
        domain: String,
    },
}

/// `bounces ingest`
#[derive(Debug, Args)]
#[command(
    after_help = "A report counts only if it carries our own mark on a letter; any other is shown and changes nothing. The same \
                  report changes nothing the second time.\n\n\
                  Examples:\n  letterpress bounces ingest --dry-run report.eml\n  letterpress bounces ingest Maildir\n  \
                  letterpress bounces ingest - < mbox\n  letterpress bounces ingest --imap --dry-run"
)]
pub(super) struct Ingest {
    /// Mails, mbox files, folders of mails, Maildirs; `-` for standard input [default: standard input]
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Read what is new in the mailbox of `[bounces.imap]`, as the service does every few minutes
    #[arg(long, conflicts_with = "files")]
    imap: bool,
    /// Show what each report means, change nothing
    #[arg(long)]
    dry_run: bool,
}

impl Bounces {
    pub(super) async fn run(self, session: &Session) -> anyhow::Result<Code> {
        let app = session.open().await?;
        let code = match self {
            Self::Ingest(ingest) => ingest.run(session, &app).await?,
            Self::Incidents => incidents(session, &app).await?,
            Self::Apply { domain } => {
                let people = bounces::apply(&app, &domain).await?;
                line(&format!("{people} people are given up."))?;
                0
            }
            Self::Drop { domain } => {
                let people = bounces::drop_held(&app, &domain).await?;
                line(&format!("{people} people stay."))?;
                0
            }
        };
        app.database.close().await;
        Ok(code)
    }
}

async fn incidents(session: &Session, app: &App) -> anyhow::Result<Code> {
    let open = bounces::incidents(app).await?;
    if session.json {
        json(&open)?;
        return Ok(0);
    }
    let rows: Vec<[String; 4]> = open
        .into_iter()
        .map(|one| [one.domain, one.opened_at, one.dead.to_string(), one.mailed.to_string()])
        .collect();
    output::table(
        ["domain", "since", "unknown", "mailed"],
        &rows,
        "No domain is in doubt.",
    )?;
    Ok(0)
}

impl Ingest {
    async fn run(self, session: &Session, app: &App) -> anyhow::Result<Code> {
        if !self.dry_run {
            bounces::settle(app).await?;
        }
        let (mut lines, mut unreadable) = (Vec::new(), 0);
        if self.imap {
            for taken in worker::take_from_mailbox(app, self.dry_run).await? {
                unreadable += taken.unreadable;
                lines.extend(taken.lines);
            }
        } else {
            let stdin = [PathBuf::from("-")];
            let files = if self.files.is_empty() { &stdin[..] } else { &self.files };
            for file in files {
                let found = self.take_in(app, file).await?;
                unreadable += found.1;
                lines.extend(found.0);
            }
        }
        if session.json {
            json(&lines)?;
        } else {
            say(&lines, self.dry_run)?;
        }
        Ok(u8::from(unreadable > 0 && lines.len() == unreadable))
    }

    async fn take_in(&self, app: &App, file: &Path) -> anyhow::Result<(Vec<Line>, usize)> {
        let (mut lines, mut unreadable) = (Vec::new(), 0);
        let is_maildir = bounces::is_maildir(file);
        for message in mails(file)? {
            let name = message.path.display().to_string();
            let taken = worker::take_in(app, &name, &message.bytes, self.dry_run).await?;
            if is_maildir && !self.dry_run && message.path.starts_with(file.join("new")) {
                bounces::put_away(file, &message, taken.unreadable > 0)?;
            }
            unreadable += taken.unreadable;
            lines.extend(taken.lines);
        }
        Ok((lines, unreadable))
    }
}

/// Standard input, a file, the mails of a Maildir, or the files of a folder.
fn mails(file: &Path) -> anyhow::Result<Vec<bounces::Message>> {
    let one = |path: &Path, bytes| bounces::Message {
        path: path.to_owned(),
        bytes,
    };
    if file == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin()
            .read_to_end(&mut bytes)
            .context("read standard input")?;
        return Ok(vec![one(file, bytes)]);
    }
    if bounces::is_maildir(file) {
        return Ok(bounces::new_messages(file, true)?);
    }
    let read = |path: &Path| -> anyhow::Result<bounces::Message> {
        let bytes = std::fs::read(path).with_context(|| format!("read {}", path.display()))?;
        Ok(one(path, bytes))
    };
    if !file.is_dir() {
        return Ok(vec![read(file)?]);
    }
    let entries = std::fs::read_dir(file).with_context(|| format!("read the folder {}", file.display()))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

fn say(lines: &[Line], dry_run: bool) -> anyhow::Result<()> {
    let rows: Vec<[String; 6]> = lines
        .iter()
        .map(|one| {
            let or_dash = |text: Option<&str>| text.unwrap_or("–").to_owned();
            [
                one.file.clone(),
                or_dash(one.recipient.as_deref()),
                or_dash(one.class.map(crate::model::bounce::Class::word)),
                one.evidence.clone(),
                one.proof.unwrap_or("not proven").to_owned(),
                or_dash(one.effect.as_deref()),
            ]
        })
        .collect();
    output::table(
        ["file", "recipient", "class", "because of", "proof", "effect"],
        &rows,
        "Nothing to read.",
    )?;
    if dry_run {
        line("Nothing was changed (--dry-run).")?;
    }
    Ok(())
}
