//! What a person does to a running issue, and what the service does by itself when a relay or a domain turns it away.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use letterpress::config::{Limit, OnUnknown};
use letterpress::deliver::{self, Resolution, Unsent, Which};
use letterpress::model::rate::Rate;
use letterpress::model::verdict::{Cause, Phase, Reply, Verdict};
use letterpress::store::Engine;
use tokio_util::sync::CancellationToken;

use crate::support::engines;
use crate::support::mailroom::Press;

fn doubt() -> Verdict {
    Verdict {
        dot_began: true,
        ..Verdict::cause(Phase::Dot, Cause::Closed)
    }
}

fn refused(text: &str) -> Verdict {
    Verdict::reply(Phase::Rcpt, Reply::new(550, text))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_author_decides_about_letters_in_doubt_once_the_relays_log_was_read() {
    for engine in engines() {
        let press = Press::with(engine, |settings| settings.mail.on_unknown = OnUnknown::Hold).await;
        press.join("rosa", "weekly").await;
        press.join("tom", "weekly").await;
        press.publish("Ink").await;
        press.memory.answer(|_| Some(doubt()));
        let issue = press.send().await.unwrap();
        let (state, counts) = press.drain(&issue).await;
        assert_eq!((state.as_str(), counts.unknown), ("finished", 2), "{engine:?}");
        let doubtful = deliver::show(press.app(), &issue).await.unwrap().unknowns;
        let (first, second) = (doubtful[0].subscriber, doubtful[1].subscriber);
        let accepted = deliver::resolve(press.app(), &issue, &Which::Of(vec![first]), Resolution::Accept).await;
        assert_eq!(accepted.unwrap(), 1);
        let (state, counts) = deliver::counts(press.app(), &issue).await.unwrap();
        assert_eq!((state.as_str(), counts.accepted, counts.unknown), ("finished", 1, 1));
        press.memory.answer(|_| None);
        let sent = deliver::resolve(press.app(), &issue, &Which::Of(vec![first, second]), Resolution::Resend).await;
        assert_eq!(sent.unwrap(), 1, "what was accepted is not sent again");
        let (state, counts) = press.drain(&issue).await;
        assert_eq!((state.as_str(), counts.accepted, counts.unknown), ("finished", 2, 0));
        assert!(counts.add_up());
        press.bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_failed_is_tried_again_unless_a_later_issue_brought_its_article() {
    for engine in engines() {
        let press = Press::new(engine).await;
        press.join("rosa", "weekly").await;
        press.join("tom", "weekly").await;
        press.publish("Ink").await;
        press.memory.answer(|_| Some(refused("5.2.2 full")));
        let issue = press.send().await.unwrap();
        assert_eq!(press.drain(&issue).await.1.failed, 2);
        press.memory.answer(|_| None);
        let rosa = deliver::retry(press.app(), &issue, &Which::Of(vec![1])).await.unwrap();
        assert_eq!(rosa, 1, "{engine:?}");
        assert_eq!(press.drain(&issue).await.1.accepted, 1);
        press.bench.wait(Duration::from_secs(1));
        // Tom is still owed the article, and the next issue brings it.
        let next = press.send().await.unwrap();
        assert_eq!(press.drain(&next).await.1.accepted, 1);
        assert_eq!(deliver::retry(press.app(), &issue, &Which::All).await.unwrap(), 0);
        assert_eq!(press.letters().len(), 2, "one each");
        press.bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issue_that_was_called_back_leaves_its_articles_to_the_next_one() {
    let press = Press::new(Engine::Sqlite).await;
    press.join("rosa", "weekly").await;
    press.publish("Ink").await;
    let issue = press.send().await.unwrap();
    deliver::pause(press.app(), &issue, "by_hand").await.unwrap();
    deliver::cancel(press.app(), &issue, Unsent::Owed).await.unwrap();
    press.bench.wait(Duration::from_secs(1));
    let next = press.send().await.expect("the article is still owed");
    assert_eq!(press.drain(&next).await.1.accepted, 1);
    assert_eq!(press.send().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issue_that_failed_for_five_and_twenty_people_in_a_row_waits_for_a_person() {
    let press = Press::new(Engine::Sqlite).await;
    for number in 0..60 {
        press.join(&format!("reader{number}"), "weekly").await;
    }
    press.publish("Ink").await;
    press.memory.answer(|_| Some(refused("5.1.1 nobody here")));
    let issue = press.send().await.unwrap();
    let (state, counts) = press.drain(&issue).await;
    let report = deliver::show(press.app(), &issue).await.unwrap();
    assert_eq!(
        (state.as_str(), report.pause_reason.as_deref()),
        ("paused", Some("failures"))
    );
    assert!(counts.failed >= 25 && counts.open > 20, "{counts:?}");
    assert!(counts.add_up());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_that_refuses_for_policy_is_left_alone_and_nobody_is_suppressed_for_it() {
    let press = Press::new(Engine::Sqlite).await;
    for number in 0..40 {
        press.join(&format!("reader{number}"), "weekly").await;
    }
    press.publish("Ink").await;
    let asked = std::sync::Arc::new(AtomicU32::new(0));
    let count = std::sync::Arc::clone(&asked);
    press.memory.answer(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        Some(refused("5.7.1 too many letters"))
    });
    let issue = press.send().await.unwrap();
    let (_, counts) = press.drain(&issue).await;
    let asked = asked.load(Ordering::SeqCst);
    assert!((5..=12).contains(&asked), "{asked} letters were tried");
    assert_eq!(counts.deferred, 40 - i64::from(asked), "the others wait: {counts:?}");
    press.memory.answer(|_| None);
    press.bench.wait(Duration::from_secs(5 * 3600));
    let (state, counts) = press.drain(&issue).await;
    assert_eq!((state.as_str(), counts.accepted), ("finished", 40 - i64::from(asked)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_author_can_have_the_ledger_examined_and_is_told_where_it_does_not_add_up() {
    let press = Press::new(Engine::Sqlite).await;
    press.join("rosa", "weekly").await;
    press.publish("Ink").await;
    let issue = press.send().await.unwrap();
    press.drain(&issue).await;
    assert_eq!(deliver::inspect(press.app()).await.unwrap(), []);
    let mut onlooker = press.bench.onlooker().await;
    for (statement, invariant) in [
        ("UPDATE chunks SET accepted = 7", "I9"),
        ("UPDATE deliveries SET state = 'pending', next_at = 0", "I3"),
        ("UPDATE deliveries SET subscriber_id = 99", "I9"),
        ("UPDATE deliveries SET state = 'attempting', owner = NULL", "I1"),
        ("UPDATE variants SET letter = 'x'", "I10"),
        ("UPDATE occurrences SET state = 'empty'", "I4"),
        ("DELETE FROM revisions", "I10"),
    ] {
        onlooker.change(statement).await;
        let found = deliver::inspect(press.app()).await.unwrap();
        assert!(
            found.iter().any(|finding| finding.invariant == invariant),
            "{statement}: {found:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_holds_letters_up_and_makes_none() {
    let press = Press::with(Engine::Sqlite, |settings| {
        settings.mail.limits = vec![Limit {
            domains: vec!["example.org".to_owned()],
            rates: vec![Rate::new(20, Duration::from_secs(1)).unwrap()],
            connections: Some(1),
        }];
    })
    .await;
    for number in 0..12 {
        press.join(&format!("reader{number}"), "weekly").await;
    }
    press.publish("Ink").await;
    let issue = press.send().await.unwrap();
    let clock = std::sync::Arc::clone(&press.bench.clock);
    let ticking = tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_millis(10)).await;
            clock.advance(Duration::from_millis(10));
        }
    });
    let (state, counts) = press.drain(&issue).await;
    ticking.abort();
    assert_eq!(
        (state.as_str(), counts.accepted, press.letters().len()),
        ("finished", 12, 12)
    );
}

/// A letter that kills the process would do so at every start, with somebody's doubtful letter each time.
#[tokio::test(flavor = "multi_thread")]
async fn starts_that_send_nothing_again_and_again_pause_the_issue_until_somebody_looks() {
    let press = Press::with(Engine::Sqlite, |settings| settings.mail.restart_breaker = 3).await;
    press.join("rosa", "weekly").await;
    press.publish("Ink").await;
    let issue = press.send().await.unwrap();
    let state = async || deliver::show(press.app(), &issue).await.unwrap();
    for start in 1..=3 {
        // Dropped without an end: as after a kill.
        drop(deliver::Sender::start(Arc::clone(press.app())).await.unwrap());
        assert_eq!(state().await.state, "sending", "start {start}");
        press.bench.wait(Duration::from_secs(10));
    }
    drop(deliver::Sender::start(Arc::clone(press.app())).await.unwrap());
    let shown = state().await;
    assert_eq!(
        (shown.state.as_str(), shown.pause_reason.as_deref()),
        ("paused", Some("restart_loop"))
    );
    deliver::resume(press.app(), &issue, false).await.unwrap();
    assert_eq!(press.drain(&issue).await.1.accepted, 1, "what was wrong is mended");
    press.bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_killed_again_and_again_but_makes_progress_goes_on() {
    let press = Press::with(Engine::Sqlite, |settings| settings.mail.restart_breaker = 1).await;
    press.join("rosa", "weekly").await;
    press.publish("Ink").await;
    let issue = press.send().await.unwrap();
    assert_eq!(press.drain(&issue).await.1.accepted, 1);
    press.publish("Paper").await;
    let next = press.send().await.unwrap();
    assert_eq!(press.drain(&next).await.1.accepted, 1);
    press.bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fewer_articles_than_the_author_wants_in_a_letter_are_recorded_as_short_and_wait() {
    for engine in engines() {
        let press = Press::with(engine, |settings| settings.newsletters[0].schedules[1].min_articles = 2).await;
        press.join("rosa", "weekly").await;
        press.publish("Ink").await;
        press.bench.wait(Duration::from_mins((3 * 24 + 8) * 60 + 1));
        letterpress::compose::tick(press.app()).await.unwrap();
        let mut conn = press.app().database.read().await.unwrap();
        let past = letterpress::store::occurrences::past(&mut conn, "notes", "weekly", 5)
            .await
            .unwrap();
        assert_eq!(past[0].state, "short", "{engine:?}");
        drop(conn);
        press.publish("Paper").await;
        press.bench.wait(Duration::from_hours(7 * 24));
        letterpress::compose::tick(press.app()).await.unwrap();
        assert_eq!(
            deliver::list(press.app(), 1).await.unwrap()[0].articles.len(),
            2,
            "{engine:?}"
        );
        press.bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_forward_sends_nothing_before_it_has_held_still() {
    for engine in engines() {
        let press = Press::new(engine).await;
        press.join("rosa", "weekly").await;
        press.publish("Ink").await;
        letterpress::compose::tick(press.app()).await.unwrap();
        press.bench.clock.set(crate::support::at("2027-01-04T08:00:05Z"));
        for look in 1..=2 {
            letterpress::compose::tick(press.app()).await.unwrap();
            assert!(
                deliver::list(press.app(), 1).await.unwrap().is_empty(),
                "{engine:?} look {look}"
            );
            press.bench.wait(Duration::from_secs(5));
        }
        letterpress::compose::tick(press.app()).await.unwrap();
        assert_eq!(deliver::list(press.app(), 1).await.unwrap().len(), 1, "{engine:?}");
        press.bench.close().await;
    }
}

/// A node that starts anew, or another one, finds the breaker in the database and asks no more often than this one did.
#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_is_away_is_on_the_record_of_the_issue_until_it_takes_letters_again() {
    for engine in engines() {
        let press = Press::new(engine).await;
        press.join("rosa", "weekly").await;
        press.publish("Ink").await;
        let id = press.send().await.unwrap();
        press
            .memory
            .go_away(Some(Verdict::cause(Phase::Connect, Cause::Closed)));
        let sending = tokio::spawn({
            let (app, id) = (press.app().clone(), id.clone());
            async move { deliver::send_issue(&app, &id, &CancellationToken::new(), &|_| {}).await }
        });
        let mut held_up = None;
        for _ in 0..12 {
            tokio::time::sleep(Duration::from_millis(600)).await;
            let report = deliver::show(press.app(), &id).await.unwrap();
            held_up = report.breakers.first().cloned();
            if held_up.is_some() {
                break;
            }
            press.bench.wait(Duration::from_secs(4));
        }
        let held_up = held_up.unwrap();
        assert_eq!(held_up.scope, "relay:127.0.0.1:25", "{engine:?}");
        press.memory.go_away(None);
        press.bench.wait(Duration::from_secs(16));
        assert_eq!(sending.await.unwrap().unwrap().1.accepted, 1, "{engine:?}");
        let mut conn = press.app().database.read().await.unwrap();
        let open = letterpress::store::breakers::all(&mut conn, 0).await.unwrap();
        assert!(open.is_empty(), "{engine:?} {open:?}");
        drop(conn);
        press.bench.close().await;
    }
}
