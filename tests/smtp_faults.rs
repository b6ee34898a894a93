//! What becomes of a letter and of the connection when a relay misbehaves: the rows of the fault table.
//!
//! Slow rows run with short deadlines: what counts is which side of the deadline a reply falls on.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use letterpress::config;
use letterpress::mail::Gate;
use letterpress::mail::smtp::{Deadlines, Idle, Smtp};
use letterpress::model::verdict::{Cause, Class, Fault, Phase, Told, Trouble, Verdict};
use secrecy::SecretString;
use tokio::time::{Instant, sleep};

use crate::support::faulty_smtp::{Act, Certificate, Relay, When};
use crate::support::one_letter::{message, relay_at, to};

const EVERYTHING: &[&str] = &[
    "PIPELINING",
    "SIZE 50000000",
    "8BITMIME",
    "SMTPUTF8",
    "DSN",
    "ENHANCEDSTATUSCODES",
];
const AWAY: Class = Class::NotTried(Trouble::Relay);
const SETUP: Class = Class::NotTried(Trouble::Setup);
const LOGIN: Class = Class::NotTried(Trouble::Login);

fn settings(relay: &Relay) -> config::Smtp {
    relay_at(relay.address.port())
}

fn secured(relay: &Relay, tls: config::Tls, authority: &Path) -> config::Smtp {
    config::Smtp {
        host: "localhost".to_owned(),
        tls,
        ca_file: Some(authority.to_owned()),
        ..settings(relay)
    }
}

/// Long enough for a loaded machine, short enough to wait for.
fn deadlines() -> Deadlines {
    let second = Duration::from_secs(1);
    Deadlines {
        connect: 5 * second,
        command: second,
        data: second,
        content: second,
        dot: second,
        quit: second,
        ..Deadlines::default()
    }
}

fn client(relay: &Relay) -> Smtp {
    Smtp::with_deadlines(&settings(relay), deadlines())
}

async fn deliver(idle: Idle, address: &str) -> (Verdict, Option<Idle>) {
    idle.deliver(&to(address), &message(200), &|| true).await
}

/// One letter over a new connection.
async fn try_once(smtp: &Smtp) -> (Verdict, Option<Idle>) {
    match smtp.connect().await {
        Ok(idle) => deliver(idle, "rosa@example.org").await,
        Err(verdict) => (verdict, None),
    }
}

/// Holds one row of the table, with commands together and one by one: class of the letter, fate of the connection, and
/// after it a letter to somebody else that gets its own reply.
async fn row(when: When, act: Act, class: Class, is_reused: bool) {
    for offers in [EVERYTHING, &["SIZE", "8BITMIME"]] {
        let relay = Relay::start(offers).await;
        relay.once(when, act.clone());
        let smtp = client(&relay);
        let (verdict, idle) = try_once(&smtp).await;
        let what = format!("{when:?} {act:?}: {verdict:?}");
        assert_eq!(verdict.class(), class, "{what}");
        assert_eq!(idle.is_some(), is_reused, "{what}");
        let idle = match idle {
            Some(idle) => idle,
            None => smtp.connect().await.unwrap(),
        };
        let (verdict, _) = deliver(idle, "next@example.org").await;
        assert_eq!(verdict.class(), Class::Accepted, "after {what}: {verdict:?}");
        let seen = relay.seen();
        assert_eq!(seen.arrived.last().unwrap().to, "next@example.org");
        assert_eq!(seen.connections, if is_reused { 1 } else { 2 }, "{what}");
    }
}

async fn rows(rows: Vec<(When, Act, Class, bool)>) {
    for (when, act, class, is_reused) in rows {
        row(when, act, class, is_reused).await;
    }
}

