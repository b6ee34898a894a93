//! The forms of a header, tried in the order of `sources.md` FO1; the first that fits counts.

use super::{Header, HeaderError, Value, plain, yaml};

/// Bytes of a header at most.
const LONGEST: usize = 64 * 1024;

const MEND: &str = "correct the header; the article is left as it was until then";

/// Splits a text into header and body.
///
/// # Errors
/// A header that is there but cannot be read, or that is code.
pub(crate) fn split(text: &str) -> Result<Header, HeaderError> {
    let start = text.len() - text.trim_start_matches(['\n', ' ', '\t']).len();
    // Indented text is code in Markdown, so only whole empty lines are passed over.
    let start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let rest = &text[start..];
    let first_line = line_number(text, start);
    let first = rest.lines().next().unwrap_or("");
    if first.trim_end() == "+++" {
        return fenced(text, start, Language::Toml, &["+++"]);
    }
    if let Some(word) = first.strip_prefix("---").filter(|word| !word.starts_with('-')) {
        return match word.trim() {
            "" | "yaml" | "yml" => fenced(text, start, Language::Yaml, &["---", "..."]),
            "toml" => fenced(text, start, Language::Toml, &["---"]),
            "json" => fenced(text, start, Language::Json, &["---"]),
            code if code.chars().all(|c| c.is_ascii_alphanumeric()) => Err(code_header(code, first_line)),
            _ => Ok(Header::default()),
        };
    }
    if let Some(code) = ["~~~{%", "~~~<%"].iter().find(|mark| first.starts_with(**mark)) {
        return Err(code_header(code, first_line));
    }
    if rest.starts_with('{') {
        return json(text, start);
    }
    Ok(unfenced(text, start)
        .or_else(|| plain::lines(text, start))
        .or_else(|| plain::comment(text, start))
        .unwrap_or_default())
}

#[derive(Clone, Copy)]
enum Language {
    Yaml,
    Toml,
    Json,
}

fn code_header(language: &str, line: u32) -> HeaderError {
    HeaderError {
        code: "unsupported_header",
        line,
        message: format!("its header is code (`{language}`), in which a draft mark cannot be seen"),
        remedy: "write the header in YAML, TOML or JSON",
    }
}

fn bad(line: u32, message: impl Into<String>) -> HeaderError {
    HeaderError {
        code: "bad_header",
        line,
        message: message.into(),
        remedy: MEND,
    }
}

/// A header between two fences; without the closing one it is a header only if it looks like one.
fn fenced(text: &str, start: usize, language: Language, closing: &[&str]) -> Result<Header, HeaderError> {
    let first_line = line_number(text, start);
    let inner = text[start..].find('\n').map_or(text.len(), |at| start + at + 1);
    let Some((end, body)) = closing_line(text, inner, closing) else {
        let looks_like_one = text[inner..]
            .lines()
            .next()
            .is_some_and(|line| plain::pair(line).is_some());
        return if looks_like_one {
            Err(bad(first_line, "its header is never closed"))
        } else {
            Ok(Header::default())
        };
    };
    if end - inner > LONGEST {
        return Err(bad(first_line, "its header is longer than 64 KiB"));
    }
    let raw = &text[inner..end];
    let pairs = match language {
        Language::Yaml => yaml::read(raw, first_line + 1)?,
        Language::Toml => toml(raw, first_line + 1)?,
        Language::Json => match serde_json::from_str(raw) {
            Ok(value) => json_pairs(value, first_line + 1)?,
            Err(error) => {
                return Err(bad(
                    first_line + line_of(error.line()),
                    format!("its JSON header cannot be read: {error}"),
                ));
            }
        },
    };
    Ok(Header::new(pairs, raw, first_line + 1, body))
}

/// Where the closing fence begins, and where the body begins behind it.
fn closing_line(text: &str, from: usize, closing: &[&str]) -> Option<(usize, usize)> {
    let mut at = from;
    for line in text[from..].split_inclusive('\n') {
        if closing.contains(&line.trim_end()) {
            return Some((at, at + line.len()));
        }
        at += line.len();
    }
    None
}

