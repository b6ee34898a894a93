//! One task per loop: watch and scan, render, announce, compose, send. Each goes on after its own errors, and all end in
//! order when they are asked to.
//!
//! ```text
//!  watch ──▶ ingest ──▶ (content version) ──▶ syndicate ──▶ feeds in memory
//!                                                 └──▶ announce ──▶ hubs and subscribers of feeds
//!                  first scan done ──▶ compose ──▶ deliver
//! ```

mod announce;
mod reload;
mod returned;
mod turns;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::app::{App, PlaceError};
use crate::deliver::{DeliverError, NodeError, Sender};
use crate::{bounces, compose, feedback, ingest, subscribe, syndicate};

pub use reload::reload_on_change;
pub use returned::{take_from_mailbox, take_in};
use turns::turns;

/// Nothing is composed before every source was scanned once, or this long after the start.
const PATIENCE: Duration = Duration::from_secs(300);
/// How often changed content is looked for.
const RENDER_EVERY: Duration = Duration::from_millis(500);
/// How often what is kept for a while only is looked for.
const TIDY_EVERY: Duration = Duration::from_secs(600);
/// How often it is seen whether there is nothing else to do.
const IDLE_EVERY: Duration = Duration::from_secs(5);
/// How often the numbers of readers are written down.
const COUNT_EVERY: Duration = Duration::from_secs(60);
/// How often mail that came back is looked for.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How long a sender that cannot start, or that ended, waits.
const SEND_AGAIN: Duration = Duration::from_secs(5);

/// Which loops this process runs.
#[derive(Debug, Clone, Copy)]
pub struct Roles {
    /// Composes and sends letters.
    pub send: bool,
    /// Tells hubs and subscribers of feeds what is new.
    pub announce: bool,
    /// Watches sources and scans.
    pub watch: bool,
}

impl Default for Roles {
    fn default() -> Self {
        Self {
            send: true,
            announce: true,
            watch: true,
        }
    }
}

/// Runs the loops until `stop`, then ends each in order. Occurrences are looked for every `compose_every`.
pub async fn run(app: Arc<App>, roles: Roles, compose_every: Duration, stop: CancellationToken) {
    let scanned = CancellationToken::new();
    let mut loops = JoinSet::new();
    if roles.watch {
        loops.spawn(watch(Arc::clone(&app), scanned.clone(), stop.clone()));
        loops.spawn(tidy(Arc::clone(&app), stop.clone()));
    }
    loops.spawn(render(Arc::clone(&app), scanned.clone(), stop.clone()));
    loops.spawn(use_idle_time(Arc::clone(&app), stop.clone()));
    loops.spawn(count_readers(Arc::clone(&app), stop.clone()));
    if roles.announce {
        loops.spawn(announce::announce(Arc::clone(&app), stop.clone()));
    }
    if roles.send {
        loops.spawn(make_issues(
            Arc::clone(&app),
            scanned.clone(),
            compose_every,
            stop.clone(),
        ));
        loops.spawn(send(Arc::clone(&app), stop.clone()));
        loops.spawn(mind_returned(Arc::clone(&app), stop.clone()));
        loops.spawn(visit_mailbox(Arc::clone(&app), stop.clone()));
    }
    loops.spawn(reload_on_change(app, stop));
    while loops.join_next().await.is_some() {}
}

/// Scans once, then whenever something changed; a scan that fails is tried again with the next change.
async fn watch(app: Arc<App>, scanned: CancellationToken, stop: CancellationToken) {
    if let Err(error) = compose::note_schedules(&app).await {
        tracing::warn!(%error, "schedules cannot be noted");
    }
    let mut settings = app.settings();
    let mut watch = ingest::Watch::start(&app);
    loop {
        if !Arc::ptr_eq(&settings, &app.settings()) {
            settings = app.settings();
            watch = ingest::Watch::start(&app);
        }
        let scan = turns("scan", || async { ingest::scan_due(&app, &|_, _| {}).await });
        if let Some(report) = scan.await {
            scanned.cancel();
            if report.is_change() || report.held > 0 {
                tracing::info!(
                    added = report.added,
                    updated = report.updated,
                    moved = report.moved,
                    withdrawn = report.withdrawn,
                    held = report.held,
                    problems = report.problems.len(),
                    "articles scanned"
                );
            }
            turns("render feeds", || syndicate::refresh(&app)).await;
        }
        tokio::select! {
            () = stop.cancelled() => return,
            // Other sources, or another rhythm.
            () = reload::other_settings(&app, &settings) => {}
            why = watch.changed() => {
                if let ingest::Changed::Lost(said) = why {
                    tracing::warn!(said, "changes may have been missed; everything is walked");
                }
            }
        }
    }
}

