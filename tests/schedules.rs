//! When schedules fire around every change of the clock, judged by an oracle that shares no code with us
//! (`tests/support/oracle.py`: Python's zoneinfo, minute by minute).

use chrono::DateTime;
use chrono_tz::Tz;
use letterpress::model::schedule::{CronRule, DayMatch, occurrences};
use serde_json::Value;

/// The instants at which our rule fires in one case, in seconds.
fn fires(case: &Value) -> Vec<i64> {
    let text = |key: &str| case[key].as_str().unwrap();
    let at = |key: &str| DateTime::from_timestamp(case[key].as_i64().unwrap(), 0).unwrap();
    let day_match = if case["both"] == true {
        DayMatch::All
    } else {
        DayMatch::Any
    };
    let rule = CronRule::parse(text("rule"), day_match).unwrap();
    let zone: Tz = text("zone").parse().unwrap();
    occurrences(&rule, zone, at("after"), at("until"))
        .iter()
        .filter(|occurrence| occurrence.fires())
        .map(|occurrence| occurrence.at.timestamp())
        .collect()
}

#[test]
fn a_letter_is_never_lost_nor_doubled_when_a_country_changes_its_clocks() {
    // Without the oracle's cases `what_was_left_out` says so.
    let Ok(file) = std::env::var("LETTERPRESS_TEST_ORACLE") else {
        return;
    };
    let text = std::fs::read_to_string(file).unwrap();
    let mut lines = text.lines();
    let head: Value = serde_json::from_str(lines.next().unwrap()).unwrap();
    assert_eq!(
        head["version"],
        chrono_tz::IANA_TZDB_VERSION,
        "the oracle has other zone tables: change `tzdata` in tests/judges/requirements.txt"
    );
    let (mut cases, mut wrong) = (0, Vec::new());
    for line in lines {
        let case: Value = serde_json::from_str(line).unwrap();
        // Zones that our tables call by another name are not ours to judge.
        if case["zone"].as_str().unwrap().parse::<Tz>().is_err() {
            continue;
        }
        cases += 1;
        let ours = fires(&case);
        if case["fires"] != serde_json::json!(ours) {
            wrong.push(format!("{case}\n  ours: {ours:?}"));
        }
    }
    println!("{cases} cases, {} wrong", wrong.len());
    assert!(cases > 1_000, "only {cases} cases");
    assert!(
        wrong.is_empty(),
        "{} of {cases}:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(5)].join("\n")
    );
}
