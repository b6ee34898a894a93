//! The real binary, a real socket, `kill -9` at random moments: nobody is left out, and copies stay within the bound.

use std::time::{Duration, Instant};

use letterpress::store::Engine;

use crate::support::service::{Dice, Running, Service, Setup};
use crate::support::sink::Sink;
use crate::support::trial::{Ended, Trial, hold, place, prepare, survive};
use crate::support::{OwnDatabase, engines};

/// Freezes one node after the other for longer than its lease: the others take over, and what wakes up is a zombie.
fn send_through_freezes(service: &Service, trial: Trial, freezes: usize) -> Ended {
    let nodes: Vec<Running> = (0..trial.nodes).map(|node| service.serve_from(&place(node))).collect();
    let mut dice = Dice::new(0x9E37_79B9_7F4A_7C15);
    for _ in 0..freezes {
        std::thread::sleep(Duration::from_millis(200 + dice.throw(300)));
        let victim = &nodes[usize::try_from(dice.throw(trial.nodes as u64)).unwrap()];
        victim.signal("STOP");
        std::thread::sleep(Duration::from_millis(trial.lease * 1_000 + 500));
        victim.signal("CONT");
    }
    Ended::of(service, Duration::from_secs(120))
}

async fn survive_on_postgres(trial: Trial) {
    if engines().contains(&Engine::Postgres) {
        let database = OwnDatabase::create().await;
        survive(&database.url, trial).await;
        database.drop().await;
    }
}