#[tokio::test]
async fn a_letter_arrives_whole_in_two_round_trips() {
    let relay = Relay::start(EVERYTHING).await;
    let smtp = client(&relay);
    let letter = b"Subject: x\r\n\r\n.\r\n..\r\nend".to_vec();
    let mut idle = smtp.connect().await.unwrap();
    for reader in ["rosa@example.org", "ben@example.org"] {
        let (verdict, back) = idle.deliver(&to(reader), &letter, &|| true).await;
        assert_eq!(verdict.class(), Class::Accepted);
        assert_eq!(verdict.detail(), "250 2.0.0 queued (the final dot)");
        idle = back.unwrap();
    }
    idle.quit().await;
    let seen = relay.seen();
    assert_eq!((seen.connections, seen.most_together), (1, 3));
    assert_eq!(seen.arrived[0].content, b"Subject: x\r\n\r\n..\r\n...\r\nend\r\n");
    assert_eq!(seen.arrived[0].from, "b.1.2@bounce.example.org");
    assert_eq!(
        (seen.arrived[0].to.as_str(), seen.arrived[1].to.as_str()),
        ("rosa@example.org", "ben@example.org")
    );
    assert!(seen.lines[1].ends_with("RET=HDRS ENVID=token"), "{:?}", seen.lines);
    assert_eq!(seen.lines.last().unwrap(), "QUIT");
}

#[tokio::test]
async fn fault_1_and_2_a_relay_that_does_not_answer_costs_nobody_anything() {
    let relay = Relay::start(EVERYTHING).await;
    relay.always(When::Greeting, Act::Silence);
    let verdict = client(&relay).connect().await.unwrap_err();
    assert_eq!((verdict.phase, verdict.class()), (Phase::Greeting, AWAY));
    assert_eq!(verdict.told, Told::Cause(Cause::Deadline));
    let free = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let gone = config::Smtp {
        port: free.port(),
        ..settings(&relay)
    };
    let verdict = Smtp::new(&gone).connect().await.unwrap_err();
    assert_eq!((verdict.phase, verdict.class()), (Phase::Connect, AWAY));
    let nameless = config::Smtp {
        host: "relay.invalid".to_owned(),
        ..settings(&relay)
    };
    let verdict = Smtp::new(&nameless).connect().await.unwrap_err();
    assert_eq!((verdict.phase, verdict.class()), (Phase::Connect, AWAY));
}

#[tokio::test]
async fn faults_3_to_5_greetings() {
    let slow = |pause| Act::Dribble(b"220 hi\r\n".to_vec(), Duration::from_millis(pause));
    rows(vec![
        (When::Greeting, Act::say("554 no"), AWAY, false),
        (When::Greeting, Act::bye("421 busy"), AWAY, false),
        (
            When::Greeting,
            Act::Say(b"220-a\r\n220-b\r\n220 c\r\n".to_vec()),
            Class::Accepted,
            true,
        ),
        (When::Greeting, slow(10), Class::Accepted, true),
        (When::Greeting, slow(500), AWAY, false),
        (When::Greeting, Act::say("250 wrong class"), AWAY, false),
    ])
    .await;
}

#[tokio::test]
async fn faults_6_and_7_the_answer_to_ehlo() {
    rows(vec![
        (When::Ehlo, Act::say("502 what"), Class::Accepted, true),
        (When::Ehlo, Act::say("250"), Class::Accepted, true),
        (When::Ehlo, Act::say("hello there"), AWAY, false),
        (When::Ehlo, Act::say("250-no last line"), AWAY, false),
        (
            When::Ehlo,
            Act::Say("250-x\r\n".repeat(1_500_000).into_bytes()),
            AWAY,
            false,
        ),
        (When::Ehlo, Act::Say(vec![b'x'; 10_000_000]), AWAY, false),
    ])
    .await;
    let relay = Relay::start(EVERYTHING).await;
    relay.once(When::Ehlo, Act::say("502 what"));
    assert_eq!(try_once(&client(&relay)).await.0.class(), Class::Accepted);
    assert!(relay.seen().lines[1].starts_with("HELO "));
}

#[tokio::test]
async fn fault_8_a_reply_of_the_wrong_class_is_never_a_yes() {
    rows(vec![
        (When::Mail, Act::say("354 wrong"), AWAY, false),
        (When::Rcpt, Act::say("354 wrong"), AWAY, false),
        (When::Data, Act::say("250 wrong"), AWAY, false),
        (When::Dot, Act::say("354 wrong"), Class::Unknown, false),
    ])
    .await;
}

