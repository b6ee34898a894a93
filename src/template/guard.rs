//! Checks before a template is registered: what would overflow the stack, abort the process or open a hole is refused.
//!
//! Measured with handlebars 6.4.4: two partials that include each other, and 20,000 nested blocks, abort the process.

use std::collections::{BTreeMap, BTreeSet};

use super::TemplateError;

/// Deepest nesting of blocks.
const DEEPEST: usize = 100;
/// What may be printed without escaping: HTML that was sanitised, and a font stack that was checked.
const UNESCAPED: [&str; 2] = ["html", "theme.font"];

/// Values of a recipient: a template may print them, and `url` may look at them; blocks and other helpers may not.
const PERSONAL: [&str; 8] = [
    "subscriber.name",
    "subscriber.email",
    "subscriber.since",
    "links.unsubscribe",
    "links.preferences",
    "links.feedback",
    "confirmation.url",
    "confirmation.expires",
];

/// One `{{…}}` of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tag<'t> {
    /// Between the braces, trimmed, without `~`.
    text: &'t str,
    /// Byte offset of the first brace.
    at: usize,
    /// Three braces.
    raw: bool,
}

/// Checks all files together; names of partials are paths without `partials/` and `.hbs`.
pub(super) fn check(files: &[(&str, &str)]) -> Result<(), TemplateError> {
    let mut includes: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let known: BTreeSet<&str> = files.iter().filter_map(|(path, _)| partial_name(path)).collect();
    for (path, text) in files {
        let tags = tags(text);
        check_nesting(path, text, &tags)?;
        check_unescaped(path, text, &tags)?;
        check_personal(path, text, &tags)?;
        if is_html(path) {
            check_attributes(path, text, &tags)?;
        }
        let found = partials(path, text, &tags, &known)?;
        includes.insert(partial_name(path).unwrap_or(path), found);
    }
    check_circles(&includes)
}

/// `email/head` for `partials/email/head.hbs`.
pub(super) fn partial_name(path: &str) -> Option<&str> {
    path.strip_prefix("partials/")?.strip_suffix(".hbs")
}

fn is_html(path: &str) -> bool {
    path.ends_with(".html.hbs") || (partial_name(path).is_some() && !path.ends_with(".txt.hbs"))
}

fn line_of(text: &str, at: usize) -> Option<usize> {
    Some(text.get(..at)?.matches('\n').count() + 1)
}

/// Every tag in order; comments are left out.
fn tags(text: &str) -> Vec<Tag<'_>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find("{{").map(|at| at + from) {
        let rest = &text[at..];
        let (open, close) = if rest.starts_with("{{{") {
            ("{{{", "}}}")
        } else if rest.starts_with("{{!--") || rest.starts_with("{{~!--") {
            ("{{", "--}}")
        } else {
            ("{{", "}}")
        };
        let inner = &rest[open.len()..];
        let Some(end) = inner.find(close) else { break };
        let text = inner[..end].trim_matches('~').trim();
        if !text.starts_with('!') {
            let raw = open.len() == 3 || text.starts_with('&');
            found.push(Tag { text, at, raw });
        }
        from = at + open.len() + end + close.len();
    }
    found
}

