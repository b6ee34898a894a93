//! Letters through the local program `sendmail`, as every mail server brings it.
//!
//! The program takes a letter when its input ends and it exits with 0. lettre's transport is not used: its errors do not
//! tell the exit code, so that "not taken" and "nobody knows" look alike.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::timeout;

use crate::mail::Gate;
use crate::model::letter::Envelope;
use crate::model::verdict::{Cause, Phase, Reply, Verdict};

/// Programs at once.
pub(super) const AT_ONCE: usize = 4;
/// How long the program may take once it has the whole letter; as for the final dot (RFC 5321 §4.5.3.2.6).
const PATIENCE: Duration = Duration::from_secs(600);

/// The program.
#[derive(Debug, Clone)]
pub struct Sendmail {
    program: PathBuf,
}

impl Sendmail {
    /// Nothing runs yet.
    pub fn new(program: &Path) -> Self {
        Self {
            program: program.to_owned(),
        }
    }

    /// Hands one message over.
    pub(super) async fn deliver(&self, envelope: &Envelope, message: &[u8], gate: &dyn Gate) -> Verdict {
        match self.run(envelope, message, gate).await {
            Ok(verdict) | Err(verdict) => verdict,
        }
    }

    async fn run(&self, envelope: &Envelope, message: &[u8], gate: &dyn Gate) -> Result<Verdict, Verdict> {
        let mut child = self.start(envelope)?;
        let input = child.stdin.take().ok_or_else(|| self.trouble("it has no input"))?;
        let fed = feed(input, message).await;
        gate.settled().await;
        if !gate.is_open() {
            // Before its input ends it has nothing to send.
            drop(child.kill().await);
            return Err(Verdict::cause(Phase::Content, Cause::Stopped));
        }
        // A program that ended early did not read to the end: its exit code says why.
        drop(fed);
        Ok(match timeout(PATIENCE, child.wait_with_output()).await {
            Ok(Ok(output)) => told(output.status, String::from_utf8_lossy(&output.stderr).trim()),
            Ok(Err(error)) => in_doubt(&error.to_string()),
            Err(_) => in_doubt("it did not end in time"),
        })
    }

    fn start(&self, envelope: &Envelope) -> Result<Child, Verdict> {
        Command::new(&self.program)
            // -i: a line that is only a dot does not end the letter.
            .args(["-i", "-f", envelope.from.as_str(), "--", envelope.to.as_str()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| self.trouble(&format!("it cannot be started: {error}; see mail.sendmail")))
    }

    fn trouble(&self, what: &str) -> Verdict {
        let program = self.program.display();
        Verdict::cause(Phase::Connect, Cause::Io(format!("{program}: {what}")))
    }
}

/// Writes the letter with the line ends of this system: such programs read lines. The input stays open.
async fn feed(mut input: ChildStdin, message: &[u8]) -> Option<ChildStdin> {
    let mut text = Vec::with_capacity(message.len());
    for line in message.split_inclusive(|byte| *byte == b'\n') {
        match line.strip_suffix(b"\r\n") {
            Some(line) => text.extend(line.iter().copied().chain([b'\n'])),
            None => text.extend_from_slice(line),
        }
    }
    input.write_all(&text).await.ok()?;
    input.flush().await.ok()?;
    Some(input)
}

fn told(status: ExitStatus, said: &str) -> Verdict {
    match status.code() {
        Some(0) => Verdict::reply(Phase::Dot, Reply::new(250, "2.0.0 taken by sendmail")),
        Some(code) => Verdict::reply(
            Phase::Dot,
            Reply::new(451, &format!("4.3.0 sendmail ended with {code}: {said}")),
        ),
        None => in_doubt("it was killed"),
    }
}

/// It had the whole letter.
fn in_doubt(what: &str) -> Verdict {
    Verdict {
        dot_began: true,
        ..Verdict::cause(Phase::Dot, Cause::Io(format!("sendmail: {what}")))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::model::address::EmailAddress;
    use crate::model::letter::MessageId;
    use crate::model::verdict::{Class, Fault, Trouble};

    fn envelope() -> Envelope {
        Envelope {
            message_id: MessageId::new("abc", "example.org").unwrap(),
            from: EmailAddress::parse("notes@example.org").unwrap(),
            to: EmailAddress::parse("rosa@example.org").unwrap(),
            token: None,
        }
    }

    /// A program that does what `script` says.
    async fn class_of(script: &str, gate: bool) -> (Class, String) {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("sendmail");
        std::fs::write(
            &program,
            format!("#!/bin/sh\ncd {}\n{script}\n", folder.path().display()),
        )
        .unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let message = b"Subject: x\r\n\r\na\r\n.\r\nb\r\n";
        let verdict = Sendmail::new(&program).deliver(&envelope(), message, &|| gate).await;
        let kept = std::fs::read_to_string(folder.path().join("kept")).unwrap_or_default();
        (verdict.class(), kept)
    }

    #[tokio::test]
    async fn a_letter_is_taken_whole_when_the_program_says_so() {
        let (class, kept) = class_of("echo \"$@\" > kept; cat >> kept", true).await;
        assert_eq!(class, Class::Accepted);
        assert_eq!(
            kept,
            "-i -f notes@example.org -- rosa@example.org\nSubject: x\n\na\n.\nb\n"
        );
    }

    #[tokio::test]
    async fn what_the_program_refuses_is_tried_again_and_what_kills_it_leaves_doubt() {
        let deferred = Class::Deferred(Fault::Other);
        assert_eq!(class_of("cat > /dev/null; exit 75", true).await.0, deferred);
        assert_eq!(class_of("exit 67", true).await.0, deferred);
        assert_eq!(class_of("cat > /dev/null; kill -9 $$", true).await.0, Class::Unknown);
        let gone = Sendmail::new(Path::new("/nowhere/sendmail"));
        let verdict = gone.deliver(&envelope(), b"x\r\n", &|| true).await;
        assert_eq!(verdict.class(), Class::NotTried(Trouble::Relay));
        assert!(verdict.detail().contains("see mail.sendmail"), "{}", verdict.detail());
    }

    #[tokio::test]
    async fn a_stop_before_the_end_of_the_letter_sends_nothing() {
        let (class, kept) = class_of("cat > letter && mv letter kept", false).await;
        assert_eq!(class, Class::NotTried(Trouble::Stopped));
        assert_eq!(kept, "");
    }
}