#[tokio::test]
async fn faults_9_and_10_nothing_is_said_in_clear_that_should_be_secret() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = Certificate::signed(folder.path(), "localhost", 2100);
    let with_login = |relay: &Relay| config::Smtp {
        username: Some("notes".to_owned()),
        password: Some(SecretString::from("secret")),
        ..secured(relay, config::Tls::StartTls, &certificate.authority)
    };
    let relay = Relay::start_tls(&["AUTH PLAIN"], &certificate, false).await;
    let verdict = Smtp::new(&with_login(&relay)).connect().await.unwrap_err();
    assert_eq!(
        (verdict.told.clone(), verdict.class()),
        (Told::Cause(Cause::NoStartTls), SETUP)
    );
    assert_eq!(relay.seen().lines, ["EHLO letters.example.org"]);

    let relay = Relay::start_tls(&["STARTTLS", "AUTH PLAIN"], &certificate, false).await;
    relay.once(When::StartTls, Act::Say(b"220 go\r\n250 injected\r\n".to_vec()));
    let verdict = Smtp::new(&with_login(&relay)).connect().await.unwrap_err();
    assert_eq!(
        (verdict.told.clone(), verdict.class()),
        (Told::Cause(Cause::Injection), SETUP)
    );

    for refusal in ["454 later", "502 no", "250 wrong class"] {
        let relay = Relay::start_tls(&["STARTTLS", "AUTH PLAIN"], &certificate, false).await;
        relay.once(When::StartTls, Act::say(refusal));
        assert!(Smtp::new(&with_login(&relay)).connect().await.is_err());
        assert!(!relay.seen().lines.iter().any(|line| line.starts_with("AUTH")));
    }

    let in_clear = config::Smtp {
        tls: config::Tls::None,
        ..with_login(&relay)
    };
    let verdict = Smtp::new(&in_clear).connect().await.unwrap_err();
    assert_eq!(
        (verdict.told.clone(), verdict.class()),
        (Told::Cause(Cause::LoginInClear), LOGIN)
    );
    let far_away = config::Smtp {
        host: "192.0.2.1".to_owned(),
        ..in_clear
    };
    let verdict = Smtp::new(&far_away).connect().await.unwrap_err();
    assert_eq!(
        (verdict.told.clone(), verdict.class()),
        (Told::Cause(Cause::ClearBeyondLoopback), SETUP)
    );
}

#[tokio::test]
async fn fault_11_a_relay_that_cannot_prove_its_name_gets_no_letter() {
    let folders = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let [first, second, third] = folders.each_ref().map(tempfile::TempDir::path);
    let cases = [
        (Certificate::signed(first, "localhost", 2001), "expired"),
        (Certificate::signed(second, "other.example", 2100), "not valid for name"),
        (Certificate::self_signed(third, "localhost"), "UnknownIssuer"),
    ];
    for (certificate, word) in cases {
        for (tls, implicit) in [(config::Tls::StartTls, false), (config::Tls::Implicit, true)] {
            let relay = Relay::start_tls(&["STARTTLS"], &certificate, implicit).await;
            let smtp = Smtp::new(&secured(&relay, tls, &certificate.authority));
            let verdict = smtp.connect().await.unwrap_err();
            assert_eq!((verdict.phase, verdict.class()), (Phase::Tls, SETUP));
            assert!(verdict.detail().contains(word), "{}", verdict.detail());
            assert!(!relay.seen().lines.iter().any(|line| line.starts_with("MAIL")));
        }
    }
}

#[tokio::test]
async fn letters_go_out_under_tls_with_a_login() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = Certificate::signed(folder.path(), "localhost", 2100);
    for (tls, implicit) in [(config::Tls::StartTls, false), (config::Tls::Implicit, true)] {
        for (offer, first) in [
            ("AUTH LOGIN PLAIN", "AUTH PLAIN AG5vdGVzAHNlY3JldA=="),
            ("auth=login", "AUTH LOGIN"),
        ] {
            let relay = Relay::start_tls(&["STARTTLS", offer, "PIPELINING"], &certificate, implicit).await;
            let login = config::Smtp {
                username: Some("notes".to_owned()),
                password: Some(SecretString::from("secret")),
                ..secured(&relay, tls, &certificate.authority)
            };
            let mut idle = Smtp::new(&login).connect().await.unwrap();
            for bytes in [100, 50_000, 500_000] {
                let (verdict, back) = idle.deliver(&to("rosa@example.org"), &message(bytes), &|| true).await;
                assert_eq!(verdict.class(), Class::Accepted);
                idle = back.unwrap();
            }
            let seen = relay.seen();
            assert!(seen.lines.iter().any(|line| line == first), "{:?}", seen.lines);
            assert_eq!(seen.arrived[2].content, message(500_000));
            assert_eq!(seen.connections, 1);
        }
    }
}

