//! A disk that runs full: nothing goes out unrecorded, nothing is lost, and it goes on when there is room.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::service::{Service, Setup};
use crate::support::sink::Sink;

const PEOPLE: usize = 600;
const SEND: [&str; 4] = ["send", "notes", "--schedule", "weekly"];

/// A file system of its own for one test; `None` where this machine does not let us make one.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn new(megabytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let made = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs"])
            .arg(folder.path())
            .output();
        made.is_ok_and(|made| made.status.success()).then(|| Self(folder))
    }

    /// Makes it another size.
    fn resize(&self, kilobytes: u64) {
        let options = format!("remount,size={kilobytes}k");
        let made = Command::new("mount").args(["-o", &options]).arg(self.path()).output();
        assert!(made.unwrap().status.success());
    }

    fn used_kilobytes(&self) -> u64 {
        self.kilobytes("used")
    }

    fn kilobytes(&self, which: &str) -> u64 {
        let shown = Command::new("df")
            .args(["-k", &format!("--output={which}")])
            .arg(self.path())
            .output();
        let shown = String::from_utf8(shown.unwrap().stdout).unwrap();
        shown.lines().nth(1).unwrap().trim().parse().unwrap()
    }

    /// Takes all the room that there is now into a file, but none that is made meanwhile: a slow `dd` until the end of the
    /// disk would take the ballast's, too.
    fn fill(&self, filler: &Path) {
        let megabytes = self.kilobytes("avail").div_ceil(1024);
        let _full = Command::new("dd")
            .args(["if=/dev/zero", "bs=1M", &format!("count={megabytes}")])
            .arg(format!("of={}", filler.display()))
            .output();
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(40);
    while !is_so() {
        assert!(Instant::now() < until, "waited too long: {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Why the one issue is paused; nothing while nobody can look.
fn pause_reason(service: &Service) -> Option<String> {
    let listed = service.command(&["issues", "list", "--json"]).output().unwrap();
    let issues: Value = serde_json::from_slice(&listed.stdout).ok()?;
    Some(issues[0]["pause_reason"].as_str()?.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issue_pauses_while_the_disk_is_full_and_everybody_gets_one_letter_in_the_end() {
    let Some(disk) = SmallDisk::new(160) else {
        println!("left out: this machine lets nobody mount a file system");
        return;
    };
    let sink = Sink::start(Duration::from_millis(60)).await;
    let (relay, seen) = (sink.port(), sink.clone());
    let sent = tokio::task::spawn_blocking(move || {
        let service = Service::with_an_issue(&Setup {
            state: "lease = \"3s\"",
            ..Setup::plain(relay, PEOPLE)
        });
        let everything = format!("{}/.", service.path().display());
        let copied = Command::new("cp").arg("-a").arg(everything).arg(disk.path()).status();
        assert!(copied.unwrap().success());
        let service = service.at(disk.path());
        let mut running = service.serve();
        wait_for("the first letters", || seen.taken().len() > 20);
        let ballast = disk.path().join("state/ballast");
        assert!(ballast.exists());
        let filler = disk.path().join("filler");
        disk.fill(&filler);
        // Until the ballast is gone not even a look at the database has room, and its room comes back a moment after its name
        // is gone.
        wait_for("the pause", || {
            assert!(running.is_alive(), "{}", service.log());
            !ballast.exists() && pause_reason(&service).is_some_and(|reason| reason == "disk")
        });
        let so_far = seen.taken().len();
        assert!(so_far < PEOPLE, "the disk was full too late");
        std::fs::remove_file(filler).unwrap();
        let issue = service.wait_for_the_end(Duration::from_secs(60));
        assert_eq!(issue["state"], "finished", "{}", service.log());
        wait_for("the ballast", || ballast.exists());
        assert!(running.stop());
        service.run(&["fsck"]);
        drop(disk);
        seen.taken()
    });
    let mut taken = sent.await.unwrap();
    assert!(taken.remove("author@example.org").is_some(), "the author is told");
    assert_eq!(taken.len(), PEOPLE);
    assert!(
        taken.values().all(|copies| copies.len() == 1),
        "an orderly pause repeats nothing"
    );
}

/// People of the installation whose disk runs full at every step of composing an issue.
const FEW: usize = 30;

/// Composes an issue with so much room, then gives the disk back and sends. Returns whether the room was too little.
fn compose_with_room(template: &Service, sink: &Sink, kilobytes: u64) -> bool {
    let disk = SmallDisk::new(64).unwrap();
    let everything = format!("{}/.", template.path().display());
    let copied = Command::new("cp").arg("-a").arg(everything).arg(disk.path()).status();
    assert!(copied.unwrap().success());
    let service = template
        .copy_with(vec![("LETTERPRESS__MAIL__SMTP__PORT", sink.port().to_string())])
        .at(disk.path());
    disk.resize(disk.used_kilobytes() + kilobytes);
    let composed = service.command(&SEND).output().unwrap();
    let said = String::from_utf8_lossy(&composed.stderr).into_owned();
    if !composed.status.success() {
        assert!(
            said.contains("full") && !said.contains("panicked"),
            "{kilobytes} kB: {said}"
        );
    }
    disk.resize(256 << 10);
    service.run(&SEND);
    let issues: serde_json::Value = serde_json::from_str(&service.run(&["issues", "list", "--json"])).unwrap();
    assert_eq!(
        issues.as_array().unwrap().len(),
        1,
        "{kilobytes} kB: one issue, not two"
    );
    let running = service.serve();
    let issue = service.wait_for_the_end(Duration::from_secs(30));
    assert_eq!(
        issue["counts"]["accepted"],
        FEW,
        "{kilobytes} kB: {issue}\n{}",
        service.log()
    );
    assert!(running.stop());
    service.run(&["fsck"]);
    !composed.status.success()
}

fn an_issue_is_composed_whole_or_not_at_all(steps: impl Iterator<Item = u64>) {
    if SmallDisk::new(1).is_none() {
        println!("left out: this machine lets nobody mount a file system");
        return;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let template = Service::with_people(&Setup::plain(25, FEW));
    let mut failures = 0;
    let mut tried = 0;
    for kilobytes in steps {
        let sink = runtime.block_on(Sink::start(Duration::ZERO));
        failures += u32::from(compose_with_room(&template, &sink, kilobytes));
        tried += 1;
        let taken = sink.taken();
        assert_eq!(taken.len(), FEW, "{kilobytes} kB: somebody got nothing");
        assert!(
            taken.values().all(|copies| copies.len() == 1),
            "{kilobytes} kB: {taken:?}"
        );
    }
    assert!(
        (1..tried).contains(&failures),
        "{failures} of {tried}: some steps must fail and some succeed"
    );
}

#[test]
fn an_issue_is_composed_whole_or_not_at_all_wherever_the_disk_runs_full() {
    an_issue_is_composed_whole_or_not_at_all((0..2_048).step_by(4).step_by(43));
}

#[test]
#[ignore = "every page of two megabytes: half an hour"]
fn an_issue_is_composed_whole_or_not_at_all_at_every_page_of_a_small_disk() {
    an_issue_is_composed_whole_or_not_at_all((0..2_048).step_by(4));
}

/// Half a page of the file is rubbish: nobody knows what the ledger lost with it.
#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_database_sends_nothing_after_a_crash_and_says_what_to_do() {
    let sink = Sink::start(Duration::from_millis(20)).await;
    let (relay, seen) = (sink.port(), sink.clone());
    let looked = tokio::task::spawn_blocking(move || {
        let service = Service::with_an_issue(&Setup::plain(relay, PEOPLE));
        let running = service.serve();
        wait_for("the first letters", || seen.taken().len() > 20);
        running.kill();
        service.run(&["schedule"]);
        let file = service.path().join("letterpress.db");
        let mut bytes = std::fs::read(&file).unwrap();
        let page = bytes.len() / 4096 * 3 / 4 * 4096;
        bytes[page..page + 2048].fill(0xA5);
        std::fs::write(&file, bytes).unwrap();
        let sent = seen.taken().len();
        let mut running = service.serve();
        wait_for("the complaint", || {
            assert!(running.is_alive(), "{}", service.log());
            service.log().contains("is damaged")
        });
        assert!(service.log().contains("restore a backup"));
        std::thread::sleep(Duration::from_millis(500));
        assert!(running.is_alive(), "feeds go on");
        assert_eq!(seen.taken().len(), sent);
    });
    looked.await.unwrap();
}
