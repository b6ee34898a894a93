//! Markdown to HTML on the parser's event stream (`sources.md` FO13). The result is not yet safe.

use pulldown_cmark::{BlockQuoteKind, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

use super::html::{MORE, escape};

/// Bytes of HTML at which rendering stops: a table of 21 kB can come to 2.4 MB.
const LARGEST: usize = 4 * 1024 * 1024;

/// What we read beyond `CommonMark`: tables, footnotes, strikethrough, task lists, heading attributes, definition lists, alerts.
pub(super) fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_DEFINITION_LIST
        | Options::ENABLE_GFM
}

/// A body as HTML, and the heading of level 1 that opens it.
#[derive(Debug, Default)]
pub(super) struct Rendered {
    pub(super) html: String,
    /// Plain text of the heading that opened the body; it is not in `html`.
    pub(super) heading: Option<String>,
}

/// Rendering came to more HTML than we take.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooMuch;

/// Renders Markdown. A heading of level 1 that opens the body is taken out if the article has no other title, or one that
/// is equal.
pub(super) fn render(text: &str, title: Option<&str>) -> Result<Rendered, TooMuch> {
    let mut events = Parser::new_ext(text, options()).peekable();
    let mut opening: Vec<Event<'_>> = Vec::new();
    let heading = take_heading(&mut events, &mut opening, title);
    let mut notes = Notes::default();
    let main = opening.into_iter().chain(events).filter_map(|event| notes.pass(event));
    let mut html = String::with_capacity(text.len() + text.len() / 4);
    let mut written = Capped {
        html: &mut html,
        full: false,
    };
    let _ = html::write_html_fmt(&mut written, main);
    notes.write_to(&mut written);
    if written.full {
        Err(TooMuch)
    } else {
        Ok(Rendered { html, heading })
    }
}

/// Stops writing at the limit.
struct Capped<'h> {
    html: &'h mut String,
    full: bool,
}

impl std::fmt::Write for Capped<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        if self.html.len() + text.len() > LARGEST {
            self.full = true;
            return Err(std::fmt::Error);
        }
        self.html.push_str(text);
        Ok(())
    }
}

/// Reads the heading that opens the body; its events go to `opening` when it stays.
fn take_heading<'t>(
    events: &mut std::iter::Peekable<Parser<'t>>,
    opening: &mut Vec<Event<'t>>,
    title: Option<&str>,
) -> Option<String> {
    while matches!(
        events.peek(),
        Some(Event::Html(_) | Event::Start(Tag::HtmlBlock) | Event::End(TagEnd::HtmlBlock))
    ) {
        let event = events.next()?;
        let remark =
            !matches!(&event, Event::Html(html) if !html.trim().is_empty() && !html.trim_start().starts_with("<!--"));
        opening.push(event);
        if !remark {
            return None;
        }
    }
    if !matches!(
        events.peek(),
        Some(Event::Start(Tag::Heading {
            level: HeadingLevel::H1,
            ..
        }))
    ) {
        return None;
    }
    let before = opening.len();
    let mut plain = String::new();
    for event in events.by_ref() {
        match &event {
            Event::Text(text) | Event::Code(text) => plain.push_str(text),
            Event::SoftBreak | Event::HardBreak => plain.push(' '),
            _ => {}
        }
        let end = matches!(event, Event::End(TagEnd::Heading(_)));
        opening.push(event);
        if end {
            break;
        }
    }
    let plain = crate::model::text::one_line(&plain);
    if plain.is_empty() || title.is_some_and(|title| title != plain) {
        return None;
    }
    opening.truncate(before);
    Some(plain)
}

/// Footnotes go to the end, alerts get their label, the mark of the summary's end becomes a character of our own.
#[derive(Default)]
struct Notes<'t> {
    names: Vec<String>,
    definitions: Vec<(String, Vec<Event<'t>>)>,
    inside: bool,
}

