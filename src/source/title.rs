//! Titles and summaries of a header as plain text (`sources.md` FO4).

use pulldown_cmark::{Event, Parser};

use crate::model::text::{is_visible, one_line, truncate_at_word};

/// Characters of a title at most.
const LONGEST: usize = 512;

/// A title as text: emphasis, code ticks, links and entities are reduced once; `<T>` stays literal unless titles are HTML.
pub(super) fn title(text: &str, is_html: bool) -> Option<String> {
    as_text(&reduced(text, is_html))
}

/// A title that is text already. One that nobody can see is none: a reader would show an empty line to click on.
pub(super) fn as_text(text: &str) -> Option<String> {
    let plain = closed(truncate_at_word(&one_line(text), LONGEST));
    is_visible(&plain).then_some(plain)
}

/// A line of Markdown as text.
pub(super) fn reduced(text: &str, is_html: bool) -> String {
    let line = one_line(text);
    if !line.contains(['*', '_', '`', '[', '&', '\\', '<']) {
        return line;
    }
    // A word in front keeps the parser from seeing a list or a heading.
    let guarded = format!("a {line}");
    let mut plain = String::new();
    for event in Parser::new(&guarded) {
        match event {
            Event::Text(text) | Event::Code(text) => plain.push_str(&text),
            Event::InlineHtml(html) | Event::Html(html) if !is_html => plain.push_str(&html),
            Event::SoftBreak | Event::HardBreak => plain.push(' '),
            _ => {}
        }
    }
    one_line(plain.strip_prefix('a').unwrap_or(&plain))
}

/// An unclosed embedding, override or isolate would flip the reader's own page.
fn closed(mut title: String) -> String {
    let (mut embeddings, mut isolates) = (0usize, 0usize);
    for c in title.chars() {
        match c {
            '\u{202a}' | '\u{202b}' | '\u{202d}' | '\u{202e}' => embeddings += 1,
            '\u{202c}' => embeddings = embeddings.saturating_sub(1),
            '\u{2066}'..='\u{2068}' => isolates += 1,
            '\u{2069}' => isolates = isolates.saturating_sub(1),
            _ => {}
        }
    }
    title.extend(std::iter::repeat_n('\u{202c}', embeddings));
    title.extend(std::iter::repeat_n('\u{2069}', isolates));
    title
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_plain_text() {
        for (text, expected) in [
            ("A *big* `day` &amp; [more](/x)", "A big day & more"),
            ("2. Second", "2. Second"),
            ("# no heading", "# no heading"),
            ("Vec<T> and <b>", "Vec<T> and <b>"),
            ("snake_case_name", "snake_case_name"),
            ("AT&T", "AT&T"),
            ("a\n b", "a b"),
        ] {
            assert_eq!(title(text, false).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(title("A <em>big</em> day", true).as_deref(), Some("A big day"));
        assert_eq!(title("  ", false), None);
        assert_eq!(title(" \u{200b}\u{2067} ", false), None);
        assert_eq!(title("\u{202e}x", false).as_deref(), Some("\u{202e}x\u{202c}"));
    }
}
