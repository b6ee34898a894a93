//! Goes out to callbacks and hubs with what is due.

use std::time::Duration;

use data_encoding::BASE32_NOPAD;
use futures_util::future::try_join_all;
use url::Url;

use crate::app::App;
use crate::model::clock::micros;
use crate::model::hold::Hold;
use crate::model::reach::Range;
use crate::model::tick::Tick;
use crate::model::websub::{Kind, question};
use crate::source::fetch::{Ask, Caps, FetchError, Fetcher, Reach};
use crate::store::websub::{self, Job};
use crate::store::{StoreError, budgets};
use crate::syndicate::SyndicateError;

use super::outcome::{Outcome, address, record};
use super::parcel::{document, newest, signed};

/// Requests that one node makes at once.
pub const MOST_AT_ONCE: usize = 16;
/// How long a node has a job: longer than a request takes.
const LEASE: Duration = Duration::from_mins(1);
/// Clocks of nodes differ by less.
const LONG_AGO: Duration = Duration::from_hours(1);
/// Subscriptions of one host.
const PER_HOST: i64 = 64;
/// What a callback may cost; its redirects are not followed, and of its answer nobody wants more.
const CAPS: Caps = Caps {
    redirects: 0,
    bytes: 1024,
    connect: Duration::from_secs(5),
    whole: Duration::from_secs(10),
};

/// The two clients. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Courier {
    allowed: Vec<Range>,
    /// For addresses that strangers wrote.
    guarded: Fetcher,
    /// For those that the author wrote.
    free: Fetcher,
}

impl Courier {
    /// One that goes where the settings let it.
    ///
    /// # Errors
    /// Where this machine has no store of root certificates.
    pub fn new(app: &App) -> Result<Self, SyndicateError> {
        let allowed = app.settings().feeds.websub.allow_private.clone();
        Ok(Self {
            guarded: Fetcher::new(Reach::public(allowed.clone()), CAPS)?,
            free: Fetcher::new(Reach::Anywhere, CAPS)?,
            allowed,
        })
    }

    /// Whether it still goes where the settings let it.
    pub fn fits(&self, app: &App) -> bool {
        self.allowed == app.settings().feeds.websub.allow_private
    }

    /// Takes what is due, and does it all at once.
    pub async fn tick(&self, app: &App) -> Result<Tick, SyndicateError> {
        let jobs = claim(app, MOST_AT_ONCE).await?;
        try_join_all(jobs.iter().map(|job| self.carry(app, job))).await?;
        Ok(Tick::of(jobs.len()))
    }

    /// Tells other hubs now what they have not been told yet, for a process that ends afterwards; returns how many pings
    /// were taken and how many were not. The latter are tried again by whoever comes next.
    ///
    /// # Errors
    /// While this may be a copy of a service that tells the same hubs the same.
    pub async fn ping_now(&self, app: &App) -> Result<(usize, usize), SyndicateError> {
        let mut conn = app.database.begin().await?;
        let now = super::now(app, &mut conn).await?;
        if let Some((hold, _)) = app.held(&mut conn).await?.filter(|(hold, _)| *hold != Hold::Asleep) {
            return Err(SyndicateError::Held(hold));
        }
        let jobs = websub::claim_pings(&mut conn, now, now + micros(LEASE), i64::MAX).await?;
        conn.commit().await?;
        let mut taken = 0;
        for some in jobs.chunks(MOST_AT_ONCE) {
            let done = try_join_all(some.iter().map(|job| self.carry(app, job))).await?;
            taken += done.into_iter().filter(|done| *done).count();
        }
        Ok((taken, jobs.len() - taken))
    }

    /// Does one job, and records what came of it; `false` when it failed.
    pub async fn carry(&self, app: &App, job: &Job) -> Result<bool, SyndicateError> {
        let outcome = match job.kind {
            Kind::Subscribe | Kind::Unsubscribe => self.question(app, job).await?,
            Kind::Deliver => self.deliver(app, job).await?,
            Kind::Ping => self.ping(app, job).await,
        };
        let is_done = !matches!(outcome, Outcome::Failed(_));
        record(app, job, outcome).await?;
        Ok(is_done)
    }

    /// Asks a callback whether it wants what somebody asked for in its name (§5.3).
    async fn question(&self, app: &App, job: &Job) -> Result<Outcome, SyndicateError> {
        let Some(callback) = address(&job.target) else {
            return Ok(Outcome::Done);
        };
        if job.kind == Kind::Subscribe {
            let why = match document(app, &job.topic).await? {
                None => Some("this feed is not published any more"),
                Some(_) if is_full(app, job, &callback).await? => Some("this host has too many subscriptions here"),
                Some(_) => None,
            };
            if let Some(why) = why {
                self.deny(&callback, &job.topic, why).await;
                return Ok(Outcome::Done);
            }
        }
        let mut word = [0; 20];
        app.chance.fill(&mut word);
        let challenge = BASE32_NOPAD.encode(&word);
        let lease = job.lease_seconds.to_string();
        let mut fields = vec![
            ("hub.mode", job.kind.word()),
            ("hub.topic", job.topic.as_str()),
            ("hub.challenge", challenge.as_str()),
        ];
        if job.kind == Kind::Subscribe {
            fields.push(("hub.lease_seconds", lease.as_str()));
        }
        let asked = self.guarded.fetch(Ask::get(question(&callback, &fields))).await;
        Ok(match asked {
            Ok(answer) if answer.is_success() && answer.body == challenge.as_bytes() => Outcome::Confirmed,
            Ok(answer) => Outcome::Failed(format!("it answered {} without the challenge", answer.status)),
            Err(error) => Outcome::Failed(why(error)),
        })
    }