impl<'t> Notes<'t> {
    fn pass(&mut self, event: Event<'t>) -> Option<Event<'t>> {
        let event = match event {
            Event::Start(Tag::FootnoteDefinition(name)) => {
                self.inside = true;
                self.definitions.push((name.to_string(), Vec::new()));
                return None;
            }
            Event::End(TagEnd::FootnoteDefinition) => {
                self.inside = false;
                return None;
            }
            Event::FootnoteReference(name) => {
                let number = self.number(&name);
                let id = escape(&note_id(&name));
                Event::InlineHtml(format!("<sup id=\"fnref-{id}\"><a href=\"#fn-{id}\">{number}</a></sup>").into())
            }
            Event::Start(Tag::BlockQuote(Some(kind))) => {
                Event::Html(format!("<blockquote>\n<p><strong>{}</strong></p>\n", label(kind)).into())
            }
            Event::End(TagEnd::BlockQuote(Some(_))) => Event::Html(CowStr::Borrowed("</blockquote>\n")),
            Event::Html(html) => Event::Html(marked(html)),
            Event::InlineHtml(html) => Event::InlineHtml(marked(html)),
            // The box of a task is an input, which no letter shows.
            Event::TaskListMarker(done) => Event::Text(CowStr::Borrowed(if done { "☑ " } else { "☐ " })),
            other => other,
        };
        match self.definitions.last_mut().filter(|_| self.inside) {
            Some((_, events)) => {
                events.push(event);
                None
            }
            None => Some(event),
        }
    }

    fn number(&mut self, name: &str) -> usize {
        if let Some(at) = self.names.iter().position(|known| known == name) {
            return at + 1;
        }
        self.names.push(name.to_owned());
        self.names.len()
    }

    /// The notes that are referred to, in the order of their first reference.
    fn write_to(self, written: &mut Capped<'_>) {
        use std::fmt::Write;
        let mut definitions = self.definitions;
        definitions.retain(|(name, _)| self.names.contains(name));
        definitions.sort_by_key(|(name, _)| self.names.iter().position(|known| known == name));
        if definitions.is_empty() {
            return;
        }
        let _ = written.write_str("<section class=\"footnotes\">\n<ol>\n");
        for (name, events) in definitions {
            let _ = written.write_str(&format!("<li id=\"fn-{}\">", escape(&note_id(&name))));
            let _ = html::write_html_fmt(&mut *written, events.into_iter());
            let _ = written.write_str("</li>\n");
        }
        let _ = written.write_str("</ol>\n</section>\n");
    }
}

fn note_id(name: &str) -> String {
    name.chars()
        .map(|c| if c.is_alphanumeric() { c } else { '-' })
        .collect()
}

fn label(kind: BlockQuoteKind) -> &'static str {
    match kind {
        BlockQuoteKind::Note => "Note",
        BlockQuoteKind::Tip => "Tip",
        BlockQuoteKind::Important => "Important",
        BlockQuoteKind::Warning => "Warning",
        BlockQuoteKind::Caution => "Caution",
    }
}

fn marked(html: CowStr<'_>) -> CowStr<'_> {
    if html.contains("<!--") {
        with_more(&html).map_or(html, Into::into)
    } else {
        html
    }
}

/// HTML whose first remark that ends the summary is our mark.
pub(super) fn with_more(html: &str) -> Option<String> {
    let mut at = 0;
    while let Some(start) = html[at..].find("<!--").map(|found| at + found) {
        let end = html[start..].find("-->").map_or(html.len(), |found| start + found + 3);
        let word = html[start + 4..end].trim_end_matches("-->").trim().to_ascii_lowercase();
        if matches!(
            word.as_str(),
            "more" | "truncate" | "teaser_end" | "end_excerpt" | "read more" | "readmore"
        ) {
            return Some(format!("{}{MORE}{}", &html[..start], &html[end..]));
        }
        at = end;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(text: &str) -> String {
        render(text, Some("other")).unwrap().html
    }

    #[test]
    fn an_author_has_tables_notes_tasks_and_alerts() {
        assert!(html("|a|b|\n|-|-|\n|1|2|").contains("<td>2</td>"));
        assert!(html("~~a~~").contains("<del>a</del>"));
        assert!(html("- [x] done").contains("☑ done"));
        assert!(html("> [!NOTE]\n> Mind").contains("<strong>Note</strong>"));
        assert!(html("Term\n: Meaning").contains("<dd>Meaning</dd>"));
        let notes = html("Text[^b] and[^a].\n\n[^a]: First\n\n[^b]: Second\n\n[^c]: Unused");
        assert!(
            notes.contains("<sup id=\"fnref-b\"><a href=\"#fn-b\">1</a></sup>"),
            "{notes}"
        );
        assert!(
            notes.find("Second").unwrap() < notes.find("First").unwrap() && !notes.contains("Unused"),
            "{notes}"
        );
    }

    #[test]
    fn the_heading_that_opens_the_body_is_the_title_once() {
        let rendered = render("# A *big* `title`\n\nText", None).unwrap();
        assert_eq!(rendered.heading.as_deref(), Some("A big title"));
        assert_eq!(rendered.html, "<p>Text</p>\n");
        assert!(html("# A heading\n\nText").contains("<h1>A heading</h1>"));
        assert!(render("# Same\n\nText", Some("Same")).unwrap().html.starts_with("<p>"));
        assert!(render("Text\n\n# Later", None).unwrap().heading.is_none());
        assert!(render("## Second level", None).unwrap().heading.is_none());
    }

    #[test]
    fn the_mark_of_the_summarys_end_is_seen_in_all_its_spellings() {
        for mark in [
            "<!--more-->",
            "<!-- more -->",
            "<!-- truncate -->",
            "<!-- TEASER_END -->",
            "<!-- end_excerpt -->",
        ] {
            assert!(html(&format!("a\n\n{mark}\n\nb")).contains(MORE), "{mark}");
            assert!(html(&format!("a {mark} b")).contains(MORE), "{mark}");
        }
        assert!(!html("a\n\n<!-- something more -->\n\nb").contains(MORE));
    }

    #[test]
    fn a_text_that_comes_to_too_much_html_is_refused() {
        assert!(render(&"x\n\n".repeat(600_000), None).is_err());
    }
}