/// Publishes what falls due and renders what changed, on this node or another.
async fn render(app: Arc<App>, scanned: CancellationToken, stop: CancellationToken) {
    let patience = tokio::time::Instant::now() + PATIENCE;
    loop {
        turns("publish scheduled articles", || ingest::publish_due(&app)).await;
        turns("render feeds", || syndicate::refresh(&app)).await;
        if scanned.is_cancelled() || tokio::time::Instant::now() >= patience {
            app.feeds.note_scanned();
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(RENDER_EVERY) => {}
        }
    }
}

/// Packs what readers ask for as small as it gets, one document at a time, while there is nothing else to do.
async fn use_idle_time(app: Arc<App>, stop: CancellationToken) {
    let mut idle = syndicate::Idle::default();
    while tokio::time::timeout(IDLE_EVERY, stop.cancelled()).await.is_err() {
        turns("pack feeds tighter", || idle.tick(&app)).await;
    }
}

/// Writes down how many read the feeds, and forgets by which hashes they were told apart once their day is over.
async fn count_readers(app: Arc<App>, stop: CancellationToken) {
    loop {
        let stops = tokio::select! {
            () = stop.cancelled() => true,
            () = tokio::time::sleep(COUNT_EVERY) => false,
        };
        turns("count readers", || syndicate::count_readers(&app)).await;
        turns("note unnamed proxies", || syndicate::write_strangers(&app)).await;
        if stops {
            return;
        }
    }
}

/// Destroys what is kept for a while only.
async fn tidy(app: Arc<App>, stop: CancellationToken) {
    loop {
        turns("forget who voted", || feedback::tick(&app)).await;
        turns("forget old notices and unanswered questions", || subscribe::tick(&app)).await;
        turns("forget what came back long ago", || bounces::forget(&app)).await;
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(TIDY_EVERY) => {}
        }
    }
}

/// Composes what is due, once every source was scanned.
async fn make_issues(app: Arc<App>, scanned: CancellationToken, every: Duration, stop: CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => return,
        () = scanned.cancelled() => {}
        () = tokio::time::sleep(PATIENCE) => {}
    }
    loop {
        turns("compose", || compose::tick(&app)).await;
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(every) => {}
        }
    }
}

/// Looks at what came back, every now and then.
async fn mind_returned(app: Arc<App>, stop: CancellationToken) {
    loop {
        returned::look(&app).await;
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

/// Visits the mailbox that returned letters are delivered into, where there is one.
async fn visit_mailbox(app: Arc<App>, stop: CancellationToken) {
    loop {
        returned::visit(&app).await;
        let every = app.settings().bounces.imap.as_ref().map(|imap| imap.every);
        tokio::select! {
            () = stop.cancelled() => return,
            // The settings may name one later.
            () = tokio::time::sleep(every.unwrap_or(TIDY_EVERY)) => {}
        }
    }
}

/// Keeps a sender running.
async fn send(app: Arc<App>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let sending = async {
            match Sender::start(Arc::clone(&app)).await {
                Ok(sender) => sender.run(stop.clone()).await,
                Err(error) => Err(error),
            }
        };
        match AssertUnwindSafe(sending).catch_unwind().await {
            Ok(Ok(())) => {}
            Ok(Err(DeliverError::Node(NodeError::Place(PlaceError::Locked(path))))) => {
                tracing::info!(lock = %path.display(), "another process sends from here");
            }
            Ok(Err(error)) => tracing::error!(%error, "sending stopped and is started again"),
            Err(_) => tracing::error!("sending panicked and is started again; please report this defect"),
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(SEND_AGAIN) => {}
        }
    }
}
