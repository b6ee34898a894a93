//! The sender: leases chunks, feeds the connections, keeps the node's lease, stops in order.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::faults;
use crate::model::author_notice::AUTHOR;
use crate::model::clock::{micros, to_micros};
use crate::store::chunks::{self, Chunk};
use crate::store::{StoreError, breakers, deliveries, nodes, notices};

use super::admission::Admission;
use super::author;
use super::calm;
use super::connection::Connection;
use super::disk::Disk;
use super::lanes::{DeliveryJob, Lanes, Load, Serves};
use super::letters::{IssueLetters, LettersError};
use super::node::{Node, NodeError};
use super::operate;
use super::relay::Relay;
use super::shared::Shared;
use super::writer::{WriteError, Writer};

/// Chunks that a node works on at once: one is running dry while the other starts.
const CHUNKS: usize = 2;
/// Rows of a chunk that are read at once.
const PAGE: i64 = 200;
/// Rows on their way below which the next page is read.
const LOW: usize = 100;
/// How often an idle sender looks for work.
const POLL: Duration = Duration::from_millis(500);
/// With so many connections one is kept for notices.
const RESERVE_FROM: usize = 4;
/// Notices that are queued at once.
const NOTICES: i64 = 50;

/// Why sending ended.
#[derive(Debug, thiserror::Error)]
pub enum DeliverError {
    /// This process cannot send.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The database did not take outcomes.
    #[error("{0}")]
    Write(String),
    /// The lease ran out, for example because the machine slept.
    #[error("keep this node's lease: it ran out; sending starts anew")]
    LeaseLost,
    /// The database lacks what was committed: it failed over, or was put back.
    #[error("record outcomes: the database had forgotten some and was told again; sending starts anew")]
    WentBack,
    /// A task ended early.
    #[error("send: {0}; this is a defect, please report it")]
    Task(#[from] tokio::task::JoinError),
}

impl From<WriteError> for DeliverError {
    fn from(error: WriteError) -> Self {
        Self::Write(error.to_string())
    }
}

/// A process that sends.
#[derive(Debug)]
pub struct Sender {
    node: Arc<Node>,
    shared: Arc<Shared>,
    letters: tokio::sync::Mutex<HashMap<String, Arc<IssueLetters>>>,
}

impl Sender {
    /// Registers this process as a node and takes over what an earlier one left behind.
    pub async fn start(app: Arc<App>) -> Result<Self, DeliverError> {
        let node = Node::start(&app).await?;
        let connections = app.transport.connections().max(1);
        let mail = app.settings().mail.clone();
        let disk = Arc::new(Disk::of(&app));
        let shared = Shared {
            node: node.id,
            gate: node.gate.clone(),
            writer: Writer::start(&app, node.id, Arc::clone(&disk)),
            disk,
            lanes: Lanes::default(),
            relay: Relay::default(),
            admission: Arc::new(Admission::new(&mail.smtp.rates, &mail.limits, connections)),
            buying: tokio::sync::Mutex::default(),
            stop: CancellationToken::new(),
            app,
        };
        Ok(Self {
            node: Arc::new(node),
            shared: Arc::new(shared),
            letters: tokio::sync::Mutex::default(),
        })
    }

    /// Sends until `stop`, then ends in order: connections before the dot close, those after it get their reply.
    pub async fn run(self, stop: CancellationToken) -> Result<(), DeliverError> {
        let mut connections = JoinSet::new();
        let all = self.shared.app.transport.connections().max(1);
        for number in 0..all {
            let is_reserved = number == 0 && all >= RESERVE_FROM;
            let serves = if is_reserved { Serves::Notices } else { Serves::All };
            connections.spawn(Connection::new(Arc::clone(&self.shared), serves).run());
        }
        let sender = Arc::new(self);
        sender.keep_house().await;
        let mut chunks = JoinSet::new();
        let ended = tokio::select! {
            () = stop.cancelled() => Ok(()),
            lost = sender.keep_lease() => Err(lost),
            () = sender.feed(&mut chunks) => Ok(()),
            () = sender.feed_notices() => Ok(()),
            failed = first_failure(&mut connections) => Err(failed),
            () = sender.shared.writer.went_back() => Err(DeliverError::WentBack),
        };
        sender.wind_up(connections, chunks).await?;
        if ended.is_err()
            && let Err(error) = sender.shared.disk.look(&sender.shared.app).await
        {
            tracing::warn!(%error, "issues cannot be paused for want of room");
        }
        ended
    }

