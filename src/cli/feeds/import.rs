//! `feeds import`: takes over ids and dates of a feed of before.

use clap::Args;

use super::super::Session;
use super::super::output::{json, line};
use super::check::{read, web_address};
use crate::ingest::{self, TakenOver};
use crate::source::fetch::{Caps, Fetcher, Reach};
use crate::source::foreign::{self, Walked};

/// `feeds import`
#[derive(Debug, Args)]
#[command(
    after_help = "Readers know an article again by its id. Give the feed of the old site, and articles with the same address, \
                  or the same title and day, keep the id and date that readers have seen; entries without an article wait for \
                  it. An id in an article's header counts more. Older documents of the feed are read too, where it names them.\n\n\
                  Examples:\n  letterpress feeds import https://old.example.org/feed.xml --dry-run\n  \
                  letterpress feeds import saved-feed.xml"
)]
pub(in crate::cli) struct Import {
    /// A file, an address of a feed or of a page that announces one, or - for standard input
    #[arg(value_name = "FILE|URL")]
    feed: String,
    /// Say what would be taken over, and change nothing
    #[arg(long)]
    dry_run: bool,
}

impl Import {
    pub(super) async fn run(self, session: &Session) -> anyhow::Result<()> {
        let walked = match web_address(&self.feed) {
            Some(url) => foreign::walk(&Fetcher::new(Reach::Anywhere, Caps::default())?, url).await?,
            None => Walked {
                entries: foreign::read(&read(&self.feed)?, None, None)?.entries,
                documents: 1,
                unread: Vec::new(),
            },
        };
        let app = session.open().await?;
        if !self.dry_run && !ingest::is_scanned(&app).await? {
            ingest::scan_all(&app, &|_, _| {}).await?;
        }
        let report = ingest::take_over(&app, &walked.entries, self.dry_run).await?;
        app.database.close().await;
        for unread in &walked.unread {
            eprintln!("Not read: {unread}");
        }
        if session.json {
            json(&report)
        } else {
            say(&report, walked.documents, self.dry_run)
        }
    }
}

fn say(report: &TakenOver, documents: usize, dry_run: bool) -> anyhow::Result<()> {
    let TakenOver {
        entries,
        matched,
        waiting,
        unchanged,
        rejected,
    } = report;
    line(&format!("Documents read: {documents}, entries: {entries}"))?;
    line(&format!("  {matched} articles take over id and date"))?;
    line(&format!("  {unchanged} articles had them already"))?;
    line(&format!("  {waiting} entries wait for an article with their address"))?;
    line(&format!("  {} were not taken over", rejected.len()))?;
    for one in rejected {
        line(&format!("    {}: {}", one.id, one.reason))?;
    }
    if dry_run {
        line("Nothing was changed: this was a dry run.")?;
    }
    Ok(())
}
