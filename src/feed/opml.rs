//! OPML 2.0: every feed of the site, for readers that import lists.

use std::fmt::Write;

use crate::model::feed_date::FeedDate;

use super::escape;

/// One feed in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// What people read.
    pub title: String,
    /// The RSS document.
    pub feed: String,
    /// The page of the same articles.
    pub page: String,
}

/// Writes the list: the main feeds first, then one group per kind of term.
pub fn outlines(
    title: &str,
    owner: &str,
    changed: FeedDate,
    main: &[Outline],
    groups: &[(&str, Vec<Outline>)],
) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<opml version=\"2.0\">\n<head>\n");
    let _ = writeln!(out, "<title>{}</title>", escape(title));
    let _ = writeln!(out, "<dateModified>{}</dateModified>", changed.mail_style());
    let _ = writeln!(out, "<ownerName>{}</ownerName>", escape(owner));
    out.push_str("</head>\n<body>\n");
    for outline in main {
        line(&mut out, outline);
    }
    for (name, outlines) in groups.iter().filter(|(_, outlines)| !outlines.is_empty()) {
        let _ = writeln!(out, "<outline text=\"{}\">", escape(name));
        for outline in outlines {
            line(&mut out, outline);
        }
        out.push_str("</outline>\n");
    }
    out.push_str("</body>\n</opml>\n");
    out
}

fn line(out: &mut String, outline: &Outline) {
    let title = escape(&outline.title);
    let _ = writeln!(
        out,
        "<outline text=\"{title}\" title=\"{title}\" type=\"rss\" xmlUrl=\"{}\" htmlUrl=\"{}\"/>",
        escape(&outline.feed),
        escape(&outline.page)
    );
}
