//! Articles come in from folders: real stores, broken files, moves, edits and everything at once.

mod foreign;
mod histories;
mod pages;
mod remote;
mod several;
mod site;
mod speed;
mod stores;
mod table;

use std::path::Path;

use letterpress::ingest::{self, ArticleRow, ScanReport};

use crate::support::Bench;

/// Scans; a scan of a test never fails as a whole.
async fn scan(bench: &Bench) -> ScanReport {
    ingest::scan_all(&bench.app, &|_, _| {})
        .await
        .expect("a scan never fails as a whole")
}

async fn list(bench: &Bench) -> Vec<ArticleRow> {
    ingest::list(&bench.app).await.expect("the articles can be listed")
}

async fn public(bench: &Bench) -> Vec<ArticleRow> {
    list(bench)
        .await
        .into_iter()
        .filter(|row| row.status == "published")
        .collect()
}

/// Copies a folder with everything in it.
fn copy_folder(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.expect("the folder can be listed");
        let target = to.join(entry.path().strip_prefix(from).expect("a walk stays below its root"));
        if entry.file_type().is_dir() {
            std::fs::create_dir_all(&target).expect("folders can be made");
        } else {
            // The open data may not be written to; copies are.
            std::fs::write(&target, std::fs::read(entry.path()).expect("the file can be read"))
                .expect("files can be written");
        }
    }
}

/// Every file below a folder.
fn files(root: &Path) -> Vec<std::path::PathBuf> {
    let entries = walkdir::WalkDir::new(root)
        .sort_by_file_name()
        .into_iter()
        .map(|entry| entry.expect("the folder can be listed"));
    entries
        .filter(|entry| entry.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .collect()
}
