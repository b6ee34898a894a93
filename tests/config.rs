//! The config file: what an author reads when something is wrong, and what holds when nothing is.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use letterpress::config::{self, Baseline, Cadence, ConfigProblems, LegacyMode, MaxAge, Settings, Severity};
use letterpress::model::entry::Edits;
use letterpress::model::rate::Rate;
use letterpress::model::signing_key::{Algorithm, SigningKey};
use secrecy::ExposeSecret;

use crate::support;

fn read(text: &str, env: &[(&str, &str)]) -> Result<Settings, ConfigProblems> {
    read_in(Path::new("/press/letterpress.toml"), text, env)
}

fn read_in(file: &Path, text: &str, env: &[(&str, &str)]) -> Result<Settings, ConfigProblems> {
    let env = env
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    config::parse(text, file, env)
}

/// What is wrong, one line each: `key: message`.
fn wrongs(text: &str, env: &[(&str, &str)]) -> Vec<String> {
    let problems = read(text, env).expect_err("this config is wrong");
    let said = |problem: &config::Problem| format!("{}: {}", problem.key, problem.message);
    problems.0.iter().map(said).collect()
}

/// What a usable config is warned of.
fn warnings(settings: &Settings) -> Vec<String> {
    let warnings = settings
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Warning);
    warnings.map(|finding| finding.message.clone()).collect()
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

fn rate(count: u32, seconds: u64) -> Rate {
    Rate::new(count, Duration::from_secs(seconds)).expect("tests spell rates right")
}

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
    assert_eq!(settings.mail.smtp.rates, [rate(600, 60)]);
    assert_eq!(settings.mail.smtp.port, 587);
    assert_eq!(settings.mail.smtp.helo, "letters.example.org");
}

#[test]
fn somebody_without_a_config_file_still_has_settings() {
    let settings = read("", &[]).unwrap();
    assert!(settings.sources.is_empty() && settings.newsletters.is_empty());
    assert_eq!(settings.http.public_url.as_str(), "http://127.0.0.1:8080/");
    assert_eq!(settings.site.url, settings.http.public_url);
    assert_eq!(settings.mail.smtp.helo, "[127.0.0.1]");
}

#[test]
fn a_password_of_digits_keeps_its_zeros() {
    let from_file = read(MINIMAL, &[]).unwrap();
    assert_eq!(from_file.mail.smtp.password.unwrap().expose_secret(), "007");
    let from_environment = read(MINIMAL, &[("LETTERPRESS__MAIL__SMTP__PASSWORD", "0008")]).unwrap();
    assert_eq!(from_environment.mail.smtp.password.unwrap().expose_secret(), "0008");
}

/// Nearly everything that can be wrong, once.
const WRONG: &str = r##"titel = "top"

[site]
title = ""
language = "english please"
author = { name = "A. Author", email = "nobody at home", nmae = 1 }
[site.theme]
accent = "brown"
font = "comic; }"
text = "#c8b8a8"

[[sources]]
kind = "ftp"
include = "**/*.md"
exclude = ["{"]
permalink = "jekyl"
time_zone = "Berlin"
fuse = -1
every = "0s"
watch = "evnets"
body_selector = "]["
[[sources]]
id = "Blog!"
path = "/nowhere/at/all"
vanish_after = 10
authors = { ada = { nam = "Ada" } }

[feeds]
limit = "many"
content = "all"
base_url = "ftp://example.org"
max_bytes = "lots"
max_age = "15 parsecs"

[[newsletters]]
id = "notes"
time_zone = "asia/kolkatta"
look_back = "10d"
ledger = "mine"
[[newsletters.schedules]]
id = "weekly"
cron = "0 8 * * MON#2"
default = true
[[newsletters.schedules]]
id = "weekly"
cron = "*/2 * * * *"
default = true
[[newsletters.schedules]]
id = "never"
cron = "0 8 31 2 *"
[[newsletters.schedules]]
id = "monthly"
cron = "0 8 1 * *"
catch_up_at = "breakfast"
max_articles = 0
[[newsletters.schedules]]
id = "empty"
[[newsletters]]
id = "notes"

