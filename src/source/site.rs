//! What a generator wrote as a source: its own feed first, then its pages (`sources.md` 3.3).

use std::collections::{HashMap, HashSet};

use globset::GlobSet;
use url::Url;

use crate::config::SiteSource;
use crate::model::article::{DateOrigin, Problem, Severity};

use super::discovery::announced;
use super::entries::{item, without_build_times};
use super::feed::read_document;
use super::folder::{self, Bytes, Candidate, FolderSettings, SourceError};
use super::foreign::{Text, WholeEntry, WholeFeed};
use super::item::{Body, Item, Page};
use super::locators::percent_decode;

/// Entries without a page of their own have locators that begin so.
pub const WITHOUT_PAGE: &str = "entry:";
/// Feeds of one site that are looked at.
const MOST_FEEDS: usize = 20;

/// Where generators put their feeds, below the root and below `blog/`.
const USUAL_FEEDS: [&str; 10] = [
    "index.xml",
    "atom.xml",
    "rss.xml",
    "feed.xml",
    "feed.json",
    "feed/index.xml",
    "feed/feed.xml",
    "feeds/all.atom.xml",
    "rss/index.xml",
    "feed/rss.xml",
];

/// What lies below the root of a site.
#[derive(Debug, Default)]
pub struct Site {
    /// Entries of its feed, and pages that the author counts among its articles.
    pub items: Vec<Item>,
    /// Every page.
    pub pages: Vec<Candidate>,
    /// Path of the feed that was read.
    pub feed: Option<String>,
    /// What is wrong with it as a whole.
    pub problems: Vec<Problem>,
}

/// Looks at a site. Pages that `is_of_feed` names stay as the feed showed them, though it lists them no more.
///
/// # Errors
/// The root cannot be read.
pub fn look(
    settings: &FolderSettings,
    site: &SiteSource,
    is_of_feed: &dyn Fn(&str) -> bool,
) -> Result<Site, SourceError> {
    let pages = pages(settings)?;
    let by_path: HashMap<&str, &Candidate> = pages.iter().map(|page| (page.locator.as_str(), page)).collect();
    let mut found = Site::default();
    let chosen = choose(settings, site, &mut found.problems);
    let mut claimed = HashSet::new();
    let feed_is_broken = chosen.is_none() && !found.problems.is_empty();
    if let Some((path, feed)) = chosen {
        found.items = entries(settings, &path, feed, &by_path, &mut claimed);
        found.feed = Some(path);
    } else if site.pages.is_empty() && found.problems.is_empty() {
        found.problems.push(problem(
            "feed_invalid",
            "the site has no feed, and `include` names no pages",
            "let your generator write a feed, name it in `feed`, or write `include = [\"blog/*/index.html\"]`",
        ));
    }
    // While the feed cannot be read, nobody knows which pages it would list.
    if !feed_is_broken {
        let globs = folder::globs(&site.pages)?;
        let others = pages
            .iter()
            .filter(|page| is_chosen(page, &globs, &claimed) && !is_of_feed(&page.locator));
        found.items.extend(others.map(|page| lone_page(page.clone())));
    }
    found.pages = pages;
    Ok(found)
}

/// The pages below the root, whatever `include` says: entries lead to any of them.
fn pages(settings: &FolderSettings) -> Result<Vec<Candidate>, SourceError> {
    let mut walked = folder::walk(settings)?.candidates;
    walked.retain(|one| is_page(&one.locator));
    Ok(walked)
}

fn is_page(path: &str) -> bool {
    matches!(super::naming::extension(path).as_str(), "html" | "htm")
}

fn is_chosen(page: &Candidate, globs: &GlobSet, claimed: &HashSet<String>) -> bool {
    globs.is_match(&page.locator) && !claimed.contains(&page.locator)
}

fn lone_page(file: Candidate) -> Item {
    let mut item = Item::new(&file.locator, DateOrigin::Page);
    item.body = Body::Page(Page {
        file,
        must_prove_itself: true,
    });
    item
}

/// The feed that says most: entries, then whole texts, then JSON, Atom, RSS. The author's choice comes first.
fn choose(settings: &FolderSettings, site: &SiteSource, problems: &mut Vec<Problem>) -> Option<(String, WholeFeed)> {
    let paths = match &site.feed {
        Some(own) => vec![own.clone()],
        None => announced_feeds(settings),
    };
    let mut best: Option<((usize, usize, u8), String, WholeFeed)> = None;
    let mut unread = Vec::new();
    for path in paths {
        let bytes = match folder::read_at(settings, &path) {
            Ok(Some(Bytes::Whole(bytes))) => bytes,
            Ok(None) if site.feed.is_none() => continue,
            Ok(None) => {
                unread.push(about(
                    &path,
                    "feed_invalid",
                    "there is no such file",
                    "correct `feed` of the source",
                ));
                continue;
            }
            Ok(Some(Bytes::Changing)) => {
                let remedy = "it is read when it holds still";
                unread.push(about(&path, "feed_invalid", "it is being written", remedy));
                continue;
            }
            Err(problem) => {
                unread.push(Problem {
                    locator: String::new(),
                    ..problem
                });
                continue;
            }
        };
        match read_document(&bytes, &address_of(settings, &path), None) {
            Ok(feed) => {
                let whole = feed.entries.iter().filter(|entry| entry.is_full).count();
                let rank = (feed.entries.len(), whole, rank_of(&path, &bytes));
                if best.as_ref().is_none_or(|(known, ..)| rank > *known) {
                    best = Some((rank, path, feed));
                }
            }
            Err(problem) => unread.push(Problem {
                message: format!("{path}: {}", problem.message),
                ..problem
            }),
        }
    }
    // A sitemap under a feed's name does no harm beside a feed.
    if best.is_none() {
        problems.extend(unread.into_iter().take(1));
    }
    best.map(|(_, path, feed)| (path, feed))
}

