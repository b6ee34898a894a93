//! `preview`: the exact letter, for the author's eyes.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use super::Session;
use super::output::{json, line};
use crate::app::App;
use crate::mail;
use crate::model::address::EmailAddress;
use crate::{compose, deliver};

/// `preview`
#[derive(Debug, Args)]
#[command(
    after_help = "Shows what people of the schedule are owed now; when that is nothing, the latest articles.\n\n\
                  Examples:\n  letterpress preview notes\n  letterpress preview notes --schedule instant --out look\n  \
                  letterpress preview notes --out look --page    then open look/notes-weekly-views.html"
)]
pub(super) struct Preview {
    /// Id of the newsletter
    newsletter: String,
    /// Id of the schedule [default: the newsletter's default]
    #[arg(long)]
    schedule: Option<String>,
    /// The address in the letter [default: the author's]
    #[arg(long, value_name = "ADDRESS")]
    to: Option<String>,
    /// Write the letter as .eml, .html and .txt into this folder, instead of printing its text
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Beside them, a page that shows the letter at a desk, on a telephone, in the dark and as plain text
    #[arg(long, requires = "out")]
    page: bool,
}

/// Who a letter is for when nobody is named.
pub(super) fn recipient(app: &App, named: Option<&str>) -> anyhow::Result<EmailAddress> {
    let settings = app.settings();
    match (named, &settings.site.author.email) {
        (Some(named), _) => EmailAddress::parse(named).context("use the address"),
        (None, Some(author)) => Ok(author.clone()),
        (None, None) => Ok(settings.mail.from.address.clone()),
    }
}

impl Preview {
    pub(super) async fn run(self, session: &Session) -> anyhow::Result<()> {
        let app = session.open().await?;
        let preview = compose::preview(&app, &self.newsletter, self.schedule.as_deref()).await?;
        let to = recipient(&app, self.to.as_deref())?;
        let letter = deliver::test_letter(&app, &preview.newsletter, &preview.letter, &to).await?;
        app.database.close().await;
        let name = format!("{}-{}", preview.newsletter, preview.schedule);
        let mut files = Vec::new();
        if let Some(dir) = &self.out {
            files.extend(mail::preview::write(dir, &name, &letter.source)?);
            if self.page {
                files.push(mail::preview::write_page(dir, &name, &letter.source)?);
            }
        }
        if session.json {
            return json(&serde_json::json!({
                "newsletter": preview.newsletter, "schedule": preview.schedule, "subject": letter.subject,
                "nothing_owed": preview.nothing_owed, "html_bytes": letter.html.len(), "bytes": letter.source.len(),
                "files": files,
            }));
        }
        if preview.nothing_owed {
            eprintln!("Nobody is owed anything just now: this letter shows the latest articles.");
        }
        if files.is_empty() {
            return line(&format!("Subject: {}\n\n{}", letter.subject, letter.text));
        }
        for file in files {
            line(&file.display().to_string())?;
        }
        Ok(())
    }
}
