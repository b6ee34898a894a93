//! The generator's pattern of addresses as ours.

use super::kinds::Generator;
use super::layout::Inner;
use super::values::Values;

/// Placeholders of generators and what they are here, the longest first.
const HUGO: [(&str, &str); 12] = [
    (":slugorcontentbasename", ":slug"),
    (":slugorfilename", ":slug"),
    (":contentbasename", ":filename"),
    (":monthname", ""),
    (":filename", ":filename"),
    (":sections", ""),
    (":section", ":section"),
    (":title", ":slug"),
    (":month", ":month"),
    (":year", ":year"),
    (":slug", ":slug"),
    (":day", ":day"),
];
const JEKYLL: [(&str, &str); 10] = [
    (":slugified_categories", ":categories"),
    (":categories", ":categories"),
    (":output_ext", ".html"),
    (":i_month", ":i_month"),
    (":i_day", ":i_day"),
    (":month", ":month"),
    (":title", ":slug"),
    (":year", ":year"),
    (":slug", ":slug"),
    (":day", ":day"),
];
const HEXO: [(&str, &str); 11] = [
    (":post_title", ""),
    (":i_month", ":i_month"),
    (":category", ":categories"),
    (":i_day", ":i_day"),
    (":title", ":title"),
    (":month", ":month"),
    (":name", ":title"),
    (":year", ":year"),
    (":lang", ":lang"),
    (":slug", ":slug"),
    (":day", ":day"),
];
const PELICAN: [(&str, &str); 8] = [
    ("{date:%Y}", ":year"),
    ("{date:%m}", ":month"),
    ("{date:%d}", ":day"),
    ("{category}", ":categories"),
    ("{date:%b}", ""),
    ("{slug}", ":slug"),
    ("{lang}", ":lang"),
    ("{path_no_ext}", ":path"),
];

/// The pattern for our config; `None`: the path of the file is the address.
pub(super) fn of(generator: Generator, values: &Values, inner: &Inner, notes: &mut Vec<String>) -> Option<String> {
    let written = match generator {
        Generator::Hugo => hugo(values, inner, notes),
        _ => values.text(generator.keys().permalink),
    };
    if is_made_of_titles(generator, written.as_deref()) {
        let note = "addresses come from titles there: compare some of `articles list` with your site, above all of titles with \
                    signs or accents";
        notes.push(note.to_owned());
    }
    let translated = match (generator, &written) {
        (Generator::Jekyll, None) => return Some("jekyll".to_owned()),
        (Generator::Hexo, None) => return Some("hexo".to_owned()),
        (Generator::Pelican, None) => return Some("pelican".to_owned()),
        (Generator::Docusaurus, _) => return Some("docusaurus".to_owned()),
        (Generator::Jekyll, Some(written)) => jekyll(written),
        (Generator::Hugo, Some(written)) => translated(written, &HUGO),
        (Generator::Hexo, Some(written)) => translated(written, &HEXO),
        (Generator::Pelican, Some(written)) => translated(written, &PELICAN),
        _ => return None,
    };
    let usable = translated.filter(|pattern| pattern.len() <= 200 && !pattern.contains([' ', '{', '<', '"', '\\']));
    if usable.is_none() {
        let shown = super::shown(written.as_deref().unwrap_or(""));
        notes.push(format!(
            "the pattern `{shown}` could not be translated: set `permalink` of [[sources]]"
        ));
        if generator == Generator::Jekyll {
            return Some("jekyll".to_owned());
        }
    }
    usable
}

/// Where an article names no slug, these generators make one of its title, each in its own way.
fn is_made_of_titles(generator: Generator, written: Option<&str>) -> bool {
    match (generator, written) {
        (Generator::Hugo, Some(pattern)) => {
            let has_title = [":title", ":slug"].iter().any(|word| pattern.contains(word));
            has_title && !pattern.contains(":slugorfilename") && !pattern.contains(":slugorcontentbasename")
        }
        (Generator::Pelican, pattern) => pattern.is_none_or(|pattern| pattern.contains("{slug}")),
        _ => false,
    }
}

/// Hugo has a pattern for each section.
fn hugo(values: &Values, inner: &Inner, notes: &mut Vec<String>) -> Option<String> {
    let patterns = values.texts_below("permalinks");
    let of = |section: &String| patterns.iter().find(|(name, _)| name == section);
    let of_section = inner.sections.first().and_then(of);
    for other in inner.sections.iter().skip(1) {
        if of(other).map(|(_, pattern)| pattern) != of_section.map(|(_, pattern)| pattern) {
            notes.push(format!(
                "the addresses of the section {} are made in another way: give it a [[sources]] of its own",
                super::shown(other)
            ));
        }
    }
    let only = || {
        patterns
            .first()
            .filter(|_| patterns.len() == 1 && inner.sections.is_empty())
    };
    of_section.or_else(only).map(|(_, pattern)| pattern.clone())
}

/// Jekyll has names for its own patterns.
fn jekyll(written: &str) -> Option<String> {
    let pattern = match written {
        "date" => "/:categories/:year/:month/:day/:title.html",
        "pretty" => "/:categories/:year/:month/:day/:title/",
        "none" => "/:categories/:title.html",
        pattern => pattern,
    };
    pattern.contains(['/', ':']).then(|| translated(pattern, &JEKYLL))?
}

/// Replaces every placeholder; `None` where one has no counterpart.
fn translated(pattern: &str, words: &[(&str, &str)]) -> Option<String> {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some(at) = rest.find([':', '{']) {
        out.push_str(&rest[..at]);
        let (word, ours) = words.iter().find(|(word, _)| rest[at..].starts_with(word))?;
        if ours.is_empty() {
            return None;
        }
        out.push_str(ours);
        rest = &rest[at + word.len()..];
        // `:slug` is no part of `:slugified`.
        let goes_on = word.starts_with(':') && rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if goes_on {
            return None;
        }
    }
    out.push_str(rest);
    Some(if out.starts_with('/') { out } else { format!("/{out}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_translated_whole_or_not_at_all() {
        assert_eq!(jekyll("/blog/:year/:title").as_deref(), Some("/blog/:year/:slug"));
        assert_eq!(
            jekyll("pretty").as_deref(),
            Some("/:categories/:year/:month/:day/:slug/")
        );
        assert_eq!(jekyll("ordinal"), None);
        assert_eq!(
            jekyll("/:slugified_categories/:title/").as_deref(),
            Some("/:categories/:slug/")
        );
        assert_eq!(jekyll("/:slugged/"), None);
        assert_eq!(translated("/:slug_of_it/", &HUGO), None);
        assert_eq!(jekyll("/:y_day/:title"), None);
        assert_eq!(
            translated(":year/:month/:day/:title/", &HEXO).as_deref(),
            Some("/:year/:month/:day/:title/")
        );
        assert_eq!(translated("/:monthname/:slug/", &HUGO), None);
        assert_eq!(
            translated("/:year/:slugorfilename/", &HUGO).as_deref(),
            Some("/:year/:slug/")
        );
        assert_eq!(
            translated("posts/{date:%Y}/{slug}/", &PELICAN).as_deref(),
            Some("/posts/:year/:slug/")
        );
        assert_eq!(translated("{date:%Y-%m}/", &PELICAN), None);
    }
}
