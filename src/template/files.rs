//! Template files: built into the binary, each replaced by its namesake in the author's folder.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rust_embed::RustEmbed;

use super::{TemplateError, guard};

/// Largest template file in bytes.
const LARGEST: u64 = 1 << 20;

#[derive(RustEmbed)]
#[folder = "templates/"]
struct BuiltIn;

/// Every template by its path under the template folder.
#[derive(Debug)]
pub(super) struct Files(BTreeMap<String, String>);

impl Files {
    /// The files in the binary.
    pub(super) fn built_in() -> BTreeMap<String, String> {
        BuiltIn::iter()
            .filter_map(|path| {
                let file = BuiltIn::get(&path)?;
                let text = String::from_utf8(file.data.into_owned()).ok()?;
                Some((path.into_owned(), text))
            })
            .collect()
    }

    /// The built-in files, and those under `dir` in their place.
    pub(super) fn read(dir: Option<&Path>) -> Result<Self, TemplateError> {
        let mut files = Self::built_in();
        if let Some(dir) = dir {
            for entry in walkdir::WalkDir::new(dir).sort_by_file_name() {
                let entry = entry.map_err(|error| unreadable(dir, &error))?;
                if entry.file_type().is_file() && is_template(entry.path()) {
                    let (path, text) = read_one(dir, entry.path())?;
                    files.insert(path, text);
                }
            }
        }
        Ok(Self(files))
    }

    /// These files alone.
    pub(super) fn of(files: BTreeMap<String, String>) -> Self {
        Self(files)
    }

    /// Path and text of every file, in the order of paths.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The files that Handlebars reads.
    pub(super) fn templates(&self) -> impl Iterator<Item = (&str, &str)> {
        self.iter().filter(|(path, _)| has_extension(path, "hbs"))
    }

    /// Every reason why these files may not be registered.
    pub(super) fn problems(&self) -> Vec<TemplateError> {
        self.findings().problems
    }

    /// What the guard finds in these files.
    pub(super) fn findings(&self) -> guard::Findings<'_> {
        guard::check(&self.templates().collect::<Vec<_>>())
    }

    /// The paths of `roots` and of everything that they include.
    pub(super) fn needed(&self, roots: &[String]) -> BTreeSet<String> {
        self.findings().reachable(roots)
    }

    /// The text of one file.
    pub(super) fn get(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }
}

fn is_template(path: &Path) -> bool {
    ["hbs", "css", "toml"].iter().any(|wanted| has_extension(path, wanted))
}

fn has_extension(path: impl AsRef<Path>, wanted: &str) -> bool {
    path.as_ref().extension().is_some_and(|extension| extension == wanted)
}

fn unreadable(path: &Path, error: &dyn std::fmt::Display) -> TemplateError {
    let message = format!("it cannot be read: {error}");
    TemplateError::new(
        &path.display().to_string(),
        None,
        message,
        "check the path and its rights",
    )
}

fn read_one(dir: &Path, path: &Path) -> Result<(String, String), TemplateError> {
    let size = path.metadata().map_err(|error| unreadable(path, &error))?.len();
    if size > LARGEST {
        return Err(TemplateError::new(
            &path.display().to_string(),
            None,
            "it is larger than 1 MiB",
            "split it into partials",
        ));
    }
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
    let name = path
        .strip_prefix(dir)
        .unwrap_or(path)
        .to_string_lossy()
        .replace('\\', "/");
    Ok((name, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authors_file_takes_the_place_of_its_namesake() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("email/instant")).unwrap();
        std::fs::write(dir.path().join("email/instant/subject.txt.hbs"), "Mine").unwrap();
        let files = Files::read(Some(dir.path())).unwrap();
        assert_eq!(files.get("email/instant/subject.txt.hbs"), Some("Mine"));
        assert!(files.get("email/instant/body.html.hbs").is_some());
    }

    #[test]
    fn a_missing_folder_is_named() {
        let error = Files::read(Some(Path::new("/nowhere/at/all"))).unwrap_err();
        assert!(error.to_string().contains("/nowhere/at/all"), "{error}");
    }
}
