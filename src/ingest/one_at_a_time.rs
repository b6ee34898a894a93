//! One scan at a time: in this process, on this machine, among all nodes.

use std::fs::File;

use rustix::fs::{FlockOperation, flock};

use crate::app::App;
use crate::store::{Conn, sources};

use super::report::IngestError;

/// Held while a scan runs; a second scan waits for it.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    _process: tokio::sync::MutexGuard<'a, ()>,
    _machine: File,
    _nodes: Option<Conn>,
}

impl<'a> Turn<'a> {
    pub(super) async fn wait(app: &'a App) -> Result<Self, IngestError> {
        let process = app.scanning.lock().await;
        let path = app.settings().state.dir.join("scan.lock");
        let fail = |error: std::io::Error| IngestError::Lock {
            path: path.clone(),
            error,
        };
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(&fail)?;
        // Another process may hold it for the length of its scan.
        let machine =
            tokio::task::spawn_blocking(move || flock(&file, FlockOperation::LockExclusive).map(|()| file)).await?;
        let machine = machine.map_err(|error| fail(error.into()))?;
        let nodes = sources::hold_scans(&app.database).await?;
        Ok(Self {
            _process: process,
            _machine: machine,
            _nodes: nodes,
        })
    }
}
