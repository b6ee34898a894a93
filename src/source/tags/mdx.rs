//! Imports and components between the paragraphs of MDX.

use super::arguments::Arguments;
use crate::source::html::escape;

/// A piece of MDX that is no text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Component {
    /// Byte behind it.
    pub(super) end: usize,
    /// HTML that says the same: for pictures and links.
    pub(super) instead: String,
    /// Nobody knows what it shows.
    pub(super) unknown: bool,
}

/// The import, the export or the component's tag that begins at `at`.
pub(super) fn component(text: &str, at: usize) -> Option<Component> {
    let rest = &text[at..];
    if rest.starts_with('<') {
        let end = end_of_tag(text, at)?;
        return Some(tag(&text[at..end], end));
    }
    let at_block_start =
        at == 0 || text[..at].ends_with("\n\n") || text[..at].ends_with(";\n") || follows_import(&text[..at]);
    let is_statement = [
        "import ",
        "import{",
        "export const ",
        "export default ",
        "export let ",
        "export function ",
        "export {",
    ]
    .iter()
    .any(|start| rest.starts_with(start));
    if !at_block_start || !is_statement {
        return None;
    }
    let end = if rest.starts_with("import") {
        rest.find('\n')
    } else {
        rest.find("\n\n")
    };
    let end = end.map_or(text.len(), |found| at + found);
    Some(Component {
        end,
        instead: String::new(),
        unknown: false,
    })
}

/// Pictures and links mean in every framework what they mean in HTML.
fn tag(tag: &str, end: usize) -> Component {
    let inner = tag.trim_start_matches('<').trim_end_matches('>').trim_end_matches('/');
    let arguments = Arguments::read(inner);
    let value = |key: &str| {
        arguments
            .value(&[key])
            .filter(|value| !value.starts_with('{'))
            .map(escape)
    };
    let instead = match arguments.name.as_str() {
        "image" | "img" => {
            value("src").map(|src| format!("<img src=\"{src}\" alt=\"{}\">", value("alt").unwrap_or_default()))
        }
        "link" => value("href").map(|href| format!("<a href=\"{href}\">")),
        "/link" => Some("</a>".to_owned()),
        _ => None,
    };
    let unknown = instead.is_none() && !arguments.name.starts_with('/');
    Component {
        end,
        instead: instead.unwrap_or_default(),
        unknown,
    }
}

fn follows_import(before: &str) -> bool {
    before.ends_with('\n')
        && before
            .trim_end()
            .lines()
            .next_back()
            .is_some_and(|line| line.starts_with("import "))
}

/// `<Name …>`, `<Name … />` and `</Name>`, with braces and quotation marks inside.
fn end_of_tag(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let name = if bytes.get(at + 1) == Some(&b'/') {
        at + 2
    } else {
        at + 1
    };
    if !bytes.get(name)?.is_ascii_uppercase() {
        return None;
    }
    let mut braces = 0usize;
    let mut quote = None;
    for (offset, byte) in bytes[name..].iter().enumerate().take(4 * 1024) {
        match (quote, byte) {
            (Some(open), byte) if byte == open => quote = None,
            (None, b'"' | b'`') => quote = Some(byte),
            (None, b'{') => braces += 1,
            (None, b'}') => braces = braces.saturating_sub(1),
            (None, b'>') if braces == 0 => return Some(name + offset + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_and_components_end_where_they_should() {
        for (text, left) in [
            ("import A from 'a'\n\nText", "\n\nText"),
            ("<Box style={{ a: 1 }} label=\"x > y\">in</Box>", "in</Box>"),
            ("</Box> x", " x"),
            ("export const meta = {\n  a: 1\n}\n\nText", "\n\nText"),
        ] {
            let found = component(text, 0).unwrap();
            assert_eq!(&text[found.end..], left, "{text}");
        }
        for text in ["important words", "<b>x</b>", "export your data", "<3 x"] {
            assert_eq!(component(text, 0), None, "{text}");
        }
    }

    #[test]
    fn a_picture_stays_a_picture() {
        let found = component("<Image alt=\"the sea\" src=\"/a.jpg\" width={256} />", 0).unwrap();
        assert_eq!(
            (found.instead.as_str(), found.unknown),
            ("<img src=\"/a.jpg\" alt=\"the sea\">", false)
        );
        assert!(component("<Box>", 0).unwrap().unknown);
    }
}
