//! YAML that keeps the spelling of every scalar.
//!
//! The parser turns `1.10` into a number at once, unless it is asked for a text. So a header with
//! numbers is read twice: the first pass sees which places hold lists, maps, scalars and nothing; the second asks for a
//! text wherever a scalar stands.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{HeaderError, Value};

/// Flow collections may nest so deep; 64 kB of nested maps would take half a second.
const DEEPEST: usize = 16;

const MEND: &str = "correct the header; the article is left as it was until then";

pub(super) fn read(raw: &str, first_line: u32) -> Result<Vec<(String, Value)>, HeaderError> {
    let error = |line: u32, message: String| HeaderError {
        code: "bad_header",
        line,
        message,
        remedy: MEND,
    };
    // A no-break space looks like a blank, and would make `date:` and its value one word.
    let text = raw.replace('\u{a0}', " ");
    if text
        .lines()
        .all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
    {
        return Ok(Vec::new());
    }
    if nests_too_deep(&text) {
        return Err(error(
            first_line,
            format!("its header nests deeper than {DEEPEST} levels"),
        ));
    }
    if uses_anchors(&text) {
        return Err(error(
            first_line,
            "its header uses YAML anchors and aliases, which are not read".to_owned(),
        ));
    }
    let shape = Seed(None)
        .deserialize(serde_yaml_ng::Deserializer::from_str(&text))
        .map_err(|why| said(&why, first_line))?;
    if depth(&shape) > DEEPEST {
        return Err(error(
            first_line,
            format!("its header nests deeper than {DEEPEST} levels"),
        ));
    }
    let value = if has_lost_spelling(&shape) {
        reread(&text, &shape).map_err(|why| said(&why, first_line))?
    } else {
        shape
    };
    match value {
        Value::Map(pairs) => Ok(pairs),
        Value::Null => Ok(Vec::new()),
        _ => Err(HeaderError {
            code: "header_not_map",
            line: first_line,
            message: "its header holds no fields".to_owned(),
            remedy: "write `key: value` lines between the fences, or put an empty line before the first `---`",
        }),
    }
}

/// Numbers and booleans come out of the first pass without a text.
fn has_lost_spelling(shape: &Value) -> bool {
    match shape {
        Value::Null => false,
        Value::Text(text) => text.is_empty(),
        Value::List(items) => items.iter().any(has_lost_spelling),
        Value::Map(pairs) => pairs.iter().any(|(_, value)| has_lost_spelling(value)),
    }
}

fn reread(text: &str, shape: &Value) -> Result<Value, serde_yaml_ng::Error> {
    Seed(Some(shape)).deserialize(serde_yaml_ng::Deserializer::from_str(text))
}

fn said(why: &serde_yaml_ng::Error, first_line: u32) -> HeaderError {
    let at = why.location().map_or(1, |place| place.line().max(1));
    HeaderError {
        code: "bad_header",
        line: first_line + u32::try_from(at - 1).unwrap_or(0),
        message: format!("its YAML header cannot be read: {}", without_place(&why.to_string())),
        remedy: "put values that hold `: `, `#` or quotes into quotation marks",
    }
}

/// The parser counts lines from the header's start; we name the line of the file.
fn without_place(message: &str) -> &str {
    message.split(" at line ").next().unwrap_or(message)
}

fn nests_too_deep(text: &str) -> bool {
    let mut depth = 0usize;
    let mut quote = None;
    let mut before = '\n';
    for c in text.chars() {
        match (quote, c) {
            (Some(open), _) if c == open && before != '\\' => quote = None,
            (None, '"' | '\'') if !before.is_alphanumeric() => quote = Some(c),
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => depth = depth.saturating_sub(1),
            // A line that is not indented begins a new field: brackets in prose do not add up.
            (None, c) if before == '\n' && c.is_alphanumeric() => depth = 0,
            _ => {}
        }
        if depth > DEEPEST {
            return true;
        }
        before = c;
    }
    false
}

