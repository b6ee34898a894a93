//! Reads a text from left to right and writes it again without its tags.

use std::fmt;
use std::ops::Range;

use crate::source::html::escape;

use super::arguments::Arguments;
use super::known::{self, Meaning};
use super::{Scene, mdx};

/// A tag is at most so long: what opens and never closes is text.
const LONGEST_TAG: usize = 4 * 1024;

#[derive(Debug)]
pub(super) struct Scanner<'s, 't> {
    scene: &'s Scene<'s>,
    text: &'t str,
    code: &'t [Range<usize>],
    pub(super) out: String,
    pub(super) unknown: u32,
    pub(super) any: bool,
    /// Behind the last `:::` block that was opened: its lines are quoted when it closes.
    containers: Vec<usize>,
}

/// A tag that was found: what stands inside, where it ends, and how its closing tag is written.
struct Found<'t> {
    inner: &'t str,
    end: usize,
    hugo: bool,
}

impl<'s, 't> Scanner<'s, 't> {
    pub(super) fn new(scene: &'s Scene<'s>, text: &'t str, code: &'t [Range<usize>]) -> Self {
        Self {
            scene,
            text,
            code,
            out: String::with_capacity(text.len()),
            unknown: 0,
            any: false,
            containers: Vec::new(),
        }
    }

    pub(super) fn run(&mut self) {
        let mut at = 0;
        let mut next_code = 0;
        while at < self.text.len() {
            while self.code.get(next_code).is_some_and(|range| range.end <= at) {
                next_code += 1;
            }
            if let Some(range) = self.code.get(next_code).filter(|range| range.start <= at) {
                self.out.push_str(&self.text[at..range.end]);
                at = range.end;
                continue;
            }
            let limit = self.code.get(next_code).map_or(self.text.len(), |range| range.start);
            let stop = self.text[at..limit]
                .find(['{', ':', '<', 'i', 'e'])
                .map_or(limit, |found| at + found);
            self.out.push_str(&self.text[at..stop]);
            at = stop;
            if at < limit {
                at = self.at_mark(at);
            }
        }
        while !self.containers.is_empty() {
            self.close_container();
        }
    }

    /// Handles what begins here; returns where reading goes on.
    fn at_mark(&mut self, at: usize) -> usize {
        let rest = &self.text[at..];
        let end = match rest.as_bytes()[0] {
            b'{' => self.brace(at),
            b':' if rest.starts_with(":::") && self.at_line_start(at) => self.container(at),
            b'<' | b'i' | b'e' if self.scene.mdx => self.component(at),
            _ => None,
        };
        if let Some(end) = end {
            self.any = true;
            return end;
        }
        let c = rest.chars().next().map_or(1, char::len_utf8);
        self.out.push_str(&rest[..c]);
        at + c
    }

    fn component(&mut self, at: usize) -> Option<usize> {
        let component = mdx::component(self.text, at)?;
        self.unknown += u32::from(component.unknown);
        self.out.push_str(&component.instead);
        Some(component.end)
    }

    fn put(&mut self, text: fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = fmt::Write::write_fmt(&mut self.out, text);
    }

    fn at_line_start(&self, at: usize) -> bool {
        let line = self.text[..at].rfind('\n').map_or(0, |found| found + 1);
        self.text[line..at].bytes().all(|b| b == b' ')
    }

    fn brace(&mut self, at: usize) -> Option<usize> {
        let rest = &self.text[at..];
        if rest.starts_with("{{<") || rest.starts_with("{{%") {
            let found = self.shortcode(at)?;
            return Some(self.named_tag(&found));
        }
        if rest.starts_with("{{") {
            return self.printed(at);
        }
        if rest.starts_with("{%") {
            let end = find_end(self.text, at + 2, "%}")?;
            let found = Found {
                inner: trimmed(&self.text[at + 2..end - 2]),
                end,
                hugo: false,
            };
            return Some(self.named_tag(&found));
        }
        if rest.starts_with("{# ") {
            return find_end(self.text, at + 2, "#}");
        }
        if rest.starts_with("{:") {
            return self.attributes(at);
        }
        if self.scene.mdx && rest.starts_with("{/*") {
            return find_end(self.text, at + 3, "*/}");
        }
        None
    }

