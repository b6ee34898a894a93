//! What the author is told by letter, and when.

use std::sync::Arc;
use std::time::Duration;

use letterpress::config::{OnUnknown, Settings};
use letterpress::model::address::EmailAddress;
use letterpress::model::verdict::{Cause, Phase, Reply, Told, Verdict};
use letterpress::store::Engine;
use letterpress::subscribe::{self, Add};
use letterpress::template::Templates;
use letterpress::{compose, deliver};

use crate::support::engines;
use crate::support::mailroom::Press;

const AUTHOR: &str = "author";

/// A press whose author can be written to.
async fn press(engine: Engine, change: impl FnOnce(&mut Settings)) -> Press {
    Press::with(engine, |settings| {
        settings.site.author.email = EmailAddress::parse("author@example.org").ok();
        change(settings);
    })
    .await
}

/// The letters that the author got: subject, and the whole message with its lines joined.
fn told(press: &Press) -> Vec<(String, String)> {
    let letters = press.memory.letters();
    let to_author = letters.iter().filter(|kept| kept.envelope.to.local_part() == AUTHOR);
    to_author
        .map(|kept| {
            let text = String::from_utf8_lossy(&kept.message).replace("=\r\n", "");
            let subject = text.lines().find_map(|line| line.strip_prefix("Subject: ")).unwrap();
            (subject.to_owned(), text.clone())
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_author_whose_articles_are_held_reads_which_and_how_to_decide() {
    for engine in engines() {
        let press = press(engine, |settings| settings.sources[0].fuse = 2).await;
        press.publish("First").await;
        for name in ["Ink", "Paper", "Type"] {
            press.bench.write(
                &format!("{name}.md"),
                &format!("---\ntitle: {name}\ndate: 2027-01-01\n---\n\nWords.\n"),
            );
        }
        press.publish("Glue").await;
        deliver::send_all(press.app()).await.unwrap();
        let letters = told(&press);
        assert_eq!(letters.len(), 1, "{engine:?}: {letters:?}");
        assert_eq!(letters[0].0, "4 articles wait for your decision");
        for word in [
            "Ink",
            "Paper",
            "Type",
            "Glue",
            "letterpress articles approve --all",
            "letterpress articles dismiss --all",
            "Auto-Submitted",
        ] {
            assert!(letters[0].1.contains(word), "{engine:?}: {word}");
        }
        assert!(!letters[0].1.contains("List-"), "it is no list mail");
        // More of them a moment later are no second letter.
        press.publish("Thread").await;
        deliver::send_all(press.app()).await.unwrap();
        assert_eq!(told(&press).len(), 1);
        press.bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_author_whose_issue_is_paused_reads_the_relays_words_and_what_to_do() {
    for engine in engines() {
        let press = press(engine, |_| {}).await;
        for number in 0..40 {
            press.join(&format!("reader{number}"), "weekly").await;
        }
        let refused = Verdict::reply(Phase::Rcpt, Reply::new(550, "5.1.1 nobody of that name"));
        press
            .memory
            .answer(move |envelope| (envelope.to.local_part() != AUTHOR).then(|| refused.clone()));
        press.publish("Ink").await;
        let issue = press.send().await.unwrap();
        deliver::send_all(press.app()).await.unwrap();
        let letters = told(&press);
        assert_eq!(letters.len(), 1, "{engine:?}: {letters:?}");
        assert!(letters[0].0.starts_with("An issue is paused"), "{}", letters[0].0);
        for word in [
            &format!("letterpress issues resume {issue}"),
            "5.1.1 nobody of that name",
        ] {
            assert!(letters[0].1.contains(word), "{}", letters[0].1);
        }
        press.bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_author_who_wants_to_decide_about_doubtful_letters_is_asked() {
    let press = press(Engine::Sqlite, |settings| settings.mail.on_unknown = OnUnknown::Hold).await;
    press.join("rosa", "weekly").await;
    press.join("doubtful", "weekly").await;
    press.memory.answer(|envelope| {
        let lost = Verdict {
            phase: Phase::Dot,
            told: Told::Cause(Cause::Closed),
            dot_began: true,
        };
        (envelope.to.local_part() == "doubtful").then_some(lost)
    });
    press.publish("Ink").await;
    let issue = press.send().await.unwrap();
    deliver::send_all(press.app()).await.unwrap();
    let letters = told(&press);
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert_eq!(letters[0].0, "One letter may or may not have arrived");
    assert!(
        letters[0]
            .1
            .contains(&format!("letterpress issues resolve {issue} --resend"))
    );
}

/// The press opens on Friday, 1 January 2027.
#[tokio::test(flavor = "multi_thread")]
async fn an_author_reads_on_monday_what_happened_in_the_week_and_nothing_after_a_quiet_one() {
    for engine in engines() {
        let press = press(engine, |settings| settings.mail.report = true).await;
        press.join("rosa", "weekly").await;
        press.publish("Ink").await;
        press.send().await.unwrap();
        deliver::send_all(press.app()).await.unwrap();
        assert_eq!(told(&press), [], "the week is not over");
        // On Saturday a mailbox was full, and somebody was away.
        for (id, class) in [(901, "box"), (902, "auto")] {
            let columns = "id, event_key, subscriber_id, source, class, certain, effect, at";
            let row = format!("{id}, 'report/{id}', 1, 'report', '{class}', 0, 'none', 1798848000000000");
            press
                .bench
                .change(&format!("INSERT INTO bounces ({columns}) VALUES ({row})"))
                .await;
        }
        // Of Sunday's readers the author hears, of Monday's not yet.
        let readers = "(20821, 'n', 'all', '', '', 7, 0), (20821, 'n', 'tag/ink', '', '', 90, 0), (20822, 'n', 'all', '', '', 80, 0)";
        press
            .bench
            .change(&format!(
                "INSERT INTO feed_readers (day, node, scope, service, part, readers, is_floor) VALUES {readers}"
            ))
            .await;
        press.bench.wait(Duration::from_hours(24 * 3 + 9));
        for _ in 0..2 {
            deliver::send_all(press.app()).await.unwrap();
        }
        let letters = told(&press);
        assert_eq!(letters.len(), 1, "{engine:?}: once, {letters:?}");
        assert_eq!(letters[0].0, "Your week: 28 December to 3 January 2027");
        for word in [
            "Letters accepted: 1",
            "People who joined: 1",
            "Came back: the mailbox takes nothing: 1",
            "People who read the feed: 7",
            "Ink",
        ] {
            assert!(letters[0].1.contains(word), "{engine:?}: {word} in {}", letters[0].1);
        }
        assert_eq!(
            letters[0].1.matches("Came back").count(),
            2,
            "in HTML and in text, of one class"
        );
        press.bench.wait(Duration::from_hours(24 * 7));
        deliver::send_all(press.app()).await.unwrap();
        assert_eq!(told(&press).len(), 1, "{engine:?}: nothing happened");
        press.bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_that_cannot_be_written_wait_until_their_template_is_mended_and_the_author_knows() {
    for engine in engines() {
        let folder = tempfile::tempdir().unwrap();
        let confirmation = folder.path().join("email/confirmation");
        std::fs::create_dir_all(&confirmation).unwrap();
        std::fs::write(confirmation.join("subject.txt.hbs"), "Confirm {{site.tittle}}\n").unwrap();
        let templates = folder.path().to_owned();
        let mut press = press(engine, |settings| settings.templates = Some(templates)).await;
        let wish = Add {
            email: "rosa@example.org".to_owned(),
            ..Add::default()
        };
        subscribe::add(press.app(), &wish).await.unwrap();
        deliver::send_all(press.app()).await.unwrap();
        let letters = told(&press);
        assert_eq!(letters.len(), 1, "{engine:?}: {letters:?}");
        assert_eq!(letters[0].0, "Letters wait: `confirmation` cannot be written");
        for word in ["subject.txt.hbs", "tittle", "letterpress check"] {
            assert!(letters[0].1.contains(word), "{engine:?}: {word} in {}", letters[0].1);
        }
        std::fs::write(confirmation.join("subject.txt.hbs"), "Confirm {{site.title}}\n").unwrap();
        let mended = Templates::load(Some(folder.path())).unwrap();
        Arc::get_mut(&mut press.bench.app).unwrap().templates = mended;
        press.bench.wait(Duration::from_secs(300));
        deliver::send_all(press.app()).await.unwrap();
        let to_rosa = press.letters().into_iter().filter(|(to, _)| to == "rosa");
        assert_eq!(to_rosa.count(), 1, "{engine:?}: the letter is late, not lost");
        let letters = press.memory.letters();
        let confirmation = String::from_utf8_lossy(&letters.last().unwrap().message);
        assert!(
            confirmation.contains("\r\nFeedback-ID: confirmation:single:notes:letterpress\r\n"),
            "{confirmation}"
        );
        press.bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issue_whose_letters_cannot_be_written_is_paused_rather_than_burnt() {
    for engine in engines() {
        let press = press(engine, |settings| {
            let endless = format!("https://letters.example.org/{}", "long/".repeat(180));
            settings.http.public_url = endless.parse().unwrap();
        })
        .await;
        for number in 0..60 {
            press.join(&format!("reader{number}"), "weekly").await;
        }
        press.publish("Ink").await;
        let issue = press.send().await.unwrap();
        let (state, counts) = press.drain(&issue).await;
        assert_eq!((state.as_str(), counts.accepted), ("paused", 0), "{engine:?}");
        assert!(counts.failed < 20, "{engine:?}: {} of 60 failed", counts.failed);
        deliver::send_all(press.app()).await.unwrap();
        let letters = told(&press);
        assert_eq!(letters.len(), 1, "{engine:?}: {letters:?}");
        assert_eq!(letters[0].0, "An issue is paused: its letters cannot be written");
        assert!(letters[0].1.contains("too long for a header"), "{}", letters[0].1);
        press.bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_author_who_looks_at_the_letter_of_a_subscriber_sees_that_persons_name_and_day() {
    let press = press(Engine::Sqlite, |_| {}).await;
    let wish = Add {
        email: "rosa@example.org".to_owned(),
        name: Some("Rosa".to_owned()),
        active: true,
        note: Some("a test".to_owned()),
        ..Add::default()
    };
    subscribe::add(press.app(), &wish).await.unwrap();
    press.bench.wait(Duration::from_hours(24 * 40));
    press.publish("Ink").await;
    let preview = compose::preview(press.app(), "notes", None).await.unwrap();
    let shown = async |address: &str| {
        let to = EmailAddress::parse(address).unwrap();
        let letter = deliver::test_letter(press.app(), "notes", &preview.letter, &to).await;
        letter.unwrap()
    };
    let hers = shown("Rosa@example.org").await;
    let source = String::from_utf8_lossy(&hers.source).into_owned();
    assert!(source.contains("\r\nTo: Rosa <Rosa@example.org>\r\n"), "{source}");
    assert!(hers.text.contains("1 January 2027"), "{}", hers.text);
    let strangers = shown("nobody@example.org").await;
    let source = String::from_utf8_lossy(&strangers.source).into_owned();
    assert!(source.contains("\r\nTo: nobody@example.org\r\n"), "{source}");
    assert!(strangers.text.contains("February 2027"), "{}", strangers.text);
}
