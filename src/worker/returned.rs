//! Mail that came back: read, and what people ask for by mail done.

use std::path::Path;

use super::turns::turns;
use crate::app::App;
use crate::bounces::{self, TakenIn};
use crate::subscribe;

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