#[tokio::test]
async fn fault_12_a_refused_login_stops_everything_and_blames_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = Certificate::signed(folder.path(), "localhost", 2100);
    let cases = [
        ("AUTH PLAIN", "535 5.7.8 wrong", LOGIN),
        ("AUTH LOGIN", "534 5.7.9 too weak", LOGIN),
        ("AUTH PLAIN", "530 5.7.0 first", LOGIN),
        ("AUTH PLAIN", "454 4.7.0 later", AWAY),
        ("AUTH PLAIN", "334 more", AWAY),
        ("AUTH CRAM-MD5", "", LOGIN),
        ("HELP", "", LOGIN),
    ];
    for (offer, reply, class) in cases {
        let relay = Relay::start_tls(&[offer], &certificate, true).await;
        relay.once(When::Auth, Act::say(reply));
        let login = config::Smtp {
            username: Some("notes".to_owned()),
            password: Some(SecretString::from("secret")),
            ..secured(&relay, config::Tls::Implicit, &certificate.authority)
        };
        let verdict = Smtp::with_deadlines(&login, deadlines()).connect().await.unwrap_err();
        assert_eq!(
            (verdict.phase, verdict.class()),
            (Phase::Auth, class),
            "{offer} {reply}"
        );
    }
}

#[tokio::test]
async fn faults_13_to_15_refusals_before_the_content() {
    let failed = Class::Failed;
    let deferred = Class::Deferred;
    rows(vec![
        (When::Mail, Act::say("451 4.3.0 later"), AWAY, true),
        (
            When::Mail,
            Act::say("550 5.7.1 not you"),
            Class::NotTried(Trouble::Sender),
            true,
        ),
        (When::Mail, Act::bye("421 4.3.2 bye"), AWAY, false),
        (
            When::Rcpt,
            Act::say("450 4.2.0 greylisted"),
            deferred(Fault::Other),
            true,
        ),
        (
            When::Rcpt,
            Act::say("451 4.7.1 slow down"),
            deferred(Fault::Policy),
            true,
        ),
        (When::Rcpt, Act::say("452 4.2.2 full"), deferred(Fault::Soft), true),
        (When::Rcpt, Act::say("550 5.1.1 who"), failed(Fault::Hard), true),
        (When::Rcpt, Act::say("550 5.7.1 policy"), failed(Fault::Policy), true),
        (When::Rcpt, Act::say("552 5.2.2 full"), failed(Fault::Soft), true),
        (When::Rcpt, Act::bye("421 4.3.2 bye"), AWAY, false),
        (When::Data, Act::say("554 5.6.0 no"), failed(Fault::Other), true),
        (When::Data, Act::say("451 4.3.0 later"), deferred(Fault::Other), true),
        (When::Data, Act::bye("421 4.3.2 bye"), AWAY, false),
    ])
    .await;
}

#[tokio::test]
async fn a_refused_reader_is_never_sent_content_even_if_the_relay_asks_for_it() {
    let relay = Relay::start(EVERYTHING).await;
    relay.always(When::Rcpt, Act::say("550 5.1.1 who"));
    relay.always(When::Data, Act::say("354 go on"));
    let (verdict, idle) = try_once(&client(&relay)).await;
    assert_eq!(verdict.class(), Class::Failed(Fault::Hard));
    assert!(idle.is_none());
    sleep(Duration::from_millis(100)).await;
    assert!(relay.seen().arrived.is_empty());
}

