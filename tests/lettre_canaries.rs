//! Defects of lettre that keep work in our hands. When one of these tests fails, lettre has changed: read the release
//! notes, and see whether the work can go back to it.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::panic::catch_unwind;

use lettre::message::Mailbox;
use lettre::transport::smtp::extension::{Extension, ServerInfo};
use lettre::transport::smtp::response::Response;
use lettre::{Address, FileTransport, Message, Transport};

fn named(name: &str) -> Mailbox {
    Mailbox::new(Some(name.to_owned()), "rosa@example.org".parse().unwrap())
}

fn letter_from(name: &str) -> Result<String, lettre::error::Error> {
    let letter = Message::builder()
        .from(named(name))
        .to(named("Ben"))
        .body("x".to_owned())?;
    Ok(String::from_utf8(letter.formatted()).unwrap())
}

#[test]
fn lettre_refuses_a_reply_without_text() {
    assert!("250\r\n".parse::<Response>().is_err());
    assert!("250 \r\n".parse::<Response>().is_ok());
}

#[test]
fn lettre_ignores_what_follows_the_first_reply() {
    let first = "250 ok\r\n550 5.1.1 who\r\n".parse::<Response>().unwrap();
    assert!(first.has_code(250));
}

#[test]
fn lettre_compares_ehlo_keywords_by_case() {
    let read = |text: &str| ServerInfo::from_response(&text.parse().unwrap()).unwrap();
    assert!(read("250-mx\r\n250 8BITMIME\r\n").supports_feature(Extension::EightBitMime));
    assert!(!read("250-mx\r\n250 8bitmime\r\n").supports_feature(Extension::EightBitMime));
}

#[test]
fn lettre_keeps_international_domains_as_they_are_and_takes_hosts_without_a_dot() {
    assert_eq!(
        "a@müller.example".parse::<Address>().unwrap().domain(),
        "müller.example"
    );
    assert!("a@localhost".parse::<Address>().is_ok());
    assert!("a@[127.0.0.1]".parse::<Address>().is_ok());
}

#[test]
fn lettre_panics_when_a_reader_s_name_has_a_line_break() {
    assert!(catch_unwind(|| letter_from("Rosa\r\nBcc: all@example.org")).is_err());
}

#[test]
fn lettre_loses_the_header_when_a_reader_s_name_has_a_nul() {
    let letter = letter_from("Rosa\0").unwrap_or_default();
    assert!(!letter.contains("From:"), "{letter}");
}

#[test]
fn lettre_names_files_by_chance_so_that_a_repeated_letter_is_there_twice() {
    let folder = tempfile::tempdir().unwrap();
    let envelope = lettre::address::Envelope::new(None, vec!["rosa@example.org".parse().unwrap()]).unwrap();
    let files = FileTransport::with_envelope(folder.path());
    let names = [(); 2].map(|()| files.send_raw(&envelope, b"x").unwrap());
    assert_ne!(names[0], names[1]);
}
