//! Handlebars registries, typed contexts, helpers, CSS inlining.

pub mod context;

use std::path::Path;

/// Why templates cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct TemplateError(String);

/// Letters and pages.
#[derive(Debug)]
pub struct Templates;

impl Templates {
    /// The built-in templates, with those under `dir` in the place of their namesakes.
    pub fn load(_dir: Option<&Path>) -> Result<Self, TemplateError> {
        Ok(Self)
    }
}