#[tokio::test]
async fn fault_16_replies_in_one_packet_or_in_bytes() {
    let slowly = |reply: &str| Act::Dribble(reply.as_bytes().to_vec(), Duration::from_millis(2));
    let scripts = [
        [(When::Mail, Act::Hold), (When::Rcpt, Act::Hold)],
        [
            (When::Mail, slowly("250-a\r\n250 b\r\n")),
            (When::Dot, slowly("250 2.0.0 queued\r\n")),
        ],
    ];
    for script in scripts {
        let relay = Relay::start(EVERYTHING).await;
        for (when, act) in script {
            relay.always(when, act);
        }
        let mut idle = client(&relay).connect().await.unwrap();
        for _ in 0..3 {
            let (verdict, back) = deliver(idle, "rosa@example.org").await;
            assert_eq!(verdict.class(), Class::Accepted);
            idle = back.unwrap();
        }
        assert_eq!(relay.seen().connections, 1);
    }
}

#[tokio::test]
async fn fault_17_a_relay_that_forgets_commands_gets_them_one_by_one() {
    let relay = Relay::start(EVERYTHING).await;
    relay.always(When::Mail, Act::Flush);
    let smtp = client(&relay);
    let (verdict, idle) = try_once(&smtp).await;
    assert_eq!((verdict.class(), idle.is_none()), (AWAY, true));
    let (verdict, idle) = try_once(&smtp).await;
    assert_eq!((verdict.class(), idle.is_some()), (Class::Accepted, true));
}

#[tokio::test]
async fn faults_18_and_25_late_replies_fall_on_either_side_of_the_deadline() {
    let in_time = Act::After(Duration::from_millis(300));
    let too_late = Act::After(Duration::from_millis(2_500));
    rows(vec![
        (When::Data, in_time.clone(), Class::Accepted, true),
        (When::Data, too_late.clone(), AWAY, false),
        (When::Dot, in_time, Class::Accepted, true),
        (When::Dot, too_late, Class::Unknown, false),
    ])
    .await;
}

#[tokio::test]
async fn faults_19_to_21_content_that_is_cut_counts_as_not_tried() {
    // Larger than all buffers between here and there, so that the end is noticed in the middle.
    let large = message(30_000_000);
    for act in [
        Act::Close(0),
        Act::Close(1),
        Act::Close(15_000_000),
        Act::Reset(1_000_000),
        Act::Silence,
    ] {
        let relay = Relay::start(EVERYTHING).await;
        relay.once(When::Content, act.clone());
        let idle = client(&relay).connect().await.unwrap();
        let (verdict, idle) = idle.deliver(&to("rosa@example.org"), &large, &|| true).await;
        assert_eq!(
            (verdict.phase, verdict.class()),
            (Phase::Content, AWAY),
            "{act:?}: {verdict:?}"
        );
        assert!(!verdict.dot_began && idle.is_none());
        assert!(relay.seen().arrived.is_empty());
    }
}

#[tokio::test]
async fn fault_19_a_relay_that_goes_away_before_the_dot_is_noticed_before_the_dot() {
    for act in [Act::Close(20_000), Act::bye("421 4.3.2 bye")] {
        let relay = Relay::start(EVERYTHING).await;
        relay.once(When::Content, act);
        let mut large = message(30_000_000);
        large.truncate(5_000_000);
        let idle = client(&relay).connect().await.unwrap();
        let (verdict, _) = idle.deliver(&to("rosa@example.org"), &large, &|| true).await;
        assert_eq!(verdict.class(), AWAY, "{verdict:?}");
    }
}

/// The gate of a letter whose attempt is still on its way to the disk: it is settled once the relay waits for the content.
struct Late<'r> {
    relay: &'r Relay,
    outcome: bool,
    is_settled: AtomicBool,
}

