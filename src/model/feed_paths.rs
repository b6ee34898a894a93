//! Paths beside those of feeds that this service answers by itself; none has a leading slash.

/// Paths that readers guess, and that other programs used, each with the path that it moved to.
pub const ALIASES: [(&str, &str); 14] = [
    ("feed", "rss.xml"),
    ("feed/", "rss.xml"),
    ("feed.xml", "rss.xml"),
    ("feed.rss", "rss.xml"),
    ("rss", "rss.xml"),
    ("rss/", "rss.xml"),
    ("rss/feed.xml", "rss.xml"),
    ("index.rss", "rss.xml"),
    ("index.xml", "rss.xml"),
    ("atom", "atom.xml"),
    ("feed.atom", "atom.xml"),
    ("index.atom", "atom.xml"),
    ("index.json", "feed.json"),
    ("feeds/", "feeds"),
];

/// Documents about the feeds: for people, the style of an opened feed, for readers.
pub const PAGES: [&str; 3] = ["feeds", "feeds.css", "feeds.opml"];

/// Where a built-in alias leads.
pub fn alias(path: &str) -> Option<&'static str> {
    let found = ALIASES.iter().find(|(alias, _)| *alias == path);
    found.map(|(_, target)| *target)
}
