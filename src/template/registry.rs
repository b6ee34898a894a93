//! Two registries, since escaping belongs to a registry: HTML escapes, plain text does not.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use handlebars::{Context, Handlebars, no_escape};
use serde::Serialize;

use super::TemplateError;
use super::files::Files;
use super::guard::Findings;
use super::words::Words;
use super::{calls, guard};
use crate::model::date_words::DateWords;

/// Most that one rendering may write: nested loops over a few hundred items would otherwise fill the memory.
const MOST: usize = 5 << 20;
/// Longest that one rendering may take: a letter takes a thousandth of it.
const LONGEST: Duration = Duration::from_secs(2);

/// The registered templates, named by their paths.
#[derive(Debug)]
pub(super) struct Registries {
    html: Handlebars<'static>,
    plain: Handlebars<'static>,
    words: Arc<Words>,
    looks: Vec<TemplateError>,
}

impl Registries {
    /// Checks and registers every file.
    pub(super) fn new(files: &Files) -> Result<Self, TemplateError> {
        let Findings { problems, looks, .. } = files.findings();
        if let Some(problem) = problems.into_iter().next() {
            return Err(problem);
        }
        let words = Arc::new(Words::read(files)?);
        let mut registries = Self {
            html: empty(&words, true),
            plain: empty(&words, false),
            words: Arc::clone(&words),
            looks,
        };
        registries.plain.register_escape_fn(no_escape);
        for (path, text) in files.templates() {
            let name = guard::partial_name(path).unwrap_or(path);
            for registry in [&mut registries.html, &mut registries.plain] {
                registry
                    .register_template_string(name, text)
                    .map_err(|error| guard::unparsed(path, &error))?;
            }
        }
        Ok(registries)
    }

    /// Where a recipient's value decides what a letter says.
    pub(super) fn looks(&self) -> &[TemplateError] {
        &self.looks
    }

    /// How a language writes dates.
    pub(super) fn dates(&self, language: &str) -> DateWords {
        self.words.dates(language)
    }

    /// Renders one part of a letter; its name says whether it is HTML.
    pub(super) fn part(&self, path: &str, context: &impl Serialize) -> Result<String, TemplateError> {
        if path.ends_with(".html.hbs") {
            self.html(path, context)
        } else {
            self.plain(path, context)
        }
    }

    /// Renders with HTML escaping.
    pub(super) fn html(&self, name: &str, context: &impl Serialize) -> Result<String, TemplateError> {
        render(&self.html, name, context)
    }

    /// Renders text as it is.
    pub(super) fn plain(&self, name: &str, context: &impl Serialize) -> Result<String, TemplateError> {
        render(&self.plain, name, context)
    }
}

fn empty(words: &Arc<Words>, is_html: bool) -> Handlebars<'static> {
    let mut registry = Handlebars::new();
    registry.set_strict_mode(true);
    calls::register(&mut registry, words, is_html);
    registry
}

fn render(registry: &Handlebars<'_>, name: &str, context: &impl Serialize) -> Result<String, TemplateError> {
    if !registry.has_template(name) {
        return Err(TemplateError::new(
            name,
            None,
            "it is missing",
            "put it into the template folder",
        ));
    }
    let fail = |error: handlebars::RenderError| unfilled(name, &error);
    let context = Context::wraps(context).map_err(fail)?;
    let mut out = Bounded {
        bytes: Vec::new(),
        since: Instant::now(),
    };
    registry
        .render_with_context_to_write(name, &context, &mut out)
        .map_err(fail)?;
    String::from_utf8(out.bytes)
        .map_err(|_| TemplateError::new(name, None, "it wrote no text", "report this as a defect"))
}

/// Takes at most [`MOST`] bytes, for at most [`LONGEST`].
struct Bounded {
    bytes: Vec<u8>,
    since: Instant,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > MOST {
            return Err(io::Error::other("it writes more than 5 MiB"));
        }
        if self.since.elapsed() > LONGEST {
            return Err(io::Error::other("it takes longer than 2 seconds"));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn unfilled(name: &str, error: &handlebars::RenderError) -> TemplateError {
    let file = guard::path_of(error.template_name.as_deref().unwrap_or(name));
    let message = error.reason().to_string();
    let remedy = if message.contains("strict mode") {
        "use a field that this letter or page has, or correct its name"
    } else {
        "correct the template"
    };
    TemplateError {
        column: error.column_no,
        ..TemplateError::new(&file, error.line_no, message, remedy)
    }
}
