//! A ledger that is older than what happened must not mail again: backups, old files, copies and snapshots
//! (`delivery.md` 16).

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use letterpress::app::App;
use letterpress::compose;
use letterpress::deliver::Sender;
use letterpress::model::clock::{Clock, SeededChance};
use letterpress::model::hold::Hold;
use letterpress::retain::{self, Resume};
use letterpress::store::Engine;
use serde_json::Value;

use crate::support::mailroom::Press;
use crate::support::service::{Service, Setup, program};
use crate::support::sink::{Sink, Taken};
use crate::support::{OwnDatabase, engines};

const PEOPLE: usize = 400;

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

/// A service with an issue for [`PEOPLE`], and a relay that takes its time.
async fn service_with_an_issue() -> (Sink, Arc<Service>) {
    let sink = Sink::start(Duration::from_millis(20)).await;
    let relay = sink.port();
    let service = blocking(move || Service::with_an_issue(&Setup::plain(relay, PEOPLE)));
    (sink, Arc::new(service.await))
}

fn held(service: &Service) -> Option<String> {
    let rows: Value = serde_json::from_str(&service.run(&["schedule", "--json"])).unwrap();
    rows[0]["held"].as_str().map(str::to_owned)
}

fn letters(taken: &Taken) -> usize {
    taken.values().map(Vec::len).sum()
}

/// Serves for a while, which is enough for a sender to send what it may.
fn serve_for_a_while(service: &Service) {
    let running = service.serve();
    std::thread::sleep(Duration::from_millis(1_500));
    assert!(running.stop(), "{}", service.log());
}

