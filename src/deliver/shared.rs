//! What all connections of a sender share, and what they do for all of them.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::model::clock::{micros, to_micros};
use crate::model::verdict::Verdict;
use crate::store::breakers::{self, Breaker};

use super::admission::{Admission, CLOSED_FOR};
use super::author;
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
        tracing::error!(
            domain,
            detail = verdict.detail(),
            "a domain refuses our letters; it is left alone for 4 h"
        );
        let scope = format!("domain:{domain}");
        self.break_off(scope, CLOSED_FOR, verdict.detail()).await;
    }

    /// What the relay is called among breakers: a relay that the author replaced is another one.
    pub(super) fn relay_scope(&self) -> String {
        let settings = self.app.settings();
        format!("relay:{}:{}", settings.mail.smtp.host, settings.mail.smtp.port)
    }

    async fn break_off(&self, scope: String, span: Duration, reason: String) {
        let breaker = Breaker {
            scope,
            until: to_micros(self.app.clock.now() + span),
            reason,
        };
        let written = async {
            let mut conn = self.app.database.begin().await?;
            breakers::open(&mut conn, &breaker).await?;
            conn.commit().await
        };
        if let Err(error) = written.await {
            tracing::warn!(%error, "other nodes were not told");
        }
    }

    async fn mend(&self, scope: &str) {
        let written = async {
            let mut conn = self.app.database.begin().await?;
            breakers::close(&mut conn, scope).await?;
            conn.commit().await
        };
        match written.await {
            Ok(()) => tracing::info!("the relay takes letters again"),
            Err(error) => tracing::warn!(%error, "other nodes were not told"),
        }
    }

    /// Does what an alarm asks for; `said` are the relay's words.
    pub(super) async fn raise(&self, alarm: Alarm, issue: Option<&str>, said: &str) {
        let app = &self.app;
        let paused = match alarm {
            Alarm::PauseIssue(reason) => issue.map(|issue| (reason, Some(issue))),
            Alarm::PauseAll(reason) => Some((reason, None)),
            _ => None,
        };
        // First, because whoever sends until nothing is open stops at the pause: the author would hear of it a start later.
        if let Some((reason, issue)) = paused
            && let Err(error) = author::tell_paused(app, reason, issue, said).await
        {
            tracing::warn!(%error, "the author cannot be told that sending is paused");
        }
        let done = match (alarm, issue) {
            (Alarm::LeaveAlone(span), _) => return self.break_off(self.relay_scope(), span, said.to_owned()).await,
            (Alarm::Back, _) => return self.mend(&self.relay_scope()).await,
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
