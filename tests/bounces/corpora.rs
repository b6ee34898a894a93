//! Real reports with independent expectations: the shared test data, where it is at hand.

use std::fs;
use std::path::{Path, PathBuf};

use letterpress::mail::report::{self, Fate};
use letterpress::model::bounce::Class;
use serde::Deserialize;

use crate::support::shared_data;

/// What our own standing brought about, in the words of that collection.
const SENDER_SIDE: &[&str] = &[
    "rejected",
    "blocked",
    "securityerror",
    "authfailure",
    "policyviolation",
    "spamdetected",
    "requireptr",
    "contenterror",
    "badreputation",
    "virusdetected",
    "notcompliantrfc",
    "norelaying",
];

#[derive(Deserialize)]
struct Expected {
    file: String,
    public_expectation: Option<Vec<Verdict>>,
}

#[derive(Deserialize)]
struct Verdict {
    reason: String,
    hard: bool,
}

fn corpus() -> Option<PathBuf> {
    Some(shared_data()?.join("bounces")).filter(|folder| folder.is_dir())
}

fn fates(bytes: &[u8]) -> Vec<Fate> {
    let mails = report::split(bytes);
    mails
        .iter()
        .flat_map(|mail| report::read(mail).unwrap().fates)
        .collect()
}

fn lines<T: for<'a> Deserialize<'a>>(file: &Path) -> Vec<T> {
    let text = fs::read_to_string(file).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn nine_people_in_ten_are_judged_as_independent_readers_of_real_reports_judge_them() {
    let Some(folder) = corpus() else { return };
    let (mut compared, mut agreed, mut sender_side, mut complaints, mut leaves) = (0, 0, 0, 0, 0);
    let (mut findings, mut wronged) = (Vec::new(), Vec::new());
    for expected in lines::<Expected>(&folder.join("sisimai-expected.jsonl")) {
        let bytes = fs::read(folder.join("sisimai").join(&expected.file)).unwrap();
        let fates = fates(&bytes);
        for (at, verdict) in expected.public_expectation.unwrap_or_default().iter().enumerate() {
            let fate = fates.get(at).or(fates.last()).unwrap();
            let (class, is_dead) = (fate.judgement.class, fate.judgement.class == Class::Dead);
            complaints += usize::from(class == Class::Complaint);
            leaves += usize::from(class == Class::OptOut);
            if SENDER_SIDE.contains(&verdict.reason.as_str()) {
                sender_side += 1;
                if is_dead {
                    wronged.push(format!("{}: {fate:?}", expected.file));
                }
            }
            if matches!(verdict.reason.as_str(), "vacation" | "delivered") {
                assert!(
                    matches!(class, Class::Auto | Class::Delivered),
                    "{}: {fate:?}",
                    expected.file
                );
            }
            if verdict.reason == "filtered" {
                continue;
            }
            compared += 1;
            agreed += usize::from(is_dead == verdict.hard);
            if is_dead != verdict.hard {
                findings.push(format!(
                    "{} {}: {:?} {}",
                    expected.file, verdict.reason, fate.judgement, fate.said
                ));
            }
        }
    }
    assert_eq!((compared, sender_side), (207, 65));
    assert!(
        wronged.is_empty(),
        "given up for our own fault:\n{}",
        wronged.join("\n")
    );
    assert!(agreed >= 193, "{agreed} of {compared}:\n{}", findings.join("\n"));
    assert_eq!((complaints, leaves), (11, 1));
}

#[test]
fn a_report_says_the_same_whatever_ends_its_lines_and_whether_an_mbox_held_it() {
    let Some(folder) = corpus() else { return };
    for entry in fs::read_dir(folder.join("sisimai")).unwrap() {
        let path = entry.unwrap().path();
        let lf = report::split(&fs::read(&path).unwrap()).join(&b"\n"[..]);
        let with = |end: &[u8]| -> Vec<u8> { lf.split(|byte| *byte == b'\n').collect::<Vec<_>>().join(end) };
        let mbox = [b"From x@example.org Mon Jan  4 09:00:00 2027\n".to_vec(), lf.clone()].concat();
        let told = fates(&lf);
        for (name, copy) in [("CRLF", with(b"\r\n")), ("CR", with(b"\r")), ("mbox", mbox)] {
            assert_eq!(fates(&copy), told, "{name} of {}", path.display());
        }
    }
}

#[test]
fn reports_of_another_collection_mean_what_its_makers_say() {
    let Some(folder) = corpus() else { return };
    let of = |name: &str| -> Vec<Class> {
        let bytes = fs::read(folder.join("kumomta").join(name)).unwrap();
        fates(&bytes).iter().map(|fate| fate.judgement.class).collect()
    };
    let expected = [
        ("1", vec![Class::Expired]),
        ("2", vec![Class::Dead, Class::Delayed, Class::Dead]),
        ("3", vec![Class::Unknown]),
        ("4", vec![Class::Delayed]),
        ("5", vec![Class::Box]),
        ("6", vec![Class::Dead]),
        ("obsolete_arrival_date", vec![Class::Dead]),
    ];
    for (name, classes) in expected {
        assert_eq!(of(&format!("rfc3464/{name}.eml")), classes, "{name}");
    }
    for entry in fs::read_dir(folder.join("kumomta/rfc5965")).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        assert_eq!(fates(&bytes)[0].judgement.class, Class::Complaint);
    }
}

#[derive(Deserialize)]
struct Named {
    file: String,
    permanent: Vec<String>,
    temporary: Vec<String>,
}

#[test]
fn whom_a_report_is_about_is_found_in_nearly_all() {
    let Some(folder) = corpus() else { return };
    let (mut expected, mut found) = (0, 0);
    let mut missed = Vec::new();
    for one in lines::<Named>(&folder.join("flufl-expected.jsonl")) {
        let fates = fates(&fs::read(folder.join("flufl").join(&one.file)).unwrap());
        let addresses: Vec<&String> = one.permanent.iter().chain(&one.temporary).collect();
        if addresses.is_empty() {
            continue;
        }
        expected += 1;
        let named = |address: &&&String| {
            let told = |fate: &Fate| {
                fate.recipient
                    .as_deref()
                    .is_some_and(|told| told.eq_ignore_ascii_case(address))
            };
            fates.iter().any(told)
        };
        if addresses.iter().all(|address| named(&address)) {
            found += 1;
        } else {
            let told: Vec<_> = fates.iter().map(|fate| &fate.recipient).collect();
            missed.push(format!("{}: {addresses:?} {told:?}", one.file));
        }
    }
    assert_eq!(expected, 37);
    assert!(found >= 33, "{found} of {expected}:\n{}", missed.join("\n"));
}

#[test]
fn no_report_that_broke_on_its_way_stops_the_reader() {
    let Some(folder) = corpus() else { return };
    let mut seed = 1_u64;
    let mut draw = |below: usize| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % below.max(1)
    };
    for entry in fs::read_dir(folder.join("sisimai")).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        for _ in 0..20 {
            let mut broken = bytes.clone();
            for _ in 0..=draw(8) {
                let at = draw(broken.len());
                broken[at] = u8::try_from(draw(256)).unwrap();
            }
            broken.truncate(1 + draw(broken.len() * 2));
            for mail in report::split(&broken) {
                let _ = report::read(&mail);
            }
        }
    }
}