[mail]
from = "notes"
transport = "pigeon"
on_unknown = true
[mail.smtp]
host = "smtp.example.org:25"
port = 99999
tls = "none"
password = 7
rate = 50
connections = 2.5
pipelining = "perhaps"
idempotency_header = "Subject"

[templates]
dir = "missing"

[database]
url = "postgres://notes:swordfish@db.example.org/notes?sslmode=disable"

[http]
listen = "8080"
public_url = "http://letters.example.org"
trusted_proxies = ["proxy"]
"##;

#[test]
fn an_author_sees_every_mistake_at_once_with_line_and_remedy() {
    let problems = read(WRONG, &[]).unwrap_err();
    insta::assert_snapshot!(problems);
    assert!(!problems.to_string().contains("swordfish"));
}

#[test]
fn an_author_sees_every_mistake_of_spelling_at_once() {
    let problems = read(
        "[site]\ntitle = \nurl = \"x\nlanguage = \"en\"\nlanguage = \"de\"\n[mail\n",
        &[],
    )
    .unwrap_err();
    insta::assert_snapshot!(problems);
}

#[test]
fn a_script_reads_problems_as_five_fields() {
    let problems = read("[site]\nurl = \"example\"\n", &[]).unwrap_err();
    insta::assert_snapshot!(serde_json::to_string_pretty(&problems.0).unwrap());
}

#[test]
fn somebody_who_names_a_file_that_is_not_there_is_told_so() {
    let named = Path::new("/nowhere/letterpress.toml");
    let problems = config::load(Some(named), []).unwrap_err();
    assert_eq!(problems.0.len(), 1);
    assert_eq!(problems.0[0].file.as_deref(), Some("/nowhere/letterpress.toml"));
    let variable = ("LETTERPRESS_CONFIG".to_owned(), "/nowhere/else.toml".to_owned());
    let problems = config::load(None, [variable]).unwrap_err();
    assert_eq!(problems.0[0].file.as_deref(), Some("/nowhere/else.toml"));
}

#[test]
fn every_kind_of_value_can_come_from_the_environment() {
    let settings = read(
        MINIMAL,
        &[
            ("LETTERPRESS__SITE__TITLE", "From outside"),
            ("LETTERPRESS__MAIL__SMTP__PORT", "2525"),
            ("LETTERPRESS__MAIL__ENABLED", "false"),
            ("LETTERPRESS__MAIL__SMTP__RATE", "2/s"),
            ("LETTERPRESS__HTTP__TRUSTED_PROXIES", "10.0.0.1, ::1"),
            ("LETTERPRESS__HTTP__OLD_HOSTS", "Old.Example.org., http://[2001:DB8::1]"),
            ("LETTERPRESS__NEWSLETTERS__0__SCHEDULES__1__CRON", "0 9 * * TUE"),
            ("LETTERPRESS__SOURCES__0__PATH", "articles"),
            ("LETTERPRESS__SOURCES__0__BASELINE", "mail"),
            ("LETTERPRESS__SITE__DESCRIPTION", ""),
        ],
    )
    .unwrap();
    assert_eq!(settings.site.title, "From outside");
    assert_eq!((settings.mail.smtp.port, settings.mail.enabled), (2525, false));
    assert_eq!(settings.mail.smtp.rates, [rate(2, 1)]);
    assert_eq!(settings.http.trusted_proxies.len(), 2);
    let old: Vec<(&str, bool)> = settings
        .http
        .old_hosts
        .iter()
        .map(|old| (old.name.as_str(), old.plain_only))
        .collect();
    assert_eq!(old, [("old.example.org", false), ("2001:db8::1", true)]);
    let weekly = settings.newsletters[0].schedule("weekly").unwrap();
    assert_eq!(weekly.cron_text, "0 9 * * TUE");
    assert!(weekly.is_default, "what the variable does not name stays");
    assert_eq!(settings.sources[0].path, Path::new("/press/articles"));
    assert_eq!(settings.sources[0].id, "folder-articles");
    assert_eq!(settings.sources[0].baseline, Baseline::Mail);
}