impl Gate for Late<'_> {
    fn settled(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            while !self.relay.seen().lines.iter().any(|line| line.starts_with("DATA")) {
                sleep(Duration::from_millis(1)).await;
            }
            self.is_settled.store(true, Ordering::SeqCst);
        })
    }

    fn is_open(&self) -> bool {
        self.outcome && self.is_settled.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn a_letter_travels_while_its_attempt_is_recorded_and_its_dot_waits() {
    for outcome in [true, false] {
        let relay = Relay::start(EVERYTHING).await;
        let gate = Late {
            relay: &relay,
            outcome,
            is_settled: AtomicBool::new(false),
        };
        let idle = client(&relay).connect().await.unwrap();
        let (verdict, idle) = idle.deliver(&to("rosa@example.org"), &message(60_000), &gate).await;
        let class = if outcome {
            Class::Accepted
        } else {
            Class::NotTried(Trouble::Stopped)
        };
        assert_eq!(verdict.class(), class, "{verdict:?}");
        assert!(!verdict.dot_began || outcome);
        // Without its dot the relay throws the letter away, and the connection is of no more use.
        assert_eq!(idle.is_some(), outcome);
        assert_eq!(relay.seen().arrived.len(), usize::from(outcome));
    }
}

#[tokio::test]
async fn faults_22_to_24_after_the_dot_nobody_knows() {
    rows(vec![
        (When::Dot, Act::Close(0), Class::Unknown, false),
        (When::Dot, Act::Reset(0), Class::Unknown, false),
        (When::Dot, Act::Silence, Class::Unknown, false),
    ])
    .await;
}

#[tokio::test]
async fn faults_26_to_28_a_whole_reply_to_the_dot_is_certain() {
    rows(vec![
        (
            When::Dot,
            Act::say("451 4.3.0 later"),
            Class::Deferred(Fault::Other),
            true,
        ),
        (
            When::Dot,
            Act::say("550 5.7.1 spam"),
            Class::Failed(Fault::Policy),
            true,
        ),
        (When::Dot, Act::say("251 odd"), Class::Accepted, true),
        (When::Dot, Act::bye("421 4.3.2 bye"), AWAY, false),
    ])
    .await;
}

/// The second letter of a connection whose first was accepted.
async fn second_letter(after_dot: Act) -> (Relay, Verdict) {
    let relay = Relay::start(EVERYTHING).await;
    relay.once(When::AfterDot, after_dot);
    let smtp = client(&relay);
    let (verdict, idle) = try_once(&smtp).await;
    assert_eq!(verdict.class(), Class::Accepted);
    sleep(Duration::from_millis(100)).await;
    let idle = match idle {
        Some(idle) => idle,
        None => smtp.connect().await.unwrap(),
    };
    (relay, deliver(idle, "next@example.org").await.0)
}

#[tokio::test]
async fn faults_27_29_and_30_a_connection_that_is_not_clean_is_not_used_again() {
    let acts = [
        Act::Close(0),
        Act::Reset(0),
        Act::say("421 4.4.2 idle"),
        Act::bye("421 4.4.2 idle"),
        Act::say("250 2.0.0 once more"),
    ];
    for act in acts {
        let (relay, verdict) = second_letter(act.clone()).await;
        assert_eq!(verdict.class(), Class::Accepted, "{act:?}: {verdict:?}");
        let seen = relay.seen();
        let connections: Vec<_> = seen.arrived.iter().map(|arrived| arrived.connection).collect();
        assert_eq!(connections, [1, 2], "{act:?}");
    }
}

#[tokio::test]
async fn fault_30_two_replies_at_once_end_the_connection() {
    let twice = Act::Say(b"250 2.0.0 ok\r\n550 5.1.1 who\r\n".to_vec());
    row(When::Dot, twice, Class::Accepted, false).await;
}

#[tokio::test]
async fn fault_31_a_letter_that_is_too_large_pauses_the_issue() {
    let too_large = Class::NotTried(Trouble::Size);
    rows(vec![
        (When::Mail, Act::say("552 5.3.4 too large"), too_large, true),
        (When::Dot, Act::say("552 5.3.4 too large"), too_large, true),
    ])
    .await;
    let relay = Relay::start(&["SIZE 1000"]).await;
    let idle = client(&relay).connect().await.unwrap();
    let (verdict, idle) = idle.deliver(&to("rosa@example.org"), &message(2_000), &|| true).await;
    assert_eq!((verdict.class(), idle.is_some()), (too_large, true));
    assert_eq!(relay.seen().lines.len(), 1);
}

#[tokio::test]
async fn fault_32_a_plain_relay_takes_plain_addresses_only() {
    let relay = Relay::start(&[]).await;
    let smtp = client(&relay);
    let (verdict, idle) = deliver(smtp.connect().await.unwrap(), "küche@example.org").await;
    assert_eq!(verdict.class(), Class::Failed(Fault::UnsupportedAddress));
    let (verdict, _) = deliver(idle.unwrap(), "rosa@bücher.example").await;
    assert_eq!(verdict.class(), Class::Accepted);
    let seen = relay.seen();
    assert_eq!(
        (seen.connections, seen.arrived[0].to.as_str()),
        (1, "rosa@xn--bcher-kva.example")
    );
}

#[tokio::test]
async fn faults_33_and_36_all_letters_arrive_over_short_lived_connections() {
    for act in [Act::bye("421 4.7.0 one is enough"), Act::Close(0)] {
        let relay = Relay::start(EVERYTHING).await;
        relay.always(When::AfterDot, act);
        let smtp = client(&relay);
        let (mut idle, mut accepted, mut tries) = (None, 0, 0);
        while accepted < 10 {
            tries += 1;
            assert!(tries < 30, "letters do not get through");
            let open = match idle.take() {
                Some(open) => open,
                None => smtp.connect().await.unwrap(),
            };
            let (verdict, back) = deliver(open, "rosa@example.org").await;
            assert!(matches!(verdict.class(), Class::Accepted | AWAY), "{verdict:?}");
            accepted += usize::from(verdict.class() == Class::Accepted);
            idle = back;
        }
        assert_eq!(relay.seen().arrived.len(), 10);
    }
}

#[tokio::test]
async fn fault_33_the_number_of_letters_per_connection_is_learnt() {
    let relay = Relay::start(EVERYTHING).await;
    let smtp = client(&relay);
    let (_, idle) = try_once(&smtp).await;
    relay.once(When::Mail, Act::bye("421 4.7.0 one is enough"));
    let (verdict, idle) = deliver(idle.unwrap(), "rosa@example.org").await;
    assert_eq!(
        (verdict.class(), idle.is_none()),
        (Class::Accepted, true),
        "over a new connection"
    );
    for _ in 0..3 {
        let (verdict, idle) = try_once(&smtp).await;
        assert_eq!(verdict.class(), Class::Accepted);
        assert!(idle.is_none(), "a connection was kept beyond what the relay takes");
    }
    assert_eq!(relay.seen().connections, 5);
    // A relay that says so at once is not asked again and again.
    let relay = Relay::start(EVERYTHING).await;
    relay.always(When::Mail, Act::bye("421 4.7.0 later"));
    assert_eq!(try_once(&client(&relay)).await.0.class(), AWAY);
    assert_eq!(relay.seen().connections, 1);
}

#[tokio::test]
async fn connections_end_by_themselves_at_their_caps() {
    let relay = Relay::start(EVERYTHING).await;
    let capped = config::Smtp {
        messages_per_connection: 2,
        ..settings(&relay)
    };
    let (_, idle) = try_once(&Smtp::new(&capped)).await;
    assert!(deliver(idle.unwrap(), "rosa@example.org").await.1.is_none());
    let relay = Relay::start(&["LIMITS MAILMAX=1"]).await;
    assert!(try_once(&client(&relay)).await.1.is_none());
    // One that rested too long is replaced before it is used.
    let relay = Relay::start(EVERYTHING).await;
    let restless = Deadlines {
        idle: Duration::from_millis(50),
        ..deadlines()
    };
    let smtp = Smtp::with_deadlines(&settings(&relay), restless);
    let (_, idle) = try_once(&smtp).await;
    sleep(Duration::from_millis(100)).await;
    assert_eq!(
        deliver(idle.unwrap(), "rosa@example.org").await.0.class(),
        Class::Accepted
    );
    assert_eq!(relay.seen().connections, 2);
}

#[tokio::test]
async fn fault_34_a_limited_rate_defers_and_the_connection_stays() {
    let slow_down = Act::say("450 4.7.1 too fast");
    row(When::Rcpt, slow_down, Class::Deferred(Fault::Policy), true).await;
}

#[tokio::test]
async fn fault_38_tls_that_is_cut_short_counts_like_any_end() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = Certificate::signed(folder.path(), "localhost", 2100);
    for (when, class) in [(When::Mail, AWAY), (When::Content, AWAY), (When::Dot, Class::Unknown)] {
        let relay = Relay::start_tls(&["PIPELINING"], &certificate, true).await;
        relay.once(when, Act::Cut);
        let tls = secured(&relay, config::Tls::Implicit, &certificate.authority);
        let idle = Smtp::with_deadlines(&tls, deadlines()).connect().await.unwrap();
        let (verdict, idle) = idle
            .deliver(&to("rosa@example.org"), &message(30_000_000), &|| true)
            .await;
        assert_eq!(
            (verdict.class(), idle.is_none()),
            (class, true),
            "{when:?}: {verdict:?}"
        );
    }
    let relay = Relay::start_tls(&["PIPELINING"], &certificate, true).await;
    relay.once(When::AfterDot, Act::Cut);
    let tls = secured(&relay, config::Tls::Implicit, &certificate.authority);
    let (_, idle) = try_once(&Smtp::with_deadlines(&tls, deadlines())).await;
    sleep(Duration::from_millis(100)).await;
    assert_eq!(
        deliver(idle.unwrap(), "rosa@example.org").await.0.class(),
        Class::Accepted
    );
}

