//! Slugs of terms and authors.
