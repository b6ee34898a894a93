//! `move --to URL`: from one engine to the other.

use clap::Args;
use secrecy::SecretString;

use super::Session;
use super::output::{json, line};
use super::progress::Progress;
use crate::retain;

/// `move`
#[derive(Debug, Args)]
#[command(
    after_help = "Stop the service first. Everything is copied to an empty database of the other engine: people, articles, the ledger, \
                  issues that are under way, feed records. The old database stays as it is, with mail on hold. Then write the new \
                  address into the config, keep `state.dir` (its keys sign the links in letters), and start the service.\n\n\
                  Example:\n  letterpress move --to postgres://letterpress@localhost/letterpress"
)]
pub(super) struct MoveTo {
    /// Address of the new database: postgres://NAME@HOST/DATABASE, or sqlite:///FILE
    #[arg(long, value_name = "URL", env = "LETTERPRESS_MOVE_TO", hide_env_values = true)]
    to: SecretString,
}

impl MoveTo {
    pub(super) async fn run(self, session: &Session) -> anyhow::Result<()> {
        let app = session.open().await?;
        let progress = Progress::new("rows");
        let moved = retain::relocate(&app, &self.to, &|done, all| progress.at(done, all)).await;
        app.database.close().await;
        drop(progress);
        let rows = moved?;
        if session.json {
            return json(&serde_json::json!({ "rows": rows }));
        }
        line(&format!("{rows} rows are there now; the old database is on hold."))?;
        line(
            "Write the new address into database.url, keep state.dir, and start the service: it goes on where this one stopped.",
        )
    }
}
