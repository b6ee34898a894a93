//! Authors and terms of a header (`sources.md` FO6 and FO7).

use crate::model::article::{Author, Problem, Severity, Term};
use crate::model::slug::slug;
use crate::model::text::{one_line, truncate_at_word};

use super::fields::Fields;
use super::folder::FolderSettings;
use super::header::{Value, normal_key};

/// Every text in a value: itself, or those of a list.
pub(super) fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Text(text) if !text.trim().is_empty() => vec![text.trim().to_owned()],
        Value::List(items) => items
            .iter()
            .filter_map(Value::text)
            .map(str::trim)
            .filter(|t| !t.is_empty())
            .map(str::to_owned)
            .collect(),
        _ => Vec::new(),
    }
}

/// The authors that the header names; empty when it names none.
pub(super) fn authors(settings: &FolderSettings, fields: &Fields<'_>, problems: &mut Vec<Problem>) -> Vec<Author> {
    let names = ["authors", "author", "by", "author_name", "byline", "creator"];
    let Some(field) = fields.first("authors", &names).or_else(|| fields.first("author", &[])) else {
        return Vec::new();
    };
    let values = match field.value {
        Value::List(items) => items.iter().collect(),
        one => vec![one],
    };
    let mut authors: Vec<Author> = Vec::new();
    for author in values
        .into_iter()
        .filter_map(|value| one_author(settings, fields, field.key, value, problems))
    {
        if !authors.iter().any(|known| known.name == author.name) && authors.len() < 16 {
            authors.push(author);
        }
    }
    authors
}

fn one_author(
    settings: &FolderSettings,
    fields: &Fields<'_>,
    key: &str,
    value: &Value,
    problems: &mut Vec<Problem>,
) -> Option<Author> {
    match value {
        Value::Text(text) if !text.trim().is_empty() => {
            let text = one_line(text);
            if let Some(known) = settings.source.authors.get(&text) {
                return Some(known.clone());
            }
            // A single lower-case word looks like an id that somebody forgot to list.
            if !settings.source.authors.is_empty() && !text.contains(' ') {
                let message = format!("the author `{text}` is not listed under `authors`");
                let mut problem = fields.problem(
                    key,
                    "author_unknown",
                    message,
                    "add the person to the source's `authors`",
                );
                problem.severity = Severity::Notice;
                problems.push(problem);
            }
            Some(named(&text))
        }
        Value::Map(pairs) => {
            let find = |names: &[&str]| {
                pairs
                    .iter()
                    .find(|(key, _)| names.contains(&normal_key(key).as_str()))
                    .and_then(|(_, v)| v.text())
            };
            let mut author = named(&one_line(find(&["name", "display_name"])?));
            author.url = find(&["url", "uri", "link", "website", "homepage"]).and_then(web_address);
            author.email = find(&["email", "mail"]).map(str::to_owned);
            Some(author)
        }
        _ => None,
    }
}

/// An author of whom only the name is known.
pub(super) fn named(name: &str) -> Author {
    let name = truncate_at_word(name, 120);
    Author {
        slug: slug(&name),
        name,
        ..Author::default()
    }
}

fn web_address(text: &str) -> Option<String> {
    let url = url::Url::parse(text.trim()).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.to_string())
}

/// Tags of a header, at most 32.
pub(super) fn tags(settings: &FolderSettings, fields: &Fields<'_>) -> Vec<Term> {
    terms(settings, fields, "tags", &["tags", "tag", "keywords"], 32)
}

/// Categories of a header, at most 16.
pub(super) fn categories(settings: &FolderSettings, fields: &Fields<'_>) -> Vec<Term> {
    terms(
        settings,
        fields,
        "categories",
        &["categories", "category", "section"],
        16,
    )
}

fn terms(settings: &FolderSettings, fields: &Fields<'_>, meaning: &str, names: &[&str], most: usize) -> Vec<Term> {
    let Some(field) = fields.first(meaning, names) else {
        return Vec::new();
    };
    let key = normal_key(field.key);
    let at_spaces = settings.source.split_spaces.iter().any(|name| normal_key(name) == key);
    let mut found = Vec::new();
    collect_terms(field.value, at_spaces, &mut found);
    unique(found, most)
}

fn collect_terms(value: &Value, at_spaces: bool, found: &mut Vec<String>) {
    match value {
        Value::Text(text) if at_spaces => found.extend(text.split_whitespace().map(str::to_owned)),
        Value::Text(text) => found.extend(text.split(',').map(str::to_owned)),
        Value::List(items) => {
            for item in items {
                match item {
                    Value::Text(text) => found.push(text.clone()),
                    // A list inside a list is a path of categories.
                    Value::List(_) => collect_terms(item, false, found),
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

/// Terms with slugs, unique without case: the first spelling counts.
pub(super) fn unique(texts: Vec<String>, most: usize) -> Vec<Term> {
    let mut terms: Vec<Term> = Vec::new();
    for text in texts {
        let term = truncate_at_word(&one_line(text.trim().trim_start_matches('#')), 64);
        let known = terms
            .iter()
            .any(|other| other.term.to_lowercase() == term.to_lowercase());
        if !term.is_empty() && !known && terms.len() < most {
            terms.push(Term {
                slug: slug(&term),
                term,
            });
        }
    }
    terms
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::folder::tests_support::settings_with;
    use crate::source::header::split;
    use std::collections::BTreeMap;

    fn with<T>(header: &str, settings: &FolderSettings, read: impl Fn(&FolderSettings, &Fields<'_>) -> T) -> T {
        let text = format!("---\n{header}\n---\n");
        let header = split(&text).unwrap();
        let map = BTreeMap::new();
        read(settings, &Fields::new(&header, &map, "a.md"))
    }

    fn names(header: &str, settings: &FolderSettings) -> Vec<String> {
        with(header, settings, |s, f| authors(s, f, &mut Vec::new()))
            .into_iter()
            .map(|a| a.name)
            .collect()
    }

    #[test]
    fn one_text_is_one_author_and_ids_are_looked_up() {
        let settings = settings_with(|source| {
            let person = Author {
                name: "Jane Doe".to_owned(),
                slug: "jane-doe".to_owned(),
                ..Author::default()
            };
            source.authors.insert("jd".to_owned(), person);
        });
        assert_eq!(names("author: Doe, Jane", &settings), ["Doe, Jane"]);
        assert_eq!(names("authors: [jd, Max]", &settings), ["Jane Doe", "Max"]);
        assert_eq!(
            names("author:\n  name: A B\n  url: https://a.example/", &settings),
            ["A B"]
        );
        assert_eq!(names("author_name: Brian", &settings), ["Brian"]);
        assert!(names("author:", &settings).is_empty());
    }

    #[test]
    fn terms_come_from_lists_and_texts_and_are_unique() {
        let plain = settings_with(|_| {});
        let spaced = settings_with(|source| source.split_spaces = vec!["tags".to_owned()]);
        let listed = |header: &str, settings: &FolderSettings| -> Vec<String> {
            with(header, settings, tags).into_iter().map(|t| t.term).collect()
        };
        assert_eq!(listed("tags: another tag", &plain), ["another tag"]);
        assert_eq!(listed("tags: a, b", &plain), ["a", "b"]);
        assert_eq!(listed("tags: ay bee", &spaced), ["ay", "bee"]);
        assert_eq!(
            listed("tags: ['#Rust', rust, ~, '', 2013, 1.10]", &plain),
            ["Rust", "2013", "1.10"]
        );
        assert!(listed("tags:", &plain).is_empty());
    }
}
