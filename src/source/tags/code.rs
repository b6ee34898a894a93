//! Where code stands: template tags in it are text.

use std::ops::Range;

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use crate::source::markdown;

/// Ranges of code in Markdown, as its parser sees them; code in raw HTML counts.
pub(crate) fn in_markdown(text: &str) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let mut block_start = None;
    for (event, range) in Parser::new_ext(text, markdown::options()).into_offset_iter() {
        match event {
            Event::Code(_) => ranges.push(range),
            Event::Start(Tag::CodeBlock(_)) => block_start = Some(range.start),
            Event::End(TagEnd::CodeBlock) => {
                let start = block_start.take().unwrap_or(range.start);
                ranges.push(start..range.end);
            }
            _ => {}
        }
    }
    merge(ranges, in_html(text))
}

/// Ranges of `pre`, `code`, `script` and `style` elements.
pub(crate) fn in_html(text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find('<').map(|found| at + found) {
        at = start + 1;
        let name: String = text[at..]
            .chars()
            .take_while(char::is_ascii_alphabetic)
            .take(8)
            .collect::<String>()
            .to_ascii_lowercase();
        if !matches!(name.as_str(), "pre" | "code" | "script" | "style") {
            continue;
        }
        let Some(end) = find_closing(text, at, &name) else {
            continue;
        };
        ranges.push(start..end);
        at = end;
    }
    ranges
}

fn find_closing(text: &str, from: usize, name: &str) -> Option<usize> {
    let mut at = from;
    while let Some(found) = text[at..].find("</").map(|found| at + found) {
        at = found + 2;
        if text[at..]
            .get(..name.len())
            .is_some_and(|word| word.eq_ignore_ascii_case(name))
        {
            return text[at..].find('>').map(|end| at + end + 1);
        }
    }
    None
}

/// Ranges in order, those inside others left out.
fn merge(one: Vec<Range<usize>>, other: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let mut all = [one, other].concat();
    all.sort_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(all.len());
    for range in all {
        match merged.last() {
            Some(last) if range.start < last.end => {}
            _ => merged.push(range),
        }
    }
    merged
}