    fn shortcode(&self, at: usize) -> Option<Found<'t>> {
        let close = if self.text[at..].starts_with("{{<") {
            ">}}"
        } else {
            "%}}"
        };
        let end = find_end(self.text, at + 3, close)?;
        Some(Found {
            inner: self.text[at + 3..end - 3].trim().trim_end_matches('/').trim_end(),
            end,
            hugo: true,
        })
    }

    fn printed(&mut self, at: usize) -> Option<usize> {
        let triple = self.text[at..].starts_with("{{{");
        let (open, close) = if triple { (3, "}}}") } else { (2, "}}") };
        let end = find_end(self.text, at + open, close)?;
        let inner = trimmed(&self.text[at + open..end - close.len()]);
        let meaning = known::printed(self.scene, inner);
        self.write(meaning, end, None);
        Some(end)
    }

    /// kramdown: attributes of the text before, on its line or on their own.
    fn attributes(&mut self, at: usize) -> Option<usize> {
        let line_end = self.text[at..].find('\n').map_or(self.text.len(), |found| at + found);
        let end = self.text[at..line_end].find('}').map(|found| at + found + 1)?;
        let alone = self.at_line_start(at) && self.text[end..line_end].trim().is_empty();
        if alone && self.out.ends_with('\n') && line_end < self.text.len() {
            Some(line_end + 1)
        } else {
            Some(end)
        }
    }

    fn named_tag(&mut self, found: &Found<'t>) -> usize {
        let arguments = Arguments::read(found.inner);
        let closing = self.closing_tag(&arguments.name, found.end, found.hugo);
        let meaning = known::tag(self.scene, &arguments, closing.is_some());
        self.write(meaning, found.end, closing)
    }

    /// Where the closing tag of `name` begins and ends.
    fn closing_tag(&self, name: &str, from: usize, hugo: bool) -> Option<Range<usize>> {
        if name.is_empty() || name.starts_with('/') || name.starts_with("end") {
            return None;
        }
        let mut at = from;
        let open = if hugo { "{{" } else { "{%" };
        while let Some(start) = self.text[at..].find(open).map(|found| at + found) {
            at = start + 2;
            let end = find_end(self.text, at, if hugo { "}}" } else { "%}" })?;
            let inner = self.text[start + 2..end - 2].trim_matches(['<', '>', '%', '-', ' ', '\n', '\t']);
            let named = if hugo {
                inner.strip_prefix('/').map(str::trim)
            } else {
                inner.strip_prefix("end").map(str::trim)
            };
            if named.is_some_and(|other| other.eq_ignore_ascii_case(name)) {
                return Some(start..end);
            }
        }
        None
    }

    /// Writes what a tag means; returns where reading goes on.
    fn write(&mut self, meaning: Meaning, end: usize, closing: Option<Range<usize>>) -> usize {
        self.any = true;
        let closing = closing.unwrap_or(end..end);
        let inner = &self.text[end..closing.start];
        match meaning {
            Meaning::Text(text) => self.out.push_str(&text),
            Meaning::Nothing => {}
            Meaning::Unknown => {
                self.unknown += 1;
                let instead = self.scene.in_place_of_unknown();
                self.out.push_str(&instead);
            }
            Meaning::Comment => return closing.end,
            Meaning::Literal => {
                self.literal(inner, end);
                return closing.end;
            }
            Meaning::Code(language) => {
                self.code_block(inner, &language);
                return closing.end;
            }
            Meaning::Quotation(source) => {
                self.quotation(inner.trim(), &source);
                return closing.end;
            }
        }
        end
    }

    /// Text that is meant literally: tags in it are shown, as code where they are not in code already.
    fn literal(&mut self, inner: &str, start: usize) {
        let mut at = 0;
        while let Some(found) = inner[at..]
            .find("{{")
            .into_iter()
            .chain(inner[at..].find("{%"))
            .min()
            .map(|found| at + found)
        {
            let close = if inner[found..].starts_with("{{") { "}}" } else { "%}" };
            let Some(end) = find_end(inner, found + 2, close) else {
                break;
            };
            self.out.push_str(&inner[at..found]);
            let in_code = self.code.iter().any(|range| range.contains(&(start + found)));
            let tag = &inner[found..end];
            match (in_code, self.scene.html) {
                (true, _) => self.out.push_str(tag),
                (false, true) => self.put(format_args!("<code>{}</code>", escape(tag))),
                (false, false) => self.put(format_args!("`{tag}`")),
            }
            at = end;
        }
        self.out.push_str(&inner[at..]);
    }

    fn code_block(&mut self, inner: &str, language: &str) {
        // In a template, `raw` around code only keeps the template engine out.
        let inner = without_raw(inner);
        let inner = inner.trim_matches('\n');
        if self.scene.html {
            self.put(format_args!(
                "<pre><code class=\"language-{language}\">{}</code></pre>",
                escape(inner)
            ));
            return;
        }
        let line = self.out.rfind('\n').map_or(0, |at| at + 1);
        let indent = if self.out[line..].bytes().all(|b| b == b' ') {
            self.out[line..].to_owned()
        } else {
            String::new()
        };
        if indent.is_empty() && !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push_str("\n\n");
        }
        let longest = inner
            .lines()
            .map(|line| line.trim_start().bytes().take_while(|b| *b == b'`').count())
            .max()
            .unwrap_or(0);
        let fence = "`".repeat(longest.max(2) + 1);
        self.put(format_args!("{fence}{language}\n{inner}\n{indent}{fence}"));
    }

    fn quotation(&mut self, inner: &str, source: &str) {
        if self.scene.html {
            let source = if source.is_empty() {
                String::new()
            } else {
                format!("<p>— {}</p>", escape(source))
            };
            self.put(format_args!("<blockquote>{inner}{source}</blockquote>"));
            return;
        }
        let source = if source.is_empty() {
            String::new()
        } else {
            format!("\n\n— {source}")
        };
        let quoted = quote(&format!("{inner}{source}"));
        self.put(format_args!("\n\n{quoted}\n\n"));
    }

    /// `:::note Title` opens a container, `:::` closes it.
    fn container(&mut self, at: usize) -> Option<usize> {
        let line_end = self.text[at..].find('\n').map_or(self.text.len(), |found| at + found);
        let label = self.text[at..line_end].trim_start_matches(':').trim();
        let behind = (line_end + 1).min(self.text.len());
        if label.is_empty() {
            if self.containers.is_empty() {
                return None;
            }
            self.close_container();
            return Some(behind);
        }
        let (kind, title) = label
            .split_once([' ', '[', '{'])
            .map_or((label, ""), |(kind, title)| (kind, title.trim_end_matches([']', '}'])));
        let mut name = kind.to_owned();
        if let Some(first) = name.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        let shown = if title.trim().is_empty() {
            name.as_str()
        } else {
            title.trim()
        };
        self.containers.push(self.out.len());
        self.put(format_args!("**{}**\n\n", shown.replace('*', "")));
        Some(behind)
    }

    fn close_container(&mut self) {
        let Some(start) = self.containers.pop() else { return };
        let inner = self.out.split_off(start);
        self.out.push_str(&quote(inner.trim_end()));
        self.out.push('\n');
    }
}

