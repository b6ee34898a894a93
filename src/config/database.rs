//! `[database]` and `[state]`: where things are kept.

use std::path::PathBuf;

use secrecy::SecretString;

/// `[database]`
#[derive(Debug, Clone)]
pub struct DatabaseSettings {
    /// `sqlite://FILE` (absolute by now) or `postgres://…`; may hold a password.
    pub url: SecretString,
}

/// `[state]`
#[derive(Debug, Clone)]
pub struct State {
    /// Lock, place file, keys; absolute. Default: beside the SQLite file; required with PostgreSQL.
    pub dir: PathBuf,
}
