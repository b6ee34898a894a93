//! The real binary: a config, an article store and people in a folder of their own, and processes that are started,
//! stopped, killed and frozen.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// What a service under test is made of.
pub(crate) struct Setup<'a> {
    /// Where its relay listens.
    pub(crate) relay: u16,
    /// Connections to the relay.
    pub(crate) connections: usize,
    /// Its database.
    pub(crate) database: &'a str,
    /// `reader1@example.org` to `readerN@example.org`.
    pub(crate) people: usize,
    /// Further keys of `[mail]`.
    pub(crate) mail: &'a str,
    /// Further keys of `[state]`.
    pub(crate) state: &'a str,
}

impl Setup<'_> {
    /// Four connections, SQLite, and nothing out of the ordinary.
    pub(crate) fn plain(relay: u16, people: usize) -> Self {
        Self {
            relay,
            connections: 4,
            database: "sqlite://letterpress.db",
            people,
            mail: "",
            state: "",
        }
    }

    fn config(&self) -> String {
        let Self {
            relay,
            connections,
            database,
            mail,
            state,
            ..
        } = self;
        format!(
            r#"
[site]
title = "Proofs"
url = "https://proofs.example.org"
author = {{ name = "A. Author", email = "author@example.org" }}
[[sources]]
kind = "folder"
path = "content"
baseline = "mail"
look_back = "36500d"
[[newsletters]]
id = "notes"
name = "Proofs"
time_zone = "UTC"
look_back = "36500d"
[[newsletters.schedules]]
id = "weekly"
cron = "0 8 * * MON"
[mail]
from = "Proofs <notes@example.org>"
transport = "smtp"
unknown_delay = "1s"
restart_breaker = 0
{mail}
[mail.smtp]
host = "127.0.0.1"
port = {relay}
tls = "none"
connections = {connections}
[database]
url = "{database}"
[state]
dir = "state"
{state}
[http]
listen = "127.0.0.1:0"
public_url = "https://letters.example.org"
"#
        )
    }
}

/// An installation.
pub(crate) struct Service {
    folder: tempfile::TempDir,
    /// Where it lies, when that is elsewhere.
    elsewhere: Option<PathBuf>,
    /// Keys of the config that are different here, as variables.
    overrides: Vec<(&'static str, String)>,
}

impl Service {
    /// Three articles and the people of the setup; nothing runs yet.
    pub(crate) fn new(setup: &Setup<'_>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("content")).unwrap();
        for number in 1..=3 {
            let text = format!(
                "---\ntitle: Proof {number}\ndate: 2020-01-0{number}\n---\n\n{}",
                "A word or two. ".repeat(40)
            );
            std::fs::write(folder.path().join(format!("content/proof-{number}.md")), text).unwrap();
        }
        let list: String = (1..=setup.people)
            .map(|n| format!("reader{n}@example.org,active\n"))
            .collect();
        std::fs::write(folder.path().join("people.csv"), format!("email,status\n{list}")).unwrap();
        std::fs::write(folder.path().join("letterpress.toml"), setup.config()).unwrap();
        let overrides = Vec::new();
        Self {
            folder,
            elsewhere: None,
            overrides,
        }
    }

    /// The same one after it was copied to another folder.
    pub(crate) fn at(self, folder: &Path) -> Self {
        Self {
            elsewhere: Some(folder.to_owned()),
            ..self
        }
    }

    /// A copy of the whole installation, with some keys of the config set by variables.
    pub(crate) fn copy_with(&self, overrides: Vec<(&'static str, String)>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let everything = format!("{}/.", self.path().display());
        let copied = Command::new("cp").arg("-a").arg(everything).arg(folder.path()).status();
        assert!(copied.unwrap().success());
        Self {
            folder,
            elsewhere: None,
            overrides,
        }
    }

    /// As [`Service::with_people`], and one issue is composed for all of them.
    pub(crate) fn with_an_issue(setup: &Setup<'_>) -> Self {
        let service = Self::with_people(setup);
        service.run(&["send", "notes", "--schedule", "weekly"]);
        service
    }

    /// As [`Service::new`], with the people imported and the articles scanned.
    pub(crate) fn with_people(setup: &Setup<'_>) -> Self {
        let service = Self::new(setup);
        service.run(&[
            "subscribers",
            "import",
            "people.csv",
            "--consent",
            "signed a list",
            "--yes",
        ]);
        service.run(&["articles", "scan"]);
        service
    }

    /// Where everything lies.
    pub(crate) fn path(&self) -> &Path {
        self.elsewhere.as_deref().unwrap_or(self.folder.path())
    }

    /// The program with this installation's config.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command
            .arg("--config")
            .arg(self.path().join("letterpress.toml"))
            .args(arguments)
            .current_dir(self.path())
            .env("LETTERPRESS_LOG", "warn")
            .envs(self.overrides.iter().map(|(key, value)| (*key, value.as_str())))
            .stdin(Stdio::null());
        command
    }

    /// Runs a command to its end; returns what it printed.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Starts `serve`; its complaints go to `log`.
    pub(crate) fn serve(&self) -> Running {
        self.serve_from("state")
    }

    /// Starts another node: `serve` with a state folder of its own, and the first one's keys.
    pub(crate) fn serve_from(&self, state: &str) -> Running {
        let place = self.path().join(state);
        std::fs::create_dir_all(&place).unwrap();
        if state != "state" {
            std::fs::copy(self.path().join("state/keys"), place.join("keys")).unwrap();
        }
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.path().join("log"))
            .unwrap();
        let child = self
            .command(&["serve"])
            .env("LETTERPRESS__STATE__DIR", &place)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        Running(child)
    }

    /// What running processes complained about.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.path().join("log")).unwrap_or_default()
    }

    /// The newest issue as scripts see it.
    pub(crate) fn issue(&self) -> Value {
        let issues: Value = serde_json::from_str(&self.run(&["issues", "list", "--json"])).unwrap();
        issues[0].clone()
    }

    /// Waits until the newest issue has ended, or `patience` is over; returns it.
    pub(crate) fn wait_for_the_end(&self, patience: Duration) -> Value {
        let until = Instant::now() + patience;
        loop {
            let issue = self.issue();
            if issue["state"] == "finished" {
                return issue;
            }
            if Instant::now() > until {
                let log = self.log();
                let end: Vec<&str> = log.lines().rev().take(60).collect();
                println!(
                    "still {}; the end of the log, newest first:\n{}",
                    issue["state"],
                    end.join("\n")
                );
                return issue;
            }
            std::thread::sleep(Duration::from_millis(300));
        }
    }
}

/// The binary that was built with the tests.
pub(crate) fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_letterpress"))
}

/// A process under test; it is killed when the test ends, however the test ends.
pub(crate) struct Running(Child);

impl Running {
    /// `kill -9`.
    pub(crate) fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Sends a signal, such as `TERM`, `STOP` or `CONT`.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &self.0.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
    }

    /// Asks it to stop, and waits until it has; `false` when it ended with an error.
    pub(crate) fn stop(mut self) -> bool {
        self.signal("TERM");
        self.0.wait().unwrap().success()
    }

    /// Whether it still runs.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.is_alive() {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
}

/// Numbers that look random and are the same in every run.
pub(crate) struct Dice(u64);

impl Dice {
    /// A seed other than 0.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// 0 to `sides` − 1.
    pub(crate) fn throw(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}
