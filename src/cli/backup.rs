//! `backup FILE`: a copy of what cannot be made again.

use std::path::PathBuf;

use clap::Args;

use super::Session;
use super::output::{json, line};
use crate::retain;

/// `backup`
#[derive(Debug, Args)]
#[command(
    after_help = "The copy is as the database is at one moment; the service may run meanwhile. FILE.keys holds the keys that sign the \
                  links in letters: keep both, and keep them private, for they hold addresses and secrets.\n\n\
                  Example:\n  letterpress backup /var/backups/letterpress-monday.db"
)]
pub(super) struct Backup {
    /// Where to write it; must not exist
    file: PathBuf,
}

impl Backup {
    pub(super) async fn run(self, session: &Session) -> anyhow::Result<()> {
        let app = session.open().await?;
        let written = retain::backup(&app, &self.file).await;
        app.database.close().await;
        let written = written?;
        if session.json {
            return json(&written);
        }
        line(&format!(
            "Written: {} and {}.",
            written.database.display(),
            written.keys.display()
        ))
    }
}
