//! Where the articles of a site are.

use std::collections::BTreeMap;
use std::path::Path;

use walkdir::WalkDir;

use super::kinds::{Generator, is_passed_over};
use super::values::Values;

/// Files that are looked at.
const MOST: usize = 50_000;
/// Folders from whose name on the rest of a path is the path of the address.
const ROOTS: [&str; 2] = ["content", "pages"];

/// Where the articles are.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Inner {
    /// Below the site's folder, `/` between folders; `.` for the folder itself.
    pub(super) path: String,
    /// Patterns below it; empty: all.
    pub(super) include: Vec<String>,
    /// The folder below `path` that holds them, where one does.
    pub(super) section: Option<String>,
    pub(super) articles: usize,
}

/// Finds the folder of the articles.
pub(super) fn find(site: &Path, base: &Path, generator: Generator, values: &Values) -> Inner {
    let base_path = relative(site, base);
    let named = match generator {
        Generator::Hugo => values.text(&["contentdir"]).or_else(|| Some("content".to_owned())),
        Generator::Zola => Some("content".to_owned()),
        Generator::Hexo => Some(format!(
            "{}/_posts",
            values.text(&["source_dir"]).unwrap_or_else(|| "source".to_owned())
        )),
        Generator::Pelican => values.text(&["PATH"]).or_else(|| Some("content".to_owned())),
        Generator::Docusaurus => Some("blog".to_owned()),
        Generator::Astro => Some("src/content".to_owned()),
        _ => None,
    };
    let named = named.map(|name| joined(&base_path, name.trim_matches(['/', '.'])));
    let named = named.filter(|path| !path.contains("..") && site.join(path).is_dir());
    let counted = counts(site, named.as_deref().unwrap_or(&base_path));
    let posts: Vec<&String> = counted.keys().filter(|folder| last(folder) == "_posts").collect();
    let articles = counted.values().sum();
    if let (None, [first, rest @ ..]) = (&named, posts.as_slice()) {
        return jekyll(&base_path, first, rest.len() + 1, &counted);
    }
    let all = match &named {
        Some(path) => path.clone(),
        None => common(&counted),
    };
    let (path, section) = match named {
        Some(path) => {
            let section = main_section(&counted, &path);
            (path, section)
        }
        None => rooted(&all),
    };
    let include = section.iter().map(|section| format!("{section}/**")).collect();
    Inner {
        path,
        include,
        section,
        articles,
    }
}

/// One `_posts` is the folder; several, one for each category, are found from the folder above them.
fn jekyll(base: &str, first: &str, count: usize, counted: &BTreeMap<String, usize>) -> Inner {
    let in_posts = |folder: &&String| folder.split('/').any(|part| part == "_posts");
    let articles = counted
        .keys()
        .filter(in_posts)
        .filter_map(|folder| counted.get(folder))
        .sum();
    let (path, include) = match count {
        1 => (first.to_owned(), Vec::new()),
        _ => (base.to_owned(), vec!["**/_posts/**".to_owned()]),
    };
    Inner {
        path,
        include,
        section: None,
        articles,
    }
}

/// Articles in each folder itself, by its path below the site.
fn counts(site: &Path, below: &str) -> BTreeMap<String, usize> {
    let mut counted = BTreeMap::new();
    let root = site.join(below);
    let walk = WalkDir::new(&root).max_depth(12).sort_by_file_name().into_iter();
    let entries =
        walk.filter_entry(|entry| entry.depth() == 0 || !is_passed_over(&entry.file_name().to_string_lossy()));
    for entry in entries.take(MOST) {
        let Ok(entry) = entry else { continue };
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type().is_file() && is_article(&name) {
            let folder = entry.path().parent().unwrap_or(&root);
            *counted.entry(relative(site, folder)).or_default() += 1;
        }
    }
    counted
}

fn is_article(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let is_other = [
        "readme",
        "license",
        "changelog",
        "contributing",
        "code_of_conduct",
        "security",
        "404",
        "_index",
    ]
    .iter()
    .any(|other| lower.starts_with(other));
    let ends = [".md", ".markdown", ".mdx", ".dj"];
    !is_other && ends.iter().any(|end| lower.ends_with(end))
}

/// The deepest folder with at least nine of ten articles in or below it.
fn common(counted: &BTreeMap<String, usize>) -> String {
    let all: usize = counted.values().sum();
    let mut folder = ".".to_owned();
    loop {
        let mut below: BTreeMap<String, usize> = BTreeMap::new();
        for (path, count) in counted {
            if let Some(child) = child_of(&folder, path) {
                *below.entry(child).or_default() += count;
            }
        }
        match below.into_iter().max_by_key(|(_, count)| *count) {
            Some((child, count)) if count * 10 >= all * 9 && all > 0 => folder = child,
            _ => return bundles_aside(folder, counted),
        }
    }
}

/// A folder for each article is no folder of articles: the one above them is.
fn bundles_aside(folder: String, counted: &BTreeMap<String, usize>) -> String {
    let is_one = counted.len() == 1 && counted.values().sum::<usize>() == 1;
    match folder.rsplit_once('/') {
        Some((above, _)) if is_one => above.to_owned(),
        _ => folder,
    }
}

/// The folder right below `folder` on the way to `path`.
fn child_of(folder: &str, path: &str) -> Option<String> {
    if folder == "." {
        return (path != ".").then(|| path.split('/').next().unwrap_or(path).to_owned());
    }
    let rest = path.strip_prefix(folder)?.strip_prefix('/')?;
    Some(format!("{folder}/{}", rest.split('/').next().unwrap_or(rest)))
}

/// `content/blog` is the folder `content` with the section `blog`: the section stands in the address.
fn rooted(path: &str) -> (String, Option<String>) {
    let parts: Vec<&str> = path.split('/').collect();
    match parts.iter().rposition(|part| ROOTS.contains(part)) {
        Some(at) if at + 1 < parts.len() => (parts[..=at].join("/"), Some(parts[at + 1..].join("/"))),
        _ => (path.to_owned(), None),
    }
}

/// The section below a folder of content that holds more than half of all articles, unless most lie in no section: what
/// else is there are pages.
fn main_section(counted: &BTreeMap<String, usize>, path: &str) -> Option<String> {
    let all: usize = counted.values().sum();
    let mut sections: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for (folder, count) in counted {
        if let Some(child) = child_of(path, folder) {
            let section = sections.entry(child).or_default();
            section.0 += count;
            section.1 += 1;
        }
    }
    let (section, (count, folders)) = sections.into_iter().max_by_key(|(_, (count, _))| *count)?;
    // One article in a folder of its own is a bundle.
    let is_bundle = count == 1 && folders == 1;
    let name = last(&section).to_owned();
    (count * 2 > all && !is_bundle).then_some(name)
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn joined(base: &str, name: &str) -> String {
    if base == "." {
        name.to_owned()
    } else {
        format!("{base}/{name}")
    }
}

/// A path below the site with `/` between folders.
fn relative(site: &Path, path: &Path) -> String {
    let inner = path.strip_prefix(site).unwrap_or(Path::new(""));
    let parts: Vec<String> = inner
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    if parts.is_empty() {
        ".".to_owned()
    } else {
        parts.join("/")
    }
}
