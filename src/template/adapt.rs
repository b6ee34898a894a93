//! An article's sanitised HTML, made fit for mail programs (`email.md` 2.1).

use dom_query::{Document, NodeRef};

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
    link_frames(&document);
    document.select("picture").rename("span");
    document
        .select("img")
        .remove_attrs(&["srcset", "sizes", "loading", "decoding"]);
    narrow_pictures(&document);
    open_details(&document);
    still_footnotes(&document);
    document.select("thead th").set_attr("scope", "col");
    roll_tables(&document);
    lower_headings(&document, below);
    inner(&document)
}

/// The HTML of a fragment without what the parser put around it.
fn inner(document: &Document) -> String {
    document.html_root().inner_html().to_string()
}

fn narrow_pictures(document: &Document) {
    for picture in &document.select("img") {
        // Mail programs show no picture that travels inside its address.
        let is_remote = picture.attr("src").is_some_and(|src| src.starts_with("http"));
        if !is_remote {
            picture.remove();
            continue;
        }
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

/// Mail programs show no frames.
fn link_frames(document: &Document) {
    for frame in document.select("iframe").nodes() {
        let address = frame.attr_or("src", "");
        let title = frame.attr_or("title", "");
        let label = if title.trim().is_empty() { &address } else { &title };
        frame.rename("a");
        frame.remove_all_attrs();
        frame.set_attr("href", &address);
        frame.set_text(label.to_string());
        frame.wrap_html("<p></p>");
    }
}

/// Mail programs show `details` closed for ever, or not at all.
fn open_details(document: &Document) {
    for summary in document.select("summary").nodes() {
        summary.set_html(format!("<strong>{}</strong>", summary.inner_html()));
        summary.rename("p");
    }
    document.select("details").remove_attr("open");
    document.select("details").rename("div");
}

/// Whether a jump or its target belongs to footnotes, as generators name them.
fn is_footnote(name: &str) -> bool {
    let bare = name.rsplit_once("--").map_or(name, |(_, bare)| bare);
    bare.starts_with("fn") || bare.contains("footnote")
}

/// Jumps inside of a letter lead nowhere in many mail programs: the number of a footnote stays, the way back goes.
fn still_footnotes(document: &Document) {
    // A note that is called twice has its name twice.
    for target in document.select("[id]").nodes() {
        if is_footnote(&target.attr_or("id", "").to_ascii_lowercase()) {
            target.remove_attr("id");
        }
    }
    for link in document.select("a[href*='#']").nodes() {
        let href = link.attr_or("href", "").to_ascii_lowercase();
        let fragment = href.rsplit_once('#').map_or("", |(_, fragment)| fragment);
        let number = link.text().trim().len() <= 4 && link.ancestors_it(Some(1)).any(|above| above.has_name("sup"));
        if !(is_footnote(fragment) || number) {
            continue;
        }
        if link.text().chars().any(char::is_alphanumeric) {
            link.rename("span");
            link.remove_all_attrs();
        } else {
            link.remove_from_parent();
        }
    }
}

/// A table that is wider than the letter moves in a frame of its own.
fn roll_tables(document: &Document) {
    for table in document.select("table").nodes() {
        if !table.ancestors_it(None).any(|above| above.has_name("table")) {
            table.wrap_html("<div class=\"roll\"></div>");
        }
    }
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

/// The top-level blocks of a body, each as HTML. A box around everything is no block.
pub(super) fn blocks(html: &str) -> Vec<String> {
    let document = Document::fragment(html);
    let mut around = document.html_root();
    while let Some(inside) = only_box(&around) {
        around = inside;
    }
    around
        .children()
        .iter()
        .map(|node| node.html().to_string())
        .filter(|block| !block.trim().is_empty())
        .collect()
}

fn only_box<'a>(node: &NodeRef<'a>) -> Option<NodeRef<'a>> {
    let mut inside = node
        .children_it(false)
        .filter(|child| child.is_element() || child.is_nonempty_text());
    let only = inside.next().filter(|_| inside.next().is_none())?;
    ["div", "section", "article", "main"]
        .iter()
        .any(|name| only.has_name(name))
        .then_some(only)
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
    fn a_frame_is_a_link_in_a_letter() {
        let html = adapt(
            "<p>a</p><iframe src=\"https://film.example.net/?a=1&amp;b=2\" title=\"A &lt;film&gt;\"></iframe><iframe src=\"https://film.example.net/\"></iframe>",
            Below(1),
        );
        let titled = "<p><a href=\"https://film.example.net/?a=1&amp;b=2\">A &lt;film&gt;</a></p>";
        let bare = "<p><a href=\"https://film.example.net/\">https://film.example.net/</a></p>";
        assert!(
            html.contains(titled) && html.contains(bare) && !html.contains("iframe"),
            "{html}"
        );
    }

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
    fn a_reader_is_not_sent_on_jumps_that_lead_nowhere() {
        let html = "<p>a<sup><a href=\"https://e.org/x#1\">1</a></sup> <a href=\"https://e.org/y#part\">b</a></p>\
                    <ol><li id=\"fn1\">note <a href=\"https://e.org/x#fnref1\">↩</a></li></ol>";
        let adapted = adapt(html, Below(1));
        assert!(
            adapted.contains("<sup><span>1</span></sup>") && adapted.contains("y#part"),
            "{adapted}"
        );
        assert!(adapted.contains("note </li>"), "{adapted}");
    }

    #[test]
    fn what_mail_programs_cannot_show_is_shown_otherwise() {
        let html = "<details><summary>More</summary><p>x</p></details><table><tr><td><table></table></td></tr></table>\
                    <p><img src=\"data:image/png;base64,AA\"></p>";
        let adapted = adapt(html, Below(1));
        assert!(
            adapted.starts_with("<div><p><strong>More</strong></p><p>x</p></div>"),
            "{adapted}"
        );
        assert_eq!(adapted.matches("class=\"roll\"").count(), 1, "{adapted}");
        assert!(!adapted.contains("<img"), "{adapted}");
    }

    #[test]
    fn a_body_falls_into_its_blocks() {
        assert_eq!(
            blocks("<div><section>\n<p>a</p><p>b</p></section></div>"),
            ["<p>a</p>", "<p>b</p>"]
        );
        assert_eq!(
            blocks("<p>a <b>b</b></p>\n<ul><li>c</li></ul>"),
            ["<p>a <b>b</b></p>", "<ul><li>c</li></ul>"]
        );
        assert_eq!(words("<p>a <b>b</b></p>\n<p>c</p>"), "a b c");
    }
}
