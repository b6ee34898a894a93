//! The raw text of a template: how deep it nests, and where in HTML its values stand.

use super::{DEEPEST, TemplateError};

/// One `{{…}}` of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tag<'t> {
    /// Between the braces, trimmed, without `~`.
    text: &'t str,
    /// Byte offset of the first brace.
    at: usize,
    /// Byte offset behind the last brace.
    end: usize,
}

impl Tag<'_> {
    fn prints(&self) -> bool {
        !self.text.starts_with(['#', '/', '>', '*', '^']) && !self.text.starts_with("{{") && self.first_word() != "else"
    }

    fn first_word(&self) -> &str {
        self.text.split_whitespace().next().unwrap_or_default()
    }

    /// `{{else if …}}` opens a block inside of the block.
    fn continues(&self) -> bool {
        let rest = self.text.strip_prefix("else").or_else(|| self.text.strip_prefix('^'));
        rest.is_some_and(|rest| {
            !rest.trim().is_empty() && (rest.starts_with(char::is_whitespace) || self.text.starts_with('^'))
        })
    }
}

/// What keeps a text from being parsed at all, or from being safe HTML.
pub(super) fn problem(path: &str, text: &str, is_html: bool) -> Option<TemplateError> {
    let tags = tags(text);
    too_deep(path, text, &tags).or_else(|| is_html.then(|| without_quotes(path, text, &tags)).flatten())
}

fn line_of(text: &str, at: usize) -> Option<usize> {
    Some(text.get(..at)?.matches('\n').count() + 1)
}

/// Every tag in order; comments and escaped braces are left out.
fn tags(text: &str) -> Vec<Tag<'_>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find("{{").map(|at| at + from) {
        let rest = &text[at..];
        // One backslash makes the braces text; two are a backslash before a tag.
        if text[..at].ends_with('\\') && !text[..at].ends_with("\\\\") {
            from = at + 2;
            continue;
        }
        let end = if rest.starts_with("{{!--") && rest.contains("--}}") {
            rest.find("--}}").map(|end| end + 4)
        } else if rest.starts_with("{{!") {
            rest.find("}}").map(|end| end + 2)
        } else {
            end_of_tag(rest)
        };
        let Some(end) = end else { break };
        let inner = rest[2..end].trim_end_matches('}').trim_matches('~').trim();
        if !inner.starts_with('!') {
            found.push(Tag {
                text: inner,
                at,
                end: at + end,
            });
        }
        from = at + end;
    }
    found
}

/// Behind the braces that close the tag at the start of `rest`; those inside of quotes do not.
fn end_of_tag(rest: &str) -> Option<usize> {
    let open = rest.bytes().take_while(|b| *b == b'{').count();
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(open) {
        match (quote, c) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), c) if open == c => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '}') if rest[at..].starts_with("}}") => {
                let closing = rest[at..].bytes().take_while(|b| *b == b'}').count();
                return Some(at + closing.min(open.max(2)));
            }
            _ => {}
        }
    }
    None
}

fn too_deep(path: &str, text: &str, tags: &[Tag<'_>]) -> Option<TemplateError> {
    // Each open block counts itself and the links of its `else` chain.
    let mut open: Vec<usize> = Vec::new();
    let mut depth = 0;
    for tag in tags {
        if tag.text.starts_with('/') || tag.text.starts_with("{{/") {
            depth -= open.pop().unwrap_or(0);
        } else if tag.text.starts_with('#') || tag.text.starts_with("{{") {
            open.push(1);
            depth += 1;
        } else if tag.continues() {
            if let Some(links) = open.last_mut() {
                *links += 1;
                depth += 1;
            }
        }
        if depth > DEEPEST {
            return Some(TemplateError::new(
                path,
                line_of(text, tag.at),
                format!("blocks are nested deeper than {DEEPEST}"),
                "move the inner ones into a partial",
            ));
        }
    }
    None
}

/// `href={{x}}`: escaping does not help there.
fn without_quotes(path: &str, text: &str, tags: &[Tag<'_>]) -> Option<TemplateError> {
    let mut place = Place::Text;
    let mut from = 0;
    for tag in tags {
        place = place.behind(text.get(from..tag.at).unwrap_or_default());
        from = tag.end;
        if place == Place::Tag && tag.prints() {
            return Some(TemplateError::new(
                path,
                line_of(text, tag.at),
                "a value stands in an HTML tag without quotes",
                "put double quotes around it",
            ));
        }
    }
    None
}

/// Where in HTML a text ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Text,
    /// Inside `<…>`, outside of quotes.
    Tag,
    /// Inside `<!…>`, where quotes mean nothing.
    Declaration,
    Quoted(char),
}

impl Place {
    fn behind(self, text: &str) -> Self {
        let mut place = self;
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            place = match (place, c) {
                (Self::Text, '<') => match chars.peek() {
                    Some('!') => Self::Declaration,
                    Some(next) if next.is_ascii_alphabetic() => Self::Tag,
                    _ => Self::Text,
                },
                (Self::Tag | Self::Declaration, '>') => Self::Text,
                (Self::Tag, '"' | '\'') => Self::Quoted(c),
                (Self::Quoted(open), c) if open == c => Self::Tag,
                (same, _) => same,
            };
        }
        place
    }
}
