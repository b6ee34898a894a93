//! Imports and components between the paragraphs of MDX.

/// Where an import, an export or a component's tag that begins at `at` ends; `None` when none begins there.
pub(super) fn end_of_component(text: &str, at: usize) -> Option<usize> {
    let rest = &text[at..];
    if rest.starts_with('<') {
        return end_of_tag(text, at);
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
    Some(end.map_or(text.len(), |found| at + found))
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
            (Some(_), _) => {}
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
            let end = end_of_component(text, 0).unwrap();
            assert_eq!(&text[end..], left, "{text}");
        }
        for text in ["important words", "<b>x</b>", "export your data", "<3 x"] {
            assert_eq!(end_of_component(text, 0), None, "{text}");
        }
    }
}
