//! Which files of a folder may be articles (`sources.md` 3.1).

use std::collections::BTreeMap;
use std::path::Path;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use rustix::fd::OwnedFd;
use walkdir::{DirEntry, WalkDir};

use crate::source::naming::{ARTICLES, UNSUPPORTED, extension};

use super::{Candidate, FolderSettings, SourceError, beneath};

/// What a walk found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Walked {
    /// In the order of their paths.
    pub candidates: Vec<Candidate>,
    /// Files in formats that are not read, by extension: how many, and the first of them.
    pub unsupported: BTreeMap<String, (u64, String)>,
}

/// Walks the folder. Links to folders are not followed.
///
/// # Errors
/// A root that cannot be opened, a glob that cannot be read, a folder that cannot be listed: an incomplete walk would
/// look as if files had vanished.
pub fn walk(settings: &FolderSettings) -> Result<Walked, SourceError> {
    let root = &settings.source.path;
    let opened = beneath::open_root(root).map_err(|error| SourceError::Root {
        path: root.clone(),
        error: error.to_string(),
    })?;
    let include = globs(&settings.source.include)?;
    let exclude = globs(&settings.source.exclude)?;
    let mut walked = Walked::default();
    let entries = WalkDir::new(root)
        .follow_root_links(true)
        .sort_by_file_name()
        .into_iter();
    for entry in entries.filter_entry(|entry| entry.depth() == 0 || !is_passed_over(entry, settings)) {
        let entry = match entry {
            Ok(entry) => entry,
            // Gone between listing and looking: no file, no error.
            Err(error)
                if error
                    .io_error()
                    .is_some_and(|e| e.kind() == std::io::ErrorKind::NotFound)
                    && error.depth() > 0 =>
            {
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let Some(locator) = locator_of(&entry, root) else {
            continue;
        };
        if !include.is_match(&locator) || exclude.is_match(&locator) {
            continue;
        }
        note(&mut walked, &opened, &entry, locator);
    }
    walked.candidates.sort_by(|one, other| one.locator.cmp(&other.locator));
    Ok(walked)
}

fn note(walked: &mut Walked, root: &OwnedFd, entry: &DirEntry, locator: String) {
    let extension = extension(&locator);
    if UNSUPPORTED.contains(&extension.as_str()) {
        walked.unsupported.entry(extension).or_insert_with(|| (0, locator)).0 += 1;
    } else if ARTICLES.contains(&extension.as_str()) && !is_no_article(&locator) {
        walked.candidates.push(candidate(root, entry, locator));
    }
}

/// Links are measured by what they lead to, if that lies beneath the root; reading tells of those that do not.
fn candidate(root: &OwnedFd, entry: &DirEntry, locator: String) -> Candidate {
    use std::os::unix::fs::MetadataExt;
    let metadata = if entry.path_is_symlink() {
        beneath::open(root, entry.path(), &locator)
            .ok()
            .and_then(|file| file.metadata().ok())
    } else {
        entry.metadata().ok()
    };
    let mut candidate = Candidate {
        locator,
        size: 0,
        mtime_ns: 0,
        file_id: 0,
    };
    if let Some(metadata) = metadata {
        candidate.size = metadata.len();
        candidate.mtime_ns = metadata
            .mtime()
            .saturating_mul(1_000_000_000)
            .saturating_add(metadata.mtime_nsec());
        candidate.file_id = metadata.ino();
    }
    candidate
}

fn locator_of(entry: &DirEntry, root: &Path) -> Option<String> {
    if entry.file_type().is_dir() {
        return None;
    }
    let path = entry.path().strip_prefix(root).ok()?;
    let parts: Vec<&str> = path.iter().map(|part| part.to_str()).collect::<Option<_>>()?;
    let locator = parts.join("/");
    (locator.len() <= 1024).then_some(locator)
}

/// Dot files, editors' temporary files, and folders that hold no articles.
fn is_passed_over(entry: &DirEntry, settings: &FolderSettings) -> bool {
    let name = entry.file_name().to_string_lossy();
    let lower = name.to_lowercase();
    let temporary = name.ends_with('~')
        || (name.starts_with('#') && name.ends_with('#'))
        || [".swp", ".tmp", ".part"].iter().any(|end| lower.ends_with(end))
        || name == "4913";
    name.starts_with('.')
        || temporary
        || name == "node_modules"
        || settings.outputs.iter().any(|output| entry.path() == output)
}

/// Files that lie among articles and are none.
fn is_no_article(locator: &str) -> bool {
    let name = locator.rsplit('/').next().unwrap_or("").to_lowercase();
    let stem = name.split('.').next().unwrap_or("");
    stem == "_index"
        || ["readme", "404", "license", "licence", "changelog"]
            .iter()
            .any(|start| is_word(stem, start))
}

/// `readme` and `readme-de`, but not `readmes-considered-harmful`.
fn is_word(stem: &str, word: &str) -> bool {
    stem.strip_prefix(word)
        .is_some_and(|rest| rest.is_empty() || rest.len() <= 6 && rest.starts_with(['-', '_']))
}

/// Whether a file changed less than 200 ms before `now_ns`: it may still be being written.
pub fn is_fresh(candidates: &[Candidate], now_ns: i64) -> bool {
    is_young(candidates, now_ns, 200_000_000)
}

/// Whether a file changed less than `age_ns` before `now_ns`.
pub fn is_young(candidates: &[Candidate], now_ns: i64, age_ns: i64) -> bool {
    candidates
        .iter()
        .any(|candidate| (0..age_ns).contains(&(now_ns.saturating_sub(candidate.mtime_ns))))
}

pub(in crate::source) fn globs(patterns: &[String]) -> Result<GlobSet, SourceError> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let fail = |error: globset::Error| SourceError::Glob {
            glob: pattern.clone(),
            error: error.kind().to_string(),
        };
        set.add(
            GlobBuilder::new(pattern)
                .literal_separator(true)
                .build()
                .map_err(fail)?,
        );
    }
    set.build().map_err(|error| SourceError::Glob {
        glob: patterns.join(", "),
        error: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::settings_with;
    use super::*;
    use std::fs;

    fn found(files: &[&str], change: impl FnOnce(&mut crate::config::Source)) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        let mut settings = settings_with(change);
        settings.source.path = folder.path().to_owned();
        walk(&settings)
            .unwrap()
            .candidates
            .into_iter()
            .map(|c| c.locator)
            .collect()
    }

    #[test]
    fn only_files_that_may_be_articles_are_candidates() {
        let files = [
            "b.md",
            "a/ü #1 (x)+%.MD",
            "x.png",
            ".hidden.md",
            ".git/x.md",
            "node_modules/x.md",
            "a.md~",
            "#a.md#",
            ".#a.md",
            "a.md.swp",
            "README.md",
            "_index.md",
            "404.html",
            "LICENSE.md",
            "CHANGELOG.md",
            "readmes-considered-harmful.md",
            "c.Rmd",
            "d.html",
            "e.yml",
        ];
        assert_eq!(
            found(&files, |_| {}),
            [
                "a/ü #1 (x)+%.MD",
                "b.md",
                "c.Rmd",
                "d.html",
                "readmes-considered-harmful.md"
            ]
        );
    }

    #[test]
    fn the_authors_globs_choose_and_exclude_wins() {
        let files = ["blog/a.md", "blog/old/b.md", "pages/c.md", "d.md"];
        let chosen = found(&files, |source| {
            source.include = vec!["blog/**".to_owned()];
            source.exclude = vec!["**/old/**".to_owned()];
        });
        assert_eq!(chosen, ["blog/a.md"]);
    }

    #[test]
    fn formats_that_are_not_read_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.dj", "b.dj", "c.rst"] {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        let mut settings = settings_with(|_| {});
        settings.source.path = folder.path().to_owned();
        let walked = walk(&settings).unwrap();
        assert_eq!(walked.unsupported["dj"], (2, "a.dj".to_owned()));
        assert_eq!(walked.unsupported.len(), 2);
    }

    #[test]
    fn a_root_that_is_not_there_is_an_error_and_not_an_empty_folder() {
        assert!(walk(&settings_with(|_| {})).is_err());
    }
}
