//! What a letter and a feed cannot show becomes a link or its plain part (`sources.md` HT4, HT5; `feeds.md` 6.2 and 6.3).

use dom_query::{Document, NodeRef};

use super::{Links, escape};

/// Whether HTML holds anything that [`plain_parts`] would change: most articles do not, and are spared a second tree.
pub(super) fn is_needed(html: &str) -> bool {
    const MARKS: &[&str] = &[
        "<iframe",
        "<object",
        "<embed",
        "<video",
        "<audio",
        "<picture",
        "<noscript",
        "<svg",
        "<math",
        "<canvas",
        "data-src",
        "data-original",
        "data-lazy",
        "hidden",
        "display:",
        "visibility:",
        "width=\"1\"",
        "width=1",
    ];
    let bytes = html.as_bytes();
    let starts_mark = |at: usize| {
        MARKS.iter().any(|mark| {
            bytes[at..].len() >= mark.len() && bytes[at..at + mark.len()].eq_ignore_ascii_case(mark.as_bytes())
        })
    };
    // Every mark lies inside a tag.
    let mut at = 0;
    while let Some(found) = bytes[at..].iter().position(|b| *b == b'<') {
        at += found;
        let end = bytes[at..]
            .iter()
            .position(|b| *b == b'>')
            .map_or(bytes.len(), |end| at + end);
        if starts_mark(at)
            || (at + 1..end).any(|inner| matches!(bytes[inner] | 0x20, b'd' | b'h' | b'v' | b'w') && starts_mark(inner))
        {
            return true;
        }
        at = end.max(at + 1);
    }
    false
}

/// Lazy pictures get their real source, foreign elements become links, hidden ones go.
pub(super) fn plain_parts(html: &str, links: &Links<'_>) -> String {
    let document = Document::fragment(html);
    reveal_lazy_pictures(&document);
    for node in document.select("iframe, object, embed, video, audio").nodes() {
        let stays = node.has_name("iframe") && node.attr("src").is_some_and(|src| links.frame(&src).is_some());
        if stays {
            node.set_html("");
        } else {
            put_instead(node, link_instead(node));
        }
    }
    for node in document.select("svg, math, canvas").nodes() {
        let fallback = if node.has_name("canvas") {
            escape(node.text().trim())
        } else {
            String::new()
        };
        put_instead(node, fallback);
    }
    for node in document.select("img").nodes() {
        if is_tracker(node) {
            node.remove_from_parent();
        }
    }
    document.html_root().inner_html().to_string()
}

fn put_instead(node: &NodeRef<'_>, html: String) {
    if html.is_empty() {
        node.remove_from_parent();
    } else {
        node.replace_with_html(html);
    }
}

fn reveal_lazy_pictures(document: &Document) {
    for node in document.select("picture").nodes() {
        let picture = node.descendants().into_iter().find(|inner| inner.has_name("img"));
        match picture {
            Some(picture) => node.replace_with(&picture),
            None => node.remove_from_parent(),
        }
    }
    for node in document.select("img").nodes() {
        for (lazy, real) in [
            ("data-src", "src"),
            ("data-original", "src"),
            ("data-lazy-src", "src"),
            ("data-srcset", "srcset"),
            ("data-lazy-srcset", "srcset"),
        ] {
            if let Some(value) = node.attr(lazy).filter(|value| !value.is_empty()) {
                node.set_attr(real, &value);
            }
        }
    }
    for node in document.select("noscript").nodes() {
        // Its copy of a picture is the real one where the picture before it has none.
        let inner = node.text().to_string() + &node.inner_html();
        let before = node.prev_element_sibling();
        let lazy = before
            .as_ref()
            .is_some_and(|picture| picture.has_name("img") && is_placeholder(picture));
        if lazy && inner.contains("<img") {
            if let Some(picture) = before {
                picture.remove_from_parent();
            }
            let text = node.text();
            let copy = Document::fragment(if text.contains("<img") {
                text.to_string()
            } else {
                node.inner_html().to_string()
            });
            put_instead(node, copy.select("img").html().to_string());
        } else {
            node.remove_from_parent();
        }
    }
}

fn is_placeholder(picture: &NodeRef<'_>) -> bool {
    picture
        .attr("src")
        .is_none_or(|src| src.is_empty() || src.starts_with("data:"))
}

