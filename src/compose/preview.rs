//! The letter that would go out, for the author's eyes.

use crate::app::App;
use crate::config::Cadence;
use crate::model::letter::Letter;
use crate::store::articles::Mailable;
use crate::store::{Conn, articles};

use super::ComposeError;
use super::due::Due;
use super::letters::{self, Carried, IssueFacts};
use super::prepare::latest;

/// A letter that nobody was sent.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The letter, with its slots.
    pub letter: Letter,
    /// Which newsletter.
    pub newsletter: String,
    /// Which schedule of it.
    pub schedule: String,
    /// Nobody is owed anything just now: the letter shows the latest articles instead.
    pub nothing_owed: bool,
}

async fn newest(conn: &mut Conn, articles: &[&Mailable]) -> Result<Vec<Carried>, ComposeError> {
    let mut carried = Vec::new();
    for article in articles {
        carried.extend(articles::one(conn, &article.id).await?.map(Carried::newest));
    }
    Ok(carried)
}

/// The letter of the next issue of a schedule (the newsletter's default if none is named): what a newcomer to the ledger
/// is owed, else the latest articles.
pub async fn preview(app: &App, newsletter: &str, schedule: Option<&str>) -> Result<Preview, ComposeError> {
    let settings = app.settings();
    let (newsletter, schedule) = letters::find(&settings, newsletter, schedule)?;
    let now = app.clock.now();
    let due = Due::by_hand(newsletter, schedule, now);
    let mut conn = app.database.read().await?;
    let offer = due.offer(app, &mut conn).await?;
    let (most, room) = match schedule.cadence {
        Cadence::Instant => (1, 1),
        Cadence::Cron(_) => (schedule.max_articles, offer.rules.room()),
    };
    let places: Vec<usize> = (0..offer.articles.len()).take(room).collect();
    let [told, listed] = due.in_order(&offer, &places);
    let mut carried = newest(&mut conn, &told).await?;
    let listed = newest(&mut conn, &listed).await?;
    let nothing_owed = carried.is_empty();
    if nothing_owed {
        carried = latest(app, &mut conn, most).await?;
    }
    let facts = IssueFacts {
        newsletter,
        schedule,
        id: "preview".to_owned(),
        due_at: now,
        archived: false,
    };
    let mut context = letters::issue_letter(app, &mut conn, &facts, &carried).await?;
    context.listed = listed.iter().map(|one| letters::listed(newsletter, one)).collect();
    Ok(Preview {
        letter: app.templates.letter(&context)?,
        newsletter: newsletter.id.clone(),
        schedule: schedule.id.clone(),
        nothing_owed,
    })
}