const ON_SQLITE: &str = "sqlite://letterpress.db";

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_left_out_when_the_process_is_killed_a_hundred_times() {
    survive(ON_SQLITE, Trial::of(10_000, 100)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_left_out_when_three_nodes_on_postgres_are_killed_a_hundred_times() {
    let trial = Trial {
        nodes: 3,
        connections: 4,
        lease: 2,
        thinks: Duration::from_millis(30),
        ..Trial::of(10_000, 100)
    };
    survive_on_postgres(trial).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_author_who_wants_no_second_copies_gets_none_and_a_list_of_the_doubtful() {
    let trial = Trial {
        policy: "skip",
        ..Trial::of(2_000, 15)
    };
    survive(ON_SQLITE, trial).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_was_frozen_beyond_its_lease_sends_nothing_of_what_others_took_over() {
    if !engines().contains(&Engine::Postgres) {
        return;
    }
    let trial = Trial {
        nodes: 3,
        connections: 4,
        lease: 2,
        thinks: Duration::from_millis(30),
        ..Trial::of(6_000, 0)
    };
    let freezes = 8;
    let database = OwnDatabase::create().await;
    let (sink, service) = prepare(&database.url, trial).await;
    let ended = tokio::task::spawn_blocking(move || send_through_freezes(&service, trial, freezes));
    let ended = ended.await.unwrap();
    hold(&sink.taken(), trial, freezes, &ended);
    database.drop().await;
}

/// What an immediate restart of the server does to its clients, many times: the outcomes of letters that were handed
/// over meanwhile are recorded over new connections, so that nobody's letter comes into doubt.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_left_out_when_the_database_cuts_off_every_connection_again_and_again() {
    if !engines().contains(&Engine::Postgres) {
        return;
    }
    let trial = Trial {
        nodes: 3,
        connections: 4,
        lease: 5,
        thinks: Duration::from_millis(30),
        ..Trial::of(3_000, 0)
    };
    let database = OwnDatabase::create().await;
    let (sink, service) = prepare(&database.url, trial).await;
    let (ended, waiting) = std::sync::mpsc::channel();
    let sending = tokio::task::spawn_blocking(move || {
        let _nodes: Vec<Running> = (0..trial.nodes).map(|node| service.serve_from(&place(node))).collect();
        // Until the storms are over nobody may ask for the issue's state: the asking would be cut off, too.
        let _: Result<(), _> = waiting.recv();
        Ended::of(&service, Duration::from_secs(300))
    });
    let (mut storms, mut cut) = (0, 0);
    while storms < 40 && sink.taken().len() < trial.people {
        tokio::time::sleep(Duration::from_millis(250)).await;
        cut += database.cut_off_everybody().await;
        storms += 1;
    }
    assert!(cut > storms, "nobody was connected");
    ended.send(()).unwrap();
    let ended = sending.await.unwrap();
    println!("{storms} storms, {cut} connections cut off");
    hold(&sink.taken(), trial, storms, &ended);
    database.drop().await;
}

/// `delivery.md` P4.
#[tokio::test(flavor = "multi_thread")]
async fn stopping_in_order_again_and_again_repeats_nothing_and_leaves_nothing_unknown() {
    let trial = Trial::of(3_000, 0);
    let (sink, service) = prepare(ON_SQLITE, trial).await;
    let ended = tokio::task::spawn_blocking(move || {
        for _ in 0..12 {
            let running = service.serve();
            std::thread::sleep(Duration::from_millis(500));
            assert!(running.stop(), "{}", service.log());
        }
        let _running = service.serve();
        Ended::of(&service, Duration::from_secs(60))
    });
    let ended = ended.await.unwrap();
    hold(&sink.taken(), trial, 0, &ended);
    assert_eq!(ended.issue["counts"]["accepted"], 3_000);
}

/// After the grace its letters are doubtful. Of eight connections one is kept for notices.
#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_never_answers_holds_an_orderly_stop_up_no_longer_than_the_grace() {
    let trial = Trial {
        thinks: Duration::from_secs(3600),
        ..Trial::of(20, 0)
    };
    let sink = Sink::start(trial.thinks).await;
    let relay = sink.port();
    let counts = tokio::task::spawn_blocking(move || {
        let service = Service::with_an_issue(&Setup {
            relay,
            connections: 8,
            database: ON_SQLITE,
            people: trial.people,
            mail: "grace = \"1s\"\non_unknown = \"hold\"",
            state: "",
        });
        let running = service.serve();
        let until = Instant::now() + Duration::from_secs(90);
        while sink.taken().len() < 7 && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(50));
        }
        assert_eq!(sink.taken().len(), 7, "{}", service.log());
        assert!(running.stop(), "{}", service.log());
        service.issue()["counts"].clone()
    });
    let counts = counts.await.unwrap();
    assert_eq!(
        (&counts["unknown"], &counts["open"]),
        (&7.into(), &13.into()),
        "{counts}"
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "long: run by tests/run --long"]
async fn nobody_is_left_out_over_a_thousand_kills() {
    survive(ON_SQLITE, Trial::of(100_000, 1_000)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "long: run by tests/run --long"]
async fn nobody_gets_a_second_copy_over_two_hundred_kills_when_the_author_wants_none() {
    let trial = Trial {
        policy: "skip",
        ..Trial::of(30_000, 200)
    };
    survive(ON_SQLITE, trial).await;
}

/// The first start of all: tables are made, keys are written. Whatever was there when the process died, the next one
/// finishes it.
#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_that_is_killed_at_any_moment_leaves_nothing_that_the_next_one_cannot_finish() {
    for engine in engines() {
        let mut survived = 0;
        for turn in 0..14 {
            let own = match engine {
                Engine::Sqlite => None,
                Engine::Postgres => Some(OwnDatabase::create().await),
            };
            let url = own.as_ref().map(|own| own.url.clone());
            let lived = tokio::task::spawn_blocking(move || {
                let url = url.unwrap_or_else(|| "sqlite://letterpress.db".to_owned());
                let service = Service::new(&Setup {
                    database: &url,
                    ..Setup::plain(25, 3)
                });
                let mut first = service.serve();
                std::thread::sleep(Duration::from_millis(5 + 11 * turn));
                let lived = first.is_alive();
                first.kill();
                service.run(&["articles", "scan"]);
                service.run(&["fsck"]);
                lived
            });
            survived += u32::from(lived.await.unwrap());
            if let Some(own) = own {
                own.drop().await;
            }
        }
        assert!(survived > 7, "{engine:?}: it ended by itself");
    }
}
