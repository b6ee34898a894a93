//! What a person does to an issue: look, pause, resume, cancel (`delivery.md` 13).

use std::collections::BTreeMap;

use serde::Serialize;

use crate::app::App;
use crate::model::clock::{from_micros, micros, to_micros};
use crate::store::issues::Issue;
use crate::store::{Conn, StoreError, articles, audience, breakers, chunks, deliveries, issues};

/// Why an issue cannot be operated.
#[derive(Debug, thiserror::Error)]
pub enum OperateError {
    /// No such issue.
    #[error("find issue {0}; `letterpress issues list` shows all")]
    Unknown(String),
    /// It is in a state in which this means nothing.
    #[error("{verb} issue {id}: it is {state}; {remedy}")]
    State {
        /// What was asked for.
        verb: &'static str,
        /// Which issue.
        id: String,
        /// The state it is in.
        state: String,
        /// What to do instead.
        remedy: &'static str,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The proof: `candidates = accepted + failed + skipped + unknown + open`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Deliveries that were made.
    pub candidates: i64,
    /// The relay took the letter.
    pub accepted: i64,
    /// Refused for good, or expired.
    pub failed: i64,
    /// Not wanted any more.
    pub skipped: i64,
    /// Nobody can know, and no resend is planned.
    pub unknown: i64,
    /// Of `open`: refused for now.
    pub deferred: i64,
    /// Not settled yet.
    pub open: i64,
}

impl Counts {
    /// Whether everything that was made is accounted for.
    pub fn add_up(&self) -> bool {
        self.candidates == self.accepted + self.failed + self.skipped + self.unknown + self.open
    }

    fn new(candidates: i64, states: &BTreeMap<String, i64>) -> Self {
        let of = |state: &str| states.get(state).copied().unwrap_or(0);
        Self {
            candidates,
            accepted: of("accepted"),
            failed: of("failed"),
            skipped: of("skipped"),
            unknown: of("unknown"),
            deferred: of("deferred"),
            open: of("pending") + of("attempting") + of("deferred") + of("resend"),
        }
    }
}

/// An article of an issue, as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IssueArticle {
    /// ULID.
    pub id: String,
    /// The title in the frozen revision.
    pub title: String,
    /// Its address.
    pub url: String,
}

/// A delivery whose outcome nobody knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnknownDelivery {
    /// Who.
    pub subscriber: i64,
    /// When the attempt began, RFC 3339.
    pub attempted_at: Option<String>,
    /// Reply code or reason word.
    pub code: String,
    /// What was seen.
    pub detail: String,
}

/// A relay or a domain that is left alone for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpenBreaker {
    /// `relay:HOST:PORT` or `domain:NAME`.
    pub scope: String,
    /// RFC 3339.
    pub until: String,
    /// What it said.
    pub reason: String,
}

/// An issue as people and scripts see it (DESIGN.md section 5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IssueReport {
    /// ULID.
    pub id: String,
    /// Which newsletter.
    pub newsletter: String,
    /// Which schedule of it.
    pub schedule: String,
    /// Occurrence key.
    pub occurrence: String,
    /// preparing, sending, paused, finished, cancelled.
    pub state: String,
    /// Why it is paused.
    pub pause_reason: Option<String>,
    /// RFC 3339.
    pub due_at: String,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339.
    pub finished_at: Option<String>,
    /// What it carries.
    pub articles: Vec<IssueArticle>,
    /// The proof.
    pub counts: Counts,
    /// At most 1,000 deliveries in doubt; only `issues show` fills it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknowns: Vec<UnknownDelivery>,
    /// What holds letters up just now; only `issues show` of an issue that is not finished fills it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub breakers: Vec<OpenBreaker>,
}