/// Whether a value names an anchor that a later value refers to.
fn uses_anchors(text: &str) -> bool {
    let names = |mark: char| -> Vec<&str> {
        text.match_indices(mark)
            .filter(|(at, _)| text[..*at].ends_with([' ', '[', ',', '{', '\n', '\t']))
            .map(|(at, _)| {
                text[at + 1..]
                    .split(|c: char| c.is_whitespace() || matches!(c, ',' | ']' | '}'))
                    .next()
                    .unwrap_or("")
            })
            .filter(|name| !name.is_empty())
            .collect()
    };
    let anchors = names('&');
    !anchors.is_empty() && names('*').iter().any(|alias| anchors.contains(alias))
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Null | Value::Text(_) => 0,
        Value::List(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Map(pairs) => 1 + pairs.iter().map(|(_, value)| depth(value)).max().unwrap_or(0),
    }
}

/// Reads a value: by what the parser sees in it, or by a shape that an earlier pass saw.
struct Seed<'a>(Option<&'a Value>);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        match self.0 {
            Some(Value::Null) => IgnoredAny::deserialize(deserializer).map(|_| Value::Null),
            Some(Value::Text(_)) => deserializer.deserialize_str(Shape(self.0)),
            _ => deserializer.deserialize_any(Shape(self.0)),
        }
    }
}

struct Shape<'a>(Option<&'a Value>);

impl<'de> Visitor<'de> for Shape<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a list or a map")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Value, E> {
        Ok(Value::Text(String::new()))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Value, E> {
        Ok(Value::Text(String::new()))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Value, E> {
        Ok(Value::Text(String::new()))
    }

    fn visit_i128<E: Error>(self, _: i128) -> Result<Value, E> {
        Ok(Value::Text(String::new()))
    }

    fn visit_u128<E: Error>(self, _: u128) -> Result<Value, E> {
        Ok(Value::Text(String::new()))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Text(String::new()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let shapes = match self.0 {
            Some(Value::List(shapes)) => shapes.as_slice(),
            _ => &[],
        };
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(Seed(shapes.get(items.len())))? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let shapes = match self.0 {
            Some(Value::Map(shapes)) => shapes.as_slice(),
            _ => &[],
        };
        let mut pairs: Vec<(String, Value)> = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            let shape = shapes.get(pairs.len()).map(|(_, shape)| shape);
            let value = map.next_value_seed(Seed(shape))?;
            pairs.push((key, value));
        }
        Ok(Value::Map(pairs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(raw: &str) -> Value {
        read(raw, 1).unwrap().remove(0).1
    }

    #[test]
    fn a_title_that_looks_like_a_number_keeps_its_spelling() {
        for spelling in ["1.10", "007", "0x10", "1e3", "2013", "true", "12:30", "+1", ".5"] {
            assert_eq!(one(&format!("title: {spelling}")), Value::Text(spelling.to_owned()));
        }
        assert_eq!(
            one("tags: [1.10, yes, a]"),
            Value::List(["1.10", "yes", "a"].map(|t| Value::Text(t.to_owned())).to_vec())
        );
        assert_eq!(one("title: ~"), Value::Null);
        assert_eq!(one("title:"), Value::Null);
    }

    #[test]
    fn a_no_break_space_is_a_blank() {
        assert_eq!(read("date:\u{a0}2020-01-02", 1).unwrap()[0].0, "date");
    }

    #[test]
    fn bombs_of_any_kind_are_refused_at_once() {
        let nested = format!("a: {}{}", "[".repeat(5000), "]".repeat(5000));
        assert!(read(&nested, 1).is_err());
        let deep = (0..40).map(|n| " ".repeat(n) + "k:\n").collect::<Vec<_>>().concat();
        assert!(read(&deep, 1).is_err());
        assert!(read("a: &x [1]\nb: [*x, *x]", 1).is_err());
        assert!(read("a: !ruby/object x", 1).is_err());
        assert!(read("title: a *b* c\nnote: Q&A *now", 1).is_ok());
    }
}
