//! The plain text of a cleaned body, its prose, and where the author ended the summary (`sources.md` HT7 and HT8).
//!
//! One walk over the HTML that the sanitiser wrote: balanced, attributes in double quotes, four entities.

use super::html::{MORE, tag_end, unescape};

/// Bytes of text that are kept at most.
const LONGEST_TEXT: usize = 1024 * 1024;
/// Characters of prose that an excerpt may need.
const ENOUGH_PROSE: usize = 4_000;

/// What the walk gathers.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Prose {
    /// Blocks apart by one empty line; `- ` and numbers for lists, `> ` for quotations, four spaces for code.
    pub(super) text: String,
    /// The first paragraphs: no headings, code, tables, captions, lists.
    pub(super) opening: String,
    /// What stands before the mark of the summary's end, when there is one.
    pub(super) before_more: Option<String>,
}

/// Walks cleaned HTML.
pub(super) fn prose(html: &str) -> Prose {
    let mut walk = Walk::default();
    let mut at = 0;
    while let Some(start) = html[at..].find('<').map(|found| at + found) {
        walk.text(&html[at..start]);
        let end = tag_end(html, start);
        walk.tag(&html[start..end]);
        at = end;
    }
    walk.text(&html[at..]);
    walk.finish()
}

#[derive(Debug, Default)]
struct Walk {
    out: Prose,
    /// The block that is being gathered.
    block: String,
    /// Plain words of the block, without addresses and marks: for summaries.
    words: String,
    /// Stands before the first line of the next block: `- `, `3. `.
    bullet: Option<String>,
    /// Open lists: the next number, or none for a plain list.
    lists: Vec<Option<u32>>,
    quotes: usize,
    pre: bool,
    /// Open elements in which text is no prose.
    aside: usize,
    link: Option<(String, usize)>,
    row_begun: bool,
    summary: String,
    /// The last block was an item of a list: the next item follows without an empty line.
    after_item: bool,
}

impl Walk {
    fn text(&mut self, raw: &str) {
        if raw.is_empty() {
            return;
        }
        let mut unescaped = String::new();
        let text = if raw.contains('&') {
            unescape(raw, &mut unescaped);
            unescaped.as_str()
        } else {
            raw
        };
        if let Some(at) = text.find(MORE) {
            let (before, after) = (&text[..at], &text[at + MORE.len_utf8()..]);
            self.plain(before);
            if self.out.before_more.is_none() {
                let summary = format!("{} {}", self.summary, self.words);
                self.out.before_more = Some(summary.trim().to_owned());
            }
            self.plain(after);
        } else {
            self.plain(text);
        }
    }

    fn plain(&mut self, text: &str) {
        if self.pre {
            self.block.push_str(text);
            return;
        }
        for target in [&mut self.block, &mut self.words] {
            if text.starts_with(is_blank) && !target.is_empty() && !target.ends_with(is_blank) {
                target.push(' ');
            }
            let mut first = true;
            for word in text.split(is_blank).filter(|word| !word.is_empty()) {
                if !first {
                    target.push(' ');
                }
                target.push_str(word);
                first = false;
            }
            if !first && text.ends_with(is_blank) {
                target.push(' ');
            }
        }
    }

    fn tag(&mut self, tag: &str) {
        let inner = tag.trim_start_matches('<').trim_end_matches('>');
        if let Some(name) = inner.strip_prefix('/') {
            self.close(name);
        } else {
            let name = inner.split([' ', '/']).next().unwrap_or("");
            self.open(name, inner);
        }
    }

    fn open(&mut self, name: &str, tag: &str) {
        match name {
            "br" => {
                let line = self.block.trim_end_matches(' ').len();
                self.block.truncate(line);
                self.block.push('\n');
                self.words.push(' ');
            }
            "img" => self.picture(tag),
            "iframe" => self.frame(tag),
            "a" => {
                let href = attribute(tag, "href").unwrap_or_default();
                self.link = Some((href, self.block.len()));
            }
            "hr" => {
                self.end_block(false);
                self.block.push_str("* * *");
                self.words.clear();
                self.aside += 1;
                self.end_block(false);
                self.aside -= 1;
            }
            "li" => {
                self.end_block(false);
                self.bullet = Some(match self.lists.last_mut() {
                    Some(Some(number)) => {
                        let bullet = format!("{number}. ");
                        *number += 1;
                        bullet
                    }
                    _ => "- ".to_owned(),
                });
            }
            "ul" => self.open_list(None),
            "ol" => self.open_list(Some(attribute(tag, "start").and_then(|n| n.parse().ok()).unwrap_or(1))),
            "blockquote" => {
                self.end_block(false);
                self.quotes += 1;
            }
            "pre" => {
                self.end_block(false);
                self.pre = true;
                self.aside += 1;
            }
            "td" | "th" => {
                if self.row_begun {
                    self.block.push_str(" | ");
                }
                self.row_begun = true;
            }
            "tr" => {
                self.end_block(true);
                self.row_begun = false;
            }
            name if is_aside(name) => {
                self.end_block(false);
                self.aside += 1;
            }
            name if is_block(name) => self.end_block(false),
            _ => {}
        }
    }

