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

    /// A page, as a whole document.
    pub fn page<P: context::pages::Page>(&self, page: &P) -> Result<String, TemplateError> {
        let values = serde_json::to_string_pretty(page).map_err(|error| TemplateError(error.to_string()))?;
        Ok(format!(
            "<!doctype html><title>{}</title><pre>{values}</pre>",
            P::TEMPLATE
        ))
    }
}
