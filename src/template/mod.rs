//! Handlebars registries, typed contexts, helpers, CSS inlining.
