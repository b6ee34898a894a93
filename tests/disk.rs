//! A disk that runs full: nothing goes out unrecorded, nothing is lost, and it goes on when there is room.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::service::{Service, Setup};
use crate::support::sink::Sink;

const PEOPLE: usize = 600;

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
        let _full = Command::new("dd")
            .args(["if=/dev/zero", "bs=1M", &format!("of={}", filler.display())])
            .output();
        // Until the ballast is gone not even a look at the database has room.
        wait_for("the pause", || {
            assert!(running.is_alive(), "{}", service.log());
            !ballast.exists() && service.issue()["pause_reason"] == "disk"
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
    let taken = sent.await.unwrap();
    assert_eq!(taken.len(), PEOPLE);
    assert!(
        taken.values().all(|copies| copies.len() == 1),
        "an orderly pause repeats nothing"
    );
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
