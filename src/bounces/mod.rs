//! What comes back: reports and complaints by mail, refusals in a session, events of providers. Who is dead is mailed no
//! more, who complains is left alone at once, and nothing that is our own fault falls on a person.
//!
//! ```text
//!  mail ──▶ [take_in] ─▶ mail::report ─▶ [proof] whose letter, by our keys ─┐
//!  provider ─▶ [hook] ─▶ signature, token ────────────────────────────┼─▶ row of `bounces` ─▶ [effect]
//!  deliver ──▶ refusals of a session, as rows that are `new` ──▶ [tick] ────┘        └─▶ [incident] a domain that refuses all
//! ```
//!
//! Without a proof nothing happens: a report is shown and that is all (`subscribers-and-security.md` B8).

mod alarm;
mod effect;
mod hook;
mod incident;
mod maildir;
mod proof;
mod take_in;
mod tick;

pub use crate::mail::imap::{ImapError, Mailbox};
pub use hook::{HookAnswer, take_hook};
pub use incident::{IncidentLine, apply, drop_held, incidents};
pub use maildir::{Message, is_maildir, new_messages, put_away};
pub use take_in::{Line, TakenIn, take_in};
pub use tick::{forget, settle, tick};

use crate::source::fetch::FetchError;
use crate::store::StoreError;

/// Why something about what came back was not done.
#[derive(Debug, thiserror::Error)]
pub enum BouncesError {
    /// No incident of that domain.
    #[error("find the incident of {0}: there is none; `letterpress bounces incidents` lists those that are open")]
    NoIncident(String),
    /// Reading or moving a file.
    #[error("read {path}: {error}; check that the file is there and that this user may read and move it")]
    File {
        /// Which.
        path: String,
        /// What the system said.
        error: std::io::Error,
    },
    /// What a webhook needs from the provider.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}
