//! The parse tree of one template: what it prints, calls and includes.

use std::collections::BTreeSet;

use handlebars::template::{DecoratorTemplate, HelperTemplate, Parameter, Template, TemplateElement};

use super::{Include, Includes, LOOPS, TemplateError, calls};

/// What may be printed without escaping: HTML that was sanitised, and a font stack that was checked.
const UNESCAPED: [&str; 2] = ["html", "theme.font"];
/// The words that a block may begin with.
const BLOCKS: [&str; 4] = ["if", "unless", "each", "with"];
/// Helpers of the engine that a template may use.
const BUILT_IN: [&str; 12] = [
    "lookup", "eq", "ne", "gt", "gte", "lt", "lte", "and", "or", "not", "len", "if",
];
/// The value of which a letter may ask whether it is there, and stays one with slots.
const NAME: &str = "subscriber.name";
/// Values of a recipient. Where they are printed, or given to `url` or `t`, they are slots; where a block or another helper looks
/// at them, the letter is rendered anew for each recipient.
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
/// What holds them: under another name they could not be told from the rest.
const HOLDERS: [&str; 3] = ["subscriber", "links", "confirmation"];
/// Who gives a value another name, or reaches into one.
const RENAMES: [&str; 3] = ["with", "each", "lookup"];

/// One walk over one file.
pub(super) struct Walk<'t> {
    path: &'t str,
    is_html: bool,
    partials: &'t BTreeSet<&'t str>,
    line: Option<(usize, usize)>,
    loops: usize,
    /// What holds a recipient's values, in whose block the walk is.
    holders: Vec<String>,
    /// Deepest nesting of loops in this file alone.
    pub(super) deepest: usize,
    pub(super) includes: Includes,
    pub(super) problems: Vec<TemplateError>,
    pub(super) looks: Vec<TemplateError>,
}

impl<'t> Walk<'t> {
    pub(super) fn new(path: &'t str, is_html: bool, partials: &'t BTreeSet<&'t str>) -> Self {
        Self {
            path,
            is_html,
            partials,
            line: None,
            loops: 0,
            holders: Vec::new(),
            deepest: 0,
            includes: Includes::new(),
            problems: Vec::new(),
            looks: Vec::new(),
        }
    }

    fn refuse(&mut self, message: impl Into<String>, remedy: &str) {
        let problem = self.here(message, remedy);
        self.problems.push(problem);
    }

    fn here(&self, message: impl Into<String>, remedy: &str) -> TemplateError {
        let (line, column) = self.line.unzip();
        TemplateError {
            column,
            ..TemplateError::new(self.path, line, message, remedy)
        }
    }

    pub(super) fn template(&mut self, template: &Template) {
        for (at, element) in template.elements.iter().enumerate() {
            self.line = template.mapping.get(at).map(|place| (place.0, place.1));
            match element {
                TemplateElement::Expression(call) => self.expression(call),
                TemplateElement::HtmlExpression(call) => self.unescaped(call),
                TemplateElement::HelperBlock(block) => self.block(block),
                TemplateElement::PartialExpression(partial) | TemplateElement::PartialBlock(partial) => {
                    self.partial(partial);
                }
                TemplateElement::DecoratorExpression(_) | TemplateElement::DecoratorBlock(_) => {
                    self.refuse(
                        "partials cannot be defined inside of a template",
                        "put it under partials/",
                    );
                }
                // Text and comments.
                _ => {}
            }
        }
    }

    fn expression(&mut self, call: &HelperTemplate) {
        // A name alone is a value, unless a helper is called like it.
        if call.params.is_empty() && call.hash.is_empty() {
            return;
        }
        self.call(call);
    }

    fn call(&mut self, call: &HelperTemplate) {
        let name = call.name.as_name().unwrap_or_default().to_owned();
        if !BUILT_IN.contains(&name.as_str()) && !calls::NAMES.contains(&name.as_str()) {
            self.refuse(
                format!("there is no helper `{name}`"),
                &format!("helpers are {}", calls::NAMES.join(", ")),
            );
        }
        let arguments = call.params.iter().chain(call.hash.values());
        // These two print what they are given, but not what is made of it for them.
        let prints = name == "url" || name == "t";
        self.arguments(arguments.filter(|one| !prints || matches!(one, Parameter::Subexpression(_))));
        if RENAMES.contains(&name.as_str()) {
            self.renamed(call.params.iter());
        }
    }