#[tokio::test]
async fn faults_39_and_40_unreadable_replies_and_odd_text() {
    for odd in ["25O ok", "2500 ok", "-50 ok", "199 ok"] {
        row(When::Rcpt, Act::say(odd), AWAY, false).await;
        row(When::Dot, Act::say(odd), Class::Unknown, false).await;
    }
    let text = |code: &[u8]| Act::Say([code, b" \0 \xFF \x1B ok\r\n"].concat());
    row(When::Dot, text(b"250"), Class::Accepted, true).await;
    row(When::Rcpt, text(b"550"), Class::Failed(Fault::Other), true).await;
}

#[tokio::test]
async fn a_closed_gate_leaves_the_letter_without_its_dot() {
    for bytes in [100, 100_000] {
        let relay = Relay::start(EVERYTHING).await;
        let idle = client(&relay).connect().await.unwrap();
        let (verdict, idle) = idle.deliver(&to("rosa@example.org"), &message(bytes), &|| false).await;
        assert_eq!(verdict.class(), Class::NotTried(Trouble::Stopped));
        assert!(idle.is_none());
        sleep(Duration::from_millis(100)).await;
        assert!(relay.seen().arrived.is_empty());
    }
}

#[tokio::test]
async fn a_letter_with_a_bare_line_end_is_not_sent_and_harms_nobody_else() {
    let relay = Relay::start(EVERYTHING).await;
    let idle = client(&relay).connect().await.unwrap();
    let smuggled = b"Subject: x\r\n\r\nx\n.\r\nMAIL FROM:<eve@example.org>\r\n";
    let (verdict, idle) = idle.deliver(&to("rosa@example.org"), smuggled, &|| true).await;
    assert_eq!(verdict.class(), Class::Failed(Fault::Message));
    assert_eq!(
        deliver(idle.unwrap(), "next@example.org").await.0.class(),
        Class::Accepted
    );
    assert_eq!(relay.seen().arrived.len(), 1);
}

