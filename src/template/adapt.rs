//! An article's sanitised HTML, made fit for mail programs (`email.md` 2.1).

use dom_query::Document;

/// Widest picture in a letter, in pixels.
const WIDEST: u32 = 552;

/// Levels by which headings move down: below the title of the letter, or below the title of an article in a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Below(pub(super) usize);

/// Adapts the body of an article.
pub(super) fn adapt(html: &str, below: Below) -> String {
    if html.is_empty() {
        return String::new();
    }
    let document = Document::fragment(html);
    document.select("source").remove();
    document.select("picture").rename("span");
    document
        .select("img")
        .remove_attrs(&["srcset", "sizes", "loading", "decoding"]);
    narrow_pictures(&document);
    open_details(&document);
    lower_headings(&document, below);
    inner(&document)
}

/// The HTML of a fragment without what the parser put around it.
fn inner(document: &Document) -> String {
    document.html_root().inner_html().to_string()
}

fn narrow_pictures(document: &Document) {
    for picture in &document.select("img") {
        let width = picture.attr("width").and_then(|width| width.parse::<u32>().ok());
        if width.is_some_and(|width| width > WIDEST) {
            picture.set_attr("width", &WIDEST.to_string());
            picture.remove_attr("height");
        }
        if !picture.has_attr("alt") {
            picture.set_attr("alt", "");
        }
    }
}

/// Mail programs show `details` closed for ever, or not at all.
fn open_details(document: &Document) {
    document.select("summary").rename("h6");
    document.select("details").remove_attr("open");
    document.select("details").rename("div");
}

/// A letter has one `h1`, its title. From the deepest on, so that no heading moves twice.
fn lower_headings(document: &Document, Below(levels): Below) {
    let highest = (1..=6).find(|level| document.select(&format!("h{level}")).exists());
    let Some(highest) = highest else { return };
    let shift = (levels + 1).saturating_sub(highest);
    for level in (1..=6_usize).rev().filter(|_| shift > 0) {
        let lowered = (level + shift).min(6);
        document.select(&format!("h{level}")).rename(&format!("h{lowered}"));
    }
}

/// The top-level blocks of a body, each as HTML.
pub(super) fn blocks(html: &str) -> Vec<String> {
    let document = Document::fragment(html);
    document
        .html_root()
        .children()
        .iter()
        .map(|node| node.html().to_string())
        .filter(|block| !block.trim().is_empty())
        .collect()
}

/// The words of a piece of HTML, blanks joined.
pub(super) fn words(html: &str) -> String {
    let document = Document::fragment(html);
    crate::model::text::one_line(&document.text())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_stand_below_the_title_and_keep_their_order() {
        assert_eq!(adapt("<h1>a</h1><h3>b</h3>", Below(1)), "<h2>a</h2><h4>b</h4>");
        assert_eq!(adapt("<h2>a</h2><h3>b</h3>", Below(1)), "<h2>a</h2><h3>b</h3>");
        assert_eq!(adapt("<h2>a</h2><h6>b</h6>", Below(2)), "<h3>a</h3><h6>b</h6>");
    }

    #[test]
    fn pictures_fit_and_always_have_an_alternative() {
        let html = "<p><picture><source srcset=\"x\"><img src=\"https://e.org/a.png\" srcset=\"y 2x\" width=\"900\" height=\"3\"></picture></p>";
        let adapted = adapt(html, Below(1));
        assert!(
            adapted.contains("width=\"552\"") && adapted.contains("alt=\"\""),
            "{adapted}"
        );
        assert!(
            !adapted.contains("srcset") && !adapted.contains("height") && !adapted.contains("picture"),
            "{adapted}"
        );
    }

    #[test]
    fn a_body_falls_into_its_blocks() {
        assert_eq!(
            blocks("<p>a <b>b</b></p>\n<ul><li>c</li></ul>"),
            ["<p>a <b>b</b></p>", "<ul><li>c</li></ul>"]
        );
        assert_eq!(words("<p>a <b>b</b></p>\n<p>c</p>"), "a b c");
    }
}
