//! Asks a source what changed and writes articles.
