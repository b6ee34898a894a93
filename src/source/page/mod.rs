//! HTML pages as articles: what the header does not say is read from the page, and its furniture is left out
//! (`sources.md` FO18 with SI2, SI4, SI7 and SI8).

mod blocks;
pub(super) mod byline;
mod metadata;
pub(super) mod tail;

use dom_query::{Document, NodeRef};

use crate::config::{Source, SourceKind};
use crate::source::dates::{self, Moment};

use blocks::{Block, blocks};
use byline::Byline;
pub(super) use metadata::Metadata;
use tail::Tail;

/// What a page says.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// The title as it stands in the page, without the site's name.
    pub(super) title: Option<String>,
    pub(super) byline: Byline,
    /// The line right above the title.
    pub(super) category: Option<String>,
    pub(super) metadata: Metadata,
    /// The body, not yet safe.
    pub(super) html: String,
    /// What looked like the page's end was too much to cut.
    pub(super) tail_uncertain: bool,
}

/// How far below the top of a page its title may stand, in blocks.
const TITLE_WITHIN: usize = 15;

/// Whether a text without header is a page at all, and not a part of a template.
pub(super) fn is_page(html: &str) -> bool {
    let lower = html.to_ascii_lowercase();
    ["<title", "<h1", "<html", "<body", "<!doctype"]
        .iter()
        .any(|mark| lower.contains(mark))
}

/// Whether a text is a page from its first tag on, and not a piece of one.
pub(super) fn is_whole(html: &str) -> bool {
    let start: String = html.trim_start().chars().take(16).collect();
    let start = start.to_ascii_lowercase();
    ["<!doctype", "<html", "<head", "<body"]
        .iter()
        .any(|mark| start.starts_with(mark))
}

/// Reads a page. `header_title` is the title that the file's header gives.
pub(super) fn read(html: &str, source: &Source, site_title: &str, header_title: Option<&str>) -> Page {
    let document = Document::from(html);
    let mut metadata = Metadata::read(&document, site_title, source.time_zone);
    metadata.published = selected_date(&document, source).or(metadata.published);
    take_furniture_out(&document, source);
    let root = root_of(&document, source);
    let whole = document.body().unwrap_or_else(|| document.root());
    let mut page = Page {
        metadata,
        ..Page::default()
    };
    let inside = blocks(&root);
    let mut head = Head::find(&inside, header_title, &page.metadata, source, site_title);
    if head.title.is_none() && head.byline_at.is_none() && root.id != whole.id {
        // The title may stand above the element that holds the text.
        let above = Head::find(&blocks(&whole), header_title, &page.metadata, source, site_title);
        head = Head { body_from: 0, ..above };
    }
    page.category = head.category;
    page.title = head.title.or_else(|| page.metadata.title.clone());
    let author = head
        .byline
        .author
        .clone()
        .or_else(|| page.metadata.authors.first().map(|author| author.name.clone()));
    page.byline = head.byline;
    let (before, body) = inside.split_at(head.body_from.min(inside.len()));
    before.iter().for_each(Block::remove);
    page.tail_uncertain = cut_tail(body, author.as_deref());
    give_plain_layouts_a_structure(&root);
    page.html = root.inner_html().to_string();
    page
}

/// The date that the author of a site points at.
fn selected_date(document: &Document, source: &Source) -> Option<Moment> {
    let SourceKind::Site(site) = &source.kind else {
        return None;
    };
    let found = document.try_select(site.date_selector.as_deref()?)?;
    let node = found.nodes().first().copied()?;
    let written = [node.attr("datetime"), node.attr("content"), Some(node.text())];
    let mut written = written.into_iter().flatten();
    written.find_map(|text| dates::parse(&text, source.time_zone))
}

