//! The commands as a person meets them: exit codes, what they print, what they leave behind.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// Runs the program in `folder` with nobody's settings but those that are named.
fn letterpress(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_letterpress"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("LETTERPRESS")) {
        command.env_remove(name);
    }
    command
        .current_dir(folder)
        .args(arguments)
        .output()
        .expect("the program was built with the tests")
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("the program ends by itself")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn complained(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A folder in which somebody ran `init press`.
fn fresh() -> TempDir {
    let folder = tempfile::tempdir().expect("the system has room for a folder");
    let output = letterpress(folder.path(), &["init", "press"]);
    assert_eq!(code(&output), 0, "{}", complained(&output));
    folder
}

const CONFIG: [&str; 2] = ["--config", "press/letterpress.toml"];

fn run(folder: &TempDir, arguments: &[&str]) -> Output {
    letterpress(folder.path(), &[&CONFIG, arguments].concat())
}

#[test]
fn an_author_starts_with_a_config_that_has_no_problems_and_nothing_is_overwritten() {
    let folder = fresh();
    let output = run(&folder, &["check"]);
    assert_eq!(code(&output), 0, "{}", said(&output));
    assert!(said(&output).contains("notes/weekly: at 08:00 on Mondays (UTC)"));
    assert!(said(&output).ends_with("No problems found.\n"));
    let config = std::fs::read_to_string(folder.path().join("press/letterpress.toml")).unwrap();
    assert!(
        config.contains("\ndir = \"templates\""),
        "the templates that init wrote are in use"
    );
    let again = letterpress(folder.path(), &["init", "press"]);
    assert_eq!(code(&again), 1);
    assert!(complained(&again).contains("it is there already"));
}

#[test]
fn an_author_scans_and_sees_the_first_article() {
    let folder = fresh();
    let output = run(&folder, &["articles", "scan", "--json"]);
    let report: Value = serde_json::from_str(&said(&output)).unwrap();
    assert_eq!((report["added"].as_i64(), report["held"].as_i64()), (Some(1), Some(0)));
    let output = run(&folder, &["articles", "list", "--json"]);
    let rows: Value = serde_json::from_str(&said(&output)).unwrap();
    assert_eq!(rows[0]["title"], "A first article");
    assert_eq!(rows[0]["status"], "published");
    assert_eq!(code(&run(&folder, &["check"])), 0);
}

#[test]
fn a_script_reads_the_next_times_of_each_schedule() {
    let folder = fresh();
    let output = run(&folder, &["schedule", "--next", "3", "--json"]);
    let rows: Value = serde_json::from_str(&said(&output)).unwrap();
    let weekly = rows
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["schedule"] == "weekly")
        .unwrap();
    let next = weekly["next"].as_array().unwrap();
    assert_eq!(next.len(), 3);
    assert!(
        next.iter()
            .all(|next| next["local"].as_str().unwrap().contains("T08:00:00"))
    );
    assert_eq!(weekly["past"], Value::Array(Vec::new()));
}

#[test]
fn a_wrong_config_is_exit_code_2_for_a_command_and_1_for_check() {
    let folder = fresh();
    let file = folder.path().join("press/letterpress.toml");
    let config = std::fs::read_to_string(&file).unwrap();
    std::fs::write(
        &file,
        config
            .replace("0 8 * * MON", "0 8 * * FUN")
            .replace("[feeds]", "[feeds]\nlimits = 3"),
    )
    .unwrap();
    let output = run(&folder, &["schedule"]);
    assert_eq!(code(&output), 2);
    assert!(complained(&output).contains("newsletters[0].schedules[1].cron: `FUN` is no weekday"));
    assert!(complained(&output).contains("did you mean `limit`?"));
    let output = run(&folder, &["check", "--json"]);
    assert_eq!(code(&output), 1);
    let report: Value = serde_json::from_str(&said(&output)).unwrap();
    let problems = report["problems"].as_array().unwrap();
    assert_eq!(problems.len(), 2);
    let fields: Vec<&String> = problems[0].as_object().unwrap().keys().collect();
    assert_eq!(fields.len(), 5, "{fields:?}");
    assert_eq!(problems[0]["file"], "press/letterpress.toml");
}

