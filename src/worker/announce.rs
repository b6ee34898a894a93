//! Tells hubs and subscribers of feeds what is new, and asks callbacks what they want.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::turns::turns;
use crate::app::App;
use crate::syndicate::SyndicateError;
use crate::syndicate::websub::{self, Courier, Job, MOST_AT_ONCE};

/// How often jobs are looked for.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How often subscriptions that have expired are forgotten; they count for nothing before.
const FORGET_EVERY: Duration = Duration::from_hours(1);

/// Takes jobs that are due, so many at once, until `stop`; then those that are under way end.
pub(super) async fn announce(app: Arc<App>, stop: CancellationToken) {
    let mut courier = None;
    let mut under_way = JoinSet::new();
    let mut forget_at = Instant::now();
    loop {
        while under_way.try_join_next().is_some() {}
        if Instant::now() >= forget_at {
            turns("forget expired subscriptions", || websub::forget_expired(&app)).await;
            forget_at += FORGET_EVERY;
        }
        let free = MOST_AT_ONCE - under_way.len();
        let taken = turns("look for what hubs and subscribers are to be told", || {
            take(&app, &mut courier, free)
        });
        for (courier, job) in taken.await.unwrap_or_default() {
            let app = Arc::clone(&app);
            under_way.spawn(async move { turns("tell a hub or a subscriber", || courier.carry(&app, &job)).await });
        }
        let is_full = under_way.len() >= MOST_AT_ONCE;
        tokio::select! {
            () = stop.cancelled() => break,
            _ = under_way.join_next(), if is_full => {}
            () = tokio::time::sleep(LOOK_EVERY), if !is_full => {}
        }
    }
    while under_way.join_next().await.is_some() {}
}

/// Jobs, each with who does it; the config may have changed where callbacks may be.
async fn take(app: &App, courier: &mut Option<Courier>, free: usize) -> Result<Vec<(Courier, Job)>, SyndicateError> {
    let jobs = websub::claim(app, free).await?;
    if jobs.is_empty() {
        return Ok(Vec::new());
    }
    let fitting = match courier.take().filter(|courier| courier.fits(app)) {
        Some(courier) => courier,
        None => Courier::new(app)?,
    };
    *courier = Some(fitting.clone());
    Ok(jobs.into_iter().map(|job| (fitting.clone(), job)).collect())
}