#[test]
fn a_wrong_value_from_the_environment_names_its_variable() {
    let problems = read(MINIMAL, &[("LETTERPRESS__MAIL__SMTP__PORT", "many")]).unwrap_err();
    assert_eq!((problems.0[0].file.clone(), problems.0[0].line), (None, None));
    assert!(problems.0[0].message.contains("LETTERPRESS__MAIL__SMTP__PORT"));
    let said = wrongs(MINIMAL, &[("LETTERPRESS__MIAL__FROM", "x")]);
    assert_eq!(
        said,
        ["mial: is not a known key (from the environment variables LETTERPRESS__MIAL__…)"]
    );
    let said = wrongs(MINIMAL, &[("LETTERPRESS__MAIL__SMTP__HOTS", "x")]);
    assert_eq!(
        said,
        ["mail.smtp.hots: is not a known key (from the environment variable LETTERPRESS__MAIL__SMTP__HOTS)"]
    );
}

#[test]
fn a_variable_with_one_underscore_too_few_is_pointed_out() {
    let settings = read(
        MINIMAL,
        &[("LETTERPRESS_MAIL__SMTP__HOST", "x"), ("LETTERPRESS_LOG", "info")],
    )
    .unwrap();
    assert_eq!(
        warnings(&settings),
        ["the environment variable LETTERPRESS_MAIL__SMTP__HOST looks like a key but is ignored"]
    );
    assert!(settings.findings[0].remedy.contains("LETTERPRESS__MAIL__SMTP__HOST"));
}

fn secret_file(folder: &Path, name: &str, text: &str, mode: u32) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    path
}

#[test]
fn secrets_come_from_files_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    secret_file(folder.path(), "smtp", " 007 \n", 0o600);
    secret_file(folder.path(), "database", "sqlite://other.db\n", 0o640);
    let text = MINIMAL.replace("password = \"007\"", "password_file = \"smtp\"");
    let text = format!("{text}\n[database]\nurl_file = \"database\"\n");
    let settings = read_in(&folder.path().join("letterpress.toml"), &text, &[]).unwrap();
    assert_eq!(settings.mail.smtp.password.as_ref().unwrap().expose_secret(), " 007 ");
    assert!(settings.database.url.expose_secret().ends_with("/other.db"));
    let warnings = warnings(&settings);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("mode 0640"));
}

#[test]
fn a_secret_may_not_stand_in_two_places_nor_in_a_file_that_all_can_read_unnoticed() {
    let both = MINIMAL.replace("password = ", "password_file = \"/dev/null\"\npassword = ");
    let said = wrongs(&both, &[]);
    assert!(
        said.iter()
            .any(|wrong| wrong == "mail.smtp.password: stands beside `password_file`")
    );
    let folder = tempfile::tempdir().unwrap();
    let file = secret_file(folder.path(), "letterpress.toml", MINIMAL, 0o644);
    let settings = config::load(Some(&file), []).unwrap();
    assert!(warnings(&settings)[0].starts_with("holds a secret"));
}

#[test]
fn a_database_on_another_machine_is_verified_and_needs_a_state_folder() {
    let with = |url: &str| format!("[database]\nurl = \"{url}\"\n[state]\ndir = \"state\"\n");
    let opened = |url: &str| {
        let settings = read(&with(url), &[]).unwrap();
        settings.database.url.expose_secret().to_owned()
    };
    assert_eq!(
        opened("postgres://n@db.example.org/n"),
        "postgres://n@db.example.org/n?sslmode=verify-full"
    );
    for here in [
        "postgres://n@127.0.0.1:5432/n",
        "postgres://n@localhost/n?sslmode=disable",
        "postgres:///n?host=/run/postgresql",
        "postgres://n@[::1]/n",
    ] {
        assert_eq!(opened(here), here);
    }
    for mode in ["disable", "prefer", "require"] {
        let said = wrongs(&with(&format!("postgres://n@10.0.0.7/n?sslmode={mode}")), &[]);
        assert!(said[0].starts_with("database.url: `sslmode="), "{said:?}");
    }
    let said = wrongs("[database]\nurl = \"postgres://n@localhost/n\"\n", &[]);
    assert_eq!(said, ["state.dir: is missing"]);
}

