//! From articles and people to letters, on both engines: who gets what, and what the ledger says of every fault.

use std::collections::BTreeSet;
use std::time::Duration;

use letterpress::compose::{self};
use letterpress::config::{OnUnknown, ReturnTo, Settings};
use letterpress::deliver::{self};
use letterpress::model::address::Mailbox;
use letterpress::model::links::{Leave, code_of};
use letterpress::model::verdict::{Cause, Phase, Reply, Verdict};
use letterpress::store::{Engine, issues};
use letterpress::subscribe::{self};
use letterpress::{ingest, syndicate};

use crate::support::mailroom::{Press, pairs};
use crate::support::{at, engines};

#[tokio::test(flavor = "multi_thread")]
async fn everybody_gets_what_they_are_owed_and_nobody_gets_it_twice() {
    for engine in engines() {
        let press = Press::new(engine).await;
        press.join("rosa", "weekly").await;
        press.publish("Ink").await;
        press.join("late", "weekly").await;
        press.publish("Paper").await;
        press.join("other", "instant").await;
        let issue = press.send().await.unwrap();
        let (state, counts) = press.drain(&issue).await;
        assert_eq!(
            (state.as_str(), counts.accepted, counts.open),
            ("finished", 2, 0),
            "{engine:?} {counts:?}"
        );
        assert!(counts.add_up());
        // Whoever joined later starts with the previous issue, as everybody does: there was none yet.
        assert_eq!(
            press.letters(),
            pairs(&[("late", "Paper and 1 more"), ("rosa", "Paper and 1 more")]),
            "{engine:?}"
        );
        assert_eq!(press.send().await, None, "{engine:?}: nothing is left to send");
        press.publish("Type").await;
        let issue = press.send().await.unwrap();
        press.drain(&issue).await;
        assert_eq!(
            press.letters().iter().filter(|(_, subject)| subject == "Type").count(),
            2
        );
        press.bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_article_that_is_renamed_or_edited_is_not_mailed_again() {
    let press = Press::new(Engine::Sqlite).await;
    press.join("rosa", "weekly").await;
    press.publish("Ink").await;
    press.drain(&press.send().await.unwrap()).await;
    let content = press.bench.content();
    let text = std::fs::read_to_string(content.join("Ink.md")).unwrap();
    std::fs::remove_file(content.join("Ink.md")).unwrap();
    press.bench.write("renamed.md", &text);
    press.bench.wait(Duration::from_secs(3_600));
    ingest::scan_all(press.app(), &|_, _| {}).await.unwrap();
    press
        .bench
        .write("renamed.md", &text.replace("a few words", "better words"));
    press.bench.wait(Duration::from_secs(3_600));
    ingest::scan_all(press.app(), &|_, _| {}).await.unwrap();
    assert_eq!(press.send().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_who_leaves_before_the_attempt_gets_no_letter() {
    for engine in engines() {
        let press = Press::new(engine).await;
        press.join("rosa", "weekly").await;
        press.join("gone", "weekly").await;
        press.publish("Ink").await;
        let issue = press.send().await.unwrap();
        subscribe::unsubscribe(press.app(), "gone@example.org", None)
            .await
            .unwrap();
        let (state, counts) = press.drain(&issue).await;
        assert_eq!(
            (state.as_str(), counts.accepted, counts.skipped),
            ("finished", 1, 1),
            "{engine:?}"
        );
        assert_eq!(press.letters(), pairs(&[("rosa", "Ink")]));
        press.bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_refused_reader_does_not_keep_the_others_from_their_letters() {
    for engine in engines() {
        let press = Press::new(engine).await;
        for name in ["rosa", "dead", "full"] {
            press.join(name, "weekly").await;
        }
        press.memory.answer(|envelope| match envelope.to.local_part() {
            "dead" => Some(Verdict::reply(Phase::Rcpt, Reply::new(550, "5.1.1 no such mailbox"))),
            "full" => Some(Verdict::reply(Phase::Rcpt, Reply::new(452, "4.2.2 mailbox is full"))),
            _ => None,
        });
        press.publish("Ink").await;
        let issue = press.send().await.unwrap();
        let (state, counts) = press.drain(&issue).await;
        assert_eq!(
            (counts.accepted, counts.failed, counts.deferred, counts.open),
            (1, 1, 1, 1),
            "{engine:?}"
        );
        assert_eq!(state, "sending");
        press.memory.answer(|_| None);
        press.bench.wait(Duration::from_secs(600));
        let (state, counts) = press.drain(&issue).await;
        assert_eq!(
            (state.as_str(), counts.accepted, counts.failed),
            ("finished", 2, 1),
            "{engine:?}"
        );
        // A refusal is not a letter: what it carried is still owed.
        assert!(press.send().await.is_some());
        press.bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_that_looks_at_people_gives_everybody_their_own_letter() {
    let folder = tempfile::tempdir().unwrap();
    let subject = folder.path().join("email/digest/subject.txt.hbs");
    std::fs::create_dir_all(subject.parent().unwrap()).unwrap();
    std::fs::write(&subject, "{{len subscriber.email}} letters: {{articles.[0].title}}").unwrap();
    for engine in engines() {
        let press = Press::with(engine, |settings| settings.templates = Some(folder.path().to_owned())).await;
        press.join("rosa", "weekly").await;
        press.join("eve", "weekly").await;
        press.publish("Ink").await;
        let issue = press.send().await.unwrap();
        let (state, counts) = press.drain(&issue).await;
        assert_eq!((state.as_str(), counts.accepted), ("finished", 2), "{engine:?}");
        let own = pairs(&[("eve", "15 letters: Ink"), ("rosa", "16 letters: Ink")]);
        assert_eq!(press.letters(), own, "{engine:?}");
        press.bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_who_leave_get_one_last_letter_where_the_author_wants_it() {
    for wanted in [false, true] {
        let press = Press::with(Engine::Sqlite, |settings| {
            for newsletter in &mut settings.newsletters {
                newsletter.goodbye = wanted;
                newsletter.language = "de".to_owned();
            }
        })
        .await;
        press.join("rosa", "weekly").await;
        let leave = Leave {
            subscriber: 1,
            newsletter: code_of("notes"),
        };
        let path = leave.to_path(&press.app().keys);
        let token = path.rsplit('/').next().unwrap();
        // A mail program may post more than once.
        subscribe::leave(press.app(), token).await.unwrap();
        subscribe::leave(press.app(), token).await.unwrap();
        deliver::send_all(press.app()).await.unwrap();
        let letters = press.letters();
        assert_eq!(letters.len(), usize::from(wanted), "{letters:?}");
        assert!(
            letters.iter().all(|(_, subject)| subject.ends_with("abgemeldet")),
            "{letters:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_in_doubt_goes_out_once_more_with_the_same_id_and_then_never_again() {
    for engine in engines() {
        let press = Press::new(engine).await;
        press.join("rosa", "weekly").await;
        press.memory.answer(|_| {
            let doubt = Verdict::cause(Phase::Dot, Cause::Closed);
            Some(Verdict {
                dot_began: true,
                ..doubt
            })
        });
        press.publish("Ink").await;
        let issue = press.send().await.unwrap();
        let (state, counts) = press.drain(&issue).await;
        assert_eq!(
            (state.as_str(), counts.unknown),
            ("finished", 1),
            "{engine:?} {counts:?}"
        );
        let letters = press.memory.letters();
        assert_eq!(letters.len(), 2, "{engine:?}");
        assert_eq!(letters[0].message, letters[1].message, "both copies are the same bytes");
        assert_eq!(
            press.send().await,
            None,
            "a copy may have arrived, so the article counts as mailed"
        );
        press.bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_hold_nothing_is_ever_repeated() {
    let press = Press::with(Engine::Sqlite, |settings| settings.mail.on_unknown = OnUnknown::Hold).await;
    press.join("rosa", "weekly").await;
    press.memory.answer(|_| {
        Some(Verdict {
            dot_began: true,
            ..Verdict::cause(Phase::Dot, Cause::Closed)
        })
    });
    press.publish("Ink").await;
    let (_, counts) = press.drain(&press.send().await.unwrap()).await;
    assert_eq!((counts.unknown, press.memory.letters().len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_issue_waits_and_a_cancelled_one_adds_up() {
    for engine in engines() {
        let press = Press::new(engine).await;
        for number in 0..20 {
            press.join(&format!("reader{number}"), "weekly").await;
        }
        press.publish("Ink").await;
        let issue = press.send().await.unwrap();
        deliver::pause(press.app(), &issue, "by_hand").await.unwrap();
        let (state, counts) = press.drain(&issue).await;
        assert_eq!(
            (state.as_str(), counts.open, press.memory.letters().len()),
            ("paused", 20, 0),
            "{engine:?}"
        );
        deliver::cancel(press.app(), &issue, deliver::Unsent::Handled)
            .await
            .unwrap();
        let report = deliver::show(press.app(), &issue).await.unwrap();
        assert_eq!(
            (report.state.as_str(), report.counts.skipped, report.counts.open),
            ("cancelled", 20, 0)
        );
        assert!(report.counts.add_up());
        assert!(deliver::resume(press.app(), &issue, false).await.is_err());
        assert_eq!(press.send().await, None, "a cancelled issue counts as handled");
        press.bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_of_the_instant_cadence_waits_until_the_article_has_settled() {
    for engine in engines() {
        let press = Press::new(engine).await;
        press.join("rosa", "instant").await;
        press.publish("Ink").await;
        compose::tick(press.app()).await.unwrap();
        assert!(
            deliver::list(press.app(), 10).await.unwrap().is_empty(),
            "{engine:?}: it may still change"
        );
        press.bench.wait(Duration::from_secs(15 * 60));
        press.bench.write(
            "Ink.md",
            "---\ntitle: Ink\ndate: 2027-01-01T00:00:01Z\n---\n\nAbout ink, corrected.\n",
        );
        ingest::scan_all(press.app(), &|_, _| {}).await.unwrap();
        press.bench.wait(Duration::from_secs(10 * 60));
        compose::tick(press.app()).await.unwrap();
        assert!(
            deliver::list(press.app(), 10).await.unwrap().is_empty(),
            "{engine:?}: an edit starts the wait anew"
        );
        press.bench.wait(Duration::from_secs(11 * 60));
        compose::tick(press.app()).await.unwrap();
        compose::tick(press.app()).await.unwrap();
        let issues = deliver::list(press.app(), 10).await.unwrap();
        assert_eq!(issues.len(), 1, "{engine:?}");
        press.drain(&issues[0].id).await;
        let letter = String::from_utf8_lossy(&press.memory.letters()[0].message).into_owned();
        assert!(
            letter.contains("corrected"),
            "the letter says what the article says now"
        );
        press.bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_weekly_digest_fires_once_and_only_when_there_is_something_new() {
    for engine in engines() {
        let press = Press::new(engine).await;
        press.join("rosa", "weekly").await;
        press.publish("Ink").await;
        press.bench.wait(Duration::from_secs(3 * 86_400 + 8 * 3_600));
        let planned = compose::plan(press.app(), at("2027-01-04T07:59:00Z")).await.unwrap();
        let weekly = planned.iter().find(|issue| issue.schedule == "weekly").unwrap();
        assert_eq!(weekly.variants[0].recipients, 1, "the plan says what the issue will be");
        for _ in 0..3 {
            compose::tick(press.app()).await.unwrap();
        }
        let issues = deliver::list(press.app(), 10).await.unwrap();
        assert_eq!(issues.len(), 1, "{engine:?}: {issues:?}");
        assert_eq!(issues[0].occurrence, "2027-01-04T08:00#0");
        let titles: Vec<_> = issues[0]
            .articles
            .iter()
            .map(|article| article.title.as_str())
            .collect();
        assert_eq!(titles, [weekly.variants[0].articles[0].title.as_str()]);
        press.drain(&issues[0].id).await;
        press.bench.wait(Duration::from_secs(7 * 86_400));
        compose::tick(press.app()).await.unwrap();
        assert_eq!(
            deliver::list(press.app(), 10).await.unwrap().len(),
            1,
            "an empty letter is not a letter"
        );
        press.bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_that_was_missed_by_a_day_travels_with_the_next_one() {
    let press = Press::new(Engine::Sqlite).await;
    press.join("rosa", "weekly").await;
    press.publish("Ink").await;
    press.bench.wait(Duration::from_secs(4 * 86_400 + 8 * 3_600));
    compose::tick(press.app()).await.unwrap();
    assert!(
        deliver::list(press.app(), 10).await.unwrap().is_empty(),
        "over six hours late"
    );
    press.bench.wait(Duration::from_secs(6 * 86_400));
    compose::tick(press.app()).await.unwrap();
    let issues = deliver::list(press.app(), 10).await.unwrap();
    assert_eq!(issues.len(), 1);
    press.drain(&issues[0].id).await;
    assert_eq!(press.letters(), pairs(&[("rosa", "Ink")]));
}

#[tokio::test(flavor = "multi_thread")]
async fn people_of_one_schedule_who_are_owed_different_articles_get_different_letters() {
    let press = Press::new(Engine::Sqlite).await;
    press.join("rosa", "weekly").await;
    press.publish("Ink").await;
    press.drain(&press.send().await.unwrap()).await;
    press.publish("Paper").await;
    // Joined after the first issue was due, so the first article is not owed; then both get the second.
    press.join("late", "weekly").await;
    press.drain(&press.send().await.unwrap()).await;
    let papers = press
        .letters()
        .into_iter()
        .filter(|(_, subject)| subject == "Paper")
        .count();
    assert_eq!(papers, 2, "{:?}", press.letters());
}

#[tokio::test(flavor = "multi_thread")]
async fn feeds_and_letters_say_the_same_thing() {
    let press = Press::new(Engine::Sqlite).await;
    press.join("rosa", "weekly").await;
    press.publish("Ink").await;
    syndicate::refresh(press.app()).await.unwrap();
    let folder = press.bench.folder.path().join("feeds");
    syndicate::export(press.app(), &folder, &|_, _| {}).await.unwrap();
    let feed = std::fs::read_to_string(folder.join("feed.json")).unwrap();
    press.drain(&press.send().await.unwrap()).await;
    let letter = String::from_utf8_lossy(&press.memory.letters()[0].message).into_owned();
    for text in [feed.as_str(), letter.as_str()] {
        assert!(text.contains("About Ink, in a few words."), "{text}");
    }
}

/// Whom the letters so far say they are from.
fn senders(press: &Press) -> BTreeSet<String> {
    let letters = press.memory.letters();
    let from = letters.iter().filter_map(|kept| {
        let text = String::from_utf8_lossy(&kept.message);
        text.lines()
            .find_map(|line| line.strip_prefix("From: ").map(str::to_owned))
    });
    from.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issue_keeps_its_sender_and_its_words_when_the_config_changes_in_the_middle() {
    for engine in engines() {
        let press = Press::new(engine).await;
        for name in ["rosa", "later"] {
            press.join(name, "weekly").await;
        }
        let greylisted = Verdict::reply(Phase::Rcpt, Reply::new(451, "4.7.1 come again"));
        press
            .memory
            .answer(move |envelope| (envelope.to.local_part() == "later").then(|| greylisted.clone()));
        press.publish("Ink").await;
        let issue = press.send().await.unwrap();
        press.drain(&issue).await;
        let before = senders(&press);
        let mut settings = Settings::clone(&press.app().settings());
        settings.mail.from = Mailbox::parse("Somebody New <new@example.net>").unwrap();
        settings.newsletters[0].name = "Other Notes".to_owned();
        press.app().replace_settings(settings);
        press.memory.answer(|_| None);
        press.bench.wait(Duration::from_secs(900));
        let (state, counts) = press.drain(&issue).await;
        assert_eq!((state.as_str(), counts.accepted), ("finished", 2), "{engine:?}");
        assert_eq!(senders(&press), before, "{engine:?}");
        let all = press.memory.letters();
        assert!(
            all.iter()
                .all(|kept| !String::from_utf8_lossy(&kept.message).contains("Other Notes")),
            "{engine:?}"
        );
        press.bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_nodes_that_prepare_an_issue_at_once_one_writes_all_of_it() {
    const UNPREPARED: [&str; 2] = [
        "UPDATE variants SET letter = NULL, sha256 = NULL",
        "UPDATE issues SET state = 'preparing', letterhead = NULL",
    ];
    for engine in engines() {
        let press = Press::new(engine).await;
        press.join("rosa", "weekly").await;
        press.publish("Ink").await;
        let issue = press.send().await.unwrap();
        let other = press.bench.another_node().await;
        let mut settings = Settings::clone(&other.settings());
        settings.newsletters[0].name = "Other Notes".to_owned();
        other.replace_settings(settings);
        for round in 0..12 {
            for statement in UNPREPARED {
                press.bench.change(statement).await;
            }
            let (one, two) = tokio::join!(compose::tick(press.app()), compose::tick(&other));
            let _prepared = (one.unwrap(), two.unwrap());
            let mut conn = press.app().database.read().await.unwrap();
            let head = issues::letterhead(&mut conn, &issue).await.unwrap().unwrap();
            let letter = issues::variants(&mut conn, &issue).await.unwrap()[0].letter.clone();
            let [head, letter] = [head, letter.unwrap()].map(|text| text.contains("Other Notes"));
            assert_eq!(head, letter, "{engine:?}, round {round}");
        }
        other.database.close().await;
        press.bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_comes_back_says_whose_it_was() {
    let press = Press::with(Engine::Sqlite, |settings| {
        settings.bounces.to = ReturnTo::Domain("bounce.example.org".to_owned());
    })
    .await;
    press.join("rosa", "weekly").await;
    press.publish("Ink").await;
    let issue = press.send().await.unwrap();
    press.drain(&issue).await;
    let letters = press.memory.letters();
    let from = &letters[0].envelope.from;
    assert_eq!(from.domain(), "bounce.example.org");
    let word = from.local_part().strip_prefix("b.").unwrap();
    assert_eq!(press.app().keys.open_return(word), Some((code_of(&issue), 1)));
    assert!(from.local_part().len() <= 40, "{from:?}");
}