fn link_instead(node: &NodeRef<'_>) -> String {
    let own = ["src", "data", "data-src"]
        .iter()
        .find_map(|name| node.attr(name))
        .filter(|value| !value.is_empty());
    let inner = || {
        node.descendants()
            .into_iter()
            .find(|child| child.has_name("source"))
            .and_then(|child| child.attr("src"))
    };
    let Some(address) = own.or_else(inner) else {
        return String::new();
    };
    let title = ["title", "aria-label"]
        .iter()
        .find_map(|name| node.attr(name))
        .filter(|value| !value.trim().is_empty());
    let host = || {
        address
            .split("//")
            .nth(1)
            .unwrap_or(&address)
            .split(['/', '?'])
            .next()
            .unwrap_or("")
            .trim_start_matches("www.")
            .to_owned()
    };
    let label = title.map_or_else(host, |title| title.to_string());
    let label = if label.is_empty() { address.to_string() } else { label };
    let poster = node
        .attr("poster")
        .map(|src| format!("<img src=\"{}\" alt=\"\"><br>", escape(&src)))
        .unwrap_or_default();
    format!("<p><a href=\"{}\">{poster}{}</a></p>", escape(&address), escape(&label))
}

/// Declared one by one pixel, or hidden: it counts people, it shows nothing.
fn is_tracker(picture: &NodeRef<'_>) -> bool {
    let tiny = |name: &str| {
        picture
            .attr(name)
            .is_some_and(|value| matches!(value.trim_end_matches("px").trim(), "0" | "1"))
    };
    let style = picture
        .attr("style")
        .map(|style| style.to_lowercase().replace(' ', ""))
        .unwrap_or_default();
    (tiny("width") && tiny("height"))
        || picture.has_attr("hidden")
        || style.contains("display:none")
        || style.contains("visibility:hidden")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::folder::tests_support::settings_with;
    use crate::source::folder::{FolderSettings, Locators};

    fn plain_parts(html: &str) -> String {
        with(&settings_with(|_| {}), html)
    }

    fn with(settings: &FolderSettings, html: &str) -> String {
        let locators = Locators::new(&[]);
        let permalink = url::Url::parse("https://example.org/a/").unwrap();
        super::plain_parts(html, &Links::new(settings, &locators, "a.md", &permalink, None))
    }

    #[test]
    fn a_frame_of_a_host_that_the_author_named_stays_and_no_other() {
        let settings = settings_with(|source| source.embeds = vec!["film.example.net".to_owned()]);
        let frame = |src: &str| {
            with(
                &settings,
                &format!("<p>a</p><iframe src=\"{src}\">old</iframe><p>b</p>"),
            )
        };
        let kept = frame("https://film.example.net/1?a=b");
        assert!(
            kept.contains("<iframe src=\"https://film.example.net/1?a=b\"></iframe>"),
            "{kept}"
        );
        for src in [
            "http://film.example.net/1",
            "https://film.example.net.evil.example/1",
            "https://evil.example/?https://film.example.net/",
            "javascript:alert(1)",
            "",
        ] {
            assert!(!frame(src).contains("iframe"), "{src}");
        }
    }

    #[test]
    fn a_film_becomes_a_link_that_works_in_a_letter() {
        let html = plain_parts(
            "<p>a</p><iframe src=\"https://www.youtube.com/embed/x\" title=\"My talk\"></iframe><video poster=p.png><source src=a.mp4></video>",
        );
        assert!(
            html.contains("<a href=\"https://www.youtube.com/embed/x\">My talk</a>"),
            "{html}"
        );
        assert!(
            html.contains("<img src=\"p.png\" alt=\"\">") && html.contains("href=\"a.mp4\""),
            "{html}"
        );
        assert!(!html.contains("iframe") && !html.contains("video"));
    }

    #[test]
    fn a_lazy_picture_gets_its_real_source() {
        let html = plain_parts(
            "<img src=\"data:image/gif;base64,R0\" data-src=\"a.png\" data-srcset=\"a.png 1x\"><picture><source srcset=b.webp><img src=b.png></picture>",
        );
        assert!(
            html.contains("src=\"a.png\"") && html.contains("srcset=\"a.png 1x\""),
            "{html}"
        );
        assert!(html.contains("b.png") && !html.contains("webp"), "{html}");
        let html = plain_parts("<p><img class=lazy><noscript><img src=\"c.png\"></noscript></p>");
        assert!(html.contains("c.png") && !html.contains("noscript"), "{html}");
    }

    #[test]
    fn pictures_that_count_people_go() {
        let html =
            plain_parts("<img src=t.gif width=1 height=1><img src=h.gif style=\"display: none\"><img src=ok.png>");
        assert!(
            html.contains("ok.png") && !html.contains("t.gif") && !html.contains("h.gif"),
            "{html}"
        );
    }

    #[test]
    fn plain_articles_are_spared_the_second_tree() {
        assert!(!is_needed(
            "<p>video hidden data-src iframe</p><img src=\"a.png\" width=\"10\">"
        ));
        assert!(
            is_needed("<p><IFRAME src=x></p>")
                && is_needed("<img Data-Src=x>")
                && is_needed("<img style='display:none'>")
        );
    }
}
