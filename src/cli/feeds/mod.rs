//! `feeds`: files for a static host, an eye on any feed, and how many read them.

mod check;
mod import;
mod readers;
mod web;

use std::path::PathBuf;

use clap::Subcommand;

use super::output::{json, line};
use super::progress::Progress;
use super::{Code, Session};
use crate::syndicate::HostSettings;
use crate::syndicate::websub::Courier;
use crate::{ingest, syndicate};

/// `feeds …`
#[derive(Debug, Subcommand)]
pub(super) enum Feeds {
    /// Write every feed, with compressed copies, for a static host
    #[command(
        after_help = "Writes rss.xml, atom.xml and feed.json, the same below category/, tag/ and author/, each with \
                            .gz and .br beside it. Files of feeds that are gone are removed; files of others are left alone.\n\n\
                            Example:\n  letterpress feeds export /srv/site/public"
    )]
    Export {
        /// The folder
        dir: PathBuf,
        /// Then tell the hubs in feeds.websub.hubs what changed, where no service runs that does
        #[arg(long)]
        ping: bool,
    },
    /// Examine any feed, in a file or at an address
    Check(check::Check),
    /// Take over ids and dates of the old site's feed, so that readers show nothing twice
    Import(import::Import),
    /// Show how many people read each feed, and through which services
    Readers(readers::Readers),
}

impl Feeds {
    pub(super) async fn run(self, session: &Session) -> anyhow::Result<Code> {
        match self {
            Self::Export { dir, ping } => export(session, dir, ping).await.map(|()| 0),
            Self::Check(check) => check.run(session).await,
            Self::Import(import) => import.run(session).await.map(|()| 0),
            Self::Readers(readers) => readers.run(session).await.map(|()| 0),
        }
    }
}

async fn export(session: &Session, dir: PathBuf, ping: bool) -> anyhow::Result<()> {
    let app = session.open().await?;
    anyhow::ensure!(
        !ping || !app.settings().outside_hubs().is_empty(),
        "tell hubs: feeds.websub.hubs names none; write the address of one, or leave --ping out"
    );
    if !ingest::is_scanned(&app).await? {
        ingest::scan_all(&app, &|_, _| {}).await?;
    }
    let progress = Progress::new("feeds written");
    let exported = syndicate::export(&app, &dir, &|done, all| progress.at(done, all)).await?;
    drop(progress);
    let pinged = if ping {
        Some(Courier::new(&app)?.ping_now(&app).await?)
    } else {
        None
    };
    let host = syndicate::host_settings(&app);
    app.database.close().await;
    if session.json {
        return json(&serde_json::json!({
            "documents": exported.documents, "written": exported.written, "removed": exported.removed, "host": host,
            "pings": pinged.map(|(taken, failed)| serde_json::json!({ "taken": taken, "failed": failed })),
        }));
    }
    if let Some((taken, failed)) = pinged {
        let later = if failed > 0 {
            "; the next --ping tries these again"
        } else {
            ""
        };
        line(&format!("{taken} pings taken by hubs, {failed} not{later}"))?;
    }
    line(&format!(
        "{} documents in {}: {} files written, {} removed",
        exported.documents,
        dir.display(),
        exported.written,
        exported.removed
    ))?;
    show(&host)
}

/// What the static host has to be told, in words: each has another language for it.
fn show(host: &HostSettings) -> anyhow::Result<()> {
    line("\nSet on the static host, so that it answers as this service does:")?;
    for (from, to) in &host.moved {
        line(&format!("  redirect 301  {from}  {to}"))?;
    }
    for path in &host.gone {
        line(&format!("  gone 410      {path}"))?;
    }
    for (end, name, value) in &host.headers {
        let files = if end.is_empty() { "all files" } else { end };
        line(&format!("  header        {files}  {name}: {value}"))?;
    }
    line("  Send FILE.br or FILE.gz with Content-Encoding to who accepts it, and Vary: Accept-Encoding with each.")
}
