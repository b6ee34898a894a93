//! What follows for the person: one press with a bounce domain, reports made from the letters that it sent.

use std::time::Duration;

use letterpress::bounces::{self, TakenIn};
use letterpress::config::ReturnTo;
use letterpress::mail::memory::Kept;
use letterpress::model::address::EmailAddress;
use letterpress::model::bounce::Class;
use letterpress::model::verdict::{Phase, Reply, Verdict};
use letterpress::store::Engine;
use letterpress::{subscribe, worker};

use crate::support::engines;
use crate::support::mailroom::Press;

const DAY: Duration = Duration::from_secs(86_400);

async fn press(engine: Engine) -> Press {
    Press::with(engine, |settings| {
        settings.bounces.to = ReturnTo::Domain("bounce.example.org".to_owned());
        settings.site.author.email = EmailAddress::parse("author@example.net").ok();
    })
    .await
}

/// Sends an issue about a new article; the letters of it.
async fn issue(press: &Press, article: &str) -> Vec<Kept> {
    press.publish(article).await;
    let before = press.memory.letters().len();
    let Some(issue) = press.send().await else {
        return Vec::new();
    };
    press.drain(&issue).await;
    press.memory.letters().split_off(before)
}

fn letter_to<'a>(letters: &'a [Kept], name: &str) -> &'a Kept {
    letters
        .iter()
        .find(|kept| kept.envelope.to.local_part() == name)
        .unwrap()
}

/// A delivery status notice about a letter.
fn notice(letter: &Kept, status: &str, said: &str) -> Vec<u8> {
    let (back, to) = (letter.envelope.from.as_str(), letter.envelope.to.as_str());
    format!(
        "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nTo: {back}\nSubject: Undelivered\nMessage-ID: <{}@mx.example>\n\
         MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"x\"\n\n--x\n\n\
         I am sorry.\n\n--x\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n\
         Final-Recipient: rfc822; {to}\nAction: failed\nStatus: {status}\nDiagnostic-Code: smtp; {said}\n\n--x--\n",
        back.len() + status.len() + said.len()
    )
    .into_bytes()
}

/// The letter inside a report of abuse, sent to no address of ours.
fn abuse(letter: &Kept, kind: &str) -> Vec<u8> {
    let message = String::from_utf8_lossy(&letter.message).replace("\r\n", "\n");
    format!(
        "From: feedback@provider.example\nTo: abuse@example.org\nSubject: abuse\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=feedback-report; boundary=\"fb\"\n\n--fb\n\nA report.\n\n--fb\n\
         Content-Type: message/feedback-report\n\nFeedback-Type: {kind}\nUser-Agent: X/1\nVersion: 1\n\n--fb\n\
         Content-Type: message/rfc822\n\n{message}\n--fb--\n"
    )
    .into_bytes()
}

async fn take(press: &Press, mail: &[u8]) -> TakenIn {
    worker::take_in(press.app(), "mail", mail, false).await.unwrap()
}

async fn effect(press: &Press, mail: &[u8]) -> String {
    let taken = take(press, mail).await;
    taken.lines[0].effect.clone().unwrap_or_default()
}

async fn status(press: &Press, name: &str) -> String {
    let people = subscribe::list(press.app()).await.unwrap();
    let one = people
        .iter()
        .find(|one| one.email == format!("{name}@example.org"))
        .unwrap();
    serde_json::to_value(one.status).unwrap().as_str().unwrap().to_owned()
}

