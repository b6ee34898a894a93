//! Checks before a template is registered: what would overflow the stack, hang or open a hole is refused.
//!
//! Measured with handlebars 6.4.4: two partials that include each other, an inline partial that includes itself, and
//! 20,000 nested blocks abort the process; 20,000 links of one `{{else if}}` chain keep it busy for minutes. So the raw
//! text is measured first ([`tags`]), then the parse tree is walked ([`tree`]), then the inclusions of all files
//! together.

mod tags;
mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use handlebars::Template;

use super::TemplateError;
use super::calls;

/// Deepest nesting of blocks, and of partials.
const DEEPEST: usize = 100;

/// Deepest nesting of loops, through all inclusions: a few items in each make millions of rounds otherwise, and a loop that
/// prints nothing passes no deadline.
const LOOPS: usize = 3;

/// Where a file includes another one.
#[derive(Debug, Clone, Copy)]
struct Include {
    /// The first line where it does.
    line: usize,
    /// The most loops around it.
    loops: usize,
}

/// What one file includes, by the name of the partial.
type Includes = BTreeMap<String, Include>;

/// What there is to say about files.
#[derive(Debug, Default)]
pub(super) struct Findings<'t> {
    /// None of the files may be registered while there is one.
    pub(super) problems: Vec<TemplateError>,
    /// Where a recipient's value decides what a letter says: it is then rendered anew for each of them.
    pub(super) looks: Vec<TemplateError>,
    /// By path, or by the name of a partial.
    includes: BTreeMap<&'t str, Includes>,
}

impl Findings<'_> {
    /// The paths of `roots` and of everything that they include, whatever the way.
    pub(super) fn reachable(&self, roots: &[String]) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut ahead: Vec<&str> = roots.iter().map(String::as_str).collect();
        while let Some(name) = ahead.pop() {
            if found.insert(path_of(name)) {
                ahead.extend(
                    self.includes
                        .get(name)
                        .into_iter()
                        .flat_map(BTreeMap::keys)
                        .map(String::as_str),
                );
            }
        }
        found
    }
}

/// Looks at all files together.
pub(super) fn check<'t>(files: &[(&'t str, &'t str)]) -> Findings<'t> {
    let known: BTreeSet<&str> = files.iter().filter_map(|(path, _)| partial_name(path)).collect();
    let mut found = Findings::default();
    let mut loops = BTreeMap::new();
    for (path, text) in files {
        if let Some(problem) = tags::problem(path, text, is_html(path)) {
            found.problems.push(problem);
            continue;
        }
        match Template::compile(text) {
            Ok(template) => {
                let mut walk = tree::Walk::new(path, is_html(path), &known);
                walk.template(&template);
                found.problems.append(&mut walk.problems);
                found.looks.append(&mut walk.looks);
                let name = partial_name(path).unwrap_or(path);
                found.includes.insert(name, walk.includes);
                loops.insert(name, walk.deepest);
            }
            Err(error) => found.problems.push(unparsed(path, &error)),
        }
    }
    match circle(&found.includes) {
        Some(circle) => found.problems.push(circle),
        None => found.problems.extend(too_deep(&found.includes, &loops)),
    }
    found
}

/// A file whose loops, with those of what it includes in them, are nested too deep. There is no circle.
fn too_deep(includes: &BTreeMap<&str, Includes>, own: &BTreeMap<&str, usize>) -> Option<TemplateError> {
    let mut known = BTreeMap::new();
    for (name, included) in includes {
        for (partial, include) in included {
            if include.loops > 0 && include.loops + depth(partial, includes, own, &mut known) > LOOPS {
                let message =
                    format!("loops are nested deeper than {LOOPS}, together with those of the partial `{partial}`");
                let line = Some(include.line);
                return Some(TemplateError::new(
                    &path_of(name),
                    line,
                    message,
                    "loop over fewer lists",
                ));
            }
        }
    }
    None
}

