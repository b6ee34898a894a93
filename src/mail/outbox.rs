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
    pub(super) async fn deliver(&self, envelope: &Envelope, message: &[u8], gate: &dyn Gate) -> (Verdict, bool) {
        match self.write(envelope, message, gate).await {
            Ok(()) => (
                Verdict::reply(Phase::Dot, Reply::new(250, "2.0.0 written to the outbox")),
                true,
            ),
            Err(verdict) => (verdict, false),
        }
    }

    async fn write(&self, envelope: &Envelope, message: &[u8], gate: &dyn Gate) -> Result<(), Verdict> {
        let lettre_envelope = lettre_envelope(envelope)?;
        let draft = AsyncFileTransport::<Tokio1Executor>::with_envelope(self.drafts())
            .send_raw(&lettre_envelope, message)
            .await
            .map_err(|error| self.trouble(Phase::Content, &error))?;
        gate.settled().await;
        if !gate.is_open() {
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

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;
    use crate::mail::message::tests::{issue_facts, written};
    use crate::model::letter::{Letter, MessageId};
    use crate::model::verdict::{Class, Trouble};

    async fn put(outbox: &Outbox, name: &str, hour: u32, subject: &str) -> Verdict {
        let mut facts = issue_facts();
        facts.message_id = MessageId::new(name, "example.org").unwrap();
        facts.date = Utc.with_ymd_and_hms(2026, 3, 1, hour, 0, 0).unwrap();
        let letter = Letter::whole(subject, "<p>Größe = 1</p>\n", "Größe = 1\n", "de");
        outbox
            .deliver(&facts.envelope(), &written(&letter, &facts), &|| true)
            .await
            .0
    }

    #[tokio::test]
    async fn a_letter_in_the_outbox_is_whole_and_a_repeated_one_replaces_itself() {
        let folder = tempfile::tempdir().unwrap();
        let outbox = Outbox::new(&folder.path().join("outbox"));
        outbox.open().await.unwrap();
        for (name, hour, subject) in [("aaa", 8, "Früh"), ("bbb", 9, "Late"), ("aaa", 8, "Früh")] {
            assert_eq!(put(&outbox, name, hour, subject).await.class(), Class::Accepted);
        }
        let mut files: Vec<_> = std::fs::read_dir(&outbox.folder)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        assert_eq!(files, [DRAFTS, "aaa.eml", "aaa.json", "bbb.eml", "bbb.json"]);
        assert_eq!(std::fs::read_dir(outbox.drafts()).unwrap().count(), 0);

        let listed = list(&outbox.folder);
        let subjects: Vec<_> = listed.iter().map(|entry| entry.subject.as_str()).collect();
        assert_eq!(subjects, ["Late", "Früh"]);
        let letter = read(&outbox.folder, &listed[1].name).unwrap();
        assert_eq!(letter.subject, "Früh");
        assert_eq!(
            (letter.html.as_str(), letter.text.as_str()),
            ("<p>Größe = 1</p>\r\n", "Größe = 1\r\n")
        );
        assert_eq!(letter.date, listed[1].date);
        assert_eq!(listed[1].size, u64::try_from(letter.source.len()).unwrap());
    }

    #[tokio::test]
    async fn a_closed_gate_leaves_nothing_in_the_outbox() {
        let folder = tempfile::tempdir().unwrap();
        let outbox = Outbox::new(folder.path());
        outbox.open().await.unwrap();
        let (verdict, usable) = outbox.deliver(&issue_facts().envelope(), b"x", &|| false).await;
        assert_eq!((verdict.class(), usable), (Class::NotTried(Trouble::Stopped), false));
        assert_eq!(std::fs::read_dir(outbox.drafts()).unwrap().count(), 0);
        assert!(list(folder.path()).is_empty());
    }

    #[tokio::test]
    async fn an_outbox_that_cannot_be_written_costs_nobody_a_letter() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "x").unwrap();
        let verdict = Outbox::new(&file).open().await.unwrap_err();
        assert_eq!(verdict.class(), Class::NotTried(Trouble::Relay));
        assert!(verdict.detail().contains("cannot be written"), "{}", verdict.detail());
    }

    #[test]
    fn nothing_outside_the_outbox_can_be_read() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("secret.eml"), "x").unwrap();
        let outbox = folder.path().join("outbox");
        assert!(list(&outbox).is_empty());
        std::fs::create_dir(&outbox).unwrap();
        for name in ["../secret", "/etc/passwd", "", ".", "a/b", "secret.eml", "nothing"] {
            assert_eq!(read(&outbox, name), None, "{name:?}");
        }
    }
}