fn time(micros: i64) -> String {
    from_micros(micros).to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

async fn report(conn: &mut Conn, issue: Issue) -> Result<IssueReport, StoreError> {
    let mut carried = Vec::new();
    for (article_id, revision_id) in issues::articles(conn, &issue.id).await? {
        let content = articles::revision(conn, revision_id).await?.unwrap_or_default();
        let article = articles::one(conn, &article_id).await?;
        let (url, at) = article.map_or((String::new(), chrono::DateTime::UNIX_EPOCH), |a| {
            (a.url, a.published_at)
        });
        carried.push(IssueArticle {
            id: article_id,
            title: content.display_title(at),
            url,
        });
    }
    let states = deliveries::counts(conn, &issue.id).await?;
    Ok(IssueReport {
        counts: Counts::new(issue.candidates, &states),
        articles: carried,
        due_at: time(issue.due_at),
        created_at: time(issue.created_at),
        finished_at: issue.finished_at.map(time),
        id: issue.id,
        newsletter: issue.newsletter_id,
        schedule: issue.schedule_id,
        occurrence: issue.occurrence,
        state: issue.state,
        pause_reason: issue.pause_reason,
        unknowns: Vec::new(),
        breakers: Vec::new(),
    })
}

/// The newest issues, newest first.
pub async fn list(app: &App, limit: i64) -> Result<Vec<IssueReport>, OperateError> {
    let mut conn = app.database.read().await?;
    let mut reports = Vec::new();
    for issue in issues::list(&mut conn, limit).await? {
        reports.push(report(&mut conn, issue).await?);
    }
    Ok(reports)
}

async fn find(conn: &mut Conn, id: &str) -> Result<Issue, OperateError> {
    issues::one(conn, id)
        .await?
        .ok_or_else(|| OperateError::Unknown(id.to_owned()))
}

/// One issue with its proof and its doubts.
pub async fn show(app: &App, id: &str) -> Result<IssueReport, OperateError> {
    let mut conn = app.database.read().await?;
    let issue = find(&mut conn, id).await?;
    let mut report = report(&mut conn, issue).await?;
    report.unknowns = deliveries::unknowns(&mut conn, id)
        .await?
        .into_iter()
        .map(|(subscriber, at, code, detail)| UnknownDelivery {
            subscriber,
            attempted_at: at.map(time),
            code,
            detail,
        })
        .collect();
    if report.counts.open > 0 {
        let now = conn.shared_time(to_micros(app.clock.now())).await?;
        let open = breakers::all(&mut conn, now).await?;
        report.breakers = open
            .into_iter()
            .map(|breaker| OpenBreaker {
                until: time(breaker.until),
                scope: breaker.scope,
                reason: breaker.reason,
            })
            .collect();
    }
    Ok(report)
}

/// The proof of one issue, without its articles: cheap enough for a progress bar.
pub async fn counts(app: &App, id: &str) -> Result<(String, Counts), OperateError> {
    let mut conn = app.database.read().await?;
    let issue = find(&mut conn, id).await?;
    let states = deliveries::counts(&mut conn, id).await?;
    Ok((issue.state, Counts::new(issue.candidates, &states)))
}

/// No attempt begins any more until [`resume`].
pub async fn pause(app: &App, id: &str, reason: &str) -> Result<(), OperateError> {
    let mut conn = app.database.begin().await?;
    let issue = find(&mut conn, id).await?;
    if issue.state == "paused" {
        return Ok(());
    }
    if !issues::change_state(&mut conn, id, ("sending", "paused"), Some(reason), None).await? {
        return Err(OperateError::State {
            verb: "pause",
            id: id.to_owned(),
            state: issue.state,
            remedy: "only an issue that is sending can be paused",
        });
    }
    conn.commit().await?;
    Ok(())
}

/// Takes issues from one state to another; returns how many were still in the first.
pub(super) async fn turn(
    conn: &mut Conn,
    chosen: &[Issue],
    states: (&str, &str),
    reason: Option<&str>,
) -> Result<usize, StoreError> {
    let mut changed = 0;
    for issue in chosen {
        changed += usize::from(issues::change_state(conn, &issue.id, states, reason, None).await?);
    }
    Ok(changed)
}

/// Every issue that is sending pauses; returns how many.
pub async fn pause_all(app: &App, reason: &str) -> Result<usize, OperateError> {
    let mut conn = app.database.begin().await?;
    let sending = issues::in_state(&mut conn, "sending").await?;
    let paused = turn(&mut conn, &sending, ("sending", "paused"), Some(reason)).await?;
    conn.commit().await?;
    Ok(paused)
}

/// Every issue that is paused for `reason` goes on; returns how many.
pub(super) async fn resume_all(app: &App, reason: &str) -> Result<usize, OperateError> {
    let mut conn = app.database.read().await?;
    let mut waiting = issues::in_state(&mut conn, "paused").await?;
    waiting.retain(|issue| issue.pause_reason.as_deref() == Some(reason));
    drop(conn);
    if waiting.is_empty() {
        return Ok(0);
    }
    let mut conn = app.database.begin().await?;
    let resumed = turn(&mut conn, &waiting, ("paused", "sending"), None).await?;
    conn.commit().await?;
    Ok(resumed)
}

/// A paused issue goes on; `late` says that a person knows how late it is. One whose letters were never made is prepared
/// again.
pub async fn resume(app: &App, id: &str, late: bool) -> Result<(), OperateError> {
    let mut conn = app.database.begin().await?;
    let issue = find(&mut conn, id).await?;
    if issue.state == "sending" {
        return Ok(());
    }
    if !late && issue.state == "paused" && is_late(app, &issue) {
        return Err(OperateError::State {
            verb: "resume",
            id: id.to_owned(),
            state: format!("due since {}", time(issue.due_at)),
            remedy: "that is longer than max_lateness: `--late` sends it all the same, `issues cancel --requeue` lets the \
                     next issue carry its articles",
        });
    }
    let to = if issue.pause_reason.as_deref() == Some("template") {
        "preparing"
    } else {
        "sending"
    };
    if !issues::change_state(&mut conn, id, ("paused", to), None, None).await? {
        return Err(OperateError::State {
            verb: "resume",
            id: id.to_owned(),
            state: issue.state,
            remedy: "only a paused issue can be resumed",
        });
    }
    conn.commit().await?;
    Ok(())
}

/// Whether an issue is so late that a person must say that it is still wanted.
fn is_late(app: &App, issue: &Issue) -> bool {
    let settings = app.settings();
    let schedule = settings
        .newsletter(&issue.newsletter_id)
        .and_then(|newsletter| newsletter.schedule(&issue.schedule_id));
    let by_hand = issue.occurrence.starts_with("manual:");
    schedule
        .is_some_and(|schedule| !by_hand && to_micros(app.clock.now()) - issue.due_at > micros(schedule.max_lateness))
}

/// What becomes of the articles that people of a cancelled issue did not get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsent {
    /// They count as handled.
    Handled,
    /// They are still owed, and go with the next issue.
    Owed,
}

/// Everything open becomes skipped. Returns how many deliveries.
pub async fn cancel(app: &App, id: &str, unsent: Unsent) -> Result<u64, OperateError> {
    let reason = match unsent {
        Unsent::Handled => None,
        Unsent::Owed => Some("requeued"),
    };
    let now = to_micros(app.clock.now());
    let mut conn = app.database.begin().await?;
    conn.be_patient();
    let issue = find(&mut conn, id).await?;
    let mut moved = false;
    for from in ["preparing", "sending", "paused"] {
        moved = moved || issues::change_state(&mut conn, id, (from, "cancelled"), reason, Some(now)).await?;
    }
    if !moved {
        return Err(OperateError::State {
            verb: "cancel",
            id: id.to_owned(),
            state: issue.state,
            remedy: "what has gone out cannot be called back",
        });
    }
    let skipped = deliveries::cancel(&mut conn, id, reason.unwrap_or("cancelled"), now).await?;
    if unsent == Unsent::Owed {
        audience::flag_unserved(&mut conn, id).await?;
    }
    chunks::recount(&mut conn, id).await?;
    conn.commit().await?;
    Ok(skipped)
}
