//! Atom that the parser refused: one entry with an empty or oddly typed text would cost the whole feed (`sources.md` FE4).

use quick_xml::Reader;
use quick_xml::events::Event;

use super::repair::value_of;

/// Elements that hold text, in Atom 1.0 and 0.3.
const TEXTS: [&str; 7] = ["title", "summary", "content", "subtitle", "rights", "info", "copyright"];

/// The element that is being copied.
struct Open {
    /// How deep the document is inside it.
    depth: usize,
    /// Where it begins in the copy.
    start: usize,
    is_empty: bool,
}

/// The document with types that the parser knows, and without texts that are empty; `None` for what is no Atom.
pub(super) fn without_offence(text: &str) -> Option<String> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().allow_dangling_amp = true;
    let mut out = String::with_capacity(text.len());
    let mut open: Option<Open> = None;
    let (mut from, mut is_first) = (0, true);
    loop {
        let event = reader.read_event().ok()?;
        let to = usize::try_from(reader.buffer_position()).ok()?;
        let written = text.get(from..to)?;
        from = to;
        match (&event, &mut open) {
            (Event::Eof, _) => return (!is_first).then_some(out),
            (Event::Start(start) | Event::Empty(start), _) if is_first => {
                is_first = false;
                if !matches!(local(start.name().as_ref()), "feed" | "entry") {
                    return None;
                }
                out.push_str(written);
            }
            (Event::Start(start), None) if is_text(start.name().as_ref()) => {
                open = Some(Open {
                    depth: 0,
                    start: out.len(),
                    is_empty: value_of(written, "src").is_none(),
                });
                out.push_str(&with_known_type(written, local(start.name().as_ref())));
            }
            (Event::Empty(start), None) if is_text(start.name().as_ref()) && value_of(written, "src").is_none() => {}
            (Event::Start(_), Some(inside)) => {
                inside.depth += 1;
                inside.is_empty = false;
                out.push_str(written);
            }
            (Event::End(_), Some(inside)) if inside.depth > 0 => {
                inside.depth -= 1;
                out.push_str(written);
            }
            (Event::End(_), Some(inside)) => {
                out.push_str(written);
                if inside.is_empty {
                    out.truncate(inside.start);
                }
                open = None;
            }
            (_, inside) => {
                if let Some(inside) = inside {
                    inside.is_empty &= written.trim().is_empty();
                }
                out.push_str(written);
            }
        }
    }
}

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// Only Atom's own, which has no prefix in nearly every feed: `media:title` is another's.
fn is_text(name: &str) -> bool {
    !name.contains(':') && TEXTS.contains(&name)
}

fn with_known_type(tag: &str, name: &str) -> String {
    let Some((from, to)) = value_of(tag, "type") else {
        return tag.to_owned();
    };
    let known = match tag[from..to].trim().to_ascii_lowercase().as_str() {
        "text" | "text/plain" | "plain" => "text",
        "html" | "text/html" | "escaped" => "html",
        "xhtml" | "application/xhtml+xml" | "application/xhtml" => "xhtml",
        kind if name == "content" && crate::model::media::parse(kind).is_some() => &tag[from..to],
        _ => "html",
    };
    format!("{}{known}{}", &tag[..from], &tag[to..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_or_oddly_typed_text_is_mended_and_everything_else_stays() {
        let written = "<feed xmlns=\"a\"><title type=\"text/plain\">T</title><entry><title/><summary type='nonsense'>a <b>c</b></summary>\
                       <content type=\"application/xhtml+xml\"><div><title/></div></content><content> </content><content src=\"x\"/><media:title/></entry></feed>";
        let mended = "<feed xmlns=\"a\"><title type=\"text\">T</title><entry><summary type='html'>a <b>c</b></summary>\
                      <content type=\"xhtml\"><div><title/></div></content><content src=\"x\"/><media:title/></entry></feed>";
        assert_eq!(without_offence(written).as_deref(), Some(mended));
        assert_eq!(without_offence("<rss><title/></rss>"), None);
        assert_eq!(without_offence("<feed><title></feed>"), None);
    }
}
