//! The walls of the house: who may import whom, how long a file or function may be, and which words may stand where.
//!
//! The sources are read as text, with comments and string contents masked and test code removed; that is enough for
//! every rule here and keeps the check independent of any parser of the language. Each finding names file and line.

mod reading;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use reading::Source;

const NOUNS: &[&str] = &["model"];
const GROUND: &[&str] = &["config", "telemetry", "faults"];
const SHELVES: &[&str] = &["source", "feed", "template", "mail", "store"];
const VERBS: &[&str] = &[
    "ingest",
    "syndicate",
    "compose",
    "deliver",
    "subscribe",
    "bounces",
    "feedback",
    "retain",
];
const DOORS: &[&str] = &["worker", "http"];

const LONGEST_FUNCTION: usize = 60;
const LONGEST_FILE: usize = 400;
const LONGEST_MAIN: usize = 40;

/// Crates that one module owns; the others see what that module makes of them.
const OWNED_CRATES: &[(&str, &[&str])] = &[
    ("rss", &["feed"]),
    ("atom_syndication", &["feed"]),
    ("sqlx", &["store"]),
    ("lettre", &["mail"]),
    ("mail_parser", &["mail"]),
    ("handlebars", &["template"]),
    ("axum", &["http"]),
    ("clap", &["cli", "main"]),
    ("reqwest", &["source"]),
];

/// The author's own query on the author's own database is a source like any other, and runs here.
const READS_TABLES: &str = "src/source/table/";

/// Calls that read the wall clock or draw chance: only the composition root makes the real ones.
const CLOCK_AND_CHANCE: &[&str] = &[
    "Utc::now",
    "Local::now",
    "SystemTime::now",
    "Ulid::new",
    "rand::fill",
    "SystemRandom",
    "Ulid::from_datetime",
];

/// The library of signatures takes chance from nobody but itself: a key is drawn inside it, and an RSA signature asks for
/// chance and uses none.
const SIGNS: &str = "src/model/signing_key.rs";

/// A noun has no I/O.
const IO_WORDS: &[&str] = &["std::fs", "std::process", "std::env", "tokio::"];

/// Statements begin like this; text for people does not.
const SQL_STARTS: &[&str] = &[
    "SELECT ",
    "INSERT INTO ",
    "INSERT OR ",
    "UPDATE ",
    "DELETE FROM ",
    "CREATE TABLE ",
    "CREATE INDEX ",
    "PRAGMA ",
];