#[test]
fn a_missing_source_folder_is_a_problem_that_keeps_nobody_from_unsubscribing() {
    let settings = read(&format!("{MINIMAL}\n[[sources]]\npath = \"gone\"\n"), &[]).unwrap();
    assert_eq!(settings.findings.len(), 1);
    assert_eq!(settings.findings[0].severity, Severity::Error);
    assert_eq!(settings.findings[0].line, Some(29));
}

#[test]
fn a_yearly_letter_needs_a_look_back_that_reaches_its_articles() {
    let yearly = MINIMAL.replace("0 8 * * MON", "@yearly");
    assert_eq!(
        wrongs(&yearly, &[]),
        [
            "newsletters[0].look_back: 90 days are less than twice the longest time between two issues of \"weekly\" (366 days)"
        ]
    );
    let enough = yearly.replace("id = \"notes\"", "id = \"notes\"\nlook_back = \"732d\"");
    read(&enough, &[]).unwrap();
}

#[test]
fn an_author_who_moves_says_until_when_addresses_were_ids() {
    let with = |line: &str| MINIMAL.replace("[http]", &format!("[feeds]\n{line}\n[http]"));
    let read_feeds = |line: &str| read(&with(line), &[]).unwrap().feeds;
    let midnight = support::at("2026-12-01T00:00:00Z");
    for day in ["2026-12-01", "\"2026-12-01\""] {
        let feeds = read_feeds(&format!("legacy_ids = {{ mode = \"permalink\", before = {day} }}"));
        let legacy = feeds.legacy_ids.unwrap();
        assert_eq!((legacy.mode, legacy.before), (LegacyMode::Permalink, midnight), "{day}");
    }
    let feeds = read_feeds("legacy_ids = { mode = \"jekyll\", before = 2026-12-01 }");
    assert_eq!(feeds.legacy_ids.unwrap().mode, LegacyMode::Jekyll);
    assert_eq!(read_feeds("max_age = \"adaptive\"").max_age, MaxAge::Adaptive);
    assert_eq!(read_feeds("updated = \"content\"").updated, Edits::Content);
    for (line, wrong) in [
        (
            "legacy_ids = { mode = \"permalink\" }",
            "feeds.legacy_ids.before: is missing",
        ),
        (
            "legacy_ids = { before = 2026-12-01 }",
            "feeds.legacy_ids.mode: is missing",
        ),
        (
            "legacy_ids = { mode = \"hugo\", before = 2026-12-01 }",
            "feeds.legacy_ids.mode: \"hugo\" is not possible here",
        ),
        (
            "legacy_ids = { mode = \"permalink\", before = \"soon\" }",
            "feeds.legacy_ids.before: \"soon\" is no day",
        ),
        (
            "legacy_ids = { mode = \"permalink\", before = 2026-12-01, after = 1 }",
            "feeds.legacy_ids.after: is not a known key",
        ),
    ] {
        assert_eq!(wrongs(&with(line), &[]), [wrong], "{line}");
    }
}

fn example() -> (PathBuf, String) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/letterpress.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    (file, text)
}

/// `#key = value` as the key and what a person gets by taking the `#` away.
fn commented(line: &str) -> Option<(&str, &str)> {
    let line = line
        .strip_prefix('#')
        .filter(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()))?;
    Some((line.split_once(" = ")?.0, line))
}

#[test]
fn the_example_holds_and_what_it_calls_defaults_are_the_defaults() {
    let (file, text) = example();
    let as_it_stands = read_in(&file, &text, &[]).unwrap();
    assert_eq!(as_it_stands.findings, []);
    let written_out: Vec<&str> = text
        .lines()
        .map(|line| match commented(line) {
            Some((_, set)) if !line.contains("none by default") => set,
            _ => line,
        })
        .collect();
    let written_out = read_in(&file, &written_out.join("\n"), &[]).unwrap();
    assert_eq!(format!("{written_out:#?}"), format!("{as_it_stands:#?}"));
    assert_eq!(
        written_out.database.url.expose_secret(),
        as_it_stands.database.url.expose_secret()
    );
}