/// YAML without opening fence, closed by `---`: every line before it belongs to a map with a known key.
fn unfenced(text: &str, start: usize) -> Option<Header> {
    plain::pair(text[start..].lines().next()?)?;
    let (end, body) = closing_line(text, start, &["---"])?;
    let raw = &text[start..end];
    if raw.len() > LONGEST || raw.contains("\n\n") {
        return None;
    }
    let pairs = yaml::read(raw, line_number(text, start)).ok()?;
    let known = pairs.iter().any(|(key, _)| plain::is_known(key));
    known.then(|| Header::new(pairs, raw, line_number(text, start), body))
}

fn json(text: &str, start: usize) -> Result<Header, HeaderError> {
    let looks_like_one = text[start + 1..].trim_start().starts_with(['"', '}']);
    if !looks_like_one {
        return Ok(Header::default());
    }
    let first_line = line_number(text, start);
    let mut stream = serde_json::Deserializer::from_str(&text[start..]).into_iter::<serde_json::Value>();
    match stream.next() {
        Some(Ok(value)) => {
            let end = start + stream.byte_offset();
            if end - start > LONGEST {
                return Err(bad(first_line, "its header is longer than 64 KiB"));
            }
            let raw = &text[start..end];
            let body = text[end..].find('\n').map_or(text.len(), |at| end + at + 1);
            Ok(Header::new(json_pairs(value, first_line)?, raw, first_line, body))
        }
        Some(Err(error)) => Err(bad(
            first_line - 1 + line_of(error.line()),
            format!("its JSON header cannot be read: {error}"),
        )),
        None => Ok(Header::default()),
    }
}

fn toml(raw: &str, first_line: u32) -> Result<Vec<(String, Value)>, HeaderError> {
    let table: toml::Table = toml::from_str(raw).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start.min(raw.len()));
        let line = first_line + line_of(raw[..at].matches('\n').count());
        bad(line, format!("its TOML header cannot be read: {}", error.message()))
    })?;
    Ok(table.into_iter().map(|(key, value)| (key, from_toml(value))).collect())
}

fn from_toml(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::Text(text),
        toml::Value::Integer(number) => Value::Text(number.to_string()),
        toml::Value::Float(number) => Value::Text(number.to_string()),
        toml::Value::Boolean(truth) => Value::Text(truth.to_string()),
        toml::Value::Datetime(at) => Value::Text(at.to_string()),
        toml::Value::Array(items) => Value::List(items.into_iter().map(from_toml).collect()),
        toml::Value::Table(table) => {
            Value::Map(table.into_iter().map(|(key, value)| (key, from_toml(value))).collect())
        }
    }
}

fn json_pairs(value: serde_json::Value, line: u32) -> Result<Vec<(String, Value)>, HeaderError> {
    if depth(&value) > 16 {
        return Err(bad(line, "its header nests deeper than 16 levels"));
    }
    match from_json(value) {
        Value::Map(pairs) => Ok(pairs),
        _ => Err(HeaderError {
            code: "header_not_map",
            line,
            message: "its header holds no fields".to_owned(),
            remedy: MEND,
        }),
    }
}

fn from_json(value: serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(truth) => Value::Text(truth.to_string()),
        serde_json::Value::Number(number) => Value::Text(number.to_string()),
        serde_json::Value::String(text) => Value::Text(text),
        serde_json::Value::Array(items) => Value::List(items.into_iter().map(from_json).collect()),
        serde_json::Value::Object(map) => {
            Value::Map(map.into_iter().map(|(key, value)| (key, from_json(value))).collect())
        }
    }
}