/// The modules that `module` may import; `None` for a module that has no place in the house.
fn allowed(module: &str) -> Option<Vec<&'static str>> {
    let layers = |several: &[&[&'static str]]| several.concat();
    match module {
        "model" => Some(Vec::new()),
        "config" | "telemetry" | "faults" => Some(layers(&[NOUNS])),
        "app" => Some(layers(&[NOUNS, GROUND, SHELVES])),
        shelf if SHELVES.contains(&shelf) => Some(layers(&[NOUNS, GROUND])),
        verb if VERBS.contains(&verb) => Some(layers(&[NOUNS, GROUND, SHELVES, &["app"]])),
        door if DOORS.contains(&door) => Some(layers(&[NOUNS, GROUND, &["app"], VERBS])),
        "cli" => Some(layers(&[NOUNS, GROUND, SHELVES, &["app"], VERBS, DOORS])),
        _ => None,
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn house() -> Vec<Source> {
    let found = reading::read_tree(&root().join("src"), Path::new("src"));
    assert!(found.len() > 10, "the sources under src were not found");
    found
}

fn hold(findings: &[String]) {
    assert!(
        findings.is_empty(),
        "{} finding(s):\n{}",
        findings.len(),
        findings.join("\n")
    );
}

#[test]
fn every_module_imports_only_what_its_layer_allows() {
    let mut findings = Vec::new();
    for source in house() {
        let Some(own) = source.top_module() else { continue };
        let Some(allowed) = allowed(own) else {
            findings.push(format!("{}:1: module `{own}` is not in the layer table", source.path));
            continue;
        };
        for (line, target) in source.imports() {
            if target != own && !allowed.contains(&target.as_str()) {
                findings.push(format!("{}:{line}: `{own}` may not import `{target}`", source.path));
            }
        }
    }
    hold(&findings);
}

#[test]
fn imports_between_modules_never_form_a_circle() {
    let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut places: BTreeMap<(String, String), String> = BTreeMap::new();
    for source in house() {
        let Some(own) = source.top_module() else { continue };
        for (line, target) in source.imports().into_iter().filter(|(_, target)| target != own) {
            places
                .entry((own.to_owned(), target.clone()))
                .or_insert_with(|| format!("{}:{line}", source.path));
            edges.entry(own.to_owned()).or_default().insert(target);
        }
    }
    let findings: Vec<String> = edges
        .keys()
        .filter_map(|start| circle_through(start, &edges))
        .map(|circle| {
            let shown = places
                .get(&(circle[0].clone(), circle[1].clone()))
                .cloned()
                .unwrap_or_default();
            format!("{shown}: {}", circle.join(" → "))
        })
        .collect();
    hold(&findings);
}

/// The shortest way from `start` back to itself.
fn circle_through(start: &str, edges: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    let mut ways = vec![vec![start.to_owned()]];
    let mut seen = BTreeSet::new();
    while let Some(way) = (!ways.is_empty()).then(|| ways.remove(0)) {
        let last = way.last().expect("a way holds at least its start");
        for next in edges.get(last).into_iter().flatten() {
            let longer = [way.as_slice(), std::slice::from_ref(next)].concat();
            if next == start {
                return Some(longer);
            }
            if seen.insert(next.clone()) {
                ways.push(longer);
            }
        }
    }
    None
}

#[test]
fn no_function_is_longer_than_a_screen() {
    let mut findings = Vec::new();
    for source in house() {
        for function in source
            .functions()
            .into_iter()
            .filter(|function| function.lines > LONGEST_FUNCTION)
        {
            let (path, line, name, lines) = (&source.path, function.line, &function.name, function.lines);
            findings.push(format!(
                "{path}:{line}: `{name}` has {lines} lines of code, at most {LONGEST_FUNCTION}"
            ));
        }
    }
    hold(&findings);
}

#[test]
fn no_file_is_longer_than_its_limit() {
    let mut findings = Vec::new();
    for source in house() {
        let limit = if source.path == "src/main.rs" {
            LONGEST_MAIN
        } else {
            LONGEST_FILE
        };
        if source.lines > limit {
            findings.push(format!(
                "{}:{limit}: {} lines before its tests, at most {limit}",
                source.path, source.lines
            ));
        }
    }
    hold(&findings);
}

#[test]
fn nothing_unwraps_outside_tests_and_every_expect_is_a_sentence() {
    let mut findings = Vec::new();
    for source in house() {
        for line in source.lines_with(".unwrap()") {
            findings.push(format!("{}:{line}: `.unwrap()` outside tests", source.path));
        }
        for (line, text) in source.strings_after(".expect(") {
            if text.split_whitespace().count() < 3 {
                findings.push(format!(
                    "{}:{line}: `.expect({text:?})` does not say the invariant",
                    source.path
                ));
            }
        }
    }
    hold(&findings);
}

#[test]
fn each_crate_with_an_owner_is_named_by_its_owner_only() {
    let mut findings = Vec::new();
    for source in house() {
        let own = source.top_module().unwrap_or("main");
        for (name, owners) in OWNED_CRATES {
            let derives_only = *name == "sqlx" && own == "model";
            let code = if derives_only {
                source.without_attributes()
            } else {
                source.code.clone()
            };
            if owners.contains(&own) || (*name == "sqlx" && source.path.starts_with(READS_TABLES)) {
                continue;
            }
            for line in reading::crate_mentions(&code, name) {
                findings.push(format!("{}:{line}: only src/{} names `{name}`", source.path, owners[0]));
            }
        }
    }
    hold(&findings);
}

#[test]
fn only_the_store_speaks_sql() {
    let mut findings = Vec::new();
    let speaks = |source: &&Source| source.top_module() == Some("store") || source.path.starts_with(READS_TABLES);
    for source in house().iter().filter(|source| !speaks(source)) {
        for (line, text) in &source.strings {
            if SQL_STARTS.iter().any(|start| text.trim_start().starts_with(start)) {
                findings.push(format!("{}:{line}: SQL outside src/store", source.path));
            }
        }
    }
    hold(&findings);
}

#[test]
fn only_the_composition_root_reads_the_clock_or_draws_chance() {
    let mut findings = Vec::new();
    for source in house().iter().filter(|source| source.top_module() != Some("app")) {
        for word in CLOCK_AND_CHANCE {
            let is_signing = *word == "SystemRandom" && source.path == SIGNS;
            for line in source.lines_with_word(word).into_iter().filter(|_| !is_signing) {
                findings.push(format!("{}:{line}: `{word}` outside src/app.rs", source.path));
            }
        }
    }
    hold(&findings);
}

#[test]
fn a_noun_does_no_input_or_output() {
    let mut findings = Vec::new();
    for source in house().iter().filter(|source| source.top_module() == Some("model")) {
        for word in IO_WORDS {
            for line in source.lines_with_word(word) {
                findings.push(format!("{}:{line}: `{word}` in a noun", source.path));
            }
        }
    }
    hold(&findings);
}

#[test]
fn files_are_named_after_what_is_in_them_and_exceptions_to_lints_give_a_reason() {
    let mut findings = Vec::new();
    for source in house() {
        let last = source.module.last().map_or("", String::as_str);
        if ["utils", "util", "misc", "common", "helpers"].contains(&last) {
            findings.push(format!("{}:1: `{last}` names nothing", source.path));
        }
        for line in source
            .lines_with("#[allow(")
            .into_iter()
            .chain(source.lines_with("#![allow("))
        {
            findings.push(format!("{}:{line}: use #[expect(lint, reason = \"…\")]", source.path));
        }
    }
    hold(&findings);
}

#[test]
fn every_module_of_the_map_is_in_the_layer_table() {
    let map = house()
        .into_iter()
        .find(|source| source.path == "src/lib.rs")
        .expect("src/lib.rs is the map");
    let findings: Vec<String> = reading::declared_modules(&map.code)
        .into_iter()
        .filter(|(_, name)| allowed(name).is_none())
        .map(|(line, name)| format!("src/lib.rs:{line}: `{name}` is not in the layer table"))
        .collect();
    hold(&findings);
}