#[test]
fn every_line_of_the_example_that_has_no_default_can_be_used_as_it_is_written() {
    let (file, text) = example();
    let lines: Vec<&str> = text.lines().collect();
    for (place, line) in lines.iter().enumerate() {
        let Some((key, set)) = commented(line) else { continue };
        let mut lines = lines.clone();
        lines[place] = set;
        // Of files that are named only their absence may be wrong, of a login only the other half, and `…` is no key.
        let wrong = match read_in(&file, &lines.join("\n"), &[]) {
            Err(problems) => problems.0,
            Ok(_) => Vec::new(),
        };
        for problem in wrong.iter().filter(|problem| problem.severity == Severity::Error) {
            let known = [
                "cannot be read",
                "is not a file",
                "there is no folder",
                "stands without",
                "is no private key",
            ];
            assert!(
                known.iter().any(|known| problem.message.contains(known)),
                "{key}: {problem}"
            );
        }
    }
}

#[test]
fn the_kinds_of_sources_in_the_example_can_be_used_as_they_are_written() {
    let (file, text) = example();
    let shown: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("#   ")).collect();
    let text = text.replace("\n[feeds]\n", &format!("\n{}\n[feeds]\n", shown.join("\n")));
    let known = ["there is no folder", "cannot be read"];
    let found = match read_in(&file, &text, &[]) {
        Ok(settings) => settings.findings,
        Err(problems) => problems.0,
    };
    for problem in &found {
        assert!(known.iter().any(|known| problem.message.contains(known)), "{problem}");
    }
    let without_file = text.replace("password_file = ", "#");
    let settings = read_in(&file, &without_file, &[]).unwrap();
    let kinds: Vec<&str> = settings.sources.iter().map(|source| source.kind.word()).collect();
    assert_eq!(kinds, ["folder", "site", "feed", "table"]);
    let ids: Vec<&str> = settings.sources.iter().map(|source| source.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "folder-content",
            "site-public",
            "feed-example-org-atom-xml",
            "table-blog"
        ]
    );
    let every: Vec<u64> = settings.sources.iter().map(|source| source.every.as_secs()).collect();
    assert_eq!(every, [30, 30, 1_800, 60]);
}

#[test]
fn what_a_kind_of_source_cannot_have_is_told_with_what_to_write() {
    for (lines, wrong) in [
        ("kind = \"feed\"", "sources[0].url: is missing"),
        (
            "kind = \"feed\"\nurl = \"https://me:secret@example.org/\"",
            "sources[0].url: holds a name or password",
        ),
        (
            "kind = \"feed\"\nurl = \"https://example.org/a\"\nevery = \"10s\"",
            "sources[0].every: is too often for another's server",
        ),
        (
            "kind = \"feed\"\nurl = \"https://example.org/a\"\npath = \"x\"",
            "sources[0].path: is not a known key",
        ),
        ("kind = \"site\"", "sources[0].path: is missing"),
        (
            "kind = \"site\"\npath = \"/\"\nfeed = \"../x.xml\"",
            "sources[0].feed: \"../x.xml\" is no path below `path`",
        ),
        (
            "kind = \"table\"\nquery = \"SELECT 1\"",
            "sources[0].database: is missing",
        ),
        (
            "kind = \"table\"\ndatabase = \"sqlite://a.db\"",
            "sources[0].query: is missing",
        ),
        (
            "kind = \"table\"\ndatabase = \"sqlite://a.db\"\nquery = \"DROP TABLE x\"",
            "sources[0].query: is no query that only reads",
        ),
        (
            "kind = \"table\"\ndatabase = \"postgres://me:secret@localhost/x\"\nquery = \"SELECT 1\"",
            "sources[0].database: holds a password",
        ),
        (
            "kind = \"table\"\ndatabase = \"postgres://localhost/x?password=secret\"\nquery = \"SELECT 1\"",
            "sources[0].database: holds a password",
        ),
        (
            "kind = \"table\"\ndatabase = \"mysql://x/y\"\nquery = \"SELECT 1\"",
            "sources[0].database: `mysql` is not a known kind of database",
        ),
    ] {
        let text = format!("{MINIMAL}\n[[sources]]\n{lines}\n");
        let problems = wrongs(&text, &[]);
        assert_eq!(problems, [wrong], "{lines}");
        assert!(!problems[0].contains("secret"));
    }
}