fn quote(text: &str) -> String {
    text.lines()
        .map(|line| {
            if line.trim().is_empty() {
                ">".to_owned()
            } else {
                format!("> {line}")
            }
        })
        .collect::<Vec<_>>()
        .join("\n")
}

fn trimmed(inner: &str) -> &str {
    inner.trim_start_matches('-').trim_end_matches('-').trim()
}

fn without_raw(inner: &str) -> String {
    let mut out = String::with_capacity(inner.len());
    let mut at = 0;
    while let Some(start) = inner[at..].find("{%").map(|found| at + found) {
        let Some(end) = find_end(inner, start + 2, "%}") else {
            break;
        };
        let word = trimmed(&inner[start + 2..end - 2]);
        out.push_str(&inner[at..start]);
        if !matches!(word, "raw" | "endraw") {
            out.push_str(&inner[start..end]);
        }
        at = end;
    }
    out.push_str(&inner[at..]);
    out
}

/// Behind the next `close`, passing over quotation marks that are closed before it.
fn find_end(text: &str, from: usize, close: &str) -> Option<usize> {
    let limit = (from..=text.len())
        .rev()
        .find(|at| *at - from <= LONGEST_TAG && text.is_char_boundary(*at))?;
    let window = &text[from..limit];
    let plain = window.find(close)?;
    let quotes = window[..plain].bytes().filter(|b| *b == b'"').count();
    if quotes % 2 == 1 {
        // The mark stands inside a quoted text that ends behind it.
        if let Some(quote_end) = window[plain..].find('"').map(|found| plain + found)
            && !window[plain..quote_end].contains('\n')
            && let Some(later) = window[quote_end..].find(close)
        {
            return Some(from + quote_end + later + close.len());
        }
    }
    Some(from + plain + close.len())
}
