//! Composition root: settings to [`App`].