/// A piece of HTML that an author wrote below a header: only what the author's own selectors name goes.
pub(super) fn fragment(html: &str, source: &Source) -> Page {
    if source.body_selector.is_none() && source.strip_selectors.is_empty() {
        return Page {
            html: html.to_owned(),
            ..Page::default()
        };
    }
    let document = Document::from(html);
    for selector in &source.strip_selectors {
        if let Some(found) = document.try_select(selector) {
            found.remove();
        }
    }
    let own = source
        .body_selector
        .as_deref()
        .and_then(|selector| document.try_select(selector));
    let found = own.and_then(|selection| selection.nodes().first().copied());
    let whole = || document.body().unwrap_or_else(|| document.root());
    Page {
        html: found.unwrap_or_else(whole).inner_html().to_string(),
        ..Page::default()
    }
}

/// Elements that are never part of an article, wherever they stand.
fn take_furniture_out(document: &Document, source: &Source) {
    document
        .select("nav, aside, footer, script, style, dialog, template, link, meta")
        .remove();
    for selector in &source.strip_selectors {
        if let Some(found) = document.try_select(selector) {
            found.remove();
        }
    }
}

/// The element that holds the text: by the author's selector, else the first of these that stands exactly once.
fn root_of<'d>(document: &'d Document, source: &Source) -> NodeRef<'d> {
    let own = source
        .body_selector
        .as_deref()
        .and_then(|selector| document.try_select(selector));
    if let Some(found) = own.and_then(|selection| selection.nodes().first().copied()) {
        return found;
    }
    for selector in [
        "article",
        "[itemprop=articleBody]",
        ".e-content",
        ".entry-content",
        "main",
    ] {
        if let [only] = document.select(selector).nodes() {
            // What belongs to the site stands in headers outside the article.
            return *only;
        }
    }
    document.body().unwrap_or_else(|| document.root())
}

/// Title, byline and category line at the head of a list of blocks.
#[derive(Default)]
struct Head {
    title: Option<String>,
    byline: Byline,
    byline_at: Option<usize>,
    category: Option<String>,
    /// The first block of the body.
    body_from: usize,
}