/// Copies the whole installation, as a snapshot of the disk would.
fn copy_all(from: &Path, to: &Path) {
    let copied = std::process::Command::new("cp").arg("-a").arg(from).arg(to).status();
    assert!(copied.unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_a_letter_again_out_of_a_backup_that_was_made_during_the_send() {
    let (sink, service) = service_with_an_issue().await;
    let sending = Arc::clone(&service);
    let sent = sink.clone();
    blocking(move || {
        let running = sending.serve();
        while letters(&sent.taken()) < 40 {
            std::thread::sleep(Duration::from_millis(20));
        }
        sending.run(&["backup", "monday.db"]);
        assert!(sending.path().join("monday.db.keys").exists());
        sending.wait_for_the_end(Duration::from_secs(60));
        assert!(running.stop());
        sending.run(&["restore", "monday.db"]);
        assert_eq!(held(&sending).as_deref(), Some("restored"));
        serve_for_a_while(&sending);
        let refused = sending
            .command(&["send", "notes", "--schedule", "weekly"])
            .output()
            .unwrap();
        assert!(String::from_utf8_lossy(&refused.stderr).contains("resume --after-restore"));
    })
    .await;
    assert_eq!(letters(&sink.taken()), PEOPLE, "on hold nothing is sent");
    let resumed = Arc::clone(&service);
    blocking(move || {
        resumed.run(&["resume", "--after-restore"]);
        assert_eq!(held(&resumed), None);
        serve_for_a_while(&resumed);
        let issue = resumed.issue();
        assert_eq!(issue["state"], "cancelled");
        assert_eq!(issue["counts"]["open"], 0);
        let plan = resumed.run(&["plan", "--json"]);
        assert!(!plan.contains("Proof 1"), "what was sent is planned again: {plan}");
        resumed.run(&["fsck"]);
    })
    .await;
    assert_eq!(letters(&sink.taken()), PEOPLE, "everything until then counts as sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_author_who_knows_that_nothing_was_sent_goes_on_where_the_backup_stands() {
    let (sink, service) = service_with_an_issue().await;
    blocking(move || {
        service.run(&["backup", "monday.db"]);
        service.run(&["restore", "monday.db"]);
        let whole = ["resume", "--after-restore", "--continue", "--since", "1970-01-01"];
        service.run(&whole);
        let again = service.command(&whole).output().unwrap();
        assert_eq!(again.status.code(), Some(1), "there is nothing to resume");
        let _running = service.serve();
        assert_eq!(service.wait_for_the_end(Duration::from_secs(60))["state"], "finished");
    })
    .await;
    assert_eq!(sink.taken().len(), PEOPLE);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_database_file_that_is_put_back_by_hand_sends_nothing() {
    let (sink, service) = service_with_an_issue().await;
    blocking(move || {
        let database = service.path().join("letterpress.db");
        std::fs::copy(&database, service.path().join("old.db")).unwrap();
        let running = service.serve();
        service.wait_for_the_end(Duration::from_secs(60));
        assert!(running.stop());
        std::fs::rename(service.path().join("old.db"), &database).unwrap();
        serve_for_a_while(&service);
        assert_eq!(held(&service).as_deref(), Some("older"));
    })
    .await;
    assert_eq!(letters(&sink.taken()), PEOPLE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_under_another_address_is_silent_and_the_original_goes_on() {
    let (sink, service) = service_with_an_issue().await;
    let original = Arc::clone(&service);
    let sent = sink.clone();
    blocking(move || {
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("copy");
        copy_all(original.path(), &copy);
        let mut staging = std::process::Command::new(program())
            .args(["--config", copy.join("letterpress.toml").to_str().unwrap(), "serve"])
            .env("LETTERPRESS__HTTP__PUBLIC_URL", "https://staging.example.org")
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(1_500));
        assert_eq!(letters(&sent.taken()), 0, "the copy is silent");
        staging.kill().unwrap();
        staging.wait().unwrap();
        let _running = original.serve();
        assert_eq!(original.wait_for_the_end(Duration::from_secs(60))["state"], "finished");
    })
    .await;
    assert_eq!(letters(&sink.taken()), PEOPLE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_that_is_deployed_anew_with_its_volume_is_asked_nothing() {
    let (sink, service) = service_with_an_issue().await;
    blocking(move || {
        let folder = tempfile::tempdir().unwrap();
        let moved = folder.path().join("volume");
        copy_all(service.path(), &moved);
        let config = moved.join("letterpress.toml");
        let mut running = std::process::Command::new(program())
            .args(["--config", config.to_str().unwrap(), "serve"])
            .spawn()
            .unwrap();
        let until = std::time::Instant::now() + Duration::from_secs(60);
        while letters(&sink.taken()) < PEOPLE && std::time::Instant::now() < until {
            std::thread::sleep(Duration::from_millis(50));
        }
        running.kill().unwrap();
        running.wait().unwrap();
        assert_eq!(letters(&sink.taken()), PEOPLE);
    })
    .await;
}

/// A virtual machine's snapshot brings database and place file back together: only the clock tells.
#[tokio::test]
async fn a_snapshot_of_the_machine_that_comes_back_days_later_waits_for_its_author() {
    let mut press = Press::new(Engine::Sqlite).await;
    press.join("one", "weekly").await;
    press.publish("first").await;
    assert!(press.send().await.is_some());
    drop(Sender::start(Arc::clone(press.app())).await.unwrap());
    press.bench.wait(Duration::from_hours(3));
    let settings = press.app().settings().as_ref().clone();
    let clock = Arc::clone(&press.bench.clock) as Arc<dyn Clock>;
    press.bench.app.database.close().await;
    let app = App::assemble(settings, clock, Arc::new(SeededChance::new(9))).await;
    press.bench.app = Arc::new(app.unwrap());
    assert_eq!(press.app().last_hold(), Some(Hold::Asleep));
    assert!(compose::send_now(press.app(), "notes", "weekly").await.is_err());
    let resumed = retain::resume(press.app(), Resume::default()).await.unwrap();
    assert_eq!((resumed.held, resumed.cancelled, resumed.passed_over), ("asleep", 1, 1));
    press.publish("second").await;
    assert!(press.send().await.is_some(), "what is new goes out");
    press.bench.close().await;
}

#[tokio::test]
async fn a_postgres_database_that_went_back_in_time_is_noticed_by_the_nodes_that_saw_more() {
    if !engines().contains(&Engine::Postgres) {
        return;
    }
    let press = Press::new(Engine::Postgres).await;
    press.join("one", "weekly").await;
    press.publish("first").await;
    assert!(press.send().await.is_some());
    let mut memory = press.app().place.remembered().unwrap();
    assert!(memory.epoch > 0, "an issue raises the epoch");
    memory.epoch += 5;
    press.app().place.remember(&memory).unwrap();
    let node = press.bench.another_node().await;
    assert_eq!(node.last_hold(), Some(Hold::Older));
    assert!(
        compose::send_now(press.app(), "notes", "weekly").await.is_err(),
        "every node holds"
    );
    retain::resume(&node, Resume::default()).await.unwrap();
    press.publish("second").await;
    assert!(press.send().await.is_some());
    node.database.close().await;
    press.bench.close().await;
}

/// Another database of the same server, with the same rows: `pg_dump` and `pg_restore` into a new one.
#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_database_that_was_copied_to_another_name_is_a_copy() {
    if !engines().contains(&Engine::Postgres) {
        return;
    }
    let (first, second) = (OwnDatabase::create().await, OwnDatabase::create().await);
    let (source, target) = (first.url.clone(), second.url.clone());
    let sink = Sink::start(Duration::ZERO).await;
    let relay = sink.port();
    let reason = blocking(move || {
        let service = Service::with_an_issue(&Setup {
            database: &source,
            ..Setup::plain(relay, 3)
        });
        let dump = service.path().join("dump.sql");
        let out = std::process::Command::new("pg_dump")
            .args(["--no-owner", "-f"])
            .arg(&dump)
            .arg(&source)
            .status();
        assert!(out.unwrap().success());
        let into = std::process::Command::new("psql")
            .args(["-q", "-f"])
            .arg(&dump)
            .arg(&target)
            .output();
        assert!(into.unwrap().status.success());
        let shown = service
            .command(&["schedule", "--json"])
            .env("LETTERPRESS__DATABASE__URL", &target)
            .output()
            .unwrap();
        let rows: Value = serde_json::from_slice(&shown.stdout).unwrap();
        rows[0]["held"].as_str().map(str::to_owned)
    })
    .await;
    assert_eq!(reason.as_deref(), Some("elsewhere"));
    first.drop().await;
    second.drop().await;
}
