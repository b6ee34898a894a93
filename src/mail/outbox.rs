//! Letters as files: `NAME.eml` and its envelope `NAME.json`, where NAME is the left part of the Message-ID.
//!
//! lettre's file transport writes in place under a random name, so it writes into a hidden folder beside, and the
//! finished files are renamed, the envelope first: nobody sees half a letter, and a repeated letter replaces itself.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use lettre::{AsyncFileTransport, AsyncTransport, Tokio1Executor};

use crate::mail::Gate;
use crate::mail::parts::{Head, ReadLetter, read_letter};
use crate::model::letter::Envelope;
use crate::model::verdict::{Cause, Phase, Reply, Verdict};

/// Unfinished letters.
const DRAFTS: &str = ".drafts";
/// The headers of our letters are far shorter.
const LONGEST_HEAD: u64 = 32 * 1024;

/// A folder that takes letters.
#[derive(Debug, Clone)]
pub struct Outbox {
    folder: PathBuf,
}

impl Outbox {
    /// The folder is made when it is first needed.
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    /// Makes the folder.
    pub(super) async fn open(&self) -> Result<(), Verdict> {
        tokio::fs::create_dir_all(self.drafts())
            .await
            .map_err(|error| self.trouble(Phase::Connect, &error))
    }

    /// The verdict, and whether the outbox may be used again.
    pub(super) async fn deliver(&self, envelope: &Envelope, message: &[u8], gate: Gate<'_>) -> (Verdict, bool) {
        match self.write(envelope, message, gate).await {
            Ok(()) => (
                Verdict::reply(Phase::Dot, Reply::new(250, "2.0.0 written to the outbox")),
                true,
            ),
            Err(verdict) => (verdict, false),
        }
    }

    async fn write(&self, envelope: &Envelope, message: &[u8], gate: Gate<'_>) -> Result<(), Verdict> {
        let lettre_envelope = lettre_envelope(envelope)?;
        let draft = AsyncFileTransport::<Tokio1Executor>::with_envelope(self.drafts())
            .send_raw(&lettre_envelope, message)
            .await
            .map_err(|error| self.trouble(Phase::Content, &error))?;
        if !gate() {
            self.discard(&draft).await;
            return Err(Verdict::cause(Phase::Content, Cause::Stopped));
        }
        let name = envelope.message_id.left();
        for extension in ["json", "eml"] {
            let from = self.drafts().join(format!("{draft}.{extension}"));
            let to = self.folder.join(format!("{name}.{extension}"));
            tokio::fs::rename(from, to)
                .await
                .map_err(|error| self.trouble(Phase::Content, &error))?;
        }
        Ok(())
    }

    async fn discard(&self, draft: &str) {
        for extension in ["json", "eml"] {
            let path = self.drafts().join(format!("{draft}.{extension}"));
            if let Err(error) = tokio::fs::remove_file(&path).await {
                tracing::warn!(%error, path = %path.display(), "a draft of a letter stays in the outbox");
            }
        }
    }

    fn drafts(&self) -> PathBuf {
        self.folder.join(DRAFTS)
    }

    fn trouble(&self, phase: Phase, error: &dyn std::error::Error) -> Verdict {
        let reason = error.source().map_or_else(|| error.to_string(), ToString::to_string);
        let folder = self.folder.display();
        Verdict::cause(
            phase,
            Cause::Io(format!("the outbox {folder} cannot be written: {reason}")),
        )
    }
}

/// Every address that we take, lettre takes; a refusal would be a defect, and no retry mends it.
fn lettre_envelope(envelope: &Envelope) -> Result<lettre::address::Envelope, Verdict> {
    let address = |text: &str| {
        text.parse::<lettre::Address>()
            .map_err(|_| Verdict::cause(Phase::Mail, Cause::UnsupportedAddress))
    };
    let (from, to) = (address(envelope.from.as_str())?, address(envelope.to.as_str())?);
    lettre::address::Envelope::new(Some(from), vec![to])
        .map_err(|_| Verdict::cause(Phase::Mail, Cause::UnsupportedAddress))
}

/// A letter in an outbox, as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxEntry {
    /// File name without extension: what [`read`] takes.
    pub name: String,
    /// The subject, decoded.
    pub subject: String,
    /// The recipient as the header shows it, decoded.
    pub to: String,
    /// The `Date` header.
    pub date: Option<DateTime<Utc>>,
    /// Bytes of the whole message.
    pub size: u64,
}

/// The letters in an outbox, newest first. A missing folder has none; a file that cannot be read is left out.
pub fn list(folder: &Path) -> Vec<OutboxEntry> {
    let Ok(files) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut found: Vec<(SystemTime, OutboxEntry)> = files
        .filter_map(Result::ok)
        .filter_map(|file| entry(&file.path()).ok().flatten())
        .collect();
    found.sort_by(|(a_time, a), (b_time, b)| (b.date, b_time, &b.name).cmp(&(a.date, a_time, &a.name)));
    found.into_iter().map(|(_, entry)| entry).collect()
}

fn entry(path: &Path) -> io::Result<Option<(SystemTime, OutboxEntry)>> {
    let Some(name) = path
        .file_stem()
        .and_then(|stem| stem.to_str())
        .filter(|name| is_name(name))
    else {
        return Ok(None);
    };
    if path.extension().is_none_or(|extension| extension != "eml") {
        return Ok(None);
    }
    let file = std::fs::File::open(path)?;
    let facts = file.metadata()?;
    let mut start = Vec::new();
    file.take(LONGEST_HEAD).read_to_end(&mut start)?;
    let head = Head::of(&start);
    let entry = OutboxEntry {
        name: name.to_owned(),
        subject: head.text("Subject"),
        to: head.text("To"),
        date: head.date(),
        size: facts.len(),
    };
    Ok(Some((facts.modified()?, entry)))
}

/// One letter of an outbox; `None` when the name is no name of a letter, or nothing readable has it.
pub fn read(folder: &Path, name: &str) -> Option<ReadLetter> {
    if !is_name(name) {
        return None;
    }
    read_letter(&std::fs::read(folder.join(format!("{name}.eml"))).ok()?)
}

/// The left part of a Message-ID: it cannot leave the folder.
fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
}
