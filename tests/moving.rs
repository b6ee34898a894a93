//! An author moves from one engine to the other in the middle of an issue: ids, ledger and feed records come along.

use std::time::{Duration, Instant};

use letterpress::store::Engine;
use serde_json::Value;

use crate::support::service::{Service, Setup};
use crate::support::sink::{Sink, Taken};
use crate::support::{OwnDatabase, engines};

const PEOPLE: usize = 300;

fn wait_for(sink: &Sink, letters: usize) {
    let until = Instant::now() + Duration::from_secs(30);
    while sink.taken().len() < letters && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn json(service: &Service, arguments: &[&str]) -> Value {
    serde_json::from_str(&service.run(arguments)).unwrap()
}

fn copies(taken: &Taken) -> usize {
    taken.values().map(Vec::len).sum()
}

/// Half of the letters leave from SQLite, half from PostgreSQL, and then everything moves back into a file.
fn move_there_and_back(service: &Service, sink: &Sink, server: &str) {
    let running = service.serve();
    wait_for(sink, 60);
    assert!(running.stop());
    let before = json(service, &["subscribers", "list", "--json"]);
    let articles = json(service, &["articles", "list", "--json"]);
    service.run(&["move", "--to", server]);

    let _old = service.serve();
    let moved = service.copy_with(vec![("LETTERPRESS__DATABASE__URL", server.to_owned())]);
    let sent = copies(&sink.taken());
    std::thread::sleep(Duration::from_millis(1_500));
    assert_eq!(copies(&sink.taken()), sent, "the old one is on hold");
    assert_eq!(json(service, &["schedule", "--json"])[0]["held"], "elsewhere");

    assert_eq!(
        json(&moved, &["subscribers", "list", "--json"]),
        before,
        "people keep their ids"
    );
    assert_eq!(json(&moved, &["articles", "list", "--json"]), articles);
    let running = moved.serve();
    let issue = moved.wait_for_the_end(Duration::from_secs(60));
    assert!(running.stop());
    assert_eq!(
        (&issue["state"], &issue["counts"]["accepted"]),
        (&"finished".into(), &PEOPLE.into())
    );
    moved.run(&["fsck"]);

    let again = moved.command(&["move", "--to", server]).output().unwrap();
    assert!(String::from_utf8_lossy(&again.stderr).contains("of one kind"));
    let full = format!("sqlite://{}", moved.path().join("letterpress.db").display());
    let refused = moved.command(&["move", "--to", &full]).output().unwrap();
    assert!(
        String::from_utf8_lossy(&refused.stderr).contains("holds"),
        "it is not empty"
    );
    let file = format!("sqlite://{}", moved.path().join("back.db").display());
    moved.run(&["move", "--to", &file]);
    let back = moved.copy_with(vec![("LETTERPRESS__DATABASE__URL", file)]);
    assert_eq!(json(&back, &["issues", "list", "--json"])[0], issue);
    assert_eq!(json(&back, &["schedule", "--json"])[0]["held"], Value::Null);
    back.run(&["fsck"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_notices_when_an_author_moves_to_postgres_in_the_middle_of_an_issue_and_back() {
    if !engines().contains(&Engine::Postgres) {
        return;
    }
    let (sink, database) = (
        Sink::start(Duration::from_millis(15)).await,
        OwnDatabase::create().await,
    );
    let (relay, url, seen) = (sink.port(), database.url.clone(), sink.clone());
    let moved = tokio::task::spawn_blocking(move || {
        let service = Service::with_an_issue(&Setup::plain(relay, PEOPLE));
        move_there_and_back(&service, &seen, &url);
    });
    moved.await.unwrap();
    let taken = sink.taken();
    assert_eq!(
        (taken.len(), copies(&taken)),
        (PEOPLE, PEOPLE),
        "everybody has one letter"
    );
    database.drop().await;
}
