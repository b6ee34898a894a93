//! Plain text as an article: with a byline it came from a page, without one its first line is the title (`sources.md` FO13, SI9).

use chrono_tz::Tz;

use crate::model::text::one_line;

use super::html::escape;
use super::page::byline::{self, Byline};
use super::page::tail::{self, Piece, Tail};

/// What a text says.
#[derive(Debug, Default)]
pub(super) struct Plain {
    pub(super) title: Option<String>,
    pub(super) category: Option<String>,
    pub(super) byline: Byline,
    pub(super) html: String,
    pub(super) tail_uncertain: bool,
}

/// Reads a text; paragraphs are apart by empty lines.
pub(super) fn read(text: &str, zone: Tz, site_title: &str) -> Plain {
    let paragraphs: Vec<&str> = text
        .split("\n\n")
        .map(str::trim)
        .filter(|paragraph| !paragraph.is_empty())
        .collect();
    let top = paragraphs.iter().take(6).enumerate().skip(1);
    let found = top
        .into_iter()
        .find_map(|(at, paragraph)| Some((at, byline::byline(paragraph, zone)?)));
    let Some((at, byline)) = found else {
        return without_byline(text);
    };
    let title = one_line(paragraphs[at - 1]);
    let above = at.checked_sub(2).map(|above| one_line(paragraphs[above]));
    let category = above.filter(|line| byline::is_category_line(line, site_title));
    let body = &paragraphs[at + 1..];
    let pieces: Vec<Piece<'_>> = body.iter().map(|paragraph| piece(paragraph)).collect();
    let end = tail::tail(&pieces, byline.author.as_deref());
    let kept = if let Tail::From(end) = end { &body[..end] } else { body };
    Plain {
        title: Some(title),
        category,
        byline,
        html: with_headings(kept),
        tail_uncertain: end == Tail::Uncertain,
    }
}

fn piece(paragraph: &str) -> Piece<'_> {
    Piece {
        text: paragraph,
        words: paragraph.split_whitespace().count(),
        heading: false,
        form: false,
        only_links: false,
    }
}

fn without_byline(text: &str) -> Plain {
    let text = text.trim_start();
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let title = Some(one_line(first)).filter(|title| !title.is_empty());
    let html = rest
        .split("\n\n")
        .map(str::trim)
        .filter(|paragraph| !paragraph.is_empty())
        .map(|paragraph| element("p", paragraph))
        .collect::<Vec<_>>()
        .concat();
    Plain {
        title,
        html,
        ..Plain::default()
    }
}

fn with_headings(paragraphs: &[&str]) -> String {
    let last = paragraphs.len().saturating_sub(1);
    let made = paragraphs.iter().enumerate().map(|(at, paragraph)| {
        let heading = at < last && !paragraph.contains('\n') && byline::is_heading_line(paragraph);
        element(if heading { "h2" } else { "p" }, paragraph)
    });
    made.collect::<Vec<_>>().concat()
}

fn element(name: &str, text: &str) -> String {
    format!("<{name}>{}</{name}>\n", escape(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_taken_from_a_page_has_title_category_and_headings() {
        let body = "A paragraph says a thing & another.\n\n".repeat(10);
        let text = format!(
            "Craft\n\nOn shelves\n\nJane Doe · 3 May 2024 · 4 min read\n\n{body}A short line\n\nThe end is near.\n\nJane Doe\nBuilds shelves.\n\nShare Your Feedback\n\nRating"
        );
        let plain = read(&text, Tz::UTC, "Notes");
        assert_eq!(
            (plain.title.as_deref(), plain.category.as_deref()),
            (Some("On shelves"), Some("Craft"))
        );
        assert_eq!(plain.byline.minutes, Some(4));
        assert!(
            plain.html.contains("<h2>A short line</h2>") && plain.html.contains("a thing &amp; another"),
            "{}",
            plain.html
        );
        assert!(
            plain.html.trim_end().ends_with("<p>The end is near.</p>"),
            "{}",
            plain.html
        );
    }

    #[test]
    fn a_text_without_byline_has_its_first_line_as_title() {
        let plain = read("On shelves\n\nOne <b>\nline.\n\nTwo.", Tz::UTC, "Notes");
        assert_eq!(plain.title.as_deref(), Some("On shelves"));
        assert_eq!(plain.html, "<p>One &lt;b&gt;\nline.</p>\n<p>Two.</p>\n");
    }
}