/// Deepest nesting of loops in a file and what it includes.
fn depth(
    name: &str,
    includes: &BTreeMap<&str, Includes>,
    own: &BTreeMap<&str, usize>,
    known: &mut BTreeMap<String, usize>,
) -> usize {
    if let Some(depth) = known.get(name) {
        return *depth;
    }
    let mut deepest = own.get(name).copied().unwrap_or(0);
    for (partial, include) in includes.get(name).into_iter().flatten() {
        deepest = deepest.max(include.loops + depth(partial, includes, own, known));
    }
    known.insert(name.to_owned(), deepest);
    deepest
}

/// `email/head` for `partials/email/head.hbs`.
pub(super) fn partial_name(path: &str) -> Option<&str> {
    path.strip_prefix("partials/")?.strip_suffix(".hbs")
}

/// The path of what is registered under a name: the other way round, and paths are their own names.
pub(super) fn path_of(name: &str) -> String {
    let is_path = Path::new(name).extension().is_some_and(|extension| extension == "hbs");
    if is_path {
        name.to_owned()
    } else {
        format!("partials/{name}.hbs")
    }
}

fn is_html(path: &str) -> bool {
    path.ends_with(".html.hbs") || (partial_name(path).is_some() && !path.ends_with(".txt.hbs"))
}

/// What the parser says, with its place.
pub(super) fn unparsed(path: &str, error: &handlebars::TemplateError) -> TemplateError {
    let (line, column) = error.pos().unzip();
    let reason = error.reason().to_string();
    TemplateError {
        column,
        ..TemplateError::new(path, line, reason, "correct the braces there")
    }
}

/// A file that includes itself, by whatever way.
fn circle(includes: &BTreeMap<&str, Includes>) -> Option<TemplateError> {
    let mut done = BTreeSet::new();
    includes
        .keys()
        .find_map(|start| visit(start, includes, &mut Vec::new(), &mut done))
}

fn visit<'t>(
    name: &'t str,
    includes: &'t BTreeMap<&'t str, Includes>,
    way: &mut Vec<&'t str>,
    done: &mut BTreeSet<&'t str>,
) -> Option<TemplateError> {
    if way.contains(&name) || way.len() > DEEPEST {
        return Some(circular(name, includes, way));
    }
    if !done.insert(name) {
        return None;
    }
    way.push(name);
    let found = includes
        .get(name)
        .into_iter()
        .flat_map(BTreeMap::keys)
        .find_map(|next| visit(next, includes, way, done));
    way.pop();
    found
}

