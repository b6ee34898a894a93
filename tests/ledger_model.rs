//! Random histories of one issue, on both engines and beside the rules of `model::delivery`: after every step all rows are
//! the same, and so is every answer (`delivery.md` 6 and 20).
//!
//! A history is a seed; one that fails is printed with its steps. `LETTERPRESS_TEST_HISTORIES` makes them more.

mod rules;
mod step;
mod tables;

use std::collections::BTreeMap;

use letterpress::app::SystemClock;
use letterpress::model::clock::{Clock, to_micros};
use letterpress::store::subscribers::{self, Subscriber};
use letterpress::store::{Database, Engine};

use crate::support::service::Dice;
use crate::support::{Bench, at, engines};
use rules::Rules;
use step::{Author, PEOPLE, Step};
use tables::{Tables, key_of};

const STEPS: usize = 50;

/// Runs one history; returns how often each final state was reached.
async fn live(database: &Database, seed: u64, base: i64) -> BTreeMap<&'static str, usize> {
    let tables = Tables {
        database,
        issue: format!("H{seed:08}"),
    };
    let mut rules = Rules::new(base);
    tables.open(base).await;
    let first_node = i64::try_from(seed * 10).unwrap();
    let mut author = Author {
        dice: Dice::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1),
        first_node,
        nodes: 1,
    };
    let mut told = Vec::new();
    let mut next = Some(Step::Start(first_node));
    while let Some(step) = next {
        told.push(step.clone());
        let (expected, answer) = (rules.step(&step), tables.step(rules.now, &step).await);
        let story = || {
            told.iter()
                .fold(String::new(), |story, step| story + &format!("  {step:?}\n"))
        };
        assert_eq!(answer, expected, "seed {seed}, answer to the last of\n{}", story());
        assert_eq!(
            tables.rows().await,
            rules.rows(),
            "seed {seed}, rows after the last of\n{}",
            story()
        );
        if told.len() <= STEPS {
            rules.now += author.throw(20) * 1_000_000;
            next = Some(author.next(&rules));
        } else {
            // Past everything that was put off; a chunk that was given back too early never ends.
            rules.now += 600_000_000;
            next = author.ending(&rules).filter(|_| told.len() < STEPS * 2);
        }
    }
    tables.close().await;
    let mut reached = BTreeMap::new();
    for row in rules.deliveries.values() {
        *reached.entry(row.state.word()).or_default() += 1;
    }
    *reached.entry(rules.issue).or_default() += 1;
    reached
}

fn histories() -> u64 {
    std::env::var("LETTERPRESS_TEST_HISTORIES")
        .ok()
        .and_then(|count| count.parse().ok())
        .unwrap_or(120)
}

async fn compare(engine: Engine, count: u64) {
    let bench = Bench::on(engine, at("2027-01-01T00:00:00Z"), |_| {}).await;
    let database = &bench.app.database;
    // The server judges leases by its own clock, so the histories play today.
    let base = to_micros(SystemClock.now());
    let mut conn = database.begin().await.unwrap();
    let people: Vec<Subscriber> = (1..=PEOPLE)
        .map(|id| Subscriber {
            id,
            address: format!("reader{id}@example.org"),
            address_key: key_of(id),
            name: None,
            language: None,
            token_epoch: 0,
            created_at: 0,
            erased_at: None,
        })
        .collect();
    subscribers::insert(&mut conn, &people).await.unwrap();
    conn.commit().await.unwrap();
    let mut reached: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in 1..=count {
        for (state, times) in live(database, seed, base).await {
            *reached.entry(state).or_default() += times;
        }
    }
    println!("{engine:?}: {count} histories of {STEPS} steps: {reached:?}");
    for state in [
        "accepted",
        "failed",
        "skipped",
        "unknown",
        "deferred",
        "attempting",
        "cancelled",
        "finished",
    ] {
        assert!(
            reached.contains_key(state),
            "no history of {count} ends in {state}: {reached:?}"
        );
    }
    bench.close().await;
}

#[tokio::test]
async fn whatever_processes_and_people_do_both_engines_keep_the_ledger_as_the_rules_say() {
    for engine in engines() {
        compare(engine, histories()).await;
    }
}

#[tokio::test]
#[ignore = "long: run by tests/run --long"]
async fn ten_thousand_histories_end_on_both_engines_as_the_rules_say() {
    for engine in engines() {
        compare(engine, 10_000).await;
    }
}
