//! What is done for the feeds while nothing else is to do.

use tokio::task::JoinError;

use crate::app::App;

/// Requests between two looks with which a node is idle: about two in a second.
const FEW: u64 = 10;

/// Looks every few seconds whether the node is idle.
#[derive(Debug, Default)]
pub struct Idle {
    asked: u64,
}

impl Idle {
    /// Packs one document tighter that somebody reads, if few were asked for since the last look and none is being rendered;
    /// says whether it did. The work is done off the threads that answer.
    ///
    /// # Errors
    /// A defect of the packer.
    pub async fn tick(&mut self, app: &App) -> Result<bool, JoinError> {
        let before = std::mem::replace(&mut self.asked, app.feeds.asked());
        let is_idle = self.asked.saturating_sub(before) <= FEW;
        // Held by whoever brings the feeds up to date.
        if !is_idle || app.feeds.index.try_lock().is_err() {
            return Ok(false);
        }
        let Some(document) = app.feeds.loose() else {
            return Ok(false);
        };
        tokio::task::spawn_blocking(move || document.bodies().tighten()).await?;
        Ok(true)
    }
}
