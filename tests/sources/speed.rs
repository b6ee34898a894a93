//! How long a scan takes, as a ratio to what the Markdown crate alone needs (`sources.md` AC7).

use std::hint::black_box;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use pulldown_cmark::{Parser, html};

use super::scan;
use crate::support::{Bench, shared_data};

const ARTICLES: usize = 10_000;
/// Stores whose articles take their addresses from their paths, so that copies are articles of their own.
const STORES: [&str; 8] = [
    "jekyll-docs",
    "hexo-site",
    "nodejs-org",
    "prometheus",
    "tokio",
    "simonw-til",
    "tailwind-nextjs",
    "gatsby-starter",
];

/// Fills the bench with copies of real articles; returns their paths.
fn fill(bench: &Bench, data: &std::path::Path) -> Vec<PathBuf> {
    let originals: Vec<Vec<u8>> = STORES
        .iter()
        .flat_map(|store| super::files(&data.join("articles").join(store)))
        .map(|file| std::fs::read(file).expect("the file can be read"))
        .collect();
    let mut written = Vec::with_capacity(ARTICLES);
    for n in 0..ARTICLES {
        let path = bench.content().join(format!("{}/article-{n}.md", n % 100));
        std::fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("folders can be made");
        let text = [
            originals[n % originals.len()].as_slice(),
            format!("\n\nCopy {n}.\n").as_bytes(),
        ]
        .concat();
        std::fs::write(&path, text).expect("files can be written");
        written.push(path);
    }
    written
}

fn markdown_alone(files: &[PathBuf]) -> Duration {
    let begun = Instant::now();
    for file in files {
        let text = std::fs::read_to_string(file).expect("the copies are UTF-8");
        let mut out = String::with_capacity(text.len() * 3 / 2);
        html::push_html(&mut out, Parser::new(&text));
        black_box(out);
    }
    begun.elapsed()
}

fn resident_kilobytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or("");
    line.split_whitespace()
        .nth(1)
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "says something only with optimisation: cargo test --release -- --ignored"]
async fn an_author_with_ten_thousand_articles_waits_seconds_not_minutes() {
    let Some(data) = shared_data() else { return };
    let bench = Bench::new(|_| {}).await;
    let files = fill(&bench, &data);
    markdown_alone(&files);
    let (idle, alone) = (resident_kilobytes(), markdown_alone(&files));
    let begun = Instant::now();
    let report = scan(&bench).await;
    let first = begun.elapsed();
    let memory = (resident_kilobytes() - idle) / 1024;
    assert_eq!(report.added + report.excluded, ARTICLES as u64);
    bench.wait(Duration::from_mins(1));
    let begun = Instant::now();
    scan(&bench).await;
    let again = begun.elapsed();
    let ratio = |time: Duration| time.as_secs_f64() / alone.as_secs_f64();
    eprintln!(
        "Markdown alone {alone:?}; scan {:.1} ×, again {:.2} ×, {memory} MB above idle",
        ratio(first),
        ratio(again)
    );
    assert!(ratio(first) <= 14.0 && ratio(again) <= 0.25 && memory <= 150);
    bench.close().await;
}