fn depth(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        serde_json::Value::Object(map) => 1 + map.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// 1-based line of a byte.
pub(super) fn line_number(text: &str, at: usize) -> u32 {
    1 + line_of(text[..at].matches('\n').count())
}

fn line_of(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(header: &Header, key: &str) -> String {
        let found = header.fields.iter().find(|(name, _)| name == key);
        found.and_then(|(_, value)| value.text()).unwrap_or("-").to_owned()
    }

    #[test]
    fn an_author_may_write_the_header_in_any_form() {
        for (text, body) in [
            ("---\ntitle: One\ndate: 2020-01-02\n---\nBody", "Body"),
            ("---  \ntitle: One\n...\nBody", "Body"),
            ("\n---\ntitle: One\n---\nBody", "Body"),
            ("---yaml\ntitle: One\n---\nBody", "Body"),
            ("+++\ntitle = \"One\"\ndate = 2020-01-02\n+++\nBody", "Body"),
            ("---toml\ntitle = \"One\"\n---\nBody", "Body"),
            ("---json\n{\"title\": \"One\"}\n---\nBody", "Body"),
            ("{\n\"title\": \"One\"\n}\nBody", "Body"),
            ("title: One\ntags:\n- a\n---\nBody", "Body"),
            ("Title: One\nDate: 2020-01-02\n\nBody", "Body"),
            ("<!--\nTitle: One\nDate: 2020-01-02\n-->\nBody", "\nBody"),
        ] {
            let header = split(text).unwrap();
            let title = if text_of(&header, "title") == "-" {
                text_of(&header, "Title")
            } else {
                text_of(&header, "title")
            };
            assert_eq!((title.as_str(), &text[header.body..]), ("One", body), "{text:?}");
        }
    }

    #[test]
    fn a_text_without_header_is_all_body() {
        for text in [
            "No header.",
            "# Title\n\nText",
            "---\n\nA rule opens it.",
            "{% include x %}",
            "{{ x }}",
            "Note: this is prose\n\nAnd more.",
            "Note: this is prose\n---\nunder a heading",
            "----\ntitle: no\n----",
            "",
        ] {
            let header = split(text).unwrap();
            assert_eq!(
                (header.body, header.fields.len(), header.present),
                (0, 0, false),
                "{text:?}"
            );
        }
    }

    #[test]
    fn an_empty_header_is_a_header() {
        let header = split("---\n---\nEmpty.").unwrap();
        assert!(header.present && header.fields.is_empty());
        assert_eq!(header.body, 8);
    }

    #[test]
    fn a_header_of_code_keeps_the_file_back() {
        for text in [
            "---js\n{draft: true}\n---\n",
            "---ruby\n---\n",
            "~~~{%\nx\n%}~~~\n",
            "~~~<%\n%>~~~",
        ] {
            assert_eq!(split(text).unwrap_err().code, "unsupported_header", "{text:?}");
        }
    }

    #[test]
    fn a_broken_header_is_named_with_its_line() {
        let error = split("---\ntitle: One\nbad: [1, 2\nmore: x\n---\nBody").unwrap_err();
        assert_eq!(error.code, "bad_header");
        assert!((3..=5).contains(&error.line), "{error:?}");
        let error = split("+++\ntitle = \"One\"\nbroken\n+++\n").unwrap_err();
        assert_eq!((error.code, error.line), ("bad_header", 3));
        assert_eq!(split("---\n- a\n- b\n---\n").unwrap_err().code, "header_not_map");
        assert_eq!(
            split("---\ntitle: never closed\n\nText").unwrap_err().code,
            "bad_header"
        );
        assert_eq!(
            split(&format!("---\ntitle: {}\n---\n", "x".repeat(70_000)))
                .unwrap_err()
                .code,
            "bad_header"
        );
    }

    #[test]
    fn a_key_that_stands_twice_keeps_its_last_value() {
        let header = split("---\ntitle: One\nTitle: Two\n---\n").unwrap();
        assert_eq!(text_of(&header, "title"), "Two");
        assert_eq!(header.doubled, ["Title"]);
        assert_eq!(header.line_of("title"), Some(2));
    }
}