#[test]
fn every_key_that_there_is_stands_in_the_example() {
    let (file, text) = example();
    let mut in_example = BTreeSet::new();
    let mut section = String::new();
    let mut asked = String::new();
    for line in text.lines() {
        asked.push_str(line);
        asked.push('\n');
        if line.starts_with('[') {
            section = line.trim_matches(['[', ']']).to_owned();
            asked.push_str("zzzzzzzzzzzz = 1\n");
            in_example.extend(section.split_once('.').map(|(outer, inner)| format!("{outer}.{inner}")));
        } else if let Some((key, _)) = commented(line).or_else(|| line.split_once(" = ")) {
            in_example.insert(format!("{section}.{key}"));
        }
    }
    // An unknown key in every section makes the loader name all that it knows there.
    let problems = read_in(&file, &asked, &[]).unwrap_err();
    let mut known = 0;
    for problem in &problems.0 {
        let place: String = problem
            .key
            .replace(|c: char| c.is_ascii_digit() || "[]".contains(c), "");
        let section = place.trim_end_matches(".zzzzzzzzzzzz");
        let keys = problem
            .remedy
            .split("known here are ")
            .nth(1)
            .expect("the remedy lists the keys");
        for key in keys.split(", ") {
            known += 1;
            assert!(
                in_example.contains(&format!("{section}.{key}")),
                "the example lacks {section}.{key}"
            );
        }
    }
    assert!(known > 100, "only {known} keys are known");
}

/// A config that signs, with the key files `rsa.pem` and `ed.pem` beside it.
fn signing(folder: &Path, dkim: &str) -> Result<Settings, ConfigProblems> {
    for (name, algorithm) in [("rsa.pem", Algorithm::Rsa), ("ed.pem", Algorithm::Ed25519)] {
        let (_, pem) = SigningKey::generate(algorithm).unwrap();
        secret_file(folder, name, &pem, 0o600);
    }
    secret_file(folder, "rubbish.pem", "not a key\n", 0o600);
    let text = format!("{MINIMAL}\n[mail.dkim]\n{dkim}\n");
    read_in(&folder.join("letterpress.toml"), &text, &[])
}

#[test]
fn letters_are_signed_with_both_keys_and_for_the_senders_domain() {
    let folder = tempfile::tempdir().unwrap();
    let keys = "selector = \"a\"\nkey_file = \"rsa.pem\"\ned25519 = { selector = \"b\", key_file = \"ed.pem\" }";
    let settings = signing(folder.path(), keys).unwrap();
    let dkim = settings.mail.dkim.unwrap();
    assert_eq!(dkim.domain, settings.mail.from.address.domain());
    let selectors: Vec<_> = dkim.keys.iter().map(|key| key.selector.as_str()).collect();
    assert_eq!(selectors, ["a", "b"]);
    let by_relay = signing(folder.path(), "selector = \"theirs\"\nsign = false").unwrap();
    let dkim = by_relay.mail.dkim.unwrap();
    assert_eq!(
        (dkim.selector.as_str(), dkim.keys.len(), dkim.sign),
        ("theirs", 0, false)
    );
    assert!(signing(folder.path(), "").unwrap().mail.dkim.is_none());
}

