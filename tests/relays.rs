//! More than one relay, and logins by token.

use std::path::Path;

use letterpress::config::{self, Mail, Smtp};
use letterpress::mail::smtp::Relays;
use letterpress::model::verdict::{Cause, Class, Fault, Phase, Told, Trouble, Verdict};

use crate::support::faulty_smtp::{Act, Certificate, Relay, When};
use crate::support::one_letter::{message, relay_at, to};
use crate::support::settings;

const OFFERS: &[&str] = &["PIPELINING", "8BITMIME"];
const AWAY: Class = Class::NotTried(Trouble::Relay);

/// `[mail]` with these relays, in this order.
fn mail_over(relays: &[u16]) -> Mail {
    let mut mail = settings(Path::new("/nowhere")).mail;
    let mut relays = relays.iter().map(|port| relay_at(*port));
    mail.smtp = relays.next().unwrap();
    mail.fallbacks = relays.collect();
    mail
}

/// A port on which nobody listens.
fn nobody() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

async fn deliver(relays: &Relays) -> Verdict {
    match relays.connect().await {
        Ok(connected) => {
            let rosa = to("rosa@example.org");
            connected.deliver(&rosa, &message(200), &|| true).await.0
        }
        Err(verdict) => verdict,
    }
}

#[tokio::test]
async fn letters_go_over_the_next_relay_while_the_first_one_is_away() {
    let second = Relay::start(OFFERS).await;
    let relays = Relays::new(&mail_over(&[nobody(), second.address.port()]));
    for _ in 0..3 {
        assert_eq!(deliver(&relays).await.class(), Class::Accepted);
    }
    assert_eq!(second.seen().arrived.len(), 3);
}

#[tokio::test]
async fn the_first_relay_is_the_one_that_is_used_while_it_answers() {
    let (first, second) = (Relay::start(OFFERS).await, Relay::start(OFFERS).await);
    let relays = Relays::new(&mail_over(&[first.address.port(), second.address.port()]));
    for _ in 0..3 {
        assert_eq!(deliver(&relays).await.class(), Class::Accepted);
    }
    assert_eq!((first.seen().arrived.len(), second.seen().arrived.len()), (3, 0));
}

#[tokio::test]
async fn a_relay_that_turns_us_away_is_passed_over_and_not_asked_for_each_letter() {
    let (first, second) = (Relay::start(OFFERS).await, Relay::start(OFFERS).await);
    first.always(When::Greeting, Act::bye("554 5.3.2 no service"));
    let relays = Relays::new(&mail_over(&[first.address.port(), second.address.port()]));
    for _ in 0..4 {
        assert_eq!(deliver(&relays).await.class(), Class::Accepted);
    }
    assert_eq!((first.seen().connections, second.seen().arrived.len()), (1, 4));
}

#[tokio::test]
async fn a_relay_that_says_goodbye_over_an_open_connection_is_passed_over_too() {
    let (first, second) = (Relay::start(OFFERS).await, Relay::start(OFFERS).await);
    first.always(When::Mail, Act::bye("421 4.3.2 going down"));
    let relays = Relays::new(&mail_over(&[first.address.port(), second.address.port()]));
    assert_eq!(deliver(&relays).await.class(), AWAY, "the letter was not tried");
    assert_eq!(deliver(&relays).await.class(), Class::Accepted);
    assert_eq!(second.seen().arrived.len(), 1);
}

#[tokio::test]
async fn what_one_relay_refused_or_may_have_taken_is_offered_to_no_other() {
    let cases = [
        (When::Rcpt, Act::say("550 5.1.1 who"), Class::Failed(Fault::Hard)),
        (
            When::Rcpt,
            Act::say("450 4.2.0 greylisted"),
            Class::Deferred(Fault::Other),
        ),
        (When::Dot, Act::Close(0), Class::Unknown),
    ];
    for (when, act, class) in cases {
        let (first, second) = (Relay::start(OFFERS).await, Relay::start(OFFERS).await);
        first.once(when, act);
        let relays = Relays::new(&mail_over(&[first.address.port(), second.address.port()]));
        assert_eq!(deliver(&relays).await.class(), class);
        assert_eq!(deliver(&relays).await.class(), Class::Accepted);
        assert_eq!(second.seen().connections, 0, "{class:?}");
    }
}

#[tokio::test]
async fn when_all_relays_are_away_the_first_ones_trouble_is_told_and_all_are_asked_again() {
    let second = Relay::start(OFFERS).await;
    second.once(When::Greeting, Act::bye("554 5.3.2 no service"));
    let relays = Relays::new(&mail_over(&[nobody(), second.address.port()]));
    let verdict = deliver(&relays).await;
    assert_eq!((verdict.phase, verdict.class()), (Phase::Connect, AWAY));
    assert_eq!(
        deliver(&relays).await.class(),
        Class::Accepted,
        "the second one is back"
    );
}

/// A relay that takes tokens, and what a login to it needs.
async fn by_token(offer: &'static str, folder: &Path) -> (Relay, Smtp) {
    let certificate = Certificate::signed(folder, "localhost", 2100);
    let relay = Relay::start_tls(&[offer], &certificate, true).await;
    let login = Smtp {
        host: "localhost".to_owned(),
        tls: config::Tls::Implicit,
        ca_file: Some(certificate.authority.clone()),
        username: Some("notes@example.org".to_owned()),
        token_file: Some(folder.join("token")),
        ..relay_at(relay.address.port())
    };
    (relay, login)
}

#[tokio::test]
async fn a_token_is_read_anew_for_each_login() {
    let folder = tempfile::tempdir().unwrap();
    let (relay, login) = by_token("AUTH PLAIN XOAUTH2", folder.path()).await;
    let smtp = letterpress::mail::smtp::Smtp::new(&login);
    for token in ["first", "second\n"] {
        std::fs::write(folder.path().join("token"), token).unwrap();
        smtp.connect().await.unwrap();
        let words = format!("user=notes@example.org\u{1}auth=Bearer {}\u{1}\u{1}", token.trim());
        let expected = format!("AUTH XOAUTH2 {}", data_encoding::BASE64.encode(words.as_bytes()));
        assert!(relay.seen().lines.contains(&expected), "{:?}", relay.seen().lines);
    }
}

#[tokio::test]
async fn a_token_that_is_refused_missing_or_not_wanted_stops_everything_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let (_relay, login) = by_token("AUTH PLAIN XOAUTH2", folder.path()).await;
    let refused = |login: &Smtp| {
        let smtp = letterpress::mail::smtp::Smtp::new(login);
        async move { smtp.connect().await.unwrap_err() }
    };
    let verdict = refused(&login).await;
    assert!(matches!(verdict.told, Told::Cause(Cause::TokenFile(_))), "{verdict:?}");
    assert_eq!(verdict.class(), Class::NotTried(Trouble::Login));
    std::fs::write(folder.path().join("token"), "old").unwrap();
    let (relay, login) = by_token("AUTH XOAUTH2", folder.path()).await;
    relay.once(When::Auth, Act::say("334 eyJzdGF0dXMiOiI0MDEifQ=="));
    let verdict = refused(&login).await;
    assert_eq!(
        (verdict.phase, verdict.class()),
        (Phase::Auth, Class::NotTried(Trouble::Login))
    );
    assert!(
        relay.seen().lines.contains(&String::new()),
        "an empty line asks for the refusal"
    );
    let (_relay, login) = by_token("AUTH PLAIN LOGIN", folder.path()).await;
    assert_eq!(refused(&login).await.told, Told::Cause(Cause::NoTokens));
}