    fn open_list(&mut self, start: Option<u32>) {
        self.end_block(false);
        self.lists.push(start);
    }

    fn close(&mut self, name: &str) {
        match name {
            "a" => self.close_link(),
            "li" => {
                self.end_block(true);
                self.bullet = None;
            }
            "ul" | "ol" => {
                self.end_block(true);
                self.lists.pop();
                self.after_item = !self.lists.is_empty();
            }
            "blockquote" => {
                self.end_block(false);
                self.quotes = self.quotes.saturating_sub(1);
            }
            "pre" => {
                self.end_block(false);
                self.pre = false;
                self.aside = self.aside.saturating_sub(1);
            }
            "tr" => self.end_block(true),
            name if is_aside(name) => {
                self.end_block(false);
                self.aside = self.aside.saturating_sub(1);
                self.after_item = false;
            }
            name if is_block(name) => self.end_block(false),
            _ => {}
        }
    }

    fn picture(&mut self, tag: &str) {
        let alt = attribute(tag, "alt").unwrap_or_default();
        let alt = alt.trim();
        if !alt.is_empty() {
            self.block.push('[');
            self.block.push_str(alt);
            self.block.push(']');
        }
    }

    /// Where a frame is shown there is nothing but its address to tell.
    fn frame(&mut self, tag: &str) {
        self.end_block(false);
        let (start, src) = (self.block.len(), attribute(tag, "src").unwrap_or_default());
        let title = attribute(tag, "title").unwrap_or_default();
        let label = if title.trim().is_empty() { &src } else { title.trim() };
        self.block.push_str(label);
        self.link = Some((src.clone(), start));
        self.close_link();
        self.end_block(false);
    }

    /// `text (URL)`, unless text and URL agree.
    fn close_link(&mut self) {
        let Some((href, start)) = self.link.take() else { return };
        let text = self.block.get(start..).unwrap_or("").trim();
        let bare = |s: &str| {
            s.trim_start_matches("https://")
                .trim_start_matches("http://")
                .trim_start_matches("mailto:")
                .trim_end_matches('/')
                .to_owned()
        };
        if href.is_empty() || text.is_empty() || bare(text) == bare(&href) {
            return;
        }
        let blank = self.block.ends_with(' ');
        let line = self.block.trim_end_matches(' ').len();
        self.block.truncate(line);
        self.block.push_str(" (");
        self.block.push_str(&href);
        self.block.push(')');
        if blank {
            self.block.push(' ');
        }
    }

    /// Writes the block that was gathered; `item` blocks follow each other without an empty line.
    fn end_block(&mut self, item: bool) {
        let block = std::mem::take(&mut self.block);
        let words = std::mem::take(&mut self.words);
        if let Some((_, start)) = &mut self.link {
            *start = 0;
        }
        let trimmed = if self.pre {
            block.trim_end().trim_start_matches('\n')
        } else {
            block.trim_matches(is_blank)
        };
        if trimmed.is_empty() {
            return;
        }
        let in_item = item || self.bullet.is_some() || !self.lists.is_empty();
        self.note_prose(words.trim(), in_item);
        // Of one giant block the beginning is kept: the article has a text.
        let trimmed = if self.out.text.is_empty() {
            &trimmed[..trimmed.floor_char_boundary(LONGEST_TEXT)]
        } else {
            trimmed
        };
        if self.out.text.len() + trimmed.len() > LONGEST_TEXT {
            return;
        }
        if !self.out.text.is_empty() {
            self.out
                .text
                .push_str(if in_item && self.after_item { "\n" } else { "\n\n" });
        }
        self.write_lines(trimmed);
        self.after_item = in_item;
    }