fn circular(name: &str, includes: &BTreeMap<&str, Includes>, way: &[&str]) -> TemplateError {
    let last = way.last().copied().unwrap_or(name);
    let line = includes
        .get(last)
        .and_then(|found| found.get(name))
        .map(|include| include.line);
    let message = format!("partials include each other: {} → {name}", way.join(" → "));
    TemplateError::new(&path_of(last), line, message, "take one of the inclusions out")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(files: &[(&str, &str)]) -> TemplateError {
        let mut problems = check(files).problems;
        assert_eq!(problems.len(), 1, "{problems:#?}");
        problems.remove(0)
    }

    #[test]
    fn partials_that_include_each_other_are_refused_before_they_can_abort_the_process() {
        let error = only(&[("partials/a.hbs", "x\n{{> b}}"), ("partials/b.hbs", "{{~> a ~}}")]);
        assert!(error.message.contains("a → b → a"), "{error}");
        assert_eq!((error.file.as_str(), error.line), ("partials/b.hbs", Some(1)));
        only(&[("partials/a.hbs", "{{> a}}")]);
        only(&[
            ("partials/a.hbs", "{{#> b}}{{> a}}{{/b}}"),
            ("partials/b.hbs", "{{> @partial-block}}"),
        ]);
    }

    #[test]
    fn a_template_twenty_thousand_blocks_deep_is_refused_with_its_line() {
        let deep = format!("\n{}{}", "{{#if x}}".repeat(20_000), "{{/if}}".repeat(20_000));
        assert_eq!(only(&[("email/x/body.html.hbs", &deep)]).line, Some(2));
        let chain = format!("{{{{#if x}}}}{}{{{{/if}}}}", "\n{{else if y}}".repeat(20_000));
        assert_eq!(only(&[("email/x/body.html.hbs", &chain)]).line, Some(101));
    }

    #[test]
    fn loops_that_only_together_are_too_deep_are_refused_where_they_meet() {
        let outer = (
            "email/x/body.html.hbs",
            "{{#each a}}{{#each b}}\n{{> inner}}{{/each}}{{/each}}",
        );
        let inner = ("partials/inner.hbs", "{{> between}}");
        let flat = ("partials/between.hbs", "{{#each c}}x{{/each}}");
        assert_eq!(check(&[outer, inner, flat]).problems, []);
        let deep = ("partials/between.hbs", "{{#each c}}{{#each d}}{{/each}}{{/each}}");
        let error = only(&[outer, inner, deep]);
        assert_eq!((error.file.as_str(), error.line), (outer.0, Some(2)), "{error}");
        only(&[("partials/a.hbs", "{{#each x}}{{> @partial-block}}{{/each}}")]);
    }

    #[test]
    fn what_escaping_cannot_protect_is_refused() {
        for text in [
            "<a href={{url}}>",
            "<a href=x{{title}}>",
            "<a {{title}}>",
            "{{{title}}}",
            "{{&title}}",
            "{{> (lookup . 'x')}}",
            "{{> nowhere}}",
            "{{shout title}}",
            "{{#shout}}x{{/shout}}",
            "{{truncate (shout title) 3}}",
            "{{{{raw}}}}x{{{{/raw}}}}",
            "{{#*inline \"q\"}}{{> q}}{{/inline}}",
        ] {
            only(&[("pages/x.html.hbs", text)]);
        }
        for text in [
            "<a href=\"{{url}}\">",
            "<a {{#if x}}class=\"{{y}}\"{{/if}}>",
            "{{{html}}}",
            "{{{../article.html}}}",
            "a = {{b}}",
            "{{!-- {{> x}} --}}",
            "\\{{shout title}}",
            "{{url links.unsubscribe}}",
            "<!--[if mso]><td width=\"{{x}}\"><![endif]--> it's {{x}}",
        ] {
            let found = check(&[("pages/x.html.hbs", text)]);
            assert_eq!((found.problems, found.looks), (vec![], vec![]), "{text} was refused");
        }
    }

    #[test]
    fn an_author_is_told_the_line_that_makes_a_letter_differ_by_more_than_its_slots() {
        for text in [
            "{{#if subscriber.email}}Dear{{/if}}",
            "{{#if (eq subscriber.name \"\")}}Dear{{/if}}",
            "{{truncate ../links/unsubscribe 5}}",
            "{{truncate \"}}\" 5}}{{truncate this.subscriber.email 5}}",
            "{{#with subscriber}}{{#if (eq name \"Zoë\")}}x{{/if}}{{/with}}",
            "{{#with @root.subscriber as |who|}}{{who.name}}{{/with}}",
            "{{#if (eq (lookup subscriber \"name\") \"Zoë\")}}x{{/if}}",
            "{{#if (lookup (lookup this \"subscriber\") \"name\")}}x{{/if}}",
            "{{> greet who=subscriber.name}}",
            "{{> greet subscriber}}",
            "{{t \"footer.why\" newsletter=(truncate subscriber.name 2)}}",
            "{{#if whole.subscriber.name}}x{{/if}}",
        ] {
            let text = format!("\n{text}");
            let found = check(&[("email/x/body.html.hbs", &text), ("partials/greet.hbs", "{{who}}")]);
            assert_eq!(found.problems, [], "{text} was refused");
            assert_eq!(found.looks.len(), 1, "{text}");
            assert_eq!(found.looks[0].line, Some(2), "{text}");
        }
    }

    #[test]
    fn an_author_sees_every_problem_at_once() {
        let files = [
            ("pages/a.html.hbs", "{{{x}}}\n{{> nowhere}}"),
            ("pages/b.html.hbs", "{{#if x}}"),
        ];
        assert_eq!(check(&files).problems.len(), 3);
    }
}
