//! Mail that came back: read, and what people ask for by mail done.

use std::path::Path;

use anyhow::Context;

use super::turns::turns;
use crate::app::App;
use crate::bounces::{self, Mailbox, TakenIn};
use crate::subscribe;

/// Mails of one visit that may fail before the others wait, too.
const FAILURES: usize = 3;

/// Reads one file of mail; who asks to leave by mail, leaves. With `dry_run` nothing happens.
///
/// # Errors
/// Of the database alone.
pub async fn take_in(app: &App, name: &str, file: &[u8], dry_run: bool) -> anyhow::Result<TakenIn> {
    let taken = bounces::take_in(app, name, file, dry_run).await?;
    if !dry_run {
        for token in &taken.leaves {
            subscribe::leave(app, token).await?;
        }
    }
    Ok(taken)
}

/// One look into the Maildir of the config, and at what sessions left behind.
pub(super) async fn look(app: &App) {
    turns("judge what came back", || bounces::tick(app)).await;
    // A folder that is no Maildir is named when the config is read.
    let folder = app.settings().bounces.maildir.clone();
    if let Some(folder) = folder.filter(|folder| bounces::is_maildir(folder)) {
        turns("read the mail that came back", || read_all(app, &folder)).await;
    }
}

/// One visit to the mailbox of the config.
pub(super) async fn visit(app: &App) {
    if app.settings().bounces.imap.is_some() {
        turns("read the mailbox of returned letters", || read_mailbox(app)).await;
    }
}

async fn read_mailbox(app: &App) -> anyhow::Result<()> {
    take_from_mailbox(app, false).await.map(drop)
}

/// Reads what is new in the mailbox of the config, one [`TakenIn`] a mail, and marks it as seen; with `dry_run` nothing
/// happens, there either.
///
/// # Errors
/// Without `[bounces.imap]`, with what the mail server said, and of the database.
pub async fn take_from_mailbox(app: &App, dry_run: bool) -> anyhow::Result<Vec<TakenIn>> {
    let settings = app.settings();
    let imap = settings.bounces.imap.as_ref();
    let imap = imap.context("read the mailbox: the config has no `[bounces.imap]`; name your mail server there")?;
    let mut mailbox = Mailbox::open(imap).await?;
    let mut taken = Vec::new();
    let mut failed = Vec::new();
    while failed.len() < FAILURES {
        let mail = match mailbox.next().await {
            Ok(Some(mail)) => mail,
            Ok(None) => break,
            // One mail that the server cannot give out does not hide those behind it.
            Err(error) => {
                failed.push(error);
                continue;
            }
        };
        let name = format!("{} of {}", mail.uid, imap.folder);
        let one = match &mail.bytes {
            Some(bytes) => take_in(app, &name, bytes, dry_run).await?,
            None => TakenIn::too_large(&name),
        };
        let is_read = one.unreadable == 0;
        if !is_read {
            tracing::warn!(
                mail = name,
                "a mail that came back is set aside: it is larger or deeper than a report"
            );
        }
        if !dry_run {
            mailbox.put_away(&mail, !is_read).await?;
        }
        taken.push(one);
    }
    mailbox.close().await;
    match failed.into_iter().next() {
        Some(error) if taken.is_empty() => Err(error.into()),
        Some(error) => {
            tracing::warn!(%error, "some mails that came back could not be fetched");
            Ok(taken)
        }
        None => Ok(taken),
    }
}

async fn read_all(app: &App, folder: &Path) -> anyhow::Result<()> {
    for message in bounces::new_messages(folder, false)? {
        let name = message.path.display().to_string();
        let taken = take_in(app, &name, &message.bytes, false).await?;
        if taken.unreadable > 0 {
            tracing::warn!(
                file = name,
                "a mail that came back is set aside: it is larger or deeper than a report"
            );
        }
        bounces::put_away(folder, &message, taken.unreadable > 0)?;
    }
    Ok(())
}
