//! The config is read again on SIGHUP and when its file changes, if it is valid; otherwise the running one stays.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::config::{self, Settings};

/// How often the file is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Reads the config again whenever it changes, until `stop`.
pub async fn reload_on_change(app: Arc<App>, stop: CancellationToken) {
    let Some(file) = app.settings().file.clone() else {
        return stop.cancelled().await;
    };
    let Ok(mut hangup) = signal(SignalKind::hangup()) else {
        return stop.cancelled().await;
    };
    let mut seen = modified(&file);
    loop {
        let asked = tokio::select! {
            () = stop.cancelled() => return,
            _ = hangup.recv() => true,
            () = tokio::time::sleep(LOOK_EVERY) => false,
        };
        let now = modified(&file);
        if !asked && now == seen {
            continue;
        }
        seen = now;
        match config::load(Some(&file), config::environment()) {
            Ok(settings) => {
                tracing::info!(file = %file.display(), "config read again");
                app.replace_settings(settings);
            }
            Err(problems) => tracing::error!("the config has problems; the running one stays:\n{problems}"),
        }
    }
}

/// Waits until the settings are others than these.
pub(super) async fn other_settings(app: &App, known: &Arc<Settings>) {
    while Arc::ptr_eq(known, &app.settings()) {
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn modified(file: &std::path::Path) -> Option<SystemTime> {
    std::fs::metadata(file).and_then(|data| data.modified()).ok()
}
