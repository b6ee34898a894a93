//! Exports of other platforms: what becomes an article, what is left out, and what our own folder source reads of it.

mod bad;
mod marks;
mod samples;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use letterpress::ingest::{BringIn, BringInError, BroughtIn, bring_in};
use letterpress::model::article::Draft;
use letterpress::source::folder::{FolderSettings, Locators, Reading, parse_guarded, walk};

use crate::support::{at, shared_data, source};

fn brought(from: &Path, into: &Path, format: Option<&str>) -> Result<BroughtIn, BringInError> {
    let wish = BringIn {
        from: vec![from.to_owned()],
        into: into.to_owned(),
        format: format.map(str::to_owned),
        ..BringIn::default()
    };
    let report = bring_in(&wish, |_| {})?;
    assert_eq!(
        report.articles,
        report.written + report.already_there + report.doubles,
        "{report:?}"
    );
    Ok(report)
}

fn settings(folder: &Path) -> FolderSettings {
    FolderSettings {
        source: source("folder", folder.to_owned()),
        site_url: "https://example.org/".parse().unwrap(),
        site_title: "Workshop Notes".to_owned(),
        keeps_markdown: false,
        site_author: None,
        outputs: Vec::new(),
        now: at("2027-01-01T00:00:00Z"),
    }
}

/// What our own folder source makes of a folder, by name of the file.
fn drafts(folder: &Path) -> BTreeMap<String, Draft> {
    let settings = settings(folder);
    let candidates = walk(&settings).unwrap().candidates;
    let locators = Locators::new(&candidates);
    let read = candidates.iter().map(|candidate| {
        let bytes = std::fs::read(folder.join(&candidate.locator)).unwrap();
        match parse_guarded(&settings, candidate, &bytes, &locators) {
            Reading::Draft(draft) => (candidate.locator.clone(), *draft),
            other => panic!("{} is no article: {other:?}", candidate.locator),
        }
    });
    read.collect()
}

/// Everything that the folder source would call an article, with what it must have.
fn public(folder: &Path) -> Vec<Draft> {
    let drafts: Vec<Draft> = drafts(folder)
        .into_values()
        .filter(|draft| draft.excluded.is_none())
        .collect();
    let mut urls: Vec<&str> = drafts.iter().map(|draft| draft.url.as_str()).collect();
    urls.sort_unstable();
    urls.dedup();
    assert_eq!(urls.len(), drafts.len(), "no two articles share an address");
    drafts
}

fn left_out(report: &BroughtIn, why: &str) -> u64 {
    report.left_out.get(why).copied().unwrap_or(0)
}

struct Expected {
    export: &'static str,
    format: &'static str,
    articles: u64,
    drafts: u64,
    already_mailed: u64,
    undated: u64,
    left_out: u64,
}

const NONE: Expected = Expected {
    export: "",
    format: "",
    articles: 0,
    drafts: 0,
    already_mailed: 0,
    undated: 0,
    left_out: 0,
};

#[rustfmt::skip]
const EXPORTS: &[Expected] = &[
    Expected { export: "substack", format: "substack", articles: 2, drafts: 1, already_mailed: 2, left_out: 3, ..NONE },
    Expected { export: "medium/export", format: "medium", articles: 7, drafts: 1, undated: 1, left_out: 2, ..NONE },
    Expected { export: "jekyll-migrator", format: "jekyll", articles: 12, drafts: 1, left_out: 1, ..NONE },
    Expected { export: "blogger", format: "blogger", articles: 3, ..NONE },
    Expected { export: "buttondown", format: "buttondown", articles: 2, already_mailed: 2, ..NONE },
    Expected { export: "wix", format: "wix", articles: 1, drafts: 1, left_out: 1, ..NONE },
];

#[test]
fn the_exports_of_real_platforms_give_the_numbers_that_were_counted_by_hand() {
    let Some(shared) = shared_data() else { return };
    for expected in EXPORTS {
        let folder = tempfile::tempdir().unwrap();
        let report = brought(&shared.join("exports").join(expected.export), folder.path(), None).unwrap();
        assert_eq!(report.format, expected.format);
        assert_eq!(report.problems, []);
        let numbers = [
            report.articles,
            report.drafts,
            report.already_mailed,
            report.undated,
            report.left_out.values().sum(),
        ];
        let wanted = [
            expected.articles,
            expected.drafts,
            expected.already_mailed,
            expected.undated,
            expected.left_out,
        ];
        assert_eq!(numbers, wanted, "{report:#?}");
        let public = public(folder.path());
        assert_eq!(public.len() as u64, report.written, "{}", expected.export);
        let mailed = public.iter().filter(|draft| draft.already_mailed).count();
        assert_eq!(mailed as u64, expected.already_mailed);
        assert!(public.iter().all(|draft| draft.content.title.is_some()));
    }
    for (export, format, articles) in [
        ("letterdrop", "letterdrop", 2),
        ("beehiiv", "beehiiv", 2),
        ("squarespace", "squarespace", 1),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let report = brought(&shared.join("exports").join(export), folder.path(), None).unwrap();
        assert_eq!(report.format, format);
        assert!(report.articles >= articles, "{report:#?}");
        assert_eq!(public(folder.path()).len() as u64, report.written);
    }
}

fn documents(folder: &Path) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter();
    let files = entries.map(|entry| entry.unwrap().into_path());
    files
        .filter(|path| path.extension().is_some_and(|end| end == "xml"))
        .collect()
}

#[test]
fn twelve_sites_of_wordpress_give_the_numbers_that_were_counted_by_hand() {
    let Some(shared) = shared_data() else { return };
    let files = documents(&shared.join("exports/wordpress-wxr"));
    let (mut articles, mut drafts, mut out) = (0, 0, BTreeMap::<String, u64>::new());
    for file in &files {
        let folder = tempfile::tempdir().unwrap();
        let report = brought(file, folder.path(), None).unwrap();
        assert_eq!(
            (report.format.as_str(), report.problems.as_slice()),
            ("wordpress", [].as_slice())
        );
        articles += report.articles;
        drafts += report.drafts;
        report
            .left_out
            .iter()
            .for_each(|(why, count)| *out.entry(why.clone()).or_default() += count);
        let public = public(folder.path());
        assert_eq!(public.len() as u64, report.written, "{}", file.display());
        assert!(public.iter().all(|draft| draft.published_at.is_some()));
    }
    assert_eq!((files.len(), articles, drafts), (12, 18, 3));
    let counts: Vec<(&str, u64)> = out.iter().map(|(why, count)| (why.as_str(), *count)).collect();
    assert_eq!(counts, [("attachment", 6), ("draft", 3), ("own type", 4), ("page", 3)]);
}
