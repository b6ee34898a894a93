//! Router, feeds, subscription pages, archive, health.
