//! Decides that an issue is due, who gets which articles, and what the letters say.
//!
//! ```text
//!  [fire]  which occurrence is due ──▶ [issue]  one transaction: issue, variants, deliveries, chunks
//!                                         │ uses [draft] and [owed]: who is owed what, by the ledger
//!                                         ▼
//!                                      [prepare]  compiles each variant's letter, then the issue is sending
//! ```
//!
//! [`plan`] runs the same code without writing.

mod archive;
mod draft;
mod due;
mod fire;
mod issue;
mod leftovers;
mod letters;
mod owed;
mod plan;
mod prepare;
mod preview;

use crate::app::App;
use crate::model::hold::Hold;
use crate::model::tick::Tick;
use crate::store::StoreError;
use crate::template::TemplateError;

pub use archive::{ArchivedIssue, archive_page, home_page, issue_page, not_found_page};
pub use issue::Composed;
pub use plan::{Planned, PlannedArticle, PlannedVariant, plan};
pub use preview::{Preview, preview};

use due::Due;

/// Why an issue was not made.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The self-check found that people would get articles again.
    #[error(
        "compose issue {issue}: {pairs} people would get an article again; nothing was written; please report this defect"
    )]
    Repeats {
        /// Which issue.
        issue: String,
        /// How many (person, article) pairs.
        pairs: i64,
    },
    /// The ledger may know less than what happened.
    #[error("compose: mail is on hold: {0}")]
    Held(Hold),
    /// A template cannot say what it should.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The config knows no such newsletter.
    #[error("find newsletter `{0}`; the config has: {1}")]
    UnknownNewsletter(String, String),
    /// The newsletter has no such schedule.
    #[error("find schedule `{0}` of the newsletter; it has: {1}")]
    UnknownSchedule(String, String),
    /// There is nothing that a letter could show.
    #[error("write a letter: there is no public article yet; run `letterpress articles scan`")]
    NoArticle,
}

/// One turn: fires what is due and prepares what was composed. While mail is on hold nothing is decided.
pub async fn tick(app: &App) -> Result<Tick, ComposeError> {
    let mut conn = app.database.read().await?;
    if app.held(&mut conn).await?.is_some() || app.watch_clock(&mut conn).await?.is_some() {
        return Ok(Tick::Idle);
    }
    drop(conn);
    let made = fire::round(app).await?;
    let prepared = prepare::prepare_all(app).await?;
    Ok(Tick::of(made + prepared))
}

/// Notes when schedules began, so that articles which come afterwards count for them.
pub async fn note_schedules(app: &App) -> Result<(), ComposeError> {
    fire::note_schedules(app).await
}

/// Composes an issue now, whatever the schedule says, and prepares it. It does not wait for articles to settle.
pub async fn send_now(app: &App, newsletter: &str, schedule: &str) -> Result<Composed, ComposeError> {
    let settings = app.settings();
    let (newsletter, schedule) = letters::find(&settings, newsletter, Some(schedule))?;
    let now = app.clock.now();
    let due = Due::by_hand(newsletter, schedule, now);
    let composed = issue::compose(app, &due).await?;
    prepare::prepare_all(app).await?;
    Ok(composed)
}
