//! `feeds readers`: how many people read the feeds.

use clap::Args;

use crate::cli::Session;
use crate::cli::output::{json, table};
use crate::model::readers::Audience;
use crate::syndicate;

/// `feeds readers`
#[derive(Debug, Args)]
#[command(
    after_help = "SERVICES is what Feedly, Inoreader and their like say of themselves, the latest of the last three days. DIRECT counts \
                  programs that fetch for themselves, one for each network address and program, yesterday or today so far; the \
                  service learns it without a pixel and keeps the number alone. --json has the last thirty days.\n\n\
                  Examples:\n  letterpress feeds readers\n  letterpress feeds readers --json"
)]
pub(in crate::cli) struct Readers {}

impl Readers {
    pub(in crate::cli) async fn run(self, session: &Session) -> anyhow::Result<()> {
        let app = session.open().await?;
        let all = syndicate::audience(&app).await?;
        app.database.close().await;
        if session.json {
            return json(&all);
        }
        let rows: Vec<[String; 4]> = all.iter().map(row).collect();
        let headings = ["FEED", "READERS", "DIRECT", "SERVICES"];
        table(
            headings,
            &rows,
            "Nobody has read a feed yet, or the service runs since less than a minute.",
        )
    }
}

fn row(audience: &Audience) -> [String; 4] {
    let floor = if audience.at_least { "at least " } else { "" };
    let services = audience.services.iter();
    let services: Vec<String> = services
        .map(|service| format!("{} {}", service.name, service.readers))
        .collect();
    [
        audience.feed.clone(),
        format!("{floor}{}", audience.readers),
        format!("{floor}{}", audience.direct),
        services.join(", "),
    ]
}