impl Head {
    fn find(
        blocks: &[Block<'_>],
        header_title: Option<&str>,
        metadata: &Metadata,
        source: &Source,
        site_title: &str,
    ) -> Self {
        let top = &blocks[..blocks.len().min(TITLE_WITHIN)];
        let known = header_title.or(metadata.title.as_deref());
        let headed = top.iter().position(|block| block.heading == Some(1));
        let same = || {
            top.iter()
                .position(|block| known.is_some_and(|title| block.line() == title))
        };
        let title_at = headed.or_else(same);
        let byline_at = find_byline(top, title_at, source);
        // Without any mark, the block above the byline is the title.
        let title_at = title_at.or_else(|| byline_at.as_ref()?.0.checked_sub(1));
        let mut head = Self::default();
        if let Some(at) = title_at {
            head.title = Some(blocks[at].line());
            head.body_from = at + 1;
            let above = at.checked_sub(1).map(|above| &blocks[above]);
            head.category = above
                .filter(|block| byline::is_category(block, site_title))
                .map(Block::line);
        }
        if let Some((at, byline)) = byline_at {
            head.body_from = head.body_from.max(at + byline.blocks);
            head.byline_at = Some(at);
            head.byline = byline;
        }
        head
    }
}

/// A byline within three blocks of the title; several small blocks in a row may make one.
fn find_byline(top: &[Block<'_>], title_at: Option<usize>, source: &Source) -> Option<(usize, Byline)> {
    let range = match title_at {
        Some(at) => at.saturating_sub(3)..(at + 4).min(top.len()),
        None => 0..top.len(),
    };
    let zone = source.time_zone;
    for at in range.clone().filter(|at| Some(*at) != title_at) {
        for count in (1..=4).rev().filter(|count| at + count <= range.end) {
            let group = &top[at..at + count];
            let together = count == 1 || blocks::share_small_parent(group);
            if title_at.is_some_and(|title| (at..at + count).contains(&title)) || !together {
                continue;
            }
            let text = group
                .iter()
                .map(|block| block.text.as_str())
                .collect::<Vec<_>>()
                .join("\n");
            if let Some(byline) = byline::byline(&text, zone) {
                return Some((
                    at,
                    Byline {
                        blocks: count,
                        ..byline
                    },
                ));
            }
        }
    }
    None
}

/// Removes forms, and from the first block of the page's end on everything; says whether it was too much to cut.
fn cut_tail(body: &[Block<'_>], author: Option<&str>) -> bool {
    let pieces: Vec<tail::Piece<'_>> = body.iter().map(Block::piece).collect();
    let found = tail::tail(&pieces, author);
    let from = if let Tail::From(at) = found { at } else { body.len() };
    for (at, block) in body.iter().enumerate() {
        if block.form || at >= from {
            block.remove();
        }
    }
    found == Tail::Uncertain
}

/// A page of nothing but `div`: blocks become paragraphs, short ones without a full stop headings.
fn give_plain_layouts_a_structure(root: &NodeRef<'_>) {
    let structured = root.descendants().iter().any(|node| {
        node.node_name()
            .is_some_and(|name| matches!(&*name, "p" | "h2" | "h3" | "h4"))
    });
    if structured {
        return;
    }
    let blocks = blocks(root);
    let last = blocks.len().saturating_sub(1);
    for (at, block) in blocks.iter().enumerate() {
        let [node] = block.nodes.as_slice() else { continue };
        if !node.has_name("div") && !node.has_name("section") {
            continue;
        }
        let heading = at < last && byline::is_heading_line(&block.line());
        node.rename(if heading { "h2" } else { "p" });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::folder::tests_support::settings_with;

    fn page(html: &str) -> Page {
        read(html, &settings_with(|_| {}).source, "Workshop Notes", None)
    }

    #[test]
    fn a_page_of_nothing_but_divs_is_read_like_a_semantic_one() {
        let body = "<div>A paragraph says one thing and then another thing, as paragraphs do.</div>".repeat(12);
        let html = format!(
            "<html><head><title>On shelves | Workshop Notes</title></head><body><div><div>Workshop Notes</div><div>Home</div></div>\
             <div><div>Craft</div><div>On shelves</div><div>Jane Doe · 3 May 2024 · 5 min read</div><div>{body}<div>A short line</div><div>Last paragraph, which ends.</div></div>\
             <div><div>Jane Doe</div><div>Builds shelves.</div></div><div>← Back to all articles</div></div></body></html>"
        );
        let page = page(&html);
        assert_eq!(page.title.as_deref(), Some("On shelves"));
        assert_eq!(page.category.as_deref(), Some("Craft"));
        assert_eq!(page.byline.author.as_deref(), Some("Jane Doe"));
        assert_eq!(page.byline.minutes, Some(5));
        assert!(
            page.html.contains("<h2>A short line</h2>") && page.html.contains("<p>A paragraph says"),
            "{}",
            page.html
        );
        assert!(
            page.html.contains("Last paragraph")
                && !page.html.contains("Builds shelves")
                && !page.html.contains("Back to"),
            "{}",
            page.html
        );
    }

    #[test]
    fn a_title_above_the_article_is_found() {
        let html = "<body><header><h1>Outside</h1><p>By Jane Doe on May 3, 2024</p></header><article><p>Text.</p></article></body>";
        let page = page(html);
        assert_eq!(
            (page.title.as_deref(), page.byline.author.as_deref()),
            (Some("Outside"), Some("Jane Doe"))
        );
        assert_eq!(page.html.trim(), "<p>Text.</p>");
    }

    #[test]
    fn a_page_without_any_of_it_keeps_its_text() {
        let page = page("<p>One.</p><p>Two.</p>");
        assert_eq!(page.html, "<p>One.</p><p>Two.</p>");
        assert_eq!(page.title, None);
    }
}