#[tokio::test]
async fn a_reader_never_gets_the_reply_to_a_letter_that_was_given_up() {
    let relay = Relay::start(EVERYTHING).await;
    relay.once(When::Dot, Act::After(Duration::from_millis(300)));
    relay.once(When::Rcpt, Act::say("250 2.1.5 ok"));
    relay.once(When::Rcpt, Act::say("550 5.1.1 who"));
    let smtp = client(&relay);
    let idle = smtp.connect().await.unwrap();
    let given_up = tokio::time::timeout(Duration::from_millis(100), deliver(idle, "rosa@example.org")).await;
    assert!(given_up.is_err());
    let (verdict, _) = try_once(&smtp).await;
    assert_eq!(verdict.class(), Class::Failed(Fault::Hard));
    assert_eq!(relay.seen().connections, 2);
}

#[tokio::test]
async fn no_more_connections_are_open_than_allowed() {
    let relay = Relay::start(EVERYTHING).await;
    let one = config::Smtp {
        connections: 1,
        ..settings(&relay)
    };
    let smtp = Smtp::new(&one);
    let first = smtp.connect().await.unwrap();
    let second = tokio::time::timeout(Duration::from_millis(100), smtp.connect()).await;
    assert!(second.is_err());
    let before = Instant::now();
    first.quit().await;
    smtp.connect().await.unwrap();
    assert!(before.elapsed() < Duration::from_secs(1));
}