    /// Tells a callback that it is not subscribed (§5.2); whether it listens changes nothing.
    async fn deny(&self, callback: &Url, topic: &str, reason: &str) {
        let fields = [("hub.mode", "denied"), ("hub.topic", topic), ("hub.reason", reason)];
        let told = self.guarded.knock(Ask::get(question(callback, &fields))).await;
        let error = told.err().map(why);
        tracing::info!(
            host = callback.host_str(),
            topic,
            reason,
            error,
            "a subscription is denied"
        );
    }

    /// Sends the newest document to a subscriber (§7).
    async fn deliver(&self, app: &App, job: &Job) -> Result<Outcome, SyndicateError> {
        let mut conn = app.database.read().await?;
        let now = super::now(app, &mut conn).await?;
        let subscription = websub::one(&mut conn, &job.key).await?;
        drop(conn);
        let Some(subscription) = subscription else {
            return Ok(Outcome::Done);
        };
        let ended = Outcome::Ended(subscription.expires_at);
        if subscription.expires_at <= now {
            return Ok(ended);
        }
        let Some(callback) = address(&subscription.callback) else {
            return Ok(ended);
        };
        let Some(document) = newest(app, job).await? else {
            self.deny(&callback, &job.topic, "this feed is not published any more")
                .await;
            return Ok(ended);
        };
        if document.tag() == subscription.sent_tag {
            return Ok(Outcome::Done);
        }
        let Some(ask) = signed(app, &subscription, &document, callback.clone()) else {
            self.deny(
                &callback,
                &job.topic,
                "this hub has lost its keys; please subscribe again",
            )
            .await;
            return Ok(ended);
        };
        Ok(match self.guarded.knock(ask).await {
            Ok(200..300) => Outcome::Delivered(document.tag().to_owned()),
            // §7: the subscriber is gone.
            Ok(410) => ended,
            Ok(status) => Outcome::Failed(format!("it answered {status}")),
            Err(error) => Outcome::Failed(why(error)),
        })
    }

    /// Tells another hub that a feed has new bytes.
    async fn ping(&self, app: &App, job: &Job) -> Outcome {
        let hub = address(&job.target).filter(|_| app.settings().outside_hubs().contains(&job.target));
        // The author may have left it since.
        let Some(hub) = hub else { return Outcome::Done };
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("hub.mode", "publish")
            .append_pair("hub.url", &job.topic)
            .finish();
        let ask = Ask::post(hub, "application/x-www-form-urlencoded", form.into_bytes());
        match self.free.knock(ask).await {
            Ok(200..300) => Outcome::Done,
            Ok(status) => Outcome::Failed(format!("it answered {status}")),
            Err(error) => Outcome::Failed(why(error)),
        }
    }
}

/// Takes at most `limit` jobs that are due: nobody else has them for a minute. None while this may be a copy of a service
/// that tells the same people the same.
pub async fn claim(app: &App, limit: usize) -> Result<Vec<Job>, SyndicateError> {
    let mut conn = app.database.read().await?;
    let now = super::now(app, &mut conn).await?;
    // By a clock that is not believed, subscriptions would seem to be over.
    if limit == 0 || app.clock_doubt().is_some() || !websub::is_due(&mut conn, now).await? {
        return Ok(Vec::new());
    }
    let held = app.held(&mut conn).await?;
    drop(conn);
    if held.is_some_and(|(hold, _)| hold != Hold::Asleep) {
        return Ok(Vec::new());
    }
    let mut conn = app.database.begin().await?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let jobs = websub::claim(&mut conn, now, now + micros(LEASE), limit).await?;
    conn.commit().await?;
    Ok(jobs)
}

/// Forgets subscriptions whose lease has run out, and who has not asked lately.
pub async fn forget_expired(app: &App) -> Result<u64, SyndicateError> {
    if app.clock_doubt().is_some() {
        return Ok(0);
    }
    let mut conn = app.database.begin().await?;
    let now = super::now(app, &mut conn).await?;
    let forgotten = websub::forget_expired(&mut conn, now).await?;
    budgets::forget_full(&mut conn, now - micros(LONG_AGO)).await?;
    conn.commit().await?;
    Ok(forgotten)
}

async fn is_full(app: &App, job: &Job, callback: &Url) -> Result<bool, StoreError> {
    let mut conn = app.database.read().await?;
    let now = super::now(app, &mut conn).await?;
    let host = callback.host_str().unwrap_or_default();
    Ok(websub::of_host(&mut conn, host, now, &job.key).await? >= PER_HOST)
}

/// An error without the address, which may hold a secret of its owner.
fn why(error: FetchError) -> String {
    match error {
        FetchError::Refused { why, .. } | FetchError::Failed { why, .. } => why,
        FetchError::TooLarge { why, .. } => format!("its answer {why}"),
    }
}
