//! What comes back: read, proven, judged, and what follows for the person.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod corpora;
mod effects;
mod hooks;
mod mailbox;
