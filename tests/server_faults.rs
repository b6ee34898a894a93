//! A database server that dies, forgets, or is met through a pooler: letters go out all the same, once.

use std::time::Duration;

use letterpress::store::{Database, Engine, StoreError, issues};

use crate::support::mailroom::Press;
use crate::support::servers::{OwnServer, Pooler};
use crate::support::service::Running;
use crate::support::trial::{Ended, Trial, hold, place, prepare, survive};
use crate::support::{OwnDatabase, engines};

const THREE_NODES: Trial = Trial {
    nodes: 3,
    connections: 4,
    lease: 5,
    thinks: Duration::from_millis(30),
    ..Trial::of(3_000, 0)
};

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_left_out_when_the_database_server_dies_and_comes_back_again_and_again() {
    if !engines().contains(&Engine::Postgres) {
        return;
    }
    let trial = THREE_NODES;
    let mut server = OwnServer::start().await;
    let (sink, service) = prepare(&server.url(), trial).await;
    let (ended, waiting) = std::sync::mpsc::channel();
    let sending = tokio::task::spawn_blocking(move || {
        let _nodes: Vec<Running> = (0..trial.nodes).map(|node| service.serve_from(&place(node))).collect();
        // A command that asks while the server is down would only say so.
        let _: Result<(), _> = waiting.recv();
        Ended::of(&service, Duration::from_secs(120))
    });
    let mut restarts = 0;
    while restarts < 10 && sink.taken().len() < trial.people {
        tokio::time::sleep(Duration::from_millis(900)).await;
        server.restart_at_once().await;
        restarts += 1;
    }
    assert!(restarts > 3, "everything was sent before the server died");
    ended.send(()).unwrap();
    let ended = sending.await.unwrap();
    hold(&sink.taken(), trial, restarts, &ended);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_left_out_when_three_nodes_meet_the_server_through_a_pooler_of_transactions() {
    if !engines().contains(&Engine::Postgres) {
        return;
    }
    let trial = Trial {
        kills: 10,
        lease: 2,
        ..THREE_NODES
    };
    let database = OwnDatabase::create().await;
    let pooler = Pooler::before(&database.url).await;
    survive(&pooler.url(), trial).await;
    drop(pooler);
    database.drop().await;
}

/// What a fail-over to a standby does that lags behind: everything that was recorded in the last second is gone. The node
/// remembers it, so that nobody whose letter went out meanwhile is taken for not tried.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_a_second_copy_when_the_database_forgets_what_was_just_recorded() {
    const TABLES: [&str; 4] = ["deliveries", "chunks", "nodes", "issues"];
    if !engines().contains(&Engine::Postgres) {
        return;
    }
    let trial = Trial {
        people: 1_500,
        nodes: 1,
        lease: 30,
        ..THREE_NODES
    };
    let database = OwnDatabase::create().await;
    let (sink, service) = prepare(&database.url, trial).await;
    let (ended, waiting) = std::sync::mpsc::channel();
    let sending = tokio::task::spawn_blocking(move || {
        let _node = service.serve();
        let _: Result<(), _> = waiting.recv();
        let ended = Ended::of(&service, Duration::from_secs(120));
        (ended, service.log())
    });
    let mut forgotten = 0;
    for round in 1..=3 {
        while sink.taken().len() < round * 300 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let keep = TABLES
            .map(|table| format!("CREATE TABLE kept_{table} AS TABLE {table};"))
            .concat();
        database
            .run(&format!("BEGIN ISOLATION LEVEL REPEATABLE READ; {keep} COMMIT"))
            .await;
        let before = sink.taken().len();
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        let back = TABLES.map(|table| {
            format!("DELETE FROM {table}; INSERT INTO {table} TABLE kept_{table}; DROP TABLE kept_{table};")
        });
        database
            .run(&format!(
                "BEGIN; LOCK TABLE {}; {} COMMIT",
                TABLES.join(", "),
                back.concat()
            ))
            .await;
        forgotten += sink.taken().len() - before;
    }
    assert!(forgotten > 100, "only {forgotten} letters went out meanwhile");
    ended.send(()).unwrap();
    let (ended, log) = sending.await.unwrap();
    println!("{forgotten} letters were forgotten");
    hold(&sink.taken(), trial, 0, &ended);
    assert!(log.contains("was told again"), "{log}");
    database.drop().await;
}

/// A query that nobody answers ends in time, and its late answer is not taken for that of the next one.
#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_is_not_answered_in_time_leaves_with_its_connection() {
    if !engines().contains(&Engine::Postgres) {
        return;
    }
    let press = Press::new(Engine::Postgres).await;
    press.join("rosa", "weekly").await;
    press.publish("Ink").await;
    let issue = press.send().await.unwrap();
    let Database::Postgres(server) = &press.app().database else {
        unreachable!("it was asked for");
    };
    let mut other = server.pool().acquire().await.unwrap();
    sqlx::raw_sql("BEGIN; LOCK TABLE issues IN ACCESS EXCLUSIVE MODE")
        .execute(&mut *other)
        .await
        .unwrap();
    let mut conn = press.app().database.read().await.unwrap();
    let missed = issues::one(&mut conn, &issue).await.unwrap_err();
    assert!(matches!(missed, StoreError::Deadline(_)), "{missed}");
    assert!(missed.is_passing(), "whoever asks again is answered");
    assert!(missed.to_string().contains("did not answer within"), "{missed}");
    drop(conn);
    sqlx::raw_sql("ROLLBACK").execute(&mut *other).await.unwrap();
    drop(other);
    for _ in 0..10 {
        let mut conn = press.app().database.read().await.unwrap();
        assert_eq!(
            issues::one(&mut conn, "nothing").await.unwrap().map(|issue| issue.id),
            None
        );
        let found = issues::one(&mut conn, &issue).await.unwrap();
        assert_eq!(found.map(|issue| issue.id), Some(issue.clone()));
    }
    press.bench.close().await;
}