    /// Values of a recipient must not get another name: what asks for them is found by theirs.
    fn renamed<'p>(&mut self, arguments: impl Iterator<Item = &'p Parameter>) {
        for argument in arguments {
            let name = match argument {
                Parameter::Path(_) | Parameter::Name(_) => argument.as_name().map(bare),
                // The word that `lookup` looks for.
                Parameter::Literal(word) => word.as_str().map(str::to_owned),
                _ => None,
            };
            if let Some(name) = name.filter(|name| HOLDERS.contains(&last(name))) {
                self.look(&name);
            }
        }
    }

    fn unescaped(&mut self, call: &HelperTemplate) {
        let name = call.name.as_name().unwrap_or_default();
        let last = name.rsplit(['/', '.']).next().unwrap_or(name);
        let is_value = call.params.is_empty() && call.hash.is_empty();
        // A text part escapes nothing anyway.
        if self.is_html && !(is_value && (UNESCAPED.contains(&name) || last == UNESCAPED[0])) {
            let message = format!("`{name}` is printed without escaping");
            self.refuse(message, "write two braces; three are for an article's html alone");
        }
    }

    fn block(&mut self, block: &HelperTemplate) {
        let name = block.name.as_name().unwrap_or_default().to_owned();
        if !BLOCKS.contains(&name.as_str()) {
            self.refuse(
                format!("there is no block `{name}`"),
                "blocks are if, unless, each and with",
            );
        }
        // Whether there is a name may decide: the letter then has two shapes.
        let decides = matches!(name.as_str(), "if" | "unless");
        let by_name = |one: &&Parameter| decides && one.as_name().is_some_and(|raw| bare(raw) == NAME);
        let arguments = block.params.iter().chain(block.hash.values());
        self.arguments(arguments.filter(|one| !by_name(one)));
        let holder = holder_of(block);
        if holder.is_none() && RENAMES.contains(&name.as_str()) {
            self.renamed(block.params.iter());
        }
        let holders = self.holders.len();
        self.holders.extend(holder);
        let is_loop = name == "each";
        self.loops += usize::from(is_loop);
        self.deepest = self.deepest.max(self.loops);
        if self.loops > LOOPS {
            self.refuse(format!("loops are nested deeper than {LOOPS}"), "loop over fewer lists");
        }
        for part in [&block.template, &block.inverse].into_iter().flatten() {
            self.template(part);
        }
        self.loops -= usize::from(is_loop);
        self.holders.truncate(holders);
    }

    /// A letter is compiled once for all, unless another value of a recipient decides what it says.
    fn arguments<'p>(&mut self, arguments: impl Iterator<Item = &'p Parameter>) {
        for argument in arguments {
            match argument {
                Parameter::Subexpression(inner) => {
                    if let TemplateElement::Expression(call) = inner.as_element() {
                        self.expression(call);
                    }
                }
                Parameter::Path(_) | Parameter::Name(_) => self.argument(argument.as_name().unwrap_or_default()),
                // A literal.
                _ => {}
            }
        }
    }

    fn argument(&mut self, raw: &str) {
        let bare = bare(raw);
        let held = self.holders.last().map(|holder| format!("{holder}.{bare}"));
        let found = [Some(bare), held].into_iter().flatten().find(|path| is_personal(path));
        if let Some(path) = found {
            self.look(&path);
        }
    }

    fn look(&mut self, value: &str) {
        let look = self.here(
            format!("`{value}` decides what the letter says, so it is rendered anew for each recipient, which is slow"),
            "print the value as it is; only `{{#if subscriber.name}}` costs nothing",
        );
        self.looks.push(look);
    }

    fn partial(&mut self, partial: &DecoratorTemplate) {
        let name = match &partial.name {
            Parameter::Subexpression(_) | Parameter::Literal(_) => None,
            name => name.as_name(),
        };
        match name {
            None => self.refuse("the name of a partial is computed", "write the name itself"),
            Some("@partial-block") if self.loops > 0 => {
                self.refuse(
                    "`@partial-block` stands in a loop",
                    "write the loop into what is handed over",
                );
            }
            Some("@partial-block") => {}
            Some(name) => match self.partials.get(name.trim_matches(['"', '\''])) {
                Some(known) => {
                    let line = self.line.map_or(1, |(line, _)| line);
                    let include = self
                        .includes
                        .entry((*known).to_owned())
                        .or_insert(Include { line, loops: 0 });
                    include.loops = include.loops.max(self.loops);
                }
                None => {
                    let message = format!("there is no partial `{name}`");
                    self.refuse(message, "put it under partials/ or correct the name");
                }
            },
        }
        let given = || partial.params.iter().chain(partial.hash.values());
        self.arguments(given());
        self.renamed(given());
        if let Some(body) = &partial.template {
            self.template(body);
        }
    }
}

/// A path without the words that say where it starts.
fn bare(raw: &str) -> String {
    raw.split(['.', '/'])
        .filter(|part| !matches!(*part, "" | "this" | "@root"))
        .collect::<Vec<_>>()
        .join(".")
}

/// Whether a path leads to a value of the recipient, wherever it starts.
fn is_personal(path: &str) -> bool {
    PERSONAL.iter().any(|value| {
        let before = path.strip_suffix(value);
        before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
    })
}

/// What a `with` opens, if it holds a recipient's values and gets no other name.
fn holder_of(block: &HelperTemplate) -> Option<String> {
    let opened = match (block.name.as_name(), block.params.as_slice(), &block.block_param) {
        (Some("with"), [Parameter::Path(_) | Parameter::Name(_)], None) => block.params[0].as_name().map(bare)?,
        _ => return None,
    };
    HOLDERS.contains(&last(&opened)).then(|| last(&opened).to_owned())
}

/// The last word of a path.
fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}
