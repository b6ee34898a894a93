//! Sends until nothing is open: for commands that wait.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::app::{App, PlaceError};
use crate::model::clock::to_micros;
use crate::store::{StoreError, issues, notices};

use super::node::NodeError;
use super::operate::{Counts, OperateError, counts};
use super::sender::{DeliverError, Sender};

/// How often the proof is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Why waiting ended without an end of the issue.
#[derive(Debug, thiserror::Error)]
pub enum DrainError {
    /// Sending.
    #[error(transparent)]
    Deliver(#[from] DeliverError),
    /// Looking.
    #[error(transparent)]
    Operate(#[from] OperateError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Runs `work` while a sender of this process runs; if another process sends from here, it does the sending.
async fn while_sending<T>(
    app: &Arc<App>,
    stop: CancellationToken,
    work: impl Future<Output = Result<T, DrainError>>,
) -> Result<T, DrainError> {
    let sender = match Sender::start(Arc::clone(app)).await {
        Ok(sender) => sender,
        Err(DeliverError::Node(NodeError::Place(PlaceError::Locked(_)))) => return work.await,
        Err(error) => return Err(error.into()),
    };
    let inner = stop.child_token();
    let mut sending = tokio::spawn(sender.run(inner.clone()));
    let done = tokio::select! {
        done = work => done,
        ended = &mut sending => return Err(match ended {
            Ok(Ok(()) | Err(DeliverError::LeaseLost)) => DeliverError::LeaseLost.into(),
            Ok(Err(error)) => error.into(),
            Err(error) => DeliverError::from(error).into(),
        }),
    };
    inner.cancel();
    match sending.await {
        Ok(ended) => ended?,
        Err(error) => return Err(DeliverError::from(error).into()),
    }
    done
}

/// Sends until the issue is finished, paused or cancelled, or until `stop`. Returns its state and proof.
pub async fn send_issue(
    app: &Arc<App>,
    issue_id: &str,
    stop: &CancellationToken,
    progress: &(dyn Fn(&Counts) + Send + Sync),
) -> Result<(String, Counts), DrainError> {
    let work = async {
        loop {
            let (state, proof) = counts(app, issue_id).await?;
            progress(&proof);
            if stop.is_cancelled() || !matches!(state.as_str(), "preparing" | "sending") {
                return Ok((state, proof));
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = stop.cancelled() => {}
            }
        }
    };
    // The sender outlives `stop` by one look, so that its last outcomes are in the proof.
    while_sending(app, CancellationToken::new(), work).await
}

/// Sends everything that is due: all issues and notices.
pub async fn send_all(app: &Arc<App>) -> Result<(), DrainError> {
    let work = async {
        while is_open(app).await? {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    };
    while_sending(app, CancellationToken::new(), work).await
}

async fn is_open(app: &App) -> Result<bool, StoreError> {
    let mut conn = app.database.read().await?;
    let sending = issues::in_state(&mut conn, "sending").await?;
    Ok(!sending.is_empty() || notices::are_open(&mut conn, to_micros(app.clock.now())).await?)
}
