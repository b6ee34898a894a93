//! The real binary, a real socket, `kill -9` at random moments: nobody is left out, and copies stay within the bound.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use letterpress::store::Engine;

use crate::support::sink::{Sink, Taken};
use crate::support::{OwnDatabase, engines};

const CONNECTIONS: usize = 8;

/// A config, an article store and people in a folder of their own.
struct Press {
    folder: tempfile::TempDir,
}

impl Press {
    fn new(sink: &Sink, database: &str, people: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("content")).unwrap();
        for number in 1..=3 {
            let text = format!(
                "---\ntitle: Proof {number}\ndate: 2020-01-0{number}\n---\n\n{}",
                "A word or two. ".repeat(40)
            );
            std::fs::write(folder.path().join(format!("content/proof-{number}.md")), text).unwrap();
        }
        let list: String = (1..=people)
            .map(|n| format!("reader{n}@example.org,active\n"))
            .collect();
        std::fs::write(folder.path().join("people.csv"), format!("email,status\n{list}")).unwrap();
        std::fs::write(folder.path().join("letterpress.toml"), config(sink.port(), database)).unwrap();
        Self { folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command
            .arg("--config")
            .arg(self.path().join("letterpress.toml"))
            .args(arguments);
        command
            .current_dir(self.path())
            .env("LETTERPRESS_LOG", "warn")
            .stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn serve(&self) -> Child {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.path().join("log"))
            .unwrap();
        self.command(&["serve"])
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap()
    }

    fn issue(&self) -> serde_json::Value {
        let issues: serde_json::Value = serde_json::from_str(&self.run(&["issues", "list", "--json"])).unwrap();
        issues[0].clone()
    }
}

fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_letterpress"))
}

fn config(port: u16, database: &str) -> String {
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
[mail.smtp]
host = "127.0.0.1"
port = {port}
tls = "none"
connections = {CONNECTIONS}
[database]
url = "{database}"
[state]
dir = "state"
[http]
listen = "127.0.0.1:0"
public_url = "https://letters.example.org"
"#
    )
}

/// Kills at moments that differ from turn to turn, until the issue is finished.
fn send_through_kills(press: &Press, kills: usize) -> usize {
    let mut seed = 0x2545_F491_4F6C_DD1D_u64;
    let mut killed = 0;
    let until = Instant::now() + Duration::from_secs(180);
    while Instant::now() < until {
        let mut serving = press.serve();
        if killed < kills {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            std::thread::sleep(Duration::from_millis(250 + seed % 500));
            killed += 1;
        } else {
            while press.issue()["state"] != "finished" && Instant::now() < until {
                std::thread::sleep(Duration::from_millis(300));
            }
        }
        serving.kill().unwrap();
        serving.wait().unwrap();
        if press.issue()["state"] == "finished" {
            break;
        }
    }
    killed
}

fn hold(taken: &Taken, people: usize, kills: usize, issue: &serde_json::Value) {
    let counts = &issue["counts"];
    let of = |name: &str| counts[name].as_u64().unwrap();
    assert_eq!(issue["state"], "finished", "{issue}");
    assert_eq!(of("candidates"), people as u64);
    assert_eq!(of("open"), 0, "{counts}");
    assert_eq!(of("accepted") + of("unknown"), people as u64, "{counts}");
    let lost: Vec<usize> = (1..=people)
        .filter(|n| !taken.contains_key(&format!("reader{n}@example.org")))
        .collect();
    assert!(lost.is_empty(), "{} people got nothing: {lost:?}", lost.len());
    let copies: BTreeMap<usize, usize> = taken.values().fold(BTreeMap::new(), |mut by, ids| {
        *by.entry(ids.len()).or_default() += 1;
        by
    });
    assert!(
        copies.keys().all(|copies| *copies <= 2),
        "copies for each person: {copies:?}"
    );
    let repeated: usize = taken.values().map(|ids| ids.len() - 1).sum();
    assert!(
        repeated <= kills * CONNECTIONS,
        "{repeated} repeated after {kills} kills"
    );
    let alike = taken
        .values()
        .all(|ids| ids.iter().all(|id| *id == ids[0] && !id.is_empty()));
    assert!(alike, "a second copy has another Message-ID");
    println!(
        "{people} people, {kills} kills: 0 lost, {repeated} repeated (bound {})",
        kills * CONNECTIONS
    );
}

async fn survive(database: &str, people: usize, kills: usize) {
    let sink = Sink::start(Duration::from_millis(5)).await;
    let press = Press::new(&sink, database, people);
    let (killed, issue) = tokio::task::spawn_blocking(move || {
        press.run(&[
            "subscribers",
            "import",
            "people.csv",
            "--consent",
            "signed a list",
            "--yes",
        ]);
        press.run(&["articles", "scan"]);
        press.run(&["send", "notes", "--schedule", "weekly"]);
        let killed = send_through_kills(&press, kills);
        (killed, press.issue())
    })
    .await
    .unwrap();
    hold(&sink.taken(), people, killed, &issue);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_left_out_when_the_process_is_killed_again_and_again() {
    survive("sqlite://letterpress.db", 3_000, 12).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_left_out_when_a_node_on_postgres_is_killed_again_and_again() {
    if engines().contains(&Engine::Postgres) {
        let database = OwnDatabase::create().await;
        survive(&database.url, 1_500, 8).await;
        database.drop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "long: run by tests/run --long"]
async fn nobody_is_left_out_over_a_thousand_kills() {
    survive("sqlite://letterpress.db", 100_000, 1_000).await;
}