fn rank_of(path: &str, bytes: &[u8]) -> u8 {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(2_000)]);
    match () {
        () if super::naming::extension(path) == "json" => 2,
        () if head.contains("<feed") => 1,
        () => 0,
    }
}

/// What the root page announces, then the usual places.
fn announced_feeds(settings: &FolderSettings) -> Vec<String> {
    let root_page = ["index.html", "index.htm"]
        .iter()
        .find_map(|path| match folder::read_at(settings, path) {
            Ok(Some(Bytes::Whole(bytes))) => Some(String::from_utf8_lossy(&bytes).into_owned()),
            _ => None,
        });
    let said = root_page
        .map(|page| announced(&page, &settings.site_url))
        .unwrap_or_default();
    let mut paths: Vec<String> = said
        .into_iter()
        .filter_map(|feed| path_of(settings, &feed.url?))
        .filter(|path| !path.is_empty())
        .collect();
    let usual = USUAL_FEEDS.iter().map(|path| (*path).to_owned());
    paths.extend(usual.chain(USUAL_FEEDS.iter().map(|path| format!("blog/{path}"))));
    let mut seen = HashSet::new();
    paths.retain(|path| seen.insert(path.clone()));
    paths.truncate(MOST_FEEDS + USUAL_FEEDS.len());
    paths
}

fn address_of(settings: &FolderSettings, path: &str) -> Url {
    settings
        .site_url
        .join(path)
        .unwrap_or_else(|_| settings.site_url.clone())
}

/// The path of an address below the root: without the site's own, decoded.
fn path_of(settings: &FolderSettings, url: &Url) -> Option<String> {
    let path = url.path();
    let inside = path.strip_prefix(settings.site_url.path()).unwrap_or(path);
    let path = percent_decode(inside.trim_start_matches('/'));
    let climbs = path.split('/').any(|part| part == ".." || part == ".");
    (!climbs && !path.contains('\0')).then_some(path)
}

fn entries(
    settings: &FolderSettings,
    path: &str,
    feed: WholeFeed,
    pages: &HashMap<&str, &Candidate>,
    claimed: &mut HashSet<String>,
) -> Vec<Item> {
    let address = address_of(settings, path);
    let mut items = Vec::new();
    let mut seen = HashSet::new();
    for entry in without_build_times(feed).entries {
        let page = entry
            .entry
            .link
            .as_deref()
            .and_then(|link| Url::parse(link).ok())
            .and_then(|link| page_of(settings, &link, pages));
        if let Some(page) = page
            && !claimed.insert(page.locator.clone())
        {
            continue;
        }
        let item = with_page(entry, &address, page);
        if seen.insert(item.locator.clone()) {
            items.push(item);
        }
    }
    items
}

/// The file behind an address: `PATH/index.html`, `PATH.html`, `PATH`.
fn page_of<'a>(settings: &FolderSettings, link: &Url, pages: &HashMap<&str, &'a Candidate>) -> Option<&'a Candidate> {
    let path = path_of(settings, link)?;
    let bare = path.trim_end_matches('/');
    let index = if bare.is_empty() {
        "index.html".to_owned()
    } else {
        format!("{bare}/index.html")
    };
    let names = [index, format!("{bare}.html"), bare.to_owned()];
    names.iter().find_map(|name| pages.get(name.as_str()).copied())
}

fn with_page(entry: WholeEntry, address: &Url, page: Option<&Candidate>) -> Item {
    let is_full = entry.is_full;
    let lead = match &entry.body {
        Some(text) if !is_full => Some(text.clone()),
        _ => None,
    };
    let mut made = item(entry, Some(address));
    match page {
        Some(page) => {
            made.locator.clone_from(&page.locator);
            if !is_full {
                made.say("summary", lead.as_ref().map(Text::words));
                made.body = Body::Page(Page {
                    file: page.clone(),
                    must_prove_itself: false,
                });
            }
        }
        None => {
            made.locator = super::item::short_locator(&format!("{WITHOUT_PAGE}{}", made.locator));
            made.problems.push(Problem {
                locator: made.locator.clone(),
                severity: Severity::Warning,
                ..problem(
                    "page_missing",
                    "the feed lists it, and there is no page for it",
                    "let your generator write the page, or exclude the article",
                )
            });
        }
    }
    made
}

fn about(path: &str, code: &str, message: &str, remedy: &str) -> Problem {
    problem(code, &format!("{path}: {message}"), remedy)
}

fn problem(code: &str, message: &str, remedy: &str) -> Problem {
    Problem {
        locator: String::new(),
        line: None,
        code: code.to_owned(),
        message: message.to_owned(),
        remedy: remedy.to_owned(),
        severity: Severity::Error,
    }
}
