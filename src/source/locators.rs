//! Addresses of other articles of the same folder, for links from file to file (`sources.md` FO12 and FO14).

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use super::folder::{self, Bytes, Candidate, FolderSettings};
use super::naming::{ARTICLES, Naming, extension};
use super::{decode, draft};

/// The files of one scan. An address is worked out when the first link asks for it, from the header of that file.
#[derive(Debug)]
pub struct Locators {
    files: BTreeMap<String, Candidate>,
    by_stem: HashMap<String, Option<String>>,
    found: Mutex<HashMap<String, Option<String>>>,
}

impl Locators {
    /// The files that a walk found.
    pub fn new(candidates: &[Candidate]) -> Self {
        let mut by_stem: HashMap<String, Option<String>> = HashMap::new();
        for candidate in candidates {
            let stem = Naming::of(&candidate.locator).stem.to_lowercase();
            // A name that two files share leads nowhere.
            by_stem
                .entry(stem)
                .and_modify(|known| *known = None)
                .or_insert_with(|| Some(candidate.locator.clone()));
        }
        Self {
            files: candidates
                .iter()
                .map(|candidate| (candidate.locator.clone(), candidate.clone()))
                .collect(),
            by_stem,
            found: Mutex::new(HashMap::new()),
        }
    }

    /// Whether a link looks like one to a file of the store: `other.md`, `../x/other.md#part`, `@/other.md`.
    pub(super) fn is_file_link(href: &str) -> bool {
        let path = href.split(['#', '?']).next().unwrap_or("");
        let extension = extension(path);
        let page = matches!(extension.as_str(), "html" | "htm" | "txt" | "text");
        !path.contains("://") && !path.starts_with("//") && ARTICLES.contains(&extension.as_str()) && !page
    }

    /// The address of the article that a link in the file `from` means, with the link's fragment.
    pub(super) fn resolve(&self, settings: &FolderSettings, from: &str, href: &str) -> Option<String> {
        let (path, fragment) = href.find('#').map_or((href, ""), |at| href.split_at(at));
        let path = path.split('?').next().unwrap_or("");
        let decoded = percent_decode(path);
        let locator = self.locate(from, &decoded)?;
        Some(self.address(settings, &locator)? + fragment)
    }

    /// The address of the article that a template names by path or name.
    pub(super) fn by_name(&self, settings: &FolderSettings, from: &str, name: &str) -> Option<String> {
        let name = name.trim_matches(['"', '\'']);
        let stem = Naming::of(name).stem;
        let locator = self.locate(from, name).or_else(|| {
            let plain = if ARTICLES.contains(&extension(name).as_str()) {
                stem.to_owned()
            } else {
                Naming::of(&format!("{name}.md")).stem.to_owned()
            };
            self.by_stem.get(&plain.to_lowercase())?.clone()
        })?;
        self.address(settings, &locator)
    }

    fn locate(&self, from: &str, path: &str) -> Option<String> {
        let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
        let rooted = path.strip_prefix("@/").or_else(|| path.strip_prefix('/'));
        let beside = if rooted.is_none() { joined(folder, path) } else { None };
        let below_root = joined("", rooted.unwrap_or(path));
        let here = [beside, below_root.clone()].into_iter().flatten();
        here.into_iter()
            .find(|locator| self.files.contains_key(locator))
            .or_else(|| self.ending_in(&below_root?))
    }

    /// The one file whose path ends so: the root of the links may lie below the root of the source.
    fn ending_in(&self, path: &str) -> Option<String> {
        let end = format!("/{path}");
        let mut found = self.files.keys().filter(|locator| locator.ends_with(&end));
        let first = found.next().filter(|_| !path.is_empty())?;
        found.next().is_none().then(|| first.clone())
    }

    fn address(&self, settings: &FolderSettings, locator: &str) -> Option<String> {
        if let Some(known) = self.found.lock().unwrap_or_else(PoisonError::into_inner).get(locator) {
            return known.clone();
        }
        let address = self.work_out(settings, locator);
        self.found
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(locator.to_owned(), address.clone());
        address
    }

    fn work_out(&self, settings: &FolderSettings, locator: &str) -> Option<String> {
        let Ok(Bytes::Whole(bytes)) = folder::read(settings, self.files.get(locator)?) else {
            return None;
        };
        let decoded = decode::decode(&bytes).ok()?;
        draft::address_of(settings, locator, &decoded.text)
    }
}

/// A relative path from a folder; `None` when it leads out of the root.
fn joined(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

pub(super) fn percent_decode(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes
            .get(at + 1..at + 3)
            .and_then(|two| std::str::from_utf8(two).ok())
            .and_then(|two| u8::from_str_radix(two, 16).ok());
        match (bytes[at], hex) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 3;
            }
            (byte, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::folder::tests_support::settings_with;

    #[test]
    fn a_link_from_file_to_file_leads_to_the_other_articles_address() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("sub")).unwrap();
        std::fs::write(
            folder.path().join("sub/2024-01-02-other one.md"),
            "---\nurl: /chosen/\n---\n",
        )
        .unwrap();
        std::fs::write(folder.path().join("plain.md"), "text").unwrap();
        let mut settings = settings_with(|_| {});
        settings.source.path = folder.path().to_owned();
        let walked = folder::walk(&settings).unwrap();
        let locators = Locators::new(&walked.candidates);
        let resolve = |from: &str, href: &str| locators.resolve(&settings, from, href).unwrap_or_default();
        assert_eq!(
            resolve("plain.md", "sub/2024-01-02-other%20one.md#part"),
            "https://example.org/chosen/#part"
        );
        assert_eq!(resolve("sub/x.md", "../plain.md"), "https://example.org/plain/");
        assert_eq!(resolve("sub/x.md", "@/plain.md"), "https://example.org/plain/");
        assert_eq!(
            resolve("plain.md", "/2024-01-02-other one.md"),
            "https://example.org/chosen/"
        );
        assert_eq!(resolve("plain.md", "../../etc/passwd.md"), "");
        assert_eq!(
            locators
                .by_name(&settings, "plain.md", "2024-01-02-other one")
                .as_deref(),
            Some("https://example.org/chosen/")
        );
        assert!(
            Locators::is_file_link("other.md#x")
                && !Locators::is_file_link("https://x.example/a.md")
                && !Locators::is_file_link("a.html")
        );
    }
}