    async fn wind_up(
        &self,
        mut connections: JoinSet<Result<(), WriteError>>,
        mut chunks: JoinSet<()>,
    ) -> Result<(), DeliverError> {
        self.node.gate.close();
        faults::point("stop.closed");
        self.shared.stop.cancel();
        self.shared.lanes.close();
        let grace = self.shared.app.settings().mail.grace;
        let drained = tokio::time::timeout(grace, async {
            while connections.join_next().await.is_some() {}
            while chunks.join_next().await.is_some() {}
        });
        if drained.await.is_err() {
            tracing::warn!("the relay did not answer in time; these letters are recorded as unknown");
            // First, so that no chunk is given back whose letters are cut off.
            chunks.shutdown().await;
            connections.shutdown().await;
        }
        faults::point("stop.drained");
        self.node.stop(&self.shared.app).await?;
        faults::point("stop.recorded");
        Ok(())
    }

    /// Renews the lease and takes over what dead nodes left; returns when the lease is lost.
    async fn keep_lease(&self) -> DeliverError {
        let app = &self.shared.app;
        loop {
            tokio::time::sleep(self.node.heartbeat()).await;
            match self.node.beat(app).await {
                Ok(true) => {}
                Ok(false) => return DeliverError::LeaseLost,
                // The gate closes by itself when the lease runs out; until then the database may come back.
                Err(error) => tracing::warn!(%error, "the lease was not renewed"),
            }
            if let Err(error) = self.node.sweep(app).await {
                tracing::warn!(%error, "cannot look for dead nodes");
            }
            self.keep_house().await;
            if !self.node.gate.is_open() {
                return DeliverError::LeaseLost;
            }
        }
    }

    /// What is looked at from time to time; what fails is tried again the next time.
    async fn keep_house(&self) {
        let app = &self.shared.app;
        if let Err(error) = self.shared.disk.look(app).await {
            tracing::warn!(%error, "issues cannot be paused for want of room");
        }
        if let Err(error) = author::report_week(app).await {
            tracing::warn!(%error, "the report of the week cannot be made");
        }
        if let Err(error) = self.look_around().await {
            tracing::warn!(%error, "cannot look for other nodes");
        }
    }

    /// With how many nodes limits are shared, and which domains others found closed.
    async fn look_around(&self) -> Result<(), StoreError> {
        let app = &self.shared.app;
        calm::keep_quiet(app).await?;
        let mut conn = app.database.read().await?;
        let now = conn.shared_time(to_micros(app.clock.now())).await?;
        let nodes = nodes::live(&mut conn, now).await?;
        self.shared.admission.share_with(usize::try_from(nodes).unwrap_or(1));
        let boot = micros(app.clock.since_boot());
        for breaker in breakers::all(&mut conn, now).await? {
            if let Some(domain) = breaker.scope.strip_prefix("domain:") {
                self.shared.admission.close(domain, boot + breaker.until - now);
            } else if breaker.scope == self.shared.relay_scope() {
                self.shared.relay.leave_alone(boot_time(boot + breaker.until - now));
            }
        }
        Ok(())
    }

    async fn feed_notices(&self) {
        let app = &self.shared.app;
        loop {
            if !self.shared.lanes.has_notices() {
                match self.due_notices().await {
                    Ok(due) if !due.is_empty() => self.shared.lanes.add_notices(due),
                    Ok(_) => {}
                    Err(error) => tracing::warn!(%error, "cannot look for notices"),
                }
            }
            let enabled = app.settings().mail.enabled;
            tokio::time::sleep(if enabled { POLL } else { POLL * 4 }).await;
        }
    }

    async fn due_notices(&self) -> Result<Vec<notices::DueNotice>, StoreError> {
        let app = &self.shared.app;
        let now = to_micros(app.clock.now());
        if !app.settings().mail.enabled {
            return Ok(Vec::new());
        }
        let mut conn = app.database.read().await?;
        // While mail is on hold people still get what they ask for; what waited before may have been sent elsewhere.
        let since = app.held(&mut conn).await?.map_or(0, |(_, since)| since);
        let mut due = notices::due(&mut conn, now, since, NOTICES).await?;
        let settings = app.settings();
        let author = settings.site.author.email.as_ref();
        for notice in due.iter_mut().filter(|notice| notice.subscriber_id == AUTHOR) {
            notice.address = author.map_or_else(String::new, |author| author.as_str().to_owned());
        }
        Ok(due)
    }

    /// Keeps [`CHUNKS`] chunks running as long as there are any.
    async fn feed(self: &Arc<Self>, running: &mut JoinSet<()>) {
        loop {
            let claimed = match self.claim(CHUNKS - running.len()).await {
                Ok(claimed) => claimed,
                Err(error) => {
                    tracing::warn!(%error, "cannot look for work");
                    Vec::new()
                }
            };
            for chunk in claimed {
                let sender = Arc::clone(self);
                running.spawn(async move { sender.run_chunk(chunk).await });
            }
            let is_full = running.len() >= CHUNKS;
            tokio::select! {
                Some(_) = running.join_next() => {}
                () = tokio::time::sleep(POLL), if !is_full => {}
            }
        }
    }

