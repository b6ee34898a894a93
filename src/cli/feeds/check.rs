//! `feeds check`: examines any feed, and how it is served.

use std::io::Read;

use clap::Args;
use serde::Serialize;
use url::Url;

use super::super::output::{json, line};
use super::super::{Code, Session};
use super::web;
use crate::app::SystemClock;
use crate::feed::check::{Dialect, Examination, Finding, Flaw, MOST_BYTES, Specimen, Weight, examine};
use crate::model::clock::Clock;

/// `feeds check`
#[derive(Debug, Args)]
#[command(
    after_help = "Examines RSS, Atom and JSON Feed, also foreign ones: form, ids, dates, addresses, content. At an address \
                  also how it is served: status, redirects, type, conditional requests, compression. Of a web page the feeds \
                  that it announces are examined.\n\
                  Exit code 1 when something is an error; warnings alone are exit code 0.\n\n\
                  Examples:\n  letterpress feeds check public/rss.xml\n  letterpress feeds check https://example.org/\n  \
                  letterpress feeds check - < feed.json"
)]
pub(in crate::cli) struct Check {
    /// A file, an address of a feed or of a page, or - for standard input
    #[arg(value_name = "FILE|URL")]
    feed: String,
}

/// A document and what was found in it and about it.
pub(super) struct Checked {
    /// As the person gave it, or where it was found.
    pub(super) name: String,
    /// `None` when it could not be had.
    pub(super) examination: Option<Examination>,
    /// What is wrong with how it is served.
    pub(super) served: Vec<Flaw>,
}

/// A finding as JSON.
#[derive(Serialize)]
struct Row<'a> {
    file: &'a str,
    #[serde(flatten)]
    finding: Finding,
}

impl Checked {
    fn findings(&self) -> impl Iterator<Item = Finding> {
        let inside = self.examination.iter().flat_map(|one| one.findings.clone());
        let served = self.served.iter().cloned();
        served.map(|flaw| Finding { line: None, flaw }).chain(inside)
    }
}

impl Check {
    pub(super) async fn run(self, session: &Session) -> anyhow::Result<Code> {
        let all = match web_address(&self.feed) {
            Some(url) => web::look(url).await?,
            None => vec![self.local()?],
        };
        let findings = || all.iter().flat_map(Checked::findings);
        let errors = findings()
            .filter(|finding| finding.flaw.weight == Weight::Error)
            .count();
        if session.json {
            let rows: Vec<Row<'_>> = all
                .iter()
                .flat_map(|one| {
                    one.findings().map(|finding| Row {
                        file: &one.name,
                        finding,
                    })
                })
                .collect();
            json(&rows)?;
        } else {
            all.iter().try_for_each(say)?;
            line(&match (errors, findings().count() - errors) {
                (0, 0) => "Nothing to find fault with.".to_owned(),
                (errors, warnings) => format!("Errors: {errors}, warnings: {warnings}."),
            })?;
        }
        Ok(Code::from(errors > 0))
    }

    fn local(&self) -> anyhow::Result<Checked> {
        let bytes = read(&self.feed)?;
        let specimen = Specimen {
            bytes: &bytes,
            address: None,
            charset: None,
            now: SystemClock.now(),
        };
        Ok(Checked {
            name: self.feed.clone(),
            examination: Some(examine(specimen)),
            served: Vec::new(),
        })
    }
}

/// The address, if a person gave one and not a file.
pub(super) fn web_address(text: &str) -> Option<Url> {
    let url: Url = text.parse().ok()?;
    matches!(url.scheme(), "http" | "https").then_some(url)
}

/// A file or standard input, at most as much as is examined and one byte.
pub(super) fn read(name: &str) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = MOST_BYTES as u64 + 1;
    let failed = |error: std::io::Error| anyhow::anyhow!("read {name}: {error}; give a file or an https:// address");
    if name == "-" {
        std::io::stdin()
            .lock()
            .take(most)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
    } else {
        let file = std::fs::File::open(name).map_err(failed)?;
        file.take(most).read_to_end(&mut bytes).map_err(failed)?;
    }
    Ok(bytes)
}

fn say(one: &Checked) -> anyhow::Result<()> {
    let kind = match &one.examination {
        Some(examination) => match examination.dialect.map(Dialect::name) {
            Some(name) => format!("{name}, {} entries", examination.entries),
            None => "no feed".to_owned(),
        },
        None => "not read".to_owned(),
    };
    line(&format!("{}: {kind}", one.name))?;
    for finding in one.findings() {
        let word = match finding.flaw.weight {
            Weight::Error => "error  ",
            Weight::Warning => "warning",
        };
        let place = finding.line.map_or(String::new(), |line| format!("line {line}, "));
        line(&format!(
            "  {word}  {place}{}: {}\n           {}",
            finding.flaw.rule, finding.flaw.message, finding.flaw.remedy
        ))?;
    }
    line("")
}