    fn write_lines(&mut self, block: &str) {
        let depth = self.lists.len().saturating_sub(1);
        let bullet = self.bullet.take();
        let hang = if self.lists.is_empty() {
            0
        } else {
            bullet.as_ref().map_or(2, String::len)
        };
        let quote = "> ".repeat(self.quotes);
        let code = if self.pre { "    " } else { "" };
        for (number, line) in block.lines().enumerate() {
            let out = &mut self.out.text;
            if number > 0 {
                out.push('\n');
            }
            out.push_str(&quote);
            out.push_str(&"  ".repeat(depth));
            match &bullet {
                Some(bullet) if number == 0 => out.push_str(bullet),
                _ => out.push_str(&" ".repeat(hang)),
            }
            out.push_str(code);
            out.push_str(line);
            let end = out.trim_end_matches(' ').len();
            out.truncate(end);
        }
    }

    fn note_prose(&mut self, words: &str, in_item: bool) {
        if words.is_empty() || self.aside > 0 {
            return;
        }
        if self.out.before_more.is_none() && self.summary.len() < ENOUGH_PROSE {
            push_sentence(&mut self.summary, words);
        }
        if !in_item && self.quotes == 0 && self.out.opening.len() < ENOUGH_PROSE {
            push_sentence(&mut self.out.opening, words);
        }
    }

    fn finish(mut self) -> Prose {
        self.end_block(false);
        self.out
    }
}

fn push_sentence(target: &mut String, words: &str) {
    if !target.is_empty() {
        target.push(' ');
    }
    target.push_str(words);
}

/// A blank that may be folded; a no-break space may not.
fn is_blank(c: char) -> bool {
    c.is_whitespace() && c != '\u{a0}'
}

/// Elements whose text is no prose.
fn is_aside(name: &str) -> bool {
    matches!(
        name,
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "table" | "figcaption" | "caption" | "summary" | "dl"
    )
}

fn is_block(name: &str) -> bool {
    matches!(
        name,
        "p" | "div" | "section" | "figure" | "details" | "dt" | "dd" | "thead" | "tbody" | "tfoot"
    )
}

/// The value of an attribute in a tag that the sanitiser wrote.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    let value = tag[start..].split('"').next()?;
    let mut out = String::with_capacity(value.len());
    unescape(value, &mut out);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_its_title_and_its_address() {
        let told = prose("<p>a</p><iframe src=\"https://film.example.net/\" title=\"A film\"></iframe><p>b</p>");
        assert_eq!(told.text, "a\n\nA film (https://film.example.net/)\n\nb");
        let bare = prose("<iframe src=\"https://film.example.net/\"></iframe>");
        assert_eq!(bare.text, "https://film.example.net/");
    }

    #[test]
    fn a_letter_without_pictures_says_the_same() {
        for (html, expected) in [
            (
                "<h2>Title</h2>\n<p>One\ntwo  three.</p><p>Four</p>",
                "Title\n\nOne two three.\n\nFour",
            ),
            ("<ul>\n<li>a</li>\n<li><p>b</p></li>\n</ul><p>c</p>", "- a\n- b\n\nc"),
            (
                "<ol start=\"3\"><li>a<ul><li>b</li></ul></li><li>c</li></ol>",
                "3. a\n  - b\n4. c",
            ),
            ("<blockquote><p>a</p><p>b</p></blockquote><p>c</p>", "> a\n\n> b\n\nc"),
            (
                "<pre><code>let a = 1;\n  b &lt; c\n</code></pre>",
                "    let a = 1;\n      b < c",
            ),
            (
                "<p>See <a href=\"https://x.example/\">this</a>, or <a href=\"https://y.example/\">y.example</a>.</p>",
                "See this (https://x.example/), or y.example.",
            ),
            (
                "<p><img src=\"a.png\" alt=\"A &quot;tree&quot;\"> b<br>c</p>",
                "[A \"tree\"] b\nc",
            ),
            (
                "<table><tbody><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></tbody></table>",
                "a | b\n1 | 2",
            ),
            ("a<p>b</p>c", "a\n\nb\n\nc"),
            ("<p>a<b>b</b> <i>c</i>d</p>", "ab cd"),
        ] {
            assert_eq!(prose(html).text, expected, "{html}");
        }
    }

    #[test]
    fn the_opening_is_prose_only() {
        let html = "<h2>Head</h2><pre>code</pre><ul><li>item</li></ul><p>First <a href=\"https://x.example/\">link</a>.</p><table><tbody><tr><td>x</td></tr></tbody></table><p>Second.</p>";
        assert_eq!(prose(html).opening, "First link. Second.");
    }

    #[test]
    fn the_summary_ends_where_the_author_says_so() {
        let html = format!("<p>First <b>part</b>.</p>\n{MORE}\n<p>Rest.</p>");
        let prose = prose(&html);
        assert_eq!(prose.before_more.as_deref(), Some("First part."));
        assert_eq!(prose.text, "First part.\n\nRest.");
    }
}
