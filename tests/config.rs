//! The config file: what an author reads when something is wrong, and what holds when nothing is.

use std::path::Path;

use letterpress::config::{self, Cadence, ConfigProblems, Settings};
use secrecy::ExposeSecret;

fn read(text: &str, env: &[(&str, &str)]) -> Result<Settings, ConfigProblems> {
    let env = env
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    config::parse(text, Path::new("/press/letterpress.toml"), env)
}

const MINIMAL: &str = r#"
[site]
title = "Workshop Notes"
url = "https://example.org"

[[newsletters]]
id = "notes"
time_zone = "Asia/Kolkata"
[[newsletters.schedules]]
id = "instant"
settle = "20m"
[[newsletters.schedules]]
id = "weekly"
cron = "0 8 * * MON"
default = true

[mail]
from = "Workshop Notes <notes@example.org>"
[mail.smtp]
host = "smtp.example.org"
username = "notes"
password = "007"
rate = "600/m"

[http]
public_url = "https://letters.example.org"
"#;

#[test]
fn an_author_who_writes_little_gets_the_defaults() {
    let settings = read(MINIMAL, &[]).unwrap();
    assert_eq!(settings.findings, []);
    assert_eq!(settings.site.url.as_str(), "https://example.org/");
    assert_eq!(settings.http.address("rss.xml"), "https://letters.example.org/rss.xml");
    assert_eq!(settings.database.url.expose_secret(), "sqlite:///press/letterpress.db");
    assert_eq!(settings.state.dir, Path::new("/press/state"));
    let notes = settings.first_newsletter().unwrap();
    assert_eq!(notes.name, "Workshop Notes");
    assert_eq!(notes.default_schedule().unwrap().id, "weekly");
    assert_eq!(notes.schedule("instant").unwrap().cadence, Cadence::Instant);
    assert_eq!(settings.mail.smtp.rate, Some(10.0));
    assert_eq!(settings.mail.smtp.port, 587);
    assert_eq!(settings.mail.smtp.helo, "letters.example.org");
}

#[test]
fn a_password_of_digits_keeps_its_zeros() {
    let from_file = read(MINIMAL, &[]).unwrap();
    assert_eq!(from_file.mail.smtp.password.unwrap().expose_secret(), "007");
    let from_environment = read(MINIMAL, &[("LETTERPRESS__MAIL__SMTP__PASSWORD", "0008")]).unwrap();
    assert_eq!(from_environment.mail.smtp.password.unwrap().expose_secret(), "0008");
}
