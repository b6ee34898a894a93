//! Where the articles of a site are.

use std::collections::BTreeMap;
use std::path::Path;

use walkdir::WalkDir;

use super::kinds::{Generator, is_passed_over};
use super::values::Values;
use crate::source::header;
use crate::source::naming::Naming;

/// Files that are looked at.
const MOST: usize = 50_000;
/// Articles of a section that are opened.
const MOST_OPENED: usize = 100;
/// Folders from whose name on the rest of a path is the path of the address.
const ROOTS: [&str; 2] = ["content", "pages"];

/// Where the articles are.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Inner {
    /// Below the site's folder, `/` between folders; `.` for the folder itself.
    pub(super) path: String,
    /// Patterns below it; empty: all.
    pub(super) include: Vec<String>,
    /// The folders below `path` that hold them, the largest first; empty: all do.
    pub(super) sections: Vec<String>,
    pub(super) articles: usize,
}

/// Finds the folder of the articles.
pub(super) fn find(site: &Path, base: &Path, generator: Generator, values: &Values, notes: &mut Vec<String>) -> Inner {
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
        let is_own = rest.is_empty() && has_no_category(first, &base_path, generator, values);
        return jekyll(&base_path, first, is_own, &counted);
    }
    let all = match &named {
        Some(path) => path.clone(),
        None => common(&counted),
    };
    let (path, sections) = match named {
        Some(path) => {
            let sections = sections(site, &counted, &path, notes);
            (path, sections)
        }
        None => {
            let (path, section) = rooted(&all);
            (path, section.into_iter().collect())
        }
    };
    let pattern = |section: &String| format!("{}/**", globset::escape(section));
    let include = sections.iter().map(pattern).collect();
    Inner {
        path,
        include,
        sections,
        articles,
    }
}

/// Folders above `_posts` are categories, unless the config or the layout of the generator put them there. Without a config
/// nobody knows where the site begins.
fn has_no_category(posts: &str, base: &str, generator: Generator, values: &Values) -> bool {
    let named = values
        .text(&["source"])
        .into_iter()
        .chain(values.text(&["collections_dir"]));
    let above = named.chain(["src".to_owned()]);
    let mut roots = above.map(|name| joined(base, &format!("{}/_posts", name.trim_matches(['/', '.']))));
    generator == Generator::Plain || posts == joined(base, "_posts") || roots.any(|root| root == posts)
}

/// One `_posts` is the folder; several, or one of a category, are found from the folder above them.
fn jekyll(base: &str, first: &str, is_own: bool, counted: &BTreeMap<String, usize>) -> Inner {
    let in_posts = |folder: &&String| folder.split('/').any(|part| part == "_posts");
    let articles = counted
        .keys()
        .filter(in_posts)
        .filter_map(|folder| counted.get(folder))
        .sum();
    let (path, include) = if is_own {
        (first.to_owned(), Vec::new())
    } else {
        (base.to_owned(), vec!["**/_posts/**".to_owned()])
    };
    Inner {
        path,
        include,
        sections: Vec::new(),
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

/// The sections below a folder of content whose articles are mostly dated, the largest first, and a note for each of the
/// others; where none is, the one that holds more than half of all articles. Nothing is left out where most lie in no section.
fn sections(site: &Path, counted: &BTreeMap<String, usize>, path: &str, notes: &mut Vec<String>) -> Vec<String> {
    let all: usize = counted.values().sum();
    let mut found: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for (folder, count) in counted {
        if let Some(child) = child_of(path, folder) {
            let section = found.entry(child).or_default();
            section.0 += count;
            section.1 += 1;
        }
    }
    // One article in a folder of its own is a bundle.
    found.retain(|_, (count, folders)| *count != 1 || *folders != 1);
    let inside: usize = found.values().map(|(count, _)| count).sum();
    if inside * 2 <= all {
        return Vec::new();
    }
    let mut found: Vec<(String, usize)> = found.into_iter().map(|(path, (count, _))| (path, count)).collect();
    found.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let (mut kept, mut others): (Vec<_>, Vec<_>) = found
        .into_iter()
        .partition(|(section, _)| is_mostly_dated(site, section));
    if kept.is_empty() {
        match others.first() {
            Some((_, count)) if count * 2 > all => kept.push(others.remove(0)),
            _ => return Vec::new(),
        }
    }
    for (section, count) in &others {
        notes.push(format!(
            "{count} texts in {} were taken for pages: if they are articles, add the folder to `include` of [[sources]]",
            super::shown(section)
        ));
    }
    kept.iter().map(|(section, _)| last(section).to_owned()).collect()
}

/// Whether more than half of the articles of a section say when they were written. A hundred of them speak for all.
fn is_mostly_dated(site: &Path, section: &str) -> bool {
    let walk = WalkDir::new(site.join(section)).max_depth(12).sort_by_file_name();
    let files = walk
        .into_iter()
        .filter_map(Result::ok)
        .take(MOST)
        .filter(|entry| entry.file_type().is_file() && is_article(&entry.file_name().to_string_lossy()));
    let (mut count, mut dated) = (0, 0);
    for entry in files.take(MOST_OPENED) {
        count += 1;
        dated += usize::from(is_dated(entry.path(), &relative(site, entry.path())));
    }
    dated * 2 > count
}

/// Whether the name of an article or its header says when it was written.
fn is_dated(path: &Path, name: &str) -> bool {
    let has_date = |text: &str| {
        header::split(text).is_ok_and(|header| {
            crate::source::basics::DATE
                .iter()
                .any(|key| header.named(key).is_some())
        })
    };
    Naming::of(name).date.is_some() || super::values::bounded(path).is_some_and(|text| has_date(&text))
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
