//! The inside of a tag: its name and what it is given.

/// `highlight go "linenos=table"` → name, words in order, and `key=value` pairs.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Arguments {
    pub(super) name: String,
    pub(super) words: Vec<String>,
    pub(super) pairs: Vec<(String, String)>,
}

impl Arguments {
    pub(super) fn read(inner: &str) -> Self {
        let mut arguments = Self::default();
        let mut pieces = pieces(inner).into_iter();
        arguments.name = pieces.next().map(|(text, _)| text.to_lowercase()).unwrap_or_default();
        for (text, quoted) in pieces {
            let split = text
                .split_once('=')
                .or_else(|| text.split_once(':'))
                .filter(|(key, value)| {
                    !quoted
                        && !value.starts_with("//")
                        && !key.is_empty()
                        && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
                });
            match split {
                Some((key, value)) => arguments.pairs.push((key.to_lowercase(), unquoted(value).to_owned())),
                None => arguments.words.push(text),
            }
        }
        arguments
    }

    pub(super) fn value(&self, keys: &[&str]) -> Option<&str> {
        self.pairs
            .iter()
            .find(|(key, _)| keys.contains(&key.as_str()))
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    pub(super) fn word(&self, at: usize) -> Option<&str> {
        self.words.get(at).map(String::as_str)
    }
}

fn unquoted(text: &str) -> &str {
    text.trim_matches(['"', '\'', '“', '”'])
}

/// Words at blanks and commas, with quotation marks; a text that was quoted as a whole says so.
fn pieces(inner: &str) -> Vec<(String, bool)> {
    let mut pieces: Vec<(String, bool)> = Vec::new();
    let mut piece = String::new();
    let mut quoted = false;
    let mut quote = None;
    for c in inner.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'' | '`') if piece.is_empty() || piece.ends_with(['=', ':']) => {
                quoted |= piece.is_empty();
                quote = Some(c);
            }
            (None, c) if c.is_whitespace() || c == ',' => {
                if !piece.is_empty() || quoted {
                    pieces.push((std::mem::take(&mut piece), quoted));
                    quoted = false;
                }
            }
            (_, c) => piece.push(c),
        }
    }
    if !piece.is_empty() || quoted {
        pieces.push((piece, quoted));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_pairs_and_quotation_marks_are_told_apart() {
        let read =
            Arguments::read("figure src=\"/a b.png\" alt='x, y' /c.png \"key=not a pair\" lang:js https://x.example/");
        assert_eq!(read.name, "figure");
        assert_eq!(read.value(&["src"]), Some("/a b.png"));
        assert_eq!(read.value(&["alt"]), Some("x, y"));
        assert_eq!(read.value(&["lang"]), Some("js"));
        assert_eq!(read.words, ["/c.png", "key=not a pair", "https://x.example/"]);
    }
}
