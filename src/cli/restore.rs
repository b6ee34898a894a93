//! `restore FILE`: a backup takes the place of the database.

use std::path::PathBuf;

use clap::Args;

use super::Session;
use super::output::{json, line};
use crate::app::{SystemChance, SystemClock};
use crate::retain;

/// `restore`
#[derive(Debug, Args)]
#[command(
    after_help = "Stop the service first. The database in use is kept beside the new one. Afterwards feeds and pages work as before, \
                  but nothing is mailed, because the backup does not know what was sent after it was made: `letterpress resume \
                  --after-restore` says how to go on.\n\n\
                  Example:\n  letterpress restore /var/backups/letterpress-monday.db"
)]
pub(super) struct Restore {
    /// What `backup` wrote
    file: PathBuf,
}

impl Restore {
    pub(super) async fn run(self, session: &Session) -> anyhow::Result<()> {
        let settings = session.settings()?;
        let restored = retain::restore(&settings, &self.file, &SystemClock, &SystemChance).await?;
        if session.json {
            return json(&restored);
        }
        line(&format!(
            "{} is in place, with mail on hold.",
            restored.database.display()
        ))?;
        if let Some(before) = &restored.before {
            line(&format!("The database before it is kept as {}.", before.display()))?;
        }
        line("Now start the service: feeds and pages go on.")?;
        line("`letterpress resume --after-restore` takes everything until now as sent, and mail goes on.")
    }
}