#[test]
fn a_key_that_cannot_sign_is_an_error_and_never_an_unsigned_letter() {
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        ("selector = \"a\"", "mail.dkim.selector: stands without a `key_file`"),
        (
            "key_file = \"rsa.pem\"",
            "mail.dkim.key_file: stands without a `selector`",
        ),
        ("selector = \"a\"\nkey_file = \"gone.pem\"", "mail.dkim.key_file: "),
        (
            "selector = \"a\"\nkey_file = \"rubbish.pem\"",
            "mail.dkim.key_file: is no private key in PEM form",
        ),
        (
            "selector = \"a\"\nkey_file = \"ed.pem\"",
            "mail.dkim.key_file: is a key of the other kind",
        ),
        (
            "selector = \"a\"\nkey_file = \"rsa.pem\"\ndomain = \"other.example\"",
            "mail.dkim.domain: is not the domain of `mail.from`",
        ),
    ];
    for (dkim, expected) in cases {
        let problems = signing(folder.path(), dkim).unwrap_err().to_string();
        assert!(problems.contains(expected), "{dkim}: {problems}");
    }
}

#[test]
fn a_webhook_that_nothing_could_make_authentic_is_refused() {
    let told = |lines: &str| read(&format!("{MINIMAL}\n{lines}\n"), &[]);
    for (lines, words) in [
        (
            "[bounces.postmark]",
            "bounces.postmark: says not how its webhooks are known",
        ),
        (
            "[bounces.resend]\nsecret = \"not base64!\"",
            "is not the signing secret of a webhook",
        ),
        ("[bounces.mailgun]\nsecret = \"\"", "must be text that is not empty"),
        ("[bounces.fax]", "bounces.fax"),
    ] {
        let error = told(lines).unwrap_err().to_string();
        assert!(error.contains(words), "{lines}: {error}");
    }
    let hooks = told("[bounces.ses]\ntopics = [\"arn:aws:sns:x\"]\n[bounces.mailgun]\nsecret = \"key\"").unwrap();
    assert_eq!(hooks.bounces.hooks.len(), 2);
    assert!(
        !format!("{:?}", hooks.bounces).contains("key\""),
        "a secret is never shown"
    );
}

#[test]
fn returned_letters_go_to_one_place_only() {
    let both = format!("{MINIMAL}\n[bounces]\ndomain = \"b.example.org\"\nmailbox = \"b@example.org\"\n");
    assert!(
        read(&both, &[])
            .unwrap_err()
            .to_string()
            .contains("bounces.mailbox: stands beside `domain`")
    );
    let long = format!("{MINIMAL}\n[bounces]\nmailbox = \"{}@example.org\"\n", "b".repeat(30));
    assert!(read(&long, &[]).unwrap_err().to_string().contains("leaves no room"));
}

#[test]
fn an_author_who_sets_up_hubs_wrongly_is_told_what_to_write() {
    for (line, expected) in [
        (
            "hubs = [\"hub.example.org\"]",
            "feeds.websub.hubs: \"hub.example.org\" is not a web address",
        ),
        (
            "lease = \"5m\"",
            "feeds.websub.lease: is too short or too long for a subscription",
        ),
        (
            "lease = \"31d\"",
            "feeds.websub.lease: is too short or too long for a subscription",
        ),
        (
            "signature = \"md5\"",
            "feeds.websub.signature: \"md5\" is not possible here",
        ),
        (
            "allow_private = [\"10.0.0.0/99\"]",
            "feeds.websub.allow_private: \"10.0.0.0/99\" is no network",
        ),
        ("hub = []", "feeds.websub.hub: is not a known key"),
    ] {
        assert_eq!(wrongs(&format!("{MINIMAL}\n[feeds.websub]\n{line}\n"), &[]), [expected]);
    }
}