#[test]
fn bad_usage_is_exit_code_2_and_a_failure_is_1() {
    let folder = fresh();
    for bad in [
        vec!["schedules"],
        vec!["articles", "approve"],
        vec!["plan", "--at", "tomorrow"],
        vec![],
    ] {
        assert_eq!(code(&letterpress(folder.path(), &bad)), 2, "{bad:?}");
    }
    let missing = letterpress(folder.path(), &["--config", "nowhere.toml", "schedule"]);
    assert_eq!(code(&missing), 2);
    assert!(complained(&missing).contains("nowhere.toml"));
    let output = run(&folder, &["articles", "show", "nothing"]);
    assert_eq!(code(&output), 1);
    assert!(complained(&output).starts_with("failed to "), "{}", complained(&output));
    assert_eq!(code(&run(&folder, &["health"])), 1);
}

#[test]
fn an_operator_sees_what_a_report_means_and_a_strangers_report_changes_nothing() {
    let folder = fresh();
    let report = "From: MAILER-DAEMON@mx.example\nTo: hand@example.org\nMIME-Version: 1.0\n\
                  Content-Type: multipart/report; report-type=delivery-status; boundary=\"x\"\n\n--x\n\nI am sorry.\n\n--x\n\
                  Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n\
                  Final-Recipient: rfc822; rosa@example.org\nAction: failed\nStatus: 5.1.1\n\
                  Diagnostic-Code: smtp; 550 5.1.1 user unknown\n\n--x--\n";
    std::fs::write(folder.path().join("report.eml"), report).unwrap();
    std::fs::write(folder.path().join("empty.eml"), "\n").unwrap();
    let files = ["report.eml", "empty.eml"];
    for arguments in [
        &["bounces", "ingest", "--json", "--dry-run"][..],
        &["bounces", "ingest", "--json"],
    ] {
        let output = run(&folder, &[arguments, &files].concat());
        assert_eq!(code(&output), 0, "{}", complained(&output));
        let lines: Value = serde_json::from_str(&said(&output)).unwrap();
        let line = &lines[0];
        assert_eq!(
            [
                &line["file"],
                &line["recipient"],
                &line["class"],
                &line["action"],
                &line["status"]
            ],
            ["report.eml", "rosa@example.org", "dead", "failed", "5.1.1"]
        );
        assert_eq!(
            (&line["reply"], &line["evidence"]),
            (&Value::from(550), &Value::from("phrase: user unknown"))
        );
        assert_eq!((&line["vouched"], &line["effect"]), (&Value::from(false), &Value::Null));
        assert_eq!(lines[1]["evidence"], "not read: it is empty");
    }
    let output = run(&folder, &["bounces", "ingest", "gone.eml"]);
    assert_eq!(code(&output), 1);
    assert!(complained(&output).contains("read gone.eml"), "{}", complained(&output));
    let output = run(&folder, &["bounces", "incidents"]);
    assert_eq!(said(&output), "No domain is in doubt.\n");
}

#[test]
fn an_author_sees_after_the_first_scan_where_to_look_and_which_source_is_away() {
    let folder = fresh();
    let config = folder.path().join("press/letterpress.toml");
    let text = std::fs::read_to_string(&config).expect("init wrote it");
    let two = format!(
        "{text}\n[[sources]]\nkind = \"table\"\ndatabase = \"sqlite://away.db\"\nquery = \"SELECT id FROM posts\"\n"
    );
    std::fs::write(&config, two).expect("it can be changed");
    let first = said(&run(&folder, &["articles", "scan"]));
    for words in [
        "First scan: 1 articles go into the feeds, 0 will be mailed.",
        "  states      public 1\n",
        "  dates from  ",
        "Open one of these to see that the address is right:\n  https://",
        "source table-away: failed to ",
    ] {
        assert!(first.contains(words), "{words:?} is missing in\n{first}");
    }
    let second = said(&run(&folder, &["articles", "scan"]));
    assert!(!second.contains("Open one of these"), "{second}");
}