    async fn claim(&self, limit: usize) -> Result<Vec<Chunk>, StoreError> {
        let app = &self.shared.app;
        let now = to_micros(app.clock.now());
        if limit == 0 || !app.settings().mail.enabled || app.clock_doubt().is_some() {
            return Ok(Vec::new());
        }
        if calm::is_wanted(&app.settings()) {
            calm::keep_quiet(app).await?;
        }
        // A look first: the writer is not asked as long as nothing is due.
        let mut conn = app.database.read().await?;
        let due = chunks::next_due(&mut conn).await?;
        let is_held = due.is_some() && app.held(&mut conn).await?.is_some();
        drop(conn);
        if due.is_none_or(|due| due > now) || is_held {
            return Ok(Vec::new());
        }
        let mut conn = app.database.begin().await?;
        let limit = i64::try_from(limit).unwrap_or(1);
        let claimed = chunks::claim(&mut conn, self.shared.node, now, limit).await?;
        conn.commit().await?;
        if !claimed.is_empty() {
            faults::point("claim");
        }
        Ok(claimed)
    }

    async fn run_chunk(&self, chunk: Chunk) {
        let load = Load {
            chunk,
            tally: Arc::default(),
        };
        match self.letters_of(&load.chunk.issue_id).await {
            Ok(letters) => {
                if let Err(error) = self.feed_chunk(&load, &letters).await {
                    tracing::warn!(%error, issue = load.chunk.issue_id, "cannot read deliveries");
                }
            }
            Err(error) => {
                tracing::error!(%error, issue = load.chunk.issue_id, "the letters of an issue cannot be used");
                let issue = &load.chunk.issue_id;
                let _ = author::tell_paused(&self.shared.app, error.word(), Some(issue), "").await;
                let _ = operate::pause(&self.shared.app, issue, error.word()).await;
            }
        }
        load.tally.down_to(0).await;
        if !self.shared.gate.is_open() {
            // Its letters may have been cut off: left leased, so that whoever takes it over looks at each of them.
            return;
        }
        if let Err(error) = self.give_back(&load.chunk).await {
            // Left leased: the next take-over finds it.
            tracing::warn!(%error, issue = load.chunk.issue_id, "a chunk was not given back");
        }
    }

    async fn feed_chunk(&self, load: &Load, letters: &Arc<IssueLetters>) -> Result<(), StoreError> {
        let app = &self.shared.app;
        let mut after = 0;
        while !self.shared.stop.is_cancelled() {
            let mut conn = app.database.read().await?;
            let page = deliveries::due(&mut conn, &load.chunk, after, to_micros(app.clock.now()), PAGE).await?;
            drop(conn);
            let Some(last) = page.last() else { break };
            after = last.subscriber_id;
            self.shared
                .lanes
                .add_deliveries(page.into_iter().map(|due| DeliveryJob {
                    due,
                    chunk_no: load.chunk.chunk_no,
                    letters: Arc::clone(letters),
                    ticket: load.tally.ticket(),
                }));
            load.tally.down_to(LOW).await;
        }
        Ok(())
    }

    async fn give_back(&self, chunk: &Chunk) -> Result<(), StoreError> {
        let app = &self.shared.app;
        let now = to_micros(app.clock.now());
        let mut conn = app.database.begin().await?;
        super::node::give_back(&mut conn, chunk, self.shared.node, now).await?;
        faults::point("chunk.released");
        super::node::finish(&mut conn, &chunk.issue_id, now).await?;
        faults::point("finish");
        conn.commit().await
    }

    async fn letters_of(&self, issue_id: &str) -> Result<Arc<IssueLetters>, LettersError> {
        let mut known = self.letters.lock().await;
        if let Some(letters) = known.get(issue_id) {
            return Ok(Arc::clone(letters));
        }
        let letters = Arc::new(IssueLetters::load(&self.shared.app, issue_id).await?);
        // A few issues at most are under way; older ones are read again if they must be.
        if known.len() >= 8 {
            known.clear();
        }
        known.insert(issue_id.to_owned(), Arc::clone(&letters));
        Ok(letters)
    }
}

/// A moment in microseconds since boot.
fn boot_time(micros: i64) -> Duration {
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}

/// Waits for a connection that could not record; the others go on until then.
async fn first_failure(connections: &mut JoinSet<Result<(), WriteError>>) -> DeliverError {
    while let Some(ended) = connections.join_next().await {
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return error.into(),
            Err(error) => return error.into(),
        }
    }
    std::future::pending().await
}