fn check_nesting(path: &str, text: &str, tags: &[Tag<'_>]) -> Result<(), TemplateError> {
    let mut depth = 0_usize;
    for tag in tags {
        if tag.text.starts_with('#') {
            depth += 1;
        } else if tag.text.starts_with('/') {
            depth = depth.saturating_sub(1);
        }
        if depth > DEEPEST {
            return Err(TemplateError::new(
                path,
                line_of(text, tag.at),
                format!("blocks are nested deeper than {DEEPEST}"),
                "move the inner ones into a partial",
            ));
        }
    }
    Ok(())
}

fn check_unescaped(path: &str, text: &str, tags: &[Tag<'_>]) -> Result<(), TemplateError> {
    // A text part escapes nothing anyway.
    for tag in tags.iter().filter(|tag| tag.raw && is_html(path)) {
        let name = tag.text.trim_start_matches('&').trim();
        let last = name.rsplit(['/', '.']).next().unwrap_or(name);
        if !UNESCAPED.contains(&name) && last != UNESCAPED[0] {
            return Err(TemplateError::new(
                path,
                line_of(text, tag.at),
                format!("`{name}` is printed without escaping"),
                "write two braces; three are for an article's html alone",
            ));
        }
    }
    Ok(())
}

/// A letter is compiled once for all, so a recipient's value cannot decide what it says.
fn check_personal(path: &str, text: &str, tags: &[Tag<'_>]) -> Result<(), TemplateError> {
    for tag in tags {
        let mut words = tag.text.split([' ', '\n', '(', ')']).filter(|word| !word.is_empty());
        if matches!(words.next(), None | Some("url" | ">")) {
            continue;
        }
        let bare = |word: &str| {
            word.trim_start_matches("@root.")
                .trim_start_matches("../")
                .replace('/', ".")
        };
        if let Some(found) = words.map(bare).find(|word| PERSONAL.contains(&word.as_str())) {
            return Err(TemplateError::new(
                path,
                line_of(text, tag.at),
                format!("`{found}` differs per recipient and decides what the letter says"),
                "print it as it is; blocks and helpers cannot look at it",
            ));
        }
    }
    Ok(())
}

/// `href={{x}}`: escaping does not help there.
fn check_attributes(path: &str, text: &str, tags: &[Tag<'_>]) -> Result<(), TemplateError> {
    for tag in tags {
        let before = text[..tag.at].trim_end_matches('~');
        let attribute = before
            .strip_suffix('=')
            .is_some_and(|name| name.ends_with(|c: char| c.is_ascii_alphanumeric()));
        let in_tag = before.rfind('<') > before.rfind('>');
        if attribute && in_tag {
            return Err(TemplateError::new(
                path,
                line_of(text, tag.at),
                "a value stands in an attribute without quotes",
                "put double quotes around it",
            ));
        }
    }
    Ok(())
}

fn partials<'t>(
    path: &str,
    text: &str,
    tags: &[Tag<'t>],
    known: &BTreeSet<&'t str>,
) -> Result<BTreeSet<&'t str>, TemplateError> {
    let mut found = BTreeSet::new();
    for tag in tags {
        let Some(rest) = tag.text.strip_prefix('>').or_else(|| tag.text.strip_prefix("#>")) else {
            continue;
        };
        let rest = rest.trim_start();
        let name = rest
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .trim_matches(['"', '\'']);
        let fail =
            |message: String, remedy: &str| Err(TemplateError::new(path, line_of(text, tag.at), message, remedy));
        if rest.starts_with('(') {
            return fail("the name of a partial is computed".to_owned(), "write the name itself");
        }
        if name == "@partial-block" {
            continue;
        }
        let Some(name) = known.get(name) else {
            return fail(
                format!("there is no partial `{name}`"),
                "put it under partials/ or correct the name",
            );
        };
        found.insert(*name);
    }
    Ok(found)
}

fn check_circles(includes: &BTreeMap<&str, BTreeSet<&str>>) -> Result<(), TemplateError> {
    let mut done = BTreeSet::new();
    for start in includes.keys() {
        let mut way = Vec::new();
        visit(start, includes, &mut way, &mut done)?;
    }
    Ok(())
}

fn visit<'t>(
    name: &'t str,
    includes: &BTreeMap<&'t str, BTreeSet<&'t str>>,
    way: &mut Vec<&'t str>,
    done: &mut BTreeSet<&'t str>,
) -> Result<(), TemplateError> {
    if way.contains(&name) || way.len() > DEEPEST {
        way.push(name);
        return Err(TemplateError::new(
            &format!("partials/{name}.hbs"),
            None,
            format!("partials include each other: {}", way.join(" → ")),
            "take one of the inclusions out",
        ));
    }
    if done.contains(name) {
        return Ok(());
    }
    way.push(name);
    for next in includes.get(name).into_iter().flatten() {
        visit(next, includes, way, done)?;
    }
    way.pop();
    done.insert(name);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(files: &[(&str, &str)]) -> TemplateError {
        check(files).unwrap_err()
    }

    #[test]
    fn partials_that_include_each_other_are_refused_before_they_can_abort_the_process() {
        let error = refused(&[("partials/a.hbs", "{{> b}}"), ("partials/b.hbs", "{{~> a ~}}")]);
        assert!(error.message.contains("a → b → a"), "{error}");
    }

    #[test]
    fn a_template_twenty_thousand_blocks_deep_is_refused_with_its_line() {
        let deep = format!("\n{}{}", "{{#if x}}".repeat(20_000), "{{/if}}".repeat(20_000));
        assert_eq!(refused(&[("email/x/body.html.hbs", &deep)]).line, Some(2));
    }

    #[test]
    fn what_escaping_cannot_protect_is_refused() {
        for text in [
            "<a href={{url}}>",
            "{{{title}}}",
            "{{&title}}",
            "{{> (lookup . 'x')}}",
            "{{> nowhere}}",
            "{{#if subscriber.name}}Dear{{/if}}",
            "{{truncate ../links/unsubscribe 5}}",
        ] {
            assert!(check(&[("pages/x.html.hbs", text)]).is_err(), "{text} was taken");
        }
        for text in [
            "<a href=\"{{url}}\">",
            "{{{html}}}",
            "{{{../article.html}}}",
            "a = {{b}}",
            "{{!-- {{> x}} --}}",
            "{{url links.unsubscribe}}",
        ] {
            assert!(check(&[("pages/x.html.hbs", text)]).is_ok(), "{text} was refused");
        }
    }
}
