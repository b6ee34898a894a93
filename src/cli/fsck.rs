//! `fsck`: whether the ledger holds what it promises.

use clap::Args;

use super::output::{json, line};
use super::{Code, Session};
use crate::deliver;

/// `fsck`
#[derive(Debug, Args)]
#[command(
    after_help = "Recounts every issue, looks for articles that a person was mailed twice, for letters that nobody would send, and \
                  for damage in the database file. It changes nothing and may run beside `serve`; a finding is exit code 1.\n\n\
                  Example:\n  letterpress fsck --json"
)]
pub(super) struct Fsck {}

impl Fsck {
    pub(super) async fn run(self, session: &Session) -> anyhow::Result<Code> {
        let app = session.open().await?;
        let findings = deliver::inspect(&app).await?;
        app.database.close().await;
        if session.json {
            json(&serde_json::json!({ "findings": findings }))?;
        } else {
            for finding in &findings {
                line(&format!(
                    "{}  {}: {}",
                    finding.invariant, finding.place, finding.message
                ))?;
            }
            if findings.is_empty() {
                line("Everything adds up.")?;
            }
        }
        Ok(Code::from(!findings.is_empty()))
    }
}