/// How many letters the author gets about something.
async fn told(press: &Press, words: &str) -> usize {
    letterpress::deliver::send_all(press.app()).await.unwrap();
    let letters = press.memory.letters();
    let about = |kept: &&Kept| {
        kept.envelope.to.local_part() == "author" && String::from_utf8_lossy(&kept.message).contains(words)
    };
    letters.iter().filter(about).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_whose_address_is_gone_gets_no_further_letter_and_a_copy_of_the_report_changes_nothing() {
    for engine in engines() {
        let press = press(engine).await;
        press.join("rosa", "weekly").await;
        press.join("emil", "weekly").await;
        let letters = issue(&press, "Ink").await;
        let report = notice(letter_to(&letters, "rosa"), "5.1.1", "550 5.1.1 user unknown");
        let shown = worker::take_in(press.app(), "x", &report, true).await.unwrap();
        assert!(shown.lines[0].vouched && shown.lines[0].class == Some(Class::Dead));
        assert_eq!(status(&press, "rosa").await, "active", "shown, not done");
        assert_eq!(effect(&press, &report).await, "suppressed", "{engine:?}");
        let copy = String::from_utf8(report).unwrap().replace('\n', "\r\n");
        let copy = format!("From x@example.org Mon Jan  4 09:00:00 2027\r\nReceived: from a by b\r\n{copy}");
        assert_eq!(effect(&press, copy.as_bytes()).await, "known");
        assert_eq!(status(&press, "rosa").await, "suppressed");
        assert_eq!(issue(&press, "Paper").await.len(), 1);
        press.bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_who_forges_a_report_gives_nobody_up() {
    let press = press(Engine::Sqlite).await;
    press.join("rosa", "weekly").await;
    let letters = issue(&press, "Ink").await;
    let mut letter = letters[0].clone();
    let from = letter.envelope.from.as_str();
    let turned = if from.contains("a.") {
        from.replacen("a.", "b.", 1)
    } else {
        from.replacen("b.", "b.a", 1)
    };
    letter.envelope.from = EmailAddress::parse(&turned).unwrap();
    let taken = take(&press, &notice(&letter, "5.1.1", "550 5.1.1 user unknown")).await;
    assert!(!taken.lines[0].vouched && taken.lines[0].effect.is_none());
    assert_eq!(status(&press, "rosa").await, "active");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_lost_its_way_is_known_by_the_letter_inside_it() {
    let press = press(Engine::Sqlite).await;
    press.join("rosa", "weekly").await;
    let letters = issue(&press, "Ink").await;
    let text = String::from_utf8_lossy(&letters[0].message).into_owned();
    let id = text.lines().find(|line| line.starts_with("Message-ID:")).unwrap();
    let report = format!(
        "From: MAILER-DAEMON@mx.example\nTo: hand@example.org\nSubject: Returned mail\n\n<rosa@example.org>:\n\
         550 5.1.1 no such user\n\n--- Original message ---\n\n{id}\nSubject: Ink\n"
    );
    let taken = take(&press, report.as_bytes()).await;
    assert_eq!(taken.lines[0].proof, Some("message id"));
    assert_eq!(status(&press, "rosa").await, "suppressed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_whose_mailbox_stays_full_for_a_fortnight_rests_for_ninety_days() {
    for engine in engines() {
        let press = press(engine).await;
        press.join("rosa", "weekly").await;
        let mut effects = Vec::new();
        for article in ["Ink", "Paper", "Type", "Glue", "Thread"] {
            let letters = issue(&press, article).await;
            let report = notice(&letters[0], "5.2.2", "552 5.2.2 mailbox full");
            effects.push(effect(&press, &report).await);
            press.bench.wait(DAY * 4);
        }
        assert_eq!(
            effects,
            ["counted", "counted", "counted", "counted", "suppressed"],
            "{engine:?}"
        );
        assert!(issue(&press, "Lead").await.is_empty());
        press.bench.wait(DAY * 90);
        assert_eq!(issue(&press, "Wood").await.len(), 1, "one letter may try again");
        press.bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_whose_letter_arrived_in_between_is_counted_anew() {
    let press = press(Engine::Sqlite).await;
    press.join("rosa", "weekly").await;
    for article in ["Ink", "Paper", "Type", "Glue", "Thread", "Lead"] {
        let letters = issue(&press, article).await;
        if article != "Glue" {
            let report = notice(&letters[0], "5.2.2", "552 5.2.2 mailbox full");
            assert_eq!(effect(&press, &report).await, "counted", "{article}");
        }
        press.bench.wait(DAY * 7);
    }
    assert_eq!(status(&press, "rosa").await, "active");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_author_whose_letters_are_refused_for_the_senders_sake_is_told_and_nobody_is_given_up() {
    let press = press(Engine::Sqlite).await;
    press.join("rosa", "weekly").await;
    let letters = issue(&press, "Ink").await;
    let report = notice(&letters[0], "5.7.1", "550 5.7.1 your IP address is on our block list");
    assert_eq!(effect(&press, &report).await, "noted");
    assert_eq!(status(&press, "rosa").await, "active");
    assert_eq!(told(&press, "block list").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_who_complains_is_left_alone_by_every_newsletter() {
    for engine in engines() {
        let press = press(engine).await;
        press.join("rosa", "weekly").await;
        press.join("emil", "weekly").await;
        let letters = issue(&press, "Ink").await;
        let report = abuse(letter_to(&letters, "rosa"), "abuse");
        let taken = take(&press, &report).await;
        assert_eq!(taken.lines[0].proof, Some("delivery token"), "{engine:?}");
        assert_eq!(status(&press, "rosa").await, "suppressed");
        assert_eq!(told(&press, "People complain").await, 1);
        assert_eq!(issue(&press, "Paper").await.len(), 1, "nor is there a goodbye");
        press.bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_whose_provider_asks_for_it_has_left() {
    let press = press(Engine::Sqlite).await;
    press.join("rosa", "weekly").await;
    let letters = issue(&press, "Ink").await;
    take(&press, &abuse(&letters[0], "opt-out")).await;
    assert_eq!(status(&press, "rosa").await, "unsubscribed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_whose_mail_program_writes_to_leave_has_left_even_if_case_was_lost() {
    let press = press(Engine::Sqlite).await;
    press.join("rosa", "weekly").await;
    let letters = issue(&press, "Ink").await;
    let text = String::from_utf8_lossy(&letters[0].message).replace("\r\n ", "");
    let at = text.find("<mailto:unsubscribe+").unwrap();
    let address = text[at + 8..].split('>').next().unwrap().to_uppercase();
    let mail = format!("From: rosa@example.org\nTo: {address}\nSubject: unsubscribe\n\nunsubscribe\n");
    take(&press, mail.as_bytes()).await;
    assert_eq!(status(&press, "rosa").await, "unsubscribed");
    take(&press, mail.as_bytes()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_who_is_away_or_writes_back_stays() {
    let press = press(Engine::Sqlite).await;
    press.join("rosa", "weekly").await;
    let letters = issue(&press, "Ink").await;
    let back = letters[0].envelope.from.as_str();
    for mail in [
        format!(
            "From: rosa@example.org\nTo: {back}\nSubject: Out of office\nAuto-Submitted: auto-replied\n\nBack on Monday.\n"
        ),
        format!("From: rosa@example.org\nTo: {back}\nSubject: Re: Ink\n\nThank you, I liked it.\n"),
    ] {
        let taken = take(&press, mail.as_bytes()).await;
        assert_eq!(taken.lines[0].class, Some(Class::Auto));
    }
    assert_eq!(status(&press, "rosa").await, "active");
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_of_a_provider_that_suddenly_knows_nobody_are_kept_until_the_operator_decides() {
    for engine in engines() {
        let press = press(engine).await;
        for number in 0..60 {
            press.join(&format!("reader{number}"), "weekly").await;
        }
        let letters = issue(&press, "Ink").await;
        let mut effects = Vec::new();
        for letter in letters.iter().take(20) {
            effects.push(effect(&press, &notice(letter, "5.1.1", "550 5.1.1 user unknown")).await);
        }
        assert_eq!(effects.last().map(String::as_str), Some("held"), "{engine:?}");
        let active = |people: Vec<subscribe::Listed>| {
            let word = |one: &subscribe::Listed| serde_json::to_value(one.status).unwrap() == "active";
            people.iter().filter(|one| word(one)).count()
        };
        assert_eq!(active(subscribe::list(press.app()).await.unwrap()), 60);
        let open = bounces::incidents(press.app()).await.unwrap();
        assert_eq!(open[0].domain, "example.org");
        assert_eq!(bounces::apply(press.app(), "example.org").await.unwrap(), 20);
        assert_eq!(active(subscribe::list(press.app()).await.unwrap()), 40);
        assert!(
            bounces::drop_held(press.app(), "example.org").await.is_err(),
            "it is closed"
        );
        press.bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_whom_the_relay_does_not_know_is_given_up_at_once_or_at_the_second_bare_no() {
    for engine in engines() {
        let press = press(engine).await;
        press.join("rosa", "weekly").await;
        press.join("emil", "weekly").await;
        press.memory.answer(|envelope| {
            let said = match envelope.to.local_part() {
                "rosa" => "5.1.1 user unknown",
                "emil" => "no such person here",
                _ => return None,
            };
            Some(Verdict::reply(Phase::Rcpt, Reply::new(550, said)))
        });
        issue(&press, "Ink").await;
        bounces::tick(press.app()).await.unwrap();
        assert_eq!(status(&press, "rosa").await, "suppressed", "{engine:?}");
        assert_eq!(status(&press, "emil").await, "active", "once may be a slip");
        press.bench.wait(DAY * 2);
        issue(&press, "Paper").await;
        bounces::tick(press.app()).await.unwrap();
        assert_eq!(status(&press, "emil").await, "suppressed");
        press.bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_that_is_delivered_into_a_maildir_is_read_once() {
    let press = press(Engine::Sqlite).await;
    press.join("rosa", "weekly").await;
    let letters = issue(&press, "Ink").await;
    let folder = tempfile::tempdir().unwrap();
    for name in ["new", "cur", "tmp"] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
    }
    let report = notice(&letters[0], "5.1.1", "550 5.1.1 user unknown");
    std::fs::write(folder.path().join("new/1.host"), &report).unwrap();
    std::fs::write(folder.path().join("new/2.host"), vec![b'x'; (1 << 20) + 1]).unwrap();
    for message in bounces::new_messages(folder.path(), false).unwrap() {
        let taken = take(&press, &message.bytes).await;
        bounces::put_away(folder.path(), &message, taken.unreadable > 0).unwrap();
    }
    assert_eq!(status(&press, "rosa").await, "suppressed");
    assert!(bounces::new_messages(folder.path(), false).unwrap().is_empty());
    assert!(folder.path().join("cur/1.host:2,S").is_file());
    assert!(
        folder.path().join("cur/2.host:2,FS").is_file(),
        "what is no report is set aside"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issue_whose_letters_come_back_for_the_senders_sake_does_not_go_on() {
    let press = press(Engine::Sqlite).await;
    for number in 0..12 {
        press.join(&format!("reader{number}"), "weekly").await;
    }
    let letters = issue(&press, "Ink").await;
    // As if it were still under way.
    press
        .bench
        .change("UPDATE issues SET state = 'sending', finished_at = NULL")
        .await;
    for letter in &letters {
        take(&press, &notice(letter, "5.7.1", "550 5.7.1 blocked using a list")).await;
    }
    let mut conn = press.app().database.read().await.unwrap();
    let issues = letterpress::store::issues::list(&mut conn, 1).await.unwrap();
    assert_eq!(issues[0].state, "paused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_of_a_press_with_one_mailbox_leaves_by_the_subject_of_a_mail() {
    let press = Press::with(Engine::Sqlite, |settings| {
        settings.bounces.to = ReturnTo::Mailbox(EmailAddress::parse("bounces@example.org").unwrap());
    })
    .await;
    press.join("rosa", "weekly").await;
    let letters = issue(&press, "Ink").await;
    assert!(letters[0].envelope.from.local_part().starts_with("bounces+"));
    let text = String::from_utf8_lossy(&letters[0].message).replace("\r\n ", "");
    let at = text.find("<mailto:bounces@example.org?subject=unsubscribe%20").unwrap();
    let word = text[at..].split("%20").nth(1).unwrap().split('>').next().unwrap();
    let mail = format!("From: rosa@example.org\nTo: bounces@example.org\nSubject: unsubscribe {word}\n\n");
    take(&press, mail.as_bytes()).await;
    assert_eq!(status(&press, "rosa").await, "unsubscribed");
    let report = notice(&letters[0], "5.1.1", "550 5.1.1 user unknown");
    let taken = take(&press, &report).await;
    assert_eq!(taken.lines[0].proof, Some("return path"));
}
