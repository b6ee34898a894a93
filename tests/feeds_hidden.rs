//! What is not for everybody is in no byte that everybody can get.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use letterpress::ingest;
use letterpress::model::feed_key::{FeedKey, Format};
use letterpress::syndicate::{self, Answer};

use crate::support::Bench;

/// Stands in every field of what is hidden, and nowhere else.
const HIDDEN: &str = "zilpzalp";
/// Stands in what was public once.
const TAKEN_BACK: &str = "waldkauz";

/// An article that says `word` wherever an article can say something.
fn article(word: &str, lines: &str) -> String {
    format!(
        "---\ntitle: About the {word}\ndate: 2026-12-01\nauthors: [{word} Author]\ntags: [{word}]\ncategories: [{word}]\n\
         summary: The {word} in short\nimage: https://example.org/{word}.png\naliases: [/old/{word}/]\nid: {word}-id\n\
         {lines}---\nThe {word} sings. ![{word}](https://example.org/{word}.jpg)\n"
    )
}

async fn read(bench: &Bench) {
    bench.wait(Duration::from_mins(1));
    ingest::scan_all(&bench.app, &|_, _| {}).await.unwrap();
    syndicate::refresh(&bench.app).await.unwrap();
}

/// Every document that is served, with its path.
async fn served(bench: &Bench) -> Vec<(String, String)> {
    let shelf = bench.app.feeds.shelf();
    let mut paths: Vec<String> = ["feeds", "feeds.opml", "feeds.css"].map(str::to_owned).into();
    for slot in shelf.slots() {
        let scope = &slot.plan.scope;
        paths.extend(Format::ALL.map(|format| {
            let scope = scope.clone();
            FeedKey { scope, format }.path()
        }));
    }
    let mut found = Vec::new();
    for path in paths {
        match syndicate::answer(&bench.app, &format!("/{path}")).await {
            Answer::Document(document) => {
                let text = String::from_utf8(document.bodies().identity().to_vec()).unwrap();
                found.push((format!("/{path}"), format!("{text}{:?}", document.link())));
            }
            other => panic!("{path}: {other:?}"),
        }
    }
    found
}

/// Every file of an export, unpacked.
fn exported(folder: &Path) -> Vec<(String, String)> {
    let files = walkdir::WalkDir::new(folder).into_iter().map(|entry| entry.unwrap());
    let files = files.filter(|entry| entry.file_type().is_file());
    let unpacked = files.map(|entry| {
        let (path, bytes) = (entry.path(), std::fs::read(entry.path()).unwrap());
        let mut text = String::new();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("gz") => flate2::read::GzDecoder::new(&*bytes).read_to_string(&mut text).unwrap(),
            Some("br") => brotli::Decompressor::new(&*bytes, 4096)
                .read_to_string(&mut text)
                .unwrap(),
            _ => (&*bytes).read_to_string(&mut text).unwrap(),
        };
        (path.display().to_string(), text)
    });
    unpacked.collect()
}

/// Where a word stands, in a path or in a document, in any letter case.
fn places(documents: &[(String, String)], word: &str) -> Vec<String> {
    let holds = |text: &str| text.to_lowercase().contains(word);
    let found = documents.iter().filter(|(path, text)| holds(path) || holds(text));
    found.map(|(path, _)| path.clone()).collect()
}

#[tokio::test]
async fn what_is_for_subscribers_only_or_not_out_yet_is_in_no_public_document() {
    let bench = Bench::new(|settings| {
        settings.feeds.limit = 1;
        settings.feeds.archives = Some(1);
    })
    .await;
    let public = "---\ntitle: Open to all\ndate: 2026-11-01\ntags: [Ink]\n---\nText.\n";
    bench.write("open.md", public);
    let once = |lines: &str| {
        format!("---\ntitle: The {TAKEN_BACK}\ndate: 2026-10-01\ntags: [Ink]\n{lines}---\nThe {TAKEN_BACK} calls.\n")
    };
    bench.write("once.md", &once(""));
    for (n, lines) in [
        "visibility: paid\n",
        "visibility: members\n",
        "access: subscribers\n",
        "status: private\n",
        "draft: true\n",
        "publishdate: 2027-06-01\n",
    ]
    .iter()
    .enumerate()
    {
        let word = format!("{HIDDEN}{n}");
        let mut text = article(&word, lines);
        if lines.starts_with("publishdate") {
            text = text.replace("date: 2026-12-01\n", "");
        }
        bench.write(&format!("{word}.md"), &text);
    }
    read(&bench).await;
    let all = served(&bench).await;
    let shown = places(&all, "open to all");
    assert!(shown.len() >= 6, "all feeds, and those of its tag: {shown:?}");
    assert!(
        places(&all, TAKEN_BACK)
            .iter()
            .any(|path| path.starts_with("/archive/1/"))
    );
    assert_eq!(places(&all, HIDDEN), [""; 0]);
    bench.write("once.md", &once("visibility: paid\n"));
    read(&bench).await;
    let folder = tempfile::tempdir().unwrap();
    syndicate::export(&bench.app, folder.path(), &|_, _| {}).await.unwrap();
    let (now, files) = (served(&bench).await, exported(folder.path()));
    assert!(
        files.len() > now.len() && places(&files, "open to all").len() >= 18,
        "{}",
        files.len()
    );
    for word in [HIDDEN, TAKEN_BACK] {
        assert_eq!(places(&now, word), [""; 0]);
        assert_eq!(places(&files, word), [""; 0]);
    }
    bench.close().await;
}