#[test]
fn feeds_name_each_hub_once_and_the_built_in_one_only_where_it_can_be_asked() {
    let hubs = |text: &str| read(text, &[]).unwrap().hubs();
    let own = "https://letters.example.org/websub";
    assert_eq!(hubs(MINIMAL), [own]);
    let twice =
        format!("{MINIMAL}\n[feeds.websub]\nhubs = [\"https://hub.example\", \"https://hub.example/\", \"{own}\"]\n");
    assert_eq!(hubs(&twice), [own, "https://hub.example/"]);
    let others = twice.replace("[feeds.websub]", "[feeds.websub]\nbuiltin = false");
    assert_eq!(hubs(&others), ["https://hub.example/", own]);
    // Both on this machine: for trying out.
    assert_eq!(hubs(""), ["http://127.0.0.1:8080/websub"]);
    // Files for a static host, made where nobody else can ask.
    assert!(hubs("[feeds]\nbase_url = \"https://example.org/\"\n").is_empty());
    let wanted = "[feeds]\nbase_url = \"https://example.org/\"\n[feeds.websub]\nbuiltin = true\n";
    let said = warnings(&read(wanted, &[]).unwrap());
    assert!(said[0].starts_with("changes nothing: http.public_url"), "{said:?}");
    let passed_through = format!("{MINIMAL}\n[feeds]\nbase_url = \"https://example.org/\"\n");
    assert_eq!(hubs(&passed_through), [own]);
}

#[test]
fn an_author_is_refused_an_address_that_leads_on_twice_or_is_gone_and_there() {
    let found = |lines: &str| {
        let text = format!("{MINIMAL}\n[feeds]\n{lines}\n");
        match read(&text, &[]) {
            Ok(_) => Vec::new(),
            Err(_) => wrongs(&text, &[]),
        }
    };
    for (lines, message) in [
        (
            "aliases = { \"/x\" = \"/feed\" }",
            "feeds.aliases: \"/x\" leads to \"/feed\", which leads on to \"/rss.xml\"",
        ),
        (
            "aliases = { \"/x\" = \"/Atom.xml\" }",
            "feeds.aliases: \"/x\" leads to \"/Atom.xml\", which leads on to \"/atom.xml\"",
        ),
        (
            "aliases = { \"/feeds\" = \"/rss.xml\" }",
            "feeds.aliases: \"/feeds\" is a feed or page that is served",
        ),
        (
            "aliases = { \"/x\" = \"/rss.xml\" }\nretired = [\"/x\"]",
            "feeds.aliases: \"/x\" is in `retired`, too",
        ),
        (
            "retired = [\"/feeds\"]",
            "feeds.retired: \"/feeds\" is a feed or page that is served",
        ),
        (
            "retired = [\"/feeds.opml\"]",
            "feeds.retired: \"/feeds.opml\" is a feed or page that is served",
        ),
        (
            "retired = [\"/rss.xml\"]",
            "feeds.retired: \"/rss.xml\" is a feed or page that is served",
        ),
    ] {
        assert_eq!(found(lines), [message], "{lines}");
    }
    let good =
        "aliases = { \"/feed\" = \"/atom.xml\", \"/x\" = \"/feeds\" }\nretired = [\"/rss\", \"/tag/old/rss.xml\"]";
    assert_eq!(found(good), [""; 0]);
}

#[test]
fn no_reader_is_led_in_a_circle() {
    let at = |old_hosts: &str, base_url: &str| {
        let variables = [
            ("LETTERPRESS__HTTP__PUBLIC_URL", "https://letters.example.org"),
            ("LETTERPRESS__HTTP__OLD_HOSTS", old_hosts),
            ("LETTERPRESS__FEEDS__BASE_URL", base_url),
        ];
        let read = read(MINIMAL, &variables);
        read.map(|_| ()).map_err(|problems| problems.to_string())
    };
    let here = "https://letters.example.org";
    let refused = at("LETTERS.example.org", here).unwrap_err();
    assert!(
        refused.contains("http.old_hosts: leads `letters.example.org` to itself"),
        "{refused}"
    );
    let refused = at("notes.example", "https://notes.example/feeds/").unwrap_err();
    assert!(
        refused.contains("feeds.base_url: is at a host that http.old_hosts leads elsewhere"),
        "{refused}"
    );
    for wrong in [
        "https://old.example",
        "old.example:8080",
        "old.example/path",
        "http://",
        "a b",
    ] {
        let refused = at(wrong, here).unwrap_err();
        assert!(refused.contains("http.old_hosts"), "{wrong}: {refused}");
    }
    at("http://letters.example.org, old.example.org", here).unwrap();
}
