//! What all connections of a sender share, and what they do for all of them.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::model::clock::{micros, to_micros};
use crate::model::verdict::Verdict;
use crate::store::breakers::{self, Breaker};

use super::admission::{Admission, CLOSED_FOR};
use super::disk::Disk;
use super::gate::Gate;
use super::lanes::Lanes;
use super::operate;
use super::relay::{Alarm, Relay};
use super::writer::Writer;

/// What all connections of a sender share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) app: Arc<App>,
    pub(super) node: i64,
    pub(super) gate: Gate,
    pub(super) writer: Writer,
    pub(super) disk: Arc<Disk>,
    pub(super) lanes: Lanes,
    pub(super) relay: Relay,
    pub(super) admission: Arc<Admission>,
    /// One connection at a time buys of the rates.
    pub(super) buying: tokio::sync::Mutex<()>,
    pub(super) stop: CancellationToken,
}

impl Shared {
    /// Microseconds since boot.
    pub(super) fn now(&self) -> i64 {
        micros(self.app.clock.since_boot())
    }

    /// Buys moments of every rate that letters to `domain` wait for.
    pub(super) async fn buy(&self, domain: &str, waiting: usize) {
        let _one_at_a_time = self.buying.lock().await;
        for order in self.admission.orders(domain, waiting, self.now()) {
            let wall = to_micros(self.app.clock.now());
            let moments = order.buy(&self.app.database, wall, self.now()).await;
            let moments = moments.unwrap_or_else(|error| {
                tracing::warn!(%error, "a rate cannot be asked for");
                Vec::new()
            });
            self.admission.fill(&order, &moments, self.now());
        }
    }

    /// A domain turns us away: every node leaves it alone for a while.
    pub(super) async fn leave_alone(&self, domain: &str, verdict: &Verdict) {
        let app = &self.app;
        tracing::error!(
            domain,
            detail = verdict.detail(),
            "a domain refuses our letters; it is left alone for 4 h"
        );
        let breaker = Breaker {
            scope: format!("domain:{domain}"),
            until: to_micros(app.clock.now() + CLOSED_FOR),
            reason: verdict.detail(),
        };
        let written = async {
            let mut conn = app.database.begin().await?;
            breakers::open(&mut conn, &breaker).await?;
            conn.commit().await
        };
        if let Err(error) = written.await {
            tracing::warn!(%error, "other nodes were not told");
        }
    }

    /// Does what an alarm asks for.
    pub(super) async fn raise(&self, alarm: Alarm, issue: Option<&str>) {
        let app = &self.app;
        let done = match (alarm, issue) {
            (Alarm::PauseIssue(reason), Some(issue)) => operate::pause(app, issue, reason).await,
            (Alarm::PauseIssue(_), None) => Ok(()),
            (Alarm::PauseAll(reason), _) => operate::pause_all(app, reason).await.map(drop),
        };
        match done {
            Ok(()) => tracing::error!(?alarm, issue, "sending is paused; `letterpress issues list` shows it"),
            Err(error) => tracing::error!(?alarm, issue, %error, "sending cannot be paused"),
        }
    }
}
