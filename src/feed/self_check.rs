//! A last look at documents before they take the place of those that are served (`feeds.md` 15): a reader that meets a
//! broken one drops the whole feed, and one that meets an id twice shows an article twice or never.

use std::collections::HashSet;
use std::sync::Arc;

use memchr::memmem;
use quick_xml::Reader;
use quick_xml::events::Event;
use serde::de::IgnoredAny;

use crate::model::entry::Entry;
use crate::model::feed_key::Format;
use crate::model::feed_meta::FeedMeta;

use super::{RenderError, Texts};

/// Entities that need no declaration (XML 1.0 §4.6).
const ENTITIES: [&str; 5] = ["amp", "lt", "gt", "quot", "apos"];

/// Looks at documents that hold these entries. Costs a fraction of writing them: no tree is built.
///
/// # Errors
/// When a document is not well-formed, or an id stands twice in it.
pub fn self_check(meta: &FeedMeta, entries: &[Arc<Entry>], texts: &Texts) -> Result<(), RenderError> {
    no_id_twice(entries.iter().map(|entry| entry.id.as_str().to_owned()))?;
    no_id_twice(entries.iter().map(|entry| entry.id.iri(&meta.authority)))?;
    for (format, text) in Format::ALL.into_iter().zip(texts) {
        let found = match format {
            Format::Rss | Format::Atom => xml(text),
            Format::Json => json(text),
        };
        found.map_err(|fault| RenderError::IllFormed(format.name(), fault))?;
    }
    Ok(())
}

fn no_id_twice(ids: impl Iterator<Item = String>) -> Result<(), RenderError> {
    let mut seen = HashSet::new();
    for id in ids {
        if let Some(twice) = seen.replace(id) {
            return Err(RenderError::Twice(twice));
        }
    }
    Ok(())
}

fn json(text: &str) -> Result<(), String> {
    let read: Result<IgnoredAny, _> = serde_json::from_str(text);
    read.map(drop).map_err(|error| error.to_string())
}

/// One root, every element closed, every character and entity allowed (XML 1.0 §2.1).
fn xml(text: &str) -> Result<(), String> {
    if has_forbidden_characters(text) {
        return Err("it holds a character that XML forbids".to_owned());
    }
    let mut reader = Reader::from_str(text);
    let (mut depth, mut roots) = (0_usize, 0_usize);
    loop {
        let event = reader.read_event().map_err(|error| error.to_string())?;
        match &event {
            Event::Start(element) | Event::Empty(element) => {
                roots += usize::from(depth == 0);
                depth += usize::from(matches!(event, Event::Start(_)));
                for attribute in element.attributes() {
                    attribute.map_err(|error| error.to_string())?;
                }
            }
            Event::End(_) => depth = depth.saturating_sub(1),
            Event::GeneralRef(entity) if !is_known(entity) => return Err("it names an unknown entity".to_owned()),
            Event::Text(text) if depth == 0 && !text.trim().is_empty() => {
                return Err("text stands outside of the root".to_owned());
            }
            Event::Eof => break,
            _ => {}
        }
    }
    match (roots, depth) {
        (1, 0) => Ok(()),
        (1, _) => Err("an element is not closed".to_owned()),
        (roots, _) => Err(format!("it has {roots} roots")),
    }
}

fn is_known(entity: &str) -> bool {
    entity.starts_with('#') || ENTITIES.contains(&entity)
}

/// U+FFFE and U+FFFF, and what lies below the blank but for tab and ends of lines (XML 1.0 §2.2).
fn has_forbidden_characters(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_control = |byte: &u8| *byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r');
    bytes.iter().any(is_control)
        || memmem::find_iter(bytes, b"\xEF\xBF").any(|at| matches!(bytes.get(at + 2), Some(0xBE | 0xBF)))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{LIMITS, article, meta};
    use super::*;
    use crate::model::entry::Edits;

    fn entry(id: &str) -> Arc<Entry> {
        let mut one = article(1, "ink");
        id.clone_into(&mut one.entry_id);
        Arc::new(Entry::of(&one, Edits::Explicit).unwrap())
    }

    fn good() -> (Vec<Arc<Entry>>, Texts) {
        let entries = vec![entry("tag:a"), entry("tag:b")];
        let (texts, _) = super::super::write(&meta("a & ]]> <b> \u{1F5A8}"), &entries, LIMITS).unwrap();
        (entries, texts)
    }

    #[test]
    fn what_the_writers_write_takes_the_place_of_what_is_served() {
        let (entries, texts) = good();
        self_check(&meta("Notes"), &entries, &texts).unwrap();
        let (none, _) = super::super::write(&meta("Notes"), &[], LIMITS).unwrap();
        self_check(&meta("Notes"), &[], &none).unwrap();
    }

    #[test]
    fn no_reader_is_shown_a_broken_document() {
        type Break = (&'static str, fn(&str) -> String);
        let breaks: [Break; 9] = [
            ("cut short", |text| text[..text.len() / 2].to_owned()),
            ("not closed", |text| text.replace("</feed>", "").replace("</rss>", "")),
            ("an end too many", |text| format!("{text}</item>")),
            ("two roots", |text| format!("{text}<feed/>")),
            ("text behind the end", |text| format!("{text}and so on")),
            ("a bare ampersand", |text| text.replacen("<title>", "<title>a & b", 1)),
            ("an HTML entity", |text| text.replacen("<title>", "<title>&nbsp;", 1)),
            ("a control character", |text| {
                text.replacen("<title>", "<title>\u{1}", 1)
            }),
            ("a noncharacter", |text| text.replacen("<title>", "<title>\u{FFFE}", 1)),
        ];
        for (what, broken) in breaks {
            for at in 0..2 {
                let (entries, mut texts) = good();
                texts[at] = broken(&texts[at]);
                let found = self_check(&meta("Notes"), &entries, &texts);
                assert!(matches!(found, Err(RenderError::IllFormed(..))), "{what}: {found:?}");
            }
        }
        let (entries, mut texts) = good();
        texts[2].pop();
        texts[2].pop();
        let found = self_check(&meta("Notes"), &entries, &texts);
        assert!(
            matches!(found, Err(RenderError::IllFormed("JSON Feed", _))),
            "{found:?}"
        );
    }

    #[test]
    fn no_reader_meets_an_id_twice_in_any_format() {
        let (_, texts) = good();
        // The last two differ until Atom makes IRIs of them.
        let minted = "tag:example.org,2026-11-25:a%20b";
        for ids in [["tag:a", "tag:a"], ["a b", minted]] {
            let found = self_check(&meta("Notes"), &ids.map(entry), &texts);
            assert!(matches!(found, Err(RenderError::Twice(_))), "{ids:?}: {found:?}");
        }
    }
}
