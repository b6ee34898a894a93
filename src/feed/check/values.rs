//! Addresses, languages, media types and other small values.

use url::Url;

use super::{Notes, shown};

/// What an address is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum For {
    /// People open it: it must be of the web.
    People,
    /// A link in a text, where `mailto:` and its like are right.
    Text,
    /// A part of a text that is loaded.
    Media,
}

const ABSOLUTE: &str = "write the whole address with https://: a reader does not know where the feed came from";

/// Says what is wrong with an address; whether it is one.
pub(super) fn address(notes: &mut Notes, line: Option<usize>, what: &str, value: &str, purpose: For) -> bool {
    let value = value.trim();
    if value.is_empty() {
        let remedy = "fill it, or leave the element out";
        notes.error(line, "url", format!("{what} is empty"), remedy);
        return false;
    }
    match Url::parse(value) {
        Ok(url) => {
            odd(notes, line, what, value, &url, purpose);
            true
        }
        Err(url::ParseError::RelativeUrlWithoutBase) if value.starts_with('#') => {
            let message = format!("{what} leads to a place in its own page: {}", shown(value));
            let remedy = "write the address of the page before it: in a reader it leads nowhere";
            notes.warning(line, "relative_url", message, remedy);
            false
        }
        Err(url::ParseError::RelativeUrlWithoutBase) => {
            let message = format!("{what} is relative: {}", shown(value));
            notes.error(line, "relative_url", message, ABSOLUTE);
            false
        }
        Err(why) => {
            let message = format!("{what} is no address ({why}): {}", shown(value));
            notes.error(line, "url", message, ABSOLUTE);
            false
        }
    }
}

fn odd(notes: &mut Notes, line: Option<usize>, what: &str, value: &str, url: &Url, purpose: For) {
    let scheme = url.scheme();
    let fits = match purpose {
        For::People => matches!(scheme, "http" | "https"),
        For::Text => !matches!(scheme, "javascript" | "vbscript" | "file" | "data" | "about"),
        For::Media => matches!(scheme, "http" | "https" | "data" | "cid"),
    };
    if !fits {
        let message = format!("{what} is no address of the web: {}", shown(value));
        notes.error(
            line,
            "scheme",
            message,
            "write an https:// address: readers drop others, or are attacked by them",
        );
    } else if value.contains(|c: char| c.is_whitespace()) && scheme != "data" {
        let message = format!("{what} holds a blank: {}", shown(value));
        notes.warning(line, "url", message, "write blanks as %20");
    } else if is_own_machine(url) && !notes.scene.is_local {
        let message = format!("{what} leads to the reader's own machine: {}", shown(value));
        let remedy = "build the site with its public address, not with the one of the preview";
        notes.error(line, "localhost", message, remedy);
    }
}

/// Whether an address leads to whoever opens it.
pub(super) fn is_own_machine(url: &Url) -> bool {
    matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "0.0.0.0" | "[::1]"))
}

/// A language tag (RFC 5646), by its form.
pub(super) fn language(notes: &mut Notes, line: Option<usize>, value: Option<&str>) {
    let Some(value) = value else {
        let remedy = "say the language, such as en or de-AT: readers choose voice, hyphenation and font by it";
        notes.warning(line, "language", "the feed does not say its language", remedy);
        return;
    };
    let mut parts = value.trim().split('-');
    let first = parts.next().unwrap_or_default();
    let first_fits = (2..=3).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_alphabetic())
        || (matches!(first, "x" | "i") && value.len() > 2);
    let rest_fits = parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()));
    if !(first_fits && rest_fits) {
        let message = format!("“{}” is no language tag", shown(value));
        notes.error(
            line,
            "language",
            message,
            "write a tag such as en, de-AT or pt-BR, with hyphens",
        );
    }
}

/// `image/png` and its like.
pub(super) fn is_media_type(value: &str) -> bool {
    let main = value.split(';').next().unwrap_or_default().trim();
    let is_word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    };
    main.split_once('/')
        .is_some_and(|(kind, name)| is_word(kind) && is_word(name))
}

/// A title for people: not empty, no markup, escaped once.
pub(super) fn title(notes: &mut Notes, line: Option<usize>, what: &str, text: &str, is_html: bool) {
    let text = text.trim();
    if text.is_empty() {
        let remedy = "write a title, or leave the element out: some readers invent one from the address";
        notes.error(line, "title", format!("{what} is empty"), remedy);
        return;
    }
    if is_html {
        return;
    }
    if has_entity(text) {
        let message = format!("{what} is escaped twice: “{}”", shown(text));
        let remedy = "escape it once: most readers show the entity itself";
        notes.warning(line, "title", message, remedy);
    } else if has_markup(text) {
        let message = format!("{what} holds markup: “{}”", shown(text));
        notes.warning(
            line,
            "title",
            message,
            "write plain text: most readers show the tags themselves",
        );
    }
    if text.chars().count() > 512 {
        let remedy = "shorten it: lists of a reader show a line";
        notes.warning(line, "title", format!("{what} has more than 512 characters"), remedy);
    }
}

/// `&amp;`, `&#8217;` and their like, in a text that was decoded already.
pub(super) fn has_entity(text: &str) -> bool {
    text.match_indices('&').any(|(at, _)| {
        let rest: String = text[at + 1..].chars().take(10).collect();
        let Some((name, _)) = rest.split_once(';') else {
            return false;
        };
        let digits = name
            .strip_prefix('#')
            .map(|number| number.trim_start_matches(['x', 'X']));
        match digits {
            Some(digits) => !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit()),
            None => name.len() > 1 && name.bytes().all(|b| b.is_ascii_alphanumeric()),
        }
    })
}

const TAGS: [&str; 16] = [
    "a", "b", "i", "em", "strong", "code", "span", "p", "br", "sup", "sub", "small", "img", "div", "u", "del",
];

fn has_markup(text: &str) -> bool {
    text.match_indices('<').any(|(at, _)| {
        let rest = text[at + 1..].trim_start_matches('/');
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        TAGS.iter().any(|tag| tag.eq_ignore_ascii_case(&rest[..end])) && rest[end..].contains('>')
    })
}

/// Whether a text may be an e-mail address, with a name beside it.
pub(super) fn has_mailbox(text: &str) -> bool {
    text.split(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '(' | ')' | ','))
        .any(|word| {
            word.split_once('@')
                .is_some_and(|(user, host)| !user.is_empty() && host.contains('.'))
        })
}
